/* tier_test.c — windows say of samples what the samples say, through packing, blocks, late samples, deletion, retention and power cuts. */
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/kahan.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/os.h"
#include "tsdb/samples.h"
#include "tsdb/tsdb.h"
#include "tsdb/verify.h"

enum { SERIES = 6 };
static const msec_t begin = 20000 * DAY; /* a midnight */

/* ---- packing ---- */

static double
odd_value(double last)
{
	static const double odd[] = {NAN, INFINITY, -INFINITY, -0.0, 0};
	int k = rand() % 40;
	return k < 5 ? odd[k] : k < 8 ? tsdb_stale() : k < 20 && isfinite(last) ? last + rand() % 50 : (double)mrand48() * 1e-4;
}

static bool
alike(double a, double b)
{
	return a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-11 * (fabs(a) + fabs(b) + 1);
}

static bool
same_lists(const struct tier_list *a, size_t from, size_t n, const struct tier_list *b, size_t at)
{
	bool same = memcmp(a->end + from, b->end + at, n * sizeof *a->end) == 0;
	for (int c = 0; c < TIER_COLUMNS; c++)
		same &= (isnan(b->column[TIER_RESETS][at]) && TIER_RESETTING & TIER_HAS(c)) || memcmp(a->column[c] + from, b->column[c] + at, n * sizeof(double)) == 0;
	return same;
}

UNIT(tiers_are_packed_and_come_back)
{
	enum { N = 3000 };
	struct tier_list l = {0}, back = {0}, fine = {0};
	struct buf b = {0};
	msec_t t[N];
	double v[N];
	for (int round = 0; round < 200; round++) {
		msec_t at = begin + rand();
		size_t n = 1 + (size_t)rand() % N;
		for (size_t i = 0; i < n; i++) {
			t[i] = at += 1 + rand() % (round % 3 ? 20000 : 900000);
			v[i] = round % 4 == 0 ? (double)i : odd_value(i ? v[i - 1] : 0);
		}
		msec_t width = tier_widths[round % TIERS];
		tier_list_clear(&l);
		ck_assert(tier_list_add_samples(&l, width, t, v, n));
		if (width == HOUR) { /* those of finer ones are the same, but for sums */
			tier_list_clear(&fine);
			tier_list_clear(&back);
			ck_assert(tier_list_add_samples(&fine, 5 * MINUTE, t, v, n) && tier_list_add_finer(&back, HOUR, &fine));
			ck_assert_uint_eq(back.n, l.n);
			for (int c = 0; c < TIER_COLUMNS; c++)
				for (size_t i = 0; i < l.n; i++)
					ck_assert_msg(alike(back.column[c][i], l.column[c][i]), "column %d of window %zu", c, i);
		}
		for (size_t from = 0, some; from < l.n; from += some) {
			some = l.n - from < 512 ? l.n - from : 512;
			buf_clear(&b);
			tier_list_clear(&back);
			tier_pack(&l, from, some, &b);
			ck_assert(tier_unpack(buf_view(&b), l.end + from, some, width, TIER_ALL | TIER_AS_IT_IS, INT64_MIN, INT64_MAX, &back));
			ck_assert(back.n == some && same_lists(&l, from, some, &back, 0));
			ck_assert(!tier_unpack(str_to(buf_view(&b), b.n - 1), l.end + from, some, width, TIER_PLACES, INT64_MIN, INT64_MAX, &back));
		}
	}
	const msec_t two[] = {begin + 1, begin + 2};
	const double large[] = {1.7e308, 1.7e308};
	ck_assert(!tier_list_add_samples(&l, HOUR, two, large, 2)); /* the sum is none */
	tier_list_fini(&l);
	tier_list_fini(&back);
	tier_list_fini(&fine);
	buf_fini(&b);
}
END

/* ---- a store, and what was put into it ---- */

struct fixture {
	char dir[64];
	struct clock *clock;
	struct tsdb_options options;
	struct tsdb *db;
	struct tsdb_ref refs[SERIES];
	struct samples put[SERIES];
	struct matchers matchers;
	struct tsdb_keep keep;
};

