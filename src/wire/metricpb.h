/*
 * metricpb.h — pages of metrics in protobuf (io.prometheus.client.MetricFamily, each with its length in front) as the text
 * pages that they stand for, so that one reader reads both (expo.h).
 *
 * Native histograms come as their count and sum, or, for who asks for them, as themselves: as canonical bytes
 * (histogram.h) in a list, to which the text refers (EXPO_PROTOBUF).  Pure; any thread.
 */
#ifndef WIRE_METRICPB_H
#define WIRE_METRICPB_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

struct metricpb_natives {
	bool with_classic;      /* a histogram that is both is given as both */
	VEC(struct str) all;    /* in the arena */
	struct arena *arena;
};
void metricpb_natives_init(struct metricpb_natives *, bool with_classic);
void metricpb_natives_fini(struct metricpb_natives *);

/* Appends.  `natives` NULL: nobody asks for them.  RC_INVALID: no such page; RC_REFUSED: the text would be over `limit` bytes. */
CHECKED enum rc metricpb_to_text(struct str page, size_t limit, struct metricpb_natives *, struct buf *out, struct err *);

#endif
