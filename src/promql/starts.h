/*
 * starts.h — what start timestamps say about counters; inside promql/ only.
 *
 * IDEA   A counter that began anew behind its last sample was reset, whatever the values say, and at its start it was 0.
 *        Differences that were sent as they are (delta) begin anew with each sample.
 *
 * A start of 0 is not known.  The rules are those of Prometheus with use-start-timestamps.
 */
#ifndef PROMQL_STARTS_H
#define PROMQL_STARTS_H

#include "promql/eval.h"

/* A sample's time, and since when it counts. */
struct stamp {
	msec_t t, start;
};
bool starts_reset(struct stamp before, struct stamp now);
/* Of the samples at t: was the i-th one a reset from the one before?  starts NULL: none is known. */
bool starts_reset_at(const msec_t *t, const msec_t *starts, size_t i);
/* Says it when the start of one of the n samples lies before the sample in front of it, and is not that one's, too. */
void starts_note_overlap(const struct window *, const msec_t *t, const msec_t *starts, size_t n);
/* Did the first sample of the window, at t, begin within the range? */
bool starts_within(const struct window *, msec_t t, const msec_t *starts);
/* Can they make a difference to windows that begin at or behind `from`? */
bool starts_matter(const msec_t *t, const msec_t *starts, size_t n, msec_t from);

#endif
