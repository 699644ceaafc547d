/* refer_test.c — the index of full blocks is merged and their chunks stay: nothing is lost, whatever happens to whichever file. */
#include "unit.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/os.h"
#include "tsdb/tsdb.h"
#include "tsdb/verify.h"

enum { SERIES = 40, EACH = 210, BLOCKS = 4, STEP = 1000, SOME = 7 };

struct fixture {
	char dir[96];
	struct clock *clock;
	struct tsdb *db;
};

static void
open_store(struct fixture *f)
{
	struct tsdb_options o = {.dir = f->dir, .clock = f->clock, .sync_every = 200, .out_of_order = DAY};
	struct err e;
	must(tsdb_open(&o, &f->db, &e) == RC_OK);
}

static struct tsdb_ref
series(struct fixture *f, int i)
{
	struct arena *a = arena_create();
	struct tsdb_ref ref;
	struct pair p[] = {{STR("__name__"), STR("m")}, {STR("i"), arena_fmt(a, "%d", i)}};
	must(tsdb_series(f->db, STR("t"), labels_from_pairs((struct pairs){p, 2}, a), &ref, NULL) == RC_OK);
	arena_destroy(&a);
	return ref;
}

/* Not every series is in every block. */
static bool
is_in(int i, int block)
{
	return i % SOME != block;
}

static void
put_block(struct fixture *f, int block)
{
	struct tsdb_counts c;
	for (int i = 0; i < SERIES; i++) {
		struct tsdb_ref ref = series(f, i);
		struct tsdb_sample s[EACH];
		msec_t first = (msec_t)(block * EACH) * STEP;
		struct tsdb_histogram h = {ref, first + EACH * STEP - 1, STR("bytes")};
		for (int k = 0; k < EACH; k++)
			s[k] = (struct tsdb_sample){ref, first + k * STEP, (double)(i * k) / 4};
		if (is_in(i, block))
			must(tsdb_append(f->db, s, EACH, &c, NULL) == RC_OK && c.stored == EACH);
		if (i == 5)
			must(tsdb_append_histograms(f->db, &h, 1, &c, NULL) == RC_OK && c.stored == 1);
	}
	must(tsdb_flush(f->db, NULL) == RC_OK);
}

static void
fixture_init(struct fixture *f)
{
	*f = (struct fixture){.dir = "/tmp/tsdb-refer-XXXXXX"};
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(f->dir));
	f->clock = clock_virtual_create(DAY);
	open_store(f);
	for (int b = 0; b < BLOCKS; b++)
		put_block(f, b);
}

static void
fixture_fini(struct fixture *f)
{
	tsdb_close(&f->db);
	clock_destroy(&f->clock);
	unit_remove(f->dir);
}

static void
start_again(struct fixture *f)
{
	tsdb_close(&f->db);
	open_store(f);
}

/* Everything that there is, in words. */
static struct buf
content(struct tsdb *db, msec_t min, msec_t max)
{
	struct buf out = {0};
	struct str who = STR("t");
	struct tsdb_select q = {.tenants = {&who, 1}, .min = min, .max = max};
	struct tsdb_cursor *c;
	struct tsdb_view v;
	ck_assert(tsdb_cursor_create(db, &q, &c, NULL) == RC_OK);
	while (tsdb_cursor_next(c, &v)) {
		buf_fmt(&out, "\n%.*s:", STR_ARG(labels_get(v.labels, STR("i"))));
		for (size_t i = 0; i < v.n; i++)
			buf_fmt(&out, " %lld=%g", (long long)v.t[i], v.v[i]);
		for (size_t i = 0; i < v.n_histograms; i++)
			buf_fmt(&out, " %lld=%.*s", (long long)v.histogram_t[i], STR_ARG(v.histograms[i]));
	}
	tsdb_cursor_destroy(&c);
	return out;
}

static void
must_hold(struct tsdb *db, const struct buf *what)
{
	struct buf now = content(db, INT64_MIN, INT64_MAX);
	ck_assert(str_eq(buf_view(&now), buf_view(what)));
	buf_fini(&now);
}

