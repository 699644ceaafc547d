/*
 * samples.h — samples of one series side by side: what is read is gathered here, then put in order.
 */
#ifndef TSDB_SAMPLES_H
#define TSDB_SAMPLES_H

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>

struct samples {
	msec_t *t;
	double *v;
	size_t n, cap;
	bool unsorted; /* something was added that is not newer than what stood there */
};

void samples_fini(struct samples *);
void samples_clear(struct samples *);
void samples_reserve(struct samples *, size_t more);
void samples_add(struct samples *, msec_t t, double v);
/* Adds those within min..max. */
void samples_add_range(struct samples *, const msec_t *t, const double *v, size_t n, msec_t min, msec_t max);
/* Ascending, no time twice: what was added last stays. */
void samples_order(struct samples *);
/* Takes out those within min..max, from position `from` on. */
void samples_drop(struct samples *, size_t from, msec_t min, msec_t max);
/* The position of the first sample at or behind `t`. */
size_t samples_find(const msec_t *ts, size_t n, msec_t t);
bool same_bits(double a, double b);

#endif
