/* starts_test.c — start timestamps, put with samples and read beside them. */
#include "unit.h"

#include <stdlib.h>

#include "unit_store.h"

#define NOW (2000 * HOUR)

enum { SAMPLES = 400 };

static void
store_init(struct unit_store *f)
{
	unit_store_init(f, NOW);
	f->options.out_of_order = NOW;
	unit_store_reopen(f);
}

static struct tsdb_ref
series(struct unit_store *f, const char *job)
{
	struct buf text = {0};
	buf_fmt(&text, "requests_total{job=\"%s\"}", job);
	struct tsdb_ref ref = unit_store_series(f, "acme", text.p);
	buf_fini(&text);
	return ref;
}

static void
put(struct unit_store *f, struct tsdb_ref ref, msec_t t, double v, msec_t start)
{
	struct err e;
	struct tsdb_counts c;
	ck_assert(tsdb_put_starts(f->db, &(struct tsdb_start){ref, t, start}, 1, &e) == RC_OK);
	ck_assert(tsdb_append(f->db, &(struct tsdb_sample){ref, t, v}, 1, &c, &e) == RC_OK);
	ck_assert_uint_eq(c.stored, 1);
}

static struct tsdb_cursor *
cursor(struct unit_store *f, const char *tenant, bool starts)
{
	struct err e;
	struct tsdb_cursor *c;
	struct str name = str_c(tenant);
	struct tsdb_select q = {.tenants = {&name, 1}, .min = 0, .max = NOW, .starts = starts};
	ck_assert(tsdb_cursor_create(f->db, &q, &c, &e) == RC_OK);
	return c;
}

/* Samples, a few hours apart at most, of which some say another start than those around them. */
struct model {
	msec_t t[SAMPLES], start[SAMPLES];
	size_t order[SAMPLES];
};

static void
model_init(struct model *m, bool late)
{
	msec_t t = 10 * HOUR;
	for (size_t i = 0; i < SAMPLES; i++) {
		msec_t before = t;
		t += rand() % 20 == 0 ? (rand() % 3 + 1) * HOUR : 15 * SECOND + rand() % 3;
		m->t[i] = t;
		m->start[i] = rand() % 8 ? 9 * HOUR : rand() % 4 ? before + rand() % (int)(t - before) : 0;
		m->order[i] = i;
	}
	for (size_t i = 1; late && i < SAMPLES; i++) {
		size_t k = i - (size_t)(rand() % 8 == 0) * (size_t)(rand() % (int)(i < 20 ? i : 20)), x = m->order[i];
		m->order[i] = m->order[k];
		m->order[k] = x;
	}
}

static void
expect(struct unit_store *f, const struct model *m)
{
	struct tsdb_view v;
	struct tsdb_cursor *c = cursor(f, "acme", true);
	ck_assert(tsdb_cursor_next(c, &v));
	ck_assert_uint_eq(v.n, SAMPLES);
	ck_assert_ptr_nonnull(v.starts);
	for (size_t i = 0; i < SAMPLES; i++) {
		ck_assert_int_eq(v.t[i], m->t[i]);
		ck_assert_msg(v.starts[i] == m->start[i], "sample %zu: %lld, not %lld", i, (long long)v.starts[i], (long long)m->start[i]);
	}
	tsdb_cursor_destroy(&c);
}

static void
disturb(struct unit_store *f)
{
	struct err e;
	int what = rand() % 120;
	if (what == 0)
		unit_store_reopen(f);
	else if (what == 1)
		ck_assert(tsdb_flush(f->db, &e) == RC_OK);
	else if (what == 2)
		ck_assert(tsdb_compact(f->db, &e) == RC_OK);
}

static void
walk(bool late)
{
	struct unit_store f;
	struct model m;
	store_init(&f);
	model_init(&m, late);
	for (size_t i = 0; i < SAMPLES; i++) {
		size_t k = m.order[i];
		disturb(&f);
		put(&f, series(&f, "api"), m.t[k], (double)k, m.start[k]);
	}
	expect(&f, &m);
	struct err e;
	ck_assert(tsdb_compact(f.db, &e) == RC_OK);
	expect(&f, &m);
	unit_store_reopen(&f);
	expect(&f, &m);
	unit_store_fini(&f);
}

UNIT(every_sample_gets_the_start_it_came_with)
{
	for (unsigned seed = 1; seed <= 12; seed++) {
		srand(seed);
		walk(seed % 2);
	}
}
END

