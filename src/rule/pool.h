/*
 * pool.h — threads that ask what the groups of rules want to know, several groups at a time.
 *
 * IDEA   An expression only reads, so any thread may ask it; everything that is decided by the answers stays on the loop.  First come,
 *        first served: groups come in the order in which they are due.
 *
 * The loop's thread calls; `run` is called on a thread of the pool, and `done` on the loop, always: only then may the job go.
 */
#ifndef RULE_POOL_H
#define RULE_POOL_H

#include "base/loop.h"

struct pool;
struct pool_job {
	void (*run)(struct pool_job *);
	void (*done)(struct pool_job *);
	struct pool_job *next;
	enum { POOL_IDLE, POOL_WAITING, POOL_RUNNING, POOL_RAN } state;
};

struct pool *pool_create(struct loop *, unsigned threads);
void pool_destroy(struct pool **); /* no job may be under way */
void pool_hand_in(struct pool *, struct pool_job *);
/* Nobody works on it when this returns; the caller has told it to hurry.  Its `done` is still to come. */
void pool_wait(struct pool *, struct pool_job *);

#endif
