/*
 * summary.h — the last hour, day, week, month and year of each series, and each beside the period before it.
 *
 * IDEA   Whoever asks "is this much?" compares with before.  Each series is read once: the last two hours as samples, what is older in
 *        windows of an hour (tsdb/tier.h), of which all periods are put together.
 * [S1]   A period ends now.  The hour begins an hour ago to the millisecond; the others begin at a full hour, so that whole windows will
 *        do.  `from` and `to` say it, and what is said holds for exactly these.
 */
#ifndef PROMQL_SUMMARY_H
#define PROMQL_SUMMARY_H

#include "base/arena.h"
#include "base/err.h"
#include "base/pair.h"
#include "label/labels.h"
#include "label/matcher.h"

struct tsdb;

enum { SUMMARY_HOUR, SUMMARY_DAY, SUMMARY_WEEK, SUMMARY_MONTH, SUMMARY_YEAR, SUMMARY_SPANS };
extern const char *const summary_names[SUMMARY_SPANS]; /* "hour", …; a month has 30 days, a year 365 */

struct summary_ask {
	struct tsdb *db;
	struct strs tenants;
	const struct matchers *matchers;
	msec_t now;
	unsigned spans; /* a bit for each */
	size_t series_limit; /* 0: none */
	nsec_t deadline;     /* monotonic; 0: none */
	const volatile bool *cancel; /* may be NULL */
};

/* Numbers alone: native histograms have no least and no greatest. */
struct summary_period {
	double n; /* 0: there is nothing, and the others mean nothing */
	double min, avg, max, last;
	double increase; /* of a counter, resets counted in, from the first sample to the last */
};
struct summary_series {
	struct labels labels;
	bool counter; /* by its name */
	struct summary_period now[SUMMARY_SPANS], before[SUMMARY_SPANS];
};
struct summary {
	struct summary_series *series; /* those that have anything in any period, by their labels */
	size_t n;
	msec_t from[SUMMARY_SPANS], middle[SUMMARY_SPANS], to; /* before: (from, middle]; now: (middle, to] */
	bool alone; /* some of it is known of windows only, since samples have gone */
	struct arena *arena;
};
CHECKED enum rc summary_run(const struct summary_ask *, struct summary **, struct err *);
void summary_destroy(struct summary **);

#endif
