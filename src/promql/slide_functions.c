/*
 * slide_functions.c — see slide.h.
 *
 * TRAP   A sum that is carried on by adding what comes and subtracting what goes is not the sum of the window: rounding stays behind.
 *        It is where all numbers and all sums are whole and below 2^53, so only then is it done.
 */
#include "promql/slide.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

/* ---- rate and its kin ---- */

/* From the first sample that any window sees to the last one: is it never less than the one before? */
static bool
never_falls(const double *v, size_t first, size_t end)
{
	const double *at = v + first;
	size_t n = end - first;
	double falls = 0; /* as wide as what is compared, so that two are compared at once */
	for (size_t i = 1; i < n; i++)
		falls = at[i] < at[i - 1] ? 1 : falls;
	return falls == 0;
}

/* Will no window's beginning be near enough to zero to matter?  Of a counter that never falls. */
static bool
far_from_zero(const double *v, uint32_t first, uint32_t end)
{
	return v[first] >= 2 * (v[end - 1] - v[first]);
}

static void
straight(const struct panes *p, size_t n, const double *v, double *restrict out)
{
	const uint32_t *from = p->from, *to = p->to;
	const double *factor = p->factor;
	for (size_t i = 0; i < n; i++)
		out[i] = (v[to[i]] - v[from[i]]) * factor[i];
}

/* What was lost in resets within the window is added, in its order; *reset: where the first behind `from` is. */
static double
with_resets(const double *v, uint32_t from, uint32_t to, uint32_t *reset)
{
	double gain = v[to] - v[from];
	uint32_t i = *reset > from ? *reset : from + 1;
	while (i <= to && !(v[i] < v[i - 1]))
		i++;
	*reset = i;
	for (; i <= to; i++)
		if (v[i] < v[i - 1])
			gain += v[i - 1];
	return gain;
}

/* A counter: resets count, and it did not begin below zero. */
static void
bent(const struct stretch *s, bool falls, double *out)
{
	const struct panes *p = s->panes;
	const double *v = s->view->v;
	double range = (double)s->over->range / 1000;
	uint32_t reset = 0;
	for (size_t i = 0; i < s->ev->n; i++) {
		if (!p->two[i])
			continue;
		double first = v[p->from[i]], gain = falls ? with_resets(v, p->from[i], p->to[i], &reset) : v[p->to[i]] - first;
		out[i] = gain * p->factor[i];
		if (!(gain > 0 && first >= 0))
			continue;
		double to_zero = p->sampled[i] * (first / gain);
		if (to_zero < p->before[i]) {
			double factor = (p->sampled[i] + to_zero + p->behind[i]) / p->sampled[i];
			out[i] = gain * (s->over->per_second ? factor / range : factor);
		}
	}
}

static bool
slide_counter(const struct stretch *s, double *out, uint8_t *has)
{
	const struct panes *p = s->panes;
	const double *v = s->view->v;
	bool falls = !never_falls(v, p->first, p->end);
	memcpy(has, p->two, s->ev->n);
	if (!falls && far_from_zero(v, p->first, p->end))
		straight(p, s->ev->n, v, out);
	else
		bent(s, falls, out);
	return true;
}

static bool
slide_delta(const struct stretch *s, double *out, uint8_t *has)
{
	memcpy(has, s->panes->two, s->ev->n);
	straight(s->panes, s->ev->n, s->view->v, out);
	return true;
}

/* ---- places ---- */

bool
slide_last(const struct stretch *s, double *out, uint8_t *has)
{
	const struct panes *p = s->panes;
	memcpy(has, p->one, s->ev->n);
	for (size_t i = 0; i < s->ev->n; i++)
		if (has[i])
			out[i] = s->view->v[p->high[i] - 1];
	return true;
}

static bool
slide_first(const struct stretch *s, double *out, uint8_t *has)
{
	const struct panes *p = s->panes;
	memcpy(has, p->one, s->ev->n);
	for (size_t i = 0; i < s->ev->n; i++)
		if (has[i])
			out[i] = s->view->v[p->low[i]];
	return true;
}

static bool
slide_count(const struct stretch *s, double *out, uint8_t *has)
{
	const struct panes *p = s->panes;
	memcpy(has, p->one, s->ev->n);
	for (size_t i = 0; i < s->ev->n; i++)
		out[i] = p->high[i] - p->low[i];
	return true;
}

static bool
slide_present(const struct stretch *s, double *out, uint8_t *has)
{
	memcpy(has, s->panes->one, s->ev->n);
	for (size_t i = 0; i < s->ev->n; i++)
		out[i] = 1;
	return true;
}

/* ---- sums ---- */

static bool
are_whole(const double *v, uint32_t first, uint32_t end)
{
	bool odd = false;
	double sum = 0;
	for (uint32_t i = first; i < end; i++) {
		odd |= !(fabs(v[i]) < 4e15 && v[i] == (double)(int64_t)v[i]);
		sum += fabs(v[i]);
	}
	return !odd && sum < 4e15;
}

