/* deletion_test.c — what was deleted stays away, what came later stays, whatever happens in between. */
#include "unit.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os.h"
#include "tsdb/tsdb.h"

enum { SERIES = 3, TIMES = 400 };

static void
empty(const char *dir)
{
	DIR *d = opendir(dir);
	for (struct dirent *x; d && (x = readdir(d));) {
		char path[512];
		snprintf(path, sizeof path, "%s/%s", dir, x->d_name);
		if (x->d_name[0] != '.' && unlink(path) != 0) {
			empty(path);
			rmdir(path);
		}
	}
	if (d)
		closedir(d);
}

static struct tsdb *
open_store(const char *dir, struct clock *clock)
{
	struct tsdb_options o = {.dir = dir, .clock = clock, .sync_every = 200, .out_of_order = DAY};
	struct tsdb *db;
	struct err e;
	ck_assert_msg(tsdb_open(&o, &db, &e) == RC_OK, "%s", e.text);
	return db;
}

static struct tsdb_ref
ref_of(struct tsdb *db, const char *tenant, int i)
{
	struct arena *a = arena_create();
	struct pair p[] = {{STR("__name__"), STR("m")}, {STR("i"), arena_fmt(a, "%d", i)}};
	struct tsdb_ref r;
	ck_assert(tsdb_series(db, str_c(tenant), labels_from_pairs((struct pairs){p, 2}, a), &r, NULL) == RC_OK);
	arena_destroy(&a);
	return r;
}

static enum rc
put(struct tsdb *db, const char *tenant, int i, msec_t t, double v, struct tsdb_counts *c)
{
	struct tsdb_sample s = {ref_of(db, tenant, i), t, v};
	return tsdb_append(db, &s, 1, c, NULL);
}

static enum rc
put_histogram(struct tsdb *db, int i, msec_t t)
{
	struct tsdb_histogram h = {ref_of(db, "t", i), t, STR("a histogram")};
	struct tsdb_counts c;
	return tsdb_append_histograms(db, &h, 1, &c, NULL);
}

static enum rc
delete(struct tsdb *db, const char *matchers, msec_t min, msec_t max)
{
	struct matchers ms = {0};
	struct str who = STR("t");
	struct tsdb_select q = {.tenants = {&who, 1}, .matchers = &ms, .min = min, .max = max};
	struct err e;
	ck_assert(matchers_parse(&ms, str_c(matchers), NULL) == RC_OK);
	enum rc rc = tsdb_delete(db, &q, &e);
	matchers_fini(&ms);
	return rc;
}

/* "0: 1=1 …|": what the tenant has; histograms as h@time. */
static void
dump(struct tsdb *db, const char *tenant, struct buf *out)
{
	struct str who = str_c(tenant);
	struct tsdb_select q = {.tenants = {&who, 1}, .min = INT64_MIN, .max = INT64_MAX};
	struct tsdb_cursor *c;
	struct tsdb_view v;
	buf_clear(out);
	buf_c(out, "");
	ck_assert(tsdb_cursor_create(db, &q, &c, NULL) == RC_OK);
	while (tsdb_cursor_next(c, &v)) {
		buf_str(out, labels_get(v.labels, STR("i")));
		buf_ch(out, ':');
		for (size_t i = 0; i < v.n; i++)
			buf_fmt(out, " %lld=%g", (long long)v.t[i], v.v[i]);
		for (size_t i = 0; i < v.n_histograms; i++)
			buf_fmt(out, " h@%lld", (long long)v.histogram_t[i]);
		buf_ch(out, '|');
	}
	tsdb_cursor_destroy(&c);
}

struct fixture {
	char dir[64];
	struct clock *clock;
	struct tsdb *db;
	struct buf text;
};

static void
fixture_init(struct fixture *f)
{
	*f = (struct fixture){.dir = "/tmp/tsdb-deletion-XXXXXX"};
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(f->dir));
	f->clock = clock_virtual_create(DAY);
	f->db = open_store(f->dir, f->clock);
}

static void
fixture_reopen(struct fixture *f)
{
	tsdb_close(&f->db);
	f->db = open_store(f->dir, f->clock);
}

static void
fixture_fini(struct fixture *f)
{
	tsdb_close(&f->db);
	clock_destroy(&f->clock);
	empty(f->dir);
	rmdir(f->dir);
	buf_fini(&f->text);
}

static const char *
seen(struct fixture *f, const char *tenant)
{
	dump(f->db, tenant, &f->text);
	return f->text.p;
}

/* What the copy holds is what the store holds. */
static void
compare(struct fixture *f, const char *copy)
{
	struct tsdb *db = open_store(copy, f->clock);
	struct buf other = {0};
	dump(db, "t", &other);
	ck_assert_str_eq(seen(f, "t"), other.p);
	tsdb_close(&db);
	buf_fini(&other);
	empty(copy);
	rmdir(copy);
}