static int
count_files(const char *dir, const char *start)
{
	int n = 0;
	DIR *d = opendir(dir);
	for (struct dirent *x; d && (x = readdir(d));)
		n += str_starts(str_c(x->d_name), str_c(start));
	if (d)
		closedir(d);
	return n;
}

static size_t
blocks_of(struct fixture *f)
{
	struct tsdb_state s;
	tsdb_state(f->db, &s);
	return s.blocks;
}

static void
no_damage(void *arg, const struct verified *v)
{
	ck_assert_msg(!v->damage, "%.*s: %s", STR_ARG(v->name), v->damage);
	*(int *)arg += str_is(str_c(v->kind), "part");
}

UNIT(refer_keeps_everything_where_it_is)
{
	struct fixture f;
	int parts = 0;
	char other[110];
	fixture_init(&f);
	struct buf all = content(f.db, INT64_MIN, INT64_MAX), some = content(f.db, 300 * STEP, 500 * STEP);
	ck_assert(tsdb_compact(f.db, NULL) == RC_OK);
	ck_assert_uint_eq(blocks_of(&f), 1);
	ck_assert_int_eq(count_files(f.dir, "part-"), BLOCKS);
	ck_assert_int_eq(count_files(f.dir, "block-"), 1);
	for (int again = 0; again < 2; again++) {
		must_hold(f.db, &all);
		struct buf now = content(f.db, 300 * STEP, 500 * STEP);
		ck_assert(str_eq(buf_view(&now), buf_view(&some)));
		buf_fini(&now);
		start_again(&f);
	}
	ck_assert(tsdb_verify(f.dir, no_damage, &parts, NULL) == RC_OK);
	ck_assert_int_eq(parts, BLOCKS);
	snprintf(other, sizeof other, "%s.copy", f.dir);
	ck_assert(tsdb_snapshot(f.db, other, true, NULL) == RC_OK);
	struct fixture copy = {.clock = f.clock};
	snprintf(copy.dir, sizeof copy.dir, "%.90s", other);
	open_store(&copy);
	must_hold(copy.db, &all);
	tsdb_close(&copy.db);
	unit_remove(other);
	buf_fini(&all);
	buf_fini(&some);
	fixture_fini(&f);
}
END

/* A day may be merged more than once. */
UNIT(refer_to_what_refers)
{
	struct fixture f;
	fixture_init(&f);
	ck_assert(tsdb_compact(f.db, NULL) == RC_OK);
	for (int b = BLOCKS; b < BLOCKS + 3; b++) {
		put_block(&f, b);
		struct buf all = content(f.db, INT64_MIN, INT64_MAX);
		ck_assert(tsdb_compact(f.db, NULL) == RC_OK);
		for (int again = 0; again < 2; again++) {
			must_hold(f.db, &all);
			ck_assert_uint_eq(blocks_of(&f), 1);
			ck_assert_int_eq(count_files(f.dir, "part-"), b + 1);
			ck_assert_int_eq(count_files(f.dir, "block-"), 1);
			start_again(&f);
		}
		buf_fini(&all);
	}
	fixture_fini(&f);
}
END

/* What came late lies before what its neighbours have: it is written anew, in order. */
UNIT(refer_is_not_for_what_lies_across)
{
	struct fixture f;
	struct tsdb_counts c;
	fixture_init(&f);
	struct tsdb_sample late = {series(&f, 3), 5 * STEP + 500, 77};
	ck_assert(tsdb_append(f.db, &late, 1, &c, NULL) == RC_OK && c.stored == 1);
	put_block(&f, BLOCKS);
	struct buf all = content(f.db, INT64_MIN, INT64_MAX);
	ck_assert(tsdb_compact(f.db, NULL) == RC_OK);
	ck_assert_uint_eq(blocks_of(&f), 1);
	ck_assert_int_eq(count_files(f.dir, "part-"), 0);
	must_hold(f.db, &all);
	start_again(&f);
	must_hold(f.db, &all);
	buf_fini(&all);
	fixture_fini(&f);
}
END

