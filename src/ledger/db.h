/*
 * db.h — two SQL engines behind one small interface: SQLite and PostgreSQL.
 *
 * IDEA   The same SQL text runs on both: parameters are $1, $2 …; types are BIGINT, TEXT and BYTEA; nothing else
 *        is used.  Statements are prepared once and kept, found by the address of their text, so a statement is
 *        a `static const char` or a literal.
 *
 * A handle belongs to one thread.  Texts in a row are valid during the callback only.
 */
#ifndef LEDGER_DB_H
#define LEDGER_DB_H

#include "base/err.h"
#include "base/str.h"

struct db;

enum db_type { DB_NULL, DB_INT, DB_TEXT, DB_BLOB };
struct db_value {
	enum db_type type;
	int64_t i;
	struct str s;
};
#define DB_I(v) ((struct db_value){DB_INT, (v), {0}})
#define DB_T(v) ((struct db_value){DB_TEXT, 0, (v)})
#define DB_B(v) ((struct db_value){DB_BLOB, 0, (v)})
#define DB_N ((struct db_value){0})
/* db_run(db, "…", DB_ARGS(DB_I(1), DB_T(name)), &e) */
#define DB_ARGS(...)                                                                                         \
	(const struct db_value[]){__VA_ARGS__}, sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value)
#define DB_NO_ARGS NULL, 0

/* Called for each row; false ends the query early. */
typedef bool db_row_fn(void *arg, const struct db_value *columns, size_t n);

/* `url`: postgres://… or the path of a SQLite file. */
CHECKED enum rc db_open(struct db **, const char *url, bool read_only, struct err *);
void db_close(struct db **);
bool db_is_postgres(const struct db *);

/* Several statements without parameters, for the schema. */
CHECKED enum rc db_script(struct db *, const char *sql, struct err *);
CHECKED enum rc db_run(struct db *, const char *sql, const struct db_value *args, size_t n, struct err *);
CHECKED enum rc db_query(struct db *, const char *sql, const struct db_value *args, size_t n, db_row_fn *, void *arg,
    struct err *);
/* The first column of the first row as an integer; RC_ABSENT without a row. */
CHECKED enum rc db_int(struct db *, const char *sql, const struct db_value *args, size_t n, int64_t *out, struct err *);
int64_t db_changes(const struct db *); /* rows that the last db_run touched */

CHECKED enum rc db_begin(struct db *, struct err *);
CHECKED enum rc db_commit(struct db *, struct err *); /* durable when it returns RC_OK; rolled back when not */
void db_rollback(struct db *);

/* What a back end is (db_sqlite.c, db_postgres.c). */
struct db_kind {
	const char *name;
	enum rc (*open)(struct db **, const char *url, bool read_only, struct err *);
	void (*close)(struct db *);
	enum rc (*script)(struct db *, const char *sql, struct err *);
	enum rc (*query)(struct db *, const char *sql, const struct db_value *args, size_t n, db_row_fn *, void *arg, struct err *);
};
struct db {
	const struct db_kind *kind;
	int64_t changes;
};
extern const struct db_kind db_sqlite, db_postgres;

#endif
