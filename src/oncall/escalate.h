/*
 * escalate.h — who is called next, and when: the climb of a ticket's policy.
 *
 * All calls belong to the engine's thread.  The ticket's escalation is changed in place; the caller saves the ticket
 * (desk_save) when the answer says so.
 */
#ifndef ONCALL_ESCALATE_H
#define ONCALL_ESCALATE_H

#include "flow/ticket.h"
#include "ledger/book.h"
#include "oncall/schedule.h"

/* One person that a step reaches, and why. */
struct reach {
	struct str user, why;
};
struct climb {
	struct reach *p; /* in the turn's arena */
	size_t n;
	bool changed; /* the ticket must be saved */
};

/* Begins to climb at the first step, unless it is climbing already. */
struct climb escalation_start(struct book *, struct turn *, struct ticket *, const char *why);
/* The timer "escalate/<number>" fired. */
struct climb escalation_due(struct book *, struct turn *, struct ticket *);
/* The wall clock was set back by so much: the next step comes that much sooner by the wall.  False: none is due. */
bool escalation_move(struct turn *, struct ticket *, msec_t by);
/* Everybody of this step was tried and nobody was reached, or somebody passed it on: the next step now. */
struct climb escalation_hurry(struct book *, struct turn *, struct ticket *, const char *why);
/* Nobody else is called. */
struct climb escalation_stop(struct turn *, struct ticket *, const char *why);

/* Whom `schedule:…`, `user:…` and `team:…` mean at `at`.  Each user once. */
struct climb oncall_resolve(const struct book *, struct strs names, msec_t at, struct arena *);
/* The duty of a schedule by name, with its overrides. */
bool oncall_shift(const struct book *, struct str schedule, msec_t at, struct arena *, struct shift *);
/* All its shifts from `from` to `to`, by what was agreed `as_of`; false when there was no such schedule then. */
bool oncall_walk(const struct book *, struct str schedule, msec_t as_of, msec_t from, msec_t to, struct arena *, shift_fn *, void *arg);

/* What will come when nobody answers: the steps ahead, each with whom it would reach then. */
struct ahead {
	msec_t at;
	int64_t step, round;
	struct climb whom;
};
/* Fills at most `limit` and says how many.  Pure. */
size_t escalation_ahead(const struct book *, const struct ticket *, struct arena *, struct ahead *out, size_t limit);

#endif
