/* page_test.c — a page is stored as a whole or leaves nothing behind. */
#include "unit.h"
#include "wire/histogram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "collect/page.h"

enum { LIMIT = 10 };

struct fixture {
	char dir[64];
	struct clock *clock;
	struct arena *arena;
	struct tsdb *db;
	struct page_memory *memory;
	struct conf_scrape job;
	struct relabel *none;
	struct target target;
	msec_t now;
};

static void
begin(struct fixture *f)
{
	struct err e;
	*f = (struct fixture){.dir = "/tmp/page-test-XXXXXX", .now = 1000 * SECOND};
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(f->dir));
	f->clock = clock_virtual_create(f->now);
	f->arena = arena_create();
	record_defaults(&conf_scrape_layout, &f->job, f->arena);
	ck_assert_int_eq(target_rules(NULL, 0, &f->none, &e), RC_OK);
	struct tsdb_options o = {.dir = f->dir, .clock = f->clock, .sync_every = 200, .limits.series = LIMIT};
	ck_assert_int_eq(tsdb_open(&o, &f->db, &e), RC_OK);
	struct pair p = {STR("job"), STR("j")};
	f->target = (struct target){.tenant = STR("t"), .job = STR("j"), .labels = labels_from_pairs((struct pairs){&p, 1}, f->arena)};
	f->memory = page_memory_create();
}

static void
end(struct fixture *f)
{
	page_memory_destroy(&f->memory);
	tsdb_close(&f->db);
	relabel_destroy(&f->none);
	clock_destroy(&f->clock);
	arena_destroy(&f->arena);
	unit_remove(f->dir);
}

/* Lines x{i="from"} to x{i="to - 1"}, each with its number as value, and whatever else. */
static enum rc
scrape(struct fixture *f, int from, int to, const char *more, struct page_counts *n, struct err *e)
{
	struct buf page = {0};
	struct page_rules rules = {&f->job, f->none};
	for (int i = from; i < to; i++)
		buf_fmt(&page, "x{i=\"%d\"} %d\n", i, i);
	buf_c(&page, more);
	f->now += SECOND;
	enum rc rc = page_store(f->memory, f->db, &f->target, &rules, &(struct page_body){.text = buf_view(&page)}, f->now, n, e);
	buf_fini(&page);
	return rc;
}

static size_t
series(struct fixture *f)
{
	struct tsdb_state s;
	tsdb_state(f->db, &s);
	return s.series;
}

/* The newest value of x{i="…"}; NAN-like -1 when there is none or it has ended. */
static double
value(struct fixture *f, const char *i)
{
	struct tsdb_select q = {.tenants = {&f->target.tenant, 1}, .min = 0, .max = INT64_MAX};
	struct tsdb_cursor *c;
	struct tsdb_view v;
	double found = -1;
	struct err e;
	ck_assert_int_eq(tsdb_cursor_create(f->db, &q, &c, &e), RC_OK);
	while (tsdb_cursor_next(c, &v))
		if (str_is(labels_get(v.labels, STR("i")), i) && v.n && !tsdb_is_stale(v.v[v.n - 1]))
			found = v.v[v.n - 1];
	tsdb_cursor_destroy(&c);
	return found;
}

UNIT(page_over_the_limit_of_series_leaves_none)
{
	struct fixture f;
	struct page_counts n;
	struct err e;
	begin(&f);
	for (int again = 0; again < 5; again++) {
		ck_assert_int_eq(scrape(&f, 0, LIMIT + 1, "", &n, &e), RC_REFUSED);
		ck_assert_ptr_nonnull(strstr(e.text, "limits.series_per_customer"));
		ck_assert_uint_eq(series(&f), 0);
	}
	ck_assert_int_eq(scrape(&f, 0, LIMIT, "", &n, &e), RC_OK);
	ck_assert_uint_eq(series(&f), LIMIT);
	ck_assert_uint_eq(n.added, LIMIT);
	ck_assert_double_eq(value(&f, "7"), 7);
	end(&f);
}
END

