/* crash_test.c — the power goes at every call and at every byte: what was acknowledged is there. */
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os.h"
#include "tsdb/tsdb.h"

enum { BATCHES = 12, SERIES = 3 };

static void
empty(const char *dir)
{
	DIR *d = opendir(dir);
	for (struct dirent *x; d && (x = readdir(d));) {
		char path[512];
		snprintf(path, sizeof path, "%s/%s", dir, x->d_name);
		unlink(path);
	}
	if (d)
		closedir(d);
}

static uint64_t head_bytes; /* 0: the usual */

static struct tsdb *
open_store(const char *dir)
{
	struct tsdb_options o = {.dir = dir, .clock = clock_real(), .sync_every = 0, .head_bytes = head_bytes};
	struct tsdb *db;
	struct err e;
	ck_assert_msg(tsdb_open(&o, &db, &e) == RC_OK, "%s", e.text);
	return db;
}

/* Batch b holds a sample of value b at time b for each series. */
static enum rc
append_batch(struct tsdb *db, int b)
{
	struct tsdb_sample batch[SERIES];
	struct tsdb_counts c;
	struct arena *a = arena_create();
	enum rc rc = RC_OK;
	for (int i = 0; rc == RC_OK && i < SERIES; i++) {
		struct pair p[] = {{STR("__name__"), STR("m")}, {STR("i"), arena_fmt(a, "%d", i)}};
		rc = tsdb_series(
		    db, STR("t"), labels_from_pairs((struct pairs){p, 2}, a), &batch[i].ref, NULL);
		batch[i].t = b;
		batch[i].v = b;
	}
	if (rc == RC_OK)
		rc = tsdb_append(db, batch, SERIES, &c, NULL);
	arena_destroy(&a);
	return rc;
}

/* In a child that may die at any call: tells each acknowledged batch through the pipe. */
static void
run_child(const char *dir, int out, uint64_t nth)
{
	os_fault_set(OS_FAULT_KILL, nth);
	struct tsdb *db = open_store(dir);
	for (int b = 1; b <= BATCHES; b++) {
		if (append_batch(db, b) != RC_OK || write(out, "x", 1) != 1)
			_exit(1);
		if (b % 4 == 0 && tsdb_flush(db, NULL) != RC_OK)
			_exit(1);
	}
	tsdb_close(&db);
	_exit(0);
}

/* Every series holds 1..k without gaps, the same k for all; returns k. */
static int
whole_batches(struct tsdb *db)
{
	struct str who = STR("t");
	struct tsdb_select q = {.tenants = {&who, 1}, .min = 0, .max = 1000};
	struct tsdb_cursor *c;
	struct tsdb_view v;
	int k = -1;
	ck_assert(tsdb_cursor_create(db, &q, &c, NULL) == RC_OK);
	while (tsdb_cursor_next(c, &v)) {
		for (size_t i = 0; i < v.n; i++)
			ck_assert(v.t[i] == (msec_t)i + 1 && v.v[i] == (double)i + 1);
		ck_assert(k < 0 || k == (int)v.n);
		k = (int)v.n;
	}
	tsdb_cursor_destroy(&c);
	return k < 0 ? 0 : k;
}

UNIT(crash_at_every_call_loses_nothing_acknowledged)
{
	char dir[] = "/tmp/tsdb-crash-XXXXXX";
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	for (uint64_t nth = 1;; nth++) {
		int pipes[2], status;
		empty(dir);
		ck_assert_int_eq(pipe(pipes), 0);
		pid_t pid = fork();
		if (pid == 0)
			run_child(dir, pipes[1], nth);
		close(pipes[1]);
		char got[BATCHES + 1];
		ssize_t acked = 0, n;
		while ((n = read(pipes[0], got + acked, sizeof got - (size_t)acked)) > 0)
			acked += n;
		close(pipes[0]);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFEXITED(status) && (WEXITSTATUS(status) == 137 || WEXITSTATUS(status) == 0));
		struct tsdb *db = open_store(dir);
		int k = whole_batches(db);
		ck_assert_msg(k == acked || k == acked + 1, "call %d: %d acknowledged, %d there", (int)nth,
		    (int)acked, k);
		ck_assert(append_batch(db, k + 1) == RC_OK); /* and it goes on */
		tsdb_close(&db);
		db = open_store(dir);
		ck_assert_int_eq(whole_batches(db), k + 1);
		tsdb_close(&db);
		if (WEXITSTATUS(status) == 0)
			break;
	}
	empty(dir);
	rmdir(dir);
}
END

/* Runs in a process that dies at its end, or before. */
static void
in_child(const char *dir, void (*fn)(const char *dir, uint64_t arg), uint64_t arg)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		fn(dir, arg);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && (WEXITSTATUS(status) == 137 || WEXITSTATUS(status) == 0));
}

