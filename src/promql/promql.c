/* promql.c — the door: parsing, and what can be asked of a parsed expression. */
#include "promql/parser.h"
#include "promql/twins.h"

enum { TEXT_MAX = 1 << 20 };

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
	parse_advance(&p);
	q->root = parse_expression(&p, 0);
	if (q->root && p.t.kind != TOK_END)
		parse_unexpected(&p, "");
	enum rc rc = p.failed ? err_set(e, RC_INVALID, "%s", p.err.text) : node_check(q, q->root, e);
	if (rc != RC_OK)
		promql_destroy(&q);
	else
		twins_find(q);
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
	vec_fini(&q->twins);
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
