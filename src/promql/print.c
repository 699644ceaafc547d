/* print.c — a tree as text, on one line, as Prometheus writes it. */
#include "promql/ast.h"

#include <math.h>
#include <stdlib.h>

#include "base/quote.h"
#include "base/time.h"

static void print(struct buf *, const struct node *);

static void
print_labels(struct buf *b, struct strs names)
{
	buf_ch(b, '(');
	for (size_t i = 0; i < names.n; i++) {
		if (i)
			buf_c(b, ", ");
		if (label_name_is_classic(names.p[i]))
			buf_str(b, names.p[i]);
		else
			quote_add(b, names.p[i]);
	}
	buf_ch(b, ')');
}

static void
print_number(struct buf *b, const struct node *n)
{
	if (n->duration)
		duration_print(b, (msec_t)llround(n->number * 1000));
	else
		buf_f64_plain(b, n->number);
}

/* Durations print as durations where they are plain numbers. */
static void
print_duration(struct buf *b, const struct node *n)
{
	double ms = n->number * 1000;
	if (n->kind == NODE_NUMBER && ms == (double)(int64_t)ms && fabs(ms) < 1e15)
		duration_print(b, (msec_t)ms);
	else
		print(b, n);
}

static const struct matcher *
plain_name(const struct matchers *ms)
{
	for (size_t i = 0; i < ms->n; i++)
		if (ms->p[i].op == MATCH_EQ && str_is(ms->p[i].name, LABEL_METRIC) &&
		    metric_name_is_classic(ms->p[i].value))
			return &ms->p[i];
	return NULL;
}

static void
print_matcher(struct buf *b, const struct matcher *m)
{
	if (label_name_is_classic(m->name))
		buf_str(b, m->name);
	else
		quote_add(b, m->name);
	buf_c(b, match_op_text(m->op));
	quote_add(b, m->value);
}

static int
by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* In the order of their texts. */
static void
print_matchers(struct buf *b, const struct matchers *ms)
{
	const struct matcher *name = plain_name(ms);
	VEC(struct str) texts = {0};
	struct arena *a = NULL;
	if (name)
		buf_str(b, name->value);
	if (name && ms->n == 1)
		return;
	buf_ch(b, '{');
	a = arena_create();
	for (size_t i = 0; i < ms->n; i++) {
		struct buf one = {0};
		if (&ms->p[i] == name)
			continue;
		print_matcher(&one, &ms->p[i]);
		*vec_add(&texts) = arena_str(a, buf_view(&one));
		buf_fini(&one);
	}
	if (texts.n)
		qsort(texts.p, texts.n, sizeof *texts.p, by_text);
	for (size_t i = 0; i < texts.n; i++)
		buf_fmt(b, "%s%.*s", i ? "," : "", STR_ARG(texts.p[i]));
	buf_ch(b, '}');
	vec_fini(&texts);
	arena_destroy(&a);
}

void
promql_print_time(struct buf *b, const struct node *n)
{
	if (n->range) {
		buf_ch(b, '[');
		print_duration(b, n->range);
		if (n->kind == NODE_SUBQUERY)
			buf_ch(b, ':');
		if (n->step)
			print_duration(b, n->step);
		buf_ch(b, ']');
	}
	if (n->anchored)
		buf_c(b, " anchored");
	if (n->smoothed)
		buf_c(b, " smoothed");
	if (n->at == AT_TIME)
		buf_fmt(b, " @ %.3f", (double)n->at_time / 1000);
	else if (n->at != AT_NONE)
		buf_c(b, n->at == AT_START ? " @ start()" : " @ end()");
	if (n->offset) {
		buf_c(b, " offset ");
		print_duration(b, n->offset);
	}
}

static void
print_args(struct buf *b, const struct node *n)
{
	buf_ch(b, '(');
	for (size_t i = 0; i < n->n_args; i++) {
		if (i)
			buf_c(b, ", ");
		print(b, n->args[i]);
	}
	buf_ch(b, ')');
}

void
promql_print_aggregate(struct buf *b, const struct node *n)
{
	buf_c(b, aggregate_words[n->aggregate].name);
	if (n->without || (n->by && n->grouping.n)) {
		buf_c(b, n->by ? " by " : " without ");
		print_labels(b, n->grouping);
		buf_ch(b, ' ');
	}
}

static void
print_aggregate(struct buf *b, const struct node *n)
{
	promql_print_aggregate(b, n);
	buf_ch(b, '(');
	if (n->n_args > 1) {
		print(b, n->args[1]);
		buf_c(b, ", ");
	}
	print(b, n->args[0]);
	buf_ch(b, ')');
}

static void
print_fill(struct buf *b, const char *word, double v)
{
	buf_fmt(b, " %s (", word);
	buf_f64(b, v);
	buf_ch(b, ')');
}

void
promql_print_matching(struct buf *b, const struct node *n)
{
	const struct matching *m = &n->match;
	if (n->returns_bool)
		buf_c(b, " bool");
	if (m->given && (m->on || m->labels.n || m->card == MANY_TO_ONE || m->card == ONE_TO_MANY)) {
		buf_c(b, m->on ? " on " : " ignoring ");
		print_labels(b, m->labels);
	}
	if (m->card == MANY_TO_ONE || m->card == ONE_TO_MANY) {
		buf_c(b, m->card == MANY_TO_ONE ? " group_left " : " group_right ");
		print_labels(b, m->include);
	}
	if (m->fills_left)
		print_fill(b, "fill_left", m->fill_left);
	if (m->fills_right)
		print_fill(b, "fill_right", m->fill_right);
}

static void
print_binary(struct buf *b, const struct node *n)
{
	if (n->op == OP_MIN || n->op == OP_MAX) {
		buf_c(b, op_text(n->op));
		print_args(b, n);
		return;
	}
	print(b, n->args[0]);
	buf_fmt(b, " %s", op_text(n->op));
	promql_print_matching(b, n);
	buf_ch(b, ' ');
	print(b, n->args[1]);
}

static void
print(struct buf *b, const struct node *n)
{
	switch (n->kind) {
	case NODE_NUMBER: print_number(b, n); return;
	case NODE_STRING: quote_add(b, n->string); return;
	case NODE_SELECTOR:
		print_matchers(b, &n->matchers);
		promql_print_time(b, n);
		return;
	case NODE_SUBQUERY:
		print(b, n->args[0]);
		promql_print_time(b, n);
		return;
	case NODE_CALL:
		buf_c(b, n->fn->name);
		print_args(b, n);
		return;
	case NODE_AGGREGATE: print_aggregate(b, n); return;
	case NODE_UNARY:
		buf_c(b, op_text(n->op));
		print(b, n->args[0]);
		return;
	case NODE_BINARY: print_binary(b, n); return;
	case NODE_PAREN:
		buf_ch(b, '(');
		print(b, n->args[0]);
		buf_ch(b, ')');
		return;
	case NODE_CLOCK: buf_c(b, n->clock == CLOCK_STEP ? "step()" : "range()"); return;
	}
}

void
promql_print_node(const struct node *n, struct buf *b)
{
	print(b, n);
}

void
promql_print(const struct promql *q, struct buf *b)
{
	print(b, q->root);
}
