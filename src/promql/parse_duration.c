/*
 * parse_duration.c — durations are expressions of their own: [5m], [step() * 2], offset -(1h / 2).
 *
 * IDEA   They share the nodes of numbers and are computed when a query's times are known.
 */
#include "promql/parser.h"

static struct node *
duration_call(struct parser *p)
{
	struct str name = p->t.text;
	bool step = parse_at_word(p, "step"), range = parse_at_word(p, "range"),
	     min = parse_at_word(p, "min_of");
	if (!step && !range && !min && !parse_at_word(p, "max_of"))
		return parse_unexpected(p, "duration expression");
	parse_advance(p);
	struct node *n = parse_node(p, step || range ? NODE_CLOCK : NODE_BINARY, name.p);
	n->clock = step ? CLOCK_STEP : CLOCK_RANGE;
	n->op = min ? OP_MIN : OP_MAX;
	if (!parse_need(p, SIGN_LEFT_PAREN, "duration expression"))
		return NULL;
	for (int i = 0; n->kind == NODE_BINARY && i < 2; i++) {
		struct node *arg = parse_duration(p, 0);
		if (!arg || (i == 0 && !parse_need(p, SIGN_COMMA, "duration expression")))
			return NULL;
		parse_add_arg(p, n, arg);
	}
	return parse_need(p, SIGN_RIGHT_PAREN, "duration expression") ? parse_end(p, n) : NULL;
}

static struct node *
duration_primary(struct parser *p)
{
	const char *start = p->t.text.p;
	if (++p->depth > PARSE_DEPTH)
		return PARSE_FAIL(p, start, "the expression is nested too deeply");
	struct node *n = NULL;
	if (p->t.kind == TOK_NUMBER) {
		n = parse_node(p, NODE_NUMBER, start);
		n->number = p->t.number;
		n->duration = p->t.duration;
		parse_advance(p);
		n = parse_end(p, n);
	} else if (parse_at(p, SIGN_SUB) || parse_at(p, SIGN_ADD)) {
		n = parse_node(p, NODE_UNARY, start);
		n->op = parse_at(p, SIGN_SUB) ? OP_SUB : OP_ADD;
		parse_advance(p);
		struct node *arg = parse_duration(p, 4); /* ^ binds more tightly */
		if (arg)
			parse_add_arg(p, n, arg);
		n = arg ? parse_end(p, n) : NULL;
	} else if (parse_take(p, SIGN_LEFT_PAREN)) {
		n = parse_node(p, NODE_PAREN, start);
		struct node *arg = parse_duration(p, 0);
		if (!arg || !parse_need(p, SIGN_RIGHT_PAREN, "duration expression"))
			return NULL;
		parse_add_arg(p, n, arg);
		n = parse_end(p, n);
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
		if (parse_at(p, rows[i].sign)) {
			*op = rows[i].op;
			return rows[i].power;
		}
	}
	return -1;
}

struct node *
parse_duration(struct parser *p, int least)
{
	struct node *left = duration_primary(p);
	enum op op;
	for (int power; left && (power = arithmetic(p, &op)) >= least && power > 0;) {
		struct node *n = parse_node(p, NODE_BINARY, left->text.p);
		n->op = op;
		parse_advance(p);
		struct node *right = parse_duration(p, op == OP_POW ? power : power + 1);
		if (!right)
			return NULL;
		parse_add_arg(p, n, left);
		parse_add_arg(p, n, right);
		left = parse_end(p, n);
	}
	return left;
}

/* Behind `offset` stands one signed primary; what follows belongs to the expression around it. */
struct node *
parse_offset(struct parser *p)
{
	const char *start = p->t.text.p;
	if (!parse_at(p, SIGN_SUB) && !parse_at(p, SIGN_ADD))
		return duration_primary(p);
	struct node *n = parse_node(p, NODE_UNARY, start);
	n->op = parse_at(p, SIGN_SUB) ? OP_SUB : OP_ADD;
	parse_advance(p);
	struct node *arg = duration_primary(p);
	if (!arg)
		return NULL;
	parse_add_arg(p, n, arg);
	return parse_end(p, n);
}