static void
fixture_open(struct fixture *f)
{
	struct err e;
	struct arena *a = arena_create();
	ck_assert_msg(tsdb_open(&f->options, &f->db, &e) == RC_OK, "%s", e.text);
	for (int i = 0; i < SERIES; i++) {
		struct pair p[] = {{STR("__name__"), STR("m")}, {STR("i"), arena_fmt(a, "%d", i)}};
		ck_assert(tsdb_series(f->db, STR("t"), labels_from_pairs((struct pairs){p, 2}, a), &f->refs[i], NULL) == RC_OK);
	}
	arena_destroy(&a);
}

static void
fixture_init(struct fixture *f)
{
	*f = (struct fixture){.dir = "/tmp/tsdb-tier-XXXXXX"};
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(f->dir));
	f->clock = clock_virtual_create(begin);
	f->options = (struct tsdb_options){.dir = f->dir, .clock = f->clock, .sync_every = 1000 * DAY, .out_of_order = 100 * DAY};
	fixture_open(f);
}

static void
fixture_fini(struct fixture *f)
{
	tsdb_close(&f->db);
	clock_destroy(&f->clock);
	matchers_fini(&f->matchers);
	for (int i = 0; i < SERIES; i++)
		samples_fini(&f->put[i]);
	unit_remove(f->dir);
}

static void
reopen(struct fixture *f)
{
	tsdb_close(&f->db);
	fixture_open(f);
}

static void
put(struct fixture *f, int i, msec_t t, double v)
{
	struct tsdb_sample s = {f->refs[i], t, v};
	struct tsdb_counts c;
	ck_assert(tsdb_append(f->db, &s, 1, &c, NULL) == RC_OK);
	if (c.stored)
		samples_add(&f->put[i], t, v);
	samples_order(&f->put[i]);
}

/* Samples of some hours, and what the timer does. */
static void
fill(struct fixture *f, int hours, msec_t every)
{
	msec_t end = clock_wall(f->clock) + hours * HOUR;
	while (clock_wall(f->clock) < end) {
		msec_t now = clock_wall(f->clock);
		for (int i = 0; i < SERIES; i++) {
			struct samples *p = &f->put[i];
			double last = p->n ? p->v[p->n - 1] : 0;
			if (i == 5 && now / HOUR % 7 < 3)
				continue; /* it comes and goes */
			put(f, i, now + i, i == 0 ? (double)p->n : i == 1 ? (rand() % 30 ? (isfinite(last) ? last : 0) + rand() % 9 : 0) : odd_value(last));
		}
		clock_virtual_advance(f->clock, every);
		ck_assert(tsdb_tick(f->db, NULL) == RC_OK);
	}
}

/* ---- what is read ---- */

/* The windows of what was read, one for each end, and as brute force finds them. */
struct totals {
	double count, min, max, last;
	struct kahan sum;
};

static void
add_number(struct totals *x, double v)
{
	bool first = !x->count++;
	x->min = first || v < x->min || isnan(x->min) ? v : x->min;
	x->max = first || v > x->max || isnan(x->max) ? v : x->max;
	x->last = v;
	kahan_add(&x->sum, v);
}

static size_t
place(msec_t end, msec_t width)
{
	ck_assert(end > begin - width && end % width == 0);
	return (size_t)((end - begin) / width);
}

static void
add_view(const struct tsdb_view *v, msec_t width, struct totals *out)
{
	const struct tier_list *l = v->windows;
	for (size_t i = 0; l && i < l->n; i++) {
		struct totals *x = &out[place(tier_end(l->end[i], width), width)];
		double n = l->column[TIER_COUNT][i];
		if (!n)
			continue;
		double min = l->column[TIER_MIN][i], max = l->column[TIER_MAX][i];
		x->min = !x->count || min < x->min || isnan(x->min) ? min : x->min;
		x->max = !x->count || max > x->max || isnan(x->max) ? max : x->max;
		x->count += n;
		x->last = l->column[TIER_LAST][i];
		kahan_add(&x->sum, l->column[TIER_SUM][i]);
	}
	for (size_t i = 0; i < v->n; i++)
		if (!tsdb_is_stale(v->v[i]))
			add_number(&out[place(tier_end(v->t[i], width), width)], v->v[i]);
}

