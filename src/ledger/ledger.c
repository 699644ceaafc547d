/* ledger.c — opening: schema, migrations, the writer's lease, the ends of the chains.  See ledger.h. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/must.h"
#include "ledger/ledger_impl.h"

/* By number: migrations[i] takes a ledger of format i to format i+1.  Never changed once released. */
static const char *const migrations[] = {
    "CREATE TABLE event(seq BIGINT PRIMARY KEY, chain TEXT NOT NULL, n BIGINT NOT NULL, at BIGINT NOT NULL,"
    " recorded BIGINT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, actor TEXT NOT NULL,"
    " digest BYTEA NOT NULL, payload BYTEA, hash BYTEA NOT NULL);"
    "CREATE UNIQUE INDEX event_chain ON event(chain, n);"
    "CREATE INDEX event_subject ON event(subject, seq);"
    "CREATE TABLE chain(name TEXT PRIMARY KEY, n BIGINT NOT NULL, hash BYTEA NOT NULL);"
    "CREATE TABLE timer(id TEXT PRIMARY KEY, kind TEXT NOT NULL, due BIGINT NOT NULL);"
    "CREATE TABLE outbox(key TEXT PRIMARY KEY, channel TEXT NOT NULL, customer TEXT NOT NULL, subject TEXT NOT NULL,"
    " body BYTEA NOT NULL, created BIGINT NOT NULL, attempts BIGINT NOT NULL, next BIGINT NOT NULL, result TEXT NOT NULL);"
    "CREATE INDEX outbox_next ON outbox(next, created);"
    "CREATE TABLE row(space TEXT NOT NULL, key TEXT NOT NULL, customer TEXT NOT NULL, tag TEXT NOT NULL,"
    " sort BIGINT NOT NULL, value BYTEA NOT NULL, PRIMARY KEY(space, key));"
    "CREATE INDEX row_list ON row(space, customer, tag, sort);"
    "CREATE TABLE lease(name TEXT PRIMARY KEY, holder TEXT NOT NULL, epoch BIGINT NOT NULL, until BIGINT NOT NULL);"
    "INSERT INTO lease(name, holder, epoch, until) VALUES('engine', '', 0, 0)",
};
enum { FORMAT = sizeof migrations / sizeof *migrations };

static enum rc
migrate(struct ledger *l, struct err *e)
{
	int64_t format = 0;
	enum rc rc = db_script(l->db, "CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value BIGINT NOT NULL)", e);
	if (rc != RC_OK)
		return rc;
	rc = db_int(l->db, "SELECT value FROM meta WHERE name = 'format'", DB_NO_ARGS, &format, e);
	if (rc != RC_OK && rc != RC_ABSENT)
		return rc;
	if (format > FORMAT)
		return err_set(e, RC_INVALID, "the ledger has format %lld and this program knows %d: use the newer program",
		    (long long)format, FORMAT);
	for (; format < FORMAT; format++) {
		rc = db_begin(l->db, e);
		if (rc == RC_OK)
			rc = db_script(l->db, migrations[format], e);
		if (rc == RC_OK)
			rc = db_run(l->db,
			    "INSERT INTO meta(name, value) VALUES('format', $1) ON CONFLICT(name) DO UPDATE SET value = $1",
			    DB_ARGS(DB_I(format + 1)), e);
		if (rc == RC_OK)
			rc = db_commit(l->db, e);
		if (rc != RC_OK) {
			db_rollback(l->db);
			err_add(e, "in the migration to format %lld", (long long)format + 1);
			return rc;
		}
	}
	return RC_OK;
}

struct lease {
	char holder[128];
	msec_t until;
};

static bool
read_lease(void *arg, const struct db_value *c, size_t n)
{
	struct lease *lease = arg;
	snprintf(lease->holder, sizeof lease->holder, "%.*s", STR_ARG(c[0].s));
	lease->until = c[1].i;
	return false;
}

