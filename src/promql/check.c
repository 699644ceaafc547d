/* check.c — types: what may stand where. */
#include "promql/ast.h"

static const char *
words(enum promql_type t)
{
	static const char *const names[] = {"scalar", "string", "instant vector", "range vector"};
	return names[t];
}

static enum rc
expect(const struct promql *q, const struct node *n, enum promql_type want, const char *where, struct err *e)
{
	if (n->type == want)
		return RC_OK;
	return promql_error(
	    q->text, n->text.p, e, "expected type %s in %s, got %s", words(want), where, words(n->type));
}

static enum promql_type
type_of(char c)
{
	return c == 's' ? PROMQL_SCALAR : c == 't' ? PROMQL_STRING : c == 'v' ? PROMQL_VECTOR : PROMQL_MATRIX;
}

static enum rc
check_call(const struct promql *q, struct node *n, struct err *e)
{
	const struct fn *f = n->fn;
	struct buf where = {0};
	enum rc rc = RC_OK;
	bool few = n->n_args < f->least;
	if (few || n->n_args > f->most)
		return promql_error(q->text, n->text.p, e,
		    "expected %s%d argument(s) in call to \"%s\", got %zu",
		    f->least == f->most ? ""
		    : few               ? "at least "
					: "at most ",
		    few ? f->least : f->most, f->name, n->n_args);
	buf_fmt(&where, "call to function \"%s\"", f->name);
	const char *arg = f->args;
	for (size_t i = 0; rc == RC_OK && i < n->n_args; i++) {
		rc = expect(q, n->args[i], type_of(*arg), where.p, e);
		arg += arg[1] != '\0';
	}
	buf_fini(&where);
	return rc;
}

static enum rc
check_aggregate(const struct promql *q, struct node *n, struct err *e)
{
	enum rc rc = expect(q, n->args[0], PROMQL_VECTOR, "aggregation expression", e);
	if (rc == RC_OK && n->n_args > 1)
		rc = expect(
		    q, n->args[1], type_of(aggregate_words[n->aggregate].param), "aggregation parameter", e);
	return rc;
}

static enum rc
check_unary(const struct promql *q, struct node *n, struct err *e)
{
	n->type = n->args[0]->type;
	if (n->type == PROMQL_SCALAR || n->type == PROMQL_VECTOR)
		return RC_OK;
	return promql_error(q->text, n->text.p, e,
	    "unary expression only allowed on expressions of type scalar or instant vector, got \"%s\"",
	    words(n->type));
}

/* The first of a that b has, too; NULL: there is none. */
static const struct str *
shared_label(struct strs a, struct strs b)
{
	for (size_t i = 0; i < a.n; i++)
		if (strs_has(b, a.p[i]))
			return &a.p[i];
	return NULL;
}

static enum rc
check_matching(const struct promql *q, const struct node *n, bool vectors, struct err *e)
{
	const struct matching *m = &n->match;
	bool fills = m->fills_left || m->fills_right;
	if (op_is_set(n->op) && (m->include.n || (m->card != MANY_TO_MANY)))
		return promql_error(
		    q->text, n->text.p, e, "no grouping allowed for \"%s\" operation", op_text(n->op));
	if (op_is_set(n->op) && fills)
		return promql_error(
		    q->text, n->text.p, e, "filling in missing series not allowed for set operators");
	if (!vectors && (m->given || fills))
		return promql_error(
		    q->text, n->text.p, e, "vector matching only allowed between instant vectors");
	const struct str *twice = m->on ? shared_label(m->labels, m->include) : NULL;
	if (twice)
		return promql_error(
		    q->text, n->sign, e, "label \"%.*s\" must not occur in ON and GROUP clause at once", STR_ARG(*twice));
	return RC_OK;
}

