/*
 * window.c — functions over the samples of one series within a range.  Prometheus 3's arithmetic.
 */
#include "promql/starts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double
seconds(msec_t from, msec_t to)
{
	return (double)(to - from) / 1000;
}

/* ---- rate and its kin ---- */

bool
looks_like_counter(struct str name)
{
	static const char *const ends[] = {"_total", "_sum", "_count", "_bucket"};
	for (size_t i = 0; i < 4; i++)
		if (str_ends(name, str_c(ends[i])))
			return true;
	return false;
}

void
note_counter(const struct window *w)
{
	if (w->noted && *w->noted)
		return;
	if (w->noted)
		*w->noted = true;
	struct str name = labels_get(w->labels, STR(LABEL_METRIC));
	if (name.n && !looks_like_counter(name))
		eval_note(w->ev, false, w->call->args[0],
		    "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "
		    "\"%.*s\"",
		    STR_ARG(name));
}

/* On the line between two samples; a counter that was reset between them began again at 0. */
static double
on_line(const struct window *w, size_t i, msec_t t, bool counter)
{
	double from = w->v[i], to = w->v[i + 1];
	if (counter && to < from)
		from = 0;
	return from + (to - from) * seconds(w->t[i], t) / seconds(w->t[i], w->t[i + 1]);
}

/* The values at both ends of the range, and the samples strictly within: first..first + n. */
struct bounds {
	double left, right;
	size_t first, n;
};

/*
 * anchored: what the last sample up to an end says holds there.  smoothed: the ends lie on the lines between
 * the samples around them.  False: the window says nothing about the range.
 */
static bool
bounded(const struct window *w, bool counter, struct bounds *b)
{
	size_t first = 0, last = 0;
	while (first + 2 < w->n && w->t[first + 1] <= w->start)
		first++;
	while (last + 1 < w->n && !(w->smoothed && w->t[last] >= w->end))
		last++;
	if (w->t[last] <= w->start || (w->smoothed && w->t[first] > w->end))
		return false;
	bool left_of = w->smoothed && w->t[first] < w->start,
	     right_of = w->smoothed && last > 0 && w->t[last] > w->end;
	b->left = left_of ? on_line(w, first, w->start, counter) : w->v[first];
	b->right = right_of ? on_line(w, last - 1, w->end, counter) : w->v[last];
	b->first = first + (w->t[first] <= w->start);
	last += w->t[last] < w->end;
	b->n = last > b->first ? last - b->first : 0;
	return true;
}

static bool
bounded_gain(const struct window *w, bool counter, bool per_second, double *out)
{
	struct bounds b;
	if (!bounded(w, counter, &b))
		return false;
	double v = b.right - b.left, before = b.left;
	for (size_t i = 0; counter && i < b.n; i++) {
		v += w->v[b.first + i] < before ? before : 0;
		before = w->v[b.first + i];
	}
	if (counter && b.right < before)
		v += before;
	*out = per_second ? v / seconds(w->start, w->end) : v;
	return true;
}

/* What the counter gained, resets counted in. */
static double
gain(const struct window *w, bool counter)
{
	double v = w->v[w->n - 1] - w->v[0];
	for (size_t i = 1; counter && !w->steady && i < w->n; i++)
		if (w->v[i] < w->v[i - 1] || starts_reset_at(w->t, w->starts, i))
			v += w->v[i - 1];
	return v;
}

/*
 * The range reaches as far as a sample more would be expected there, or by half an interval, and not to where a counter
 * would be below zero; where its start is known, that is where it was zero.
 */