/* A series whose retention is over is not known any more while a block still has it: chunks are not in one piece then. */
UNIT(refer_meets_a_series_that_has_gone)
{
	enum { LONG = 10 * STEP };
	struct fixture f = {.dir = "/tmp/tsdb-refer-XXXXXX"};
	struct tsdb_counts c;
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(f.dir));
	f.clock = clock_virtual_create(DAY);
	struct tsdb_options o = {.dir = f.dir, .clock = f.clock, .sync_every = 200, .retention = HOUR};
	must(tsdb_open(&o, &f.db, NULL) == RC_OK);
	for (int b = 0; b < 2; b++, clock_virtual_advance(f.clock, EACH * LONG)) {
		for (int i = 0; i < SERIES; i++) {
			struct tsdb_ref ref = series(&f, i);
			for (int k = 0; k < (i == 17 ? 20 : EACH) && !(b && i == 17); k++) {
				struct tsdb_sample s = {ref, DAY + (msec_t)(b * EACH + k) * LONG, k};
				must(tsdb_append(f.db, &s, 1, &c, NULL) == RC_OK && c.stored == 1);
			}
		}
		must(tsdb_flush(f.db, NULL) == RC_OK);
	}
	for (int i = 0; i < 3; i++, clock_virtual_advance(f.clock, 11 * MINUTE / 3))
		ck_assert(tsdb_tick(f.db, NULL) == RC_OK);
	struct tsdb_state s;
	tsdb_state(f.db, &s);
	ck_assert_uint_eq(s.series, SERIES - 1);
	ck_assert_uint_eq(s.blocks, 2);
	struct buf all = content(f.db, INT64_MIN, INT64_MAX);
	ck_assert(tsdb_compact(f.db, NULL) == RC_OK);
	ck_assert_uint_eq(blocks_of(&f), 1);
	must_hold(f.db, &all);
	buf_fini(&all);
	fixture_fini(&f);
}
END

/* Who removes something of it writes the rest anew; who removes it removes its parts. */
UNIT(refer_leaves_no_parts_behind)
{
	struct fixture f;
	struct str who = STR("t");
	struct matchers ms = {0};
	struct tsdb_select q = {.tenants = {&who, 1}, .matchers = &ms, .min = INT64_MIN, .max = INT64_MAX};
	fixture_init(&f);
	ck_assert(tsdb_compact(f.db, NULL) == RC_OK);
	ck_assert(matchers_parse(&ms, STR("i=~\"1.*\""), NULL) == RC_OK);
	ck_assert(tsdb_delete(f.db, &q, NULL) == RC_OK && tsdb_clean(f.db, NULL) == RC_OK);
	struct buf all = content(f.db, INT64_MIN, INT64_MAX);
	ck_assert(!str_has(buf_view(&all), STR("\n12:")) && str_has(buf_view(&all), STR("\n22:")));
	ck_assert_int_eq(count_files(f.dir, "part-"), 0);
	start_again(&f);
	must_hold(f.db, &all);
	matchers_fini(&ms);
	ck_assert(matchers_parse(&ms, STR("i!=\"\""), NULL) == RC_OK);
	fixture_fini(&f);
	fixture_init(&f);
	ck_assert(tsdb_compact(f.db, NULL) == RC_OK);
	ck_assert(tsdb_delete(f.db, &q, NULL) == RC_OK && tsdb_clean(f.db, NULL) == RC_OK);
	ck_assert_int_eq(count_files(f.dir, "part-") + count_files(f.dir, "block-"), 0);
	matchers_fini(&ms);
	buf_fini(&all);
	fixture_fini(&f);
}
END

