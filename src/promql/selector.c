/*
 * selector.c — from the store to rows: selectors, and functions over the ranges of selectors and
 * subqueries.
 */
#include "promql/native_eval.h"
#include "promql/slide.h"
#include "promql/starts.h"
#include "promql/tiered.h"

#include <math.h>
#include <string.h>

/* ---- durations ---- */

static bool
compute(const struct eval *ev, const struct node *n, double *out)
{
	double l, r;
	switch (n->kind) {
	case NODE_NUMBER: *out = n->number; return true;
	case NODE_CLOCK:
		*out = n->clock == CLOCK_STEP ? (double)ev->run->ask->step / 1000
					      : (double)(ev->to - ev->from) / 1000;
		return true;
	case NODE_PAREN: return compute(ev, n->args[0], out);
	case NODE_UNARY:
		if (!compute(ev, n->args[0], out))
			return false;
		*out = n->op == OP_SUB ? -*out : *out;
		return true;
	default: break;
	}
	if (!compute(ev, n->args[0], &l) || !compute(ev, n->args[1], &r))
		return false;
	if ((n->op == OP_DIV || n->op == OP_MOD) && r == 0)
		return eval_fail(ev, RC_INVALID,
		    n->op == OP_DIV ? "division by zero in a duration" : "modulo by zero in a duration");
	*out = n->op == OP_MIN ? fmin(l, r) : n->op == OP_MAX ? fmax(l, r) : op_apply(n->op, l, r);
	return true;
}

bool
eval_duration(const struct eval *ev, const struct node *n, msec_t *out)
{
	double s;
	*out = 0;
	if (!n)
		return true;
	if (!compute(ev, n, &s))
		return false;
	if (!(fabs(s) < 9e12))
		return eval_fail(ev, RC_INVALID, "duration out of range");
	*out = (msec_t)llround(s * 1000);
	return true;
}

bool
eval_positive(const struct eval *ev, const struct node *n, msec_t *out)
{
	if (!eval_duration(ev, n, out))
		return false;
	return *out > 0 || eval_fail(ev, RC_INVALID, "duration must be greater than 0");
}

static bool
gaze_of(const struct eval *ev, const struct node *n, struct gaze *g)
{
	g->fixed = n->at != AT_NONE;
	g->at = n->at == AT_TIME ? n->at_time : n->at == AT_START ? ev->from : ev->to;
	return eval_duration(ev, n->offset, &g->offset);
}

/* What is asked for by a name that is overlaid stands in the other store. */
static struct tsdb *
store_of(const struct promql_ask *ask, const struct matchers *ms)
{
	for (size_t i = 0; ask->overlay && i < ms->n; i++)
		if (ms->p[i].op == MATCH_EQ && str_is(ms->p[i].name, LABEL_METRIC) && strs_has(ask->overlaid, ms->p[i].value))
			return ask->overlay;
	return ask->db;
}

bool
eval_cursor(const struct eval *ev, const struct node *n, struct reach reach, struct tsdb_cursor **out)
{
	const struct promql_ask *ask = ev->run->ask;
	struct tsdb_select q = {
	    .tenants = ask->tenants,
	    .matchers = &n->matchers,
	    .min = reach.min,
	    .max = reach.max,
	    .series_limit = ask->limits.series,
	    .times_only = reach.times_only,
	    .last_only = reach.last_only,
	    .window = reach.window,
	    .rest = reach.rest,
	    .columns = reach.columns,
	    .starts = reach.starts,
	    .pending = ask->pending,
	};
	if (tsdb_cursor_create(store_of(ask, &n->matchers), &q, out, ev->run->err) == RC_OK)
		return true;
	ev->run->failed = true;
	return false;
}

/* ---- instant selectors ---- */

/* The last sample of each step's look-back, unless it marks the end. */
static bool
last_of(const struct stretch *s, double *v, uint8_t *has)
{
	bool any = false;
	if (s->view->v)
		(void)slide_last(s, v, has);
	else
		memcpy(has, s->panes->one, s->ev->n);
	for (size_t i = 0; !s->view->finite && i < s->ev->n; i++)
		has[i] &= !has[i] || !tsdb_is_stale(v[i]);
	for (size_t i = 0; i < s->ev->n; i++)
		any |= has[i];
	return any;
}

/* Of the last samples. */
static void
put_facet(const struct stretch *s, enum facet facet, double *v, const uint8_t *has)
{
	const msec_t *of = facet == FACET_TIME ? s->view->t : s->view->starts;
	for (size_t i = 0; i < s->ev->n; i++)
		if (has[i])
			v[i] = of ? (double)of[s->panes->high[i] - 1] / 1000 : 0;
}