static void
snapshot(struct fixture *f)
{
	char copy[80];
	snprintf(copy, sizeof copy, "%s/copy", f->dir);
	ck_assert(tsdb_snapshot(f->db, copy, true, NULL) == RC_OK);
	ck_assert(tsdb_snapshot(f->db, copy, true, NULL) == RC_CONFLICT);
	compare(f, copy);
}

UNIT(deletion_is_about_what_is_there)
{
	struct fixture f;
	struct tsdb_counts c;
	struct tsdb_state st;
	fixture_init(&f);
	for (int i = 0; i < 2; i++)
		for (int t = 1; t <= 4; t++)
			ck_assert(put(f.db, "t", i, t * 10, t, &c) == RC_OK);
	ck_assert(put(f.db, "other", 0, 20, 5, &c) == RC_OK);
	ck_assert(put_histogram(f.db, 2, 20) == RC_OK && put_histogram(f.db, 2, 50) == RC_OK);
	ck_assert(delete(f.db, "i=~\"1|2\"", 20, 30) == RC_OK);
	ck_assert_str_eq(seen(&f, "t"), "0: 10=1 20=2 30=3 40=4|1: 10=1 40=4|2: h@50|");
	ck_assert_str_eq(seen(&f, "other"), "0: 20=5|");
	ck_assert(put(f.db, "t", 1, 25, 9, &c) == RC_OK && c.stored == 1); /* comes later, and stays */
	ck_assert(put(f.db, "t", 1, 20, 7, &c) == RC_OK && c.stored == 1);
	for (int round = 0; round < 3; round++) {
		ck_assert_str_eq(seen(&f, "t"), "0: 10=1 20=2 30=3 40=4|1: 10=1 20=7 25=9 40=4|2: h@50|");
		ck_assert_str_eq(seen(&f, "other"), "0: 20=5|");
		if (round == 1)
			ck_assert(tsdb_clean(f.db, NULL) == RC_OK);
		snapshot(&f);
		fixture_reopen(&f);
	}
	tsdb_state(f.db, &st);
	ck_assert_uint_eq(st.deletions, 0);
	fixture_fini(&f);
}
END

/* The newest is deleted: older ones are welcome again, and are there after a restart. */
UNIT(deletion_lets_older_samples_in_again)
{
	struct fixture f;
	struct tsdb_counts c;
	fixture_init(&f);
	for (int t = 1; t <= 5; t++)
		ck_assert(put(f.db, "t", 0, t * 10, t, &c) == RC_OK);
	ck_assert(delete(f.db, "i=0", 0, INT64_MAX) == RC_OK);
	ck_assert_str_eq(seen(&f, "t"), ""); /* it is not even listed */
	ck_assert(put(f.db, "t", 0, 15, 1, &c) == RC_OK && c.stored == 1);
	ck_assert(put(f.db, "t", 0, 12, 2, &c) == RC_OK && c.stored == 1);
	ck_assert(put(f.db, "t", 0, 60, 3, &c) == RC_OK && c.stored == 1);
	for (int round = 0; round < 3; round++) {
		ck_assert_str_eq(seen(&f, "t"), "0: 12=2 15=1 60=3|");
		fixture_reopen(&f);
	}
	ck_assert(tsdb_compact(f.db, NULL) == RC_OK);
	ck_assert_str_eq(seen(&f, "t"), "0: 12=2 15=1 60=3|");
	fixture_fini(&f);
}
END

static void
count_exemplar(void *n, struct labels ls, const struct tsdb_exemplar *x)
{
	++*(int *)n;
}

static int
exemplars(struct tsdb *db)
{
	struct str who = STR("t");
	struct tsdb_select q = {.tenants = {&who, 1}, .min = INT64_MIN, .max = INT64_MAX};
	int n = 0;
	tsdb_exemplars_each(db, &q, count_exemplar, &n);
	return n;
}

UNIT(deletion_takes_exemplars_along)
{
	struct fixture f;
	struct tsdb_counts c;
	fixture_init(&f);
	for (int i = 0; i < 2; i++) {
		ck_assert(put(f.db, "t", i, 10, 1, &c) == RC_OK);
		struct tsdb_exemplar x = {.ref = ref_of(f.db, "t", i), .t = 10, .v = 1};
		ck_assert(tsdb_exemplars_put(f.db, &x, 1, NULL) == RC_OK);
	}
	ck_assert_int_eq(exemplars(f.db), 2);
	ck_assert(delete(f.db, "i=0", 0, 100) == RC_OK);
	ck_assert_int_eq(exemplars(f.db), 1);
	fixture_reopen(&f);
	ck_assert_int_eq(exemplars(f.db), 1);
	fixture_fini(&f);
}
END