static void
hurt(const char *dir, const char *start, bool remove)
{
	DIR *d = opendir(dir);
	char path[400] = "";
	for (struct dirent *x; d && (x = readdir(d));)
		if (str_starts(str_c(x->d_name), str_c(start)))
			snprintf(path, sizeof path, "%s/%.200s", dir, x->d_name);
	closedir(d);
	if (remove) {
		ck_assert_int_eq(unlink(path), 0);
		return;
	}
	FILE *file = fopen(path, "r+");
	ck_assert(file && fseek(file, -40, SEEK_END) == 0 && fputc('x', file) != EOF && fputc('y', file) != EOF);
	fclose(file);
}

/* The parts are blocks: without the index that refers to them they are so again. */
UNIT(refer_survives_damage)
{
	struct fixture f;
	struct tsdb_state s;
	fixture_init(&f);
	struct buf all = content(f.db, INT64_MIN, INT64_MAX);
	ck_assert(tsdb_compact(f.db, NULL) == RC_OK);
	tsdb_close(&f.db);
	hurt(f.dir, "block-", false);
	open_store(&f);
	tsdb_state(f.db, &s);
	ck_assert_uint_eq(s.damaged, 1);
	ck_assert_uint_eq(s.blocks, BLOCKS);
	must_hold(f.db, &all);
	ck_assert(tsdb_compact(f.db, NULL) == RC_OK);
	start_again(&f);
	must_hold(f.db, &all);
	ck_assert_uint_eq(blocks_of(&f), 1);
	tsdb_close(&f.db);
	hurt(f.dir, "part-", true);
	open_store(&f);
	ck_assert_uint_eq(blocks_of(&f), BLOCKS - 1); /* one is lost, the others are not */
	buf_fini(&all);
	fixture_fini(&f);
}
END

static void
count_damage(void *arg, const struct verified *v)
{
	*(int *)arg += v->damage != NULL;
}

/* A group of 32 series is passed over where its chunks are damaged; the others, and its own other parts, are not. */
UNIT(refer_passes_over_a_damaged_piece)
{
	struct fixture f;
	char path[200];
	int damaged = 0;
	fixture_init(&f);
	struct buf later = content(f.db, 2 * EACH * STEP, INT64_MAX);
	ck_assert(tsdb_compact(f.db, NULL) == RC_OK);
	tsdb_close(&f.db);
	snprintf(path, sizeof path, "%s/part-00000002", f.dir);
	FILE *file = fopen(path, "r+");
	ck_assert(file && fseek(file, 100, SEEK_SET) == 0 && fputs("rubbish", file) != EOF);
	fclose(file);
	ck_assert(tsdb_verify(f.dir, count_damage, &damaged, NULL) == RC_OK);
	ck_assert_int_eq(damaged, 2); /* the part, and the block that refers to it */
	open_store(&f);
	struct buf all = content(f.db, 0, EACH * STEP - 1), rest = content(f.db, 2 * EACH * STEP, INT64_MAX);
	ck_assert(str_eq(buf_view(&rest), buf_view(&later)));
	size_t there = 0;
	for (size_t i = 0; i < all.n; i++)
		there += all.p[i] == '=';
	ck_assert_uint_gt(there, (SERIES - 32 - 2) * EACH);
	ck_assert_uint_lt(there, SERIES * EACH / 2);
	buf_fini(&later);
	buf_fini(&rest);
	buf_fini(&all);
	fixture_fini(&f);
}
END

/* Runs in a child that dies at the n-th call; true: it came to its end. */
static bool
dies(struct fixture *f, void (*fn)(struct fixture *), uint64_t nth)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		open_store(f);
		os_fault_set(OS_FAULT_KILL, nth);
		fn(f);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && (WEXITSTATUS(status) == 137 || WEXITSTATUS(status) == 0));
	return WEXITSTATUS(status) == 0;
}

static void
compact(struct fixture *f)
{
	(void)!tsdb_compact(f->db, NULL);
}

static void
delete_all(struct fixture *f)
{
	struct str who = STR("t");
	struct matchers ms = {0};
	struct tsdb_select q = {.tenants = {&who, 1}, .matchers = &ms, .min = INT64_MIN, .max = INT64_MAX};
	must(matchers_parse(&ms, STR("i!=\"\""), NULL) == RC_OK);
	if (tsdb_delete(f->db, &q, NULL) == RC_OK)
		(void)!tsdb_clean(f->db, NULL);
}

