/* retention_test.c — each series is kept as long as the first entry that fits it says. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/metric.h"
#include "unit_store.h"

struct fixture {
	struct unit_store store;
	struct matchers debug;
	struct tsdb_keep keeps[2];
};

/* What matches job=debug stays two days, the rest of acme for ever, of others five days. */
static void
fixture_init(struct fixture *f)
{
	*f = (struct fixture){0};
	ck_assert(matchers_parse(&f->debug, STR("job=debug"), NULL) == RC_OK);
	f->keeps[0] = (struct tsdb_keep){.matchers = &f->debug, .keep = 2 * DAY};
	f->keeps[1] = (struct tsdb_keep){.tenant = STR("acme")};
	unit_store_init(&f->store, 100 * DAY);
	f->store.options.retention = 5 * DAY;
	f->store.options.keeps = f->keeps;
	f->store.options.n_keeps = 2;
	unit_store_reopen(&f->store);
}

static void
fixture_fini(struct fixture *f)
{
	unit_store_fini(&f->store);
	matchers_fini(&f->debug);
}

static void
put(struct fixture *f, const char *tenant, const char *job, msec_t t)
{
	char selector[64];
	snprintf(selector, sizeof selector, "m{job=\"%s\"}", job);
	unit_store_put(&f->store, tenant, selector, t, 1);
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
		ck_assert(tsdb_cursor_create(f->store.db, &q, &c, NULL) == RC_OK);
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
		msec_t now = clock_wall(f.store.clock);
		put(&f, "acme", "debug", now);
		put(&f, "acme", "node", now);
		put(&f, "zenith", "debug", now);
		put(&f, "zenith", "node", now);
		ck_assert(tsdb_flush(f.store.db, NULL) == RC_OK);
		clock_virtual_advance(f.store.clock, DAY);
		ck_assert(tsdb_tick(f.store.db, NULL) == RC_OK);
	}
	for (int round = 0; round < 3; round++) {
		ck_assert_str_eq(counts(&f, &b), "acme/debug 2, acme/node 8, zenith/debug 2, zenith/node 5, ");
		unit_store_reopen(&f.store);
	}
	clock_virtual_advance(f.store.clock, 20 * DAY);
	ck_assert(tsdb_tick(f.store.db, NULL) == RC_OK);
	clock_virtual_advance(f.store.clock, HOUR);
	ck_assert(tsdb_tick(f.store.db, NULL) == RC_OK);
	ck_assert_str_eq(counts(&f, &b), "acme/node 8, ");
	tsdb_state(f.store.db, &st);
	ck_assert_uint_eq(st.series, 1);
	struct buf said = {0};
	metric_print(&said);
	ck_assert_ptr_nonnull(strstr(said.p, "tocsin_samples_expired_total"));
	buf_fini(&said);
	buf_fini(&b);
	fixture_fini(&f);
}
END
