/*
 * parser.c — from text to a tree, by precedence climbing.
 *
 * From weak to strong:  or | and unless | == != < <= > >= | + - | * / % atan2 | a sign | ^ (to the right) |
 * what follows: [range], [range:step], offset, @.
 */
#include "promql/parser.h"

#include <math.h>

/* ---- calls and aggregations ---- */

static bool
arguments(struct parser *p, struct node *n, const char *where)
{
	if (!parse_need(p, SIGN_LEFT_PAREN, where))
		return false;
	while (!parse_at(p, SIGN_RIGHT_PAREN)) {
		struct node *arg = parse_expression(p, 0);
		if (!arg)
			return false;
		parse_add_arg(p, n, arg);
		if (!parse_take(p, SIGN_COMMA))
			break;
		if (parse_at(p, SIGN_RIGHT_PAREN)) {
			PARSE_FAIL(p, p->t.text.p, "trailing commas not allowed in function call args");
			return false;
		}
	}
	return parse_need(p, SIGN_RIGHT_PAREN, where);
}

static bool
grouping(struct parser *p, struct node *n)
{
	bool by = parse_at_word(p, "by");
	if (n->by || n->without || (!by && !parse_at_word(p, "without")))
		return true;
	parse_advance(p);
	n->by = by;
	n->without = !by;
	return parse_labels(p, &n->grouping);
}

static struct node *
aggregation(struct parser *p, size_t which, const char *start)
{
	struct node *n = parse_node(p, NODE_AGGREGATE, start);
	n->aggregate = (enum aggregate)which;
	n->type = PROMQL_VECTOR;
	if (!grouping(p, n) || !arguments(p, n, "aggregation") || !grouping(p, n))
		return NULL;
	size_t want = aggregate_words[which].param ? 2 : 1;
	parse_end(p, n);
	if (n->n_args == 0)
		return PARSE_FAIL(p, start, "no arguments for aggregate expression provided");
	if (n->n_args != want)
		return PARSE_FAIL(p, start,
		    "wrong number of arguments for aggregate expression provided, expected %zu, got %zu",
		    want, n->n_args);
	if (want == 2) { /* written parameter first */
		struct node *param = n->args[0];
		n->args[0] = n->args[1];
		n->args[1] = param;
	}
	return n;
}

static struct node *
call(struct parser *p, struct str name)
{
	const struct fn *fn = fn_find(name);
	if (!fn) {
		size_t n;
		const char *const *names = fn_names(&n);
		const char *near = str_nearest(name, names, n);
		return near ? PARSE_FAIL(p, name.p, "unknown function with name \"%.*s\"; did you mean %s?",
				  STR_ARG(name), near)
			    : PARSE_FAIL(p, name.p, "unknown function with name \"%.*s\"", STR_ARG(name));
	}
	struct node *n = parse_node(p, NODE_CALL, name.p);
	n->fn = fn;
	n->type = fn->type;
	return arguments(p, n, "function call") ? parse_end(p, n) : NULL;
}

static struct node *
named(struct parser *p)
{
	struct token name = p->t;
	parse_advance(p);
	bool opens = parse_at(p, SIGN_LEFT_PAREN);
	static const char *const never[] = {"bool", "group_left", "group_right", "ignoring", "on"};
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		if (str_eq_nocase(name.text, str_c(never[i])))
			return PARSE_FAIL(p, name.text.p, "unexpected <%.*s>", STR_ARG(name.text));
	for (size_t i = 0; i < AGGREGATES; i++)
		if (str_eq_nocase(name.text, str_c(aggregate_words[i].name)) &&
		    (opens || parse_at_word(p, "by") || parse_at_word(p, "without")))
			return aggregation(p, i, name.text.p);
	return opens ? call(p, name.text) : parse_selector(p, name.text, name.text.p);
}

/* ---- primaries and what may follow them ---- */

