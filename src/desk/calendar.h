/*
 * calendar.h — working hours: is it open, when does that change, how much working time lies between two points,
 * when has so much of it passed.
 *
 * Pure.  A day's hours are read on the calendar's own clock: an opening that begins in the hour that a spring
 * night skips begins where the clock goes on; an autumn hour that is there twice is open twice.
 */
#ifndef DESK_CALENDAR_H
#define DESK_CALENDAR_H

#include "base/clock.h"
#include "desk/agreement.h"

struct span {
	msec_t from, to; /* half open */
};

bool calendar_open(const struct calendar *, msec_t t);
/* When it is next open: t itself when it is open now; MSEC_NEVER when not within five years. */
msec_t calendar_next_open(const struct calendar *, msec_t t);
/* The open time between two points. */
msec_t calendar_between(const struct calendar *, msec_t from, msec_t to);
/* When `work` of open time has passed since `from`; MSEC_NEVER when not within five years. */
msec_t calendar_after(const struct calendar *, msec_t from, msec_t work);

/* Open spans in order, from the day before `t` on, until `fn` says false or five years are over. */
typedef bool span_fn(void *arg, struct span);
void calendar_walk(const struct calendar *, msec_t t, span_fn *, void *arg);

/* "09:30" or "24:00" as minutes; -1 when it is neither. */
int clock_minutes(struct str);
/* "mon", "tue" …, "mon-fri" as a set of days (bit 0 = Sunday); 0 when it is neither. */
unsigned weekday_set(struct str);

#endif
