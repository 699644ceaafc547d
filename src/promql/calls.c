/* calls.c — the functions that are neither over a window nor one value at a time. */
#include "promql/native_eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ARG(c, i) ((c)->n->args[i])

static bool
vector_arg(struct call *c, size_t i)
{
	return eval_node(c->ev, ARG(c, i), c->out);
}

static bool
numbers_arg(struct call *c, size_t i)
{
	bool ok = vector_arg(c, i);
	if (ok)
		native_drop(c->ev, &c->out->rows);
	return ok;
}

/* ---- numbers of the query ---- */

static bool
constant(struct call *c, double v)
{
	c->out->scalar = eval_steps(c->ev);
	for (size_t i = 0; i < c->ev->n; i++)
		c->out->scalar[i] = v;
	return true;
}

bool
run_pi(struct call *c)
{
	return constant(c, M_PI);
}

bool
run_start(struct call *c)
{
	return constant(c, (double)c->ev->from / 1000);
}

bool
run_end(struct call *c)
{
	return constant(c, (double)c->ev->to / 1000);
}

bool
run_range(struct call *c)
{
	return constant(c, (double)(c->ev->to - c->ev->from) / 1000);
}

bool
run_step(struct call *c)
{
	return constant(c, (double)c->ev->run->ask->step / 1000);
}

bool
run_time(struct call *c)
{
	c->out->scalar = eval_steps(c->ev);
	for (size_t i = 0; i < c->ev->n; i++)
		c->out->scalar[i] = (double)eval_time(c->ev, i) / 1000;
	return true;
}

/* math.Min and math.Max of Go: NaN wins. */
static double
least(double a, double b)
{
	if (a == -INFINITY || b == -INFINITY)
		return -INFINITY;
	return isnan(a) || isnan(b) ? NAN : fmin(a, b);
}

static double
most(double a, double b)
{
	if (a == INFINITY || b == INFINITY)
		return INFINITY;
	return isnan(a) || isnan(b) ? NAN : fmax(a, b);
}

static bool
pick(struct call *c, double (*fn)(double, double))
{
	double *a, *b;
	if (!eval_scalar(c->ev, ARG(c, 0), &a) || !eval_scalar(c->ev, ARG(c, 1), &b))
		return false;
	c->out->scalar = eval_steps(c->ev);
	for (size_t i = 0; i < c->ev->n; i++)
		c->out->scalar[i] = fn(a[i], b[i]);
	return true;
}

bool
run_min_of(struct call *c)
{
	return pick(c, least);
}

bool
run_max_of(struct call *c)
{
	return pick(c, most);
}

/* ---- between scalars and vectors ---- */

bool
run_scalar(struct call *c)
{
	struct value v;
	if (!eval_node(c->ev, ARG(c, 0), &v))
		return false;
	c->out->scalar = eval_steps(c->ev);
	for (size_t i = 0; i < c->ev->n; i++) {
		size_t found = 0;
		for (size_t r = 0; r < v.rows.n; r++) {
			if (v.rows.p[r].has[i] && !row_get(&v.rows.p[r], i).h && found++ == 0)
				c->out->scalar[i] = v.rows.p[r].v[i];
		}
		if (found != 1)
			c->out->scalar[i] = NAN;
	}
	return true;
}

bool
run_vector(struct call *c)
{
	double *v;
	if (!eval_scalar(c->ev, ARG(c, 0), &v))
		return false;
	struct row *row = eval_row(c->ev, &c->out->rows, (struct labels){0}, false);
	if (!row)
		return false;
	memcpy(row->v, v, c->ev->n * sizeof *v);
	memset(row->has, 1, c->ev->n);
	return true;
}

bool
run_timestamp(struct call *c)
{
	const struct node *arg = node_bare(ARG(c, 0));
	bool direct = arg->kind == NODE_SELECTOR;
	if (direct ? !eval_selector_facet(c->ev, arg, FACET_TIME, &c->out->rows) : !vector_arg(c, 0))
		return false;
	for (size_t r = 0; r < c->out->rows.n; r++) {
		struct row *row = &c->out->rows.p[r];
		row->drop_name = true;
		row->h = NULL;
		for (size_t i = 0; !direct && i < c->ev->n; i++)
			row->v[i] = (double)eval_time(c->ev, i) / 1000;
	}
	return true;
}

/* What is computed has no start. */
bool
run_start_timestamp(struct call *c)
{
	const struct node *arg = node_bare(ARG(c, 0));
	if (arg->kind != NODE_SELECTOR)
		return true;
	if (!eval_selector_facet(c->ev, arg, FACET_START, &c->out->rows))
		return false;
	for (size_t r = 0; r < c->out->rows.n; r++) {
		c->out->rows.p[r].drop_name = true;
		c->out->rows.p[r].h = NULL;
	}
	return true;
}

/* ---- absence ---- */

