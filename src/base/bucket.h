/*
 * bucket.h — how much of something may come in a time: a token bucket.
 *
 * IDEA   It fills by `rate` a second up to `burst`, and what comes takes from it.  What is larger than the bucket passes when the
 *        bucket is full and leaves it in debt: so everything passes at some time, and on average nothing is over the rate.
 *
 * No clock and no lock of its own: now is a parameter.
 */
#ifndef BASE_BUCKET_H
#define BASE_BUCKET_H

#include <stdbool.h>

#include "base/clock.h"

struct bucket {
	double level; /* negative: in debt */
	nsec_t at;    /* when it was looked at last; 0: never, it is full */
};

/* False: not now; `*wait` is after how many seconds, rounded up, at least 1.  A rate of 0: no limit. */
bool bucket_take(struct bucket *, double rate, double burst, double n, nsec_t now, unsigned *wait);
/* The rest of what was let in. */
void bucket_charge(struct bucket *, double n);

#endif
