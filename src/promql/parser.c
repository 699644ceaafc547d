/*
 * parser.c — from text to a tree, by precedence climbing.
 *
 * From weak to strong:  or | and unless | == != < <= > >= | + - | * / % atan2 | unary | ^ (to the right) |
 * postfix
 * ([range], [range:step], offset, @).
 *
 * IDEA   Durations are expressions of their own ([5m], [step()*2], offset -(1h/2)) and share the nodes of
 * numbers; they are computed when a query's times are known.
 */
#include "promql/ast.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/quote.h"
#include "promql/lexer.h"

enum { DEPTH_MAX = 200, TEXT_MAX = 1 << 20 };

struct parser {
	struct promql *q;
	struct lexer lexer;
	struct token t;       /* the present token */
	const char *last_end; /* where the one before it ended */
	unsigned depth;
	bool failed;
	struct err err;
};

/* ---- errors ---- */

enum rc
promql_error(struct str all, const char *at, struct err *e, const char *fmt, ...)
{
	size_t line, column;
	struct buf b = {0};
	va_list ap;
	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	lexer_place(all, at, &line, &column);
	enum rc rc = err_set(e, RC_INVALID, "%zu:%zu: parse error: %s", line, column, b.p);
	buf_fini(&b);
	return rc;
}

#define FAIL(p, at, ...)                                                                                     \
	((p)->failed ? NULL                                                                                  \
		     : ((p)->failed = true, promql_error((p)->q->text, (at), &(p)->err, __VA_ARGS__), NULL))

static void *
unexpected(struct parser *p, const char *where)
{
	static const char *const kinds[] = {
	    "end of input", "number", "string", "identifier", "", "character"};
	struct token *t = &p->t;
	if (t->kind == TOK_END)
		return FAIL(p, t->text.p, "unexpected end of input in %s", where);
	if (t->kind == TOK_BAD && t->text.n && strchr("\"'`", t->text.p[0]))
		return FAIL(p, t->text.p, "unterminated quoted string");
	if (t->kind == TOK_BAD && t->text.n && t->text.p[0] >= '0' && t->text.p[0] <= '9')
		return FAIL(p, t->text.p, "bad number or duration syntax: \"%.*s\"", STR_ARG(t->text));
	return FAIL(p, t->text.p, "unexpected %s%s\"%.*s\" in %s", kinds[t->kind], *kinds[t->kind] ? " " : "",
	    STR_ARG(t->text), where);
}

/* ---- tokens and nodes ---- */

static void
advance(struct parser *p)
{
	p->last_end = p->t.text.p + p->t.text.n;
	p->t = lexer_next(&p->lexer);
}

static bool
at_sign(const struct parser *p, enum sign s)
{
	return p->t.kind == TOK_SIGN && p->t.sign == s;
}

static bool
take_sign(struct parser *p, enum sign s)
{
	if (!at_sign(p, s))
		return false;
	advance(p);
	return true;
}

static bool
at_word(const struct parser *p, const char *w)
{
	return p->t.kind == TOK_NAME && str_eq_nocase(p->t.text, str_c(w));
}

static bool
take_word(struct parser *p, const char *w)
{
	if (!at_word(p, w))
		return false;
	advance(p);
	return true;
}

static bool
need_sign(struct parser *p, enum sign s, const char *where)
{
	if (take_sign(p, s))
		return true;
	unexpected(p, where);
	return false;
}

static struct node *
node_new(struct parser *p, enum node_kind kind, const char *start)
{
	struct node *n = arena_new(p->q->arena, struct node);
	n->kind = kind;
	n->text.p = start;
	return n;
}

static struct node *
node_end(struct parser *p, struct node *n)
{
	n->text.n = (size_t)(p->last_end - n->text.p);
	return n;
}

static void
add_arg(struct parser *p, struct node *n, struct node *arg)
{
	struct node **more = arena_array(p->q->arena, struct node *, n->n_args + 1);
	if (n->n_args)
		memcpy(more, n->args, n->n_args * sizeof *more);
	more[n->n_args++] = arg;
	n->args = more;
}

