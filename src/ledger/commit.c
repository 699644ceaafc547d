/* commit.c — one turn, one transaction. */
#include <string.h>

#include "base/must.h"
#include "ledger/ledger_impl.h"

static struct chain *
chain_of(struct ledger *l, struct str name)
{
	struct chain *c = map_get(l->chains, name);
	if (!c) {
		c = mem_new(struct chain);
		map_put(l->chains, name, c);
	}
	return c;
}

/* The ends of the chains that this turn moved, so that a turn that fails can move them back. */
struct moved {
	struct chain *chain, was;
	struct str name;
};
typedef VEC(struct moved) moved_list;

static struct chain *
move(moved_list *moved, struct ledger *l, struct str name)
{
	struct chain *c = chain_of(l, name);
	for (size_t i = 0; i < moved->n; i++)
		if (moved->p[i].chain == c)
			return c;
	*vec_add(moved) = (struct moved){c, *c, name};
	return c;
}

static void
encode_payload(const struct event *ev, struct buf *b)
{
	struct event_payload p = {.text = ev->text, .facts = ev->facts};
	record_encode(&event_payload_layout, &p, b);
}

static enum rc
write_event(struct ledger *l, struct event *ev, moved_list *moved, struct err *e)
{
	struct chain *c = move(moved, l, ev->chain);
	struct buf payload = {0};
	char digest[HASH], hash[HASH];
	encode_payload(ev, &payload);
	journal_digest(buf_view(&payload), digest);
	ev->seq = ++l->seq;
	ev->n = c->n + 1;
	struct journal_row row = {.seq = ev->seq, .n = ev->n, .at = ev->at, .recorded = ev->recorded, .chain = ev->chain,
	    .kind = ev->kind, .subject = ev->subject, .actor = ev->actor, .digest = str_n(digest, HASH)};
	journal_hash(c->hash, &row, hash);
	enum rc rc = db_run(l->db,
	    "INSERT INTO event(" JOURNAL_COLUMNS ") VALUES($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)",
	    DB_ARGS(DB_I(row.seq), DB_T(row.chain), DB_I(row.n), DB_I(row.at), DB_I(row.recorded), DB_T(row.kind),
		DB_T(row.subject), DB_T(row.actor), DB_B(row.digest), DB_B(buf_view(&payload)), DB_B(str_n(hash, HASH))),
	    e);
	buf_fini(&payload);
	c->n = ev->n;
	memcpy(c->hash, hash, HASH);
	return rc;
}

