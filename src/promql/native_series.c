/*
 * native_series.c — series with native histograms, from the store to rows and windows.
 *
 * IDEA   What a hint says of a counter is a statement about the sample before, which the sender may have had and we not: what
 *        the store's neighbours say goes before it.  That there was no reset is told to whoever computes; that there was
 *        one only to who asks for counts and sums alone, as Prometheus does it: its chunks begin anew at a reset, and
 *        nobody knows what the first of a chunk follows.
 * TRAP   At one moment a series may have a number and a histogram, since they are stored apart; the histogram counts.
 */
#include "promql/native_eval.h"
#include "promql/select.h"

#include <string.h>

struct native_series
native_series_of(const struct eval *ev, const struct tsdb_view *view, struct arena *a)
{
	return (struct native_series){.t = view->histogram_t,
	    .bytes = view->histograms,
	    .h = arena_array(a, const struct native *, view->n_histograms + 1),
	    .n = view->n_histograms,
	    .arena = a,
	    .told = ev->told == RESETS_TOLD};
}

const struct native *
native_series_get(struct native_series *s, size_t i)
{
	if (s->h[i])
		return s->h[i];
	struct native *now = native_read(s->bytes[i], s->arena);
	s->h[i] = now;
	if (!now || now->hint == HISTOGRAM_GAUGE)
		return now;
	bool announced = now->hint == HISTOGRAM_RESET;
	now->hint = HISTOGRAM_UNKNOWN;
	struct native *before = i ? native_read(s->bytes[i - 1], s->arena) : NULL;
	if (!before || before->hint == HISTOGRAM_GAUGE)
		return now;
	bool reset = announced || native_was_reset(now, before, s->arena);
	now->hint = !reset ? HISTOGRAM_NO_RESET : s->told ? HISTOGRAM_RESET : HISTOGRAM_UNKNOWN;
	return now;
}

/* ---- rows ---- */

bool
row_put(const struct eval *ev, struct rows *rows, struct row *row, size_t step, const struct native *h)
{
	if (!eval_hold(ev, native_weight(h)))
		return false;
	if (!row->h && row == &rows->scratch && rows->spare) {
		row->h = rows->spare;
		memset(row->h, 0, ev->n * sizeof *row->h);
	} else if (!row->h) {
		row->h = arena_array(ev->run->arena, const struct native *, ev->n);
		if (row == &rows->scratch)
			rows->spare = row->h;
	}
	row->h[step] = h;
	row->v[step] = 0;
	row->has[step] = 1;
	return true;
}

bool
native_any(const struct rows *rows)
{
	for (size_t r = 0; r < rows->n; r++)
		if (rows->p[r].h)
			return true;
	return false;
}

void
native_drop(const struct eval *ev, struct rows *rows)
{
	for (size_t r = 0; r < rows->n; r++) {
		struct row *row = &rows->p[r];
		for (size_t i = 0; row->h && i < ev->n; i++)
			row->has[i] = row->has[i] && !row->h[i];
		row->h = NULL;
	}
}

/* ---- at a moment ---- */

/* The newest sample up to a moment, of either kind; false: none, or it is too old or says that the series has ended. */
struct newest {
	const struct tsdb_view *view;
	size_t n, nh; /* those up to the moment */
	bool number;
	msec_t t;
};

static bool
look(struct newest *x, msec_t at, msec_t lookback)
{
	const struct tsdb_view *view = x->view;
	while (x->n < view->n && view->t[x->n] <= at)
		x->n++;
	while (x->nh < view->n_histograms && view->histogram_t[x->nh] <= at)
		x->nh++;
	x->number = x->n && (!x->nh || view->t[x->n - 1] > view->histogram_t[x->nh - 1]);
	if (!x->n && !x->nh)
		return false;
	x->t = x->number ? view->t[x->n - 1] : view->histogram_t[x->nh - 1];
	return x->t > at - lookback && !(x->number && tsdb_is_stale(view->v[x->n - 1]));
}

static double
facet_of(const struct newest *x, enum facet facet)
{
	const msec_t *starts = x->number ? x->view->starts : x->view->histogram_starts;
	switch (facet) {
	case FACET_TIME: return (double)x->t / 1000;
	case FACET_START: return starts ? (double)starts[(x->number ? x->n : x->nh) - 1] / 1000 : 0;
	default: return x->view->v[x->n - 1];
	}
}

