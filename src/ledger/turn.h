/*
 * turn.h — what one turn of the engine decided: collected here, committed in one transaction (ledger.h), and only
 * then carried out.
 *
 * IDEA   A decision never writes.  It changes the engine's memory and adds what must be remembered to the turn:
 *        events, rows of projections, timers, things to send.  When the commit fails, memory is dropped and
 *        read again from the ledger, so the two never differ.
 *
 * A turn belongs to one thread; everything added is copied into its arena.
 */
#ifndef LEDGER_TURN_H
#define LEDGER_TURN_H

#include <stdarg.h>

#include "base/arena.h"
#include "base/mem.h"
#include "flow/event.h"

/* A projection's row.  customer, tag and sort are for lists: WHERE space, customer, tag ORDER BY sort. */
struct row_change {
	struct str space, key, customer, tag;
	int64_t sort;
	struct str value;
	bool remove;
};

struct timer_change {
	struct str id;   /* whose timer: setting the same id again moves it; "escalate/12" */
	struct str kind; /* who is woken: the first word of the id */
	msec_t due;
	bool cancel;
};

/* Something that leaves the house once the turn is durable. */
struct send {
	struct str key;     /* idempotency: the same key is never stored twice */
	struct str channel; /* mail, webhook, call, console … */
	struct str customer;
	struct str subject; /* ticket/12 …: where its receipt belongs */
	struct str body;    /* the channel's own record, encoded */
	msec_t not_before;
};

/* What became of an attempt at sending. */
struct settle {
	struct str key;
	int64_t attempts;
	msec_t next; /* when to try again; 0 = settled for good */
	struct str result;
};

/* A row of the journal whose payload goes; n = 0: none. */
struct redaction {
	struct str chain;
	int64_t n;
};

struct turn {
	struct arena *arena;
	msec_t now;
	struct str actor; /* whom events are attributed to while this command is decided */
	VEC(struct event) events;
	VEC(struct row_change) rows;
	VEC(struct timer_change) timers;
	VEC(struct send) sends;
	VEC(struct settle) settles;
	struct redaction redacted;
};

struct turn *turn_create(void);
void turn_destroy(struct turn **);
void turn_reset(struct turn *, msec_t now); /* empties it for the next turn */
bool turn_is_empty(const struct turn *);

/*
 * Records an event at `at` (0 = now) with a sentence, and returns it so that facts can be added.  The pointer is
 * valid until the next turn_event.
 */
struct event *turn_event(struct turn *, enum event_kind, struct str chain, struct str subject, msec_t at, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
void turn_fact(struct turn *, struct event *, const char *name, struct str value);
void turn_fact_i64(struct turn *, struct event *, const char *name, int64_t value);

void turn_put(struct turn *, struct row_change row, const struct layout *, const void *record);
void turn_remove(struct turn *, struct str space, struct str key);
void turn_timer(struct turn *, struct str id, msec_t due);
void turn_timer_cancel(struct turn *, struct str id);
void turn_send(struct turn *, struct send send, const struct layout *, const void *body);
void turn_settle(struct turn *, struct str key, int64_t attempts, msec_t next, struct str result);

#endif
