/* db.c — what both engines share; see db.h. */
#include "ledger/db.h"

#include <string.h>

#include "base/must.h"

enum rc
db_open(struct db **db, const char *url, bool read_only, struct err *e)
{
	bool remote = strncmp(url, "postgres://", 11) == 0 || strncmp(url, "postgresql://", 13) == 0;
	return (remote ? &db_postgres : &db_sqlite)->open(db, url, read_only, e);
}

void
db_close(struct db **db)
{
	if (*db)
		(*db)->kind->close(*db);
	*db = NULL;
}

bool
db_is_postgres(const struct db *db)
{
	return db->kind == &db_postgres;
}

enum rc
db_script(struct db *db, const char *sql, struct err *e)
{
	return db->kind->script(db, sql, e);
}

static bool
ignore_row(void *arg, const struct db_value *columns, size_t n)
{
	return true;
}

enum rc
db_run(struct db *db, const char *sql, const struct db_value *args, size_t n, struct err *e)
{
	return db->kind->query(db, sql, args, n, ignore_row, NULL, e);
}

enum rc
db_query(struct db *db, const char *sql, const struct db_value *args, size_t n, db_row_fn *fn, void *arg, struct err *e)
{
	return db->kind->query(db, sql, args, n, fn, arg, e);
}

struct first_int {
	bool there;
	int64_t value;
};

static bool
take_int(void *arg, const struct db_value *columns, size_t n)
{
	struct first_int *f = arg;
	must(n >= 1);
	f->there = columns[0].type == DB_INT;
	f->value = columns[0].i;
	return false;
}

enum rc
db_int(struct db *db, const char *sql, const struct db_value *args, size_t n, int64_t *out, struct err *e)
{
	struct first_int f = {0};
	enum rc rc = db_query(db, sql, args, n, take_int, &f, e);
	*out = f.value;
	return rc != RC_OK ? rc : f.there ? RC_OK : RC_ABSENT;
}

int64_t
db_changes(const struct db *db)
{
	return db->changes;
}

enum rc
db_begin(struct db *db, struct err *e)
{
	return db_script(db, db_is_postgres(db) ? "BEGIN" : "BEGIN IMMEDIATE", e);
}

enum rc
db_commit(struct db *db, struct err *e)
{
	enum rc rc = db_script(db, "COMMIT", e);
	if (rc != RC_OK)
		db_rollback(db);
	return rc;
}

void
db_rollback(struct db *db)
{
	struct err ignored;
	/* fails when there is nothing to roll back, which is what is wanted */
	if (db_script(db, "ROLLBACK", &ignored) != RC_OK)
		return;
}
