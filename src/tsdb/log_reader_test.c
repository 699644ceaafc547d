/* log_reader_test.c — a reader of the log is told what was stored, in order, wherever it begins. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os.h"
#include "tsdb/log_reader.h"

struct fixture {
	char dir[64];
	struct clock *clock;
	struct tsdb *db;
	struct log_reader *reader;
	struct buf said;
};

static int forgotten;

static void
forget(void *known)
{
	forgotten++;
}

static void
open_store(struct fixture *f, uint64_t hold)
{
	struct tsdb_options o = {.dir = f->dir, .clock = f->clock, .sync_every = 200, .out_of_order = DAY, .log_hold = hold};
	struct err e;
	ck_assert_msg(tsdb_open(&o, &f->db, &e) == RC_OK, "%s", e.text);
}

static void
put(struct fixture *f, int i, msec_t t, double v)
{
	struct arena *a = arena_create();
	struct pair p[] = {{STR("__name__"), STR("m")}, {STR("i"), arena_fmt(a, "%d", i)}};
	struct tsdb_sample s = {.t = t, .v = v};
	struct tsdb_counts c;
	ck_assert(tsdb_series(f->db, STR("t"), labels_from_pairs((struct pairs){p, 2}, a), &s.ref, NULL) == RC_OK);
	ck_assert(tsdb_append(f->db, &s, 1, &c, NULL) == RC_OK && c.stored == 1);
	if (t % 5 == 0) {
		struct tsdb_histogram h = {s.ref, t + 1, STR("bytes")};
		ck_assert(tsdb_append_histograms(f->db, &h, 1, &c, NULL) == RC_OK && c.stored == 1);
	}
	arena_destroy(&a);
}

/* "i@t=v ": everything that there is now. */
static const char *
drain(struct fixture *f)
{
	struct log_samples got = {0};
	struct err e;
	enum rc rc;
	buf_clear(&f->said);
	buf_c(&f->said, "");
	while ((rc = log_reader_next(f->reader, tsdb_log_end(f->db).segment, &got, &e)) == RC_OK) {
		for (size_t i = 0; i < got.n; i++) {
			const struct log_sample *s = &got.p[i];
			s->series->known = f;
			buf_fmt(&f->said, "%.*s@%lld", STR_ARG(labels_get(s->series->labels, STR("i"))), (long long)s->t);
			if (s->start)
				buf_fmt(&f->said, "(%lld)", (long long)s->start);
			if (s->exemplar)
				buf_fmt(&f->said, "!%.*s ", STR_ARG(labels_get(s->labels, STR("trace"))));
			else if (s->histogram.p)
				buf_fmt(&f->said, "=%.*s ", STR_ARG(s->histogram));
			else
				buf_fmt(&f->said, "=%g ", s->v);
		}
		got.n = 0;
	}
	ck_assert_msg(rc == RC_ABSENT, "%s", e.text);
	vec_fini(&got);
	return f->said.p;
}

static void
fixture_init(struct fixture *f)
{
	*f = (struct fixture){.dir = "/tmp/tsdb-log-XXXXXX"};
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(f->dir));
	f->clock = clock_virtual_create(DAY);
	open_store(f, 0);
	f->reader = log_reader_create(f->dir, tsdb_log_end(f->db), forget);
}

static void
fixture_fini(struct fixture *f)
{
	log_reader_destroy(&f->reader);
	tsdb_close(&f->db);
	clock_destroy(&f->clock);
	unit_remove(f->dir);
	buf_fini(&f->said);
}

