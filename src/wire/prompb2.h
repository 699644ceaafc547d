/*
 * prompb2.h — Prometheus remote write 2.0 (io.prometheus.write.v2.Request), as the WriteRequest of 1.0 that says the same.
 *
 * IDEA   2.0 names its texts once, in a table, and its series by places in it.  The store knows a label set by its bytes
 *        as 1.0 has them, so a request of 2.0 is written as one of 1.0 first: one walk, and one road behind it.
 *
 * Pure; any thread.  Start timestamps stay where 2.0 has them: 1.0 has nothing there.
 */
#ifndef WIRE_PROMPB2_H
#define WIRE_PROMPB2_H

#include "base/buf.h"
#include "base/err.h"

struct prompb2_limits {
	size_t symbols;     /* texts of the table */
	size_t label_bytes; /* of one series: a text stands once and may be named many times */
	size_t bytes;       /* of what is written in all */
};

/* Appends the WriteRequest.  RC_INVALID: no such request; RC_REFUSED: over a limit. */
CHECKED enum rc prompb2_to_1(struct str request, const struct prompb2_limits *, struct buf *out, struct err *);

#endif
