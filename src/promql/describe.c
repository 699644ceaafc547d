/* describe.c — a tree as JSON, as /api/v1/parse_query answers it. */
#include "promql/ast.h"
#include "wire/json.h"

#include <math.h>

static void describe(struct json_writer *, const struct node *);

static void
put(struct json_writer *w, const char *key, const char *value)
{
	jsonw_key(w, key);
	jsonw_c(w, value);
}

static void
put_strs(struct json_writer *w, const char *key, struct strs s)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < s.n; i++)
		jsonw_str(w, s.p[i]);
	jsonw_array_end(w);
}

static void
put_msec(struct json_writer *w, const char *key, const struct node *duration)
{
	jsonw_key(w, key);
	jsonw_i64(
	    w, duration && duration->kind == NODE_NUMBER ? (int64_t)llround(duration->number * 1000) : 0);
}

static void
put_matchers(struct json_writer *w, const struct matchers *ms)
{
	struct str name = {0};
	jsonw_key(w, "matchers");
	jsonw_array(w);
	for (size_t i = 0; i < ms->n; i++) {
		const struct matcher *m = &ms->p[i];
		if (m->op == MATCH_EQ && str_is(m->name, LABEL_METRIC))
			name = m->value;
		jsonw_object(w);
		jsonw_key(w, "name");
		jsonw_str(w, m->name);
		jsonw_key(w, "value");
		jsonw_str(w, m->value);
		put(w, "type", match_op_text(m->op));
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_key(w, "name");
	jsonw_str(w, name);
}

static void
put_moment(struct json_writer *w, const struct node *n)
{
	put_msec(w, "offset", n->offset);
	jsonw_key(w, "startOrEnd");
	if (n->at == AT_START || n->at == AT_END)
		jsonw_c(w, n->at == AT_START ? "start" : "end");
	else
		jsonw_null(w);
	jsonw_key(w, "timestamp");
	if (n->at == AT_TIME)
		jsonw_i64(w, n->at_time);
	else
		jsonw_null(w);
}

static void
put_matching(struct json_writer *w, const struct node *n)
{
	static const char *const cards[] = {"one-to-one", "many-to-one", "one-to-many", "many-to-many"};
	const struct matching *m = &n->match;
	jsonw_key(w, "matching");
	if (n->args[0]->type != PROMQL_VECTOR || n->args[1]->type != PROMQL_VECTOR) {
		jsonw_null(w);
		return;
	}
	jsonw_object(w);
	put(w, "card", cards[m->card]);
	put_strs(w, "include", m->include);
	put_strs(w, "labels", m->labels);
	jsonw_key(w, "on");
	jsonw_bool(w, m->on);
	jsonw_object_end(w);
}

static void
put_child(struct json_writer *w, const char *key, const struct node *n)
{
	jsonw_key(w, key);
	if (n)
		describe(w, n);
	else
		jsonw_null(w);
}

static void
put_call(struct json_writer *w, const struct node *n)
{
	static const char *const types[] = {"scalar", "string", "vector", "matrix"};
	jsonw_key(w, "args");
	jsonw_array(w);
	for (size_t i = 0; i < n->n_args; i++)
		describe(w, n->args[i]);
	jsonw_array_end(w);
	jsonw_key(w, "func");
	jsonw_object(w);
	put(w, "name", n->fn->name);
	put(w, "returnType", types[n->fn->type]);
	jsonw_key(w, "argTypes");
	jsonw_array(w);
	for (const char *p = n->fn->args; *p; p++)
		jsonw_c(w, types[*p == 's'   ? PROMQL_SCALAR
				 : *p == 't' ? PROMQL_STRING
				 : *p == 'v' ? PROMQL_VECTOR
					     : PROMQL_MATRIX]);
	jsonw_array_end(w);
	jsonw_key(w, "variadic");
	jsonw_i64(w, n->fn->most == ARGS_ANY ? -1 : n->fn->most - n->fn->least);
	jsonw_object_end(w);
}

static void
put_selector(struct json_writer *w, const struct node *n)
{
	if (n->range)
		put_msec(w, "range", n->range);
	put_matchers(w, &n->matchers);
	put_moment(w, n);
}

static void
put_aggregate(struct json_writer *w, const struct node *n)
{
	put(w, "op", aggregate_words[n->aggregate].name);
	put_child(w, "expr", n->args[0]);
	put_child(w, "param", n->n_args > 1 ? n->args[1] : NULL);
	put_strs(w, "grouping", n->grouping);
	jsonw_key(w, "without");
	jsonw_bool(w, n->without);
}

static void
put_binary(struct json_writer *w, const struct node *n)
{
	put(w, "op", op_text(n->op));
	put_child(w, "lhs", n->args[0]);
	put_child(w, "rhs", n->args[1]);
	jsonw_key(w, "bool");
	jsonw_bool(w, n->returns_bool);
	put_matching(w, n);
}

static void
put_number(struct json_writer *w, double v)
{
	struct buf b = {0};
	buf_f64(&b, v);
	jsonw_key(w, "val");
	jsonw_str(w, buf_view(&b));
	buf_fini(&b);
}

static void
describe(struct json_writer *w, const struct node *n)
{
	static const char *const types[] = {[NODE_NUMBER] = "numberLiteral",
	    [NODE_STRING] = "stringLiteral",
	    [NODE_SELECTOR] = "vectorSelector",
	    [NODE_SUBQUERY] = "subquery",
	    [NODE_CALL] = "call",
	    [NODE_AGGREGATE] = "aggregation",
	    [NODE_UNARY] = "unaryExpr",
	    [NODE_BINARY] = "binaryExpr",
	    [NODE_PAREN] = "parenExpr",
	    [NODE_CLOCK] = "call"};
	jsonw_object(w);
	put(w, "type", n->kind == NODE_SELECTOR && n->range ? "matrixSelector" : types[n->kind]);
	switch (n->kind) {
	case NODE_NUMBER: put_number(w, n->number); break;
	case NODE_STRING:
		jsonw_key(w, "val");
		jsonw_str(w, n->string);
		break;
	case NODE_SELECTOR: put_selector(w, n); break;
	case NODE_SUBQUERY:
		put_child(w, "expr", n->args[0]);
		put_msec(w, "range", n->range);
		put_msec(w, "step", n->step);
		put_moment(w, n);
		break;
	case NODE_CALL: put_call(w, n); break;
	case NODE_AGGREGATE: put_aggregate(w, n); break;
	case NODE_UNARY:
		put(w, "op", op_text(n->op));
		put_child(w, "expr", n->args[0]);
		break;
	case NODE_BINARY: put_binary(w, n); break;
	case NODE_PAREN: put_child(w, "expr", n->args[0]); break;
	case NODE_CLOCK: put(w, "name", n->clock == CLOCK_STEP ? "step" : "range"); break;
	}
	jsonw_object_end(w);
}

void
promql_describe(const struct promql *q, struct json_writer *w)
{
	describe(w, q->root);
}