/* Reads by windows; each window is as the samples say.  Gives how many samples had to be read. */
static size_t
check(struct fixture *f, msec_t width)
{
	struct str who = STR("t");
	struct tsdb_select q = {.tenants = {&who, 1}, .min = begin - HOUR + 1, .max = begin + 200 * DAY, .window = width, .rest = true, .columns = TIER_ALL & ~TIER_RESETTING};
	struct tsdb_cursor *c;
	struct tsdb_view v;
	size_t raw = 0, n = place(clock_wall(f->clock) + 2 * width - clock_wall(f->clock) % width, width) + 1;
	struct totals *got = mem_alloc(n * sizeof *got), *want = mem_alloc(n * sizeof *want);
	ck_assert(tsdb_cursor_create(f->db, &q, &c, NULL) == RC_OK);
	while (tsdb_cursor_next(c, &v)) {
		struct str which = labels_get(v.labels, STR("i"));
		const struct samples *p = &f->put[which.p[0] - '0'];
		memset(got, 0, n * sizeof *got);
		memset(want, 0, n * sizeof *want);
		add_view(&v, width, got);
		add_view(&(struct tsdb_view){.t = p->t, .v = p->v, .n = p->n}, width, want);
		for (size_t i = 0; i < n; i++)
			ck_assert_msg(got[i].count == want[i].count && alike(got[i].min, want[i].min) && alike(got[i].max, want[i].max) &&
				alike(got[i].last, want[i].last) && (isnan(kahan_sum(&want[i].sum)) || alike(kahan_sum(&got[i].sum), kahan_sum(&want[i].sum))),
			    "series %c, window %zu: %g %g %g %g, expected %g %g %g %g", which.p[0], i, got[i].count, got[i].min, got[i].max,
			    got[i].last, want[i].count, want[i].min, want[i].max, want[i].last);
		raw += v.n;
	}
	tsdb_cursor_destroy(&c);
	mem_free(got);
	mem_free(want);
	return raw;
}

static size_t
count_put(const struct fixture *f)
{
	size_t n = 0;
	for (int i = 0; i < SERIES; i++)
		n += f->put[i].n;
	return n;
}

static size_t
files(struct fixture *f, const char *kind)
{
	size_t n = 0;
	DIR *d = opendir(f->dir);
	for (struct dirent *x; (x = readdir(d));)
		n += strncmp(x->d_name, kind, strlen(kind)) == 0;
	closedir(d);
	return n;
}

static void
see(void *arg, const struct verified *v)
{
	ck_assert_msg(!v->damage, "%s", v->damage);
	*(size_t *)arg += strcmp(v->kind, "tier") == 0;
}

UNIT(tiers_say_what_the_samples_say)
{
	struct fixture f;
	size_t verified = 0;
	fixture_init(&f);
	fill(&f, 80, 90 * 1000);
	ck_assert_uint_eq(files(&f, "tier-5m-"), 3);
	ck_assert_uint_eq(files(&f, "tier-1h-"), 3);
	for (int round = 0; round < 2; round++) {
		for (int level = 0; level < TIERS; level++)
			ck_assert_uint_lt(check(&f, tier_widths[level]), count_put(&f) / 3);
		reopen(&f);
	}
	/* late samples, of today and of a day that was merged: windows and samples of a series do not mix then */
	for (int k = 0; k < 24; k++) {
		put(&f, k % 3, begin + rand() % (70 * HOUR), k);
		if (k % 8 == 0)
			ck_assert(tsdb_flush(f.db, NULL) == RC_OK);
		check(&f, tier_widths[k % TIERS]);
	}
	/* what is late lies in blocks of its own */
	ck_assert(tsdb_compact(f.db, NULL) == RC_OK);
	for (int level = 0; level < TIERS; level++)
		ck_assert_uint_le(check(&f, tier_widths[level]), f.put[0].n + f.put[1].n + f.put[2].n + 3 * 12 * HOUR / (90 * 1000));
	ck_assert(tsdb_verify(f.dir, see, &verified, NULL) == RC_OK);
	char copy[80];
	size_t raw = check(&f, HOUR);
	snprintf(copy, sizeof copy, "%s-copy", f.dir);
	ck_assert(tsdb_snapshot(f.db, copy, true, NULL) == RC_OK);
	f.options.dir = copy;
	reopen(&f);
	ck_assert_uint_eq(check(&f, HOUR), raw);
	f.options.dir = f.dir;
	reopen(&f);
	unit_remove(copy);
	ck_assert_uint_eq(verified, files(&f, "tier-"));
	ck_assert_uint_ge(verified, 2 * 3);
	fixture_fini(&f);
}
END

