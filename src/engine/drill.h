/*
 * drill.h — rehearsals of the whole chain: what became of one, and when the next one is due.
 *
 * IDEA   A drill is an ordinary alert on the ordinary road; nothing pretends.  Its report is read off the journal, by
 *        the same fold for the API, the command line and the event that ends it.
 *
 * Pure but for engine_impl.h's part.
 */
#ifndef ENGINE_DRILL_H
#define ENGINE_DRILL_H

#include "flow/drill.h"
#include "flow/event.h"

enum drill_stage { DRILL_ALERT_TAKEN, DRILL_TICKET_OPENED, DRILL_PAGE_SENT, DRILL_DELIVERED, DRILL_ANSWERED, DRILL_CLOSED, DRILL_STAGES };
extern const char *const drill_stages[];

/* Zeroed, then every event of the alert and of the ticket in the order of the journal. */
struct drill_report {
	msec_t at[DRILL_STAGES]; /* 0: not reached */
	char who[80];            /* who answered */
	char why_not[200];       /* what the last channel that failed said */
	bool gave_up;
};
void drill_report_add(struct drill_report *, const struct event *);
/* One sentence: "taken by first after 12 s", "nobody answered", "mail is not configured: mail.smarthost". */
void drill_result(const struct drill *, const struct drill_report *, struct buf *);

/* ---- plans ---- */

extern const char *const drill_channels[];
#define DRILL_PLAN_KEYS(F)                                                                                   \
	F(DUR, every, 0, 0, "0s", "how often; 0: at a time of day")                                          \
	F(STR, at, 0, 0, "", "the time of day: 10:00")                                                       \
	F(STRS, days, 0, 0, "", "only on these days: mon, mon-fri …; none: all")                             \
	F(STR, time_zone, 0, 0, "UTC", "the zone whose clock `at` is read on")                               \
	F(STRS, to, 0, 0, "", "users, each of whom gets a drill of their own; none: whoever is on call")     \
	F(ENUM, by, drill_channels, 0, "", "the channel; empty: the person's own ladder")
RECORD(drill_plan, DRILL_PLAN_KEYS)

CHECKED enum rc drill_plan_check(const void *spec, struct err *);
/* The first moment after `now`. */
msec_t drill_plan_next(const struct drill_plan *, msec_t now);

#endif
