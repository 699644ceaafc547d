/* span_test.c — a day and more of ten thousand series, in virtual time: what must stay bounded, stays. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "tsdb/tsdb.h"

enum { SERIES = 10000, HOURS = 26, STEP = 60 * 1000 };

static void
make_series(struct tsdb *db, struct tsdb_ref *refs)
{
	struct buf b = {0};
	char value[24];
	struct err e;
	for (int i = 0; i < SERIES; i++) {
		snprintf(value, sizeof value, "host%d", i);
		struct pair p[] = {{STR("__name__"), STR("m")}, {STR("instance"), str_c(value)}};
		buf_clear(&b);
		ck_assert(labels_add(&b, p, 2, &e) == RC_OK);
		ck_assert(
		    tsdb_series(db, STR("default"), (struct labels){buf_view(&b)}, &refs[i], &e) == RC_OK);
	}
	buf_fini(&b);
}

static size_t
samples_of_one(struct tsdb *db)
{
	struct str who = STR("default");
	struct matchers ms = {0};
	struct tsdb_select q = {.tenants = {&who, 1}, .matchers = &ms, .min = INT64_MIN, .max = INT64_MAX};
	struct tsdb_cursor *c;
	struct tsdb_view v;
	ck_assert(matchers_parse(&ms, STR("instance=host77"), NULL) == RC_OK);
	ck_assert(tsdb_cursor_create(db, &q, &c, NULL) == RC_OK && tsdb_cursor_next(c, &v));
	size_t n = v.n;
	tsdb_cursor_destroy(&c);
	matchers_fini(&ms);
	return n;
}

UNIT(store_stays_bounded_over_a_day)
{
	char dir[] = "/tmp/tocsin-span-XXXXXX";
	struct clock *clock = clock_virtual_create(1800000000000);
	struct tsdb *db;
	struct err e;
	struct tsdb_ref *refs = mem_alloc(SERIES * sizeof *refs);
	struct tsdb_sample *batch = mem_alloc(SERIES * sizeof *batch);
	struct tsdb_state s;
	uint64_t longest_log = 0, most_head = 0;
	size_t after_first = 0;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	struct tsdb_options o = {.dir = dir, .clock = clock, .sync_every = 200, .retention = 15 * DAY};
	ck_assert_msg(tsdb_open(&o, &db, &e) == RC_OK, "%s", e.text);
	make_series(db, refs);
	for (int i = 0; i < HOURS * 60; i++) {
		struct tsdb_counts c;
		for (int k = 0; k < SERIES; k++)
			batch[k] = (struct tsdb_sample){refs[k], clock_wall(clock), (double)(k + i / 7)};
		ck_assert(tsdb_append(db, batch, SERIES, &c, &e) == RC_OK && c.stored == SERIES);
		ck_assert(tsdb_tick(db, &e) == RC_OK);
		tsdb_state(db, &s);
		longest_log = s.log_bytes > longest_log ? s.log_bytes : longest_log;
		most_head = s.head_samples > most_head ? s.head_samples : most_head;
		if (i == 5 * 60)
			after_first = unit_status_kib("VmRSS:");
		clock_virtual_advance(clock, STEP);
	}
	/* the log and the head hold some two hours, not a day */
	ck_assert_uint_le(most_head, (uint64_t)SERIES * 60 * 7 / 2);
	ck_assert_uint_le(longest_log, (uint64_t)256 << 20);
	ck_assert_uint_le(s.blocks, 16); /* the first day is one */
	ck_assert_uint_eq(samples_of_one(db), HOURS * 60);
	ck_assert_msg(unit_status_kib("VmRSS:") < after_first * 2, "%zu KiB, after five hours it was %zu",
	    unit_status_kib("VmRSS:"), after_first);
	tsdb_close(&db);
	/* a start reads what is left in the log, and has every series */
	ck_assert(tsdb_open(&o, &db, &e) == RC_OK);
	tsdb_state(db, &s);
	ck_assert_uint_eq(s.series, SERIES);
	ck_assert_uint_le(s.head_samples, most_head);
	tsdb_close(&db);
	clock_destroy(&clock);
	mem_free(refs);
	mem_free(batch);
	unit_remove(dir);
}
END
