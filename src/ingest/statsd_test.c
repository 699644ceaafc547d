/* statsd_test.c — what meters store, flush after flush, also when their series have gone meanwhile. */
#include "unit.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/time.h"
#include "ingest/statsd.h"

struct fixture {
	char dir[64];
	struct clock *clock;
	struct tsdb *db;
	struct statsd *meters;
};

static void
fixture_init(struct fixture *f)
{
	*f = (struct fixture){.dir = "/tmp/statsd-test-XXXXXX", .clock = clock_virtual_create(100 * DAY)};
	struct tsdb_options o = {.dir = f->dir, .clock = f->clock, .sync_every = 200, .retention = 30 * DAY};
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(f->dir));
	ck_assert(tsdb_open(&o, &f->db, NULL) == RC_OK);
	f->meters = statsd_create(f->db, STR("t"), 10);
}

static void
fixture_fini(struct fixture *f)
{
	statsd_destroy(&f->meters);
	tsdb_close(&f->db);
	clock_destroy(&f->clock);
	unit_remove(f->dir);
}

static enum rc
send_and_flush(struct fixture *f, const char *lines)
{
	struct err e;
	msec_t now = clock_wall(f->clock);
	ck_assert(statsd_take(f->meters, str_c(lines), now, &e) == RC_OK);
	enum rc rc = statsd_flush(f->meters, now, &e);
	clock_virtual_advance(f->clock, 10 * SECOND);
	return rc;
}

static size_t
series(struct fixture *f)
{
	struct tsdb_state s;
	tsdb_state(f->db, &s);
	return s.series;
}

/* Its newest value, when it is not older than a minute; -1: there is none. */
static double
newest(struct fixture *f, const char *selector)
{
	struct str who = STR("t");
	struct matchers ms = {0};
	struct tsdb_select q = {.tenants = {&who, 1}, .matchers = &ms, .min = clock_wall(f->clock) - MINUTE, .max = INT64_MAX};
	struct tsdb_cursor *c;
	struct tsdb_view v;
	double found = -1;
	ck_assert(matchers_parse(&ms, str_c(selector), NULL) == RC_OK && tsdb_cursor_create(f->db, &q, &c, NULL) == RC_OK);
	while (tsdb_cursor_next(c, &v))
		found = v.n ? v.v[v.n - 1] : found;
	tsdb_cursor_destroy(&c);
	matchers_fini(&ms);
	return found;
}

UNIT(statsd_meters_go_on_from_flush_to_flush)
{
	struct fixture f;
	fixture_init(&f);
	for (int i = 1; i <= 3; i++) {
		ck_assert(send_and_flush(&f, "hits:2|c\nload:7|g\nlatency:10|ms\nlatency:30|ms") == RC_OK);
		ck_assert_double_eq(newest(&f, "__name__=hits"), 2 * i);
		ck_assert_double_eq(newest(&f, "__name__=load"), 7);
		ck_assert_double_eq(newest(&f, "__name__=latency_sum"), 40 * i);
		ck_assert_double_eq(newest(&f, "__name__=latency_count"), 2 * i);
		ck_assert_double_eq(newest(&f, "{__name__=latency, quantile=\"0.99\"}"), 30);
		ck_assert_uint_eq(series(&f), 7);
	}
	fixture_fini(&f);
}
END

UNIT(statsd_finds_series_that_have_gone_anew)
{
	struct fixture f;
	struct str who = STR("t");
	struct matchers ms = {0};
	struct tsdb_select all = {.tenants = {&who, 1}, .matchers = &ms, .min = INT64_MIN, .max = INT64_MAX};
	fixture_init(&f);
	ck_assert(matchers_parse(&ms, STR("__name__!=\"\""), NULL) == RC_OK);
	ck_assert(send_and_flush(&f, "load:7|g") == RC_OK);
	ck_assert(tsdb_delete(f.db, &all, NULL) == RC_OK && tsdb_clean(f.db, NULL) == RC_OK);
	for (int i = 0; i < 3; i++) {
		clock_virtual_advance(f.clock, 11 * MINUTE);
		ck_assert(tsdb_tick(f.db, NULL) == RC_OK);
	}
	ck_assert_uint_eq(series(&f), 0);
	(void)!send_and_flush(&f, "load:8|g"); /* says that it is not there any more */
	ck_assert(send_and_flush(&f, "load:9|g") == RC_OK);
	ck_assert_double_eq(newest(&f, "__name__=load"), 9);
	matchers_fini(&ms);
	fixture_fini(&f);
}
END
