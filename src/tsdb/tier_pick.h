/*
 * tier_pick.h — which windows are read instead of samples, for the series of one cursor.
 *
 * IDEA   A block's tier says the same as its samples to whoever asks for whole windows, as long as no sample of the series lies between
 *        those of a window, and nothing of it was deleted.  Else samples are read.  Where samples have gone, windows are all there is:
 *        then the finer ones, and the coarser ones where there are none.
 *
 * Every call with the store's lock held.
 */
#ifndef TSDB_TIER_PICK_H
#define TSDB_TIER_PICK_H

#include "tsdb/store.h"

struct tier_pick {
	struct tsdb *db;
	msec_t window, min, max; /* as in tsdb_select */
	bool rest;
	unsigned want;
	struct tier_list list;
	size_t n_alone;  /* the first of the list */
	uint8_t *skip;   /* of the blocks: the list has what that one has */
	size_t n_skip, skipped;
	struct tier_list levels[TIERS]; /* of those that are alone */
	VEC(struct tier_walk) walks, block_walks; /* by the alone ones, and by the blocks */
	struct block_chunks chunks;
};
void tier_pick_init(struct tier_pick *, struct tsdb *, const struct tsdb_select *);
void tier_pick_fini(struct tier_pick *);
/* Of one series; `bound`: of blocks that are there, too. */
void tier_pick_read(struct tier_pick *, const struct series *, bool bound);
/* Are windows and samples apart, each of them in order? */
bool tier_pick_fits(const struct tier_pick *, const msec_t *t, size_t n);
static inline bool
tier_pick_skips(const struct tier_pick *p, size_t block)
{
	return p->skipped && p->skip[block];
}

#endif