static enum rc
check_binary(const struct promql *q, struct node *n, struct err *e)
{
	struct node *l = n->args[0], *r = n->args[1];
	for (int i = 0; i < 2; i++)
		if (n->args[i]->type != PROMQL_SCALAR && n->args[i]->type != PROMQL_VECTOR)
			return promql_error(q->text, n->args[i]->text.p, e,
			    "binary expression must contain only scalar and instant vector types");
	bool scalars = l->type == PROMQL_SCALAR && r->type == PROMQL_SCALAR;
	bool vectors = l->type == PROMQL_VECTOR && r->type == PROMQL_VECTOR;
	if (n->returns_bool && !op_is_comparison(n->op))
		return promql_error(
		    q->text, n->sign, e, "bool modifier can only be used on comparison operators");
	if (scalars && op_is_comparison(n->op) && !n->returns_bool)
		return promql_error(
		    q->text, n->sign, e, "comparisons between scalars must use BOOL modifier");
	if (op_is_set(n->op) && !vectors)
		return promql_error(q->text, n->text.p, e,
		    "set operator \"%s\" not allowed in binary scalar expression", op_text(n->op));
	n->type = scalars ? PROMQL_SCALAR : PROMQL_VECTOR;
	return check_matching(q, n, vectors, e);
}

/* A plain number is judged here, an expression when it is known. */
static enum rc
check_duration(const struct promql *q, const struct node *d, struct err *e)
{
	bool minus = d && d->kind == NODE_UNARY && d->op == OP_SUB && d->args[0]->kind == NODE_NUMBER;
	if (!d || (!minus && (d->kind != NODE_NUMBER || d->number > 0)) || (minus && d->args[0]->number < 0))
		return RC_OK;
	return promql_error(q->text, d->text.p, e, "duration must be greater than 0");
}

static bool
all_match_empty(const struct matchers *ms)
{
	for (size_t i = 0; i < ms->n; i++)
		if (!matcher_matches(&ms->p[i], STR("")))
			return false;
	return true;
}

static enum rc
check_selector(const struct promql *q, const struct node *n, struct err *e)
{
	if (n->labels_only || !all_match_empty(&n->matchers))
		return RC_OK;
	return promql_error(q->text, n->text.p, e, "vector selector must contain at least one non-empty matcher");
}

/* The second argument of info() is not asked for: it says which labels. */
static enum rc
check_info(const struct promql *q, struct node *n, struct err *e)
{
	struct node *list = n->args[1];
	if (list->kind != NODE_SELECTOR || list->range || list->named)
		return promql_error(q->text, list->text.p, e, "expected label selectors only%s",
		    list->kind == NODE_SELECTOR && !list->range ? ", got vector selector instead" : "");
	list->labels_only = true;
	return RC_OK;
}

enum rc
node_check(const struct promql *q, struct node *n, struct err *e)
{
	if (n->kind == NODE_CALL && n->n_args > 1 && str_is(str_c(n->fn->name), "info") && check_info(q, n, e) != RC_OK)
		return RC_INVALID;
	for (size_t i = 0; i < n->n_args; i++) {
		enum rc rc = node_check(q, n->args[i], e);
		if (rc != RC_OK)
			return rc;
	}
	if (check_duration(q, n->range, e) != RC_OK || check_duration(q, n->step, e) != RC_OK)
		return RC_INVALID;
	switch (n->kind) {
	case NODE_CALL: return check_call(q, n, e);
	case NODE_AGGREGATE: return check_aggregate(q, n, e);
	case NODE_UNARY: return check_unary(q, n, e);
	case NODE_BINARY: return check_binary(q, n, e);
	case NODE_PAREN: n->type = n->args[0]->type; return RC_OK;
	case NODE_SUBQUERY:
		if (n->args[0]->type != PROMQL_VECTOR)
			return promql_error(q->text, n->text.p, e,
			    "subquery is only allowed on instant vector, got %s instead",
			    promql_type_name(n->args[0]->type));
		return RC_OK;
	case NODE_NUMBER:
	case NODE_STRING:
	case NODE_CLOCK: return RC_OK;
	case NODE_SELECTOR: return check_selector(q, n, e);
	}
	return RC_OK;
}