static bool
put_found(const struct eval *ev, struct native_series *hs, const struct newest *x, enum facet facet, struct rows *out, struct row *row, size_t i)
{
	static const struct native any; /* that it is one must be seen, and no more */
	if (x->number || (facet != FACET_VALUE && row_put(ev, out, row, i, &any))) {
		row->v[i] = facet_of(x, facet);
		row->has[i] = 1;
		return true;
	}
	const struct native *h = facet == FACET_VALUE ? native_series_get(hs, x->nh - 1) : NULL;
	return !h || row_put(ev, out, row, i, h);
}

bool
native_fill_row(const struct eval *ev, const struct gaze *g, const struct tsdb_view *view, enum facet facet, struct rows *out)
{
	struct native_series hs = native_series_of(ev, view, ev->run->arena);
	struct newest x = {.view = view};
	struct row *row = NULL;
	for (size_t i = 0; i < ev->n; i++) {
		if (!look(&x, gaze_at(ev, g, i), lookback_of(ev)))
			continue;
		if (!row && !(row = eval_row(ev, out, row_labels(ev, out, view->labels), false)))
			return false;
		if (!put_found(ev, &hs, &x, facet, out, row, i))
			return false;
	}
	eval_row_done(out, row);
	return true;
}

/* ---- over ranges ---- */

/* The samples of one series, and which of them the window has. */
struct sliding {
	const msec_t *t, *ht, *starts, *hstarts;
	const double *v;
	const struct native **h;
	size_t n, nh;
	size_t low, high, hlow, hhigh;
};

static void
slide(const msec_t *t, size_t n, msec_t after, msec_t last, size_t *low, size_t *high)
{
	while (*high < n && t[*high] <= last)
		++*high;
	while (*low < *high && t[*low] <= after)
		++*low;
}

static void
set_window(const struct over *o, struct sliding *s, struct window *w, size_t step)
{
	slide(s->t, s->n, w->start - o->before, w->end + o->behind, &s->low, &s->high);
	slide(s->ht, s->nh, w->start - o->before, w->end + o->behind, &s->hlow, &s->hhigh);
	w->t = s->t + s->low;
	w->v = s->v + s->low;
	w->n = s->high - s->low;
	w->ht = s->ht + s->hlow;
	w->h = s->h + s->hlow;
	w->nh = s->hhigh - s->hlow;
	w->starts = s->starts ? s->starts + s->low : NULL;
	w->hstarts = s->hstarts ? s->hstarts + s->hlow : NULL;
	for (int k = 0; k < 2; k++)
		w->param[k] = o->params[k] ? o->params[k][step] : 0;
}

static bool
ask_window(const struct over *o, struct window *w, struct sample *out)
{
	*out = (struct sample){0};
	if (w->nh)
		return o->call->fn->native && o->call->fn->native(w, out);
	return w->n && o->fn(w, &out->v);
}

/* What is kept of a window's outcome lives on. */
static bool
keep(const struct eval *ev, const struct over *o, struct row *row, size_t i, const struct sample *s)
{
	if (s->h)
		return row_put(ev, o->out, row, i, native_copy(s->h, ev->run->arena));
	row->v[i] = s->v;
	row->has[i] = 1;
	return true;
}

static bool
each_window(const struct eval *ev, const struct over *o, struct labels ls, bool drop, struct sliding *s)
{
	struct row *row = NULL;
	struct sample x;
	bool noted = false, ok = true;
	struct window w = {.call = o->call,
	    .ev = ev,
	    .labels = ls,
	    .anchored = o->anchored,
	    .smoothed = o->smoothed,
	    .noted = &noted,
	    .scratch = arena_create()};
	for (size_t i = 0; ok && i < ev->n; i++) {
		w.at = eval_time(ev, i);
		w.end = gaze_at(ev, &o->gaze, i);
		w.start = w.end - o->range;
		set_window(o, s, &w, i);
		if (o->present)
			o->present[i] |= w.n + w.nh > 0;
		if (o->present || !ask_window(o, &w, &x)) {
			ok = !ev->run->failed;
			continue;
		}
		if (!row)
			row = eval_row(ev, o->out, row_labels(ev, o->out, ls), drop);
		ok = row && keep(ev, o, row, i, &x);
		arena_reset(w.scratch);
	}
	arena_destroy(&w.scratch);
	if (ok && row)
		eval_row_done(o->out, row);
	return ok && !ev->run->failed;
}