/* What a walk of appends, deletions, merges and restarts should leave. */
struct model {
	double v[SERIES][TIMES];
	bool there[SERIES][TIMES];
};

static void
model_delete(struct model *m, int i, int min, int max)
{
	for (int t = min; t <= max; t++)
		m->there[i][t] = false;
}

static void
model_text(const struct model *m, struct buf *out)
{
	buf_clear(out);
	buf_c(out, "");
	for (int i = 0; i < SERIES; i++) {
		bool any = false;
		for (int t = 0; t < TIMES; t++) {
			if (!m->there[i][t])
				continue;
			if (!any)
				buf_fmt(out, "%d:", i);
			any = true;
			buf_fmt(out, " %d=%g", t, m->v[i][t]);
		}
		if (any)
			buf_ch(out, '|');
	}
}

static void
random_delete(struct fixture *f, struct model *m)
{
	char matcher[16];
	int i = rand() % SERIES, min = rand() % TIMES, max = min + rand() % 60;
	max = max < TIMES ? max : TIMES - 1;
	snprintf(matcher, sizeof matcher, "i=\"%d\"", i);
	ck_assert(delete(f->db, matcher, min, max) == RC_OK);
	model_delete(m, i, min, max);
}

/* Series that have nothing left may still be listed where a chunk was only partly deleted. */
static const char *
without_empty(struct buf *b)
{
	struct buf out = {0};
	struct str rest = buf_view(b), part;
	buf_c(&out, "");
	while (str_cut(&rest, '|', &part))
		if (part.n > 2)
			buf_fmt(&out, "%.*s|", STR_ARG(part));
	buf_clear(b);
	buf_str(b, buf_view(&out));
	buf_fini(&out);
	return b->p ? b->p : "";
}

UNIT(deletion_agrees_with_an_array)
{
	static struct model m;
	struct fixture f;
	struct buf want = {0};
	struct tsdb_counts c;
	fixture_init(&f);
	srand(34);
	for (int step = 0; step < 3000; step++) {
		int i = rand() % SERIES, t = rand() % TIMES;
		ck_assert(put(f.db, "t", i, t, step, &c) == RC_OK);
		ck_assert_msg(c.stored == !m.there[i][t], "step %d", step);
		m.v[i][t] = m.there[i][t] ? m.v[i][t] : step;
		m.there[i][t] = true;
		if (step % 60 == 59)
			random_delete(&f, &m);
		if (step % 170 == 0)
			ck_assert(tsdb_flush(f.db, NULL) == RC_OK);
		if (step % 610 == 0)
			ck_assert(tsdb_clean(f.db, NULL) == RC_OK);
		if (step % 1310 == 0)
			ck_assert(tsdb_compact(f.db, NULL) == RC_OK);
		if (step % 130 == 0)
			fixture_reopen(&f);
		if (step % 10 == 0) {
			model_text(&m, &want);
			dump(f.db, "t", &f.text);
			ck_assert_str_eq(without_empty(&f.text), want.p);
		}
	}
	buf_fini(&want);
	fixture_fini(&f);
}
END

/* ---- the power goes, the disk fails ---- */

static void
told(int out)
{
	if (write(out, "x", 1) != 1)
		_exit(1);
}

/* 1..6 are stored; 2..4 deleted; 3 comes again; all is cleaned. */
static void
run_child(const char *dir, struct clock *clock, int out, uint64_t nth)
{
	struct tsdb_counts c;
	struct tsdb *db = open_store(dir, clock);
	for (int t = 1; t <= 6; t++)
		if (put(db, "t", 0, t, t, &c) != RC_OK || (t == 3 && tsdb_flush(db, NULL) != RC_OK))
			_exit(1);
	if (put_histogram(db, 1, 3) != RC_OK || tsdb_sync(db, NULL) != RC_OK)
		_exit(1);
	os_fault_set(OS_FAULT_KILL, nth);
	if (delete(db, "__name__=m", 2, 4) != RC_OK)
		_exit(1);
	told(out);
	if (put(db, "t", 0, 3, 33, &c) != RC_OK || tsdb_sync(db, NULL) != RC_OK)
		_exit(1);
	told(out);
	if (tsdb_clean(db, NULL) != RC_OK)
		_exit(1);
	told(out);
	if (tsdb_compact(db, NULL) != RC_OK)
		_exit(1);
	told(out);
	_exit(0);
}