/* The labels that the missing series would have: what the selector demands by '=', unless a later matcher of that label says more. */
static struct labels
demanded(struct call *c, const struct node *n)
{
	struct label_builder b = {0};
	n = node_bare(n);
	const struct matchers *ms = &n->matchers;
	for (size_t i = 0; n->kind == NODE_SELECTOR && i < ms->n; i++) {
		bool again = false;
		for (size_t k = 0; k < i; k++)
			again |= ms->p[k].op == MATCH_EQ && str_eq(ms->p[k].name, ms->p[i].name);
		if (ms->p[i].op == MATCH_EQ && !again && !str_is(ms->p[i].name, LABEL_METRIC))
			label_builder_set(&b, ms->p[i].name, ms->p[i].value);
		else
			label_builder_del(&b, ms->p[i].name);
	}
	struct labels ls = label_builder_done(&b, c->ev->run->arena);
	label_builder_fini(&b);
	return ls;
}

static bool
where_absent(struct call *c, const uint8_t *present)
{
	struct row *row = eval_row(c->ev, &c->out->rows, demanded(c, ARG(c, 0)), false);
	for (size_t i = 0; row && i < c->ev->n; i++) {
		row->v[i] = 1;
		row->has[i] = !present[i];
	}
	return row != NULL;
}

bool
run_absent(struct call *c)
{
	struct value v;
	if (!eval_node(c->ev, ARG(c, 0), &v))
		return false;
	uint8_t *present = arena_array(c->ev->run->arena, uint8_t, c->ev->n);
	for (size_t r = 0; r < v.rows.n; r++)
		for (size_t i = 0; i < c->ev->n; i++)
			present[i] |= v.rows.p[r].has[i];
	return where_absent(c, present);
}

bool
run_absent_over_time(struct call *c)
{
	uint8_t *present = arena_array(c->ev->run->arena, uint8_t, c->ev->n);
	return eval_any_present(c->ev, ARG(c, 0), present) && where_absent(c, present);
}

/* ---- values with parameters ---- */

static bool
clamp(struct call *c, const double *low, const double *high)
{
	for (size_t r = 0; r < c->out->rows.n; r++) {
		struct row *row = &c->out->rows.p[r];
		row->drop_name = true;
		for (size_t i = 0; i < c->ev->n; i++) {
			if (low && high && low[i] > high[i])
				row->has[i] = 0;
			if (high)
				row->v[i] = least(high[i], row->v[i]);
			if (low)
				row->v[i] = most(low[i], row->v[i]);
		}
	}
	return true;
}

bool
run_clamp(struct call *c)
{
	double *low, *high;
	return numbers_arg(c, 0) && eval_scalar(c->ev, ARG(c, 1), &low) &&
	       eval_scalar(c->ev, ARG(c, 2), &high) && clamp(c, low, high);
}

bool
run_clamp_min(struct call *c)
{
	double *low;
	return numbers_arg(c, 0) && eval_scalar(c->ev, ARG(c, 1), &low) && clamp(c, low, NULL);
}

bool
run_clamp_max(struct call *c)
{
	double *high;
	return numbers_arg(c, 0) && eval_scalar(c->ev, ARG(c, 1), &high) && clamp(c, NULL, high);
}

bool
run_round(struct call *c)
{
	double *to = NULL;
	if (!numbers_arg(c, 0) || (c->n->n_args > 1 && !eval_scalar(c->ev, ARG(c, 1), &to)))
		return false;
	for (size_t r = 0; r < c->out->rows.n; r++) {
		struct row *row = &c->out->rows.p[r];
		row->drop_name = true;
		for (size_t i = 0; i < c->ev->n; i++) {
			double inverse = 1 / (to ? to[i] : 1);
			row->v[i] = floor(row->v[i] * inverse + 0.5) / inverse;
		}
	}
	return true;
}

/* ---- labels ---- */

/* Sets (or, empty, removes) a label; a new name is one that was meant. */
static void
set_label(struct call *c, struct row *row, struct str name, struct str value)
{
	struct label_builder b = {0};
	label_builder_start(&b, row->labels);
	label_builder_set(&b, name, value);
	row->labels = label_builder_done(&b, c->ev->run->arena);
	label_builder_fini(&b);
	if (str_is(name, LABEL_METRIC))
		row->drop_name = false;
}

bool
run_label_replace(struct call *c)
{
	struct str dst, how, src, pattern;
	struct regex *re;
	struct err e;
	if (!vector_arg(c, 0) || !eval_string(c->ev, ARG(c, 1), &dst) ||
	    !eval_string(c->ev, ARG(c, 2), &how) || !eval_string(c->ev, ARG(c, 3), &src) ||
	    !eval_string(c->ev, ARG(c, 4), &pattern))
		return false;
	if (!label_name_is_valid(dst))
		return eval_fail(c->ev, RC_INVALID, "invalid destination label name in label_replace(): %.*s",
		    STR_ARG(dst));
	if (regex_create(pattern, REGEX_PLACES, &re, &e) != RC_OK)
		return eval_fail(c->ev, RC_INVALID, "%s; in label_replace()", e.text);
	for (size_t r = 0; r < c->out->rows.n; r++) {
		struct row *row = &c->out->rows.p[r];
		struct regex_match m;
		struct buf b = {0};
		if (!regex_match_whole(re, labels_get(row->labels, src), &m))
			continue;
		regex_expand(re, &m, how, &b);
		set_label(c, row, dst, buf_view(&b));
		buf_fini(&b);
	}
	regex_destroy(&re);
	return eval_merge_same(c->ev, &c->out->rows);
}

