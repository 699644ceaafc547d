/* tsdb_test.c — the store, through its door. */
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/must.h"
#include "base/os.h"
#include "tsdb/tsdb.h"

/* A store in a folder of its own, on a scripted clock. */
struct fixture {
	char dir[64];
	struct clock *clock;
	struct tsdb_options options;
	struct tsdb *db;
	struct arena *arena;
};

static void
fixture_open(struct fixture *f)
{
	struct err e;
	ck_assert_msg(tsdb_open(&f->options, &f->db, &e) == RC_OK, "%s", e.text);
}

static void
fixture_init(struct fixture *f)
{
	*f = (struct fixture){.dir = "/tmp/tsdb-test-XXXXXX"};
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(f->dir));
	f->clock = clock_virtual_create(1000 * SECOND);
	f->options = (struct tsdb_options){.dir = f->dir, .clock = f->clock, .sync_every = 200};
	f->arena = arena_create();
	fixture_open(f);
}

static void
fixture_reopen(struct fixture *f)
{
	tsdb_close(&f->db);
	fixture_open(f);
}

static void
fixture_fini(struct fixture *f)
{
	tsdb_close(&f->db);
	clock_destroy(&f->clock);
	arena_destroy(&f->arena);
	unit_remove(f->dir);
}

static struct labels
make_labels(struct fixture *f, const char *name, int i)
{
	struct pair p[] = {{STR("__name__"), str_c(name)}, {STR("i"), arena_fmt(f->arena, "%d", i)},
	    {STR("job"), i % 2 ? STR("odd") : STR("even")}};
	return labels_from_pairs((struct pairs){p, 3}, f->arena);
}

static struct tsdb_ref
ref_of(struct fixture *f, const char *tenant, const char *name, int i)
{
	struct tsdb_ref r;
	struct err e;
	ck_assert_msg(
	    tsdb_series(f->db, str_c(tenant), make_labels(f, name, i), &r, &e) == RC_OK, "%s", e.text);
	return r;
}

static struct tsdb_counts
put(struct fixture *f, struct tsdb_ref r, msec_t t, double v)
{
	struct tsdb_sample s = {r, t, v};
	struct tsdb_counts c;
	struct err e;
	ck_assert_msg(tsdb_append(f->db, &s, 1, &c, &e) == RC_OK, "%s", e.text);
	return c;
}

/* "{i=…}t=v t=v|…": everything that matches, as text. */
static const char *
dump(struct fixture *f, const char *tenant, const char *matchers, msec_t min, msec_t max)
{
	struct matchers ms = {0};
	struct str who = str_c(tenant);
	struct tsdb_select q = {.tenants = {&who, 1}, .matchers = &ms, .min = min, .max = max};
	struct tsdb_cursor *c;
	struct tsdb_view view;
	struct buf b = {0};
	ck_assert(matchers_parse(&ms, str_c(matchers), NULL) == RC_OK);
	ck_assert(tsdb_cursor_create(f->db, &q, &c, NULL) == RC_OK);
	while (tsdb_cursor_next(c, &view)) {
		buf_fmt(&b, "%.*s:", STR_ARG(labels_get(view.labels, STR("i"))));
		for (size_t i = 0; i < view.n; i++)
			buf_fmt(&b, " %lld=%g", (long long)view.t[i], view.v[i]);
		buf_ch(&b, '|');
	}
	tsdb_cursor_destroy(&c);
	matchers_fini(&ms);
	const char *out = arena_cstr(f->arena, buf_view(&b));
	buf_fini(&b);
	return out;
}

