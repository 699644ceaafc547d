/*
 * loop.h — one thread that waits for files, timers and messages, and handles one at a time.
 *
 * A loop belongs to the thread that runs it; only loop_post and loop_stop may be called from
 * others.  On a virtual clock whoever turns the loop moves the clock (plays).
 * A handler that takes over 50 ms is counted and logged with its name.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

struct loop;
struct arena;

typedef void loop_fn(void *arg);
typedef void loop_fd_fn(void *arg, int fd, unsigned events);

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 };

/* Embedded in its owner; must be cancelled before the owner goes. */
struct loop_timer {
	msec_t due; /* on the loop's own time, see loop_now */
	uint64_t lot, order;
	size_t at; /* position in the heap plus one; 0 when not set */
	loop_fn *fn;
	void *arg;
	const char *name;
};

struct loop *loop_create(const char *name, struct clock *);
void loop_destroy(struct loop **);

/*
 * Only on a virtual clock: timers that are due at the same moment go off in an order that is drawn from `seed`, the same
 * one for the same seed.  0: in the order in which they were set.
 */
void loop_draw(struct loop *, uint64_t seed);

/* Wall time as of the start of the present turn; steady within a turn. */
msec_t loop_wall(const struct loop *);
/* Time that never goes back, in ms, for timers and time-outs; as of the start of the turn. */
msec_t loop_now(const struct loop *);
struct clock *loop_clock(const struct loop *);
/* Scratch memory that is reset after every handler. */
struct arena *loop_scratch(struct loop *);

/* Watches `fd` for LOOP_READ|LOOP_WRITE; called again it changes what is watched.  The fd stays the caller's. */
void loop_watch(struct loop *, int fd, unsigned events, loop_fd_fn *, void *arg, const char *name);
void loop_unwatch(struct loop *, int fd);

/* Sets (or moves) a timer to fire once, `in` milliseconds from loop_now. */
void loop_timer_set(struct loop *, struct loop_timer *, msec_t in, loop_fn *, void *arg, const char *name);
void loop_timer_cancel(struct loop *, struct loop_timer *);

/* From any thread: runs fn(arg) on the loop's thread, in the order of posting.  False when the mailbox
 * (65,536 entries) is full: back-pressure, counted; the caller keeps `arg`. */
bool loop_post(struct loop *, loop_fn *, void *arg, const char *name) __attribute__((warn_unused_result));

void loop_run(struct loop *);  /* until loop_stop */
void loop_stop(struct loop *); /* from any thread or a signal handler */
/* One round: handles what is ready, waiting at most `wait` ms (0: not at all).  True when anything was handled. */
bool loop_turn(struct loop *, msec_t wait);
/* When the next timer is due (loop_now's time), or MSEC_NEVER. */
msec_t loop_next(const struct loop *);

#endif
