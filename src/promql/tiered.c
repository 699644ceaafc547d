/* tiered.c — see tiered.h. */
#include "promql/tiered.h"

#include <math.h>
#include <string.h>

#include "tsdb/samples.h"

/* Sums of what may overflow are kept small beside the real one. */
#define SMALL 0x1p-40

/* ---- what is asked of the store ---- */

enum { EDGES = TIER_HAS(TIER_FIRST) | TIER_HAS(TIER_LAST) };

/* What of a window each function needs, besides where it lies. */
static const struct need {
	bool (*fn)(const struct window *, double *);
	unsigned columns;
} needs[] = {
    {over_avg, TIER_HAS(TIER_SUM)},
    {over_count, 0},
    {over_delta, EDGES},
    {over_first, TIER_HAS(TIER_FIRST)},
    {over_increase, EDGES | TIER_HAS(TIER_LOST)},
    {over_last, TIER_HAS(TIER_LAST)},
    {over_max, TIER_HAS(TIER_MAX)},
    {over_min, TIER_HAS(TIER_MIN)},
    {over_present, 0},
    {over_rate, EDGES | TIER_HAS(TIER_LOST)},
    {over_resets, EDGES | TIER_HAS(TIER_RESETS)},
    {over_sum, TIER_HAS(TIER_SUM)},
    {over_ts_of_first, 0},
    {over_ts_of_last, 0},
    {NULL, 0}, /* is there anything? */
};

static const struct need *
need_of(const struct over *o)
{
	for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
		if (needs[i].fn == o->fn)
			return &needs[i];
	return NULL;
}

bool
tiered_knows(const struct over *o)
{
	return need_of(o) && !o->anchored && !o->smoothed;
}

/* Does every step look at a multiple of the width? */
static bool
falls_on(const struct eval *ev, const struct gaze *g, msec_t width)
{
	return gaze_at(ev, g, 0) % width == 0 && (g->fixed || ev->n == 1 || ev->step % width == 0);
}

/* The widest that fits. */
static msec_t
width_for(const struct eval *ev, const struct gaze *g, msec_t length)
{
	for (unsigned level = TIERS; level-- > 0;)
		if (length % tier_widths[level] == 0 && falls_on(ev, g, tier_widths[level]))
			return tier_widths[level];
	return 0;
}

void
tiered_ask_range(const struct eval *ev, const struct over *o, struct reach *r)
{
	if (ev->run->ask->samples_only)
		return;
	r->rest = true;
	r->columns = tiered_knows(o) ? need_of(o)->columns : EDGES;
	if (!tiered_knows(o))
		return;
	r->window = width_for(ev, &o->gaze, o->range);
	if (!r->window && (ev->n == 1 || o->gaze.fixed) && o->range >= 6 * HOUR)
		r->window = tier_widths[1]; /* and samples at both ends of the range */
}

void
tiered_ask_instants(const struct eval *ev, const struct node *n, const struct gaze *g, struct reach *r)
{
	if (ev->run->ask->samples_only)
		return;
	r->rest = true;
	r->columns = TIER_HAS(TIER_LAST);
	if (ev->n > 1 && !g->fixed && !n->smoothed)
		r->window = width_for(ev, g, ev->step);
	if (r->window)
		r->min = tier_floor(r->min - 1, r->window) + 1;
}

/* Windows are held one series at a time, as samples are. */
static bool
count_read(const struct eval *ev, const struct tier_list *l)
{
	ev->run->read += l->n;
	for (size_t i = 0; i < l->n; i++)
		ev->run->windows[l->width[i] == tier_widths[1]]++;
	return ev->run->samples + l->n <= ev->run->samples_limit || eval_too_many(ev);
}

/* ---- what a step saw ---- */

static double
better(double so_far, double v, bool greatest)
{
	bool is = greatest ? v > so_far : v < so_far;
	return is || isnan(so_far) ? v : so_far;
}

/* The value before a reset, if there was one between these two. */
static void
note_reset(struct sight *s, double before, double now)
{
	if (now < before) {
		s->lost += before;
		s->resets++;
	}
}

static void
add_sum(struct sight *s, double v)
{
	kahan_add(&s->sum, v);
	s->small += v * SMALL;
}