/* ---- damage ---- */

static void
damage(struct fixture *f, const char *kind, int where)
{
	char path[512] = "";
	DIR *d = opendir(f->dir);
	for (struct dirent *x; (x = readdir(d));)
		if (strncmp(x->d_name, kind, strlen(kind)) == 0 && !strstr(x->d_name, ".damaged"))
			snprintf(path, sizeof path, "%s/%s", f->dir, x->d_name);
	closedir(d);
	int fd = open(path, O_RDWR);
	char c;
	ck_assert(fd >= 0 && pread(fd, &c, 1, where) == 1);
	c ^= 1;
	ck_assert(pwrite(fd, &c, 1, where) == 1);
	close(fd);
}

UNIT(tiers_that_are_damaged_leave_it_to_the_samples)
{
	struct fixture f;
	struct tsdb_state st;
	fixture_init(&f);
	fill(&f, 30, 300 * 1000);
	size_t before = check(&f, HOUR);
	for (int where = 8; where < 3000; where += 400) {
		tsdb_close(&f.db);
		damage(&f, "tier-1h-", where < 100 ? where : 0); /* a chunk, or what the file begins with */
		damage(&f, "tier-5m-", where < 100 ? where : 0);
		fixture_open(&f);
		tsdb_state(f.db, &st);
		size_t raw = check(&f, HOUR);
		ck_assert_uint_gt(raw, before);
		if (where < 100) {
			tsdb_close(&f.db);
			damage(&f, "tier-1h-", where);
			damage(&f, "tier-5m-", where);
			fixture_open(&f);
			continue;
		}
		ck_assert_uint_eq(st.damaged, 2);
		ck_assert_uint_eq(st.tiers, 0);
		clock_virtual_advance(f.clock, HOUR);
		ck_assert(tsdb_tick(f.db, NULL) == RC_OK);
		ck_assert_uint_eq(check(&f, HOUR), before);
	}
	fixture_fini(&f);
}
END

/* ---- retention ---- */

/* What windows alone tell of a series, and what samples there are. */
static size_t
alone(struct fixture *f, int series, size_t *samples)
{
	struct str who = STR("t");
	struct tsdb_select q = {.tenants = {&who, 1}, .min = begin, .max = begin + 1000 * DAY, .rest = true, .columns = TIER_ALL & ~TIER_RESETTING};
	struct tsdb_cursor *c;
	struct tsdb_view v;
	double n = 0;
	*samples = 0;
	ck_assert(tsdb_cursor_create(f->db, &q, &c, NULL) == RC_OK);
	while (tsdb_cursor_next(c, &v)) {
		if (labels_get(v.labels, STR("i")).p[0] - '0' != series)
			continue;
		for (size_t i = 0; i < v.n_alone; i++)
			n += v.windows->column[TIER_COUNT][i];
		*samples = v.n;
	}
	tsdb_cursor_destroy(&c);
	return (size_t)n;
}