static struct node *
literal(struct parser *p)
{
	bool number = p->t.kind == TOK_NUMBER;
	struct node *n = parse_node(p, number ? NODE_NUMBER : NODE_STRING, p->t.text.p);
	n->type = number ? PROMQL_SCALAR : PROMQL_STRING;
	n->number = p->t.number;
	n->duration = p->t.duration;
	if (number)
		parse_advance(p);
	else if (!parse_string(p, &n->string))
		return NULL;
	return parse_end(p, n);
}

static struct node *
unary(struct parser *p)
{
	struct node *n = parse_node(p, NODE_UNARY, p->t.text.p);
	n->op = parse_at(p, SIGN_SUB) ? OP_SUB : OP_ADD;
	parse_advance(p);
	struct node *arg = parse_expression(p, 6);
	if (!arg)
		return NULL;
	if (arg->kind == NODE_NUMBER) { /* a signed number is one literal */
		arg->number = n->op == OP_SUB ? -arg->number : arg->number;
		arg->text.p = n->text.p;
		return parse_end(p, arg);
	}
	parse_add_arg(p, n, arg);
	return parse_end(p, n);
}

static struct node *
paren(struct parser *p)
{
	struct node *n = parse_node(p, NODE_PAREN, p->t.text.p);
	parse_advance(p);
	struct node *arg = parse_expression(p, 0);
	if (!arg || !parse_need(p, SIGN_RIGHT_PAREN, "paren expression"))
		return NULL;
	parse_add_arg(p, n, arg);
	return parse_end(p, n);
}

static struct node *
primary(struct parser *p)
{
	switch (p->t.kind) {
	case TOK_NUMBER:
	case TOK_STRING: return literal(p);
	case TOK_NAME: return named(p);
	case TOK_SIGN:
		if (parse_at(p, SIGN_LEFT_PAREN))
			return paren(p);
		if (parse_at(p, SIGN_LEFT_BRACE))
			return parse_selector(p, STR(""), p->t.text.p);
		if (parse_at(p, SIGN_ADD) || parse_at(p, SIGN_SUB))
			return unary(p);
		break;
	default: break;
	}
	if (p->t.kind == TOK_END && p->last_end == p->q->text.p)
		return PARSE_FAIL(p, p->q->text.p, "no expression found in input");
	return parse_unexpected(p, "");
}

/* May a duration begin here? */
static bool
duration_begins(const struct parser *p)
{
	static const char *const words[] = {"step", "range", "min_of", "max_of"};
	bool fits = p->t.kind == TOK_NUMBER || parse_at(p, SIGN_SUB) || parse_at(p, SIGN_ADD) || parse_at(p, SIGN_LEFT_PAREN);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		fits |= parse_at_word(p, words[i]);
	return fits;
}

static struct node *
subscript(struct parser *p, struct node *n)
{
	const char *at = p->t.text.p;
	parse_advance(p);
	struct node *range = duration_begins(p) ? parse_duration(p, 0) : parse_unexpected(p, "subquery selector, expected number or duration");
	if (!range)
		return NULL;
	if (parse_take(p, SIGN_COLON)) {
		struct node *sub = parse_node(p, NODE_SUBQUERY, n->text.p);
		sub->type = PROMQL_MATRIX;
		sub->range = range;
		if (!parse_at(p, SIGN_RIGHT_BRACKET) && !(sub->step = parse_duration(p, 0)))
			return NULL;
		parse_add_arg(p, sub, n);
		n = sub;
	} else if (n->kind != NODE_SELECTOR || n->range) {
		return PARSE_FAIL(p, at, "ranges only allowed for vector selectors");
	} else if (n->offset || n->at) {
		return PARSE_FAIL(p, n->text.p,
		    n->offset ? "no offset modifiers allowed before range"
			      : "no @ modifiers allowed before range");
	} else {
		n->range = range;
		n->type = PROMQL_MATRIX;
	}
	return parse_need(p, SIGN_RIGHT_BRACKET, "subquery or range selector") ? parse_end(p, n) : NULL;
}

static bool
takes_time(const struct node *n)
{
	return n->kind == NODE_SELECTOR || n->kind == NODE_SUBQUERY;
}

