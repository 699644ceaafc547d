/*
 * deletion.h — what was deleted and still lies in blocks.
 *
 * IDEA   A deletion is about what is there when it is asked for.  So the head is written to a block first, and
 *        the deletion holds for blocks up to that one: what comes later stays, whatever its time.  It is kept
 *        as it was asked for, in a small file that is replaced as a whole, and takes effect when something is
 *        read; a merge leaves out what is deleted, and when no block has any of it the deletion is forgotten.
 *
 * Under the store's lock, but for what says otherwise.
 */
#ifndef TSDB_DELETION_H
#define TSDB_DELETION_H

#include <roaring/roaring.h>

#include "tsdb/tsdb.h"

struct block;
struct blobs;
struct samples;
struct series;
struct tier;

enum { DELETIONS_MAX = 1000 };

struct deletion {
	struct str tenant; /* owned */
	struct matchers matchers;
	msec_t min, max;
	uint64_t upto; /* the number of the last block that it is about */
	roaring_bitmap_t *ids;
};

struct deletions {
	struct deletion *p;
	size_t n, cap;
	roaring_bitmap_t *ids; /* of all of them; NULL: none */
};

/* What the file says, when the blocks are there and the log has not been read. */
CHECKED enum rc deletions_open(struct tsdb *, struct err *);
void deletions_fini(struct tsdb *);
CHECKED enum rc deletions_check(const char *path, size_t *n, struct err *);
/* The file, in the store's folder or that of a copy, durably. */
CHECKED enum rc deletions_save(const struct tsdb *, const char *dir, struct err *);
/* Forgets those that no block has anything of any more, or all. */
CHECKED enum rc deletions_forget(struct tsdb *, bool all, struct err *);
/* Its span anew, from what can be read of it. */
void series_narrow(struct tsdb *, struct series *);
/* May something of the series be deleted? */
static inline bool
deletions_touch(const struct deletions *d, uint32_t id)
{
	return d->n && roaring_bitmap_contains(d->ids, id);
}
/* Does one of them tell what the block has to leave out? */
bool deletions_change(struct tsdb *, struct block *);
bool deletions_change_tier(struct tsdb *, const struct tier *); /* of windows that are alone */
/* block_read and block_read_histograms, without what is deleted. */
bool read_undeleted(struct tsdb *, struct block *, const struct series *, msec_t min, msec_t max, struct samples *);
bool read_undeleted_histograms(
    struct tsdb *, struct block *, const struct series *, msec_t min, msec_t max, struct blobs *);

#endif
