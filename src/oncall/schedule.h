/*
 * schedule.h — whose turn: schedules with layers, overrides, and policies; and the one resolver that answers
 * who, when and why for views and pages alike.
 *
 * Pure.
 */
#ifndef ONCALL_SCHEDULE_H
#define ONCALL_SCHEDULE_H

#include "base/clock.h"
#include "flow/record.h"

extern const char *const rotation_units[];
enum rotation_unit { ROTATE_DAY, ROTATE_WEEK };

#define LAYER_KEYS(F)                                                                                        \
	F(STRS, users, 0, KEY_REQUIRED, "", "whose turns, in order")                                         \
	F(STR, start, 0, KEY_REQUIRED, "", "the day on which the first user's first turn begins: 2026-01-05")\
	F(STR, handover, 0, 0, "09:00", "the time of day at which turns change")                             \
	F(ENUM, every, rotation_units, 0, "week", "a turn's length is counted in: day or week")              \
	F(I64, length, 0, 0, "1", "how many days or weeks a turn lasts")                                     \
	F(STRS, days, 0, 0, "", "only on these days: mon, sat-sun …; none: all")                             \
	F(STR, from, 0, 0, "00:00", "only from this time of day")                                            \
	F(STR, to, 0, 0, "24:00", "only until this time of day; before `from`: over midnight")
RECORD(layer, LAYER_KEYS)

#define SCHEDULE_KEYS(F)                                                                                     \
	F(STR, time_zone, 0, 0, "UTC", "the zone whose clock it follows")                                    \
	F(MANY, layers, layer, 0, "", "who is on call; a later layer goes before an earlier one")            \
	F(STR, fallback, 0, 0, "", "the user who is called when nobody is on call")
RECORD(schedule, SCHEDULE_KEYS)

#define OVERRIDE_KEYS(F)                                                                                     \
	F(STR, schedule, 0, KEY_REQUIRED, "", "the schedule that it changes")                                \
	F(STR, user, 0, KEY_REQUIRED, "", "who is on call instead")                                          \
	F(TIME, from, 0, KEY_REQUIRED, "", "since when")                                                     \
	F(TIME, to, 0, KEY_REQUIRED, "", "until when")                                                       \
	F(STR, why, 0, 0, "", "the reason")
RECORD(override, OVERRIDE_KEYS)

#define STEP_KEYS(F)                                                                                         \
	F(STRS, notify, 0, KEY_REQUIRED, "", "schedule:<name>, user:<name> or team:<name>")                  \
	F(DUR, after, 0, 0, "5m", "how long to wait for an answer before the next step")
RECORD(step, STEP_KEYS)

#define POLICY_KEYS(F)                                                                                       \
	F(MANY, steps, step, KEY_REQUIRED, "", "who is called, in order")                                    \
	F(I64, repeat, 0, 0, "2", "how often all steps are gone through before it gives up")                 \
	F(STRS, fallback, 0, 0, "", "who is told when it gives up, or when a step reaches nobody")
RECORD(policy, POLICY_KEYS)

CHECKED enum rc schedule_check(const void *spec, struct err *);
CHECKED enum rc override_check(const void *spec, struct err *);
CHECKED enum rc policy_check(const void *spec, struct err *);

/* One stretch of somebody's (or nobody's) duty around the point that was asked for. */
struct shift {
	struct str user;     /* empty: a hole */
	msec_t from, to;     /* nothing changes within; bounded by the window that was asked */
	int layer;           /* from 0; -1: an override; -2: the fallback; -3: a hole */
	struct str why;      /* one sentence */
};

/*
 * Who is on call at `t`, until when, and why.  `overrides` of this schedule only, of equal right: the one that began
 * last counts.  Texts are borrowed from the specs or made in `a`.
 */
struct shift schedule_at(const struct schedule *, const struct override *const *overrides, size_t n, msec_t t, struct arena *a);

/* All shifts from `from` to `to`, in order, without gaps (holes are shifts without a user). */
typedef bool shift_fn(void *arg, const struct shift *);
void schedule_walk(const struct schedule *, const struct override *const *overrides, size_t n, msec_t from, msec_t to,
    struct arena *a, shift_fn *, void *arg);

#endif
