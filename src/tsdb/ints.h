/*
 * ints.h — a column of integers, packed: of five ways the one that is shortest for it.
 *
 *     way (a byte), then by the way, numbers as varints:
 *     0  one value       value
 *     1  differences     first, mean, k      Rice of each difference less the mean
 *     2  few changes     first, k            a bit for each: changed? then Rice of what changed
 *     3  runs            first, k, k of runs Rice of the length of each run of no change, and of the change
 *     4  second diff.    first, second, k    Rice of the differences of the differences
 *     5  around a mean   mean, k             Rice of each value less the mean
 *
 * docs/decisions/0007 has the measurements.  Arithmetic wraps round: any integers come back.
 */
#ifndef TSDB_INTS_H
#define TSDB_INTS_H

#include "base/buf.h"

void ints_pack(const int64_t *x, size_t n, struct buf *out); /* n > 0 */
/* Exactly `n` > 0 integers out of these bytes; false when they are not that. */
bool ints_unpack(struct str bytes, size_t n, int64_t *x);
/* The same integers, each divided by `power`. */
bool ints_unpack_decimals(struct str bytes, size_t n, double power, double *v);

#endif
