/* cardinality_test.c — the label that explodes is named, with its hour and where it comes from. */
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"
#include "tsdb/cardinality.h"

static void
add(struct tsdb *db, struct arena *a, const char *tenant, const char *job, const char *name, const char *value, msec_t t)
{
	struct pair p[] = {{STR("__name__"), STR("x")}, {STR("job"), str_c(job)}, {str_c(name), str_c(value)}};
	struct tsdb_ref ref;
	struct tsdb_counts n;
	struct err e;
	ck_assert_int_eq(tsdb_series(db, str_c(tenant), labels_from_pairs((struct pairs){p, 3}, a), &ref, &e), RC_OK);
	struct tsdb_sample s = {ref, t, 1};
	ck_assert_int_eq(tsdb_append(db, &s, 1, &n, &e), RC_OK);
}

UNIT(what_explodes_is_found)
{
	char dir[] = "/tmp/cardinality-XXXXXX", text[64];
	msec_t now = 100 * DAY;
	struct arena *a = arena_create();
	struct tsdb *db;
	struct err e;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	struct clock *clock = clock_virtual_create(now);
	struct tsdb_options o = {.dir = dir, .clock = clock, .sync_every = 200, .out_of_order = 10 * DAY};
	ck_assert_int_eq(tsdb_open(&o, &db, &e), RC_OK);
	for (int i = 0; i < 40; i++) {
		snprintf(text, sizeof text, "v%02d", i);
		add(db, a, "t", "old", "host", text, now - 2 * DAY);
	}
	for (int i = 0; i < 100; i++) { /* thirty of each hour, the newest last */
		snprintf(text, sizeof text, "u%02d", i);
		add(db, a, "t", "web", "user", text, now - 3 * HOUR + 1 + i * (3 * HOUR / 100));
	}
	add(db, a, "other", "web", "user", "foreign", now);

	struct tsdb_cardinality c;
	tsdb_cardinality(db, STR("t"), now, 2, a, &c);
	ck_assert_uint_eq(c.series, 140);
	ck_assert_uint_eq(c.began[0] + c.began[1] + c.began[2], 100);
	ck_assert_uint_eq(c.labels.n, 2);
	ck_assert_str(c.labels.p[0].name, "user");
	ck_assert_uint_eq(c.labels.p[0].values, 100);
	ck_assert_uint_eq(c.labels.p[0].fresh, 100);
	ck_assert_str(c.labels.p[1].name, "host");
	ck_assert_uint_eq(c.labels.p[1].fresh, 0);
	ck_assert_int_eq(c.labels.p[1].since, now - 2 * DAY);
	ck_assert_str(c.metrics.p[0].name, "x");
	ck_assert_uint_eq(c.metrics.p[0].series, 140);
	ck_assert_uint_eq(c.metrics.p[0].fresh, 100);
	ck_assert_str(c.jobs.p[0].name, "web");

	struct tsdb_label_usage u;
	tsdb_cardinality_label(db, STR("t"), STR("user"), now, 3, a, &u);
	ck_assert_uint_eq(u.label.values, 100);
	ck_assert_uint_ge(u.began[2], 33);
	ck_assert_uint_eq(u.newest.n, 3);
	ck_assert_str(u.newest.p[0].name, "u99");
	ck_assert_uint_eq(u.jobs.n, 1);
	ck_assert_str(u.jobs.p[0].name, "web");
	ck_assert_uint_eq(u.jobs.p[0].series, 100);

	tsdb_cardinality(db, STR("nobody"), now, 2, a, &c);
	ck_assert_uint_eq(c.series + c.labels.n + c.metrics.n, 0);
	tsdb_cardinality_label(db, STR("t"), STR("no such label"), now, 3, a, &u);
	ck_assert_uint_eq(u.label.values + u.newest.n + u.jobs.n, 0);
	tsdb_close(&db);
	clock_destroy(&clock);
	arena_destroy(&a);
	unit_remove(dir);
}
END