UNIT(tiers_outlive_the_samples)
{
	struct fixture f;
	size_t samples;
	fixture_init(&f);
	f.options.retention = 3 * DAY;
	f.options.tier_keep[0] = 20 * DAY;
	f.options.tier_keep[1] = 50 * DAY;
	/* series 1 has an entry of its own: its windows go with its samples.  Series 2 stays longer. */
	ck_assert(matchers_parse(&f.matchers, STR("i=~\"[12]\""), NULL) == RC_OK);
	reopen(&f);
	fill(&f, 24 * 45, HOUR);
	for (int round = 0; round < 2; round++) {
		size_t n = alone(&f, 0, &samples);
		ck_assert_uint_le(samples, 4 * 24 * 3 + 1);
		ck_assert_uint_eq(n + samples, f.put[0].n);
		check(&f, HOUR);
		reopen(&f);
	}
	ck_assert_uint_le(files(&f, "tier-5m-"), 2 + 20 + 4);
	ck_assert_uint_le(files(&f, "tier-1h-"), 2 + 31 + 4);
	/* an entry that comes later */
	f.keep = (struct tsdb_keep){.matchers = &f.matchers, .keep = 10 * DAY};
	f.options.keeps = &f.keep;
	f.options.n_keeps = 1;
	reopen(&f);
	clock_virtual_advance(f.clock, HOUR);
	ck_assert(tsdb_tick(f.db, NULL) == RC_OK);
	ck_assert_uint_eq(alone(&f, 1, &samples), 0);
	ck_assert_uint_gt(alone(&f, 0, &samples), 35 * 24);
	/* a block stays for series 2, and the windows of the others stay without it */
	size_t before = f.put[0].n;
	fill(&f, 24 * 9, HOUR);
	ck_assert_uint_eq(alone(&f, 1, &samples), 0);
	ck_assert_uint_ge(samples, 8 * 24);
	for (int round = 0; round < 2; round++) {
		ck_assert_uint_gt(alone(&f, 0, &samples), before - 4 * 24 * 3);
		ck_assert_uint_le(samples, 4 * 24 * 3 + 1);
		reopen(&f);
	}
	fill(&f, 24 * 20, 2 * HOUR);
	for (int round = 0; round < 2; round++) {
		size_t n = alone(&f, 0, &samples), held = 0;
		for (size_t i = 0; i < f.put[0].n; i++)
			held += f.put[0].t[i] > clock_wall(f.clock) - 49 * DAY;
		ck_assert_uint_ge(n + samples, held);
		reopen(&f);
	}
	fixture_fini(&f);
}
END

UNIT(tiers_hide_and_lose_what_is_deleted)
{
	struct fixture f;
	struct str who = STR("t");
	size_t samples;
	fixture_init(&f);
	f.options.retention = 3 * DAY;
	f.options.tier_keep[0] = f.options.tier_keep[1] = 100 * DAY;
	reopen(&f);
	fill(&f, 24 * 10, 30 * MINUTE);
	ck_assert(matchers_parse(&f.matchers, STR("i=\"0\""), NULL) == RC_OK);
	struct tsdb_select q = {.tenants = {&who, 1}, .matchers = &f.matchers, .min = begin + DAY + 7 * MINUTE, .max = begin + 2 * DAY - HOUR};
	size_t whole = alone(&f, 0, &samples);
	ck_assert(tsdb_delete(f.db, &q, NULL) == RC_OK);
	size_t less = alone(&f, 0, &samples);
	ck_assert_uint_le(less, whole - 2 * 22);
	ck_assert_uint_ge(less, whole - 2 * 24);
	ck_assert_uint_ge(alone(&f, 1, &samples), whole);
	for (int round = 0; round < 3; round++) {
		ck_assert_uint_eq(alone(&f, 0, &samples), less);
		if (round == 1)
			ck_assert(tsdb_clean(f.db, NULL) == RC_OK);
		reopen(&f);
	}
	/* where there are samples, windows are those of what is left */
	q.min = clock_wall(f.clock) - 50 * HOUR;
	q.max = clock_wall(f.clock) - 26 * HOUR;
	ck_assert(tsdb_delete(f.db, &q, NULL) == RC_OK);
	samples_drop(&f.put[0], 0, q.min, q.max);
	samples_drop(&f.put[0], 0, begin, begin + 2 * DAY); /* of this nothing can be compared */
	for (int round = 0; round < 2; round++) {
		ck_assert(tsdb_compact(f.db, NULL) == RC_OK);
		reopen(&f);
	}
	q.min = begin;
	q.max = begin + 2 * DAY;
	ck_assert(tsdb_delete(f.db, &q, NULL) == RC_OK);
	ck_assert(tsdb_clean(f.db, NULL) == RC_OK);
	check(&f, HOUR);
	check(&f, 5 * MINUTE);
	fixture_fini(&f);
}
END

