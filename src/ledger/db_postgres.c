/*
 * db_postgres.c — PostgreSQL, or any engine that speaks its protocol, through libpq.
 *
 * IDEA   Parameters and results travel in binary; there are three types (int8, text, bytea), so nothing has to
 *        be quoted or parsed.  A lost connection is an error of the turn; the next turn connects anew.
 */
#include <libpq-fe.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"
#include "ledger/db.h"

enum { OID_BYTEA = 17, OID_INT8 = 20, OID_INT4 = 23, ARGS = 16, COLUMNS = 16 };

struct postgres {
	struct db db;
	PGconn *conn;
	struct map *prepared; /* by the address of the SQL text: its number plus one */
	uintptr_t next;
};

static void
trim_message(const char *m, char *out, size_t size)
{
	snprintf(out, size, "%s", m);
	for (size_t n = strlen(out); n && (out[n - 1] == '\n' || out[n - 1] == ' '); n--)
		out[n - 1] = '\0';
}

static enum rc
failed(struct postgres *p, PGresult *r, struct err *e)
{
	char text[400];
	trim_message(r ? PQresultErrorMessage(r) : PQerrorMessage(p->conn), text, sizeof text);
	const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
	PQclear(r);
	/* 53xxx: insufficient resources (disk full, out of memory, too many connections) */
	enum rc rc = state && strncmp(state, "53", 2) == 0 ? RC_REFUSED : RC_IO;
	return err_set(e, rc, "ledger: %s", text);
}

/* A connection that broke is made again between turns; its prepared statements are gone. */
static enum rc
revive(struct postgres *p, struct err *e)
{
	if (PQstatus(p->conn) == CONNECTION_OK)
		return RC_OK;
	PQreset(p->conn);
	map_destroy(&p->prepared);
	p->prepared = map_create();
	return PQstatus(p->conn) == CONNECTION_OK ? RC_OK : failed(p, NULL, e);
}

static enum rc
postgres_script(struct db *db, const char *sql, struct err *e)
{
	struct postgres *p = (struct postgres *)db;
	if (strcmp(sql, "BEGIN") == 0 && revive(p, e) != RC_OK)
		return RC_IO;
	PGresult *r = PQexec(p->conn, sql);
	if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
		return failed(p, r, e);
	/* COMMIT of a transaction that had failed answers ROLLBACK, as a success */
	bool rolled_back = strcmp(sql, "COMMIT") == 0 && strcmp(PQcmdStatus(r), "COMMIT") != 0;
	PQclear(r);
	return rolled_back ? err_set(e, RC_IO, "ledger: the transaction was rolled back") : RC_OK;
}

static void
postgres_close(struct db *db)
{
	struct postgres *p = (struct postgres *)db;
	PQfinish(p->conn);
	map_destroy(&p->prepared);
	mem_free(p);
}

static void
be_quiet(void *arg, const char *message)
{
}

static enum rc
postgres_open(struct db **out, const char *url, bool read_only, struct err *e)
{
	struct postgres *p = mem_new(struct postgres);
	p->db.kind = &db_postgres;
	p->prepared = map_create();
	p->conn = PQconnectdb(url);
	enum rc rc = PQstatus(p->conn) == CONNECTION_OK ? RC_OK : failed(p, NULL, e);
	if (rc == RC_OK) {
		PQsetNoticeProcessor(p->conn, be_quiet, NULL);
		rc = postgres_script(&p->db,
		    read_only ? "SET default_transaction_read_only=on; SET statement_timeout='30s'"
			      : "SET synchronous_commit=on; SET statement_timeout='30s'",
		    e);
	}
	if (rc != RC_OK) {
		postgres_close(&p->db);
		return rc;
	}
	*out = &p->db;
	return RC_OK;
}

static enum rc
prepare(struct postgres *p, const char *sql, char name[24], struct err *e)
{
	struct str key = str_n((const char *)&sql, sizeof sql);
	uintptr_t number = (uintptr_t)map_get(p->prepared, key);
	if (number) {
		snprintf(name, 24, "s%zu", (size_t)number);
		return RC_OK;
	}
	snprintf(name, 24, "s%zu", (size_t)++p->next);
	PGresult *r = PQprepare(p->conn, name, sql, 0, NULL);
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		return failed(p, r, e);
	PQclear(r);
	map_put(p->prepared, key, (void *)p->next);
	return RC_OK;
}

struct parameters {
	const char *values[ARGS];
	int lengths[ARGS], formats[ARGS];
	char ints[ARGS][8];
};

static void
bind_all(struct parameters *b, const struct db_value *args, size_t n)
{
	must(n <= ARGS);
	for (size_t i = 0; i < n; i++) {
		b->formats[i] = 1;
		b->lengths[i] = (int)args[i].s.n;
		b->values[i] = args[i].s.n ? args[i].s.p : "";
		if (args[i].type == DB_INT) {
			for (int k = 0; k < 8; k++)
				b->ints[i][k] = (char)((uint64_t)args[i].i >> (56 - 8 * k));
			b->values[i] = b->ints[i];
			b->lengths[i] = 8;
		} else if (args[i].type == DB_NULL) {
			b->values[i] = NULL;
		}
	}
}

static int64_t
big_endian(const char *p, int n)
{
	int64_t v = (signed char)p[0];
	for (int i = 1; i < n; i++)
		v = (int64_t)((uint64_t)v << 8 | (unsigned char)p[i]);
	return v;
}

static void
column(const PGresult *r, int row, int i, struct db_value *v)
{
	struct str s = str_n(PQgetvalue(r, row, i), (size_t)PQgetlength(r, row, i));
	if (PQgetisnull(r, row, i))
		*v = DB_N;
	else if (PQftype(r, i) == OID_INT8 || PQftype(r, i) == OID_INT4)
		*v = DB_I(big_endian(s.p, (int)s.n));
	else if (PQftype(r, i) == OID_BYTEA)
		*v = DB_B(s);
	else
		*v = DB_T(s);
}

static enum rc
postgres_query(struct db *db, const char *sql, const struct db_value *args, size_t n, db_row_fn *fn, void *arg, struct err *e)
{
	struct postgres *p = (struct postgres *)db;
	struct parameters b;
	char name[24];
	if (PQtransactionStatus(p->conn) == PQTRANS_UNKNOWN && revive(p, e) != RC_OK)
		return RC_IO;
	enum rc rc = prepare(p, sql, name, e);
	if (rc != RC_OK)
		return rc;
	bind_all(&b, args, n);
	PGresult *r = PQexecPrepared(p->conn, name, (int)n, b.values, b.lengths, b.formats, 1);
	if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
		return failed(p, r, e);
	int columns = PQnfields(r);
	must(columns <= COLUMNS);
	for (int row = 0; row < PQntuples(r); row++) {
		struct db_value v[COLUMNS];
		for (int i = 0; i < columns; i++)
			column(r, row, i, &v[i]);
		if (!fn(arg, v, (size_t)columns))
			break;
	}
	int64_t changes = 0;
	(void)str_i64(str_c(PQcmdTuples(r)), &changes);
	db->changes = changes;
	PQclear(r);
	return RC_OK;
}

const struct db_kind db_postgres = {"postgres", postgres_open, postgres_close, postgres_script, postgres_query};
