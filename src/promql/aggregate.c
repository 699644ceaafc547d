/*
 * aggregate.c — many series into few: sum, avg … by groups; topk and its kin, which choose.
 */
#include "promql/native_eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/map.h"
#include "base/quote.h"

struct group {
	struct labels labels;
	bool drop_name;
	VEC(const struct row *) rows;
};
struct groups {
	struct group **p;
	size_t n, cap;
};

/* ---- grouping ---- */

struct labels
eval_group_labels(const struct eval *ev, const struct node *n, struct labels ls)
{
	struct label_builder b = {0};
	labels_each (ls, l) {
		bool listed = strs_has(n->grouping, l.it.name);
		if (n->by ? listed : n->without && !listed && !str_is(l.it.name, LABEL_METRIC))
			label_builder_set(&b, l.it.name, l.it.value);
	}
	struct labels out = label_builder_done(&b, ev->run->arena);
	label_builder_fini(&b);
	return out;
}

static void
add_to_group(struct groups *gs, struct map *seen, struct labels ls, const struct row *row)
{
	struct group *g = map_get(seen, ls.bytes);
	if (!g) {
		g = mem_new(struct group);
		g->labels = ls;
		g->drop_name = row->drop_name;
		map_put(seen, ls.bytes, g);
		*vec_add(gs) = g;
	}
	g->drop_name |= row->drop_name;
	*vec_add(&g->rows) = row;
}

static void
group_rows(const struct eval *ev, const struct node *n, const struct rows *rows, struct groups *gs)
{
	struct map *seen = map_create();
	for (size_t r = 0; r < rows->n; r++)
		add_to_group(gs, seen, eval_group_labels(ev, n, rows->p[r].labels), &rows->p[r]);
	map_destroy(&seen);
}

static void
groups_fini(struct groups *gs)
{
	for (size_t i = 0; i < gs->n; i++) {
		vec_fini(&gs->p[i]->rows);
		mem_free(gs->p[i]);
	}
	vec_fini(gs);
}

/* ---- folding ---- */

static bool
fold_group(const struct window *w, double *out)
{
	*out = 1;
	return true;
}

/* The same arithmetic as over a window of time. */
static bool (*const folds[AGGREGATES])(const struct window *, double *) = {
    [AGG_SUM] = over_sum,
    [AGG_AVG] = over_avg,
    [AGG_COUNT] = over_count,
    [AGG_MIN] = over_min,
    [AGG_MAX] = over_max,
    [AGG_GROUP] = fold_group,
    [AGG_STDDEV] = over_stddev,
    [AGG_STDVAR] = over_stdvar,
    [AGG_QUANTILE] = over_quantile,
};

static bool
fold(
    const struct eval *ev, const struct node *n, const struct group *g, const double *param, struct rows *out)
{
	struct row *row = eval_row(ev, out, g->labels, g->drop_name);
	if (!row)
		return false;
	double *values = mem_alloc(g->rows.n * sizeof *values);
	struct window w = {.call = n, .ev = ev, .v = values};
	for (size_t i = 0; i < ev->n; i++) {
		w.n = 0;
		for (size_t r = 0; r < g->rows.n; r++)
			if (g->rows.p[r]->has[i])
				values[w.n++] = g->rows.p[r]->v[i];
		w.param[0] = param ? param[i] : 0;
		if (w.n > 0)
			row->has[i] = folds[n->aggregate](&w, &row->v[i]);
	}
	mem_free(values);
	return true;
}

/* ---- choosing ---- */

struct candidate {
	size_t at; /* in the group */
	double v;
};

