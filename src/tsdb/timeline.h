/*
 * timeline.h — times that several series walk in step: what one scrape brings has one time, so the series
 * of a target share one list of times instead of having one each.
 *
 * A chunk begins where its line begins, so its number of samples is its place.  A series either steps on the
 * time that stands there (another one was first), or adds it; when another time stands there, it goes its
 * own way with a copy of its times so far, and who comes to the same fork right behind it comes along.
 *
 * Counted references; under the store's lock.
 */
#ifndef TSDB_TIMELINE_H
#define TSDB_TIMELINE_H

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

struct timeline {
	uint32_t refs, n, cap;
	msec_t first;
	uint32_t *after; /* ms since `first` */
};

/* Where series have just begun or forked, so that the next ones come along. */
struct timelines {
	struct timeline *begun;
	struct {
		struct timeline *from, *to;
		uint32_t n;
	} fork;
};

static inline msec_t
timeline_at(const struct timeline *l, uint32_t i)
{
	return (msec_t)((uint64_t)l->first + l->after[i]);
}

/* The line of a chunk that begins with t. */
struct timeline *timeline_begin(struct timelines *, msec_t t);
/* Is `t` newer than the n-th time, and near enough to the first? */
bool timeline_can(const struct timeline *, uint32_t n, msec_t t);
/* A chunk of `n` samples gets one more; its line may become another one. */
void timeline_step(struct timelines *, struct timeline **, uint32_t n, msec_t t);
struct timeline *timeline_ref(struct timeline *);
void timeline_unref(struct timeline *); /* accepts NULL */
/* The same for readers, of which several have the lock at the same time; both accept NULL. */
void timeline_hold(struct timeline *);
void timeline_release(struct timeline *);
void timeline_copy(const struct timeline *, uint32_t n, msec_t *t); /* the first n times */
void timelines_forget(struct timelines *);

#endif
