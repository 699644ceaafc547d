/*
 * sla.h — the two clocks of a ticket, derived from what happened to it.
 *
 * IDEA   A clock is never stored.  It is a fold over the ticket's moves (state, priority) and the versions of its
 *        agreement: each stretch between two moves or versions runs, or stands, by the agreement in force then.
 * [S1]   The pickup clock runs while the ticket is new or assigned and stops for good when it is first taken in
 *        charge (or closed).
 * [S2]   The resolution clock runs from the opening until it is closed; it stands while the ticket is suspended
 *        for a reason that the contract pauses for.
 * [S3]   Both follow the calendar; time outside it does not count.
 *
 * Pure.
 */
#ifndef DESK_SLA_H
#define DESK_SLA_H

#include "desk/calendar.h"

struct sla_move {
	msec_t at;
	int state, suspension, priority;
};

/* The terms in force at a time: version after version. */
struct sla_terms {
	msec_t from; /* valid from here until the next one */
	const struct contract *contract;
	const struct calendar *(*calendar)(void *arg, struct str name, msec_t at);
	void *arg;
};

enum sla_clock_state { CLOCK_NONE, CLOCK_RUNNING, CLOCK_STANDING, CLOCK_STOPPED };
extern const char *const sla_clock_states[];

struct sla_clock {
	enum sla_clock_state state;
	msec_t limit;    /* what the contract allows; 0 = no promise */
	msec_t spent;    /* working time used up, until `now` or until it stopped */
	msec_t deadline; /* running: when the limit is reached; MSEC_NEVER otherwise */
	msec_t stopped;  /* when it stopped; 0 while it has not */
	bool breached;
};


struct sla_report {
	struct sla_clock pickup, resolution;
};

/* One stretch of a clock's life, for who draws it. */
enum sla_stretch_kind { STRETCH_RUNNING, STRETCH_CLOSED, STRETCH_STANDING };
extern const char *const sla_stretch_kinds[];
struct sla_stretch {
	enum sla_stretch_kind kind;
	msec_t from, to;
	int suspension; /* standing: what the ticket waited for */
};
typedef void sla_stretch_fn(void *arg, const struct sla_stretch *);

/* `moves` in order of `at`, at least one; `terms` in order of `from`. */
void sla_derive(const struct sla_move *moves, size_t n_moves, const struct sla_terms *terms, size_t n_terms, msec_t now,
    struct sla_report *);
/* The stretches of one of the two clocks, in order, from the opening until `now` or until it stopped. */
void sla_trace(const struct sla_move *moves, size_t n_moves, const struct sla_terms *terms, size_t n_terms, msec_t now,
    bool resolution, sla_stretch_fn *, void *arg);

#endif
