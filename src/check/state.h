/*
 * state.h — how many bad results make a problem: soft and hard states, and flapping.
 *
 *             bad                    bad, for the max_attempts-th time
 *     OK ───────────▶ soft problem ─────────────────────────────────▶ hard problem ─┐ bad: stays hard, and
 *      ▲ ▲                 │ ok                                            │ ok     ◀┘ a worse state counts at once
 *      │ └─────────────────┘                                              │
 *      └──────────────────────────────────────────────────────────────────┘
 *
 * As Nagios has it: people hear of hard problems.  A service flaps when the last 21 results changed too often, newer
 * changes weighing more (0.8 to 1.2): from 20 % on, until under 5 %.  While it flaps a problem that was told of is not
 * taken back.
 *
 * Pure: (status, result, now) -> status.
 */
#ifndef CHECK_STATE_H
#define CHECK_STATE_H

#include "flow/record.h"

enum check_state { CHECK_OK, CHECK_WARNING, CHECK_CRITICAL, CHECK_UNKNOWN };
extern const char *const check_states[]; /* in lower case */

enum { FLAP_RESULTS = 21 };

struct check_status {
	bool known; /* there was a result */
	enum check_state state;
	bool hard;
	int64_t attempt;
	msec_t since;                       /* in this state */
	unsigned char history[FLAP_RESULTS]; /* the oldest first */
	bool flapping;
	bool told; /* of a problem, that is not over */
	enum check_state told_state;
	msec_t told_since;
};

/* Takes a result.  True when anything changed that a restart must not forget. */
bool check_status_take(struct check_status *, enum check_state, int64_t max_attempts, msec_t now);
/* How much the last results changed, weighted, in percent. */
double check_flap_percent(const unsigned char history[FLAP_RESULTS]);

/* In the ledger's space "check", key: customer and service. */
#define CHECK_MEMORY_KEYS(F)                                                                                 \
	F(STR, key, 0, 0, "", "customer and name of the service")                                            \
	F(STR, customer, 0, 0, "", "whose")                                                                  \
	F(ENUM, state, check_states, 0, "ok", "the last result")                                             \
	F(BOOL, hard, 0, 0, "", "whether it is a hard state")                                                \
	F(I64, attempt, 0, 0, "", "how many bad results there were in a row, up to max_attempts")            \
	F(TIME, since, 0, 0, "", "since when it is in this state")                                           \
	F(STR, history, 0, 0, "", "the last results, a digit each")                                          \
	F(BOOL, flapping, 0, 0, "", "it changes too often")                                                  \
	F(BOOL, told, 0, 0, "", "an alert fires for it")                                                     \
	F(ENUM, told_state, check_states, 0, "ok", "the state that the alert tells of")                      \
	F(TIME, told_since, 0, 0, "", "since when it fires")                                                 \
	F(STR, summary, 0, 0, "", "what it says")                                                            \
	F(PAIRS, labels, 0, 0, "", "what the alert is known by")                                             \
	F(BOOL, removed, 0, 0, "", "there is no such service any more")
RECORD(check_memory, CHECK_MEMORY_KEYS)
#define CHECK_MEMORIES_KEYS(F) F(MANY, checks, check_memory, 0, "", "of one result, or of one reading of the book")
RECORD(check_memories, CHECK_MEMORIES_KEYS)

/* Both ways; texts of the memory are in the arena.  Key, customer, summary and labels are the caller's. */
void check_status_remember(const struct check_status *, struct check_memory *, struct arena *);
void check_status_restore(struct check_status *, const struct check_memory *);

#endif