UNIT(log_reader_tells_what_was_stored)
{
	struct fixture f;
	fixture_init(&f);
	tsdb_log_hold(f.db, log_reader_at(f.reader).segment);
	ck_assert_str_eq(drain(&f), "");
	put(&f, 1, 11, 1);
	put(&f, 2, 11, 2);
	ck_assert_str_eq(drain(&f), "1@11=1 2@11=2 ");
	struct tsdb_position here = log_reader_at(f.reader);
	put(&f, 1, 15, 7);
	put(&f, 1, 12, 0.5); /* late */
	ck_assert(tsdb_flush(f.db, NULL) == RC_OK);
	put(&f, 1, 18, 8);
	put(&f, 3, 20, 9);
	forgotten = 0;
	const char *want = "1@15=7 1@16=bytes 1@12=0.5 1@18=8 3@20=9 3@21=bytes ";
	ck_assert_str_eq(drain(&f), want);
	ck_assert_int_eq(forgotten, 2); /* with their segment */
	struct tsdb_position there = log_reader_at(f.reader);
	log_reader_destroy(&f.reader);
	f.reader = log_reader_create(f.dir, here, forget); /* in the middle of a segment */
	ck_assert_str_eq(drain(&f), want);
	log_reader_destroy(&f.reader);
	tsdb_close(&f.db);
	open_store(&f, here.segment); /* held over a start, and over blocks */
	ck_assert(tsdb_flush(f.db, NULL) == RC_OK);
	put(&f, 1, 31, 3);
	f.reader = log_reader_create(f.dir, here, forget);
	ck_assert_str_eq(drain(&f), "1@15=7 1@16=bytes 1@12=0.5 1@18=8 3@20=9 3@21=bytes 1@31=3 ");
	log_reader_destroy(&f.reader);
	f.reader = log_reader_create(f.dir, there, forget);
	ck_assert_str_eq(drain(&f), "1@31=3 ");
	tsdb_log_hold(f.db, 0);
	put(&f, 1, 41, 3);
	ck_assert(tsdb_flush(f.db, NULL) == RC_OK); /* and goes when nobody holds it */
	log_reader_destroy(&f.reader);
	f.reader = log_reader_create(f.dir, here, forget);
	ck_assert_str_eq(drain(&f), "");
	fixture_fini(&f);
}
END

static void
put_exemplar(struct fixture *f, int i, msec_t t, const char *trace)
{
	struct arena *a = arena_create();
	struct pair p[] = {{STR("__name__"), STR("m")}, {STR("i"), arena_fmt(a, "%d", i)}}, x = {STR("trace"), str_c(trace)};
	struct tsdb_exemplar e = {.t = t, .v = 0.5, .labels = labels_from_pairs((struct pairs){&x, 1}, a)};
	ck_assert(tsdb_series(f->db, STR("t"), labels_from_pairs((struct pairs){p, 2}, a), &e.ref, NULL) == RC_OK);
	ck_assert(tsdb_exemplars_put(f->db, &e, 1, NULL) == RC_OK);
	arena_destroy(&a);
}

static void
put_start(struct fixture *f, int i, msec_t t, msec_t start)
{
	struct arena *a = arena_create();
	struct pair p[] = {{STR("__name__"), STR("m")}, {STR("i"), arena_fmt(a, "%d", i)}};
	struct tsdb_start s = {.t = t, .start = start};
	ck_assert(tsdb_series(f->db, STR("t"), labels_from_pairs((struct pairs){p, 2}, a), &s.ref, NULL) == RC_OK);
	ck_assert(tsdb_put_starts(f->db, &s, 1, NULL) == RC_OK);
	arena_destroy(&a);
}

UNIT(log_reader_tells_starts_with_the_samples)
{
	struct fixture f;
	fixture_init(&f);
	tsdb_log_hold(f.db, log_reader_at(f.reader).segment);
	put(&f, 1, 11, 1);
	put_start(&f, 1, 21, 17);
	put(&f, 1, 21, 2);
	put(&f, 2, 21, 5);
	put_start(&f, 1, 31, 17);
	put(&f, 1, 31, 3);
	ck_assert_str_eq(drain(&f), "1@11=1 1@21(17)=2 2@21=5 1@31(17)=3 ");
	put_start(&f, 1, 26, 22); /* late: for itself alone */
	put(&f, 1, 26, 7);
	ck_assert(tsdb_flush(f.db, NULL) == RC_OK);
	put_start(&f, 1, 41, 17);
	put(&f, 1, 41, 4);
	put_start(&f, 1, 51, 44);
	put(&f, 1, 51, 1);
	ck_assert_str_eq(drain(&f), "1@26(22)=7 1@41(17)=4 1@51(44)=1 ");
	fixture_fini(&f);
}
END

