/*
 * pour.c — many series into few as they come.
 *
 * IDEA   What a selector or a range gives is folded series by series, so that no more is held than the answer.  The arithmetic is
 *        that of a window, in the same order; a row of finite numbers without gaps goes through loops without branches.
 * [P1]   The error of a sum is exact either way: Knuth's, which needs no comparison, is Neumaier's number as long as nothing overflows.
 *        A sum that did is infinite or no number whatever stands beside it.
 */
#include "promql/native_eval.h"

#include <math.h>
#include <string.h>

#include "base/map.h"

struct sum {
	struct labels labels;
	bool drop_name;
	double *sum, *lost; /* Kahan's, side by side */
	double *best;
	uint32_t *counts;
	uint8_t *odd;     /* at which steps something infinite or NaN came in; NULL: nowhere */
};
struct pouring {
	bool native; /* a native histogram came by: these are for numbers */
	const struct eval *ev;
	const struct node *n;
	enum aggregate op;
	struct map *by_labels;
	struct buf key;
	VEC(struct sum *) sums;
};

/* ---- groups ---- */

/* What the group is called: the labels of the row that count, which stay in their order. */
static struct str
key_of(struct pouring *p, struct labels ls)
{
	const struct node *n = p->n;
	struct pair l;
	buf_clear(&p->key);
	if (!n->by && !n->without)
		return buf_view(&p->key);
	for (size_t at = 0, start = 0; labels_next(ls, &at, &l); start = at) {
		bool listed = strs_has(n->grouping, l.name);
		if (n->by ? listed : !listed && !str_is(l.name, LABEL_METRIC))
			buf_add(&p->key, ls.bytes.p + start, at - start);
	}
	return buf_view(&p->key);
}

static struct sum *
sum_of(struct pouring *p, const struct row *row)
{
	struct arena *a = p->ev->run->arena;
	struct str key = key_of(p, row->labels);
	struct sum *s = map_get(p->by_labels, key);
	size_t n = p->ev->n;
	if (s)
		return s;
	s = arena_new(a, struct sum);
	s->labels = labels_copy((struct labels){key}, a);
	s->drop_name = row->drop_name;
	s->counts = arena_array(a, uint32_t, n);
	if (p->op == AGG_SUM || p->op == AGG_AVG) {
		s->sum = arena_array(a, double, n);
		s->lost = arena_array(a, double, n);
	} else {
		s->best = arena_array(a, double, n);
		for (size_t i = 0; i < n; i++)
			s->best[i] = p->op == AGG_MAX ? -INFINITY : INFINITY;
	}
	(void)eval_hold(p->ev, n * 3); /* the node fails when it returns */
	map_put(p->by_labels, s->labels.bytes, s);
	*vec_add(&p->sums) = s;
	return s;
}

/* ---- rows without a gap ---- */

static bool
all_finite(const double *v, size_t n)
{
	double odd = 0; /* infinity less infinity is no number, and remains none */
	for (size_t i = 0; i < n; i++)
		odd = v[i] - v[i] == 0 ? odd : 1;
	return odd == 0;
}

/* [P1] */
static void
add_all(double *restrict sum, double *restrict lost, const double *restrict v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double t = sum[i] + v[i], part = t - sum[i];
		lost[i] += (sum[i] - (t - part)) + (v[i] - part);
		sum[i] = t;
	}
}

static void
most_of_all(double *restrict best, const double *restrict v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		best[i] = v[i] > best[i] ? v[i] : best[i];
}

static void
least_of_all(double *restrict best, const double *restrict v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		best[i] = v[i] < best[i] ? v[i] : best[i];
}

static void
count_all(uint32_t *counts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		counts[i]++;
}

/* False: it must go step by step. */
static bool
pour_piece(const struct pouring *p, struct sum *s, const struct row *row)
{
	size_t from = row->from, n = row->to - from;
	const double *v = row->v + from;
	if (!n)
		return false;
	if (p->op != AGG_COUNT && p->op != AGG_GROUP) {
		if (s->odd || !all_finite(v, n))
			return false;
		if (s->sum)
			add_all(s->sum + from, s->lost + from, v, n);
		else
			(p->op == AGG_MAX ? most_of_all : least_of_all)(s->best + from, v, n);
	}
	count_all(s->counts + from, n);
	return true;
}