UNIT(refer_survives_a_kill_at_every_call)
{
	struct fixture f;
	bool end = false;
	fixture_init(&f);
	struct buf all = content(f.db, INT64_MIN, INT64_MAX);
	ck_assert(tsdb_compact(f.db, NULL) == RC_OK);
	tsdb_close(&f.db);
	for (uint64_t nth = 1; !end; nth++) {
		hurt(f.dir, "block-", false); /* so there are blocks to merge again */
		end = dies(&f, compact, nth);
		open_store(&f);
		must_hold(f.db, &all);
		int parts = count_files(f.dir, "part-"), blocks = (int)blocks_of(&f);
		ck_assert_msg((parts == BLOCKS && blocks == 1) || (parts == 0 && blocks == BLOCKS), "%d parts, %d blocks", parts, blocks);
		ck_assert(tsdb_compact(f.db, NULL) == RC_OK);
		tsdb_close(&f.db);
	}
	open_store(&f);
	buf_fini(&all);
	fixture_fini(&f);
}
END

/* The same where one of the blocks refers already. */
UNIT(refer_to_what_refers_survives_a_kill_at_every_call)
{
	struct fixture f;
	bool end = false;
	for (uint64_t nth = 1; !end; nth++) {
		fixture_init(&f);
		ck_assert(tsdb_compact(f.db, NULL) == RC_OK);
		put_block(&f, BLOCKS);
		struct buf all = content(f.db, INT64_MIN, INT64_MAX);
		tsdb_close(&f.db);
		end = dies(&f, compact, nth);
		for (int again = 0; again < 2; again++) {
			open_store(&f);
			must_hold(f.db, &all);
			int parts = count_files(f.dir, "part-"), blocks = (int)blocks_of(&f);
			ck_assert_msg((parts == BLOCKS + 1 && blocks == 1) || (parts == BLOCKS && blocks == 2), "%d parts, %d blocks", parts, blocks);
			tsdb_close(&f.db);
		}
		open_store(&f);
		buf_fini(&all);
		fixture_fini(&f);
	}
}
END

/* Removing it, too: whatever is left afterwards is what it was, or nothing, and the next attempt removes it. */
UNIT(refer_is_removed_at_last)
{
	struct fixture f;
	bool end = false;
	for (uint64_t nth = 1; !end; nth++) {
		fixture_init(&f);
		ck_assert(tsdb_compact(f.db, NULL) == RC_OK);
		tsdb_close(&f.db);
		end = dies(&f, delete_all, nth);
		open_store(&f);
		delete_all(&f);
		start_again(&f);
		ck_assert_int_eq(count_files(f.dir, "part-") + count_files(f.dir, "block-"), 0);
		fixture_fini(&f);
	}
}
END

/* The disk is full, or fails, somewhere in the middle: nothing is lost, and the next attempt does it. */
UNIT(refer_survives_a_failing_disk)
{
	static const enum os_fault faults[] = {OS_FAULT_ENOSPC, OS_FAULT_EIO};
	struct fixture f;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		bool end = false;
		fixture_init(&f);
		struct buf all = content(f.db, INT64_MIN, INT64_MAX);
		for (uint64_t nth = 1; !end; nth++) {
			os_fault_set(faults[i], nth);
			(void)!tsdb_compact(f.db, NULL);
			end = !os_fault_hit();
			os_fault_set(OS_FAULT_NONE, 0);
			must_hold(f.db, &all);
			(void)!tsdb_compact(f.db, NULL);
			must_hold(f.db, &all);
			start_again(&f);
			must_hold(f.db, &all);
			ck_assert_uint_eq(blocks_of(&f), 1);
			tsdb_close(&f.db);
			if (count_files(f.dir, "part-"))
				hurt(f.dir, "block-", false);
			open_store(&f);
		}
		buf_fini(&all);
		fixture_fini(&f);
	}
}
END
