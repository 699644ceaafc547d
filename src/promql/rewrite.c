/* rewrite.c — an expression as of another moment, and what it looks at: for rules that are more than one expression. */
#include <string.h>

#include "promql/ast.h"

static struct node *
number_node(struct promql *q, double seconds)
{
	struct node *n = arena_new(q->arena, struct node);
	n->kind = NODE_NUMBER;
	n->type = PROMQL_SCALAR;
	n->duration = true;
	n->number = seconds;
	return n;
}

static struct node *
sum_node(struct promql *q, struct node *a, struct node *b)
{
	struct node *n = arena_new(q->arena, struct node);
	n->kind = NODE_BINARY;
	n->type = PROMQL_SCALAR;
	n->op = OP_ADD;
	n->args = arena_array(q->arena, struct node *, 2);
	n->args[0] = a;
	n->args[1] = b;
	n->n_args = 2;
	return n;
}

static void
shift(struct promql *q, struct node *n, double seconds)
{
	if (n->kind == NODE_SELECTOR || n->kind == NODE_SUBQUERY) {
		if (n->at != AT_NONE)
			return; /* it looks at a moment of its own */
		if (!n->offset)
			n->offset = number_node(q, seconds);
		else if (n->offset->kind == NODE_NUMBER)
			n->offset = number_node(q, n->offset->number + seconds);
		else
			n->offset = sum_node(q, n->offset, number_node(q, seconds));
		return; /* what stands inside a subquery is shifted with it */
	}
	for (size_t i = 0; i < n->n_args; i++)
		shift(q, n->args[i], seconds);
}

void
promql_shift(struct promql *q, msec_t back)
{
	shift(q, q->root, (double)back / 1000);
}

static bool
calls_info(const struct node *n)
{
	bool any = n->kind == NODE_CALL && strcmp(n->fn->name, "info") == 0;
	for (size_t i = 0; !any && i < n->n_args; i++)
		any = calls_info(n->args[i]);
	return any;
}

enum rc
promql_require(struct promql *q, struct str name, enum match_op op, struct str value, struct err *e)
{
	enum rc rc = RC_OK;
	if (calls_info(q->root))
		return err_set(e, RC_INVALID, "info() looks at series that no selector names, so that it cannot be said whose they are: it is not asked here");
	for (size_t i = 0; rc == RC_OK && i < q->selectors.n; i++)
		rc = matchers_add(&q->selectors.p[i]->matchers, name, op, value, e);
	return rc;
}

/* Without its conditions: what must be there for any of them to be judged. */
static const struct node *
looked_at(const struct node *n)
{
	const struct node *bare = node_bare(n);
	if (bare->kind != NODE_BINARY)
		return n;
	if (bare->op == OP_AND || bare->op == OP_UNLESS)
		return looked_at(bare->args[0]);
	if (op_is_comparison(bare->op) && !bare->returns_bool)
		return looked_at(bare->args[0]->type == PROMQL_VECTOR ? bare->args[0] : bare->args[1]);
	return n;
}

void
promql_print_looked_at(const struct promql *q, struct buf *b)
{
	promql_print_node(looked_at(q->root), b);
}
