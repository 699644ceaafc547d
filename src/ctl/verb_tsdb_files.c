/* verb_tsdb_files.c — the files of a store of samples: are they good, and others put in their place or beside them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os.h"
#include "base/time.h"
#include "ctl/import.h"
#include "ctl/table.h"
#include "ctl/verb_tsdb.h"
#include "ctl/verbs.h"
#include "tsdb/verify.h"
#include "wire/json.h"

int
tsdb_complain(const struct err *e)
{
	fprintf(stderr, "tocsin tsdb: %s\n", e->text);
	return e->rc == RC_CONFLICT ? EXIT_REFUSED : EXIT_FAILED;
}

/* ---- verify ---- */

static const struct column file_columns[] = {
    {"FILE", "file", COLUMN_TEXT},
    {"KIND", "kind", COLUMN_TEXT},
    {"BYTES", "bytes", COLUMN_TEXT},
    {"SERIES", "series", COLUMN_TEXT},
    {"SAMPLES", "samples", COLUMN_TEXT},
    {"RECORDS", "records", COLUMN_TEXT},
    {"FROM", "from", COLUMN_TIME},
    {"TO", "to", COLUMN_TIME},
    {"STATE", "state", COLUMN_WORD},
    {NULL, NULL, 0},
};

struct verifying {
	struct json_writer w;
	size_t damaged;
};

static void
put_number(struct json_writer *w, const char *key, uint64_t n)
{
	jsonw_key(w, key);
	jsonw_i64(w, (int64_t)n);
}

static void
put_time(struct json_writer *w, const char *key, msec_t t)
{
	char text[TIME_TEXT];
	jsonw_key(w, key);
	jsonw_c(w, time_rfc3339(t, text));
}

static void
put_file(void *arg, const struct verified *v)
{
	struct verifying *x = arg;
	struct json_writer *w = &x->w;
	x->damaged += v->damage != NULL;
	jsonw_object(w);
	jsonw_key(w, "file");
	jsonw_str(w, v->name);
	jsonw_key(w, "kind");
	jsonw_c(w, v->kind);
	if (v->samples) {
		put_number(w, "bytes", v->bytes);
		put_number(w, "series", v->series);
		put_number(w, "samples", v->samples);
		put_time(w, "from", v->min);
		put_time(w, "to", v->max);
	}
	if (v->records)
		put_number(w, "records", v->records);
	if (v->rest)
		put_number(w, "rest", v->rest);
	jsonw_key(w, "state");
	jsonw_c(w, v->damage ? "damaged" : "good");
	if (v->damage) {
		jsonw_key(w, "damage");
		jsonw_c(w, v->damage);
		fprintf(stderr, "tocsin tsdb: %s\n", v->damage);
	}
	jsonw_object_end(w);
}

/* The samples of a data directory, or a folder of samples itself (a snapshot). */
static const char *
samples_of(struct args *a, const char *data)
{
	const char *inside = arena_fmt(a->arena, "%s/samples", data).p;
	return access(inside, F_OK) == 0 ? inside : data;
}

static enum rc
verify_dir(struct args *a, const char *dir, bool print, size_t *damaged, struct err *e)
{
	struct buf b = {0};
	struct verifying x = {0};
	jsonw_init(&x.w, &b);
	jsonw_array(&x.w);
	enum rc rc = tsdb_verify(dir, put_file, &x, e);
	jsonw_array_end(&x.w);
	*damaged = x.damaged;
	if (rc == RC_OK && print && a->json)
		printf("%s\n", b.p);
	else if (rc == RC_OK && print && table_print(a, buf_view(&b), file_columns, "There is no file of samples.") != EXIT_OK)
		rc = err_set(e, RC_IO, "cannot print");
	buf_fini(&b);
	return rc;
}

