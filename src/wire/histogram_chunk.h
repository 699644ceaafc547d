/*
 * histogram_chunk.h — Prometheus's chunks of native histograms, as its blocks hold them (encodings 2 and 3).
 *
 *     count (2 bytes, big-endian) | flags: the upper two bits say that it is a gauge (11), or what is known of a reset | bits:
 *     layout   threshold of the bucket at zero, schema, positive spans, negative spans, custom bounds where the schema has them
 *     samples  time, count, count at zero, sum, positive buckets, negative buckets
 *
 * Of integers (2) everything but the sum is told as the change of its difference, and buckets by what they have more than the one
 * before; of floats (3) everything but the time is told as its XOR with the sample before.  The first sample stands as it is.
 * Numbers of changing width: so many ones and a zero, then 0, 3, 6, 9, 12, 18, 25, 56 or (eight ones, no zero) 64 bits.
 *
 * tsdb/chunkenc of Prometheus describes them.  Pure; any thread.
 */
#ifndef WIRE_HISTOGRAM_CHUNK_H
#define WIRE_HISTOGRAM_CHUNK_H

#include "wire/histogram.h"

enum { HISTOGRAM_CHUNK_INTEGERS = 2, HISTOGRAM_CHUNK_FLOATS = 3 };

/* Calls fn for each; NULL: the series ended there.  False: cut, or none such; some may have been told. */
bool histogram_chunk_read(int encoding, struct str chunk, void (*fn)(void *arg, int64_t t, const struct histogram *), void *arg);

#endif
