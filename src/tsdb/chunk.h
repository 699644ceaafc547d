/*
 * chunk.h — values and times of one series, packed.
 *
 * Values keep their bits, NaNs too: a byte says the scale (decimal.h), then come the integers (ints.h).
 * Times stand apart, since all series of a scrape share them.
 */
#ifndef TSDB_CHUNK_H
#define TSDB_CHUNK_H

#include "base/buf.h"

/* `n` > 0. */
void chunk_pack_values(const double *v, size_t n, struct buf *out);
void chunk_pack_times(const int64_t *t, size_t n, struct buf *out);
/* Exactly `n` > 0; false when the bytes are not that. */
bool chunk_unpack_values(struct str bytes, size_t n, double *v);
/* All of them are finite numbers; false: perhaps not. */
bool chunk_has_decimals(struct str bytes);
bool chunk_unpack_times(struct str bytes, size_t n, int64_t *t);

#endif