static bool
take_string(struct parser *p, struct str *out)
{
	if (!quote_parse(p->t.text, p->q->arena, out)) {
		FAIL(p, p->t.text.p, "bad escape in the string %.*s", STR_ARG(p->t.text));
		return false;
	}
	advance(p);
	return true;
}

static struct node *expression(struct parser *, int least);

/* ---- durations ---- */

static struct node *duration(struct parser *, int least);

static struct node *
duration_call(struct parser *p)
{
	struct str name = p->t.text;
	bool step = at_word(p, "step"), range = at_word(p, "range"), min = at_word(p, "min_of");
	if (!step && !range && !min && !at_word(p, "max_of"))
		return unexpected(p, "duration expression");
	advance(p);
	struct node *n = node_new(p, step || range ? NODE_CLOCK : NODE_BINARY, name.p);
	n->clock = step ? CLOCK_STEP : CLOCK_RANGE;
	n->op = min ? OP_MIN : OP_MAX;
	if (!need_sign(p, SIGN_LEFT_PAREN, "duration expression"))
		return NULL;
	for (int i = 0; n->kind == NODE_BINARY && i < 2; i++) {
		struct node *arg = duration(p, 0);
		if (!arg || (i == 0 && !need_sign(p, SIGN_COMMA, "duration expression")))
			return NULL;
		add_arg(p, n, arg);
	}
	return need_sign(p, SIGN_RIGHT_PAREN, "duration expression") ? node_end(p, n) : NULL;
}

static struct node *
duration_primary(struct parser *p)
{
	const char *start = p->t.text.p;
	if (++p->depth > DEPTH_MAX)
		return FAIL(p, start, "the expression is nested too deeply");
	struct node *n = NULL;
	if (p->t.kind == TOK_NUMBER) {
		n = node_new(p, NODE_NUMBER, start);
		n->number = p->t.number;
		n->duration = p->t.duration;
		advance(p);
		n = node_end(p, n);
	} else if (at_sign(p, SIGN_SUB) || at_sign(p, SIGN_ADD)) {
		n = node_new(p, NODE_UNARY, start);
		n->op = at_sign(p, SIGN_SUB) ? OP_SUB : OP_ADD;
		advance(p);
		struct node *arg = duration(p, 4); /* ^ binds more tightly */
		if (arg)
			add_arg(p, n, arg);
		n = arg ? node_end(p, n) : NULL;
	} else if (take_sign(p, SIGN_LEFT_PAREN)) {
		n = node_new(p, NODE_PAREN, start);
		struct node *arg = duration(p, 0);
		if (!arg || !need_sign(p, SIGN_RIGHT_PAREN, "duration expression"))
			return NULL;
		add_arg(p, n, arg);
		n = node_end(p, n);
	} else {
		n = duration_call(p);
	}
	p->depth--;
	return n;
}

static int
arithmetic(const struct parser *p, enum op *op)
{
	static const struct {
		enum sign sign;
		enum op op;
		int power;
	} rows[] = {{SIGN_ADD, OP_ADD, 1}, {SIGN_SUB, OP_SUB, 1}, {SIGN_MUL, OP_MUL, 2},
	    {SIGN_DIV, OP_DIV, 2}, {SIGN_MOD, OP_MOD, 2}, {SIGN_POW, OP_POW, 4}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (at_sign(p, rows[i].sign)) {
			*op = rows[i].op;
			return rows[i].power;
		}
	}
	return -1;
}

static struct node *
duration(struct parser *p, int least)
{
	struct node *left = duration_primary(p);
	enum op op;
	for (int power; left && (power = arithmetic(p, &op)) >= least && power > 0;) {
		struct node *n = node_new(p, NODE_BINARY, left->text.p);
		n->op = op;
		advance(p);
		struct node *right = duration(p, op == OP_POW ? power : power + 1);
		if (!right)
			return NULL;
		add_arg(p, n, left);
		add_arg(p, n, right);
		left = node_end(p, n);
	}
	return left;
}

