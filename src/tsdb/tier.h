/*
 * tier.h — what a series was within each window of five minutes, or of an hour.
 *
 * IDEA   Whoever asks for the greatest value of each day of a year does not care for samples.  Of each window that has any, some
 *        numbers are kept: how many, the first and the last with their times, the least, the greatest, the sum, and what a counter
 *        lost in resets.  From those of some windows in a row the same numbers of all of them follow.
 * [W1]   A window is open at its beginning, as PromQL's ranges are: (end - width, end], and `end` a multiple of the width.
 * [W2]   Marks of staleness are no values.  A window whose last sample is one says so (`ended`), and may have nothing else.
 * [W3]   What cannot be said so is not: a list whose sum overflows is given up, and native histograms have none.  Then samples are
 *        read.
 *
 * [W4]  What falls as often as it rises is no counter: what it would have lost in resets is noise, and is not kept.
 *
 * A packed list is one chunk of a block, whose times are the ends of the windows; a byte says what it is, then come the columns, each
 * behind its length.  A column of no bytes is like another one, or nothing but zeros.
 */
#ifndef TSDB_TIER_H
#define TSDB_TIER_H

#include "base/buf.h"
#include "base/clock.h"

#include <stdint.h>

enum { TIERS = 2 }; /* the widths that are kept, the finest first */
extern const msec_t tier_widths[TIERS];
extern const char *const tier_names[TIERS]; /* "5m", "1h" */

enum tier_column {
	TIER_COUNT, /* of values, without marks */
	TIER_HEAD,  /* msec from the window's beginning to the first value; to the first mark where there is none */
	TIER_TAIL,  /* msec from the last value to the window's end; from the last mark */
	TIER_FIRST,
	TIER_LAST,
	TIER_MIN, /* NaN only where there is nothing else */
	TIER_MAX,
	TIER_SUM,
	TIER_LOST,   /* sum of the values before each reset */
	TIER_RESETS, /* how many */
	TIER_ENDED, /* the last sample is a mark: msec from it to the window's end, and 1; else 0 */
	TIER_COLUMNS
};
#define TIER_HAS(column) (1u << (column))
#define TIER_ALL (TIER_HAS(TIER_COLUMNS) - 1)
/* Of a counter alone [W4]. */
#define TIER_RESETTING (TIER_HAS(TIER_LOST) | TIER_HAS(TIER_RESETS))
/* With others: what is not kept is NaN, instead of no answer. */
#define TIER_AS_IT_IS (1u << 31)
/* What says where a window's values lie. */
#define TIER_PLACES (TIER_HAS(TIER_COUNT) | TIER_HAS(TIER_HEAD) | TIER_HAS(TIER_TAIL) | TIER_HAS(TIER_ENDED))

/* Windows side by side, in the order of time; two neighbours may be parts of one window. */
struct tier_list {
	size_t n, cap;
	msec_t *end;
	uint32_t *width; /* msec */
	double *column[TIER_COLUMNS]; /* only those that were asked for are filled in */
};
void tier_list_fini(struct tier_list *);
void tier_list_clear(struct tier_list *);
void tier_list_reserve(struct tier_list *, size_t more);
/* Adds the i-th of another list. */
void tier_list_add(struct tier_list *, const struct tier_list *from, size_t i);
static inline msec_t
tier_first_t(const struct tier_list *l, size_t i)
{
	return l->end[i] - l->width[i] + (msec_t)l->column[TIER_HEAD][i];
}
static inline msec_t
tier_last_t(const struct tier_list *l, size_t i)
{
	return l->end[i] - (msec_t)l->column[TIER_TAIL][i];
}

static inline msec_t
tier_mark_t(const struct tier_list *l, size_t i)
{
	return l->end[i] - ((msec_t)l->column[TIER_ENDED][i] - 1);
}

/* The end of the window that has `t`. */
msec_t tier_end(msec_t t, msec_t width);
/* The last end that is not behind `t`. */
msec_t tier_floor(msec_t t, msec_t width);

/* Adds the windows of samples, which ascend.  False [W3]. */
bool tier_list_add_samples(struct tier_list *, msec_t width, const msec_t *t, const double *v, size_t n);
/* The same windows as those of the samples that the finer windows `from` were made of; sums may be rounded differently.  False [W3]. */
bool tier_list_add_finer(struct tier_list *, msec_t width, const struct tier_list *from);
/* `n` of them, from the i-th on; n 0: nothing is known, read the samples. */
void tier_pack(const struct tier_list *, size_t i, size_t n, struct buf *out);
/* Is it one that says something? */
bool tier_is_packed(struct str bytes);
/* Adds those of these ends that touch min..max; `want`: of TIER_HAS().  False: damaged, or not all of that is known. */
bool tier_unpack(struct str bytes, const msec_t *ends, size_t n, msec_t width, unsigned want, msec_t min, msec_t max, struct tier_list *);

#endif
