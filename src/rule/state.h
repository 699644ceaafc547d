/*
 * state.h — one alerting rule's instances: inactive, pending, firing, resolved.
 *
 *        holds            holds for `for`
 *     ─────────▶ pending ───────────────▶ firing ──ceases, after keep_firing_for──▶ resolved (15 min, then gone)
 *                   │ ceases                  ▲ holds again (a new start)               │
 *                   ▼                         └─────────────────────────────────────────┘
 *                 gone
 *
 * An alert that comes and goes more often than its rule allows is flapping: it fires on until it is calm.
 *
 * Pure: (instances, what holds now, now) -> instances; what must be remembered is marked.
 */
#ifndef RULE_STATE_H
#define RULE_STATE_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "flow/record.h"
#include "label/labels.h"

enum instance_state { INSTANCE_PENDING, INSTANCE_FIRING, INSTANCE_RESOLVED };
extern const char *const instance_states[]; /* as Prometheus says them; resolved is "inactive" */

struct instance {
	struct arena *arena; /* of its texts; made anew when they change */
	struct labels labels;
	struct pairs annotations;
	enum instance_state state;
	double value;
	msec_t active_at, fired_at, resolved_at, keep_since, sent_at;
	bool holds;    /* at the evaluation that is under way */
	bool held;     /* at the one before */
	bool flapping; /* it came and went too often: goes on until it is calm */
	msec_t stale_since; /* what it looks at has vanished; 0: it is there */
	msec_t *changes;    /* when it last came or went, a ring; NULL: nobody counts */
	size_t n_changes, ring; /* all of them; how many the ring holds */
	msec_t remembered;  /* until when it must not be forgotten */
	bool changed;  /* must be remembered */
	bool kept;     /* something of it is remembered */
};

#define RULE_CHANGE_KEYS(F) F(TIME, at, 0, 0, "", "when")
RECORD(rule_change, RULE_CHANGE_KEYS)
/* In the ledger's space "rule", key: group, rule and labels. */
#define RULE_MEMORY_KEYS(F)                                                                                  \
	F(STR, key, 0, 0, "", "group, rule and the labels' hash")                                            \
	F(STR, rule, 0, 0, "", "group and rule")                                                             \
	F(STR, customer, 0, 0, "", "whose")                                                                  \
	F(PAIRS, labels, 0, 0, "", "the instance")                                                           \
	F(TIME, active_at, 0, 0, "", "since when it holds")                                                  \
	F(TIME, fired_at, 0, 0, "", "since when it fires")                                                   \
	F(TIME, keep_since, 0, 0, "", "since when it fires on although it does not hold")                    \
	F(BOOL, removed, 0, 0, "", "it is gone")                                                              \
	F(TIME, resolved_at, 0, 0, "", "since when it is over; what it did is remembered for a while")         \
	F(TIME, remembered, 0, 0, "", "until when that is")                                                   \
	F(BOOL, flapping, 0, 0, "", "it came and went too often")                                             \
	F(BOOL, ceased, 0, 0, "", "it does not hold: it fires on because it flaps")                            \
	F(MANY, changes, rule_change, 0, "", "when it came and went, the oldest first")
RECORD(rule_memory, RULE_MEMORY_KEYS)
#define RULE_MEMORIES_KEYS(F) F(MANY, instances, rule_memory, 0, "", "of one evaluation")
RECORD(rule_memories, RULE_MEMORIES_KEYS)

struct rule_times {
	msec_t for_, keep_firing_for;
	size_t changes; /* so many changes … */
	msec_t calm;    /* … in so long are flapping; 0: nobody counts */
};

/* Instances by the bytes of their labels. */
struct instances {
	struct map *map; /* struct instance */
};
void instances_init(struct instances *);
void instances_fini(struct instances *);

/* An evaluation: begin, then one call for each element that holds, then end. */
void instances_begin(struct instances *);
struct instance *instances_hold(struct instances *, struct labels, double value, msec_t now);
/* Between: those that do not hold and began once are asked about; keep() lets one hold on with its last value. */
void instances_keep(struct instances *, bool (*keep)(void *arg, struct instance *), void *arg);
void instances_end(struct instances *, const struct rule_times *, msec_t now);
/* Puts back what the ledger remembers. */
void instances_restore(struct instances *, const struct rule_memory *);
/* What is to be remembered of it, but for whose it is and under which key; in `a`. */
struct rule_memory instance_memory(const struct instance *, struct arena *a, msec_t now);
/* Is there something new to be remembered, or something that need not be any more? */
bool instance_is_news(const struct instance *, msec_t now);
/* After `changed` was remembered: forgets what is gone. */
void instances_sweep(struct instances *, msec_t now);
bool instance_gone(const struct instance *, msec_t now);

#endif