static enum rc
write_events(struct ledger *l, struct turn *t, moved_list *moved, struct err *e)
{
	if (t->events.n && t->now > l->recorded)
		l->recorded = t->now; /* [J2] */
	for (size_t i = 0; i < t->events.n; i++) {
		t->events.p[i].recorded = l->recorded;
		enum rc rc = write_event(l, &t->events.p[i], moved, e);
		if (rc != RC_OK)
			return rc;
	}
	for (size_t i = 0; i < moved->n; i++) {
		struct moved *m = &moved->p[i];
		enum rc rc = db_run(l->db,
		    "INSERT INTO chain(name, n, hash) VALUES($1, $2, $3)"
		    " ON CONFLICT(name) DO UPDATE SET n = $2, hash = $3",
		    DB_ARGS(DB_T(m->name), DB_I(m->chain->n), DB_B(str_n(m->chain->hash, HASH))), e);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

static enum rc
write_row(struct ledger *l, const struct row_change *r, struct err *e)
{
	if (r->remove)
		return db_run(l->db, "DELETE FROM row WHERE space = $1 AND key = $2", DB_ARGS(DB_T(r->space), DB_T(r->key)), e);
	return db_run(l->db,
	    "INSERT INTO row(space, key, customer, tag, sort, value) VALUES($1, $2, $3, $4, $5, $6)"
	    " ON CONFLICT(space, key) DO UPDATE SET customer = $3, tag = $4, sort = $5, value = $6",
	    DB_ARGS(DB_T(r->space), DB_T(r->key), DB_T(r->customer), DB_T(r->tag), DB_I(r->sort), DB_B(r->value)), e);
}

static enum rc
write_timer(struct ledger *l, const struct timer_change *t, struct err *e)
{
	if (t->cancel)
		return db_run(l->db, "DELETE FROM timer WHERE id = $1", DB_ARGS(DB_T(t->id)), e);
	return db_run(l->db,
	    "INSERT INTO timer(id, kind, due) VALUES($1, $2, $3) ON CONFLICT(id) DO UPDATE SET due = $3",
	    DB_ARGS(DB_T(t->id), DB_T(t->kind), DB_I(t->due)), e);
}

static enum rc
write_send(struct ledger *l, const struct send *s, msec_t now, struct err *e)
{
	return db_run(l->db,
	    "INSERT INTO outbox(key, channel, customer, subject, body, created, attempts, next, result)"
	    " VALUES($1, $2, $3, $4, $5, $6, 0, $7, '') ON CONFLICT(key) DO NOTHING",
	    DB_ARGS(DB_T(s->key), DB_T(s->channel), DB_T(s->customer), DB_T(s->subject), DB_B(s->body), DB_I(now),
		DB_I(s->not_before)),
	    e);
}

static enum rc
write_settle(struct ledger *l, const struct settle *s, struct err *e)
{
	return db_run(l->db, "UPDATE outbox SET attempts = $2, next = $3, result = $4 WHERE key = $1",
	    DB_ARGS(DB_T(s->key), DB_I(s->attempts), DB_I(s->next), DB_T(s->result)), e);
}

static enum rc
write_redaction(struct ledger *l, const struct redaction *r, struct err *e)
{
	if (!r->n)
		return RC_OK;
	enum rc rc = db_run(l->db, "UPDATE event SET payload = NULL WHERE chain = $1 AND n = $2", DB_ARGS(DB_T(r->chain), DB_I(r->n)), e);
	if (rc == RC_OK && db_changes(l->db) != 1)
		return err_set(e, RC_ABSENT, "chain \"%.*s\" has no row %lld", STR_ARG(r->chain), (long long)r->n);
	return rc;
}

static enum rc
write_rest(struct ledger *l, const struct turn *t, struct err *e)
{
	enum rc rc = write_redaction(l, &t->redacted, e);
	for (size_t i = 0; i < t->rows.n && rc == RC_OK; i++)
		rc = write_row(l, &t->rows.p[i], e);
	for (size_t i = 0; i < t->timers.n && rc == RC_OK; i++)
		rc = write_timer(l, &t->timers.p[i], e);
	for (size_t i = 0; i < t->sends.n && rc == RC_OK; i++)
		rc = write_send(l, &t->sends.p[i], t->now, e);
	for (size_t i = 0; i < t->settles.n && rc == RC_OK; i++)
		rc = write_settle(l, &t->settles.p[i], e);
	return rc;
}

/* [J3] */
static enum rc
renew_lease(struct ledger *l, msec_t now, struct err *e)
{
	enum rc rc = db_run(l->db, "UPDATE lease SET until = $2 WHERE name = 'engine' AND epoch = $1",
	    DB_ARGS(DB_I(l->epoch), DB_I(now + LEASE)), e);
	if (rc == RC_OK && db_changes(l->db) != 1)
		return err_set(e, RC_CONFLICT, "another instance has taken the ledger over");
	return rc;
}

enum rc
ledger_commit(struct ledger *l, struct turn *t, struct err *e)
{
	must(l->writer);
	if (turn_is_empty(t))
		return RC_OK;
	moved_list moved = {0};
	int64_t seq = l->seq;
	msec_t recorded = l->recorded;
	enum rc rc = db_begin(l->db, e);
	if (rc == RC_OK && (rc = renew_lease(l, t->now, e)) == RC_OK && (rc = write_events(l, t, &moved, e)) == RC_OK &&
	    (rc = write_rest(l, t, e)) == RC_OK)
		rc = db_commit(l->db, e);
	else
		db_rollback(l->db);
	if (rc != RC_OK) {
		l->seq = seq;
		l->recorded = recorded;
		for (size_t i = 0; i < moved.n; i++)
			*moved.p[i].chain = moved.p[i].was;
	}
	vec_fini(&moved);
	return rc;
}

enum rc
ledger_redact(struct ledger *l, struct str chain, int64_t n, struct str by, struct str why, msec_t now, struct err *e)
{
	struct turn *t = turn_create();
	turn_reset(t, now);
	t->actor = by;
	struct event *ev = turn_event(t, EVENT_redacted, chain, STR("journal"), 0, "The payload of row %lld was removed: %.*s",
	    (long long)n, STR_ARG(why));
	turn_fact_i64(t, ev, "row", n);
	turn_fact(t, ev, "reason", why);
	t->redacted = (struct redaction){arena_str(t->arena, chain), n};
	enum rc rc = ledger_commit(l, t, e);
	turn_destroy(&t);
	return rc;
}