/* What the next window with values says; the columns that are wanted are known when this is compiled. */
static inline __attribute__((always_inline)) void
see_window(struct sight *s, const struct tier_list *l, unsigned want, size_t i)
{
	double *const *c = l->column;
	bool first = !s->n;
	if (want & TIER_HAS(TIER_MAX))
		s->max = first ? c[TIER_MAX][i] : better(s->max, c[TIER_MAX][i], true);
	if (want & TIER_HAS(TIER_MIN))
		s->min = first ? c[TIER_MIN][i] : better(s->min, c[TIER_MIN][i], false);
	if (want & TIER_HAS(TIER_SUM))
		add_sum(s, c[TIER_SUM][i]);
	if (!first && (want & EDGES) == EDGES)
		note_reset(s, s->last, c[TIER_FIRST][i]);
	if (want & TIER_HAS(TIER_LOST))
		s->lost += c[TIER_LOST][i];
	if (want & TIER_HAS(TIER_RESETS))
		s->resets += c[TIER_RESETS][i];
	if (first) {
		s->first_t = tier_first_t(l, i);
		s->first = want & TIER_HAS(TIER_FIRST) ? c[TIER_FIRST][i] : 0;
	}
	s->last = want & TIER_HAS(TIER_LAST) ? c[TIER_LAST][i] : 0;
	s->n += c[TIER_COUNT][i];
}

static inline __attribute__((always_inline)) void
see_these(struct sight *s, const struct tier_list *l, unsigned want, size_t from, size_t to)
{
	size_t last = SIZE_MAX;
	for (size_t i = from; i < to; i++) {
		if (!l->column[TIER_COUNT][i])
			continue;
		see_window(s, l, want, i);
		last = i;
	}
	if (last != SIZE_MAX)
		s->last_t = tier_last_t(l, last);
}

static void
see_windows(struct sight *s, const struct tier_list *l, unsigned want, size_t from, size_t to)
{
	switch (want) {
	case TIER_HAS(TIER_MAX): see_these(s, l, TIER_HAS(TIER_MAX), from, to); return;
	case TIER_HAS(TIER_MIN): see_these(s, l, TIER_HAS(TIER_MIN), from, to); return;
	case TIER_HAS(TIER_SUM): see_these(s, l, TIER_HAS(TIER_SUM), from, to); return;
	case EDGES | TIER_HAS(TIER_LOST): see_these(s, l, EDGES | TIER_HAS(TIER_LOST), from, to); return;
	case SUMMARY_COLUMNS: see_these(s, l, SUMMARY_COLUMNS, from, to); return;
	default: see_these(s, l, want, from, to);
	}
}

static void
see_samples(struct sight *s, const struct tsdb_view *view, unsigned want, size_t from, size_t to)
{
	if (from == to)
		return;
	for (size_t i = from; want && i < to; i++) {
		double v = view->v[i];
		bool first = !s->n && i == from;
		if (want & TIER_HAS(TIER_MAX))
			s->max = first ? v : better(s->max, v, true);
		if (want & TIER_HAS(TIER_MIN))
			s->min = first ? v : better(s->min, v, false);
		if (want & TIER_HAS(TIER_SUM))
			add_sum(s, v);
		if (first)
			s->first = v;
		else if ((want & EDGES) == EDGES)
			note_reset(s, s->last, v);
		s->last = v;
	}
	if (!s->n)
		s->first_t = view->t[from];
	s->last_t = view->t[to - 1];
	s->n += (double)(to - from);
}

/* ---- the windows and the samples of a step ---- */

struct looking {
	const struct tsdb_view *view;
	unsigned want;
	size_t low, high;   /* windows */
	size_t first, end;  /* samples */
	bool alone;         /* some of these windows have no samples any more */
};

