/*
 * statsd.h — StatsD's counters, gauges, timers and sets (wire/statsd.h), gathered and stored every few seconds.
 *
 * IDEA   A counter is a sum that only grows, as everywhere else here; a gauge its last value; a timer quantiles of what came
 *        since the last flush, and _sum and _count that grow; a set how many different texts came since.  Units stay as they
 *        were sent (milliseconds).  All of it is in memory, but a sum begins where the store has the series' last one, if that is
 *        not older than STATSD_KEPT: a restart is no reset, and costs at most what came since the last flush.
 *
 * Bounded: so many meters, and of each so many values and members between two flushes (of more a fair sample; the count is
 * right all the same).  A meter that hears nothing for STATSD_IDLE is forgotten, its series end.
 *
 * Any thread; who brings lines waits for no flush that waits for the disk.
 */
#ifndef INGEST_STATSD_H
#define INGEST_STATSD_H

#include "ingest/pushed.h"

enum { STATSD_VALUES = 10000, STATSD_MEMBERS = 100000, STATSD_IDLE = 60 * 60 * 1000, STATSD_KEPT = 24 * 60 * 60 * 1000 };

struct statsd;

struct statsd *statsd_create(struct tsdb *, struct str tenant, size_t meters);
void statsd_destroy(struct statsd **);
/* Whole lines; what is wrong with the first bad one comes back, the others count. */
CHECKED enum rc statsd_take(struct statsd *, struct str lines, msec_t now, struct err *);
CHECKED enum rc statsd_flush(struct statsd *, msec_t now, struct err *);
void statsd_counts(struct statsd *, size_t *lines, size_t *bad);

#endif
