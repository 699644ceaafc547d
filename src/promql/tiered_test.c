/* tiered_test.c — what is answered from windows is what the samples say, for every function, step, range and moment. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "promql/promql.h"
#include "promql/summary.h"
#include "tsdb/tsdb.h"

enum { SERIES = 8, HOURS = 62 };
static const msec_t begin = 20000 * DAY;

struct world {
	char dir[64];
	struct clock *clock;
	struct tsdb_options options;
	struct tsdb *db;
	struct tsdb_ref refs[SERIES];
};

static void
world_open(struct world *w)
{
	struct err e;
	struct arena *a = arena_create();
	ck_assert_msg(tsdb_open(&w->options, &w->db, &e) == RC_OK, "%s", e.text);
	for (int i = 0; i < SERIES; i++) {
		struct pair p[] = {{STR("__name__"), STR("x_total")}, {STR("i"), arena_fmt(a, "%d", i)}};
		ck_assert(tsdb_series(w->db, STR("t"), labels_from_pairs((struct pairs){p, 2}, a), &w->refs[i], NULL) == RC_OK);
	}
	arena_destroy(&a);
}

static void
put(struct world *w, int i, msec_t t, double v)
{
	struct tsdb_sample s = {w->refs[i], t, v};
	struct tsdb_counts c;
	ck_assert(tsdb_append(w->db, &s, 1, &c, NULL) == RC_OK);
}

static double
value_of(int i, double last)
{
	static const double odd[] = {NAN, INFINITY, -INFINITY, -0.0, 0};
	last = isfinite(last) ? last : 0;
	switch (i) {
	case 0: return last + rand() % 9;                                       /* a counter */
	case 1: return rand() % 200 ? last + rand() % 9 : rand() % 3;           /* with resets */
	case 2: return last + (double)(rand() % 1000) / 100;                    /* of hundredths */
	case 3: return rand() % 30 ? (double)mrand48() * 1e-7 : tsdb_stale();   /* a gauge that comes and goes */
	case 4: return rand() % 9 ? (double)(rand() % 100 - 50) : odd[rand() % 5];
	case 5: return rand() % 3 ? last : (double)(rand() % 100);
	case 6: return (rand() % 2 ? 1.0 : -1.0) * (rand() % 3 ? 0.0 : 7);      /* both zeros */
	default: return rand() % 5 ? tsdb_stale() : (double)(rand() % 4);
	}
}

static void
world_init(struct world *w, msec_t retention)
{
	double last[SERIES] = {0};
	*w = (struct world){.dir = "/tmp/promql-tiers-XXXXXX"};
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(w->dir));
	w->clock = clock_virtual_create(begin);
	w->options = (struct tsdb_options){.dir = w->dir, .clock = w->clock, .sync_every = 200, .out_of_order = 100 * DAY, .retention = retention};
	w->options.tier_keep[0] = w->options.tier_keep[1] = 1000 * DAY;
	world_open(w);
	while (clock_wall(w->clock) < begin + HOURS * HOUR) {
		msec_t now = clock_wall(w->clock);
		for (int i = 0; i < SERIES; i++)
			if (i != 5 || now / (7 * MINUTE) % 4) /* with gaps */
				put(w, i, now + (i == 2 ? rand() % 9000 : i), last[i] = value_of(i, last[i]));
		clock_virtual_advance(w->clock, 40 * 1000);
		ck_assert(tsdb_tick(w->db, NULL) == RC_OK);
	}
}

static void
world_fini(struct world *w)
{
	tsdb_close(&w->db);
	clock_destroy(&w->clock);
	unit_remove(w->dir);
}

