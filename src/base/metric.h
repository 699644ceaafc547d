/*
 * metric.h — counters and gauges of our own, from one table.
 *
 * IDEA   One piece of memory that all processes of the instance share, a row for each role: whoever prints it sees
 *        everybody, also who has just died.  Any thread may add; nothing locks.
 */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include "base/buf.h"

enum metric {
#define METRIC(name, type, help) METRIC_##name,
#include "base/metrics.def"
#undef METRIC
	METRICS
};

/* Before the roles are started: what is counted from now on is seen by all of them. */
void metric_share(void);
/* Which row this process counts in; the name is kept. At most METRIC_ROLES roles. */
enum { METRIC_ROLES = 8 };
void metric_role(const char *name);

void metric_add(enum metric, int64_t);
void metric_set(enum metric, int64_t);
void metric_max(enum metric, int64_t); /* keeps the larger one */

/* What this thread does from now on is not counted: a rehearsal is not the performance. */
void metric_mute(bool);

/* The text format, each metric with the label `role`; roles that never counted it are left out. */
void metric_print(struct buf *);

#endif