static struct node *
offset(struct parser *p, struct node *n)
{
	const char *at = n->text.p;
	if (!takes_time(n))
		return PARSE_FAIL(p, at,
		    "offset modifier must be preceded by an instant vector selector or range vector selector "
		    "or a subquery");
	if (n->offset)
		return PARSE_FAIL(p, at, "offset may not be set multiple times");
	parse_advance(p);
	n->offset = duration_begins(p) ? parse_offset(p) : parse_unexpected(p, "offset, expected number or duration");
	return n->offset ? parse_end(p, n) : NULL;
}

static struct node *
at_modifier(struct parser *p, struct node *n)
{
	const char *at = n->text.p;
	if (!takes_time(n))
		return PARSE_FAIL(p, at,
		    "@ modifier must be preceded by an instant vector selector or range vector selector or a "
		    "subquery");
	if (n->at)
		return PARSE_FAIL(p, at, "@ <timestamp> may not be set multiple times");
	parse_advance(p);
	bool start = parse_at_word(p, "start");
	if (start || parse_at_word(p, "end")) {
		parse_advance(p);
		n->at = start ? AT_START : AT_END;
		if (!parse_need(p, SIGN_LEFT_PAREN, "@, expected timestamp") || !parse_need(p, SIGN_RIGHT_PAREN, "@, expected timestamp"))
			return NULL;
		return parse_end(p, n);
	}
	bool minus = parse_at(p, SIGN_SUB);
	if (minus || parse_at(p, SIGN_ADD))
		parse_advance(p);
	if (p->t.kind != TOK_NUMBER)
		return parse_unexpected(p, "@, expected timestamp");
	double seconds = minus ? -p->t.number : p->t.number;
	if (!(fabs(seconds) < 9e15))
		return PARSE_FAIL(p, p->t.text.p, "timestamp out of bounds for @ modifier: %f", seconds);
	parse_advance(p);
	n->at = AT_TIME;
	n->at_time = (msec_t)llround(seconds * 1000);
	return parse_end(p, n);
}

/* anchored, smoothed */
static struct node *
reach(struct parser *p, struct node *n)
{
	n->anchored |= parse_at_word(p, "anchored");
	n->smoothed |= parse_at_word(p, "smoothed");
	if (n->anchored && n->smoothed)
		return PARSE_FAIL(p, p->t.text.p, "anchored and smoothed modifiers cannot be used together");
	parse_advance(p);
	return parse_end(p, n);
}

static struct node *
postfix(struct parser *p)
{
	struct node *n = primary(p);
	while (n) {
		if (parse_at(p, SIGN_LEFT_BRACKET))
			n = subscript(p, n);
		else if (parse_at_word(p, "offset"))
			n = offset(p, n);
		else if (parse_at(p, SIGN_AT))
			n = at_modifier(p, n);
		else if (n->kind == NODE_SELECTOR &&
			 (parse_at_word(p, "anchored") || parse_at_word(p, "smoothed")))
			n = reach(p, n);
		else
			return n;
	}
	return NULL;
}

/* ---- binary operators ---- */

static const struct {
	const char *text;
	enum sign sign; /* SIGN_NONE: a word */
	enum op op;
	int power;
} operators[] = {
    {"or", SIGN_NONE, OP_OR, 1},
    {"and", SIGN_NONE, OP_AND, 2},
    {"unless", SIGN_NONE, OP_UNLESS, 2},
    {"==", SIGN_EQL, OP_EQL, 3},
    {"!=", SIGN_NEQ, OP_NEQ, 3},
    {"<", SIGN_LSS, OP_LSS, 3},
    {"<=", SIGN_LTE, OP_LTE, 3},
    {">", SIGN_GTR, OP_GTR, 3},
    {">=", SIGN_GTE, OP_GTE, 3},
    {"</", SIGN_TRIM_ABOVE, OP_TRIM_ABOVE, 3},
    {">/", SIGN_TRIM_BELOW, OP_TRIM_BELOW, 3},
    {"+", SIGN_ADD, OP_ADD, 4},
    {"-", SIGN_SUB, OP_SUB, 4},
    {"*", SIGN_MUL, OP_MUL, 5},
    {"/", SIGN_DIV, OP_DIV, 5},
    {"%", SIGN_MOD, OP_MOD, 5},
    {"atan2", SIGN_NONE, OP_ATAN2, 5},
    {"^", SIGN_POW, OP_POW, 7},
};

