/*
 * drill.h — a harmless alert that travels the whole chain on purpose: how one is asked for, and what is kept of it.
 */
#ifndef FLOW_DRILL_H
#define FLOW_DRILL_H

#include "flow/record.h"

/* The labels by which a drill's alert is known; DRILL_ID names the one. */
#define DRILL_ALERT "TocsinDrill"
#define DRILL_MARK "drill"
#define DRILL_ID "drill_id"

#define DRILL_ORDER_KEYS(F)                                                                                  \
	F(STR, to, 0, 0, "", "the user who is to be reached; empty: whoever is on call, with `by` whoever asks") \
	F(STR, by, 0, 0, "", "console, mail, call, sms or webhook; empty: the person's own ladder")          \
	F(STR, plan, 0, KEY_HIDDEN, "", "the name of the drill resource that asked for it")                  \
	F(TIME, at, 0, KEY_HIDDEN, "", "when it was asked for")
RECORD(drill_order, DRILL_ORDER_KEYS)

/* In the ledger's space "drill", key: the ticket's number.  What became of it is derived from the journal. */
#define DRILL_KEYS(F)                                                                                        \
	F(I64, ticket, 0, 0, "", "the ticket that it opened")                                                \
	F(TIME, at, 0, 0, "", "when it was asked for")                                                       \
	F(STR, by, 0, 0, "", "who asked: user/name, or drill/name of a plan")                                \
	F(STR, customer, 0, 0, "", "whose contract it is handled under")                                     \
	F(STR, fingerprint, 0, 0, "", "its alert")                                                           \
	F(STR, id, 0, 0, "", "the alert's label drill_id")                                                   \
	F(STR, trouble, 0, 0, "", "what was missing from the start: a channel that is not configured")       \
	F(BOOL, over, 0, 0, "", "its ticket is closed")
RECORD(drill, DRILL_KEYS)

/* As the API shows one. */
#define DRILL_STEP_KEYS(F)                                                                                   \
	F(STR, name, 0, 0, "", "alert taken, ticket opened, page sent, delivered, answered or closed")       \
	F(I64, ms, 0, 0, "", "how long after it was asked for")
RECORD(drill_step, DRILL_STEP_KEYS)
#define DRILL_VIEW_KEYS(F)                                                                                   \
	F(I64, ticket, 0, 0, "", "the ticket that it opened")                                                \
	F(TIME, at, 0, 0, "", "when it was asked for")                                                       \
	F(STR, by, 0, 0, "", "who asked")                                                                    \
	F(STR, result, 0, 0, "", "one sentence")                                                             \
	F(BOOL, over, 0, 0, "", "its ticket is closed")                                                      \
	F(MANY, stages, drill_step, 0, "", "what was reached, in order")
RECORD(drill_view, DRILL_VIEW_KEYS)
#define CHANNEL_VIEW_KEYS(F)                                                                                 \
	F(STR, channel, 0, 0, "", "console, mail, call, sms or webhook")                                     \
	F(BOOL, configured, 0, 0, "", "it works")                                                            \
	F(STR, how, 0, 0, "", "one sentence: what is set, or which key to set")
RECORD(channel_view, CHANNEL_VIEW_KEYS)

#endif