/* Those that end within (start, end]; the last that was over, where windows are wider than the range. */
static void
move_on(struct looking *x, msec_t start, msec_t end)
{
	const struct tier_list *l = x->view->windows;
	const msec_t *t = x->view->t;
	while (x->high < l->n && l->end[x->high] <= end)
		x->high++;
	while (x->low < x->high && l->end[x->low] <= start)
		x->low++;
	while (x->end < x->view->n && t[x->end] <= end)
		x->end++;
	while (x->first < x->end && t[x->first] <= start)
		x->first++;
	bool wider = x->low == x->high && x->first == x->end && x->high && l->width[x->high - 1] > end - start &&
		     l->end[x->high - 1] == tier_floor(end, l->width[x->high - 1]);
	x->alone = x->low < x->view->n_alone && x->low < x->high;
	if (wider && x->high <= x->view->n_alone) {
		x->low = x->high - 1;
		x->alone = true;
	}
}

/* In the order of time; windows and samples do not overlap, but where samples have gone, when it does not matter. */
static void
see_all(struct sight *s, const struct looking *x)
{
	const struct tier_list *l = x->view->windows;
	const msec_t *t = x->view->t;
	size_t w = x->low, i = x->first;
	while (w < x->high || i < x->end) {
		size_t to = x->high;
		if (i < x->end && w < x->high && l->end[x->high - 1] >= t[i])
			for (to = w; to < x->high && tier_last_t(l, to) < t[i];)
				to++;
		see_windows(s, l, x->want, w, to);
		w = to;
		size_t till = x->end;
		if (w < x->high)
			for (till = i + 1; till < x->end && t[till] < tier_first_t(l, w);)
				till++;
		see_samples(s, x->view, x->want, i, till);
		i = till;
	}
}

void
tiered_look(const struct tsdb_view *view, unsigned want, msec_t after, msec_t upto, struct sight *out)
{
	static const struct tier_list none;
	struct tsdb_view with = *view;
	if (!with.windows)
		with.windows = &none;
	const struct tier_list *l = with.windows;
	struct looking x = {.view = &with, .want = want};
	x.low = samples_find(l->end, l->n, after + 1);
	x.high = samples_find(l->end, l->n, upto + 1);
	x.first = samples_find(view->t, view->n, after + 1);
	x.end = samples_find(view->t, view->n, upto + 1);
	see_all(out, &x);
}

/* ---- the functions ---- */

double
sight_mean(const struct sight *s)
{
	return isfinite(kahan_sum(&s->sum)) ? kahan_mean(&s->sum, s->n) : s->small / s->n / SMALL;
}

static bool
gained(const struct over *o, const struct sight *s, msec_t start, msec_t end, double *out)
{
	const struct window w = {.start = start, .end = end};
	struct gained g = {.first = s->first_t, .last = s->last_t, .n = (size_t)s->n, .at_first = s->first, .counter = o->counter, .start = s->first_t};
	if (g.n < 2)
		return false;
	g.gain = s->last - s->first;
	if (o->counter && s->lost != 0)
		g.gain += s->lost;
	double factor = window_stretch(&w, &g);
	*out = g.gain * (o->per_second ? factor / ((double)(end - start) / 1000) : factor);
	return true;
}

static bool
outcome(const struct over *o, const struct sight *s, msec_t start, msec_t end, double *out)
{
	bool (*fn)(const struct window *, double *) = o->fn;
	if (o->rates)
		return gained(o, s, start, end, out);
	*out = fn == over_max ? s->max
	     : fn == over_min ? s->min
	     : fn == over_sum ? kahan_sum(&s->sum)
	     : fn == over_avg ? sight_mean(s)
	     : fn == over_count ? s->n
	     : fn == over_first ? s->first
	     : fn == over_last ? s->last
	     : fn == over_resets ? s->resets
	     : fn == over_ts_of_first ? (double)s->first_t / 1000
	     : fn == over_ts_of_last ? (double)s->last_t / 1000
				     : 1;
	return true;
}

static void
note_alone(const struct eval *ev, const struct node *selector, msec_t width)
{
	eval_note(ev, false, selector, "the samples are past their retention: answered from windows of %s", tier_names[width == tier_widths[1]]);
}

/* As a sample counts for a step that looks at it, so does a window. */
static void
count(const struct eval *ev, const struct looking *x, size_t step)
{
	if (ev->run->steps && !ev->inner)
		ev->run->steps[step] += x->high - x->low;
}

