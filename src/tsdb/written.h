/*
 * written.h — the oldest time of what was written since some moment, for whoever keeps an answer.
 *
 * IDEA   Each batch has a number and its oldest time.  Only those matter that are older than all behind them, so the list ascends in
 *        both; when it is long, every two become one, with the number of the later and the time of the older: that may say that more
 *        has changed than did, never less.
 *
 * Under the store's lock.
 */
#ifndef TSDB_WRITTEN_H
#define TSDB_WRITTEN_H

#include "base/clock.h"

#include <stddef.h>
#include <stdint.h>

enum { WRITTEN_MOST = 1024 };
struct written {
	struct {
		uint64_t number;
		msec_t t;
	} p[WRITTEN_MOST];
	size_t n;
	uint64_t last; /* number */
};

/* INT64_MIN: anything may be different now. */
void written_note(struct written *, msec_t oldest);
msec_t written_since(const struct written *, uint64_t number); /* INT64_MAX: nothing */

#endif
