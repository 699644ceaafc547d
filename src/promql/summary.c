/* summary.c — see summary.h. */
#include "promql/summary.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "promql/tiered.h"
#include "tsdb/samples.h"

const char *const summary_names[SUMMARY_SPANS] = {"hour", "day", "week", "month", "year"};
static const msec_t lengths[SUMMARY_SPANS] = {HOUR, DAY, 7 * DAY, 30 * DAY, 365 * DAY};

/* An increase is told of counters alone. */
#define COUNTER_COLUMNS (SUMMARY_COLUMNS | TIER_HAS(TIER_FIRST) | TIER_HAS(TIER_LOST))

static void
find_periods(const struct summary_ask *ask, struct summary *s)
{
	s->to = ask->now;
	for (int i = 0; i < SUMMARY_SPANS; i++) {
		msec_t end = i == SUMMARY_HOUR ? ask->now : tier_floor(ask->now, HOUR);
		s->middle[i] = end - lengths[i];
		s->from[i] = s->middle[i] - lengths[i];
	}
}

static void
look(const struct tsdb_view *view, unsigned columns, msec_t after, msec_t upto, struct summary_period *out)
{
	struct sight x = {0};
	tiered_look(view, columns, after, upto, &x);
	*out = (struct summary_period){.n = x.n, .min = x.min, .max = x.max, .last = x.last};
	if (x.n)
		out->avg = sight_mean(&x);
	out->increase = x.last - x.first + x.lost;
}

static unsigned
columns_of(struct labels ls)
{
	return looks_like_counter(labels_get(ls, STR(LABEL_METRIC))) ? COUNTER_COLUMNS : SUMMARY_COLUMNS;
}

struct summing {
	const struct summary_ask *ask;
	struct summary *s;
	unsigned spans;   /* of this walk */
	struct map *seen; /* series, by their labels */
	VEC(struct summary_series *) all;
	struct stripped room;
};

static struct summary_series *
series_of(struct summing *x, struct labels ls)
{
	struct summary_series *s = map_get(x->seen, ls.bytes);
	if (s)
		return s;
	s = arena_array(x->s->arena, struct summary_series, 1);
	s->labels = labels_copy(ls, x->s->arena);
	s->counter = looks_like_counter(labels_get(ls, STR(LABEL_METRIC)));
	map_put(x->seen, s->labels.bytes, s);
	*vec_add(&x->all) = s;
	return s;
}

static void
sum_up(struct summing *x, struct tsdb_view *view)
{
	struct summary_period now, before;
	unsigned columns = columns_of(view->labels);
	strip_stale(view, &x->room);
	x->s->alone |= view->n_alone > 0;
	for (int i = 0; i < SUMMARY_SPANS; i++) {
		if (!(x->spans & 1u << i))
			continue;
		look(view, columns, x->s->middle[i], x->s->to, &now);
		look(view, columns, x->s->from[i], x->s->middle[i], &before);
		if (!now.n && !before.n)
			continue;
		struct summary_series *s = series_of(x, view->labels);
		s->now[i] = now;
		s->before[i] = before;
	}
}

static enum rc
go_on(const struct summary_ask *ask, struct err *e)
{
	if (ask->cancel && *ask->cancel)
		return err_set(e, RC_CANCELLED, "the summary was cancelled");
	if (ask->deadline && clock_mono(clock_real()) > ask->deadline)
		return err_set(e, RC_TIMEOUT, "the summary took too long");
	return RC_OK;
}

/* Those of these spans, from one walk over the series. */
static enum rc
walk(struct summing *x, unsigned spans, msec_t window, struct err *e)
{
	msec_t first = x->s->to;
	x->spans = spans & x->ask->spans;
	for (int i = 0; i < SUMMARY_SPANS; i++)
		if (x->spans & 1u << i && x->s->from[i] < first)
			first = x->s->from[i];
	if (!x->spans)
		return RC_OK;
	struct tsdb_select q = {.tenants = x->ask->tenants, .matchers = x->ask->matchers, .min = first + 1, .max = x->s->to,
	    .series_limit = x->ask->series_limit, .window = window, .rest = true, .columns = SUMMARY_COLUMNS};
	struct tsdb_cursor *c;
	struct tsdb_view view;
	enum rc rc = tsdb_cursor_create(x->ask->db, &q, &c, e);
	if (rc != RC_OK)
		return rc;
	for (struct labels ls; rc == RC_OK && tsdb_cursor_peek(c, &ls);) {
		tsdb_cursor_want(c, columns_of(ls) | TIER_AS_IT_IS);
		if (tsdb_cursor_next(c, &view))
			sum_up(x, &view);
		rc = go_on(x->ask, e);
	}
	tsdb_cursor_destroy(&c);
	return rc;
}

static int
by_labels(const void *a, const void *b)
{
	return labels_cmp(((const struct summary_series *)a)->labels, ((const struct summary_series *)b)->labels);
}

static void
take_series(struct summing *x)
{
	struct summary *s = x->s;
	s->series = arena_array(s->arena, struct summary_series, x->all.n + 1);
	for (; s->n < x->all.n; s->n++)
		s->series[s->n] = *x->all.p[s->n];
	if (s->n)
		qsort(s->series, s->n, sizeof *s->series, by_labels);
}

enum rc
summary_run(const struct summary_ask *ask, struct summary **out, struct err *e)
{
	struct summary *s = mem_new(struct summary);
	s->arena = arena_create();
	struct summing x = {.ask = ask, .s = s, .seen = map_create()};
	find_periods(ask, s);
	enum rc rc = walk(&x, 1u << SUMMARY_HOUR, 0, e);
	if (rc == RC_OK)
		rc = walk(&x, ~(1u << SUMMARY_HOUR), HOUR, e);
	if (rc == RC_OK)
		take_series(&x);
	map_destroy(&x.seen);
	vec_fini(&x.all);
	stripped_fini(&x.room);
	if (rc != RC_OK)
		summary_destroy(&s);
	*out = s;
	return rc;
}

void
summary_destroy(struct summary **ps)
{
	if (!*ps)
		return;
	arena_destroy(&(*ps)->arena);
	mem_free(*ps);
	*ps = NULL;
}