UNIT(tsdb_finds_what_was_stored_in_head_log_and_block)
{
	struct fixture f;
	fixture_init(&f);
	for (int i = 0; i < 4; i++)
		for (int k = 0; k < 3; k++)
			ck_assert_uint_eq(put(&f, ref_of(&f, "acme", "up", i), k * 10, i + k).stored, 1);
	put(&f, ref_of(&f, "other", "up", 0), 5, 99);
	for (int round = 0; round < 3; round++) {
		ck_assert_str_eq(dump(&f, "acme", "job=odd", 0, 100), "1: 0=1 10=2 20=3|3: 0=3 10=4 20=5|");
		ck_assert_str_eq(dump(&f, "acme", "i=~\"0|2\"", 10, 10), "0: 10=1|2: 10=3|");
		ck_assert_str_eq(dump(&f, "acme", "i!=\"0\",job=~e.*", 0, 9), "2: 0=2|");
		ck_assert_str_eq(dump(&f, "acme", "gone=\"\",i=\"3\"", 15, 25), "3: 20=5|");
		ck_assert_str_eq(dump(&f, "acme", "i=\"7\"", 0, 100), "");
		ck_assert_str_eq(dump(&f, "other", "__name__=up", 0, 100), "0: 5=99|");
		ck_assert_str_eq(dump(&f, "nobody", "__name__=up", 0, 100), "");
		if (round == 0)
			ck_assert(tsdb_flush(f.db, NULL) == RC_OK);
		fixture_reopen(&f);
	}
	struct tsdb_state st;
	tsdb_state(f.db, &st);
	ck_assert(st.series == 5 && st.blocks == 1 && st.head_samples == 0 && st.newest == 20);
	fixture_fini(&f);
}
END

/* A store agrees with a plain array under a random walk of appends, flushes and restarts. */
UNIT(tsdb_agrees_with_an_array)
{
	enum { SERIES = 3, TIMES = 700 };
	static double model[SERIES][TIMES];
	static bool there[SERIES][TIMES];
	struct fixture f;
	fixture_init(&f);
	f.options.out_of_order = 10000;
	fixture_reopen(&f);
	srand(12);
	msec_t newest[SERIES] = {0};
	for (int step = 0; step < 6000; step++) {
		int i = rand() % SERIES;
		msec_t t = rand() % 4 ? newest[i] + 1 : rand() % (newest[i] + 1);
		double v = rand() % 5;
		if (t < TIMES) {
			struct tsdb_counts c = put(&f, ref_of(&f, "t", "m", i), t, v);
			if (there[i][t])
				ck_assert(model[i][t] == v ? c.duplicate == 1 : c.conflict == 1);
			else
				ck_assert_uint_eq(c.stored, 1);
			model[i][t] = there[i][t] ? model[i][t] : v;
			there[i][t] = true;
			newest[i] = t > newest[i] ? t : newest[i];
		}
		if (step % 700 == 0)
			ck_assert(tsdb_flush(f.db, NULL) == RC_OK);
		if (step % 1100 == 0)
			fixture_reopen(&f);
	}
	struct buf want = {0};
	for (int i = 0; i < SERIES; i++) {
		buf_fmt(&want, "%d:", i);
		for (int t = 50; t <= 650; t++)
			if (there[i][t])
				buf_fmt(&want, " %d=%g", t, model[i][t]);
		buf_ch(&want, '|');
	}
	ck_assert_str_eq(dump(&f, "t", "__name__=m", 50, 650), want.p);
	buf_fini(&want);
	fixture_fini(&f);
}
END

UNIT(tsdb_counts_what_it_refuses)
{
	struct fixture f;
	fixture_init(&f);
	f.options.out_of_order = 100;
	f.options.retention = 900 * SECOND;
	fixture_reopen(&f);
	struct tsdb_ref r = ref_of(&f, "t", "m", 1);
	ck_assert_uint_eq(put(&f, r, 500 * SECOND, 1).stored, 1);
	ck_assert_uint_eq(put(&f, r, 500 * SECOND, 1).duplicate, 1);
	ck_assert_uint_eq(put(&f, r, 500 * SECOND, 2).conflict, 1);
	ck_assert_uint_eq(put(&f, r, 500 * SECOND - 100, 2).stored, 1);
	ck_assert_uint_eq(put(&f, r, 500 * SECOND - 101, 2).out_of_order, 1);
	ck_assert_uint_eq(put(&f, r, 99 * SECOND, 2).too_old, 1);
	ck_assert_uint_eq(put(&f, (struct tsdb_ref){77}, 500 * SECOND, 2).unknown, 1);
	struct tsdb_sample twice[] = {{r, 600 * SECOND, 7}, {r, 600 * SECOND, 7}, {r, 600 * SECOND, 8}};
	struct tsdb_counts c;
	ck_assert(tsdb_append(f.db, twice, 3, &c, NULL) == RC_OK);
	ck_assert(c.stored == 1 && c.duplicate == 1 && c.conflict == 1);
	fixture_fini(&f);
}
END