static struct promql_result *
ask(struct world *w, const char *text, msec_t start, msec_t end, msec_t step, bool samples_only)
{
	struct str who = STR("t");
	struct promql_ask a = {.db = w->db, .tenants = {&who, 1}, .start = start, .end = end, .step = step, .samples_only = samples_only};
	struct promql *q;
	struct promql_result *r;
	struct err e;
	ck_assert_msg(promql_parse(str_c(text), &q, &e) == RC_OK, "%s: %s", text, e.text);
	ck_assert_msg(promql_run(q, &a, &r, &e) == RC_OK, "%s: %s", text, e.text);
	promql_destroy(&q);
	return r;
}

/* Sums of fractions, and what is lost in several resets, are added in another order. */
static bool
alike(double a, double b, bool sums)
{
	if (isnan(a) || isnan(b))
		return isnan(a) && isnan(b);
	return memcmp(&a, &b, sizeof a) == 0 || (sums && (a == b || fabs(a - b) <= 1e-11 * (fabs(a) + fabs(b) + 1)));
}

static void
compare(const char *text, const struct promql_result *got, const struct promql_result *want, bool sums)
{
	ck_assert_msg(got->n == want->n, "%s: %zu series, expected %zu", text, got->n, want->n);
	for (size_t i = 0; i < got->n; i++) {
		const struct promql_series *a = &got->series[i], *b = &want->series[i];
		ck_assert(str_eq(a->labels.bytes, b->labels.bytes));
		ck_assert_msg(a->n == b->n, "%s, series %zu: %zu points, expected %zu", text, i, a->n, b->n);
		for (size_t k = 0; k < a->n; k++)
			ck_assert_msg(a->points[k].t == b->points[k].t && alike(a->points[k].v, b->points[k].v, sums),
			    "%s, series %zu at %lld: %.17g, expected %.17g", text, i, (long long)(a->points[k].t - begin), a->points[k].v,
			    b->points[k].v);
	}
	ck_assert_msg(got->infos.n == want->infos.n && got->warnings.n == want->warnings.n, "%s: other notes", text);
}

static const char *const functions[] = {"avg_over_time", "count_over_time", "delta", "first_over_time", "increase", "last_over_time",
    "max_over_time", "min_over_time", "present_over_time", "rate", "resets", "sum_over_time", "ts_of_first_over_time",
    "ts_of_last_over_time", "absent_over_time", /* and some that know nothing of windows */ "changes", "stddev_over_time", "deriv",
    "quantile_over_time"};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

/* An expression, a grid, and whether windows can be expected. */
struct question {
	char text[200];
	msec_t start, end, step;
	bool sums;
};

static void
make_question(struct question *q, int k)
{
	static const msec_t widths[] = {5 * MINUTE, HOUR, 15 * MINUTE, 7 * MINUTE, DAY};
	static const char *const moments[] = {"", " offset 1h", " offset 10m", " offset 90s", " @ end()", " @ 1728100800", " offset -1h"};
	const char *moment = moments[rand() % 7];
	msec_t width = widths[rand() % 5];
	int n = 1 + rand() % 6;
	q->step = rand() % 3 ? width : widths[rand() % 5];
	q->start = begin + rand() % 40 * HOUR + (rand() % 3 ? 0 : rand() % 2 ? 5 * MINUTE * (rand() % 12) : rand() % HOUR);
	q->end = q->start + q->step * (rand() % 4 ? rand() % 60 : 0);
	if (rand() % 6 == 0)
		q->step = 0, q->end = q->start;
	const char *fn = functions[k % FUNCTIONS];
	q->sums = strncmp(fn, "sum_", 4) == 0 || strncmp(fn, "avg_", 4) == 0 || strcmp(fn, "rate") == 0 || strcmp(fn, "increase") == 0;
	snprintf(q->text, sizeof q->text, "%s(%sx_total[%llds]%s)", fn, strncmp(fn, "quantile", 8) == 0 ? "0.5, " : "", (long long)(width * n / 1000), moment);
	if (k % 23 == 0)
		snprintf(q->text, sizeof q->text, "%s", k % 2 ? "x_total" : "timestamp(x_total)");
	if (k % 29 == 0)
		snprintf(q->text, sizeof q->text, "count(x_total%s) + sum(rate(x_total[1h])) unless on () absent(x_total)", moment);
	q->sums |= k % 29 == 0;
}