/* What cannot be read goes, and its start with it. */
static size_t
decode_all(struct native_series *hs, const msec_t *all_starts, msec_t *t, msec_t *starts)
{
	size_t n = 0;
	for (size_t i = 0; i < hs->n; i++)
		(void)native_series_get(hs, i);
	for (size_t i = 0; i < hs->n; i++) {
		if (!hs->h[i])
			continue;
		t[n] = hs->t[i];
		starts[n] = all_starts ? all_starts[i] : 0;
		hs->h[n++] = hs->h[i];
	}
	return n;
}

bool
native_over_series(const struct eval *ev, const struct over *o, struct labels ls, bool drop, const struct tsdb_view *view)
{
	struct arena *a = arena_create();
	struct native_series hs = native_series_of(ev, view, a);
	msec_t *t = arena_array(a, msec_t, hs.n + 1), *starts = arena_array(a, msec_t, hs.n + 1);
	ev->run->read += view->n_histograms;
	struct sliding s = {.t = view->t, .v = view->v, .n = view->n, .starts = view->starts, .ht = t, .h = hs.h};
	s.nh = decode_all(&hs, view->histogram_starts, t, starts);
	s.hstarts = view->histogram_starts ? starts : NULL;
	bool ok = arena_used(a) / 16 + ev->run->samples <= ev->run->samples_limit ? each_window(ev, o, ls, drop, &s) : eval_too_many(ev);
	arena_destroy(&a);
	return ok;
}

/* Between the steps of a subquery samples are left out, or come twice: what they say of their neighbours holds no more. */
static const struct native *
unhinted(const struct native *h, struct arena *a)
{
	if (h->hint != HISTOGRAM_RESET && h->hint != HISTOGRAM_NO_RESET)
		return h;
	struct native *out = arena_new(a, struct native);
	*out = *h;
	out->hint = HISTOGRAM_UNKNOWN;
	return out;
}

bool
native_over_row(const struct eval *ev, const struct over *o, const struct eval *inner, const struct row *row, bool drop)
{
	struct arena *a = arena_create();
	msec_t *t = arena_array(a, msec_t, inner->n), *ht = arena_array(a, msec_t, inner->n);
	double *v = arena_array(a, double, inner->n);
	struct sliding s = {.t = t, .v = v, .ht = ht, .h = arena_array(a, const struct native *, inner->n)};
	for (size_t i = 0; i < inner->n; i++) {
		if (!row->has[i])
			continue;
		if (row->h[i]) {
			ht[s.nh] = eval_time(inner, i);
			s.h[s.nh++] = unhinted(row->h[i], a);
		} else {
			t[s.n] = eval_time(inner, i);
			v[s.n++] = row->v[i];
		}
	}
	bool ok = each_window(ev, o, row->labels, drop, &s);
	arena_destroy(&a);
	return ok;
}

/* ---- as they are ---- */

bool
native_raw_series(const struct eval *ev, const struct tsdb_view *view, struct promql_series *out)
{
	struct arena *a = ev->run->arena;
	struct native_series hs = native_series_of(ev, view, a);
	size_t i = 0, k = 0;
	if (!eval_hold(ev, view->n + view->n_histograms))
		return false;
	ev->run->read += view->n_histograms;
	out->points = arena_array(a, struct promql_point, view->n + view->n_histograms);
	out->natives = arena_array(a, const struct native *, view->n + view->n_histograms);
	while (i < view->n || k < hs.n) {
		bool number = k == hs.n || (i < view->n && view->t[i] < hs.t[k]);
		const struct native *h = number ? NULL : native_series_get(&hs, k);
		if (number ? !tsdb_is_stale(view->v[i]) : h != NULL) {
			if (h && !eval_hold(ev, native_weight(h)))
				return false;
			out->natives[out->n] = h;
			out->points[out->n++] = (struct promql_point){number ? view->t[i] : hs.t[k], number ? view->v[i] : 0};
		}
		i += number;
		k += !number;
	}
	return true;
}
