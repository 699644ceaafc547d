/*
 * histogram.h — native histograms: from remote write's message to canonical bytes, and to what is computed with.
 *
 * IDEA   The store keeps a histogram as its canonical bytes and does not look into them; whoever computes
 *        reads them into a struct.  Counts of buckets are absolute and floating there, whatever the sender
 *        had.
 *
 * Bucket i of a schema s in -4..8 holds what is in (2^((i-1) / 2^s), 2^(i / 2^s)]; with HISTOGRAM_CUSTOM the upper
 * bounds are `custom`, and +Inf behind them.  Spans say which buckets there are: the first one's offset is an index,
 * the others' are gaps.
 */
#ifndef WIRE_HISTOGRAM_H
#define WIRE_HISTOGRAM_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum { HISTOGRAM_CUSTOM = -53, HISTOGRAM_SCHEMA_MIN = -4, HISTOGRAM_SCHEMA_MAX = 8 };
enum histogram_hint { HISTOGRAM_UNKNOWN, HISTOGRAM_RESET, HISTOGRAM_NO_RESET, HISTOGRAM_GAUGE };

struct histogram_span {
	int32_t offset;
	uint32_t length;
};
struct histogram_side {
	struct histogram_span *spans;
	size_t n_spans;
	double *counts;
	size_t n;
};
struct histogram {
	int schema;
	bool integer; /* the sender counted in integers */
	enum histogram_hint hint;
	double count, sum, zero_count, zero_threshold;
	struct histogram_side positive, negative;
	double *custom;
	size_t n_custom;
};

/* RC_INVALID: it contradicts itself. */
CHECKED enum rc histogram_check(const struct histogram *, struct err *);
/* The Histogram message of remote write, in `a`.  RC_INVALID: it is none, or contradicts itself. */
CHECKED enum rc histogram_from_proto(struct str message, struct arena *a, struct histogram *, int64_t *t, struct err *);
/* Since when it counts, in ms since 1970; 0: such a message does not say.  Of remote write 2.0. */
int64_t histogram_proto_start(struct str message);
void histogram_proto_put_start(int64_t start, struct buf *message);
void histogram_to_proto(const struct histogram *, int64_t t, struct buf *out);
/* Equal histograms have equal bytes. */
void histogram_pack(const struct histogram *, struct buf *out);
bool histogram_unpack(struct str bytes, struct arena *a, struct histogram *);

#endif