const char *
op_text(enum op op)
{
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		if (operators[i].op == op)
			return operators[i].text;
	return op == OP_MIN ? "min_of" : "max_of";
}

static int
binary_power(const struct parser *p, enum op *op)
{
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		if (operators[i].sign ? parse_at(p, operators[i].sign)
				      : parse_at_word(p, operators[i].text)) {
			*op = operators[i].op;
			return operators[i].power;
		}
	}
	return -1;
}

static bool
fill_value(struct parser *p, double *out)
{
	if (!parse_need(p, SIGN_LEFT_PAREN, "fill modifier"))
		return false;
	bool minus = parse_at(p, SIGN_SUB);
	if (minus || parse_at(p, SIGN_ADD))
		parse_advance(p);
	if (p->t.kind != TOK_NUMBER) {
		parse_unexpected(p, "fill modifier, expected number");
		return false;
	}
	*out = minus ? -p->t.number : p->t.number;
	parse_advance(p);
	return parse_need(p, SIGN_RIGHT_PAREN, "fill modifier");
}

/* A metric may be called fill: the word is a modifier only before a parenthesis. */
static bool
opens_next(const struct parser *p)
{
	struct lexer ahead = p->lexer;
	return lexer_next(&ahead).sign == SIGN_LEFT_PAREN;
}

static bool
fills(struct parser *p, struct matching *m)
{
	while (!p->failed) {
		bool left = parse_at_word(p, "fill_left"), right = parse_at_word(p, "fill_right"),
		     both = parse_at_word(p, "fill");
		double v;
		if ((!left && !right && !both) || !opens_next(p))
			return true;
		parse_advance(p);
		if (!fill_value(p, &v))
			return false;
		if (left || both) {
			m->fills_left = true;
			m->fill_left = v;
		}
		if (right || both) {
			m->fills_right = true;
			m->fill_right = v;
		}
	}
	return false;
}

/* bool, on/ignoring, group_left/group_right, fill */
static bool
modifiers(struct parser *p, struct node *n)
{
	n->returns_bool = parse_take_word(p, "bool");
	if (parse_at_word(p, "on") || parse_at_word(p, "ignoring")) {
		n->match.on = parse_at_word(p, "on");
		n->match.given = true;
		parse_advance(p);
		if (!parse_labels(p, &n->match.labels))
			return false;
		bool left = parse_at_word(p, "group_left");
		if (left || parse_at_word(p, "group_right")) {
			parse_advance(p);
			n->match.card = left ? MANY_TO_ONE : ONE_TO_MANY;
			if (parse_at(p, SIGN_LEFT_PAREN) && !parse_labels(p, &n->match.include))
				return false;
		}
	}
	return fills(p, &n->match);
}

struct node *
parse_expression(struct parser *p, int least)
{
	if (++p->depth > PARSE_DEPTH)
		return PARSE_FAIL(p, p->t.text.p, "the expression is nested too deeply");
	struct node *left = postfix(p);
	enum op op;
	for (int power; left && (power = binary_power(p, &op)) >= least && power > 0;) {
		struct node *n = parse_node(p, NODE_BINARY, left->text.p);
		n->op = op;
		n->sign = p->t.text.p;
		n->type = PROMQL_VECTOR;
		parse_advance(p);
		if (op_is_set(op))
			n->match.card = MANY_TO_MANY;
		if (!modifiers(p, n))
			return NULL;
		struct node *right = parse_expression(p, op == OP_POW ? power : power + 1);
		if (!right)
			return NULL;
		parse_add_arg(p, n, left);
		parse_add_arg(p, n, right);
		left = parse_end(p, n);
	}
	p->depth--;
	return left;
}
