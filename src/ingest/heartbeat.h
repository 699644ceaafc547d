/*
 * heartbeat.h — a job that must report inside its window: what it is, what was heard of it, what that means.
 *
 *      new ──ping──▶ up ──────────late────────▶ late ──ping──▶ up
 *                    │ ▲                          │
 *                    │ └────────ping──────────┐   │
 *                    └──fail, exit status──▶ failed ◀──fail──┘
 *
 * A start is remembered beside the state and answers nothing: only an end does.  Pure.
 */
#ifndef INGEST_HEARTBEAT_H
#define INGEST_HEARTBEAT_H

#include "flow/record.h"

enum { HEARTBEAT_BODY = 10 * 1024, HEARTBEAT_PER_MINUTE = 60 };

#define HEARTBEAT_KEYS(F)                                                                                    \
	F(STR, title, 0, 0, "", "what people call it")                                                       \
	F(STR, uuid, 0, 0, "", "where it reports: /ping/<uuid>; empty: one is made and shown")               \
	F(DUR, period, 0, 0, "0s", "it reports at least so often; 0: by `cron`")                             \
	F(STR, cron, 0, 0, "", "when it is to report: minute hour day month weekday, as in a crontab")       \
	F(STR, time_zone, 0, 0, "UTC", "the zone whose clock `cron` is read on")                             \
	F(DUR, grace, 0, 0, "5m", "how much later it may come")                                              \
	F(DUR, early, 0, 0, "0s", "with `cron`: how much sooner it may come and still counts for the next time; more is early") \
	F(STR, severity, 0, 0, "critical", "the label severity of its alert")                                \
	F(PAIRS, labels, 0, 0, "", "further labels of its alert")
RECORD(heartbeat, HEARTBEAT_KEYS)
CHECKED enum rc heartbeat_check(const void *spec, struct err *);
bool heartbeat_uuid_ok(struct str);

extern const char *const heartbeat_words[];
enum heartbeat_word { HEARD_PING, HEARD_START, HEARD_FAIL };
/* One report, from the port to the engine. */
#define HEARTBEAT_PING_KEYS(F)                                                                               \
	F(STR, uuid, 0, 0, "", "whose")                                                                      \
	F(ENUM, what, heartbeat_words, 0, "ping", "ping, start or fail")                                     \
	F(I64, status, 0, 0, "", "the exit status, where it was told")                                       \
	F(STR, body, 0, 0, "", "what it said, at most 10 kB")                                                \
	F(STR, peer, 0, 0, "", "the address that it came from")                                              \
	F(TIME, at, 0, 0, "", "when it came in")
RECORD(heartbeat_ping, HEARTBEAT_PING_KEYS)

extern const char *const heartbeat_states[];
enum heartbeat_state { BEAT_NEW, BEAT_UP, BEAT_LATE, BEAT_FAILED };
/* In the ledger's space "heartbeat", key: customer/name. */
#define HEARTBEAT_MEMORY_KEYS(F)                                                                             \
	F(STR, customer, 0, 0, "", "whose")                                                                  \
	F(STR, name, 0, 0, "", "its name")                                                                   \
	F(STR, owner, 0, KEY_HIDDEN, "", "the customer of the resource; empty: everybody's")                 \
	F(ENUM, state, heartbeat_states, 0, "", "new, up, late or failed")                                   \
	F(BOOL, early, 0, 0, "", "the last report came sooner than it should")                               \
	F(TIME, last, 0, 0, "", "when it last reported an end, good or bad")                                 \
	F(TIME, started, 0, 0, "", "when it last reported a start; unset when it has ended since")           \
	F(DUR, took, 0, 0, "", "how long the last run took, from start to end")                              \
	F(I64, status, 0, 0, "", "the exit status that it last told")                                        \
	F(TIME, due, 0, 0, "", "when it is late")                                                            \
	F(TIME, since, 0, 0, "", "since when it is in this state")                                           \
	F(STR, peer, 0, 0, "", "where the last report came from")                                            \
	F(STR, body, 0, 0, "", "what it last said")                                                          \
	F(PAIRS, labels, 0, KEY_HIDDEN, "", "the alert that fires for it is known by these")
RECORD(heartbeat_memory, HEARTBEAT_MEMORY_KEYS)

/* When it is late, after a report (or its making) at `from`. */
msec_t heartbeat_due(const struct heartbeat *, msec_t from);
/* Takes a report into the state; `due` too.  Texts are borrowed. */
void heartbeat_take(struct heartbeat_memory *, const struct heartbeat *, const struct heartbeat_ping *);

#endif
