/*
 * starts.h — since when the counters count: the start timestamps of samples, where senders say them.
 *
 * IDEA   A start is the same for thousands of samples, so only what changes is kept: a mark says from which time on a start
 *        holds.  The marks of a series are the samples of another one, with the same labels, in a tenant beside its own whose name
 *        nobody outside can have.  So the log, blocks, retention, snapshots and a start know nothing of them, and whatever lists,
 *        counts or selects by tenants does not meet them.
 * [T1]   A mark holds for less than START_HOLDS; whoever appends says it again by then.  So it is found near the sample.
 * [T2]   0 says that the start is not known, and so does the absence of a mark.
 *
 * With the store's lock held.
 */
#ifndef TSDB_STARTS_H
#define TSDB_STARTS_H

#include "tsdb/samples.h"
#include "tsdb/tsdb.h"

struct tenant;
struct series;

#define START_HOLDS HOUR
static inline bool
start_holds(msec_t marked, msec_t t)
{
	return t >= marked && (uint64_t)t - (uint64_t)marked < START_HOLDS;
}

/* What is remembered of a series. */
struct start_memory {
	uint32_t epoch; /* good while it is the store's */
	uint32_t id;    /* of the series of its marks */
	msec_t start, marked; /* the newest mark */
};

/* Of a tenant of marks: whose they are.  Else, and of names that begin to exist: the name itself. */
struct str starts_owner(struct str tenant);
bool starts_is_theirs(struct str tenant);
/* What was remembered need not hold any more. */
void starts_forget(struct tsdb *);
/* The starts of the samples at t[0..n), ascending; false: none is known, and nothing was written. */
bool starts_read(struct tsdb *, const struct series *, const msec_t *t, size_t n, msec_t *out);

#endif