UNIT(tsdb_keeps_stale_marks_and_odd_values)
{
	struct fixture f;
	fixture_init(&f);
	struct tsdb_ref r = ref_of(&f, "t", "m", 1);
	put(&f, r, 1, tsdb_stale());
	put(&f, r, 2, NAN);
	put(&f, r, 3, -0.0);
	ck_assert(tsdb_flush(f.db, NULL) == RC_OK);
	fixture_reopen(&f);
	struct str who = STR("t");
	struct tsdb_select q = {.tenants = {&who, 1}, .min = 0, .max = 10};
	struct tsdb_cursor *c;
	struct tsdb_view v;
	ck_assert(tsdb_cursor_create(f.db, &q, &c, NULL) == RC_OK && tsdb_cursor_next(c, &v));
	ck_assert(
	    v.n == 3 && tsdb_is_stale(v.v[0]) && isnan(v.v[1]) && !tsdb_is_stale(v.v[1]) && signbit(v.v[2]));
	tsdb_cursor_destroy(&c);
	fixture_fini(&f);
}
END

    /* "t=bytes …" of the histograms of the series m 1, and how many floats stand beside them. */
    static const char *
    dump_histograms(struct fixture *f, msec_t min, msec_t max, size_t *floats)
{
	struct str who = STR("t");
	struct tsdb_select q = {.tenants = {&who, 1}, .min = min, .max = max};
	struct tsdb_cursor *c;
	struct tsdb_view v;
	struct buf b = {0};
	ck_assert(tsdb_cursor_create(f->db, &q, &c, NULL) == RC_OK && tsdb_cursor_next(c, &v));
	for (size_t i = 0; i < v.n_histograms; i++)
		buf_fmt(&b, "%lld=%.*s ", (long long)v.histogram_t[i], STR_ARG(v.histograms[i]));
	*floats = v.n;
	tsdb_cursor_destroy(&c);
	const char *out = arena_cstr(f->arena, buf_view(&b));
	buf_fini(&b);
	return out;
}

static struct tsdb_counts
put_histogram(struct fixture *f, struct tsdb_ref r, msec_t t, const char *bytes)
{
	struct tsdb_histogram h = {r, t, str_c(bytes)};
	struct tsdb_counts c;
	ck_assert(tsdb_append_histograms(f->db, &h, 1, &c, NULL) == RC_OK);
	return c;
}

UNIT(tsdb_drops_the_oldest_over_its_size)
{
	struct fixture f;
	struct tsdb_state st;
	fixture_init(&f);
	srand(3);
	for (int b = 0; b < 4; b++) {
		for (int i = 0; i < 1000; i++)
			put(&f, ref_of(&f, "t", "m", 1), b * 5000 + i, rand());
		ck_assert(tsdb_flush(f.db, NULL) == RC_OK);
	}
	tsdb_state(f.db, &st);
	f.options.size = st.block_bytes - 1;
	fixture_reopen(&f);
	clock_virtual_advance(f.clock, HOUR);
	ck_assert(tsdb_tick(f.db, NULL) == RC_OK);
	tsdb_state(f.db, &st);
	ck_assert(st.blocks == 3 && st.block_bytes <= f.options.size);
	ck_assert_str_eq(dump(&f, "t", "__name__=m", 0, 4999), "1:|");
	fixture_fini(&f);
}
END

