/*
 * blobs.h — bytes with times, side by side: native histograms, which the store keeps and does not look into.
 */
#ifndef TSDB_BLOBS_H
#define TSDB_BLOBS_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

struct blobs {
	VEC(msec_t) t;
	VEC(size_t) ends; /* in `bytes` */
	struct buf bytes;
	bool unsorted;
};

void blobs_fini(struct blobs *);
void blobs_clear(struct blobs *);
void blobs_add(struct blobs *, msec_t t, struct str);
struct str blobs_get(const struct blobs *, size_t i);
/* Ascending, no time twice: what was added last stays. */
void blobs_order(struct blobs *);
/* Takes out those within min..max, from the i-th on. */
void blobs_drop(struct blobs *, size_t i, msec_t min, msec_t max);
/* `n` of them, from the i-th on: zstd, which makes little of neighbours that are much alike.  Times stand apart. */
void blobs_pack(const struct blobs *, size_t i, size_t n, struct buf *out);
/* Adds those within the range; false: these bytes are not `n` blobs. */
bool blobs_unpack(struct str packed, const msec_t *t, size_t n, msec_t min, msec_t max, struct blobs *out);

#endif
