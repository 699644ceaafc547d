/* read.c — asking the ledger: by key, by list, by subject; timers and outbox. */
#include <string.h>

#include "base/must.h"
#include "ledger/ledger_impl.h"

/* ---- projections ---- */

struct get {
	struct arena *arena;
	struct str value;
	bool there;
};

static bool
take_value(void *arg, const struct db_value *c, size_t n)
{
	struct get *g = arg;
	g->value = arena_str(g->arena, c[0].s);
	g->there = true;
	return false;
}

enum rc
ledger_get(struct ledger *l, struct str space, struct str key, struct arena *a, struct str *value, struct err *e)
{
	struct get g = {.arena = a};
	enum rc rc = db_query(l->db, "SELECT value FROM row WHERE space = $1 AND key = $2", DB_ARGS(DB_T(space), DB_T(key)),
	    take_value, &g, e);
	*value = g.value;
	return rc != RC_OK ? rc : g.there ? RC_OK : RC_ABSENT;
}

struct rows {
	row_fn *fn;
	void *arg;
};

static bool
give_row(void *arg, const struct db_value *c, size_t n)
{
	struct rows *r = arg;
	struct row row = {c[0].s, c[1].s, c[2].s, c[3].s, c[4].i, c[5].s};
	return r->fn(r->arg, &row);
}

#define ROW_COLUMNS "space, key, customer, tag, sort, value"

enum rc
ledger_scan(struct ledger *l, struct str space, row_fn *fn, void *arg, struct err *e)
{
	struct rows r = {fn, arg};
	return db_query(l->db, "SELECT " ROW_COLUMNS " FROM row WHERE space = $1 ORDER BY key", DB_ARGS(DB_T(space)), give_row, &r, e);
}

enum rc
ledger_list(struct ledger *l, const struct row_query *q, row_fn *fn, void *arg, struct err *e)
{
	struct rows r = {fn, arg};
	int64_t before = q->before ? q->before : INT64_MAX, limit = q->limit ? q->limit : 1000;
	if (q->customer.n && q->tag.n)
		return db_query(l->db,
		    "SELECT " ROW_COLUMNS " FROM row WHERE space = $1 AND customer = $2 AND tag = $3 AND sort < $4"
		    " ORDER BY sort DESC LIMIT $5",
		    DB_ARGS(DB_T(q->space), DB_T(q->customer), DB_T(q->tag), DB_I(before), DB_I(limit)), give_row, &r, e);
	if (q->customer.n)
		return db_query(l->db,
		    "SELECT " ROW_COLUMNS " FROM row WHERE space = $1 AND customer = $2 AND sort < $3"
		    " ORDER BY sort DESC LIMIT $4",
		    DB_ARGS(DB_T(q->space), DB_T(q->customer), DB_I(before), DB_I(limit)), give_row, &r, e);
	if (q->tag.n)
		return db_query(l->db,
		    "SELECT " ROW_COLUMNS " FROM row WHERE space = $1 AND tag = $2 AND sort < $3"
		    " ORDER BY sort DESC LIMIT $4",
		    DB_ARGS(DB_T(q->space), DB_T(q->tag), DB_I(before), DB_I(limit)), give_row, &r, e);
	return db_query(l->db,
	    "SELECT " ROW_COLUMNS " FROM row WHERE space = $1 AND sort < $2 ORDER BY sort DESC LIMIT $3",
	    DB_ARGS(DB_T(q->space), DB_I(before), DB_I(limit)), give_row, &r, e);
}

/* ---- journal ---- */

struct journal_row
journal_row(const struct db_value *c)
{
	return (struct journal_row){.seq = c[0].i, .chain = c[1].s, .n = c[2].i, .at = c[3].i, .recorded = c[4].i, .kind = c[5].s,
	    .subject = c[6].s, .actor = c[7].s, .digest = c[8].s, .payload = c[9].s, .redacted = c[9].type == DB_NULL,
	    .hash = c[10].s};
}

struct events {
	event_fn *fn;
	void *arg;
	struct arena *arena;
};

static bool
give_event(void *arg, const struct db_value *c, size_t n)
{
	struct events *q = arg;
	struct journal_row r = journal_row(c);
	struct event_payload p = {.text = STR("(redacted)")};
	struct err ignored;
	arena_reset(q->arena);
	if (!r.redacted && record_decode(&event_payload_layout, &p, r.payload, q->arena, &ignored) != RC_OK)
		p.text = STR("(damaged)");
	struct event ev = {.seq = r.seq, .chain = r.chain, .n = r.n, .at = r.at, .recorded = r.recorded, .kind = r.kind,
	    .subject = r.subject, .actor = r.actor, .text = p.text, .facts = p.facts};
	return q->fn(q->arg, &ev);
}

enum rc
ledger_events(struct ledger *l, const struct event_query *q, event_fn *fn, void *arg, struct err *e)
{
	must(!q->subject.n || !q->chain.n);
	struct events ask = {fn, arg, arena_create()};
	int64_t limit = q->limit ? q->limit : INT64_MAX;
	enum rc rc;
	if (q->subject.n)
		rc = db_query(l->db,
		    "SELECT " JOURNAL_COLUMNS " FROM event WHERE subject = $1 AND seq > $2 ORDER BY seq LIMIT $3",
		    DB_ARGS(DB_T(q->subject), DB_I(q->after), DB_I(limit)), give_event, &ask, e);
	else if (q->chain.n)
		rc = db_query(l->db, "SELECT " JOURNAL_COLUMNS " FROM event WHERE chain = $1 AND seq > $2 ORDER BY n LIMIT $3",
		    DB_ARGS(DB_T(q->chain), DB_I(q->after), DB_I(limit)), give_event, &ask, e);
	else
		rc = db_query(l->db, "SELECT " JOURNAL_COLUMNS " FROM event WHERE seq > $1 ORDER BY seq LIMIT $2",
		    DB_ARGS(DB_I(q->after), DB_I(limit)), give_event, &ask, e);
	arena_destroy(&ask.arena);
	return rc;
}

/* ---- timers and outbox ---- */

struct timers {
	timer_fn *fn;
	void *arg;
};

static bool
give_timer(void *arg, const struct db_value *c, size_t n)
{
	struct timers *t = arg;
	struct due_timer due = {c[0].s, c[1].s, c[2].i};
	return t->fn(t->arg, &due);
}

enum rc
ledger_timers(struct ledger *l, timer_fn *fn, void *arg, struct err *e)
{
	struct timers t = {fn, arg};
	return db_query(l->db, "SELECT id, kind, due FROM timer ORDER BY due, id", DB_NO_ARGS, give_timer, &t, e);
}

struct outbox {
	outbox_fn *fn;
	void *arg;
};

static bool
give_outbox(void *arg, const struct db_value *c, size_t n)
{
	struct outbox *o = arg;
	struct outbox_row row = {c[0].s, c[1].s, c[2].s, c[3].s, c[4].s, c[5].i, c[6].i};
	return o->fn(o->arg, &row);
}

enum rc
ledger_outbox(struct ledger *l, outbox_fn *fn, void *arg, struct err *e)
{
	struct outbox o = {fn, arg};
	return db_query(l->db,
	    "SELECT key, channel, customer, subject, body, next, attempts FROM outbox WHERE next > 0 ORDER BY next, created",
	    DB_NO_ARGS, give_outbox, &o, e);
}