UNIT(tsdb_keeps_histograms_beside_floats)
{
	struct fixture f;
	size_t floats;
	fixture_init(&f);
	f.options.out_of_order = 1000;
	fixture_reopen(&f);
	struct tsdb_ref r = ref_of(&f, "t", "m", 1);
	for (int i = 0; i < 150; i++)
		ck_assert_uint_eq(put_histogram(&f, r, 1000 + i * 10, i % 2 ? "odd" : "even").stored, 1);
	ck_assert_uint_eq(put(&f, r, 2495, 5).stored, 1);
	ck_assert_uint_eq(put(&f, r, 2490, 5).conflict, 1); /* a histogram stands there */
	for (int round = 0; round < 4; round++) {
		r = ref_of(&f, "t", "m", 1);
		ck_assert_uint_eq(put_histogram(&f, r, 2490, "odd").duplicate, 1);
		ck_assert_uint_eq(put_histogram(&f, r, 2490, "even").conflict, 1);
		ck_assert_uint_eq(put_histogram(&f, r, 2495, "odd").conflict, 1); /* a float stands there */
		ck_assert_uint_eq(put_histogram(&f, r, 1005, "odd").out_of_order, 1);
		ck_assert_uint_eq(put_histogram(&f, r, 2481 + round, "late").stored, 1);
		ck_assert_str_eq(dump_histograms(&f, 2470, 2481, &floats), "2470=odd 2480=even 2481=late ");
		dump_histograms(&f, 0, 5000, &floats);
		ck_assert_uint_eq(floats, 1);
		if (round == 1)
			ck_assert(tsdb_flush(f.db, NULL) == RC_OK);
		fixture_reopen(&f);
	}
	fixture_fini(&f);
}
END

UNIT(tsdb_names_the_limit_of_series)
{
	struct fixture f;
	struct tsdb_ref r;
	struct err e;
	fixture_init(&f);
	f.options.limits.series = 2;
	fixture_reopen(&f);
	ref_of(&f, "t", "m", 1);
	ref_of(&f, "t", "m", 2);
	ref_of(&f, "t", "m", 2);
	ck_assert_int_eq(tsdb_series(f.db, STR("t"), make_labels(&f, "m", 3), &r, &e), RC_REFUSED);
	ck_assert_str_eq(e.text, "the tenant \"t\" has 2 series, and limits.series_per_customer is 2");
	ref_of(&f, "u", "m", 3);
	fixture_fini(&f);
}
END

static void
see_use(void *arg, const struct tsdb_use *u)
{
	if (str_is(u->tenant, "t"))
		*(struct tsdb_use *)arg = *u;
}

UNIT(tsdb_lets_in_what_a_tenant_may_bring)
{
	struct fixture f;
	struct tsdb_use use = {0};
	struct err e;
	fixture_init(&f);
	f.options.limits = (struct tsdb_limits){.samples = 10, .burst = 50};
	fixture_reopen(&f);
	ck_assert_int_eq(tsdb_admit(f.db, STR("t"), 50, &e), RC_OK);
	ck_assert_int_eq(tsdb_admit(f.db, STR("t"), 25, &e), RC_REFUSED);
	ck_assert_str_eq(e.text, "the tenant \"t\" brings more samples than limits.samples_per_second allows (10 a second, 50 at once): these 25 may come again in 3 s");
	ck_assert_uint_eq(e.wait, 3);
	ck_assert_int_eq(tsdb_admit(f.db, STR("u"), 50, &e), RC_OK); /* another's is another's */
	clock_virtual_advance(f.clock, 3 * SECOND);
	ck_assert_int_eq(tsdb_admit(f.db, STR("t"), 25, &e), RC_OK);
	/* limits of one's own, at once; a burst that nobody named is ten seconds' worth */
	struct tsdb_customer_limits own = {STR("t"), {.samples = 100, .series = 1}};
	tsdb_limit(f.db, &f.options.limits, &own, 1);
	ref_of(&f, "t", "m", 1);
	struct tsdb_ref r;
	ck_assert_int_eq(tsdb_series(f.db, STR("t"), make_labels(&f, "m", 2), &r, &e), RC_REFUSED);
	ck_assert_str_eq(e.text, "the tenant \"t\" has 1 series, and series of t in limits.customers is 1");
	clock_virtual_advance(f.clock, 11 * SECOND);
	ck_assert_int_eq(tsdb_admit(f.db, STR("t"), 1000, &e), RC_OK);
	ck_assert_int_eq(tsdb_admit(f.db, STR("t"), 1, &e), RC_REFUSED);
	tsdb_use_each(f.db, see_use, &use);
	ck_assert(use.own && use.series == 1 && use.limits.burst == 1000);
	ck_assert_uint_eq(use.refused[TSDB_LIMIT_SAMPLES], 26);
	ck_assert_uint_eq(use.refused[TSDB_LIMIT_SERIES], 1);
	ck_assert(use.samples_per_second == 7.5);
	tsdb_limit(f.db, &(struct tsdb_limits){0}, NULL, 0);
	ck_assert_int_eq(tsdb_admit(f.db, STR("t"), 1000000, &e), RC_OK);
	fixture_fini(&f);
}
END