UNIT(page_that_grew_over_the_limit_ends_what_it_had_and_adds_nothing)
{
	struct fixture f;
	struct page_counts n;
	struct err e;
	begin(&f);
	ck_assert_int_eq(scrape(&f, 0, 6, "", &n, &e), RC_OK);
	ck_assert_int_eq(scrape(&f, 0, LIMIT + 1, "", &n, &e), RC_REFUSED);
	ck_assert_uint_eq(series(&f), 6);
	ck_assert_double_eq(value(&f, "3"), -1);
	/* the numbers that were given back are somebody else's now */
	ck_assert_int_eq(scrape(&f, 2, 10, "x{i=\"8\"} 8\n", &n, &e), RC_OK);
	ck_assert_uint_eq(series(&f), LIMIT);
	for (int i = 2; i < 10; i++)
		ck_assert_double_eq(value(&f, arena_fmt(f.arena, "%d", i).p), i);
	ck_assert_double_eq(value(&f, "1"), -1);
	end(&f);
}
END

UNIT(series_with_times_of_their_own_end_where_that_is_tracked)
{
	for (int tracked = 0; tracked < 2; tracked++) {
		struct fixture f;
		struct page_counts n;
		struct err e;
		char line[64];
		begin(&f);
		f.job.honor_timestamps = true;
		f.job.track_timestamps_staleness = tracked;
		snprintf(line, sizeof line, "x{i=\"9\"} 9 %lld\n", (long long)f.now);
		ck_assert_int_eq(scrape(&f, 0, 1, line, &n, &e), RC_OK);
		ck_assert_double_eq(value(&f, "9"), 9);
		ck_assert_int_eq(scrape(&f, 1, 2, "", &n, &e), RC_OK);
		ck_assert_double_eq(value(&f, "0"), -1);
		ck_assert_double_eq(value(&f, "9"), tracked ? -1 : 9);
		end(&f);
	}
}
END

UNIT(page_that_is_refused_for_another_reason_leaves_no_series_either)
{
	struct fixture f;
	struct page_counts n;
	struct err e;
	begin(&f);
	ck_assert_int_eq(scrape(&f, 0, 5, "this is no sample {{{\n", &n, &e), RC_INVALID);
	ck_assert_uint_eq(series(&f), 0);
	f.job.sample_limit = 3;
	ck_assert_int_eq(scrape(&f, 0, 5, "", &n, &e), RC_REFUSED);
	ck_assert_uint_eq(series(&f), 0);
	ck_assert_int_eq(scrape(&f, 0, 3, "", &n, &e), RC_OK);
	ck_assert_uint_eq(series(&f), 3);
	end(&f);
}
END

UNIT(page_that_has_a_new_series_twice_begins_it_once)
{
	struct fixture f;
	struct page_counts n;
	struct err e;
	begin(&f);
	ck_assert_int_eq(scrape(&f, 0, 2, "x{i=\"1\"} 1\nx{i=\"9\"} 9\nx{i=\"9\"} 9\n", &n, &e), RC_OK);
	ck_assert_uint_eq(series(&f), 3);
	ck_assert_double_eq(value(&f, "9"), 9);
	end(&f);
}
END

struct told {
	size_t n;
	char text[200];
};

static void
tell(void *arg, const struct tsdb_metadata *m)
{
	struct told *t = arg;
	t->n++;
	snprintf(t->text, sizeof t->text, "%.*s|%.*s|%.*s|%.*s", STR_ARG(m->metric), STR_ARG(m->type), STR_ARG(m->help), STR_ARG(m->unit));
}

UNIT(what_a_page_says_of_its_metrics_is_kept)
{
	struct fixture f;
	struct page_counts n;
	struct err e;
	begin(&f);
	for (int round = 0; round < 3; round++) {
		struct told t = {0};
		const char *help = round < 2 ? "# HELP x what it\\nis\n# TYPE x gauge\n" : "# HELP x another\n# TYPE x gauge\n";
		ck_assert_int_eq(scrape(&f, 0, 2, help, &n, &e), RC_OK);
		tsdb_metadata_each(f.db, STR("t"), tell, &t);
		ck_assert_uint_eq(t.n, 1);
		ck_assert_str_eq(t.text, round < 2 ? "x|gauge|what it\nis|" : "x|gauge|another|");
	}
	end(&f);
}
END