double
window_stretch(const struct window *w, const struct gained *g)
{
	double behind = seconds(g->last, w->end), sampled = seconds(g->start, g->last);
	double interval = g->n > 1 ? seconds(g->first, g->last) / (double)(g->n - 1) : 0, threshold = interval * 1.1;
	double before = g->start < g->first ? 0 : seconds(w->start, g->first);
	if (before >= threshold)
		before = interval / 2;
	if (g->counter && g->start == g->first && g->gain > 0 && g->at_first >= 0) {
		double to_zero = sampled * (g->at_first / g->gain);
		before = to_zero < before ? to_zero : before;
	}
	if (behind >= threshold)
		behind = interval / 2;
	return (sampled + before + behind) / sampled;
}

/* The gain between first and last sample, stretched to the range. */
static bool
extrapolate(const struct window *w, bool counter, bool per_second, double *out)
{
	bool begins = counter && starts_within(w, w->t[0], w->starts);
	if (counter && (w->n > 1 || begins || w->anchored || w->smoothed))
		note_counter(w);
	if (w->anchored || w->smoothed)
		return bounded_gain(w, counter, per_second, out);
	if (w->n < 2 && !begins)
		return false;
	if (counter)
		starts_note_overlap(w, w->t, w->starts, w->n);
	double v = gain(w, counter);
	if (begins)
		v += w->v[0];
	double factor = window_stretch(w, &(struct gained){.first = w->t[0],
	    .last = w->t[w->n - 1],
	    .n = w->n,
	    .at_first = w->v[0],
	    .gain = v,
	    .counter = counter,
	    .start = begins ? w->starts[0] : w->t[0]});
	*out = v * (per_second ? factor / seconds(w->start, w->end) : factor);
	return true;
}

bool
over_rate(const struct window *w, double *out)
{
	return extrapolate(w, true, true, out);
}

bool
over_increase(const struct window *w, double *out)
{
	return extrapolate(w, true, false, out);
}

bool
over_delta(const struct window *w, double *out)
{
	return extrapolate(w, false, false, out);
}

static bool
instant(const struct window *w, bool rate, double *out)
{
	if (w->n < 2)
		return false;
	double last = w->v[w->n - 1], before = w->v[w->n - 2];
	bool reset = rate && (last < before || starts_reset_at(w->t, w->starts, w->n - 1));
	double v = reset ? last : last - before;
	*out = rate ? v / seconds(w->t[w->n - 2], w->t[w->n - 1]) : v;
	return true;
}

bool
over_irate(const struct window *w, double *out)
{
	return instant(w, true, out);
}

bool
over_idelta(const struct window *w, double *out)
{
	return instant(w, false, out);
}

static bool
is_reset(double before, double now)
{
	return now < before;
}

static bool
is_change(double before, double now)
{
	return now != before && !(isnan(now) && isnan(before));
}

/* How often two neighbours are so. */
static bool
count_pairs(const struct window *w, bool (*so)(double, double), double *out)
{
	struct bounds b = {.left = w->v[0], .first = 1, .n = w->n - 1};
	if (w->anchored && !bounded(w, false, &b))
		return false;
	double before = b.left;
	*out = 0;
	for (size_t i = 0; i < b.n; i++) {
		*out += so(before, w->v[b.first + i]);
		before = w->v[b.first + i];
	}
	if (w->anchored)
		*out += so(before, b.right);
	return true;
}

bool
over_resets(const struct window *w, double *out)
{
	if (!w->starts || w->anchored)
		return count_pairs(w, is_reset, out);
	*out = 0;
	for (size_t i = 1; i < w->n; i++)
		*out += is_reset(w->v[i - 1], w->v[i]) || starts_reset_at(w->t, w->starts, i);
	return true;
}

bool
over_changes(const struct window *w, double *out)
{
	return count_pairs(w, is_change, out);
}

/* ---- lines through points ---- */

