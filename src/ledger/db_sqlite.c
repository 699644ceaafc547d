/*
 * db_sqlite.c — SQLite in WAL mode, one writer, synchronous=FULL.
 *
 * IDEA   Its file system is wrapped so that each write, sync and truncation is a fault point of base/os: what
 *        the tests break in our own files, they break here too.
 */
#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/os.h"
#include "ledger/db.h"

struct sqlite {
	struct db db;
	sqlite3 *handle;
	struct map *prepared; /* by the address of the SQL text */
};

/* ---- the wrapped file system ---- */

/* SQLite's own methods come in a few tables (one per way of locking); each gets its wrapped copy. */
enum { METHODS = 8 };
static struct wrapping {
	sqlite3_io_methods wrapped; /* first: a file's pMethods leads to its wrapping */
	const sqlite3_io_methods *plain;
} wrappings[METHODS];
static sqlite3_vfs vfs;
static sqlite3_vfs *plain_vfs;

static const sqlite3_io_methods *
plain_of(const sqlite3_file *f)
{
	return ((const struct wrapping *)f->pMethods)->plain;
}

static int
faulty_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	if (os_fault_point(true))
		return errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
	return plain_of(f)->xWrite(f, p, n, at);
}

static int
faulty_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	return os_fault_point(false) ? SQLITE_IOERR_TRUNCATE : plain_of(f)->xTruncate(f, size);
}

static int
faulty_sync(sqlite3_file *f, int flags)
{
	return os_fault_point(false) ? SQLITE_IOERR_FSYNC : plain_of(f)->xSync(f, flags);
}

static const sqlite3_io_methods *
wrapped_of(const sqlite3_io_methods *plain)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	size_t i = 0;
	pthread_mutex_lock(&lock);
	while (i < METHODS && wrappings[i].plain && wrappings[i].plain != plain)
		i++;
	must(i < METHODS);
	struct wrapping *w = &wrappings[i];
	if (!w->plain) {
		w->wrapped = *plain;
		w->wrapped.xWrite = faulty_write;
		w->wrapped.xTruncate = faulty_truncate;
		w->wrapped.xSync = faulty_sync;
		w->plain = plain;
	}
	pthread_mutex_unlock(&lock);
	return &w->wrapped;
}

static int
open_wrapped(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
	int rc = plain_vfs->xOpen(plain_vfs, name, f, flags, out_flags);
	if (rc == SQLITE_OK && f->pMethods)
		f->pMethods = wrapped_of(f->pMethods);
	return rc;
}

