/* replay_test.c — a start needs no more memory than who wrote the log. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "tsdb/tsdb.h"

enum { SERIES = 2000 };

static uint64_t head_bytes;

static struct tsdb *
open_store(const char *dir)
{
	struct tsdb_options o = {.dir = dir, .clock = clock_real(), .sync_every = 200, .head_bytes = head_bytes};
	struct tsdb *db;
	struct err e;
	must(tsdb_open(&o, &db, &e) == RC_OK);
	return db;
}

/* Values without any regularity: the log is as long as it can be. */
static void
append(struct tsdb *db, msec_t from, msec_t to)
{
	struct tsdb_ref *refs = mem_alloc(SERIES * sizeof *refs);
	struct tsdb_sample *batch = mem_alloc(SERIES * sizeof *batch);
	struct tsdb_counts c;
	struct arena *a = arena_create();
	uint64_t noise = (uint64_t)from;
	for (int i = 0; i < SERIES; i++) {
		struct pair p[] = {{STR("__name__"), STR("m")}, {STR("i"), arena_fmt(a, "%d", i)}};
		must(tsdb_series(db, STR("t"), labels_from_pairs((struct pairs){p, 2}, a), &refs[i], NULL) == RC_OK);
	}
	for (msec_t t = from; t < to; t++) {
		for (int i = 0; i < SERIES; i++) {
			noise = noise * 6364136223846793005ull + 1442695040888963407ull;
			batch[i] = (struct tsdb_sample){refs[i], t, (double)noise * 0x1p-61};
		}
		must(tsdb_append(db, batch, SERIES, &c, NULL) == RC_OK && c.stored == SERIES);
	}
	arena_destroy(&a);
	mem_free(refs);
	mem_free(batch);
}

/* The most memory of a process that opens the store, appends, and is killed. */
static size_t
peak_of(const char *dir, msec_t from, msec_t to)
{
	int pipes[2], status;
	size_t kib = 0;
	ck_assert_int_eq(pipe(pipes), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct tsdb *db = open_store(dir);
		if (from < to)
			append(db, from, to);
		kib = unit_status_kib("VmHWM:");
		_exit(write(pipes[1], &kib, sizeof kib) != sizeof kib);
	}
	close(pipes[1]);
	ck_assert_int_eq(read(pipes[0], &kib, sizeof kib), sizeof kib);
	close(pipes[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return kib;
}

/* The sanitizer's own memory is counted, too, and it keeps what was freed for a while. */
#ifndef __SANITIZE_ADDRESS__
UNIT(replay_needs_no_more_memory_than_the_writer)
{
	char dir[] = "/tmp/tsdb-replay-XXXXXX";
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	head_bytes = 1 << 30;
	size_t writer = peak_of(dir, 1, 1500), reader = peak_of(dir, 0, 0);
	ck_assert_uint_gt(writer, 16 << 10); /* so there is something to compare */
	ck_assert_msg(reader <= writer + writer / 16, "%zu KiB, who wrote it had %zu", reader, writer);
	unit_remove(dir);
}
END
#endif

/* Somebody kills it again and again before its log is long enough for a block. */
UNIT(replay_of_many_logs_is_bounded)
{
	char dir[] = "/tmp/tsdb-replays-XXXXXX";
	size_t fourth = 0, peak = 0;
	struct tsdb_state s;
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	head_bytes = 4 << 20;
	for (int round = 0; round < 10; round++) {
		peak = peak_of(dir, round * 200 + 1, round * 200 + 201);
		fourth = round == 3 ? peak : fourth;
	}
	ck_assert_msg(peak < fourth * 3 / 2, "%zu KiB, in the fourth round it was %zu", peak, fourth);
	struct tsdb *db = open_store(dir);
	tsdb_state(db, &s);
	ck_assert_uint_ge(s.blocks, 4);
	ck_assert_uint_le(s.head_samples, (uint64_t)SERIES * 600);
	tsdb_close(&db);
	unit_remove(dir);
}
END