static int
greatest_first(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	if (isnan(x->v) || isnan(y->v))
		return isnan(x->v) == isnan(y->v) ? (x->at > y->at) - (x->at < y->at)
						  : isnan(x->v) - isnan(y->v);
	if (x->v != y->v)
		return x->v > y->v ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

static int
least_first(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	if (isnan(x->v) || isnan(y->v) || x->v == y->v)
		return greatest_first(a, b);
	return x->v < y->v ? -1 : 1;
}

static void
add_counted(struct buf *b, struct str s)
{
	buf_ch(b, (char)(s.n < 255 ? s.n : 255));
	for (int shift = 0; s.n >= 255 && shift < 24; shift += 8)
		buf_ch(b, (char)(s.n >> shift));
	buf_str(b, s);
}

/* A share of all series that stays the same ones: by the hash of their labels, the one that Prometheus takes. */
static bool
in_ratio(struct labels ls, double ratio)
{
	struct buf b = {0};
	labels_each (ls, l) {
		add_counted(&b, l.it.name);
		add_counted(&b, l.it.value);
	}
	double place = (double)XXH64(b.p, b.n, 0) / 18446744073709551615.0;
	buf_fini(&b);
	return ratio >= 0 ? place < ratio : place >= 1 + ratio;
}

/* The first `k` in their order come to the front, in it.  Few of many are found by keeping those that are the first so far. */
static void
put_first(struct candidate *c, size_t n, size_t k, int (*order)(const void *, const void *))
{
	enum { FEW = 32 };
	if (k > FEW || k * 4 > n) {
		qsort(c, n, sizeof *c, order);
		return;
	}
	for (size_t i = 1; k && i < n; i++) {
		struct candidate now = c[i];
		size_t at = i < k ? i : k;
		if (at == k && order(&c[k - 1], &now) < 0)
			continue;
		for (at = at == k ? k - 1 : at; at > 0 && order(&now, &c[at - 1]) < 0; at--)
			c[at] = c[at - 1];
		c[at] = now;
	}
}

/* How many of the candidates stay; puts those in front. */
static size_t
choose(const struct node *n, const struct group *g, struct candidate *c, size_t count, double param)
{
	if (n->aggregate == AGG_LIMIT_RATIO) {
		size_t kept = 0;
		for (size_t i = 0; i < count; i++)
			if (in_ratio(g->rows.p[c[i].at]->labels, fmax(-1, fmin(1, param))))
				c[kept++] = c[i];
		return kept;
	}
	size_t kept = param < 1 ? 0 : param < (double)count ? (size_t)param : count;
	if (n->aggregate != AGG_LIMITK)
		put_first(c, count, kept, n->aggregate == AGG_TOPK ? greatest_first : least_first);
	return kept;
}

/* Rows move as they grow, so what was made for a row of the group is remembered by place plus one; 0: nothing
 * yet. */
static bool
copy_chosen(const struct eval *ev, const struct row *from, size_t step, size_t *place, struct rows *out)
{
	if (*place == 0) {
		if (!eval_row(ev, out, from->labels, from->drop_name))
			return false;
		*place = out->n;
	}
	struct row *row = &out->p[*place - 1];
	if (from->h && from->h[step])
		return row_put(ev, out, row, step, from->h[step]);
	row->v[step] = from->v[step];
	row->has[step] = 1;
	return true;
}

static bool
choose_rows(
    const struct eval *ev, const struct node *n, const struct group *g, const double *param, struct rows *out)
{
	struct candidate *c = mem_alloc(g->rows.n * sizeof *c);
	size_t *places = mem_zalloc(g->rows.n * sizeof *places);
	bool ok = true;
	for (size_t i = 0; ok && i < ev->n; i++) {
		size_t count = 0;
		for (size_t r = 0; r < g->rows.n; r++)
			if (g->rows.p[r]->has[i])
				c[count++] = (struct candidate){r, g->rows.p[r]->v[i]};
		size_t kept = choose(n, g, c, count, param[i]);
		for (size_t k = 0; ok && k < kept; k++)
			ok = copy_chosen(ev, g->rows.p[c[k].at], i, &places[c[k].at], out);
	}
	mem_free(c);
	mem_free(places);
	return ok;
}

static bool
params_are_numbers(const struct eval *ev, const struct node *n, const double *param)
{
	bool ratio = n->aggregate == AGG_LIMIT_RATIO;
	for (size_t i = 0; i < ev->n; i++) {
		if (isnan(param[i]))
			return eval_fail(
			    ev, RC_INVALID, ratio ? "Ratio value is NaN" : "Parameter value is NaN");
		if (!ratio && (param[i] >= 9223372036854775808.0 || param[i] < -9223372036854775808.0))
			return eval_fail(ev, RC_INVALID, "Scalar value %g %s int64", param[i],
			    param[i] > 0 ? "overflows" : "underflows");
	}
	return true;
}

/* ---- count_values ---- */

static struct labels
with_value(const struct eval *ev, const struct node *n, struct labels ls, struct str name, struct sample s)
{
	struct label_builder b = {0};
	struct buf text = {0};
	if (s.h)
		native_print(s.h, &text);
	else
		buf_f64_plain(&text, s.v);
	label_builder_start(&b, eval_group_labels(ev, n, ls));
	label_builder_set(&b, name, buf_view(&text));
	struct labels out = label_builder_done(&b, ev->run->arena);
	label_builder_fini(&b);
	buf_fini(&text);
	return out;
}

static bool
count_values(const struct eval *ev, const struct node *n, const struct rows *rows, struct rows *out)
{
	struct str name;
	if (!eval_string(ev, n->args[1], &name))
		return false;
	if (!label_name_is_valid(name)) {
		struct buf b = {0};
		quote_add(&b, name);
		eval_fail(ev, RC_INVALID, "invalid label name %s", b.p);
		buf_fini(&b);
		return false;
	}
	struct map *places = map_create(); /* labels -> place in out, plus one */
	bool ok = true;
	for (size_t r = 0; ok && r < rows->n; r++) {
		for (size_t i = 0; ok && i < ev->n; i++) {
			if (!rows->p[r].has[i])
				continue;
			struct labels ls = with_value(ev, n, rows->p[r].labels, name, row_get(&rows->p[r], i));
			size_t place = (size_t)map_get(places, ls.bytes);
			if (place == 0) {
				ok = eval_row(ev, out, ls, false) != NULL;
				place = out->n;
				map_put(places, ls.bytes, (void *)place);
			}
			if (ok) {
				out->p[place - 1].v[i]++;
				out->p[place - 1].has[i] = 1;
			}
		}
	}
	map_destroy(&places);
	return ok;
}

/* ---- the door ---- */

static void
note_ratio(const struct eval *ev, const struct node *where, double ratio)
{
	struct buf b = {0};
	if (!(fabs(ratio) > 1))
		return;
	buf_f64_short(&b, ratio);
	eval_note(ev, true, where, "ratio value should be between -1 and 1, got %s, capping to %d", b.p, ratio > 0 ? 1 : -1);
	buf_fini(&b);
}

/* Of all steps' parameters the least and the greatest are worth a word, and one that is no number. */
static void
note_extremes(const struct eval *ev, const struct node *n, const double *param, void (*note)(const struct eval *, const struct node *, double))
{
	double least = INFINITY, most = -INFINITY;
	for (size_t i = 0; i < ev->n; i++) {
		if (isnan(param[i]))
			note(ev, n->args[1], NAN);
		least = param[i] < least ? param[i] : least;
		most = param[i] > most ? param[i] : most;
	}
	if (least > most)
		return;
	note(ev, n->args[1], most);
	note(ev, n->args[1], least);
}

bool
eval_aggregate(const struct eval *ev, const struct node *n, struct rows *out)
{
	struct value v;
	double *param = NULL;
	bool choosing = !folds[n->aggregate], done = false;
	if (eval_can_pour(n)) {
		bool ok = eval_pour(ev, n, out, &done);
		if (done)
			return ok;
	}
	if (!eval_node(ev, n->args[0], &v))
		return false;
	if (native_any(&v.rows)) {
		bool ok = native_aggregate(ev, n, &v.rows, out, &done);
		if (done || !ok)
			return ok;
	}
	if (n->aggregate == AGG_COUNT_VALUES)
		return count_values(ev, n, &v.rows, out);
	if (n->n_args > 1 && !eval_scalar(ev, n->args[1], &param))
		return false;
	if (choosing && !params_are_numbers(ev, n, param))
		return false;
	if (n->aggregate == AGG_QUANTILE)
		note_extremes(ev, n, param, note_quantile);
	if (n->aggregate == AGG_LIMIT_RATIO)
		note_extremes(ev, n, param, note_ratio);
	struct groups gs = {0};
	bool ok = true;
	group_rows(ev, n, &v.rows, &gs);
	for (size_t i = 0; ok && i < gs.n; i++)
		ok = eval_go_on(ev) && (choosing ? choose_rows : fold)(ev, n, gs.p[i], param, out);
	groups_fini(&gs);
	return ok;
}