/* Behind `offset` stands one signed primary; what follows belongs to the expression around it. */
static struct node *
offset_duration(struct parser *p)
{
	const char *start = p->t.text.p;
	if (!at_sign(p, SIGN_SUB) && !at_sign(p, SIGN_ADD))
		return duration_primary(p);
	struct node *n = node_new(p, NODE_UNARY, start);
	n->op = at_sign(p, SIGN_SUB) ? OP_SUB : OP_ADD;
	advance(p);
	struct node *arg = duration_primary(p);
	if (!arg)
		return NULL;
	add_arg(p, n, arg);
	return node_end(p, n);
}

/* ---- selectors ---- */

static struct node *
selector_new(struct parser *p, const char *start)
{
	struct node *n = node_new(p, NODE_SELECTOR, start);
	n->type = PROMQL_VECTOR;
	*vec_add(&p->q->selectors) = n;
	return n;
}

static bool
add_matcher(
    struct parser *p, struct node *n, struct str name, enum match_op op, struct str value, const char *at)
{
	struct err e;
	if (matchers_add(&n->matchers, name, op, value, &e) == RC_OK)
		return true;
	FAIL(p, at, "%s", e.text);
	return false;
}

static bool
one_matcher(struct parser *p, struct node *n, bool *named)
{
	static const struct {
		enum sign sign;
		enum match_op op;
	} ops[] = {{SIGN_ASSIGN, MATCH_EQ}, {SIGN_NEQ, MATCH_NE}, {SIGN_MATCH, MATCH_RE},
	    {SIGN_NOT_MATCH, MATCH_NRE}};
	const char *start = p->t.text.p;
	struct str name = p->t.text, value;
	bool quoted = p->t.kind == TOK_STRING;
	if (!quoted && (p->t.kind != TOK_NAME || !label_name_is_classic(name)) &&
	    (p->t.kind != TOK_NUMBER || !label_name_is_classic(name))) {
		unexpected(p, "label matching, expected identifier or \"}\"");
		return false;
	}
	if (quoted && !take_string(p, &name))
		return false;
	if (!quoted)
		advance(p);
	if (quoted && (at_sign(p, SIGN_COMMA) || at_sign(p, SIGN_RIGHT_BRACE))) {
		if (*named || name.n == 0 || !str_utf8(name)) {
			FAIL(p, start,
			    *named ? "metric name must not be set twice: \"%.*s\""
				   : "invalid metric name \"%.*s\"",
			    STR_ARG(name));
			return false;
		}
		*named = true;
		return add_matcher(p, n, STR(LABEL_METRIC), MATCH_EQ, name, start);
	}
	for (size_t i = 0; i < 4; i++) {
		if (!at_sign(p, ops[i].sign))
			continue;
		advance(p);
		if (p->t.kind != TOK_STRING) {
			unexpected(p, "label matching, expected string");
			return false;
		}
		return take_string(p, &value) && add_matcher(p, n, name, ops[i].op, value, start);
	}
	unexpected(p, "label matching, expected label matching operator");
	return false;
}

static bool
matcher_braces(struct parser *p, struct node *n, bool named)
{
	while (!take_sign(p, SIGN_RIGHT_BRACE)) {
		if (!one_matcher(p, n, &named))
			return false;
		if (!take_sign(p, SIGN_COMMA) && !at_sign(p, SIGN_RIGHT_BRACE)) {
			unexpected(p, "label matching, expected \",\" or \"}\"");
			return false;
		}
	}
	return true;
}

static bool
all_match_empty(const struct matchers *ms)
{
	for (size_t i = 0; i < ms->n; i++)
		if (!matcher_matches(&ms->p[i], STR("")))
			return false;
	return true;
}