enum { ROUNDS = 4 };

static void
append_round(const char *dir, uint64_t round)
{
	struct tsdb *db = open_store(dir);
	for (int b = 1; b <= BATCHES / ROUNDS; b++)
		if (append_batch(db, (int)round * (BATCHES / ROUNDS) + b) != RC_OK)
			_exit(1);
}

static void
start_and_die(const char *dir, uint64_t nth)
{
	os_fault_set(OS_FAULT_KILL, nth);
	(void)open_store(dir);
}

/* A start that makes blocks of what is in the log dies at each of its calls. */
UNIT(crash_of_a_start_that_spills_loses_nothing)
{
	char dir[] = "/tmp/tsdb-spill-XXXXXX";
	struct tsdb_state st = {0};
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	for (uint64_t nth = 1; nth < 30; nth++) {
		empty(dir);
		head_bytes = 0;
		for (uint64_t round = 0; round < ROUNDS; round++)
			in_child(dir, append_round, round);
		head_bytes = 1;
		in_child(dir, start_and_die, nth);
		struct tsdb *db = open_store(dir);
		ck_assert_int_eq(whole_batches(db), BATCHES);
		tsdb_state(db, &st);
		ck_assert_uint_ge(st.blocks, ROUNDS - 1);
		ck_assert(append_batch(db, BATCHES + 1) == RC_OK);
		tsdb_close(&db);
		db = open_store(dir);
		ck_assert_int_eq(whole_batches(db), BATCHES + 1);
		tsdb_close(&db);
	}
	empty(dir);
	rmdir(dir);
}
END

/* The log cut at every byte, with and without rubbish behind the cut. */
UNIT(crash_leaves_any_prefix_of_the_log)
{
	char dir[] = "/tmp/tsdb-cut-XXXXXX", path[64];
	struct buf log = {0};
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	struct tsdb *db = open_store(dir);
	size_t ends[BATCHES + 1] = {0};
	struct tsdb_state st;
	for (int b = 1; b <= BATCHES; b++) {
		ck_assert(append_batch(db, b) == RC_OK);
		tsdb_state(db, &st);
		ends[b] = st.log_bytes;
	}
	tsdb_close(&db);
	snprintf(path, sizeof path, "%s/wal-00000001", dir);
	ck_assert(os_read_file(path, 1 << 20, &log, NULL) == RC_OK);
	for (size_t cut = 0; cut <= log.n; cut++) {
		int complete = 0;
		while (complete < BATCHES && ends[complete + 1] <= cut)
			complete++;
		empty(dir);
		int fd = open(path, O_WRONLY | O_CREAT, 0600);
		ck_assert(write(fd, log.p, cut) == (ssize_t)cut);
		if (cut % 2 && cut < log.n) {
			char rubbish[] = "\0\0\0\0rubbish rubbish";
			rubbish[0] = (char)~log.p[cut]; /* it must not be what was there by chance */
			ck_assert(write(fd, rubbish, 19) == 19);
		}
		close(fd);
		db = open_store(dir);
		ck_assert_int_eq(whole_batches(db), complete);
		tsdb_close(&db);
	}
	empty(dir);
	rmdir(dir);
	buf_fini(&log);
}
END

    /* ---- merging days ---- */

    enum { DAYS = 2,
	    BLOCKS = 3 };

static struct tsdb *
open_at(const char *dir, struct clock *clock)
{
	struct tsdb_options o = {.dir = dir, .clock = clock, .sync_every = 200};
	struct tsdb *db;
	struct err e;
	ck_assert_msg(tsdb_open(&o, &db, &e) == RC_OK, "%s", e.text);
	return db;
}

/* Blocks of two days; each block has the same series, and one of its own. */
static void
fill_days(const char *dir, struct clock *clock)
{
	struct tsdb *db = open_at(dir, clock);
	struct tsdb_counts c;
	for (int i = 0; i < DAYS * BLOCKS; i++) {
		char own[8];
		snprintf(own, sizeof own, "%d", i);
		struct pair all[] = {{STR("__name__"), STR("m")}},
			    one[] = {{STR("__name__"), STR("n")}, {STR("i"), str_c(own)}};
		struct arena *a = arena_create();
		msec_t t = i / BLOCKS * (DAY + 12 * HOUR) + i;
		struct tsdb_sample x[2] = {{.t = t, .v = i}, {.t = t, .v = 0.1 * i}};
		struct tsdb_histogram h = {.t = x[0].t + 1, .bytes = STR("a histogram")};
		ck_assert(tsdb_series(db, STR("t"), labels_from_pairs((struct pairs){all, 1}, a), &x[0].ref,
			      NULL) == RC_OK);
		ck_assert(tsdb_series(db, STR("t"), labels_from_pairs((struct pairs){one, 2}, a), &x[1].ref,
			      NULL) == RC_OK);
		h.ref = x[1].ref;
		ck_assert(tsdb_append(db, x, 2, &c, NULL) == RC_OK && c.stored == 2);
		ck_assert(tsdb_append_histograms(db, &h, 1, &c, NULL) == RC_OK && c.stored == 1);
		ck_assert(tsdb_flush(db, NULL) == RC_OK);
		arena_destroy(&a);
	}
	tsdb_close(&db);
}

