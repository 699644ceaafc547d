/*
 * smoothed.c — an instant selector that is smoothed: at each step the value on the line between the samples around it.
 *
 * IDEA   Samples as far away as the look-back count, on both sides.  Where there is none behind yet, the last one stays;
 *        where there is none before, there is nothing.
 */
#include "promql/native_eval.h"
#include "promql/select.h"

/* anchored and smoothed make windows reach beyond their ranges, which few functions understand. */
bool
reach_fits(const struct eval *ev, const struct node *call, const struct node *matrix)
{
	static const char *const functions[] = {"delta", "increase", "rate", "changes", "resets"};
	const struct node *n = node_bare(matrix);
	size_t fitting = n->anchored ? 5 : 3;
	if (n->kind != NODE_SELECTOR || (!n->anchored && !n->smoothed))
		return true;
	for (size_t i = 0; i < fitting; i++)
		if (str_is(str_c(call->fn->name), functions[i]))
			return true;
	return eval_fail(ev, RC_INVALID, "%s modifier can only be used with: %s - not with %s", n->anchored ? "anchored" : "smoothed",
	    n->anchored ? "changes, delta, increase, rate, resets" : "delta, increase, rate", call->fn->name);
}

struct smoothing {
	const struct eval *ev;
	const struct node *n;
	const struct tsdb_view *view;
	struct native_series hs;
	struct window notes; /* for what is said of the series */
	size_t low, high, hlow, hhigh; /* the samples around the step */
};

static void
slide(const msec_t *t, size_t n, msec_t at, msec_t reach, size_t *low, size_t *high)
{
	while (*high < n && t[*high] <= at + reach)
		++*high;
	while (*low < *high && t[*low] <= at - reach)
		++*low;
}

/* The first sample at or behind the moment. */
static size_t
first_behind(const msec_t *t, size_t low, size_t high, msec_t at)
{
	while (low < high && t[low] < at)
		low++;
	return low;
}

static bool
number_at(const struct smoothing *s, msec_t at, double *out)
{
	const msec_t *t = s->view->t;
	const double *v = s->view->v;
	size_t i = first_behind(t, s->low, s->high, at);
	if (i < s->high && t[i] == at)
		*out = v[i];
	else if (i == s->low)
		return false;
	else if (i == s->high)
		*out = v[i - 1];
	else
		*out = v[i - 1] + (v[i] - v[i - 1]) * (double)(at - t[i - 1]) / (double)(t[i] - t[i - 1]);
	return true;
}

static struct native *
unhinted(const struct native *h, struct arena *a)
{
	struct native *out = native_copy(h, a);
	out->hint = HISTOGRAM_UNKNOWN;
	return out;
}

static const struct native *
histogram_at(struct smoothing *s, msec_t at)
{
	const msec_t *t = s->view->histogram_t;
	size_t i = first_behind(t, s->hlow, s->hhigh, at);
	struct arena *a = s->ev->run->arena;
	if (i < s->hhigh && t[i] == at)
		return native_series_get(&s->hs, i);
	const struct native *before = i > s->hlow ? native_series_get(&s->hs, i - 1) : NULL;
	if (!before || i == s->hhigh)
		return before ? unhinted(before, a) : NULL;
	const struct native *behind = native_series_get(&s->hs, i);
	if (behind && native_is_custom(behind) != native_is_custom(before)) {
		native_note_schemas(&s->notes);
		return NULL;
	}
	bool counter = behind && (before->hint != HISTOGRAM_GAUGE || behind->hint != HISTOGRAM_GAUGE);
	return behind ? native_between(&s->notes, before, t[i - 1], behind, t[i], at, counter) : NULL;
}

/* True: there is a value, a histogram where *h is set. */
static bool
look(struct smoothing *s, msec_t at, double *v, const struct native **h)
{
	const struct tsdb_view *view = s->view;
	msec_t reach = lookback_of(s->ev);
	slide(view->t, view->n, at, reach, &s->low, &s->high);
	slide(view->histogram_t, view->n_histograms, at, reach, &s->hlow, &s->hhigh);
	*h = NULL;
	if (s->low < s->high && s->hlow < s->hhigh) {
		native_note_mixed(&s->notes);
		return false;
	}
	if (s->hlow < s->hhigh)
		return (*h = histogram_at(s, at)) != NULL;
	return s->low < s->high && number_at(s, at, v);
}

bool
smoothed_row(const struct eval *ev, const struct node *n, const struct gaze *g, const struct tsdb_view *view, struct rows *out)
{
	struct smoothing s = {.ev = ev, .n = n, .view = view, .hs = native_series_of(ev, view, ev->run->arena)};
	struct node place = {.args = (struct node *[]){(struct node *)n}, .n_args = 1}; /* the notes are about the selector */
	struct row *row = NULL;
	s.notes = (struct window){.call = &place, .ev = ev, .labels = view->labels, .scratch = ev->run->arena};
	for (size_t i = 0; i < ev->n; i++) {
		const struct native *h;
		double v = 0;
		if (!look(&s, gaze_at(ev, g, i), &v, &h))
			continue;
		if (!row && !(row = eval_row(ev, out, row_labels(ev, out, view->labels), false)))
			return false;
		if (h) {
			if (!row_put(ev, out, row, i, h))
				return false;
			continue;
		}
		row->v[i] = v;
		row->has[i] = 1;
	}
	eval_row_done(out, row);
	return true;
}
