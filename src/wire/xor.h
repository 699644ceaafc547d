/*
 * xor.h — Prometheus's chunks of samples, as its blocks hold them and its remote read streams them.
 *
 *     count (2 bytes, big-endian), then bits, the highest first:
 *     time    the first as a zigzag varint, the second as a varint's difference, each further one as the change of the
 *             difference: 0 | 10 and 14 bits | 110 and 17 | 1110 and 20 | 1111 and 64
 *     value   the first as 64 bits, each further one XOR the one before: 0 (the same) | 10 and the bits of the window
 *             before | 11, leading zeros (5 bits), length (6 bits, 0 for 64) and so many bits
 *
 * Facebook's Gorilla (VLDB 2015, section 4.1) with Prometheus's widths (tsdb/chunkenc/xor.go describes them).
 */
#ifndef WIRE_XOR_H
#define WIRE_XOR_H

#include <stddef.h>

#include "base/buf.h"

/* How many samples the chunk says it has: at most 65535, so that is the room it takes to read it. */
size_t xor_count(struct str chunk);
/* All of them; false: cut, or none such. */
bool xor_read(struct str chunk, int64_t *t, double *v);
/* `n` <= 65535, ascending. */
void xor_write(struct buf *out, const int64_t *t, const double *v, size_t n);

#endif
