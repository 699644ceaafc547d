/*
 * ledger.h — the memory of all decisions: journal, timers, outbox, projections.
 *
 * IDEA   Four tables.  `event` is append-only, in one hash chain per customer plus `system`; `timer` holds what
 *        will happen; `outbox` who must be told; `row` the projections, as encoded records found by (space, key).
 *        A turn (turn.h) is one transaction.
 * [J1]   hash(n) = SHA-256(hash(n-1), canonical fields of row n, digest(n)); digest = SHA-256(payload).  A payload
 *        may be redacted: its row, digest, reason and who stay, and an event `redacted` names the row.
 * [J2]   `recorded` never goes back within a ledger; `at` may.
 * [J3]   Every turn renews the writer's lease; a writer that was overtaken (epoch) cannot commit.
 *
 * One writer.  Readers open their own handle, one per thread.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "ledger/turn.h"

struct ledger;

/*
 * `url`: a folder (SQLite in <folder>/ledger.db) or postgres://….  `holder` names this instance; NULL opens for
 * reading only.  Schema and migrations by number; a newer format is refused.  RC_CONFLICT while another holder's
 * lease is valid at `now`.
 */
CHECKED enum rc ledger_open(struct ledger **, struct str url, const char *holder, msec_t now, struct err *);
void ledger_close(struct ledger **);
int64_t ledger_epoch(const struct ledger *);

/* Makes the turn durable, fills seq, n and recorded of its events.  On any error nothing of it has happened. */
CHECKED enum rc ledger_commit(struct ledger *, struct turn *, struct err *);

/* ---- projections ---- */
struct row {
	struct str space, key, customer, tag;
	int64_t sort;
	struct str value;
};
typedef bool row_fn(void *arg, const struct row *); /* false stops */
CHECKED enum rc ledger_get(struct ledger *, struct str space, struct str key, struct arena *, struct str *value, struct err *);
CHECKED enum rc ledger_scan(struct ledger *, struct str space, row_fn *, void *arg, struct err *); /* by key */
struct row_query {
	struct str space, customer, tag; /* customer, tag: "" = any */
	int64_t before;                  /* sort below this, newest first; 0 = from the end */
	int64_t limit;
};
CHECKED enum rc ledger_list(struct ledger *, const struct row_query *, row_fn *, void *arg, struct err *);

/* ---- journal ---- */
typedef bool event_fn(void *arg, const struct event *); /* texts live during the call */
struct event_query {
	struct str subject, chain; /* at most one of them */
	int64_t after;             /* seq above this */
	int64_t limit;             /* 0 = all */
};
CHECKED enum rc ledger_events(struct ledger *, const struct event_query *, event_fn *, void *arg, struct err *);
int64_t ledger_last_seq(struct ledger *);
CHECKED enum rc ledger_redact(struct ledger *, struct str chain, int64_t n, struct str by, struct str why, msec_t now, struct err *);

/* ---- timers and outbox ---- */
struct due_timer {
	struct str id, kind;
	msec_t due;
};
typedef bool timer_fn(void *arg, const struct due_timer *);
CHECKED enum rc ledger_timers(struct ledger *, timer_fn *, void *arg, struct err *); /* all, by due */

struct outbox_row {
	struct str key, channel, customer, subject, body;
	msec_t next;
	int64_t attempts;
};
typedef bool outbox_fn(void *arg, const struct outbox_row *);
/* Everything that is not settled, the oldest first. */
CHECKED enum rc ledger_outbox(struct ledger *, outbox_fn *, void *arg, struct err *);

/* ---- proof ---- */
struct verdict {
	bool intact;
	int64_t events, redacted;
	char text[400]; /* intact: a summary; else: chain, row and what is wrong */
};
/* Walks every chain.  `heads`: signed heads kept elsewhere (text of ledger_heads), or empty. */
CHECKED enum rc ledger_verify(struct ledger *, struct str heads, struct verdict *, struct err *);
/* The heads of all chains, signed with the Ed25519 key in `key_file` (made when it is not there). */
CHECKED enum rc ledger_heads(struct ledger *, const char *key_file, msec_t now, struct buf *, struct err *);

/* A consistent copy while running (SQLite: VACUUM INTO). */
CHECKED enum rc ledger_backup(struct ledger *, const char *path, struct err *);

#endif