UNIT(nobody_else_meets_the_marks)
{
	struct unit_store f;
	struct err e;
	struct strs names;
	struct tsdb_state state;
	store_init(&f);
	put(&f, series(&f, "api"), 5 * HOUR, 1, 4 * HOUR);
	struct tsdb_cursor *c = cursor(&f, "acme", false);
	struct tsdb_view v;
	ck_assert_uint_eq(tsdb_cursor_count(c), 1);
	ck_assert(tsdb_cursor_next(c, &v));
	ck_assert_uint_eq(v.n, 1);
	ck_assert_ptr_null(v.starts);
	tsdb_cursor_destroy(&c);
	tsdb_state(f.db, &state);
	ck_assert_uint_eq(state.series, 1);
	ck_assert_uint_eq(state.tenants, 1);
	struct str acme = STR("acme");
	struct tsdb_select all = {.tenants = {&acme, 1}, .max = NOW};
	ck_assert(tsdb_label_names(f.db, &all, 0, f.arena, &names, &e) == RC_OK);
	ck_assert_uint_eq(names.n, 2);
	ck_assert(tsdb_has_starts(f.db, acme));
	ck_assert(!tsdb_has_starts(f.db, STR("globex")));
	unit_store_fini(&f);
}
END

UNIT(what_is_deleted_takes_its_starts_along)
{
	struct unit_store f;
	struct err e;
	struct str acme = STR("acme");
	store_init(&f);
	for (int i = 0; i < 100; i++)
		put(&f, series(&f, "api"), 5 * HOUR + i * MINUTE, i, 4 * HOUR);
	struct tsdb_select some = {.tenants = {&acme, 1}, .max = 5 * HOUR + 50 * MINUTE};
	ck_assert(tsdb_delete(f.db, &some, &e) == RC_OK);
	put(&f, series(&f, "api"), 7 * HOUR, 100, 4 * HOUR);
	for (int again = 0; again < 2; again++) {
		struct tsdb_view v;
		struct tsdb_cursor *c = cursor(&f, "acme", true);
		ck_assert(tsdb_cursor_next(c, &v));
		ck_assert_uint_eq(v.n, 50);
		ck_assert_ptr_nonnull(v.starts);
		for (size_t i = 0; i < v.n; i++)
			ck_assert_int_eq(v.starts[i], 4 * HOUR);
		tsdb_cursor_destroy(&c);
		ck_assert(tsdb_compact(f.db, &e) == RC_OK);
	}
	some.max = INT64_MAX;
	ck_assert(tsdb_delete(f.db, &some, &e) == RC_OK);
	ck_assert(tsdb_clean(f.db, &e) == RC_OK);
	put(&f, series(&f, "api"), 8 * HOUR, 1, 0);
	struct tsdb_view v;
	struct tsdb_cursor *c = cursor(&f, "acme", true);
	ck_assert(tsdb_cursor_next(c, &v));
	ck_assert_uint_eq(v.n, 1);
	ck_assert(!v.starts || v.starts[0] == 0);
	tsdb_cursor_destroy(&c);
	unit_store_fini(&f);
}
END

UNIT(times_at_the_ends_of_the_world_do_no_harm)
{
	struct unit_store f;
	struct tsdb_view v;
	store_init(&f);
	f.options.out_of_order = INT64_MAX;
	unit_store_reopen(&f);
	put(&f, series(&f, "api"), INT64_MIN + 1, 1, INT64_MIN);
	put(&f, series(&f, "api"), INT64_MAX, 2, INT64_MAX);
	put(&f, series(&f, "api"), 5 * HOUR, 3, 4 * HOUR);
	struct err e;
	struct tsdb_start again = {series(&f, "api"), INT64_MAX, 7};
	ck_assert(tsdb_put_starts(f.db, &again, 1, &e) == RC_OK);
	struct str acme = STR("acme");
	struct tsdb_cursor *c;
	struct tsdb_select q = {.tenants = {&acme, 1}, .min = INT64_MIN, .max = INT64_MAX, .starts = true};
	ck_assert(tsdb_cursor_create(f.db, &q, &c, &e) == RC_OK);
	ck_assert(tsdb_cursor_next(c, &v));
	for (size_t i = 0; i < v.n; i++)
		ck_assert(!v.starts || v.t[i] != 5 * HOUR || v.starts[i] == 4 * HOUR);
	tsdb_cursor_destroy(&c);
	unit_store_fini(&f);
}
END