UNIT(log_reader_tells_an_exemplar_once)
{
	struct fixture f;
	fixture_init(&f);
	tsdb_log_hold(f.db, log_reader_at(f.reader).segment);
	put(&f, 1, 11, 1);
	put_exemplar(&f, 1, 11, "a");
	put_exemplar(&f, 1, 12, "b");
	ck_assert(tsdb_flush(f.db, NULL) == RC_OK); /* the next segment begins with both */
	put(&f, 2, 13, 2);
	put_exemplar(&f, 2, 13, "c");
	ck_assert_str_eq(drain(&f), "1@11=1 1@11!a 1@12!b 2@13=2 2@13!c ");
	struct tsdb_position here = log_reader_at(f.reader);
	put_exemplar(&f, 1, 14, "d");
	log_reader_destroy(&f.reader);
	f.reader = log_reader_create(f.dir, here, forget);
	ck_assert_str_eq(drain(&f), "1@14!d ");
	fixture_fini(&f);
}
END

/* A start reads a chunk that is open, and begins a segment that a reader may read without the one before. */
UNIT(log_reader_reads_what_follows_a_start)
{
	struct fixture f;
	fixture_init(&f);
	tsdb_log_hold(f.db, 1);
	put(&f, 1, 11, 40.25);
	put(&f, 1, 12, 41.25);
	log_reader_destroy(&f.reader);
	tsdb_close(&f.db); /* a short log becomes no block */
	open_store(&f, 1);
	struct tsdb_position here = tsdb_log_end(f.db);
	put(&f, 1, 13, 42.5);
	put(&f, 1, 14, 42.75);
	f.reader = log_reader_create(f.dir, here, forget);
	ck_assert_str_eq(drain(&f), "1@13=42.5 1@14=42.75 ");
	log_reader_destroy(&f.reader);
	f.reader = log_reader_create(f.dir, (struct tsdb_position){1, 0}, forget);
	ck_assert_str_eq(drain(&f), "1@11=40.25 1@12=41.25 1@13=42.5 1@14=42.75 ");
	fixture_fini(&f);
}
END

/* The log cut anywhere, and what is behind the cut written over: what was given out is a beginning of what was stored. */
UNIT(log_reader_waits_for_whole_records)
{
	struct fixture f;
	struct buf log = {0};
	char path[96], copy[] = "/tmp/tsdb-logcut-XXXXXX", other[96];
	fixture_init(&f);
	for (int t = 1; t <= 6; t++)
		put(&f, t % 2, t * 2, t);
	snprintf(path, sizeof path, "%s/wal-00000001", f.dir);
	ck_assert_ptr_nonnull(mkdtemp(copy));
	snprintf(other, sizeof other, "%s/wal-00000001", copy);
	const char *all = drain(&f);
	char *whole = mem_dup(all, strlen(all));
	ck_assert(os_read_file(path, 1 << 20, &log, NULL) == RC_OK);
	for (size_t cut = 0; cut <= log.n; cut++) {
		struct buf torn = {0};
		buf_add(&torn, log.p, cut);
		buf_c(&torn, cut % 2 ? "rubbish rubbish" : "");
		ck_assert(os_replace_file(other, buf_view(&torn), 0600, NULL) == RC_OK);
		log_reader_destroy(&f.reader);
		f.reader = log_reader_create(copy, (struct tsdb_position){1, 0}, forget);
		const char *some = drain(&f);
		size_t n = strlen(some);
		ck_assert(strncmp(some, whole, n) == 0);
		char *before = mem_dup(some, n);
		FILE *file = fopen(other, "r+");
		ck_assert(file && fwrite(log.p, 1, log.n, file) == log.n);
		fclose(file);
		ck_assert_str_eq(drain(&f), whole + n);
		mem_free(before);
		buf_fini(&torn);
	}
	unlink(other);
	rmdir(copy);
	mem_free(whole);
	buf_fini(&log);
	fixture_fini(&f);
}
END