static bool
name_stands_twice(const struct matchers *ms)
{
	for (size_t i = 1; i < ms->n; i++)
		if (ms->p[i].op == MATCH_EQ && str_is(ms->p[i].name, LABEL_METRIC))
			return true;
	return false;
}

/* `name` may be empty: then a brace stands here. */
static struct node *
selector(struct parser *p, struct str name, const char *start)
{
	struct node *n = selector_new(p, start);
	if (name.n && !add_matcher(p, n, STR(LABEL_METRIC), MATCH_EQ, name, start))
		return NULL;
	if (take_sign(p, SIGN_LEFT_BRACE) && !matcher_braces(p, n, name.n > 0))
		return NULL;
	if (name.n && name_stands_twice(&n->matchers))
		return FAIL(p, start, "metric name must not be set twice: \"%.*s\" or \"%.*s\"",
		    STR_ARG(name), STR_ARG(n->matchers.p[1].value));
	if (all_match_empty(&n->matchers))
		return FAIL(p, start, "vector selector must contain at least one non-empty matcher");
	return node_end(p, n);
}

/* ---- lists of labels ---- */

static bool
label_list(struct parser *p, struct strs *out)
{
	VEC(struct str) names = {0};
	if (!need_sign(p, SIGN_LEFT_PAREN, "grouping opts, expected \"(\""))
		return false;
	while (!at_sign(p, SIGN_RIGHT_PAREN)) {
		struct str name = p->t.text;
		bool quoted = p->t.kind == TOK_STRING;
		if (quoted ? !take_string(p, &name) : !label_name_is_classic(name)) {
			unexpected(p, "grouping opts, expected label");
			break;
		}
		if (!quoted)
			advance(p);
		*vec_add(&names) = name;
		if (!take_sign(p, SIGN_COMMA) && !at_sign(p, SIGN_RIGHT_PAREN)) {
			unexpected(p, "grouping opts, expected \",\" or \")\"");
			break;
		}
	}
	out->p = arena_array(p->q->arena, struct str, names.n + 1);
	out->n = names.n;
	if (names.n)
		memcpy(out->p, names.p, names.n * sizeof *names.p);
	vec_fini(&names);
	return !p->failed && need_sign(p, SIGN_RIGHT_PAREN, "grouping opts, expected \")\"");
}

/* ---- calls and aggregations ---- */

static bool
arguments(struct parser *p, struct node *n, const char *where)
{
	if (!need_sign(p, SIGN_LEFT_PAREN, where))
		return false;
	while (!at_sign(p, SIGN_RIGHT_PAREN)) {
		struct node *arg = expression(p, 0);
		if (!arg)
			return false;
		add_arg(p, n, arg);
		if (!take_sign(p, SIGN_COMMA))
			break;
		if (at_sign(p, SIGN_RIGHT_PAREN)) {
			FAIL(p, p->t.text.p, "trailing commas not allowed in function call args");
			return false;
		}
	}
	return need_sign(p, SIGN_RIGHT_PAREN, where);
}

static bool
grouping(struct parser *p, struct node *n)
{
	bool by = at_word(p, "by");
	if (n->by || n->without || (!by && !at_word(p, "without")))
		return true;
	advance(p);
	n->by = by;
	n->without = !by;
	return label_list(p, &n->grouping);
}

static struct node *
aggregation(struct parser *p, size_t which, const char *start)
{
	struct node *n = node_new(p, NODE_AGGREGATE, start);
	n->aggregate = (enum aggregate)which;
	n->type = PROMQL_VECTOR;
	if (!grouping(p, n) || !arguments(p, n, "aggregation") || !grouping(p, n))
		return NULL;
	size_t want = aggregate_words[which].param ? 2 : 1;
	node_end(p, n);
	if (n->n_args == 0)
		return FAIL(p, start, "no arguments for aggregate expression provided");
	if (n->n_args != want)
		return FAIL(p, start,
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
		return near ? FAIL(p, name.p, "unknown function with name \"%.*s\"; did you mean %s?",
				  STR_ARG(name), near)
			    : FAIL(p, name.p, "unknown function with name \"%.*s\"", STR_ARG(name));
	}
	struct node *n = node_new(p, NODE_CALL, name.p);
	n->fn = fn;
	n->type = fn->type;
	return arguments(p, n, "function call") ? node_end(p, n) : NULL;
}