/* Each window's sum is the difference of two sums from the beginning. */
static void
whole_sums(const struct stretch *s, double *out)
{
	const struct panes *p = s->panes;
	size_t n = p->end - p->first;
	double *sums = mem_alloc((n + 1) * sizeof *sums), sum = 0;
	for (size_t i = 0; i < n; i++) {
		sums[i] = sum;
		sum += s->view->v[p->first + i];
	}
	sums[n] = sum;
	for (size_t i = 0; i < s->ev->n; i++)
		if (p->one[i])
			out[i] = sums[p->high[i] - p->first] - sums[p->low[i] - p->first];
	mem_free(sums);
}

/* False: something overflowed, which matters to means. */
static bool
sums(const struct stretch *s, bool means, double *out)
{
	const struct panes *p = s->panes;
	bool finite = true;
	if (s->ev->n > 1 && are_whole(s->view->v, p->first, p->end)) {
		whole_sums(s, out);
		for (size_t i = 0; means && i < s->ev->n; i++)
			out[i] /= (double)(p->high[i] - p->low[i]);
		return true;
	}
	for (size_t i = 0; i < s->ev->n; i++) {
		struct kahan k = {0};
		for (uint32_t x = p->low[i]; x < p->high[i]; x++)
			kahan_add(&k, s->view->v[x]);
		finite &= isfinite(kahan_sum(&k));
		out[i] = means ? kahan_mean(&k, (double)(p->high[i] - p->low[i])) : kahan_sum(&k);
	}
	return finite;
}

static bool
slide_sum(const struct stretch *s, double *out, uint8_t *has)
{
	memcpy(has, s->panes->one, s->ev->n);
	(void)sums(s, false, out);
	return true;
}

static bool
slide_avg(const struct stretch *s, double *out, uint8_t *has)
{
	memcpy(has, s->panes->one, s->ev->n);
	return sums(s, true, out);
}

/* ---- extremes ---- */

/* The greater of two, the first of equals; or the lesser. */
static inline double
better(double so_far, double v, bool greatest)
{
	return greatest ? (v > so_far ? v : so_far) : (v < so_far ? v : so_far);
}

static inline __attribute__((always_inline)) double
extreme_of(const double *v, size_t n, bool greatest)
{
	double a = v[0], b = a, c = a, d = a; /* beside each other, since each waits for its last */
	size_t i = 1;
	for (; i + 4 <= n; i += 4) {
		a = better(a, v[i], greatest);
		b = better(b, v[i + 1], greatest);
		c = better(c, v[i + 2], greatest);
		d = better(d, v[i + 3], greatest);
	}
	for (; i < n; i++)
		a = better(a, v[i], greatest);
	a = better(better(a, b, greatest), better(c, d, greatest), greatest);
	if (a == 0) /* 0 and -0 are equal: which one was the first? */
		for (i = 0; v[i] != 0; i++)
			;
	return a == 0 ? v[i] : a;
}

static void
each_extreme(const struct stretch *s, bool greatest, double *out)
{
	const struct panes *p = s->panes;
	for (size_t i = 0; i < s->ev->n; i++) {
		const double *v = s->view->v + p->low[i];
		size_t n = p->high[i] - p->low[i];
		if (n)
			out[i] = greatest ? extreme_of(v, n, true) : extreme_of(v, n, false);
	}
}

/*
 * Those samples of the window that may still become the extreme: each is followed by lesser ones (of a maximum), so the first is the
 * extreme.  Of equals the first counts.
 */
static void
carried_extremes(const struct stretch *s, bool greatest, double *out)
{
	const struct panes *p = s->panes;
	const double *v = s->view->v;
	uint32_t *queue = mem_alloc((p->end - p->first + 1) * sizeof *queue), front = 0, back = 0, seen = p->first;
	for (size_t i = 0; i < s->ev->n; i++) {
		if (!p->one[i])
			continue;
		seen = seen > p->low[i] ? seen : p->low[i];
		for (; seen < p->high[i]; seen++) {
			while (back > front && (greatest ? v[queue[back - 1]] < v[seen] : v[queue[back - 1]] > v[seen]))
				back--;
			queue[back++] = seen;
		}
		while (queue[front] < p->low[i])
			front++;
		out[i] = v[queue[front]];
	}
	mem_free(queue);
}

/* To look at a sample costs a fraction of what it costs to carry it on. */
static bool
extremes(const struct stretch *s, bool greatest, double *out, uint8_t *has)
{
	enum { LOOKS = 24 };
	const struct panes *p = s->panes;
	memcpy(has, p->one, s->ev->n);
	(p->seen > (uint64_t)LOOKS * (p->end - p->first) ? carried_extremes : each_extreme)(s, greatest, out);
	return true;
}