UNIT(tsdb_names_the_limits_of_labels)
{
	struct fixture f;
	struct tsdb_ref r;
	struct err e;
	fixture_init(&f);
	struct tsdb_ref old = ref_of(&f, "t", "measurement", 1);
	put(&f, old, 10, 1);
	f.options.limits.labels = 3;
	f.options.limits.label_size = 8;
	fixture_reopen(&f);
	put(&f, ref_of(&f, "t", "measurement", 1), 20, 1); /* what is there goes on */
	put(&f, ref_of(&f, "t", "12345678", 1), 10, 1);
	ck_assert_int_eq(tsdb_series(f.db, STR("t"), make_labels(&f, "123456789", 1), &r, &e), RC_INVALID);
	ck_assert_str_eq(e.text, "the label \"__name__\" of a series has 9 bytes, and limits.series_label_size is 8");
	struct pair four[] = {{STR("a"), STR("1")}, {STR("b"), STR("1")}, {STR("c"), STR("1")}, {STR("d"), STR("1")}};
	ck_assert_int_eq(tsdb_series(f.db, STR("t"), labels_from_pairs((struct pairs){four, 4}, f.arena), &r, &e), RC_INVALID);
	ck_assert_str_eq(e.text, "a series of 4 labels, and limits.series_labels is 3");
	ck_assert(tsdb_series(f.db, STR("t"), labels_from_pairs((struct pairs){four, 3}, f.arena), &r, &e) == RC_OK);
	fixture_fini(&f);
}
END

UNIT(tsdb_lists_names_and_values_and_joins_tenants)
{
	struct fixture f;
	fixture_init(&f);
	for (int i = 0; i < 3; i++)
		put(&f, ref_of(&f, "a", "m", i), 10, 1);
	put(&f, ref_of(&f, "b", "other", 7), 1000, 1);
	struct str who[] = {STR("a"), STR("b")};
	struct tsdb_select q = {.tenants = {who, 1}, .min = 0, .max = 100};
	struct strs got;
	ck_assert(tsdb_label_names(f.db, &q, 0, f.arena, &got, NULL) == RC_OK);
	ck_assert_uint_eq(got.n, 3);
	ck_assert_str(got.p[2], "job");
	ck_assert(tsdb_label_values(f.db, &q, STR("i"), 2, f.arena, &got, NULL) == RC_OK);
	ck_assert_uint_eq(got.n, 2);
	ck_assert_str(got.p[1], "1");
	q.tenants.n = 2;
	q.max = 5000;
	ck_assert(tsdb_label_values(f.db, &q, STR("__tenant_id__"), 0, f.arena, &got, NULL) == RC_OK);
	ck_assert_uint_eq(got.n, 2);
	struct tsdb_cursor *c;
	struct labels ls;
	ck_assert(tsdb_cursor_create(f.db, &q, &c, NULL) == RC_OK);
	ck_assert_uint_eq(tsdb_cursor_count(c), 4);
	ck_assert(tsdb_cursor_next_labels(c, &ls));
	ck_assert_str(labels_get(ls, STR("__tenant_id__")), "a");
	tsdb_cursor_destroy(&c);
	q.series_limit = 3;
	struct err e;
	ck_assert_int_eq(tsdb_cursor_create(f.db, &q, &c, &e), RC_REFUSED);
	ck_assert_str_eq(e.text, "the selector matches more than 3 series");
	fixture_fini(&f);
}
END

    static void
    count_call(void *arg)
{
	++*(int *)arg;
}

