/*
 * ints_format.h — what ints.c and ints_read.c agree on; see ints.h.
 *
 * Rice: zigzag z with parameter k is z >> k ones, a zero, and the k low bits; from ONES ones on it is
 * instead six bits of length and the whole number.
 */
#ifndef TSDB_INTS_FORMAT_H
#define TSDB_INTS_FORMAT_H

enum { ONES = 20, K_MAX = 48 };
enum way { WAY_ONE, WAY_DIFFERENCES, WAY_CHANGES, WAY_RUNS, WAY_SECOND, WAY_AROUND };

#endif