static bool
slide_max(const struct stretch *s, double *out, uint8_t *has)
{
	return extremes(s, true, out, has);
}

static bool
slide_min(const struct stretch *s, double *out, uint8_t *has)
{
	return extremes(s, false, out, has);
}

/* ---- lines through points ---- */

/* As kahan_add, for two sums at once, as long as nothing overflows. */
typedef double two __attribute__((vector_size(16)));
struct kahan_two {
	two sum, lost;
};
static inline void
two_add(struct kahan_two *k, two v)
{
	two t = k->sum + v, part = t - k->sum;
	k->lost += (k->sum - (t - part)) + (v - part);
	k->sum = t;
}

/* The line of one window, its times as seconds from `origin`.  False: the slow way, please. */
static bool
line_through(const struct stretch *s, size_t i, msec_t origin, double *slope, double *intercept)
{
	const struct panes *p = s->panes;
	const msec_t *t = s->view->t + p->low[i];
	const double *v = s->view->v + p->low[i];
	size_t n = p->high[i] - p->low[i];
	struct kahan_two xs = {0}, ys = {0};
	bool constant = true;
	for (size_t k = 0; k < n; k++) {
		double x = (double)(t[k] - origin) / 1000;
		constant = constant && v[k] == v[0];
		two_add(&xs, (two){x, x * x});
		two_add(&ys, (two){v[k], x * v[k]});
	}
	if (constant) {
		*slope = 0;
		*intercept = v[0];
		return true;
	}
	two x = xs.sum + xs.lost, y = ys.sum + ys.lost;
	double count = (double)n;
	*slope = (y[1] - x[0] * y[0] / count) / (x[1] - x[0] * x[0] / count);
	*intercept = y[0] / count - *slope * x[0] / count;
	return isfinite(ys.sum[0]) && isfinite(ys.sum[1]);
}

static bool
trend(const struct stretch *s, bool predict, double *out, uint8_t *has)
{
	memcpy(has, s->panes->two, s->ev->n);
	for (size_t i = 0; i < s->ev->n; i++) {
		double slope, intercept;
		if (!has[i])
			continue;
		if (!line_through(s, i, predict ? eval_time(s->ev, i) : s->view->t[s->panes->low[i]], &slope, &intercept))
			return false;
		out[i] = predict ? slope * s->over->params[0][i] + intercept : slope;
	}
	return true;
}

static bool
slide_deriv(const struct stretch *s, double *out, uint8_t *has)
{
	return trend(s, false, out, has);
}

static bool
slide_predict(const struct stretch *s, double *out, uint8_t *has)
{
	return trend(s, true, out, has);
}

/* ---- neighbours ---- */

/* How many of the samples up to each one differ from, or are less than, the one before: so far as a window needs to know. */
static bool
count_pairs(const struct stretch *s, bool changes, double *out, uint8_t *has)
{
	const struct panes *p = s->panes;
	const double *v = s->view->v;
	uint32_t n = p->end - p->first, *so_far = mem_alloc((n + 1) * sizeof *so_far);
	so_far[0] = 0;
	for (uint32_t i = 1; i < n; i++) {
		double now = v[p->first + i], before = v[p->first + i - 1];
		so_far[i] = so_far[i - 1] + (changes ? now != before : now < before);
	}
	memcpy(has, p->one, s->ev->n);
	for (size_t i = 0; i < s->ev->n; i++)
		if (has[i])
			out[i] = so_far[p->high[i] - 1 - p->first] - so_far[p->low[i] - p->first];
	mem_free(so_far);
	return true;
}

static bool
slide_changes(const struct stretch *s, double *out, uint8_t *has)
{
	return count_pairs(s, true, out, has);
}

static bool
slide_resets(const struct stretch *s, double *out, uint8_t *has)
{
	return count_pairs(s, false, out, has);
}

/* ---- all of them ---- */

static const struct slide slides[] = {
    {over_avg, slide_avg},
    {over_changes, slide_changes},
    {over_count, slide_count, .counts = true},
    {over_delta, slide_delta, .two = true},
    {over_deriv, slide_deriv, .two = true},
    {over_first, slide_first},
    {over_increase, slide_counter, .two = true},
    {over_last, slide_last},
    {over_max, slide_max},
    {over_min, slide_min},
    {over_predict, slide_predict, .two = true},
    {over_present, slide_present, .counts = true},
    {over_rate, slide_counter, .two = true},
    {over_resets, slide_resets},
    {over_sum, slide_sum},
};

const struct slide *
slide_of(bool (*fn)(const struct window *, double *))
{
	for (size_t i = 0; i < sizeof slides / sizeof *slides; i++)
		if (slides[i].fn == fn)
			return &slides[i];
	return NULL;
}