static bool
fill_row(const struct eval *ev, const struct over *o, const struct tsdb_view *view, enum facet facet, struct rows *out)
{
	struct stretch s = {ev, o, slides_panes(o->slides, ev, o, view), view};
	if (!s.panes->with_one.n)
		return true;
	struct row *row = eval_row(ev, out, view->labels, false);
	if (!row)
		return false;
	if (!last_of(&s, row->v, row->has)) {
		eval_row_undo(out);
		return true;
	}
	if (facet != FACET_VALUE)
		put_facet(&s, facet, row->v, row->has);
	row->labels = row_labels(ev, out, view->labels);
	if (view->finite) {
		row->from = s.panes->with_one.from;
		row->to = s.panes->with_one.to;
	}
	eval_row_done(out, row);
	return true;
}

bool
eval_selector_facet(const struct eval *ev, const struct node *n, enum facet facet, struct rows *out)
{
	struct slides slides = {0};
	struct over o = {.out = out, .range = lookback_of(ev), .slides = &slides};
	struct tsdb_cursor *c;
	struct tsdb_view view;
	struct stripped room = {0};
	bool ok = true;
	if (!gaze_of(ev, n, &o.gaze))
		return false;
	struct reach reach = {.min = gaze_at(ev, &o.gaze, 0) - o.range + 1,
	    .max = gaze_at(ev, &o.gaze, ev->n - 1) + (n->smoothed ? o.range : 0),
	    .times_only = out->counted && !n->smoothed && !ev->run->steps, /* counting steps looks at values */
	    .last_only = ev->n == 1 && !n->smoothed,
	    .starts = facet == FACET_START};
	if (facet != FACET_START)
		tiered_ask_instants(ev, n, &o.gaze, &reach);
	if (!eval_cursor(ev, n, reach, &c))
		return false;
	while (ok && tsdb_cursor_next(c, &view)) {
		ev->run->read += view.n;
		if (view.windows && !view.n_histograms)
			ok = tiered_thin(ev, n, o.range, &view, &room);
		count_instants(ev, &o.gaze, &view);
		if (n->smoothed)
			strip_stale(&view, &room);
		ok = ok && eval_go_on(ev) &&
		     (n->smoothed         ? smoothed_row(ev, n, &o.gaze, &view, out)
			 : view.n_histograms ? native_fill_row(ev, &o.gaze, &view, facet, out)
					     : fill_row(ev, &o, &view, facet, out));
	}
	slides_fini(&slides);
	stripped_fini(&room);
	tsdb_cursor_destroy(&c);
	return ok;
}

bool
eval_selector(const struct eval *ev, const struct node *n, struct rows *out)
{
	return eval_selector_facet(ev, n, FACET_VALUE, out);
}

/* ---- ranges ---- */

/* The first sample from `i` on that is less than the one before. */
static size_t
next_reset(const struct tsdb_view *view, size_t i)
{
	while (i < view->n && !(view->v[i] < view->v[i - 1]))
		i++;
	return i;
}

static bool
one_by_one(const struct stretch *s, struct labels ls, bool drop, struct row *row)
{
	const struct eval *ev = s->ev;
	const struct over *o = s->over;
	const struct tsdb_view *view = s->view;
	size_t reset = 0; /* the first one behind the window's first sample */
	bool noted = false;
	struct window w = {
	    .call = o->call, .ev = ev, .labels = ls, .anchored = o->anchored, .smoothed = o->smoothed, .noted = &noted};
	for (size_t i = 0; i < ev->n; i++) {
		double v;
		size_t low = s->panes->low[i], high = s->panes->high[i];
		if (low == high)
			continue;
		w.at = eval_time(ev, i);
		w.end = gaze_at(ev, &o->gaze, i);
		w.start = w.end - o->range;
		w.t = view->t + low;
		w.v = view->v + low;
		w.starts = view->starts ? view->starts + low : NULL;
		w.n = high - low;
		if (o->counter) {
			reset = next_reset(view, reset > low ? reset : low + 1);
			w.steady = reset >= high && !view->starts;
		}
		for (int k = 0; k < 2; k++)
			w.param[k] = o->params[k] ? o->params[k][i] : 0;
		bool there = o->fn(&w, &v);
		if (ev->run->failed)
			return false;
		if (!there)
			continue;
		if (!row && !(row = eval_row(ev, o->out, row_labels(ev, o->out, ls), drop)))
			return false;
		row->v[i] = v;
		row->has[i] = 1;
	}
	if (row)
		eval_row_done(o->out, row);
	return true;
}

