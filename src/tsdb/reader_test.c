/* reader_test.c — what a cursor reads is what was stored, however it lies: times shared or not, in blocks and in memory, late or not. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "tsdb/tsdb.h"

enum { SERIES = 40, TARGETS = 8, SCRAPES = 700, EVERY = 15000 };
static const msec_t begin = 1700000000000;

struct model {
	struct tsdb *db;
	struct tsdb_ref refs[SERIES];
	msec_t t[SERIES][SCRAPES];
	double v[SERIES][SCRAPES];
	size_t n[SERIES];
};

static void
make_series(struct model *m)
{
	struct buf b = {0};
	struct err e;
	for (int i = 0; i < SERIES; i++) {
		char name[8], target[8];
		snprintf(name, sizeof name, "s%02d", i);
		snprintf(target, sizeof target, "t%d", i % TARGETS);
		struct pair p[] = {{STR("__name__"), str_c(name)}, {STR("target"), str_c(target)}};
		buf_clear(&b);
		ck_assert(labels_add(&b, p, 2, &e) == RC_OK && tsdb_series(m->db, STR("t"), (struct labels){buf_view(&b)}, &m->refs[i], &e) == RC_OK);
	}
	buf_fini(&b);
}

static double
value_of(int i, double last)
{
	static const double odd[] = {NAN, INFINITY, -INFINITY, -0.0};
	if (i % 5 == 4 && rand() % 30 == 0)
		return rand() % 5 ? odd[rand() % 4] : tsdb_stale();
	last = isfinite(last) ? last : 0;
	return i % 5 == 0 ? last : i % 5 == 1 ? last + rand() % 100 : i % 5 == 2 ? (double)(rand() % 100000) / 100 : (double)mrand48() * 1e-9;
}

static void
store(struct model *m, int i, msec_t t, double v)
{
	struct tsdb_sample s = {m->refs[i], t, v};
	struct tsdb_counts c;
	struct err e;
	ck_assert(tsdb_append(m->db, &s, 1, &c, &e) == RC_OK);
	if (!c.stored)
		return;
	size_t at = m->n[i]++;
	for (; at && m->t[i][at - 1] > t; at--) {
		m->t[i][at] = m->t[i][at - 1];
		m->v[i][at] = m->v[i][at - 1];
	}
	m->t[i][at] = t;
	m->v[i][at] = v;
}

/* One target jitters, one misses scrapes, one series comes late now and then. */
static void
scrape(struct model *m, int k)
{
	for (int target = 0; target < TARGETS; target++) {
		msec_t t = begin + (msec_t)k * EVERY + target * 100 + (target == 3 ? rand() % 5000 : 0);
		if (target == 5 && rand() % 4 == 0)
			continue;
		for (int i = target; i < SERIES; i += TARGETS) {
			bool late = i == 6 && rand() % 10 == 0;
			store(m, i, late ? t - 20000 - rand() % 100000 : t, value_of(i, m->n[i] ? m->v[i][m->n[i] - 1] : 5));
		}
	}
}

static bool
all_finite(const double *v, size_t n)
{
	bool good = true;
	for (size_t i = 0; i < n; i++)
		good &= isfinite(v[i]) != 0;
	return good;
}

static void
check_range(struct model *m, msec_t min, msec_t max, bool times_only)
{
	struct str tenant = STR("t");
	struct tsdb_select q = {.tenants = {&tenant, 1}, .min = min, .max = max, .times_only = times_only};
	struct tsdb_cursor *c;
	struct tsdb_view v;
	const msec_t *lines[SERIES * 2 + 1] = {0};
	struct err e;
	ck_assert(tsdb_cursor_create(m->db, &q, &c, &e) == RC_OK);
	while (tsdb_cursor_next(c, &v)) {
		struct str name = labels_get(v.labels, STR("__name__"));
		int i = (name.p[1] - '0') * 10 + name.p[2] - '0';
		size_t from = 0, to;
		while (from < m->n[i] && m->t[i][from] < min)
			from++;
		for (to = from; to < m->n[i] && m->t[i][to] <= max; to++)
			;
		ck_assert_uint_eq(v.n, to - from);
		if (!v.n)
			continue;
		ck_assert(memcmp(v.t, m->t[i] + from, v.n * sizeof *v.t) == 0);
		ck_assert(!v.v || memcmp(v.v, m->v[i] + from, v.n * sizeof *v.v) == 0);
		ck_assert(v.v || times_only);
		ck_assert(!v.finite || all_finite(m->v[i] + from, v.n));
		ck_assert(v.v || v.finite);
		ck_assert_uint_le(v.line, SERIES * 2);
		ck_assert(!v.line || !lines[v.line] || lines[v.line] == v.t);
		lines[v.line] = v.t;
	}
	tsdb_cursor_destroy(&c);
}

static void
check_last(struct model *m, msec_t max)
{
	struct str tenant = STR("t");
	struct tsdb_select q = {.tenants = {&tenant, 1}, .min = INT64_MIN, .max = max, .last_only = true};
	struct tsdb_cursor *c;
	struct tsdb_view v;
	struct err e;
	ck_assert(tsdb_cursor_create(m->db, &q, &c, &e) == RC_OK);
	while (tsdb_cursor_next(c, &v)) {
		struct str name = labels_get(v.labels, STR("__name__"));
		int i = (name.p[1] - '0') * 10 + name.p[2] - '0';
		size_t n = 0;
		while (n < m->n[i] && m->t[i][n] <= max)
			n++;
		ck_assert_uint_eq(v.n > 0, n > 0);
		if (!n)
			continue;
		ck_assert_int_eq(v.t[v.n - 1], m->t[i][n - 1]);
		ck_assert(memcmp(&v.v[v.n - 1], &m->v[i][n - 1], sizeof *v.v) == 0);
		ck_assert(!v.finite || isfinite(v.v[v.n - 1]));
	}
	tsdb_cursor_destroy(&c);
}

UNIT(cursors_read_what_was_stored_however_it_lies)
{
	static struct model m;
	char dir[] = "/tmp/tocsin-reader-XXXXXX";
	struct clock *clock = clock_virtual_create(begin + SCRAPES * EVERY);
	struct err e;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	struct tsdb_options o = {.dir = dir, .clock = clock, .sync_every = 200, .out_of_order = HOUR};
	ck_assert_msg(tsdb_open(&o, &m.db, &e) == RC_OK, "%s", e.text);
	srand(31);
	make_series(&m);
	for (int k = 0; k < SCRAPES; k++) {
		scrape(&m, k);
		if (k == 90 || k == 400)
			ck_assert(tsdb_flush(m.db, &e) == RC_OK);
		if (k % 20)
			continue;
		check_range(&m, INT64_MIN, INT64_MAX, k % 40);
		msec_t min = begin + rand() % ((k + 1) * EVERY);
		check_range(&m, min, min + rand() % (200 * EVERY), false);
		check_range(&m, min, min, true);
		check_last(&m, rand() % 2 ? min : INT64_MAX);
	}
	tsdb_close(&m.db);
	ck_assert_msg(tsdb_open(&o, &m.db, &e) == RC_OK, "%s", e.text);
	for (int round = 0; round < 60; round++) {
		msec_t min = begin + rand() % (SCRAPES * EVERY);
		check_range(&m, min, min + rand() % (300 * EVERY), round % 2);
	}
	tsdb_close(&m.db);
	clock_destroy(&clock);
	unit_remove(dir);
}
END