/* How many samples there are of each kind, and whether each is what it was. */
static size_t
count_days(struct tsdb *db, size_t *histograms)
{
	struct str who = STR("t");
	struct tsdb_select q = {.tenants = {&who, 1}, .min = INT64_MIN, .max = INT64_MAX};
	struct tsdb_cursor *c;
	struct tsdb_view v;
	size_t n = *histograms = 0;
	ck_assert(tsdb_cursor_create(db, &q, &c, NULL) == RC_OK);
	while (tsdb_cursor_next(c, &v)) {
		bool all = str_is(labels_get(v.labels, STR("__name__")), "m");
		for (size_t i = 0; i < v.n; i++, n++)
			ck_assert(v.v[i] == (all ? 1 : 0.1) * (double)(v.t[i] % (12 * HOUR)));
		for (size_t i = 0; i < v.n_histograms; i++, ++*histograms)
			ck_assert(str_is(v.histograms[i], "a histogram"));
	}
	tsdb_cursor_destroy(&c);
	return n;
}

UNIT(crash_while_days_are_merged_loses_nothing)
{
	char dir[] = "/tmp/tsdb-merge-XXXXXX";
	struct clock *clock = clock_virtual_create(3 * DAY);
	size_t histograms;
	struct tsdb_state st;
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	for (uint64_t nth = 1;; nth++) {
		int status;
		empty(dir);
		fill_days(dir, clock);
		pid_t pid = fork();
		if (pid == 0) {
			struct tsdb *db = open_at(dir, clock);
			os_fault_set(OS_FAULT_KILL, nth);
			_exit(tsdb_tick(db, NULL) == RC_OK ? 0 : 1);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFEXITED(status) && (WEXITSTATUS(status) == 137 || WEXITSTATUS(status) == 0));
		struct tsdb *db = open_at(dir, clock);
		ck_assert_uint_eq(count_days(db, &histograms), DAYS * BLOCKS * 2);
		ck_assert_uint_eq(histograms, DAYS * BLOCKS);
		ck_assert(tsdb_tick(db, NULL) == RC_OK);
		tsdb_state(db, &st);
		ck_assert_uint_eq(st.blocks, 1 + BLOCKS); /* the second day is not over */
		ck_assert_uint_eq(count_days(db, &histograms), DAYS * BLOCKS * 2);
		tsdb_close(&db);
		if (WEXITSTATUS(status) == 0)
			break;
	}
	empty(dir);
	rmdir(dir);
	clock_destroy(&clock);
}
END

/* A block with any byte changed opens or is set aside, and never says what was not stored. */
UNIT(crash_flips_every_byte_of_a_block)
{
	char dir[] = "/tmp/tsdb-flip-XXXXXX", path[64];
	struct clock *clock = clock_virtual_create(DAY);
	struct buf block = {0};
	size_t whole = 0;
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	struct tsdb *db = open_at(dir, clock);
	for (int b = 1; b <= 50; b++)
		ck_assert(append_batch(db, b) == RC_OK);
	ck_assert(tsdb_flush(db, NULL) == RC_OK);
	tsdb_close(&db);
	snprintf(path, sizeof path, "%s/block-00000002", dir);
	ck_assert(os_read_file(path, 1 << 20, &block, NULL) == RC_OK);
	for (size_t i = 0; i < block.n; i++) {
		empty(dir);
		int fd = open(path, O_WRONLY | O_CREAT, 0600);
		block.p[i] ^= 1 << i % 8;
		ck_assert(write(fd, block.p, block.n) == (ssize_t)block.n);
		block.p[i] ^= 1 << i % 8;
		close(fd);
		db = open_at(dir, clock);
		int k = whole_batches(db);
		ck_assert(k == 0 || k == 50);
		whole += k == 50;
		ck_assert(append_batch(db, 51) == RC_OK);
		tsdb_close(&db);
	}
	ck_assert_uint_le(whole, 8); /* only what fills up to whole words is not looked at */
	empty(dir);
	rmdir(dir);
	buf_fini(&block);
	clock_destroy(&clock);
}
END
