/* starts_test.c — counters whose samples say since when they count. */
#include "unit.h"

#include <math.h>

#include "promql/native.h"
#include "promql/promql.h"
#include "promql/series_text.h"
#include "unit_store.h"
#include "wire/histogram.h"

static void
put(struct unit_store *w, const char *name, msec_t t, msec_t start, const char *value)
{
	struct tsdb_ref ref = unit_store_series(w, "acme", name);
	struct tsdb_counts c;
	struct series_items items = {0};
	struct buf packed = {0};
	ck_assert(tsdb_put_starts(w->db, &(struct tsdb_start){ref, t, start}, 1, NULL) == RC_OK);
	ck_assert(series_items_parse(str_c(value), w->arena, &items, NULL) == RC_OK && items.n == 1);
	if (items.p[0].h) {
		struct histogram h;
		native_to(items.p[0].h, w->arena, &h);
		histogram_pack(&h, &packed);
		ck_assert(tsdb_append_histograms(w->db, &(struct tsdb_histogram){ref, t, buf_view(&packed)}, 1, &c, NULL) == RC_OK);
	} else {
		ck_assert(tsdb_append(w->db, &(struct tsdb_sample){ref, t, items.p[0].v}, 1, &c, NULL) == RC_OK);
	}
	ck_assert_uint_eq(c.stored, 1);
	buf_fini(&packed);
	vec_fini(&items);
}

/* Differences; a counter that began anew without its value telling; one that began when it was first seen; one that is nonsense. */
static void
load(struct unit_store *w)
{
	for (int i = 1; i <= 10; i++)
		put(w, "differences_total", i * MINUTE, (i - 1) * MINUTE + (i == 1), "60");
	for (int i = 1; i <= 10; i++)
		put(w, "plain_total", i * MINUTE, 0, "60");
	put(w, "hidden_total", 9 * MINUTE, 8 * MINUTE + 30 * SECOND, "100");
	put(w, "hidden_total", 10 * MINUTE, 9 * MINUTE + 30 * SECOND, "150");
	put(w, "new_total", 9 * MINUTE, 8 * MINUTE, "30");
	put(w, "native_seconds", 9 * MINUTE, 8 * MINUTE, "{{count:30 sum:60}}");
	put(w, "early_total", 9 * MINUTE, 2 * MINUTE, "10");
	put(w, "early_total", 10 * MINUTE, 2 * MINUTE, "20");
	put(w, "odd_total", 9 * MINUTE, 7 * MINUTE, "10");
	put(w, "odd_total", 10 * MINUTE, 8 * MINUTE, "20");
}

static struct promql_result *
ask(struct unit_store *w, const char *text)
{
	struct promql *q;
	struct promql_result *r;
	struct err e;
	struct str acme = STR("acme");
	struct promql_ask a = {.db = w->db, .tenants = {&acme, 1}, .start = 10 * MINUTE, .end = 10 * MINUTE};
	ck_assert_msg(promql_parse(str_c(text), &q, &e) == RC_OK, "%s: %s", text, e.text);
	ck_assert_msg(promql_run(q, &a, &r, &e) == RC_OK, "%s: %s", text, e.text);
	promql_destroy(&q);
	return r;
}

UNIT(starts_say_what_values_do_not)
{
	static const struct {
		const char *query;
		double v; /* NaN: no answer */
	} known[] = {
	    {"increase(differences_total[5m])", 300},
	    {"rate(differences_total[5m])", 1},
	    {"irate(differences_total[5m])", 1},
	    {"resets(differences_total[5m])", 4},
	    {"increase(plain_total[5m])", 0},
	    {"resets(plain_total[5m])", 0},
	    {"increase(differences_total[5m:1m])", 0}, /* a subquery knows of no starts */
	    {"increase(hidden_total[3m])", 250},       /* 100 since 8:30, 150 since 9:30, up to the last sample */
	    {"resets(hidden_total[3m])", 1},
	    {"irate(hidden_total[3m])", 2.5},
	    {"delta(hidden_total[2m])", 100}, /* of a gauge */
	    {"increase(new_total[5m])", 30},
	    {"increase(new_total[5m] offset 1m)", 30},
	    {"histogram_count(increase(native_seconds[5m]))", 30},
	    {"increase(early_total[90s])", 15},
	    {"start_timestamp(hidden_total)", 570},
	    {"start_timestamp(hidden_total offset 1m)", 510},
	    {"start_timestamp(native_seconds)", 480},
	    {"start_timestamp(plain_total)", 0},
	    {"start_timestamp(hidden_total * 1)", NAN},
	};
	struct unit_store w;
	unit_store_init(&w, HOUR);
	load(&w);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct promql_result *r = ask(&w, known[i].query);
		ck_assert_msg(isnan(known[i].v) ? r->n == 0 : r->n == 1 && fabs(r->series[0].points[0].v - known[i].v) < 1e-9,
		    "%s: %zu series, %g instead of %g", known[i].query, r->n, r->n ? r->series[0].points[0].v : NAN, known[i].v);
		promql_result_destroy(&r);
	}
	unit_store_fini(&w);
}
END

UNIT(starts_that_overlap_are_told)
{
	static const char *const silent[] = {"differences_total", "plain_total", "hidden_total", "early_total"};
	struct unit_store w;
	struct buf b = {0};
	unit_store_init(&w, HOUR);
	load(&w);
	struct promql_result *r = ask(&w, "rate(odd_total[5m])");
	ck_assert_uint_eq(r->warnings.n, 1);
	ck_assert(str_is(r->warnings.p[0],
	    "PromQL warning: sample has start time that overlaps with previous sample timestamp for metric \"odd_total\" (1:6)"));
	promql_result_destroy(&r);
	for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
		buf_clear(&b);
		buf_fmt(&b, "rate(%s[5m])", silent[i]);
		r = ask(&w, b.p);
		ck_assert_uint_eq(r->warnings.n, 0);
		promql_result_destroy(&r);
	}
	buf_fini(&b);
	unit_store_fini(&w);
}
END