/* All windows at once. */
static bool
sliding(const struct stretch *s, struct labels ls, bool drop)
{
	const struct over *o = s->over;
	if (o->counter && s->panes->with_two.n)
		note_counter(&(struct window){.call = o->call, .ev = s->ev, .labels = ls});
	if (o->slide->two && !s->panes->with_two.n)
		return true;
	struct row *row = eval_row(s->ev, o->out, row_labels(s->ev, o->out, ls), drop);
	if (!row)
		return false;
	if (!o->slide->run(s, row->v, row->has)) {
		memset(row->has, 0, s->ev->n);
		return one_by_one(s, ls, drop, row);
	}
	const struct extent *e = o->slide->two ? &s->panes->with_two : &s->panes->with_one;
	row->from = e->from;
	row->to = e->to;
	eval_row_done(o->out, row);
	return true;
}

static bool
over_series(const struct eval *ev, const struct over *o, struct labels ls, bool drop, const struct tsdb_view *view)
{
	struct stretch s = {ev, o, slides_panes(o->slides, ev, o, view), view};
	if (!s.panes->with_one.n)
		return true;
	if (!o->fn) {
		for (size_t i = 0; i < ev->n; i++)
			o->present[i] |= s.panes->one[i];
		return true;
	}
	if (o->slide && !view->starts && (view->finite || o->slide->counts))
		return sliding(&s, ls, drop);
	return one_by_one(&s, ls, drop, NULL);
}

static bool
has_stale(const struct tsdb_view *view)
{
	bool any = false;
	for (size_t i = 0; !view->finite && i < view->n; i++)
		any |= tsdb_is_stale(view->v[i]);
	return any;
}

void
strip_stale(struct tsdb_view *view, struct stripped *room)
{
	size_t n = 0;
	if (!has_stale(view))
		return;
	if (room->cap < view->n) {
		room->cap = view->n;
		room->t = mem_resize(room->t, room->cap * sizeof *room->t);
		room->v = mem_resize(room->v, room->cap * sizeof *room->v);
		room->starts = mem_resize(room->starts, room->cap * sizeof *room->starts);
	}
	for (size_t i = 0; i < view->n; i++) {
		if (tsdb_is_stale(view->v[i]))
			continue;
		room->t[n] = view->t[i];
		room->starts[n] = view->starts ? view->starts[i] : 0;
		room->v[n++] = view->v[i];
	}
	if (view->starts)
		view->starts = room->starts;
	view->t = room->t;
	view->v = room->v;
	view->n = n;
	view->line = 0;
}

void
stripped_fini(struct stripped *room)
{
	mem_free(room->t);
	mem_free(room->v);
	mem_free(room->starts);
}

/* Raw samples are held one series at a time, on top of the rows. */
static bool
fits(const struct eval *ev, size_t n)
{
	ev->run->read += n;
	return ev->run->samples + n <= ev->run->samples_limit || eval_too_many(ev);
}

static bool
over_selector(const struct eval *ev, const struct node *n, struct over *o)
{
	struct tsdb_cursor *c;
	struct tsdb_view view;
	struct stripped room = {0}, thin = {0};
	bool ok = true;
	o->anchored = n->anchored;
	o->smoothed = n->smoothed;
	o->before = n->anchored || n->smoothed ? lookback_of(ev) : 0;
	o->behind = n->smoothed ? lookback_of(ev) : 0;
	msec_t first = gaze_at(ev, &o->gaze, 0), last = gaze_at(ev, &o->gaze, ev->n - 1);
	if (n->anchored || n->smoothed)
		o->slide = NULL;
	struct reach reach = {first - o->range - o->before + 1,
	    last + o->behind,
	    .times_only = !o->fn || (o->slide && o->slide->counts),
	    .starts = o->starts && !n->anchored && !n->smoothed};
	tiered_ask_range(ev, o, &reach);
	if (!eval_cursor(ev, n, reach, &c))
		return false;
	bool drop = o->call && !o->call->fn->keeps_name;
	while (ok && tsdb_cursor_next(c, &view)) {
		ok = eval_go_on(ev) && fits(ev, view.n);
		strip_stale(&view, &room);
		bool windows = view.windows && !view.n_histograms;
		if (windows && !tiered_knows(o))
			ok = ok && tiered_thin(ev, n, 0, &view, &thin);
		if (!starts_matter(view.t, view.starts, view.n, first - o->range))
			view.starts = NULL;
		count_windows(ev, o, &view);
		if (ok && windows && tiered_knows(o))
			ok = tiered_series(ev, o, n, drop, &view);
		else
			ok = ok && (view.n_histograms ? native_over_series : over_series)(ev, o, view.labels, drop, &view);
	}
	stripped_fini(&room);
	stripped_fini(&thin);
	tsdb_cursor_destroy(&c);
	return ok;
}

