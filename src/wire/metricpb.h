/*
 * metricpb.h — pages of metrics in protobuf (io.prometheus.client.MetricFamily, each with its length in front) as the text
 * pages that they stand for, so that one reader reads both (expo.h).
 *
 * Native histograms come as their count and sum.  Pure; any thread.
 */
#ifndef WIRE_METRICPB_H
#define WIRE_METRICPB_H

#include "base/buf.h"
#include "base/err.h"

/* Appends.  RC_INVALID: no such page; RC_REFUSED: the text would be over `limit` bytes. */
CHECKED enum rc metricpb_to_text(struct str page, size_t limit, struct buf *out, struct err *);

#endif