UNIT(deletion_survives_a_crash_at_every_call)
{
	static const char whole[] = "0: 1=1 2=2 3=3 4=4 5=5 6=6|1: h@3|", deleted[] = "0: 1=1 5=5 6=6|",
			  again[] = "0: 1=1 3=33 5=5 6=6|";
	char dir[] = "/tmp/tsdb-delcrash-XXXXXX";
	struct clock *clock = clock_virtual_create(DAY);
	struct buf text = {0};
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	for (uint64_t nth = 1;; nth++) {
		int pipes[2], status;
		char got[8];
		empty(dir);
		ck_assert_int_eq(pipe(pipes), 0);
		pid_t pid = fork();
		if (pid == 0)
			run_child(dir, clock, pipes[1], nth);
		close(pipes[1]);
		ssize_t acked = 0, n;
		while ((n = read(pipes[0], got + acked, sizeof got - (size_t)acked)) > 0)
			acked += n;
		close(pipes[0]);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFEXITED(status) && (WEXITSTATUS(status) == 137 || WEXITSTATUS(status) == 0));
		struct tsdb *db = open_store(dir, clock);
		dump(db, "t", &text);
		bool is = acked == 0 ? strcmp(text.p, whole) == 0 || strcmp(text.p, deleted) == 0
			: acked == 1 ? strcmp(text.p, deleted) == 0 || strcmp(text.p, again) == 0
				     : strcmp(text.p, again) == 0;
		ck_assert_msg(is, "call %d, %d acknowledged: %s", (int)nth, (int)acked, text.p);
		ck_assert(tsdb_compact(db, NULL) == RC_OK); /* and it goes on */
		tsdb_close(&db);
		if (WEXITSTATUS(status) == 0)
			break;
	}
	empty(dir);
	rmdir(dir);
	buf_fini(&text);
	clock_destroy(&clock);
}
END

UNIT(deletion_and_snapshot_survive_a_failing_disk)
{
	static const enum os_fault kinds[] = {OS_FAULT_EIO, OS_FAULT_SHORT, OS_FAULT_EINTR, OS_FAULT_ENOSPC};
	for (int k = 0; k < 4; k++) {
		for (uint64_t nth = 1;; nth++) {
			struct fixture f;
			struct tsdb_counts c;
			char copy[80];
			fixture_init(&f);
			snprintf(copy, sizeof copy, "%s/copy", f.dir);
			for (int t = 1; t <= 4; t++)
				ck_assert(put(f.db, "t", 0, t, t, &c) == RC_OK);
			os_fault_set(kinds[k], nth);
			bool gone = delete(f.db, "i=0", 2, 3) == RC_OK;
			bool copied = tsdb_snapshot(f.db, copy, true, NULL) == RC_OK;
			(void)!tsdb_clean(f.db, NULL);
			bool hit = os_fault_hit();
			os_fault_set(OS_FAULT_NONE, 0);
			clock_virtual_advance(f.clock, SECOND);
			ck_assert(tsdb_tick(f.db, NULL) == RC_OK);
			ck_assert_str_eq(seen(&f, "t"), gone ? "0: 1=1 4=4|" : "0: 1=1 2=2 3=3 4=4|");
			fixture_reopen(&f);
			if (gone)
				ck_assert_str_eq(seen(&f, "t"), "0: 1=1 4=4|");
			if (copied)
				compare(&f, copy);
			fixture_fini(&f);
			if (!hit)
				break;
		}
	}
}
END

UNIT(deletion_sets_a_damaged_list_aside)
{
	struct fixture f;
	struct tsdb_counts c;
	struct tsdb_state st;
	struct buf file = {0};
	char path[80];
	fixture_init(&f);
	snprintf(path, sizeof path, "%s/deletions", f.dir);
	for (int t = 1; t <= 4; t++)
		ck_assert(put(f.db, "t", 0, t, t, &c) == RC_OK);
	ck_assert(delete(f.db, "i=0,__name__!=\"x\"", 2, 3) == RC_OK);
	tsdb_close(&f.db);
	ck_assert(os_read_file(path, 4096, &file, NULL) == RC_OK && file.n > 20);
	for (size_t i = 0; i < file.n; i++) {
		file.p[i] ^= 4;
		ck_assert(os_replace_file(path, buf_view(&file), 0600, NULL) == RC_OK);
		file.p[i] ^= 4;
		f.db = open_store(f.dir, f.clock);
		tsdb_state(f.db, &st);
		ck_assert(st.damaged == 1 && st.deletions == 0);
		ck_assert_str_eq(seen(&f, "t"), "0: 1=1 2=2 3=3 4=4|");
		tsdb_close(&f.db);
	}
	ck_assert(os_replace_file(path, buf_view(&file), 0600, NULL) == RC_OK);
	f.db = open_store(f.dir, f.clock);
	ck_assert_str_eq(seen(&f, "t"), "0: 1=1 4=4|");
	buf_fini(&file);
	fixture_fini(&f);
}
END
