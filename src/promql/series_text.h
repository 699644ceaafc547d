/*
 * series_text.h — series as the unit tests of rules write them: `name{label="value"}` and "1+2x5 _ stale 7x3".
 *
 *     a        one sample               _      none             stale  the series ends
 *     axN      a, and N times again     _xN    none, N times
 *     a+bxN    a, a+b, a+2b …: N + 1 samples; a-bxN likewise
 *
 * a and b may be native histograms: {{schema:0 sum:3 count:2 buckets:[1 1]}}.
 */
#ifndef PROMQL_SERIES_TEXT_H
#define PROMQL_SERIES_TEXT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "label/labels.h"

struct native;
struct series_item {
	bool there;
	double v;
	const struct native *h; /* instead of a number (native.h) */
};
struct series_items {
	struct series_item *p;
	size_t n, cap;
};

/* More than a million items are refused.  Histograms live in the arena. */
CHECKED enum rc series_items_parse(struct str, struct arena *, struct series_items *add, struct err *);
CHECKED enum rc series_name_parse(struct str, struct arena *, struct labels *, struct err *);

#endif