static bool
regression(const struct window *w, msec_t origin, double *slope, double *intercept)
{
	struct kahan x = {0}, y = {0}, xy = {0}, x2 = {0};
	bool constant = true;
	for (size_t i = 0; i < w->n; i++) {
		double xi = seconds(origin, w->t[i]);
		constant = constant && w->v[i] == w->v[0];
		kahan_add(&x, xi);
		kahan_add(&y, w->v[i]);
		kahan_add(&xy, xi * w->v[i]);
		kahan_add(&x2, xi * xi);
	}
	if (constant) {
		*slope = isinf(w->v[0]) ? NAN : 0;
		*intercept = isinf(w->v[0]) ? NAN : w->v[0];
		return true;
	}
	double n = (double)w->n, sx = kahan_sum(&x), sy = kahan_sum(&y);
	*slope = (kahan_sum(&xy) - sx * sy / n) / (kahan_sum(&x2) - sx * sx / n);
	*intercept = sy / n - *slope * sx / n;
	return true;
}

bool
over_deriv(const struct window *w, double *out)
{
	double intercept;
	return w->n >= 2 && regression(w, w->t[0], out, &intercept);
}

bool
over_predict(const struct window *w, double *out)
{
	double slope, intercept;
	if (w->n < 2 || !regression(w, w->at, &slope, &intercept))
		return false;
	*out = slope * w->param[0] + intercept;
	return true;
}

/* Holt-Winters without seasons. */
bool
over_smoothing(const struct window *w, double *out)
{
	double sf = w->param[0], tf = w->param[1];
	if (!(sf > 0 && sf < 1))
		return eval_fail(
		    w->ev, RC_INVALID, "invalid smoothing factor. Expected: 0 < sf < 1, got: %f", sf);
	if (!(tf > 0 && tf < 1))
		return eval_fail(
		    w->ev, RC_INVALID, "invalid trend factor. Expected: 0 < tf < 1, got: %f", tf);
	if (w->n < 2)
		return false;
	double before = 0, level = w->v[0], trend = w->v[1] - w->v[0];
	for (size_t i = 1; i < w->n; i++) {
		if (i > 1)
			trend = tf * (level - before) + (1 - tf) * trend;
		before = level;
		level = sf * w->v[i] + (1 - sf) * (level + trend);
	}
	*out = level;
	return true;
}

/* ---- sums ---- */

bool
over_sum(const struct window *w, double *out)
{
	struct kahan k = {0};
	for (size_t i = 0; i < w->n; i++)
		kahan_add(&k, w->v[i]);
	*out = kahan_sum(&k);
	return w->n > 0;
}

/* A sum that overflows is a running mean from there on. */
void
mean_add(struct mean *m, double v)
{
	struct kahan next = m->sum;
	m->n++;
	if (!m->running) {
		kahan_add(&next, v);
		if (m->n == 1 || !isinf(next.sum)) {
			m->sum = next;
			return;
		}
		m->running = true;
		m->sum.sum /= m->n - 1;
		m->sum.c /= m->n - 1;
	}
	m->sum.sum *= (m->n - 1) / m->n;
	m->sum.c *= (m->n - 1) / m->n;
	kahan_add(&m->sum, v / m->n);
}

double
mean_of(const struct mean *m)
{
	return m->running ? kahan_sum(&m->sum) : kahan_mean(&m->sum, m->n);
}

bool
over_avg(const struct window *w, double *out)
{
	struct kahan k = {0};
	for (size_t i = 0; i < w->n; i++)
		kahan_add(&k, w->v[i]);
	if (w->n && isfinite(kahan_sum(&k))) {
		*out = kahan_mean(&k, (double)w->n);
		return true;
	}
	struct mean mean = {0};
	for (size_t i = 0; i < w->n; i++)
		mean_add(&mean, w->v[i]);
	*out = mean_of(&mean);
	return w->n > 0;
}

bool
over_count(const struct window *w, double *out)
{
	*out = (double)w->n;
	return true;
}

bool
over_present(const struct window *w, double *out)
{
	*out = 1;
	return true;
}