static msec_t
floor_to(msec_t t, msec_t step)
{
	msec_t rest = t % step;
	return t - (rest < 0 ? rest + step : rest);
}

enum { SUBQUERY_STEPS = 10000000 };

bool
eval_grid(const struct eval *ev, const struct node *n, msec_t after, msec_t last, struct eval *inner)
{
	msec_t step = MINUTE;
	if (n->step && !eval_positive(ev, n->step, &step))
		return false;
	*inner = *ev;
	inner->step = step;
	inner->told = RESETS_NEVER;
	inner->inner = true;
	inner->start = floor_to(after, step) + step;
	inner->n = last < inner->start ? 0 : (size_t)((last - inner->start) / step) + 1;
	if (inner->n > SUBQUERY_STEPS)
		return eval_fail(ev, RC_REFUSED, "the subquery asks for %zu steps; the limit is %d", inner->n,
		    SUBQUERY_STEPS);
	return true;
}

static bool
over_subquery(const struct eval *ev, const struct node *n, struct over *o)
{
	struct eval inner;
	struct value v;
	bool ok = true;
	if (!eval_grid(ev, n, gaze_at(ev, &o->gaze, 0) - o->range, gaze_at(ev, &o->gaze, ev->n - 1), &inner))
		return false;
	if (inner.n == 0)
		return true;
	if (!eval_node(&inner, n->args[0], &v))
		return false;
	msec_t *t = mem_alloc(inner.n * sizeof *t);
	double *x = mem_alloc(inner.n * sizeof *x);
	for (size_t r = 0; ok && r < v.rows.n; r++) {
		const struct row *row = &v.rows.p[r];
		struct tsdb_view view = {.t = t, .v = x};
		count_row(ev, o, &inner, row);
		bool drop = row->drop_name || (o->call && !o->call->fn->keeps_name);
		if (row->h) {
			ok = eval_go_on(ev) && native_over_row(ev, o, &inner, row, drop);
			continue;
		}
		for (size_t i = 0; i < inner.n; i++) {
			if (!row->has[i])
				continue;
			t[view.n] = eval_time(&inner, i);
			x[view.n++] = row->v[i];
		}
		ok = eval_go_on(ev) && over_series(ev, o, row->labels, drop, &view);
	}
	mem_free(t);
	mem_free(x);
	return ok;
}

static bool
over_matrix(const struct eval *ev, const struct node *matrix, struct over *o)
{
	const struct node *n = node_bare(matrix);
	if (!eval_positive(ev, n->range, &o->range) || !gaze_of(ev, n, &o->gaze))
		return false;
	struct slides slides = {0};
	o->slides = &slides;
	bool ok = n->kind == NODE_SUBQUERY ? over_subquery(ev, n, o) : over_selector(ev, n, o);
	slides_fini(&slides);
	return ok;
}

bool
eval_windows(const struct eval *ev, const struct node *call, struct rows *out)
{
	bool (*fn)(const struct window *, double *) = call->fn->over;
	struct over o = {
	    .call = call,
	    .fn = fn,
	    .out = out,
	    .counter = fn == over_rate || fn == over_increase,
	    .rates = fn == over_rate || fn == over_increase || fn == over_delta,
	    .per_second = fn == over_rate,
	    .starts = fn == over_rate || fn == over_increase || fn == over_irate || fn == over_resets,
	    .slide = slide_of(fn),
	};
	const struct node *matrix = NULL;
	for (size_t i = 0, k = 0; i < call->n_args; i++) {
		if (call->args[i]->type == PROMQL_MATRIX)
			matrix = call->args[i];
		else if (!eval_scalar(ev, call->args[i], &o.params[k++]))
			return false;
	}
	return reach_fits(ev, call, matrix) && over_matrix(ev, matrix, &o);
}

bool
eval_any_present(const struct eval *ev, const struct node *matrix, uint8_t *present)
{
	struct over o = {.present = present};
	return over_matrix(ev, matrix, &o);
}
