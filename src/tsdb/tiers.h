/*
 * tiers.h — the files of windows (tier.h) beside the blocks.
 *
 * IDEA   For each block whose day is over there are two files more, in the form of a block: the windows of five minutes and those of an
 *        hour.  When the samples go before the windows, the file stays as it is, and what it says is all that is left.
 * [T1]   A file is named by the number of its block and by the hash of all that is in it.  So a block that becomes another one has
 *        no tiers any more, whenever the machine stops; they are written anew.
 * [T2]   `alone`: the block has gone, or has that series no longer.  Where a block has a series, no other file speaks for it.
 * [T3]   What leaves a block and keeps its windows (its samples are past the retention, those of other series are not) is written to a
 *        file without a hash before the block is written again.  Such files, and those whose blocks have gone, become few: one for a
 *        month of 5m, one for a year of 1h.
 *
 *     tier-5m-0123456789abcdef-00000042      of block-00000042
 *     tier-1h-0000000000000000-00000042      what is left of all blocks from the one in the footer up to this one
 *
 * Under the store's lock; who changes something has `work` too, so that whoever has `work` may look.
 */
#ifndef TSDB_TIERS_H
#define TSDB_TIERS_H

#include "base/mem.h"
#include "tsdb/block.h"

#include <roaring/roaring.h>

struct tsdb;
struct series;

struct tier {
	struct block *block;
	unsigned level; /* of tier_widths */
	uint64_t number, hash;
	const struct block *of; /* of this number; NULL: there is none */
};
/* Is it of a block that is there, as a whole? */
static inline bool
tier_is_bound(const struct tier *t)
{
	return t->of && t->hash;
}

struct tier_files {
	VEC(struct tier *) all; /* by number */
	VEC(struct tier *) alone; /* those of them that are not bound */
	VEC(struct tier *) bound[TIERS]; /* by the places of the blocks; NULL: that one has none */
	VEC(uint64_t) given_up; /* serials of blocks that none can be made of */
	msec_t written; /* when it was last looked for blocks without */
};

/* ---- tiers.c ---- */

/* When the blocks are there; `*from` becomes greater than all numbers that are in use. */
CHECKED enum rc tiers_open(struct tsdb *, uint64_t *from, struct err *);
void tiers_fini(struct tsdb *);
/* The list of blocks, or this one, is another one. */
void tiers_settle(struct tsdb *);
void tiers_add(struct tsdb *, struct tier *);
void tiers_path(const struct tsdb *, unsigned level, uint64_t hash, uint64_t number, struct buf *path); /* appends */
/* The block will be closed; what it lends is taken over. */
void tiers_part(struct tsdb *, const struct block *);
/* Takes those of the block out of the list, which are the caller's then. */
struct tier_taken {
	struct tier *p[TIERS];
	size_t n;
};
void tiers_take_bound(struct tsdb *, const struct block *, struct tier_taken *);
void tiers_take(struct tsdb *, struct tier *); /* one */
/* The file goes, and the tier is freed. */
CHECKED enum rc tier_remove(struct tier **, struct err *);
void tier_close(struct tier **);
/* What it says of the series is not said by samples [T2]. */
bool tier_is_alone_for(const struct tier *, uint32_t id);
/* Widens min..max to what only windows tell of the series; with each deletion's holes left out by `trim`. */
void tiers_each_alone(struct tsdb *, uint32_t id, void (*fn)(void *arg, const struct tier *, msec_t min, msec_t max), void *arg);

/* ---- tier_write.c ---- */

/* Writes what is missing of one block whose day is over, or of all of these: whoever calls may have others to serve. */
CHECKED enum rc tiers_write_due(struct tsdb *, bool all, struct err *);

/* ---- tier_join.c ---- */

/* What is alone in these becomes one file, but for the series in `without`; and of a bound one those in `only`, which stays. */
CHECKED enum rc tiers_join(struct tsdb *, struct tier **, size_t n, const roaring_bitmap_t *only, const roaring_bitmap_t *without, struct err *);
/* These series are to leave the block, and keep their windows [T3]. */
CHECKED enum rc tiers_set_apart(struct tsdb *, const struct block *, const roaring_bitmap_t *ids, struct err *);
/* Many small ones become one. */
CHECKED enum rc tiers_join_due(struct tsdb *, struct err *);

/* ---- tier_read.c ---- */

/* Where a reader stands in a file.  Zeroed: nowhere. */
struct tier_walk {
	struct block_walk walk;
	uint64_t serial; /* of the file that the ends are of */
	uint32_t column;
	msec_t *ends; /* of the column, which most series share; NULL: none yet */
};
void tier_walk_fini(struct tier_walk *);
/* The series will be read soon. */
void tier_prefetch(const struct tier *, const struct tier_walk *, uint32_t id);
/* Adds its windows of the series that touch the range, without those that a deletion touches.  False: damaged, or nothing is known. */
bool tier_read(struct tsdb *, const struct tier *, struct tier_walk *, struct block_chunks *room, uint32_t id, unsigned want, msec_t min, msec_t max, struct tier_list *);
/* Ascending: by their ends, and what came first of equal ones. */
void tier_list_order(struct tier_list *);

#endif