static size_t
ask_both(struct world *w, int rounds)
{
	size_t used = 0;
	for (int k = 0; k < rounds; k++) {
		struct question q;
		make_question(&q, k);
		struct promql_result *got = ask(w, q.text, q.start, q.end, q.step, false), *want = ask(w, q.text, q.start, q.end, q.step, true);
		compare(q.text, got, want, q.sums);
		used += got->windows[0] || got->windows[1];
		ck_assert(!want->windows[0] && !want->windows[1]);
		promql_result_destroy(&got);
		promql_result_destroy(&want);
	}
	return used;
}

UNIT(tiered_answers_are_those_of_the_samples)
{
	struct world w;
	world_init(&w, 0);
	ck_assert_uint_gt(ask_both(&w, 2000), 500);
	/* late ones, in the head and then in blocks, where windows were there before */
	for (int round = 0; round < 4; round++) {
		for (int k = 0; k < 5; k++)
			put(&w, rand() % SERIES, begin + rand() % (50 * HOUR), k);
		ask_both(&w, 150);
		ck_assert(round == 3 ? tsdb_compact(w.db, NULL) == RC_OK : tsdb_flush(w.db, NULL) == RC_OK);
		ask_both(&w, 150);
	}
	world_fini(&w);
}
END

/* The same questions when samples have gone: windows of the same width answer them as before. */
UNIT(tiered_answers_outlive_the_samples)
{
	static const char *const texts[] = {"max_over_time(x_total[1h])", "rate(x_total{i=~\"[01]\"}[1h])", "count_over_time(x_total[2h])",
	    "resets(x_total{i=~\"[01]\"}[5h])",
	    "sum_over_time(x_total[1h])", "last_over_time(x_total[1h] offset 1h)", "x_total", "timestamp(x_total)"};
	enum { TEXTS = sizeof texts / sizeof *texts };
	struct promql_result *before[TEXTS];
	struct world w;
	world_init(&w, 0);
	for (int i = 0; i < TEXTS; i++)
		before[i] = ask(&w, texts[i], begin + 2 * HOUR, begin + 23 * HOUR, HOUR, true);
	tsdb_close(&w.db);
	w.options.retention = 10 * HOUR;
	world_open(&w);
	clock_virtual_advance(w.clock, 11 * MINUTE);
	ck_assert(tsdb_tick(w.db, NULL) == RC_OK);
	for (int i = 0; i < TEXTS; i++) {
		struct promql_result *gone = ask(&w, texts[i], begin + 2 * HOUR, begin + 23 * HOUR, HOUR, true),
				     *got = ask(&w, texts[i], begin + 2 * HOUR, begin + 23 * HOUR, HOUR, false);
		ck_assert_uint_eq(gone->n, 0);
		ck_assert_uint_ge(got->infos.n, 1);
		ck_assert_ptr_nonnull(strstr(got->infos.p[got->infos.n - 1].p, "the samples are past their retention: answered from windows of 1h"));
		got->infos.n--;
		before[i]->infos.n = got->infos.n;
		if (i < 6)
			compare(texts[i], got, before[i], i == 1 || i == 4);
		else
			ck_assert_uint_ge(got->n, before[i]->n);
		promql_result_destroy(&gone);
		promql_result_destroy(&got);
		promql_result_destroy(&before[i]);
	}
	/* in steps that do not fall on windows, and by functions that know nothing of them: as well as it can be said */
	struct promql_result *r = ask(&w, "max_over_time(x_total{i=\"0\"}[10m])", begin + 2 * HOUR + MINUTE, begin + 20 * HOUR, 7 * MINUTE, false);
	ck_assert_uint_eq(r->n, 1);
	ck_assert_uint_gt(r->series[0].n, 140);
	promql_result_destroy(&r);
	r = ask(&w, "deriv(x_total{i=\"0\"}[3h])", begin + 4 * HOUR + MINUTE, begin + 20 * HOUR, 7 * MINUTE, false);
	ck_assert_uint_eq(r->n, 1);
	for (size_t i = 0; i < r->series[0].n; i++)
		ck_assert(fabs(r->series[0].points[i].v - 4.0 / 40) < 0.02);
	promql_result_destroy(&r);
	r = ask(&w, "x_total{i=\"0\"}", begin + 2 * HOUR + 77000, begin + 20 * HOUR, 11 * MINUTE, false);
	ck_assert_uint_eq(r->series[0].n, (18 * HOUR - 77000) / (11 * MINUTE) + 1);
	promql_result_destroy(&r);
	r = ask(&w, "x_total{i=\"0\"}[2h]", begin + 5 * HOUR, begin + 5 * HOUR, 0, false);
	ck_assert_uint_ge(r->series[0].n, 48);
	promql_result_destroy(&r);
	world_fini(&w);
}
END