/* The same holder comes back after a crash and takes its lease again at once; another waits until it is over. */
static enum rc
take_lease(struct ledger *l, msec_t now, struct err *e)
{
	struct lease lease = {0};
	enum rc rc = db_begin(l->db, e);
	if (rc != RC_OK)
		return rc;
	rc = db_query(l->db, "SELECT holder, until FROM lease WHERE name = 'engine'", DB_NO_ARGS, read_lease, &lease, e);
	if (rc == RC_OK && lease.until > now && strcmp(lease.holder, l->holder) != 0)
		rc = err_set(e, RC_CONFLICT, "the ledger is held by \"%s\" for another %lld ms", lease.holder,
		    (long long)(lease.until - now));
	if (rc == RC_OK)
		rc = db_run(l->db, "UPDATE lease SET holder = $1, epoch = epoch + 1, until = $2 WHERE name = 'engine'",
		    DB_ARGS(DB_T(str_c(l->holder)), DB_I(now + LEASE)), e);
	if (rc == RC_OK)
		rc = db_int(l->db, "SELECT epoch FROM lease WHERE name = 'engine'", DB_NO_ARGS, &l->epoch, e);
	if (rc != RC_OK) {
		db_rollback(l->db);
		return rc;
	}
	return db_commit(l->db, e);
}

static bool
read_chain(void *arg, const struct db_value *c, size_t n)
{
	struct ledger *l = arg;
	struct chain *chain = mem_new(struct chain);
	chain->n = c[1].i;
	if (c[2].s.n == HASH)
		memcpy(chain->hash, c[2].s.p, HASH);
	map_put(l->chains, c[0].s, chain);
	return true;
}

static enum rc
read_ends(struct ledger *l, struct err *e)
{
	enum rc rc = db_query(l->db, "SELECT name, n, hash FROM chain", DB_NO_ARGS, read_chain, l, e);
	if (rc == RC_OK)
		rc = db_int(l->db, "SELECT MAX(seq) FROM event", DB_NO_ARGS, &l->seq, e);
	if (rc == RC_OK || rc == RC_ABSENT)
		rc = db_int(l->db, "SELECT MAX(recorded) FROM event", DB_NO_ARGS, &l->recorded, e);
	return rc == RC_ABSENT ? RC_OK : rc;
}

static bool
is_remote(struct str url)
{
	return str_starts(url, STR("postgres://")) || str_starts(url, STR("postgresql://"));
}

enum rc
ledger_open(struct ledger **out, struct str url, const char *holder, msec_t now, struct err *e)
{
	struct buf path = {0};
	buf_fmt(&path, is_remote(url) ? "%.*s" : "%.*s/ledger.db", STR_ARG(url));
	struct ledger *l = mem_new(struct ledger);
	l->writer = holder != NULL;
	l->holder = mem_dup(holder ? holder : "", holder ? strlen(holder) : 0);
	l->chains = map_create();
	enum rc rc = db_open(&l->db, path.p, !l->writer, e);
	if (rc == RC_OK && l->writer)
		rc = migrate(l, e);
	if (rc == RC_OK && l->writer)
		rc = take_lease(l, now, e);
	if (rc == RC_OK && l->writer)
		rc = read_ends(l, e);
	buf_fini(&path);
	if (rc != RC_OK)
		ledger_close(&l);
	*out = l;
	return rc;
}

void
ledger_close(struct ledger **pl)
{
	struct ledger *l = *pl;
	if (!l)
		return;
	struct err ignored;
	/* a clean end gives the lease back, so that a standby need not wait */
	if (l->writer && l->db && l->epoch &&
	    db_run(l->db, "UPDATE lease SET until = 0 WHERE name = 'engine' AND epoch = $1", DB_ARGS(DB_I(l->epoch)), &ignored) != RC_OK)
		log_warn("ledger", "%s", ignored.text);
	map_each(l->chains, c)
		mem_free(c->value);
	map_destroy(&l->chains);
	db_close(&l->db);
	mem_free(l->holder);
	mem_free(l);
	*pl = NULL;
}

int64_t
ledger_epoch(const struct ledger *l)
{
	return l->epoch;
}

int64_t
ledger_last_seq(struct ledger *l)
{
	int64_t seq = 0;
	struct err ignored;
	if (l->writer)
		return l->seq;
	return db_int(l->db, "SELECT MAX(seq) FROM event", DB_NO_ARGS, &seq, &ignored) == RC_OK ? seq : 0;
}

enum rc
ledger_backup(struct ledger *l, const char *path, struct err *e)
{
	if (db_is_postgres(l->db))
		return err_set(e, RC_INVALID, "the ledger is in PostgreSQL: back it up with pg_dump");
	return db_run(l->db, "VACUUM INTO $1", DB_ARGS(DB_T(str_c(path))), e);
}
