/* range_cache_test.c — an answer that is partly remembered is the answer, whatever is written, late, deleted or moved to disk meanwhile. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "promql/range_cache.h"
#include "unit_store.h"

enum { SERIES = 9 };
static const msec_t begin = 1700000000000;

struct world {
	struct unit_store store;
	struct tsdb_ref refs[SERIES];
	msec_t now;
};

static void
world_init(struct world *w)
{
	char selector[64];
	w->now = begin;
	unit_store_init(&w->store, begin);
	w->store.options.out_of_order = HOUR;
	unit_store_reopen(&w->store);
	for (int i = 0; i < SERIES; i++) {
		snprintf(selector, sizeof selector, "m_total{group=\"%s\",series=\"s%d\"}", i % 2 ? "a" : "b", i);
		w->refs[i] = unit_store_series(&w->store, "t", selector);
	}
}

static void
world_fini(struct world *w)
{
	unit_store_fini(&w->store);
}

/* A scrape of some series; now and then one sample comes late. */
static void
scrape(struct world *w)
{
	struct tsdb_counts c;
	struct err e;
	w->now += 15000;
	clock_virtual_advance(w->store.clock, 15000);
	for (int i = 0; i < SERIES; i++) {
		struct tsdb_sample s = {w->refs[i], w->now + i, rand() % 30 ? (double)(w->now / 1000 % 10000 * (i + 1)) : i == 8 ? tsdb_stale() : 0};
		if (rand() % 12 == 0)
			continue;
		if (rand() % 40 == 0)
			s.t -= rand() % 600000;
		ck_assert(tsdb_append(w->store.db, &s, 1, &c, &e) == RC_OK);
	}
}

static void
delete_some(struct world *w)
{
	struct str tenant = STR("t");
	struct matchers ms = {0};
	struct err e;
	msec_t from = w->now - rand() % 3000000;
	ck_assert(matchers_parse(&ms, STR("group=a"), &e) == RC_OK);
	struct tsdb_select q = {.tenants = {&tenant, 1}, .matchers = &ms, .min = from, .max = from + 30000};
	ck_assert_msg(tsdb_delete(w->store.db, &q, &e) == RC_OK, "%s", e.text);
	matchers_fini(&ms);
}

static void
check_same(const struct promql_result *a, const struct promql_result *b, const char *text)
{
	ck_assert_msg(a->type == b->type && a->n == b->n, "%s: %zu series, not %zu", text, a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct promql_series *x = &a->series[i], *y = &b->series[i];
		ck_assert_msg(labels_eq(x->labels, y->labels) && x->n == y->n, "%s: series %zu has %zu points, not %zu", text, i, x->n, y->n);
		for (size_t k = 0; k < x->n; k++)
			ck_assert_msg(x->points[k].t == y->points[k].t && (x->points[k].v == y->points[k].v || (isnan(x->points[k].v) && isnan(y->points[k].v))),
			    "%s: series %zu at %lld: %.17g, not %.17g", text, i, (long long)x->points[k].t, x->points[k].v, y->points[k].v);
	}
}

UNIT(an_answer_that_is_partly_remembered_is_the_answer)
{
	static const char *const queries[] = {"rate(m_total[1m])", "sum by (group) (increase(m_total[5m]))", "m_total", "max_over_time(m_total[10m] offset 2m)",
	    "m_total offset -1m", "sum(m_total) / count(m_total)", "m_total > 5000", "topk(2, rate(m_total[2m]))", "avg_over_time(rate(m_total[1m])[5m:30s])",
	    "absent(m_total{group=\"a\"})", "m_total @ end()", "m_total @ 1700000600", "time() - timestamp(m_total)", "m_total[1m] smoothed", "rate(m_total[2m] smoothed)"};
	struct range_cache *c = range_cache_create(200 * 1000, 0);
	struct world w;
	size_t asked = 0;
	srand(41);
	world_init(&w);
	for (int round = 0; round < 2500; round++) {
		static const msec_t steps[] = {15000, 60000, 7000};
		struct str tenant = STR("t");
		struct err e;
		scrape(&w);
		if (round % 400 == 399)
			ck_assert(tsdb_flush(w.store.db, &e) == RC_OK);
		if (round % 301 == 300)
			delete_some(&w);
		const char *text = queries[rand() % 15];
		msec_t step = steps[rand() % 3], end = (w.now - (rand() % 3 ? 0 : rand() % 900000)) / step * step + (rand() % 4 ? 0 : 1000), start = end - (rand() % 2 ? 60 : 20) * step;
		struct promql_ask ask = {.db = w.store.db, .tenants = {&tenant, 1}, .start = start, .end = end, .step = step};
		struct promql_result *kept, *fresh;
		struct promql *q;
		if (promql_parse(str_c(text), &q, &e) != RC_OK || promql_type(q) == PROMQL_MATRIX) {
			promql_destroy(&q);
			continue;
		}
		ck_assert_msg(range_cache_run(c, q, &ask, &kept, &e) == RC_OK, "%s: %s", text, e.text);
		ck_assert_msg(promql_run(q, &ask, &fresh, &e) == RC_OK, "%s: %s", text, e.text);
		check_same(kept, fresh, text);
		promql_result_destroy(&kept);
		/* and at once again */
		ck_assert(range_cache_run(c, q, &ask, &kept, &e) == RC_OK);
		check_same(kept, fresh, text);
		asked += kept->samples == 0 && fresh->samples > 0;
		promql_result_destroy(&kept);
		promql_result_destroy(&fresh);
		promql_destroy(&q);
	}
	ck_assert_uint_gt(asked, 500); /* answered without looking at a sample */
	world_fini(&w);
	range_cache_destroy(&c);
}
END