int
tsdb_verb_verify(struct args *a)
{
	const char *data = args_option(a, "data");
	size_t damaged;
	struct err e;
	if (!data)
		return verb_usage("tsdb");
	int status = args_done(a, verb_self("tsdb"));
	if (status != EXIT_OK)
		return status;
	if (verify_dir(a, samples_of(a, data), true, &damaged, &e) != RC_OK)
		return tsdb_complain(&e);
	return damaged ? EXIT_FAILED : EXIT_OK;
}

/* ---- import ---- */

static void
say_imported(const struct args *a, const struct import *x)
{
	char from[TIME_TEXT] = "", to[TIME_TEXT] = "";
	if (x->min <= x->max) {
		time_rfc3339(x->min, from);
		time_rfc3339(x->max, to);
	}
	if (a->json) {
		printf("{\"blocks\":%zu,\"pages\":%zu,\"series\":%zu,\"stored\":%zu,\"duplicate\":%zu,\"conflict\":%zu,\"unknown_chunks\":%zu,"
		       "\"from\":\"%s\",\"to\":\"%s\"}\n",
		    x->blocks, x->pages, x->series, x->counts.stored, x->counts.duplicate, x->counts.conflict, x->unknown, from, to);
		return;
	}
	printf("%zu samples were stored", x->counts.stored);
	if (x->min <= x->max)
		printf(", from %s to %s", from, to);
	puts(".");
	if (x->counts.duplicate)
		printf("%zu were there already.\n", x->counts.duplicate);
	if (x->counts.conflict)
		printf("%zu were there with another value, which stays.\n", x->counts.conflict);
	if (x->unknown)
		printf("%zu chunks of a kind that is not known here were passed over.\n", x->unknown);
}

static enum rc
import_all(struct args *a, struct import *x, struct err *e)
{
	enum rc rc = RC_OK;
	for (const char *path; rc == RC_OK && (path = args_word(a));)
		rc = import_path(x, path, e);
	return rc == RC_OK ? tsdb_compact(x->db, e) : rc;
}

static int
import_into(struct args *a, const char *data)
{
	struct import x;
	struct tsdb *db = NULL;
	struct err e;
	int lock;
	struct tsdb_options o = {.dir = arena_fmt(a->arena, "%s/samples", data).p, .clock = clock_real(), .sync_every = SECOND,
	    .out_of_order = INT64_MAX, .head_span = 365 * DAY};
	if (ctl_lock_data(data, &lock, &e) != RC_OK)
		return tsdb_complain(&e);
	log_setup("ctl", LOG_WARN);
	enum rc rc = tsdb_open(&o, &db, &e);
	import_init(&x, db, str_c(a->customer));
	if (rc == RC_OK)
		rc = import_all(a, &x, &e);
	tsdb_close(&db);
	os.close(lock);
	say_imported(a, &x);
	import_fini(&x);
	return rc == RC_OK ? EXIT_OK : tsdb_complain(&e);
}

int
tsdb_verb_import(struct args *a)
{
	const char *data = args_option(a, "data");
	if (!data || !a->customer || a->n == 0)
		return verb_usage("tsdb");
	for (int i = 0; i < a->n; i++)
		if (a->p[i][0] == '-')
			return args_done(a, verb_self("tsdb"));
	return import_into(a, data);
}

/* ---- restore ---- */

static enum rc
copy_bytes(int from, int to, const char *path, struct err *e)
{
	static char room[1 << 20];
	ssize_t n;
	while ((n = os.read(from, room, sizeof room)) > 0)
		if (os_write_all(to, str_n(room, (size_t)n), e) != RC_OK)
			return err_add(e, "copying %s", path);
	if (n < 0)
		return err_errno(e, "cannot read %s", path);
	return os.fsync(to) == 0 ? RC_OK : err_errno(e, "cannot make the copy of %s durable", path);
}

static enum rc
copy_file(const char *from, const char *to, struct err *e)
{
	int in = os.open(from, O_RDONLY | O_CLOEXEC, 0);
	if (in < 0)
		return err_errno(e, "cannot open %s", from);
	int out = os.open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	enum rc rc = out < 0 ? err_errno(e, "cannot create %s", to) : copy_bytes(in, out, from, e);
	os.close(in);
	if (out >= 0)
		os.close(out);
	return rc;
}