static struct node *
named(struct parser *p)
{
	struct token name = p->t;
	advance(p);
	bool opens = at_sign(p, SIGN_LEFT_PAREN);
	for (size_t i = 0; i < AGGREGATES; i++)
		if (str_eq_nocase(name.text, str_c(aggregate_words[i].name)) &&
		    (opens || at_word(p, "by") || at_word(p, "without")))
			return aggregation(p, i, name.text.p);
	return opens ? call(p, name.text) : selector(p, name.text, name.text.p);
}

/* ---- primaries and what may follow them ---- */

static struct node *
literal(struct parser *p)
{
	bool number = p->t.kind == TOK_NUMBER;
	struct node *n = node_new(p, number ? NODE_NUMBER : NODE_STRING, p->t.text.p);
	n->type = number ? PROMQL_SCALAR : PROMQL_STRING;
	n->number = p->t.number;
	n->duration = p->t.duration;
	if (number)
		advance(p);
	else if (!take_string(p, &n->string))
		return NULL;
	return node_end(p, n);
}

static struct node *
unary(struct parser *p)
{
	struct node *n = node_new(p, NODE_UNARY, p->t.text.p);
	n->op = at_sign(p, SIGN_SUB) ? OP_SUB : OP_ADD;
	advance(p);
	struct node *arg = expression(p, 6);
	if (!arg)
		return NULL;
	if (arg->kind == NODE_NUMBER) { /* a signed number is one literal */
		arg->number = n->op == OP_SUB ? -arg->number : arg->number;
		arg->text.p = n->text.p;
		return node_end(p, arg);
	}
	add_arg(p, n, arg);
	return node_end(p, n);
}

static struct node *
paren(struct parser *p)
{
	struct node *n = node_new(p, NODE_PAREN, p->t.text.p);
	advance(p);
	struct node *arg = expression(p, 0);
	if (!arg || !need_sign(p, SIGN_RIGHT_PAREN, "paren expression"))
		return NULL;
	add_arg(p, n, arg);
	return node_end(p, n);
}

static struct node *
primary(struct parser *p)
{
	switch (p->t.kind) {
	case TOK_NUMBER:
	case TOK_STRING: return literal(p);
	case TOK_NAME: return named(p);
	case TOK_SIGN:
		if (at_sign(p, SIGN_LEFT_PAREN))
			return paren(p);
		if (at_sign(p, SIGN_LEFT_BRACE))
			return selector(p, STR(""), p->t.text.p);
		if (at_sign(p, SIGN_ADD) || at_sign(p, SIGN_SUB))
			return unary(p);
		break;
	default: break;
	}
	if (p->t.kind == TOK_END && p->t.text.p == p->q->text.p + p->q->text.n && str_trim(p->q->text).n == 0)
		return FAIL(p, p->q->text.p, "no expression found in input");
	return unexpected(p, "expression");
}

static struct node *
subscript(struct parser *p, struct node *n)
{
	advance(p);
	struct node *range = duration(p, 0);
	if (!range)
		return NULL;
	if (take_sign(p, SIGN_COLON)) {
		struct node *sub = node_new(p, NODE_SUBQUERY, n->text.p);
		sub->type = PROMQL_MATRIX;
		sub->range = range;
		if (!at_sign(p, SIGN_RIGHT_BRACKET) && !(sub->step = duration(p, 0)))
			return NULL;
		add_arg(p, sub, n);
		n = sub;
	} else if (n->kind != NODE_SELECTOR || n->range) {
		return FAIL(p, n->text.p, "ranges only allowed for vector selectors");
	} else if (n->offset || n->at) {
		return FAIL(p, n->text.p,
		    n->offset ? "no offset modifiers allowed before range"
			      : "no @ modifiers allowed before range");
	} else {
		n->range = range;
		n->type = PROMQL_MATRIX;
	}
	return need_sign(p, SIGN_RIGHT_BRACKET, "subquery or range selector") ? node_end(p, n) : NULL;
}

