/*
 * tiers.c — what queries over months cost from samples and from windows.
 *
 *     tiers [DIR [DAYS [SERIES]]]      a store of its own in DIR, made when it is not there yet: a sample each 15 s
 *
 * CPU of this process; nothing is remembered of earlier queries, all is in the kernel's cache.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "promql/promql.h"
#include "promql/summary.h"
#include "tsdb/tsdb.h"

enum { EVERY = 15000 };
static const msec_t begin = 20000 * DAY;

static double
cpu(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
must_be(enum rc rc, const struct err *e)
{
	if (rc == RC_OK)
		return;
	fprintf(stderr, "%s\n", e->text);
	exit(1);
}

/* A counter, a gauge that rests, one that does not, and one with fractions. */
static double
next_value(size_t series, double last, long random)
{
	switch (series % 4) {
	case 0: return last + (double)(random % 1000);
	case 1: return random % 20 ? last : (double)(random % 100);
	case 2: return (double)(random % 100000);
	default: return (double)(random % 1000000) / 1000;
	}
}

static void
fill(struct tsdb *db, struct clock *clock, size_t series, msec_t end)
{
	struct tsdb_sample *batch = mem_zalloc(series * sizeof *batch);
	struct tsdb_counts c;
	struct err e;
	struct arena *a = arena_create();
	for (size_t i = 0; i < series; i++) {
		struct pair p[] = {{STR("__name__"), i % 4 ? STR("load") : STR("work_total")}, {STR("i"), arena_fmt(a, "%05zu", i)},
		    {STR("instance"), arena_fmt(a, "host%zu", i / 200)}};
		must_be(tsdb_series(db, STR("t"), labels_from_pairs((struct pairs){p, 3}, a), &batch[i].ref, &e), &e);
	}
	for (msec_t now; (now = clock_wall(clock)) < end; clock_virtual_advance(clock, EVERY)) {
		for (size_t i = 0; i < series; i++) {
			batch[i].t = now + (msec_t)(i / 200); /* 200 of a host come at once */
			batch[i].v = next_value(i, batch[i].v, random());
		}
		must_be(tsdb_append(db, batch, series, &c, &e), &e);
		must_be(tsdb_tick(db, &e), &e);
	}
	must_be(tsdb_flush(db, &e), &e);
	mem_free(batch);
	arena_destroy(&a);
}

static double
ask(struct tsdb *db, const char *text, msec_t start, msec_t end, msec_t step, bool samples_only, size_t *n)
{
	struct str who = STR("t");
	struct promql_ask q = {.db = db, .tenants = {&who, 1}, .start = start, .end = end, .step = step, .samples_only = samples_only,
	    .limits = {.samples = 1000000000}};
	struct promql *p;
	struct promql_result *r;
	struct err e;
	must_be(promql_parse(str_c(text), &p, &e), &e);
	double best = 1e9;
	for (int i = 0; i < 3; i++) {
		double since = cpu();
		must_be(promql_run(p, &q, &r, &e), &e);
		best = cpu() - since < best ? cpu() - since : best;
		*n = r->n;
		promql_result_destroy(&r);
	}
	promql_destroy(&p);
	return best;
}

static void
sum_up(struct tsdb *db, msec_t now, const char *name, unsigned spans)
{
	struct str who = STR("t");
	struct summary_ask q = {.db = db, .tenants = {&who, 1}, .now = now, .spans = spans};
	struct summary *s;
	struct err e;
	double best = 1e9;
	size_t n = 0;
	for (int i = 0; i < 3; i++) {
		double since = cpu();
		must_be(summary_run(&q, &s, &e), &e);
		best = cpu() - since < best ? cpu() - since : best;
		n = s->n;
		summary_destroy(&s);
	}
	printf("summary: %-36s %6zu series                       windows %7.1f ms\n", name, n, best * 1000);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *text;
		msec_t step;
	} asks[] = {{"max_over_time({__name__=~\".+\"}[1d])", DAY}, {"avg_over_time({__name__=~\".+\"}[1h])", HOUR},
	    {"rate(work_total[1h])", HOUR}, {"avg(load)", HOUR}, {"max_over_time({__name__=~\".+\"}[30d])", 0}};
	uint64_t days = 90, series = 1000;
	const char *dir = argc > 1 ? argv[1] : "/tmp/tiers";
	if ((argc > 2 && !str_u64(str_c(argv[2]), &days)) || (argc > 3 && !str_u64(str_c(argv[3]), &series)))
		return 2;
	log_setup("tiers", LOG_ERROR);
	struct clock *clock = clock_virtual_create(begin);
	struct tsdb_options o = {.dir = dir, .clock = clock, .sync_every = DAY};
	struct tsdb *db;
	struct err e;
	double since = cpu();
	must_be(tsdb_open(&o, &db, &e), &e);
	printf("opened in %.2f s\n", cpu() - since);
	struct tsdb_state st;
	tsdb_state(db, &st);
	msec_t end = begin + (msec_t)days * DAY;
	since = cpu();
	if (!st.blocks)
		fill(db, clock, series, end);
	printf("filled in %.1f s\n", cpu() - since);
	since = cpu();
	if (st.blocks && !st.tiers) {
		must_be(tsdb_compact(db, &e), &e);
		printf("windows of all blocks in %.1f s\n", cpu() - since);
	}
	tsdb_state(db, &st);
	printf("%zu blocks with %.1f MB, %zu tiers with %.1f MB\n", st.blocks, (double)st.block_bytes / 1e6, st.tiers, (double)st.tier_bytes / 1e6);
	for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
		size_t n, m;
		msec_t start = asks[i].step ? begin + asks[i].step : end, step = asks[i].step;
		double samples = ask(db, asks[i].text, start, end, step, true, &n), windows = ask(db, asks[i].text, start, end, step, false, &m);
		printf("%-45s %6zu series  samples %8.1f ms  windows %7.1f ms  %5.1f times\n", asks[i].text, n, samples * 1000, windows * 1000, samples / windows);
	}
	for (int i = 0; i < SUMMARY_SPANS; i++)
		sum_up(db, end, summary_names[i], 1u << i);
	sum_up(db, end, "all of them", (1u << SUMMARY_SPANS) - 1);
	tsdb_close(&db);
	clock_destroy(&clock);
	return 0;
}