/* Blocks never change, so a further link is a copy; the log would be written on. */
static enum rc
copy_dir(struct args *a, const char *from, const char *to, struct err *e)
{
	struct dirent **files;
	int n = scandir(from, &files, NULL, alphasort);
	enum rc rc = n < 0 ? err_errno(e, "cannot read the folder %s", from) : os_make_dirs(to, 0750, e);
	for (int i = 0; i < n; i++) {
		struct str name = str_c(files[i]->d_name);
		const char *source = arena_fmt(a->arena, "%s/%.*s", from, STR_ARG(name)).p, *target = arena_fmt(a->arena, "%s/%.*s", to, STR_ARG(name)).p;
		bool block = str_starts(name, STR("block-")) || str_starts(name, STR("part-")) || str_starts(name, STR("tier-"));
		bool ours = block || str_starts(name, STR("wal-")) || str_is(name, "deletions");
		if (rc == RC_OK && ours && !(block && os.link(source, target) == 0))
			rc = copy_file(source, target, e);
		free(files[i]);
	}
	if (n >= 0)
		free(files);
	return rc == RC_OK ? os_sync_dir(to, e) : rc;
}

/* A copy that a restore before had begun; the lock says that nobody makes it now. */
static enum rc
remove_copy(const char *dir, struct err *e)
{
	struct dirent **files;
	int n = scandir(dir, &files, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		struct buf path = {0};
		buf_fmt(&path, "%s/%s", dir, files[i]->d_name);
		os.unlink(path.p);
		buf_fini(&path);
		free(files[i]);
	}
	if (n >= 0)
		free(files);
	return rmdir(dir) == 0 || errno == ENOENT ? RC_OK : err_errno(e, "cannot remove %s, which is of a restore that was stopped", dir);
}

static enum rc
take_place(struct args *a, const char *data, const char *fresh, const char **before, struct err *e)
{
	const char *samples = arena_fmt(a->arena, "%s/samples", data).p;
	*before = arena_fmt(a->arena, "%s/samples.before-%lld", data, (long long)(clock_wall(clock_real()) / 1000)).p;
	if (access(samples, F_OK) != 0)
		*before = NULL;
	else if (os.rename(samples, *before) != 0)
		return err_errno(e, "cannot rename %s", samples);
	if (os.rename(fresh, samples) != 0)
		return err_errno(e, "cannot rename %s to %s", fresh, samples);
	return os_sync_dir(data, e);
}

static enum rc
restore_into(struct args *a, const char *data, const char *from, const char **before, struct err *e)
{
	const char *fresh = arena_fmt(a->arena, "%s/samples.new", data).p;
	size_t damaged;
	enum rc rc = verify_dir(a, from, false, &damaged, e);
	if (rc == RC_OK && damaged)
		rc = err_set(e, RC_INVALID, "%s is damaged and was not put back", from);
	if (rc == RC_OK)
		rc = remove_copy(fresh, e);
	if (rc == RC_OK)
		rc = copy_dir(a, from, fresh, e);
	return rc == RC_OK ? take_place(a, data, fresh, before, e) : rc;
}

int
tsdb_verb_restore(struct args *a)
{
	const char *data = args_option(a, "data"), *from = args_option(a, "from"), *before = NULL;
	struct err e;
	int lock;
	if (!data || !from)
		return verb_usage("tsdb");
	int status = args_done(a, verb_self("tsdb"));
	if (status != EXIT_OK)
		return status;
	if (ctl_lock_data(data, &lock, &e) != RC_OK)
		return tsdb_complain(&e);
	enum rc rc = restore_into(a, data, from, &before, &e);
	os.close(lock);
	if (rc != RC_OK)
		return tsdb_complain(&e);
	if (before)
		printf("What was there before is %s.\n", before);
	return EXIT_OK;
}