static void
install_vfs(void)
{
	plain_vfs = sqlite3_vfs_find(NULL);
	must(plain_vfs);
	vfs = *plain_vfs;
	vfs.zName = "tocsin";
	vfs.xOpen = open_wrapped;
	must(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
}

/* ---- the engine ---- */

static enum rc
failed(struct sqlite *s, struct err *e, const char *doing)
{
	int code = sqlite3_errcode(s->handle);
	enum rc rc = code == SQLITE_FULL ? RC_REFUSED : RC_IO;
	return err_set(e, rc, "ledger: %s: %s", doing, sqlite3_errmsg(s->handle));
}

static enum rc
sqlite_script(struct db *db, const char *sql, struct err *e)
{
	struct sqlite *s = (struct sqlite *)db;
	return sqlite3_exec(s->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? RC_OK : failed(s, e, str_has(str_c(sql), STR("COMMIT")) ? "commit" : "statement");
}

static void
sqlite_close(struct db *db)
{
	struct sqlite *s = (struct sqlite *)db;
	map_each(s->prepared, entry)
		sqlite3_finalize(entry->value);
	map_destroy(&s->prepared);
	must(sqlite3_close(s->handle) == SQLITE_OK);
	mem_free(s);
}

static enum rc
sqlite_open(struct db **out, const char *path, bool read_only, struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, install_vfs);
	struct sqlite *s = mem_new(struct sqlite);
	s->db.kind = &db_sqlite;
	s->prepared = map_create();
	int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	int rc = sqlite3_open_v2(path, &s->handle, flags | SQLITE_OPEN_NOMUTEX, "tocsin");
	if (rc == SQLITE_OK) {
		sqlite3_extended_result_codes(s->handle, 1);
		sqlite3_busy_timeout(s->handle, 5000);
		rc = sqlite3_exec(s->handle,
		    read_only ? "PRAGMA cache_size=-4096"
			      : "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8192;"
				"PRAGMA wal_autocheckpoint=1000; PRAGMA foreign_keys=ON",
		    NULL, NULL, NULL);
	}
	if (rc != SQLITE_OK) {
		err_set(e, RC_IO, "ledger: cannot open %s: %s", path, s->handle ? sqlite3_errmsg(s->handle) : "no memory");
		sqlite_close(&s->db);
		return RC_IO;
	}
	*out = &s->db;
	return RC_OK;
}

static sqlite3_stmt *
prepare(struct sqlite *s, const char *sql, struct err *e)
{
	struct str key = str_n((const char *)&sql, sizeof sql);
	sqlite3_stmt *stmt = map_get(s->prepared, key);
	if (stmt)
		return stmt;
	if (sqlite3_prepare_v3(s->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK) {
		failed(s, e, sql);
		return NULL;
	}
	map_put(s->prepared, key, stmt);
	return stmt;
}

static void
bind_all(sqlite3_stmt *stmt, const struct db_value *args, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		/* SQLite numbers $N by first appearance: bind by name */
		char name[24];
		snprintf(name, sizeof name, "$%zu", i + 1);
		int at = sqlite3_bind_parameter_index(stmt, name);
		must(at > 0);
		const struct db_value *v = &args[i];
		int rc = v->type == DB_INT    ? sqlite3_bind_int64(stmt, at, v->i)
		    : v->type == DB_TEXT ? sqlite3_bind_text64(stmt, at, v->s.n ? v->s.p : "", v->s.n, SQLITE_STATIC, SQLITE_UTF8)
		    : v->type == DB_BLOB ? sqlite3_bind_blob64(stmt, at, v->s.n ? v->s.p : "", v->s.n, SQLITE_STATIC)
					 : sqlite3_bind_null(stmt, at);
		must(rc == SQLITE_OK);
	}
}

static void
column(sqlite3_stmt *stmt, int i, struct db_value *v)
{
	*v = DB_N;
	switch (sqlite3_column_type(stmt, i)) {
	case SQLITE_INTEGER:
		*v = DB_I(sqlite3_column_int64(stmt, i));
		break;
	case SQLITE_TEXT:
		*v = DB_T(str_n((const char *)sqlite3_column_text(stmt, i), (size_t)sqlite3_column_bytes(stmt, i)));
		break;
	case SQLITE_BLOB: {
		const char *p = sqlite3_column_blob(stmt, i);
		*v = DB_B(str_n(p ? p : "", (size_t)sqlite3_column_bytes(stmt, i)));
		break;
	}
	default:
		break;
	}
}

enum { COLUMNS = 16 };

static enum rc
sqlite_query(struct db *db, const char *sql, const struct db_value *args, size_t n, db_row_fn *fn, void *arg, struct err *e)
{
	struct sqlite *s = (struct sqlite *)db;
	sqlite3_stmt *stmt = prepare(s, sql, e);
	if (!stmt)
		return e ? e->rc : RC_IO;
	bind_all(stmt, args, n);
	int rc;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct db_value columns[COLUMNS];
		int count = sqlite3_column_count(stmt);
		must(count <= COLUMNS);
		for (int i = 0; i < count; i++)
			column(stmt, i, &columns[i]);
		if (!fn(arg, columns, (size_t)count))
			break;
	}
	enum rc result = rc == SQLITE_DONE || rc == SQLITE_ROW ? RC_OK : failed(s, e, "statement");
	db->changes = sqlite3_changes64(s->handle);
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return result;
}

const struct db_kind db_sqlite = {"sqlite", sqlite_open, sqlite_close, sqlite_script, sqlite_query};