UNIT(tsdb_watches_call_once_for_a_batch)
{
	struct fixture f;
	int calls = 0;
	struct matchers ms = {0};
	fixture_init(&f);
	ck_assert(matchers_parse(&ms, STR("job=odd"), NULL) == RC_OK);
	struct tsdb_ref one = ref_of(&f, "t", "m", 1), two = ref_of(&f, "t", "m", 2);
	struct tsdb_watch *w = tsdb_watch_create(f.db, STR("t"), &ms, count_call, &calls);
	struct tsdb_ref three = ref_of(&f, "t", "m", 3), foreign = ref_of(&f, "u", "m", 3);
	put(&f, two, 1, 1);
	put(&f, foreign, 1, 1);
	ck_assert_int_eq(calls, 0);
	struct tsdb_sample batch[] = {{one, 1, 1}, {three, 1, 1}, {one, 2, 1}};
	struct tsdb_counts c;
	ck_assert(tsdb_append(f.db, batch, 3, &c, NULL) == RC_OK);
	ck_assert_int_eq(calls, 1);
	ck_assert(tsdb_append(f.db, batch, 3, &c, NULL) == RC_OK);
	ck_assert_int_eq(calls, 1); /* duplicates tell nothing new */
	put(&f, three, 5, 1);
	ck_assert_int_eq(calls, 2);
	tsdb_watch_destroy(f.db, &w);
	put(&f, three, 6, 1);
	ck_assert_int_eq(calls, 2);
	matchers_fini(&ms);
	fixture_fini(&f);
}
END

UNIT(tsdb_ticks_write_blocks_and_drop_old_ones)
{
	struct fixture f;
	struct tsdb_state st;
	fixture_init(&f);
	f.options.retention = DAY;
	fixture_reopen(&f);
	msec_t start = clock_wall(f.clock);
	put(&f, ref_of(&f, "t", "m", 1), start, 1);
	clock_virtual_advance(f.clock, 2 * HOUR);
	put(&f, ref_of(&f, "t", "m", 2), start + 2 * HOUR, 2);
	ck_assert(tsdb_tick(f.db, NULL) == RC_OK);
	tsdb_state(f.db, &st);
	ck_assert(st.blocks == 1 && st.head_samples == 0 && st.series == 2);
	ck_assert_str_eq(dump(&f, "t", "__name__=m", 0, INT64_MAX), "1: 1000000=1|2: 8200000=2|");
	clock_virtual_advance(f.clock, DAY + HOUR);
	struct tsdb_ref kept = ref_of(&f, "t", "m", 9);
	ck_assert(tsdb_tick(f.db, NULL) == RC_OK);
	tsdb_state(f.db, &st);
	ck_assert(st.blocks == 0 && st.series == 1);
	ck_assert_uint_eq(put(&f, kept, clock_wall(f.clock), 1).stored, 1);
	fixture_fini(&f);
}
END

    static void
    spoil(struct fixture *f, const char *prefix, off_t from_end)
{
	DIR *d = opendir(f->dir);
	for (struct dirent *x; (x = readdir(d));) {
		if (strncmp(x->d_name, prefix, strlen(prefix)) != 0)
			continue;
		char path[512], c = '\x5a';
		snprintf(path, sizeof path, "%s/%s", f->dir, x->d_name);
		int fd = open(path, O_RDWR);
		off_t at = from_end ? lseek(fd, 0, SEEK_END) - from_end : 9;
		ck_assert_int_eq(pwrite(fd, &c, 1, at), 1);
		close(fd);
		break;
	}
	closedir(d);
}

UNIT(tsdb_sets_a_damaged_block_aside_and_serves_the_rest)
{
	struct fixture f;
	struct tsdb_state st;
	fixture_init(&f);
	put(&f, ref_of(&f, "t", "m", 1), 10, 1);
	ck_assert(tsdb_flush(f.db, NULL) == RC_OK);
	tsdb_close(&f.db);
	spoil(&f, "block-", 60);
	fixture_open(&f);
	put(&f, ref_of(&f, "t", "m", 1), 20, 2);
	ck_assert(tsdb_flush(f.db, NULL) == RC_OK);
	ck_assert_str_eq(dump(&f, "t", "__name__=m", 0, 100), "1: 20=2|");
	tsdb_state(f.db, &st);
	ck_assert(st.damaged == 1 && st.blocks == 1);
	tsdb_close(&f.db);
	fixture_open(&f);
	tsdb_state(f.db, &st);
	ck_assert(st.damaged == 0 && st.blocks == 1); /* looked at once */
	fixture_fini(&f);
}
END

UNIT(tsdb_passes_over_a_damaged_chunk)
{
	struct fixture f;
	fixture_init(&f);
	put(&f, ref_of(&f, "t", "m", 1), 10, 1);
	ck_assert(tsdb_flush(f.db, NULL) == RC_OK);
	put(&f, ref_of(&f, "t", "m", 1), 20, 2);
	tsdb_close(&f.db);
	spoil(&f, "block-", 0);
	fixture_open(&f);
	ck_assert_str_eq(dump(&f, "t", "__name__=m", 0, 100), "1: 20=2|");
	fixture_fini(&f);
}
END