bool
run_label_join(struct call *c)
{
	struct str dst, separator, src;
	if (!vector_arg(c, 0) || !eval_string(c->ev, ARG(c, 1), &dst) ||
	    !eval_string(c->ev, ARG(c, 2), &separator))
		return false;
	if (!label_name_is_valid(dst))
		return eval_fail(
		    c->ev, RC_INVALID, "invalid destination label name in label_join(): %.*s", STR_ARG(dst));
	for (size_t r = 0; r < c->out->rows.n; r++) {
		struct row *row = &c->out->rows.p[r];
		struct buf b = {0};
		for (size_t i = 3; i < c->n->n_args; i++) {
			if (!eval_string(c->ev, ARG(c, i), &src))
				return false;
			if (i > 3)
				buf_str(&b, separator);
			buf_str(&b, labels_get(row->labels, src));
		}
		set_label(c, row, dst, buf_view(&b));
		buf_fini(&b);
	}
	return eval_merge_same(c->ev, &c->out->rows);
}

/* ---- order: of an instant only; a range is sorted by labels in the end ---- */

static int
ascending(const void *a, const void *b)
{
	double x = ((const struct row *)a)->v[0], y = ((const struct row *)b)->v[0];
	if (isnan(x) || isnan(y))
		return isnan(x) - isnan(y);
	return (x > y) - (x < y);
}

static int
descending(const void *a, const void *b)
{
	double x = ((const struct row *)a)->v[0], y = ((const struct row *)b)->v[0];
	return isnan(x) || isnan(y) ? ascending(a, b) : -ascending(a, b);
}

/* The answer of a range is sorted by labels, whatever was asked for. */
static void
note_order(struct call *c)
{
	if (c->ev->n > 1)
		eval_note(c->ev, true, c->n, "sort is ineffective for range queries since results are always ordered by labels");
}

bool
run_sort(struct call *c)
{
	bool down = str_ends(str_c(c->n->fn->name), STR("_desc"));
	note_order(c);
	if (!numbers_arg(c, 0))
		return false;
	if (c->out->rows.n && c->ev->run->ask->step == 0)
		qsort(c->out->rows.p, c->out->rows.n, sizeof *c->out->rows.p, down ? descending : ascending);
	return true;
}

static size_t
number_at(struct str s, size_t at)
{
	size_t n = 0;
	while (at + n < s.n && s.p[at + n] >= '0' && s.p[at + n] <= '9')
		n++;
	return n;
}

/* "node9" before "node10". */
static int
natural_cmp(struct str a, struct str b)
{
	size_t i = 0, k = 0;
	while (i < a.n && k < b.n) {
		size_t m = number_at(a, i), n = number_at(b, k);
		if (m && n) {
			uint64_t x = 0, y = 0;
			for (size_t d = 0; d < m; d++)
				x = x * 10 + (uint64_t)(a.p[i + d] - '0');
			for (size_t d = 0; d < n; d++)
				y = y * 10 + (uint64_t)(b.p[k + d] - '0');
			if (x != y)
				return x < y ? -1 : 1;
			i += m;
			k += n;
			continue;
		}
		if (a.p[i] != b.p[k])
			return (unsigned char)a.p[i] < (unsigned char)b.p[k] ? -1 : 1;
		i++;
		k++;
	}
	return (a.n - i > b.n - k) - (a.n - i < b.n - k);
}

struct label_order {
	struct strs names;
	int sign;
};

static int
by_names(const void *a, const void *b, void *arg)
{
	const struct row *x = a, *y = b;
	const struct label_order *o = arg;
	for (size_t i = 0; i < o->names.n; i++) {
		int c =
		    natural_cmp(labels_get(x->labels, o->names.p[i]), labels_get(y->labels, o->names.p[i]));
		if (c)
			return c * o->sign;
	}
	return labels_cmp(x->labels, y->labels) * o->sign;
}

bool
run_sort_by_label(struct call *c)
{
	struct label_order o = {.sign = str_ends(str_c(c->n->fn->name), STR("_desc")) ? -1 : 1};
	note_order(c);
	o.names.p = arena_array(c->ev->run->arena, struct str, c->n->n_args);
	for (size_t i = 1; i < c->n->n_args; i++)
		if (!eval_string(c->ev, ARG(c, i), &o.names.p[o.names.n++]))
			return false;
	if (!vector_arg(c, 0))
		return false;
	if (c->out->rows.n)
		qsort_r(c->out->rows.p, c->out->rows.n, sizeof *c->out->rows.p, by_names, &o);
	return true;
}