UNIT(pages_keep_native_histograms_and_end_them)
{
	struct fixture f;
	struct page_counts n;
	struct err e;
	struct histogram h = {.integer = true, .count = 2, .zero_count = 2, .sum = 1};
	struct buf packed = {0};
	begin(&f);
	struct page_rules rules = {&f.job, f.none};
	histogram_pack(&h, &packed);
	struct str native = buf_view(&packed);
	struct page_body page = {STR("{\"lat\",a=\"b\"} h0\nx 1\n"), EXPO_PROTOBUF, &native, 1};
	for (int i = 0; i < 2; i++, f.now += SECOND)
		ck_assert(page_store(f.memory, f.db, &f.target, &rules, &page, f.now, &n, &e) == RC_OK && n.kept == 2);
	page.text = STR("x 1\n");
	ck_assert(page_store(f.memory, f.db, &f.target, &rules, &page, f.now, &n, &e) == RC_OK);
	struct matchers ms = {0};
	struct tsdb_cursor *c;
	struct tsdb_view v;
	ck_assert(matchers_add(&ms, STR("__name__"), MATCH_EQ, STR("lat"), NULL) == RC_OK);
	struct tsdb_select q = {.tenants = {&f.target.tenant, 1}, .matchers = &ms, .min = 0, .max = INT64_MAX};
	ck_assert(tsdb_cursor_create(f.db, &q, &c, NULL) == RC_OK && tsdb_cursor_next(c, &v));
	ck_assert(v.n_histograms == 2 && str_eq(v.histograms[1], native) && v.n == 1 && tsdb_is_stale(v.v[0]));
	tsdb_cursor_destroy(&c);
	matchers_fini(&ms);
	buf_fini(&packed);
	end(&f);
}
END

enum { LINES = 8, ROUNDS = 300 };

/* What the store should have of a line. */
struct expected {
	msec_t t[ROUNDS];
	double v[ROUNDS]; /* NaN: the mark of its end */
	size_t n;
	bool there;
};

static void
check_series(struct fixture *f, int i, const struct expected *x)
{
	struct matchers ms = {0};
	struct tsdb_cursor *c;
	struct tsdb_view view;
	struct err e;
	char value[8];
	size_t n = (size_t)snprintf(value, sizeof value, "%d", i);
	ck_assert_int_eq(matchers_add(&ms, STR("i"), MATCH_EQ, str_n(value, n), &e), RC_OK);
	struct str tenant = STR("t");
	struct tsdb_select sel = {.tenants = {&tenant, 1}, .matchers = &ms, .min = 0, .max = INT64_MAX};
	ck_assert_int_eq(tsdb_cursor_create(f->db, &sel, &c, &e), RC_OK);
	ck_assert_msg(tsdb_cursor_next(c, &view), "line %d has no series", i);
	ck_assert_uint_eq(view.n, x->n);
	for (size_t k = 0; k < x->n; k++) {
		ck_assert_int_eq(view.t[k], x->t[k]);
		ck_assert(isnan(x->v[k]) ? isnan(view.v[k]) : view.v[k] == x->v[k]);
	}
	tsdb_cursor_destroy(&c);
	matchers_fini(&ms);
}

/* Lines that come, go and change places; now and then a page that is refused: what is stored is what was said. */
UNIT(lines_may_stand_anywhere)
{
	struct fixture f;
	static struct expected all[LINES];
	struct page_counts n;
	struct err e;
	begin(&f);
	srand(7);
	memset(all, 0, sizeof all);
	for (int round = 0; round < ROUNDS; round++) {
		struct buf page = {0};
		bool on[LINES] = {0}, whole = rand() % 20 > 0;
		size_t count = 0;
		int from = rand() % LINES, step = rand() % 3 ? 1 : 3;
		for (int k = 0; k < LINES; k++) {
			int i = (from + k * step) % LINES;
			if (on[i] || rand() % 9 == 0)
				continue;
			on[i] = true;
			count++;
			buf_fmt(&page, rand() % 4 ? "x{i=\"%d\"} %d\n" : "# a remark\nx{i=\"%d\"}  %d\n", i, round * 10 + i);
		}
		if (!whole)
			buf_c(&page, "x{i= 1\n");
		enum rc rc = scrape(&f, 0, 0, page.p ? page.p : "", &n, &e);
		ck_assert_int_eq(rc == RC_OK, whole);
		if (whole)
			ck_assert_uint_eq(n.scraped, count);
		for (int i = 0; i < LINES; i++) {
			struct expected *x = &all[i];
			bool here = whole && on[i];
			if (here || x->there) {
				x->t[x->n] = f.now;
				x->v[x->n++] = here ? round * 10 + i : NAN;
			}
			x->there = here;
		}
		buf_fini(&page);
	}
	for (int i = 0; i < LINES; i++)
		check_series(&f, i, &all[i]);
	end(&f);
}
END
