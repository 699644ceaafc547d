/* retention_test.c — each series is kept as long as the first entry that fits it says. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metric.h"
#include "tsdb/tsdb.h"

struct fixture {
	char dir[64];
	struct clock *clock;
	struct tsdb_options options;
	struct tsdb *db;
	struct matchers debug;
	struct tsdb_keep keeps[2];
};

static void
fixture_open(struct fixture *f)
{
	struct err e;
	ck_assert_msg(tsdb_open(&f->options, &f->db, &e) == RC_OK, "%s", e.text);
}

/* What matches job=debug stays two days, the rest of acme for ever, of others five days. */
static void
fixture_init(struct fixture *f)
{
	*f = (struct fixture){.dir = "/tmp/tsdb-retention-XXXXXX"};
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(f->dir));
	f->clock = clock_virtual_create(100 * DAY);
	ck_assert(matchers_parse(&f->debug, STR("job=debug"), NULL) == RC_OK);
	f->keeps[0] = (struct tsdb_keep){.matchers = &f->debug, .keep = 2 * DAY};
	f->keeps[1] = (struct tsdb_keep){.tenant = STR("acme")};
	f->options = (struct tsdb_options){
	    .dir = f->dir, .clock = f->clock, .sync_every = 200, .retention = 5 * DAY, .keeps = f->keeps, .n_keeps = 2};
	fixture_open(f);
}

static void
fixture_fini(struct fixture *f)
{
	tsdb_close(&f->db);
	clock_destroy(&f->clock);
	matchers_fini(&f->debug);
	unit_remove(f->dir);
}

static void
put(struct fixture *f, const char *tenant, const char *job, msec_t t)
{
	struct pair p[] = {{STR("__name__"), STR("m")}, {STR("job"), str_c(job)}};
	struct arena *a = arena_create();
	struct tsdb_sample s = {.t = t, .v = 1};
	struct tsdb_counts c;
	ck_assert(tsdb_series(f->db, str_c(tenant), labels_from_pairs((struct pairs){p, 2}, a), &s.ref, NULL) == RC_OK);
	ck_assert(tsdb_append(f->db, &s, 1, &c, NULL) == RC_OK && c.stored == 1);
	arena_destroy(&a);
}

/* "acme/debug 3, …": how many samples each series has. */
static const char *
counts(struct fixture *f, struct buf *b)
{
	struct str tenants[] = {STR("acme"), STR("zenith")};
	buf_clear(b);
	buf_c(b, "");
	for (int i = 0; i < 2; i++) {
		struct tsdb_select q = {.tenants = {&tenants[i], 1}, .min = 0, .max = INT64_MAX};
		struct tsdb_cursor *c;
		struct tsdb_view v;
		ck_assert(tsdb_cursor_create(f->db, &q, &c, NULL) == RC_OK);
		while (tsdb_cursor_next(c, &v))
			buf_fmt(b, "%.*s/%.*s %zu, ", STR_ARG(tenants[i]), STR_ARG(labels_get(v.labels, STR("job"))), v.n);
		tsdb_cursor_destroy(&c);
	}
	return b->p;
}

UNIT(retention_is_what_the_first_entry_says)
{
	struct fixture f;
	struct buf b = {0};
	struct tsdb_state st;
	fixture_init(&f);
	for (int day = 0; day < 8; day++) {
		msec_t now = clock_wall(f.clock);
		put(&f, "acme", "debug", now);
		put(&f, "acme", "node", now);
		put(&f, "zenith", "debug", now);
		put(&f, "zenith", "node", now);
		ck_assert(tsdb_flush(f.db, NULL) == RC_OK);
		clock_virtual_advance(f.clock, DAY);
		ck_assert(tsdb_tick(f.db, NULL) == RC_OK);
	}
	for (int round = 0; round < 3; round++) {
		ck_assert_str_eq(counts(&f, &b), "acme/debug 2, acme/node 8, zenith/debug 2, zenith/node 5, ");
		tsdb_close(&f.db);
		fixture_open(&f);
	}
	clock_virtual_advance(f.clock, 20 * DAY);
	ck_assert(tsdb_tick(f.db, NULL) == RC_OK);
	clock_virtual_advance(f.clock, HOUR);
	ck_assert(tsdb_tick(f.db, NULL) == RC_OK);
	ck_assert_str_eq(counts(&f, &b), "acme/node 8, ");
	tsdb_state(f.db, &st);
	ck_assert_uint_eq(st.series, 1);
	struct buf said = {0};
	metric_print(&said);
	ck_assert_ptr_nonnull(strstr(said.p, "tocsin_samples_expired_total"));
	buf_fini(&said);
	buf_fini(&b);
	fixture_fini(&f);
}
END