UNIT(tiers_give_way_to_the_size)
{
	struct fixture f;
	struct tsdb_state st;
	fixture_init(&f);
	fill(&f, 24 * 3, MINUTE);
	tsdb_state(f.db, &st);
	size_t tiers = st.tiers;
	f.options.size = st.tier_bytes * 2 + 1000;
	ck_assert_uint_lt(f.options.size, st.block_bytes + st.tier_bytes);
	reopen(&f);
	clock_virtual_advance(f.clock, HOUR);
	ck_assert(tsdb_tick(f.db, NULL) == RC_OK);
	tsdb_state(f.db, &st);
	ck_assert_uint_le(st.block_bytes + st.tier_bytes, f.options.size);
	ck_assert_uint_eq(st.tiers, tiers); /* samples go first */
	f.options.size = 1000;
	reopen(&f);
	clock_virtual_advance(f.clock, HOUR);
	ck_assert(tsdb_tick(f.db, NULL) == RC_OK);
	tsdb_state(f.db, &st);
	ck_assert_uint_eq(st.blocks + st.tiers, 0);
	fixture_fini(&f);
}
END

/* ---- power cuts ---- */

static void
copy_folder(const char *from, const char *to)
{
	DIR *d = opendir(to);
	char path[512];
	for (struct dirent *x; (x = readdir(d));) {
		snprintf(path, sizeof path, "%s/%s", to, x->d_name);
		unlink(path);
	}
	closedir(d);
	d = opendir(from);
	for (struct dirent *x; (x = readdir(d));) {
		struct buf file = {0};
		snprintf(path, sizeof path, "%s/%s", from, x->d_name);
		if (x->d_name[0] == '.' || os_read_file(path, 1 << 24, &file, NULL) != RC_OK)
			continue;
		snprintf(path, sizeof path, "%s/%s", to, x->d_name);
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		ck_assert(fd >= 0 && (file.n == 0 || write(fd, file.p, file.n) == (ssize_t)file.n));
		close(fd);
		buf_fini(&file);
	}
	closedir(d);
}

/* Samples past their retention, tiers to write, tiers to join, and series that leave a block: all in one turn that may stop anywhere. */
UNIT(crash_while_tiers_change_loses_nothing)
{
	struct fixture f;
	char work[] = "/tmp/tsdb-tier-cut-XXXXXX";
	size_t samples, turns = 0;
	fixture_init(&f);
	ck_assert_ptr_nonnull(mkdtemp(work));
	f.options.retention = 3 * DAY;
	f.options.tier_keep[0] = f.options.tier_keep[1] = 100 * DAY;
	ck_assert(matchers_parse(&f.matchers, STR("i=\"2\""), NULL) == RC_OK);
	reopen(&f);
	fill(&f, 24 * 5, HOUR);
	tsdb_close(&f.db);
	f.keep = (struct tsdb_keep){.matchers = &f.matchers, .keep = 50 * DAY};
	f.options.keeps = &f.keep;
	f.options.n_keeps = 1;
	f.options.dir = work;
	clock_virtual_advance(f.clock, 26 * HOUR);
	for (uint64_t nth = 1;; nth++) {
		int status;
		copy_folder(f.dir, work);
		pid_t pid = fork();
		if (pid == 0) {
			fixture_open(&f);
			clock_virtual_advance(f.clock, 11 * MINUTE);
			os_fault_set(OS_FAULT_KILL, nth);
			_exit(tsdb_tick(f.db, NULL) == RC_OK ? 0 : 1);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFEXITED(status) && (WEXITSTATUS(status) == 137 || WEXITSTATUS(status) == 0));
		turns++;
		for (int round = 0; round < 2; round++) {
			fixture_open(&f);
			size_t n = alone(&f, 0, &samples);
			ck_assert_msg(n + samples == f.put[0].n, "stopped at call %d: %zu in windows and %zu samples of %zu", (int)nth, n, samples, f.put[0].n);
			if (round == 0)
				for (int k = 0; k < 2; k++) {
					clock_virtual_advance(f.clock, 11 * MINUTE);
					ck_assert(tsdb_tick(f.db, NULL) == RC_OK);
				}
			tsdb_close(&f.db);
		}
		clock_virtual_set(f.clock, clock_wall(f.clock) - 22 * MINUTE);
		if (WEXITSTATUS(status) == 0)
			break;
	}
	ck_assert_uint_gt(turns, 30);
	unit_remove(work);
	f.options.dir = f.dir;
	fixture_open(&f);
	fixture_fini(&f);
}
END
