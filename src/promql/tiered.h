/*
 * tiered.h — windows that the store has instead of samples (tsdb/tier.h); inside promql/ only.
 *
 * IDEA   A function that can be put together from what windows say of their samples is asked of windows where each step begins and
 *        ends with one: the answer is the same.  The numbers that it is made of are those of the samples, so it is the same to the last
 *        bit, but for sums of fractions, which are added in another order.
 * [D1]   Where samples have gone, windows answer as well as they can: steps that fall into a window see it when it is over, and a
 *        function that windows know nothing of sees the first and the last sample of each.  Then the answer says so.
 */
#ifndef PROMQL_TIERED_H
#define PROMQL_TIERED_H

#include "promql/select.h"

/* What is asked of the store for a range, and for a selector of single samples; fills in what is of windows. */
void tiered_ask_range(const struct eval *, const struct over *, struct reach *);
void tiered_ask_instants(const struct eval *, const struct node *selector, const struct gaze *, struct reach *);
/* Does the function know what to do with windows? */
bool tiered_knows(const struct over *);
/* As over_series(), for a view with windows; a native histogram is not among its samples. */
bool tiered_series(const struct eval *, const struct over *, const struct node *selector, bool drop, const struct tsdb_view *);
/* What a summary wants of every series (summary.h). */
#define SUMMARY_COLUMNS (TIER_HAS(TIER_MIN) | TIER_HAS(TIER_MAX) | TIER_HAS(TIER_SUM) | TIER_HAS(TIER_LAST))
/* What was seen of some windows and samples in a row. */
struct sight {
	double n;
	msec_t first_t, last_t;
	double first, last, min, max, lost, resets;
	struct kahan sum;
	double small; /* the same times something small, for means of what overflows */
};
/* Those of the windows that end, and of the samples that lie, within (after, upto]; `want`: of TIER_HAS(). */
void tiered_look(const struct tsdb_view *, unsigned want, msec_t after, msec_t upto, struct sight *out);
double sight_mean(const struct sight *);
/*
 * Samples instead of windows: the last of each, or the first and the last where samples have gone; these hold as long as the
 * look-back where that is given.  The view shows them with the others, in `room`.
 */
bool tiered_thin(const struct eval *, const struct node *selector, msec_t hold, struct tsdb_view *, struct stripped *room);

#endif