/* Welford's. */
bool
over_stdvar(const struct window *w, double *out)
{
	struct kahan mean = {0}, aux = {0};
	for (size_t i = 0; i < w->n; i++) {
		double delta = w->v[i] - kahan_sum(&mean);
		kahan_add(&mean, delta / (double)(i + 1));
		kahan_add(&aux, delta * (w->v[i] - kahan_sum(&mean)));
	}
	*out = kahan_sum(&aux) / (double)w->n;
	return true;
}

bool
over_stddev(const struct window *w, double *out)
{
	over_stdvar(w, out);
	*out = sqrt(*out);
	return true;
}

/* ---- places ---- */

bool
over_first(const struct window *w, double *out)
{
	*out = w->v[0];
	return true;
}

bool
over_last(const struct window *w, double *out)
{
	*out = w->v[w->n - 1];
	return true;
}

/* Where the least or the greatest stands; the last of equals when `late`; NaN only when there is nothing
 * else. */
static size_t
extreme(const struct window *w, bool greatest, bool late)
{
	size_t best = 0;
	for (size_t i = 1; i < w->n; i++) {
		bool better = greatest ? w->v[i] > w->v[best] : w->v[i] < w->v[best];
		if (better || isnan(w->v[best]) || (late && w->v[i] == w->v[best]))
			best = i;
	}
	return best;
}

bool
over_max(const struct window *w, double *out)
{
	*out = w->v[extreme(w, true, false)];
	return true;
}

bool
over_min(const struct window *w, double *out)
{
	*out = w->v[extreme(w, false, false)];
	return true;
}

bool
over_ts_of_max(const struct window *w, double *out)
{
	*out = seconds(0, w->t[extreme(w, true, true)]);
	return true;
}

bool
over_ts_of_min(const struct window *w, double *out)
{
	*out = seconds(0, w->t[extreme(w, false, true)]);
	return true;
}

bool
over_ts_of_first(const struct window *w, double *out)
{
	*out = seconds(0, w->t[0]);
	return true;
}

bool
over_ts_of_last(const struct window *w, double *out)
{
	*out = seconds(0, w->t[w->n - 1]);
	return true;
}

/* ---- quantiles ---- */

static int
nan_first(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	if (isnan(x) || isnan(y))
		return isnan(y) - isnan(x);
	return (x > y) - (x < y);
}

double
quantile_of(double phi, double *v, size_t n)
{
	if (n == 0 || isnan(phi))
		return NAN;
	if (phi < 0 || phi > 1)
		return phi < 0 ? -INFINITY : INFINITY;
	qsort(v, n, sizeof *v, nan_first);
	double rank = phi * (double)(n - 1), weight = rank - floor(rank);
	size_t low = (size_t)rank, high = low + 1 < n ? low + 1 : n - 1;
	return v[low] * (1 - weight) + v[high] * weight;
}

static double
quantile_of_copy(double phi, const double *v, size_t n)
{
	double *copy = mem_alloc(n * sizeof *copy);
	memcpy(copy, v, n * sizeof *copy);
	double q = quantile_of(phi, copy, n);
	mem_free(copy);
	return q;
}

bool
over_quantile(const struct window *w, double *out)
{
	double phi = w->param[0];
	if (w->call->kind == NODE_CALL) /* an aggregation says so itself */
		note_quantile(w->ev, w->call->args[0], phi);
	*out = quantile_of_copy(w->param[0], w->v, w->n);
	return true;
}

/* The median of the distances from the median; of something that is not a number there is none. */
bool
over_mad(const struct window *w, double *out)
{
	for (size_t i = 0; i < w->n; i++) {
		if (isnan(w->v[i])) {
			*out = NAN;
			return true;
		}
	}
	double median = quantile_of_copy(0.5, w->v, w->n);
	double *far = mem_alloc(w->n * sizeof *far);
	for (size_t i = 0; i < w->n; i++)
		far[i] = fabs(w->v[i] - median);
	*out = quantile_of(0.5, far, w->n);
	mem_free(far);
	return true;
}