/* ---- any row ---- */

static void
add_one(struct sum *s, size_t i, double v)
{
	struct kahan k = {s->sum[i], s->lost[i]};
	kahan_add(&k, v);
	s->sum[i] = k.sum;
	s->lost[i] = k.c;
}

static void
note_odd(const struct pouring *p, struct sum *s, size_t i)
{
	if (!s->odd)
		s->odd = arena_array(p->ev->run->arena, uint8_t, p->ev->n);
	s->odd[i] = 1;
}

static void
pour_steps(const struct pouring *p, struct sum *s, const struct row *row)
{
	for (size_t i = 0; i < p->ev->n; i++) {
		double v = row->v[i];
		if (!row->has[i])
			continue;
		if (s->sum)
			add_one(s, i, v);
		else if (!s->counts[i] || isnan(s->best[i]) || (p->op == AGG_MAX ? v > s->best[i] : v < s->best[i]))
			s->best[i] = v;
		if (!isfinite(v))
			note_odd(p, s, i);
		s->counts[i]++;
	}
}

static void
pour(void *arg, const struct row *row)
{
	struct pouring *p = arg;
	p->native |= row->h != NULL && p->op != AGG_COUNT && p->op != AGG_GROUP;
	if (p->native)
		return;
	struct sum *s = sum_of(p, row);
	if (!pour_piece(p, s, row))
		pour_steps(p, s, row);
}

/* ---- what came of it ---- */

static double
poured(enum aggregate op, const struct sum *s, size_t i)
{
	uint32_t n = s->counts[i];
	switch (op) {
	case AGG_SUM: return kahan_sum(&(struct kahan){s->sum[i], s->lost[i]});
	case AGG_AVG: return kahan_mean(&(struct kahan){s->sum[i], s->lost[i]}, n);
	case AGG_COUNT: return n;
	case AGG_GROUP: return 1;
	default: return s->best[i];
	}
}

/* A mean whose sum overflowed is to be found another way. */
static bool
overflowed(const struct pouring *p)
{
	for (size_t g = 0; p->op == AGG_AVG && g < p->sums.n; g++)
		for (size_t i = 0; i < p->ev->n; i++)
			if (!isfinite(poured(AGG_SUM, p->sums.p[g], i)) && !(p->sums.p[g]->odd && p->sums.p[g]->odd[i]))
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
			row->v[i] = row->has[i] ? poured(p->op, s, i) : 0;
		}
		eval_row_done(out, row);
	}
	return true;
}

bool
eval_can_pour(const struct node *n)
{
	const struct node *arg = node_bare(n->args[0]);
	bool simple = n->aggregate == AGG_SUM || n->aggregate == AGG_AVG || n->aggregate == AGG_COUNT || n->aggregate == AGG_MIN ||
		      n->aggregate == AGG_MAX || n->aggregate == AGG_GROUP;
	return simple && (arg->kind == NODE_SELECTOR || (arg->kind == NODE_CALL && arg->fn->over));
}

bool
eval_pour(const struct eval *ev, const struct node *n, struct rows *out, bool *done)
{
	struct pouring p = {.ev = ev, .n = n, .op = n->aggregate, .by_labels = map_create()};
	struct rows rows = {.take = pour, .take_arg = &p, .counted = p.op == AGG_COUNT || p.op == AGG_GROUP};
	const struct node *arg = node_bare(n->args[0]);
	bool ok = eval_go_on(ev) && (arg->kind == NODE_SELECTOR ? eval_selector(ev, arg, &rows) : eval_windows(ev, arg, &rows)) && !ev->run->failed;
	bool sums = p.op == AGG_SUM || p.op == AGG_AVG;
	*done = !ok || (p.native ? sums : !overflowed(&p));
	if (ok && *done)
		ok = p.native ? native_pour(ev, n, out) : give_out(&p, out);
	map_destroy(&p.by_labels);
	buf_fini(&p.key);
	vec_fini(&p.sums);
	return ok;
}