/* A disk that fails once: an append that was refused left nothing, everything else is there, also after a restart. */
UNIT(tsdb_survives_a_failing_disk)
{
	static const enum os_fault kinds[] = {OS_FAULT_EIO, OS_FAULT_SHORT, OS_FAULT_EINTR, OS_FAULT_ENOSPC};
	for (int k = 0; k < 4; k++) {
		for (uint64_t nth = 1;; nth++) {
			struct fixture f;
			struct err e;
			struct tsdb_counts c;
			struct buf want = {0};
			fixture_init(&f);
			struct tsdb_ref r = ref_of(&f, "t", "m", 1);
			buf_c(&want, "1:");
			os_fault_set(kinds[k], nth);
			for (int i = 1; i <= 6; i++) {
				struct tsdb_sample s = {r, i, i};
				if (tsdb_append(f.db, &s, 1, &c, &e) == RC_OK)
					buf_fmt(&want, " %d=%d", i, i);
				if (i == 2 || i == 5)
					(void)!tsdb_sync(f.db, &e);
				if (i == 3 || i == 4)
					(void)!tsdb_flush(f.db, &e);
			}
			bool hit = os_fault_hit();
			os_fault_set(OS_FAULT_NONE, 0);
			clock_virtual_advance(f.clock, SECOND);
			ck_assert(tsdb_tick(f.db, NULL) == RC_OK); /* mends what was broken */
			ck_assert_uint_eq(put(&f, r, 7, 7).stored, 1);
			buf_c(&want, " 7=7");
			buf_ch(&want, '|');
			ck_assert_str_eq(dump(&f, "t", "__name__=m", 0, 100), want.p);
			fixture_reopen(&f);
			ck_assert_str_eq(dump(&f, "t", "__name__=m", 0, 100), want.p);
			buf_fini(&want);
			fixture_fini(&f);
			if (!hit)
				break;
		}
	}
}
END

    /* How many samples the series has, each of which must be what was sent for its time. */
static size_t
count_right(struct fixture *f, const char *name, double per_ms)
{
	struct str who = STR("t");
	struct matchers ms = {0};
	struct tsdb_select q = {.tenants = {&who, 1}, .matchers = &ms, .min = 0, .max = 9999};
	struct tsdb_cursor *c;
	struct tsdb_view v;
	size_t n = 0;
	ck_assert(matchers_add(&ms, STR("__name__"), MATCH_EQ, str_c(name), NULL) == RC_OK);
	ck_assert(tsdb_cursor_create(f->db, &q, &c, NULL) == RC_OK);
	while (tsdb_cursor_next(c, &v))
		for (size_t i = 0; i < v.n; i++, n++)
			ck_assert_msg(v.v[i] == per_ms * (double)v.t[i], "%g at %lld", v.v[i], (long long)v.t[i]);
	tsdb_cursor_destroy(&c);
	matchers_fini(&ms);
	return n;
}

static void
put_if_it_can(struct fixture *f, struct tsdb_ref r, msec_t t)
{
	struct tsdb_sample s = {r, t, (double)t};
	struct tsdb_counts c;
	(void)!tsdb_append(f->db, &s, 1, &c, NULL);
}

/* Batches with samples in order and out of order, and a disk that fails in between them: whatever is there is right, and what
 * was acknowledged is there. */
