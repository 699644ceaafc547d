/*
 * chunk.h — samples of one series, packed: delta of delta of the times, XOR of the values (Pelkonen et al.,
 * "Gorilla", VLDB 2015, with Prometheus's bit widths for milliseconds).  Values keep their bits, NaNs too.
 */
#ifndef TSDB_CHUNK_H
#define TSDB_CHUNK_H

#include "base/buf.h"

/* `n` > 0, times ascending. */
void chunk_encode(const int64_t *t, const double *v, size_t n, struct buf *out);
/* Exactly `n` samples; false when the bytes end too early. */
bool chunk_decode(struct str bytes, size_t n, int64_t *t, double *v);

#endif
