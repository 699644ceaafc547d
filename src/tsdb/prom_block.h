/*
 * prom_block.h — a block of a Prometheus, read for import: its folder with index, chunks/ and tombstones.
 *
 * Series come in the order of the index, each with all its samples but those that tombstones delete.  Chunks of a kind that is
 * not known here are counted.  Checksums of the index, of each series and of each chunk are checked.
 */
#ifndef TSDB_PROM_BLOCK_H
#define TSDB_PROM_BLOCK_H

#include "base/err.h"
#include "label/labels.h"
#include "tsdb/blobs.h"
#include "tsdb/samples.h"

struct prom_block;

CHECKED enum rc prom_block_open(const char *dir, struct prom_block **, struct err *);
void prom_block_close(struct prom_block **);

struct prom_series {
	struct labels labels; /* until the next call, as are: */
	const struct samples *samples;
	const struct blobs *histograms; /* canonical bytes (wire/histogram.h) */
	size_t unknown; /* chunks that were passed over */
};
/* RC_ABSENT: that was the last; RC_INVALID: the block is damaged. */
CHECKED enum rc prom_block_next(struct prom_block *, struct prom_series *, struct err *);

/* From meta.json: the span, and whether `dir` is a block at all (RC_ABSENT). */
CHECKED enum rc prom_block_span(const char *dir, msec_t *min, msec_t *max, struct err *);

#endif