UNIT(tsdb_keeps_log_and_memory_in_step_on_a_failing_disk)
{
	static const enum os_fault kinds[] = {OS_FAULT_EIO, OS_FAULT_SHORT, OS_FAULT_ENOSPC};
	for (int k = 0; k < 3; k++) {
		for (uint64_t nth = 1;; nth++) {
			struct fixture f;
			struct tsdb_counts c;
			size_t acked = 0;
			fixture_init(&f);
			f.options.out_of_order = 100000;
			fixture_reopen(&f);
			struct tsdb_ref new = ref_of(&f, "t", "new", 1), late = ref_of(&f, "t", "late", 1);
			put(&f, late, 10000, 1);
			os_fault_set(kinds[k], nth);
			for (int i = 1; i <= 5; i++) {
				struct tsdb_sample batch[] = {{new, i * 10, i * 20}, {late, i * 7, i * -7}};
				struct tsdb_exemplar x = {.ref = ref_of(&f, "t", "exemplified", i), .t = i, .v = i};
				struct tsdb_metadata m = {STR("new"), STR("gauge"), STR("help"), i % 2 ? STR("s") : STR("m")};
				acked += tsdb_append(f.db, batch, 2, &c, NULL) == RC_OK && c.stored == 2;
				(void)!tsdb_exemplars_put(f.db, &x, 1, NULL);
				(void)!tsdb_metadata_put(f.db, STR("t"), &m, 1, NULL);
				put_if_it_can(&f, x.ref, i);
			}
			bool hit = os_fault_hit();
			os_fault_set(OS_FAULT_NONE, 0);
			clock_virtual_advance(f.clock, SECOND);
			ck_assert(tsdb_tick(f.db, NULL) == RC_OK);
			ck_assert_uint_eq(put(&f, new, 100, 200).stored, 1);
			for (int round = 0; round < 2; round++) {
				ck_assert_uint_ge(count_right(&f, "new", 2), acked + 1);
				ck_assert_uint_ge(count_right(&f, "late", -1), acked);
				fixture_reopen(&f);
			}
			fixture_fini(&f);
			if (!hit)
				break;
		}
	}
}
END

enum { THREAD_SAMPLES = 3000 };

struct worker {
	struct tsdb *db;
	struct tsdb_ref ref;
	msec_t first;
	bool *stop;
};

static void *
append_many(void *arg)
{
	struct worker *w = arg;
	for (int i = 0; i < THREAD_SAMPLES; i++) {
		struct tsdb_sample s = {w->ref, w->first + i, i};
		struct tsdb_counts c;
		must(tsdb_append(w->db, &s, 1, &c, NULL) == RC_OK && c.stored == 1);
		if (i % 500 == 0)
			must(tsdb_sync(w->db, NULL) == RC_OK);
	}
	return NULL;
}

/* What a reader sees of a series is never less than what it saw before. */
static void *
read_on(void *arg)
{
	struct worker *w = arg;
	size_t seen = 0;
	struct str who = STR("t");
	struct tsdb_select q = {.tenants = {&who, 1}, .min = INT64_MIN, .max = INT64_MAX};
	while (!__atomic_load_n(w->stop, __ATOMIC_ACQUIRE)) {
		struct tsdb_cursor *c;
		struct tsdb_view v;
		size_t n = 0;
		must(tsdb_cursor_create(w->db, &q, &c, NULL) == RC_OK);
		while (tsdb_cursor_next(c, &v))
			n += v.n;
		tsdb_cursor_destroy(&c);
		must(n >= seen);
		seen = n;
	}
	return NULL;
}

UNIT(tsdb_takes_many_threads_at_once)
{
	struct fixture f;
	pthread_t appenders[2], reader;
	bool stop = false;
	fixture_init(&f);
	struct worker w[2] = {
	    {f.db, ref_of(&f, "t", "m", 1), 0, &stop}, {f.db, ref_of(&f, "t", "m", 2), 5, &stop}};
	ck_assert_int_eq(pthread_create(&reader, NULL, read_on, &w[0]), 0);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&appenders[i], NULL, append_many, &w[i]), 0);
	for (int i = 0; i < 5; i++)
		ck_assert(tsdb_flush(f.db, NULL) == RC_OK);
	for (int i = 0; i < 2; i++)
		pthread_join(appenders[i], NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	pthread_join(reader, NULL);
	fixture_reopen(&f);
	struct str who = STR("t");
	struct tsdb_select q = {.tenants = {&who, 1}, .min = INT64_MIN, .max = INT64_MAX};
	struct tsdb_cursor *c;
	struct tsdb_view v;
	ck_assert(tsdb_cursor_create(f.db, &q, &c, NULL) == RC_OK);
	while (tsdb_cursor_next(c, &v))
		ck_assert_uint_eq(v.n, THREAD_SAMPLES);
	tsdb_cursor_destroy(&c);
	fixture_fini(&f);
}
END