static bool
takes_time(const struct node *n)
{
	return n->kind == NODE_SELECTOR || n->kind == NODE_SUBQUERY;
}

static struct node *
offset(struct parser *p, struct node *n)
{
	const char *at = p->t.text.p;
	if (!takes_time(n))
		return FAIL(p, at,
		    "offset modifier must be preceded by an instant vector selector or range vector selector "
		    "or a subquery");
	if (n->offset)
		return FAIL(p, at, "offset may not be set multiple times");
	advance(p);
	n->offset = offset_duration(p);
	return n->offset ? node_end(p, n) : NULL;
}

static struct node *
at_modifier(struct parser *p, struct node *n)
{
	const char *at = p->t.text.p;
	if (!takes_time(n))
		return FAIL(p, at,
		    "@ modifier must be preceded by an instant vector selector or range vector selector or a "
		    "subquery");
	if (n->at)
		return FAIL(p, at, "@ <timestamp> may not be set multiple times");
	advance(p);
	bool start = at_word(p, "start");
	if (start || at_word(p, "end")) {
		advance(p);
		n->at = start ? AT_START : AT_END;
		if (!need_sign(p, SIGN_LEFT_PAREN, "@") || !need_sign(p, SIGN_RIGHT_PAREN, "@"))
			return NULL;
		return node_end(p, n);
	}
	bool minus = at_sign(p, SIGN_SUB);
	if (minus || at_sign(p, SIGN_ADD))
		advance(p);
	if (p->t.kind != TOK_NUMBER)
		return unexpected(p, "@, expected timestamp");
	double seconds = minus ? -p->t.number : p->t.number;
	if (!(fabs(seconds) < 9e15))
		return FAIL(p, p->t.text.p, "timestamp out of bounds for @ modifier: %f", seconds);
	advance(p);
	n->at = AT_TIME;
	n->at_time = (msec_t)llround(seconds * 1000);
	return node_end(p, n);
}

static struct node *
postfix(struct parser *p)
{
	struct node *n = primary(p);
	while (n) {
		if (at_sign(p, SIGN_LEFT_BRACKET))
			n = subscript(p, n);
		else if (at_word(p, "offset"))
			n = offset(p, n);
		else if (at_sign(p, SIGN_AT))
			n = at_modifier(p, n);
		else if ((at_word(p, "anchored") || at_word(p, "smoothed")) && takes_time(n)) {
			n->anchored |= at_word(p, "anchored");
			n->smoothed |= at_word(p, "smoothed");
			advance(p);
			node_end(p, n);
		} else
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
		if (operators[i].sign ? at_sign(p, operators[i].sign) : at_word(p, operators[i].text)) {
			*op = operators[i].op;
			return operators[i].power;
		}
	}
	return -1;
}

static bool
fill_value(struct parser *p, double *out)
{
	if (!need_sign(p, SIGN_LEFT_PAREN, "fill modifier"))
		return false;
	bool minus = at_sign(p, SIGN_SUB);
	if (minus || at_sign(p, SIGN_ADD))
		advance(p);
	if (p->t.kind != TOK_NUMBER) {
		unexpected(p, "fill modifier, expected number");
		return false;
	}
	*out = minus ? -p->t.number : p->t.number;
	advance(p);
	return need_sign(p, SIGN_RIGHT_PAREN, "fill modifier");
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
		bool left = at_word(p, "fill_left"), right = at_word(p, "fill_right"),
		     both = at_word(p, "fill");
		double v;
		if ((!left && !right && !both) || !opens_next(p))
			return true;
		advance(p);
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
	n->returns_bool = take_word(p, "bool");
	if (at_word(p, "on") || at_word(p, "ignoring")) {
		n->match.on = at_word(p, "on");
		n->match.given = true;
		advance(p);
		if (!label_list(p, &n->match.labels))
			return false;
		bool left = at_word(p, "group_left");
		if (left || at_word(p, "group_right")) {
			advance(p);
			n->match.card = left ? MANY_TO_ONE : ONE_TO_MANY;
			if (at_sign(p, SIGN_LEFT_PAREN) && !label_list(p, &n->match.include))
				return false;
		}
	}
	return fills(p, &n->match);
}