/* ---- summaries ---- */

static void
check_period(struct world *w, const char *fn, int series, const struct summary_period *p, double got, msec_t from, msec_t to)
{
	char text[200];
	snprintf(text, sizeof text, "%s(x_total{i=\"%d\"}[%lldms])", fn, series, (long long)(to - from));
	struct promql_result *r = ask(w, text, to, to, 0, true);
	ck_assert_msg((r->n == 1) == (p->n > 0), "%s: %g samples", text, p->n);
	if (r->n)
		ck_assert_msg(alike(got, r->series[0].points[0].v, true), "%s: %.17g, expected %.17g", text, got, r->series[0].points[0].v);
	promql_result_destroy(&r);
}

UNIT(summary_says_what_the_samples_say)
{
	static const char *const functions_of[] = {"min_over_time", "max_over_time", "avg_over_time", "last_over_time", "count_over_time"};
	struct world w;
	struct str who = STR("t");
	struct matchers all = {0};
	struct summary *s;
	struct err e;
	world_init(&w, 0);
	ck_assert(matchers_add(&all, STR("__name__"), MATCH_EQ, STR("x_total"), &e) == RC_OK);
	for (int round = 0; round < 6; round++) {
		msec_t now = begin + HOURS * HOUR - rand() % (20 * HOUR);
		struct summary_ask q = {.db = w.db, .tenants = {&who, 1}, .matchers = &all, .now = now, .spans = round ? 31 : 2};
		ck_assert(summary_run(&q, &s, &e) == RC_OK);
		ck_assert_uint_eq(s->n, SERIES);
		ck_assert(!s->alone);
		for (int k = 0; k < SERIES * SUMMARY_SPANS; k++) {
			int i = k / SUMMARY_SPANS, span = k % SUMMARY_SPANS;
			for (int past = 0; past < 2; past++) {
				const struct summary_period *p = past ? &s->series[i].before[span] : &s->series[i].now[span];
				const double got[] = {p->min, p->max, p->avg, p->last, p->n};
				for (int f = 0; (q.spans & 1u << span) && f < 5; f++)
					check_period(&w, functions_of[f], i, p, got[f], past ? s->from[span] : s->middle[span], past ? s->middle[span] : s->to);
			}
		}
		ck_assert(s->series[0].counter && s->series[0].now[SUMMARY_DAY].increase >= 0);
		ck_assert(s->series[0].now[SUMMARY_DAY].increase == s->series[0].now[SUMMARY_DAY].max - s->series[0].now[SUMMARY_DAY].min);
		summary_destroy(&s);
	}
	struct summary_ask few = {.db = w.db, .tenants = {&who, 1}, .matchers = &all, .now = begin + HOUR, .spans = 1, .series_limit = 3};
	ck_assert(summary_run(&few, &s, &e) == RC_REFUSED);
	matchers_fini(&all);
	world_fini(&w);
}
END
