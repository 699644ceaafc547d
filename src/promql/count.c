/*
 * count.c — how many samples each step of a query looked at, for who asks what a query costs.
 *
 * IDEA   A step counts what it would have looked at, had it been asked alone: a selector one sample, a range all samples of
 *        its window, of a subquery all its values.  It is a pass of its own over the samples: the evaluation does not count.
 *        A native histogram counts for as many samples as Prometheus says.
 */
#include "promql/native_eval.h"
#include "promql/select.h"

/* What stands before each of them in a list, in samples: sums[n] is all. */
static uint64_t *
weigh(const struct tsdb_view *view, struct arena *a)
{
	uint64_t *sums = arena_array(a, uint64_t, view->n_histograms + 1);
	for (size_t i = 0; i < view->n_histograms; i++) {
		struct histogram h;
		bool good = histogram_unpack(view->histograms[i], a, &h);
		sums[i + 1] = sums[i] + (good ? native_size(&h) : 0);
	}
	return sums;
}

/* The samples of one kind within (after, last], sliding. */
static void
slide(const msec_t *t, size_t n, msec_t after, msec_t last, size_t *low, size_t *high)
{
	while (*high < n && t[*high] <= last)
		++*high;
	while (*low < *high && t[*low] <= after)
		++*low;
}

static bool
counts(const struct eval *ev)
{
	return ev->run->steps && !ev->inner;
}

void
count_instants(const struct eval *ev, const struct gaze *g, const struct tsdb_view *view)
{
	size_t low = 0, high = 0, hlow = 0, hhigh = 0;
	if (!counts(ev))
		return;
	struct arena *a = arena_create();
	const uint64_t *sums = weigh(view, a);
	for (size_t i = 0; i < ev->n; i++) {
		msec_t at = gaze_at(ev, g, i), after = at - lookback_of(ev);
		slide(view->t, view->n, after, at, &low, &high);
		slide(view->histogram_t, view->n_histograms, after, at, &hlow, &hhigh);
		bool number = low < high && (hlow == hhigh || view->t[high - 1] > view->histogram_t[hhigh - 1]);
		if (number)
			ev->run->steps[i] += !tsdb_is_stale(view->v[high - 1]);
		else if (hlow < hhigh)
			ev->run->steps[i] += sums[hhigh] - sums[hhigh - 1];
	}
	arena_destroy(&a);
}

void
count_windows(const struct eval *ev, const struct over *o, const struct tsdb_view *view)
{
	size_t low = 0, high = 0, hlow = 0, hhigh = 0;
	if (!counts(ev))
		return;
	struct arena *a = arena_create();
	const uint64_t *sums = weigh(view, a);
	for (size_t i = 0; i < ev->n; i++) {
		msec_t end = gaze_at(ev, &o->gaze, i), after = end - o->range - o->before;
		slide(view->t, view->n, after, end + o->behind, &low, &high);
		slide(view->histogram_t, view->n_histograms, after, end + o->behind, &hlow, &hhigh);
		ev->run->steps[i] += high - low + (sums[hhigh] - sums[hlow]);
	}
	arena_destroy(&a);
}

void
count_raw(const struct eval *ev, const struct tsdb_view *view)
{
	if (!counts(ev))
		return;
	struct arena *a = arena_create();
	ev->run->steps[0] += view->n + weigh(view, a)[view->n_histograms];
	arena_destroy(&a);
}

void
count_row(const struct eval *ev, const struct over *o, const struct eval *inner, const struct row *row)
{
	if (!counts(ev))
		return;
	for (size_t i = 0, k = 0; i < ev->n; i++) {
		msec_t end = gaze_at(ev, &o->gaze, i), after = end - o->range;
		while (k < inner->n && eval_time(inner, k) <= after)
			k++;
		for (size_t j = k; j < inner->n && eval_time(inner, j) <= end; j++)
			if (row->has[j])
				ev->run->steps[i] += row->h && row->h[j] ? native_weight(row->h[j]) : 1;
	}
}
