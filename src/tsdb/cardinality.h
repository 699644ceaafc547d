/*
 * cardinality.h — what makes the store grow: which labels have how many values, which metrics how many series, since when,
 * and from whom.
 *
 * IDEA   The index knows the series of every label value, and every series when its first sample was.  Nothing is counted
 *        beforehand: whoever asks pays for a walk over the index, one label at a time, so that appends wait for one
 *        label's walk at most.
 *
 * Any thread.  Counts are of one moment for each label, not for all together.
 */
#ifndef TSDB_CARDINALITY_H
#define TSDB_CARDINALITY_H

#include "tsdb/tsdb.h"

struct tsdb_usage {
	struct str name; /* a label; a metric; a job; a value */
	size_t values;   /* of a label */
	size_t series;
	size_t fresh;    /* of a label its values, of anything else its series: those that began within a day */
	msec_t since;    /* when the first of its series began */
};
/* How many began in the hour before now, in the one before that, … */
enum { CARDINALITY_HOURS = 24 };
struct tsdb_usages {
	struct tsdb_usage *p;
	size_t n;
};

struct tsdb_cardinality {
	size_t series;
	size_t began[CARDINALITY_HOURS]; /* series */
	struct tsdb_usages labels, metrics, jobs; /* the most values or series first; at most `top` of each */
};
/* Of one tenant, as of `now` on the wall clock; texts and lists in `a`.  One that was never heard of has nothing. */
void tsdb_cardinality(struct tsdb *, struct str tenant, msec_t now, size_t top, struct arena *a, struct tsdb_cardinality *out);

/* Of one label: its newest values, and which jobs the series with it come from. */
struct tsdb_label_usage {
	struct tsdb_usage label;
	size_t began[CARDINALITY_HOURS]; /* values */
	struct tsdb_usages newest; /* values: the one that began last first */
	struct tsdb_usages jobs;
};
void tsdb_cardinality_label(struct tsdb *, struct str tenant, struct str label, msec_t now, size_t top, struct arena *a, struct tsdb_label_usage *out);

#endif