bool
tiered_series(const struct eval *ev, const struct over *o, const struct node *selector, bool drop, const struct tsdb_view *view)
{
	struct looking x = {.view = view, .want = need_of(o)->columns};
	struct row *row = NULL;
	bool noted = false;
	if (!count_read(ev, view->windows))
		return false;
	for (size_t i = 0; i < ev->n; i++) {
		struct sight s = {0};
		double v;
		msec_t end = gaze_at(ev, &o->gaze, i);
		if (i && o->gaze.fixed)
			x.low = x.high = x.first = x.end = 0;
		move_on(&x, end - o->range, end);
		see_all(&s, &x);
		count(ev, &x, i);
		if (i % 64 == 63 && !eval_go_on(ev))
			return false;
		if (!s.n)
			continue;
		if (x.alone)
			note_alone(ev, selector, view->windows->width[x.low]);
		if (!o->fn) {
			o->present[i] = 1;
			continue;
		}
		if (o->counter && s.n > 1)
			note_counter(&(struct window){.call = o->call, .ev = ev, .labels = view->labels, .noted = &noted});
		if (!outcome(o, &s, end - o->range, end, &v))
			continue;
		if (!row && !(row = eval_row(ev, o->out, row_labels(ev, o->out, view->labels), drop)))
			return false;
		row->v[i] = v;
		row->has[i] = 1;
	}
	if (row)
		eval_row_done(o->out, row);
	return !ev->run->failed;
}

/* ---- samples instead ---- */

struct thinning {
	struct stripped *room;
	size_t n;
};

static void
put(struct thinning *x, msec_t t, double v)
{
	struct stripped *r = x->room;
	if (x->n && r->t[x->n - 1] >= t)
		return;
	if (x->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 256;
		r->t = mem_resize(r->t, r->cap * sizeof *r->t);
		r->v = mem_resize(r->v, r->cap * sizeof *r->v);
	}
	r->t[x->n] = t;
	r->v[x->n++] = v;
}

/* A value that is seen until the next one; so often in a window at most. */
enum { HELD_MOST = 60 };

static void
put_held(struct thinning *x, msec_t t, double v, msec_t until, msec_t hold)
{
	put(x, t, v);
	for (msec_t at = t + hold; hold && at < until; at += hold)
		put(x, at, v);
}

static void
put_window(struct thinning *x, const struct tier_list *l, size_t i, bool alone, msec_t hold)
{
	double *const *c = l->column;
	msec_t least = l->width[i] / HELD_MOST;
	hold = hold && hold < least ? least : hold; /* who asks for a look-back of a millisecond does not get millions */
	if (c[TIER_COUNT][i]) {
		msec_t first_t = tier_first_t(l, i), last_t = tier_last_t(l, i);
		if (alone)
			put_held(x, first_t, c[TIER_FIRST][i], last_t, hold);
		/* until the next window has something, or nothing is known any more */
		msec_t until = c[TIER_ENDED][i] ? tier_mark_t(l, i) : last_t + l->width[i];
		if (i + 1 < l->n && tier_first_t(l, i + 1) < until)
			until = tier_first_t(l, i + 1);
		put_held(x, last_t, c[TIER_LAST][i], alone ? until : last_t, hold);
	}
	if (c[TIER_ENDED][i])
		put(x, tier_mark_t(l, i), tsdb_stale());
}

bool
tiered_thin(const struct eval *ev, const struct node *selector, msec_t hold, struct tsdb_view *view, struct stripped *room)
{
	const struct tier_list *l = view->windows;
	struct thinning x = {.room = room};
	size_t i = 0;
	if (!count_read(ev, l))
		return false;
	if (view->n_alone)
		note_alone(ev, selector, l->width[0]);
	for (size_t w = 0; w < l->n; w++) {
		for (; i < view->n && view->t[i] < tier_first_t(l, w); i++)
			put(&x, view->t[i], view->v ? view->v[i] : 0); /* values may be of no interest */
		put_window(&x, l, w, w < view->n_alone, hold);
	}
	for (; i < view->n; i++)
		put(&x, view->t[i], view->v ? view->v[i] : 0);
	view->t = room->t;
	view->v = room->v;
	view->n = x.n;
	view->line = 0;
	view->finite = false;
	view->starts = NULL; /* those of windows are not known */
	return true;
}