static struct node *
expression(struct parser *p, int least)
{
	if (++p->depth > DEPTH_MAX)
		return FAIL(p, p->t.text.p, "the expression is nested too deeply");
	struct node *left = postfix(p);
	enum op op;
	for (int power; left && (power = binary_power(p, &op)) >= least && power > 0;) {
		struct node *n = node_new(p, NODE_BINARY, left->text.p);
		n->op = op;
		n->type = PROMQL_VECTOR;
		advance(p);
		if (op_is_set(op))
			n->match.card = MANY_TO_MANY;
		if (!modifiers(p, n))
			return NULL;
		struct node *right = expression(p, op == OP_POW ? power : power + 1);
		if (!right)
			return NULL;
		add_arg(p, n, left);
		add_arg(p, n, right);
		left = node_end(p, n);
	}
	p->depth--;
	return left;
}

/* ---- the door ---- */

enum rc
promql_parse(struct str text, struct promql **out, struct err *e)
{
	*out = NULL;
	if (text.n > TEXT_MAX)
		return err_set(
		    e, RC_REFUSED, "an expression of %zu bytes; the limit is %d", text.n, TEXT_MAX);
	struct promql *q = mem_new(struct promql);
	q->arena = arena_create();
	q->text = arena_str(q->arena, text);
	struct parser p = {.q = q, .t.text = str_to(q->text, 0)};
	lexer_init(&p.lexer, q->text);
	advance(&p);
	q->root = expression(&p, 0);
	if (q->root && p.t.kind != TOK_END)
		unexpected(&p, "expression");
	enum rc rc = p.failed ? err_set(e, RC_INVALID, "%s", p.err.text) : node_check(q, q->root, e);
	if (rc != RC_OK)
		promql_destroy(&q);
	*out = q;
	return rc;
}

void
promql_destroy(struct promql **pq)
{
	struct promql *q = *pq;
	if (!q)
		return;
	for (size_t i = 0; i < q->selectors.n; i++)
		matchers_fini(&q->selectors.p[i]->matchers);
	vec_fini(&q->selectors);
	arena_destroy(&q->arena);
	mem_free(q);
	*pq = NULL;
}

enum promql_type
promql_type(const struct promql *q)
{
	return q->root->type;
}

const char *
promql_type_name(enum promql_type t)
{
	static const char *const names[] = {"scalar", "string", "vector", "matrix"};
	return names[t];
}

void
promql_each_selector(const struct promql *q, void (*fn)(void *, const struct matchers *), void *arg)
{
	for (size_t i = 0; i < q->selectors.n; i++)
		fn(arg, &q->selectors.p[i]->matchers);
}

enum rc
promql_parse_selector(struct str text, struct matchers *out, struct err *e)
{
	struct promql *q;
	enum rc rc = promql_parse(text, &q, e);
	if (rc != RC_OK)
		return rc;
	const struct node *n = q->root;
	if (n->kind != NODE_SELECTOR || n->range || n->offset || n->at)
		rc = promql_error(q->text, q->text.p, e, "expected a vector selector and nothing else");
	for (size_t i = 0; rc == RC_OK && i < n->matchers.n; i++)
		rc = matchers_add(out, n->matchers.p[i].name, n->matchers.p[i].op, n->matchers.p[i].value, e);
	promql_destroy(&q);
	return rc;
}
