/*
 * pretty.c — a tree as text over several lines, as Prometheus breaks them.
 *
 * IDEA   What fits on a line stays on it.  Of what does not, the parts go to lines of their own, a level deeper; an
 *        operator stands between its sides, at their parent's level.  Selectors are never broken.
 * TRAP   A subquery that fits is not indented, whatever it stands in: so it is there.
 */
#include "promql/ast.h"

enum { LINE_MAX_BYTES = 100 };

static void pretty(struct buf *, const struct node *, int level);

static void
indent(struct buf *b, int level)
{
	for (int i = 0; i < level; i++)
		buf_c(b, "  ");
}

static bool
is_long(const struct node *n)
{
	struct buf b = {0};
	promql_print_node(n, &b);
	bool is = b.n > LINE_MAX_BYTES;
	buf_fini(&b);
	return is;
}

/* ( … ), each part on its own lines. */
static void
in_parens(struct buf *b, const struct node *const *parts, size_t n, int level)
{
	buf_c(b, "(\n");
	for (size_t i = 0; i < n; i++) {
		buf_c(b, i ? ",\n" : "");
		pretty(b, parts[i], level + 1);
	}
	buf_ch(b, '\n');
	indent(b, level);
	buf_ch(b, ')');
}

static void
aggregate(struct buf *b, const struct node *n, int level)
{
	const struct node *parts[] = {n->n_args > 1 ? n->args[1] : n->args[0], n->args[0]};
	promql_print_aggregate(b, n);
	in_parens(b, parts, n->n_args, level);
}

static void
binary(struct buf *b, const struct node *n, int level)
{
	pretty(b, n->args[0], level + 1);
	buf_ch(b, '\n');
	indent(b, level);
	buf_c(b, op_text(n->op));
	promql_print_matching(b, n);
	buf_ch(b, '\n');
	pretty(b, n->args[1], level + 1);
}

static void
unary(struct buf *b, const struct node *n, int level)
{
	struct buf child = {0};
	pretty(&child, n->args[0], level);
	indent(b, level);
	buf_c(b, op_text(n->op));
	buf_str(b, str_trim(buf_view(&child)));
	buf_fini(&child);
}

static void
pretty(struct buf *b, const struct node *n, int level)
{
	bool whole = !is_long(n);
	if (n->kind == NODE_UNARY) {
		unary(b, n, level);
	} else if (n->kind == NODE_SUBQUERY && !whole) {
		pretty(b, n->args[0], level);
		promql_print_time(b, n);
	} else if (n->kind == NODE_BINARY && !whole && n->op != OP_MIN && n->op != OP_MAX) {
		binary(b, n, level);
	} else {
		indent(b, n->kind == NODE_SUBQUERY ? 0 : level);
		if (!whole && n->kind == NODE_AGGREGATE) {
			aggregate(b, n, level);
		} else if (!whole && (n->kind == NODE_CALL || n->kind == NODE_PAREN)) {
			buf_c(b, n->kind == NODE_CALL ? n->fn->name : "");
			in_parens(b, (const struct node *const *)n->args, n->n_args, level);
		} else {
			promql_print_node(n, b);
		}
	}
}

void
promql_print_pretty(const struct promql *q, struct buf *b)
{
	pretty(b, q->root, 0);
}
