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
	if (n->aggregate != AGG_LIMITK)
		qsort(c, count, sizeof *c, n->aggregate == AGG_TOPK ? greatest_first : least_first);
	return param < 1 ? 0 : param < (double)count ? (size_t)param : count;
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

/* ---- folding as the rows come ---- */

/*
 * IDEA   What a selector or a range gives is folded series by series, so that no more is held than the answer.  The arithmetic is
 *        that of a window, in the same order.
 */
struct sum {
	struct labels labels;
	bool drop_name;
	struct kahan *sums;
	double *best;
	uint32_t *counts;
	uint8_t *odd; /* something infinite or NaN came in */
};
struct pouring {
	bool native; /* a native histogram came by: these are for numbers */
	const struct eval *ev;
	const struct node *n;
	struct map *by_labels;
	VEC(struct sum *) sums;
};

static struct sum *
sum_of(struct pouring *p, const struct row *row)
{
	struct arena *a = p->ev->run->arena;
	struct labels ls = eval_group_labels(p->ev, p->n, row->labels);
	struct sum *s = map_get(p->by_labels, ls.bytes);
	if (s)
		return s;
	s = arena_new(a, struct sum);
	s->labels = ls;
	s->drop_name = row->drop_name;
	s->sums = arena_array(a, struct kahan, p->ev->n);
	s->best = arena_array(a, double, p->ev->n);
	s->counts = arena_array(a, uint32_t, p->ev->n);
	s->odd = arena_array(a, uint8_t, p->ev->n);
	(void)eval_hold(p->ev, p->ev->n * 4); /* the node fails when it returns */
	map_put(p->by_labels, ls.bytes, s);
	*vec_add(&p->sums) = s;
	return s;
}

static void
pour(void *arg, const struct row *row)
{
	struct pouring *p = arg;
	enum aggregate op = p->n->aggregate;
	p->native |= row->h != NULL && op != AGG_COUNT && op != AGG_GROUP;
	if (p->native)
		return;
	struct sum *s = sum_of(p, row);
	for (size_t i = 0; i < p->ev->n; i++) {
		double v = row->v[i];
		if (!row->has[i])
			continue;
		if (op == AGG_SUM || op == AGG_AVG)
			kahan_add(&s->sums[i], v);
		else if (!s->counts[i] || isnan(s->best[i]) || (op == AGG_MAX ? v > s->best[i] : v < s->best[i]))
			s->best[i] = v;
		s->odd[i] |= !isfinite(v);
		s->counts[i]++;
	}
}

static double
poured(enum aggregate op, const struct sum *s, size_t i)
{
	switch (op) {
	case AGG_SUM: return kahan_sum(&s->sums[i]);
	case AGG_AVG: return kahan_sum(&s->sums[i]) / s->counts[i];
	case AGG_COUNT: return s->counts[i];
	case AGG_GROUP: return 1;
	default: return s->best[i];
	}
}

/* A mean whose sum overflowed is to be found another way. */
static bool
overflowed(const struct pouring *p)
{
	for (size_t g = 0; p->n->aggregate == AGG_AVG && g < p->sums.n; g++)
		for (size_t i = 0; i < p->ev->n; i++)
			if (!isfinite(kahan_sum(&p->sums.p[g]->sums[i])) && !p->sums.p[g]->odd[i])
				return true;
	return false;
}

static bool
give_out(const struct pouring *p, struct rows *out)
{
	for (size_t g = 0; g < p->sums.n; g++) {
		const struct sum *s = p->sums.p[g];
		struct row *row = eval_row(p->ev, out, s->labels, s->drop_name);
		if (!row)
			return false;
		for (size_t i = 0; i < p->ev->n; i++) {
			row->has[i] = s->counts[i] > 0;
			row->v[i] = row->has[i] ? poured(p->n->aggregate, s, i) : 0;
		}
		eval_row_done(out, row);
	}
	return true;
}

static bool
can_pour(const struct node *n)
{
	const struct node *arg = node_bare(n->args[0]);
	bool simple = n->aggregate == AGG_SUM || n->aggregate == AGG_AVG || n->aggregate == AGG_COUNT || n->aggregate == AGG_MIN ||
		      n->aggregate == AGG_MAX || n->aggregate == AGG_GROUP;
	return simple && (arg->kind == NODE_SELECTOR || (arg->kind == NODE_CALL && arg->fn->over));
}

/* *done false: it must be done the other way. */
static bool
pour_rows(const struct eval *ev, const struct node *n, struct rows *out, bool *done)
{
	struct pouring p = {.ev = ev, .n = n, .by_labels = map_create()};
	struct rows rows = {.take = pour, .take_arg = &p};
	const struct node *arg = node_bare(n->args[0]);
	bool ok = eval_go_on(ev) && (arg->kind == NODE_SELECTOR ? eval_selector(ev, arg, &rows) : eval_windows(ev, arg, &rows)) && !ev->run->failed;
	bool sums = n->aggregate == AGG_SUM || n->aggregate == AGG_AVG;
	*done = !ok || (p.native ? sums : !overflowed(&p));
	if (ok && *done)
		ok = p.native ? native_pour(ev, n, out) : give_out(&p, out);
	map_destroy(&p.by_labels);
	vec_fini(&p.sums);
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
	if (can_pour(n)) {
		bool ok = pour_rows(ev, n, out, &done);
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
