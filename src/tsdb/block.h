/*
 * block.h — an immutable file of samples: chunks, then what series they belong to, then an index, then a
 * footer.
 *
 *     "TSDBLK01" | chunks … | texts: tenant, labels … | entries, sorted by key | footer
 *
 * The footer's hash covers texts, entries and footer, and is checked when the block is opened; each chunk
 * has a hash in its entry, checked when it is read.  A block appears under its name only when it is whole
 * (rename).
 */
#ifndef TSDB_BLOCK_H
#define TSDB_BLOCK_H

#include "base/err.h"
#include "label/labels.h"
#include "tsdb/samples.h"

struct block;
struct block_writer;

/* The key of a series in every block. */
uint64_t block_key(struct str tenant, struct labels);

CHECKED enum rc block_writer_create(const char *path, struct block_writer **, struct err *);
CHECKED enum rc block_writer_add(struct block_writer *, struct str tenant, struct labels, const struct samples *,
    struct err *);
/* Makes the block appear, durably, or leaves nothing behind; ends the writer in either case. */
CHECKED enum rc block_writer_finish(struct block_writer **, struct err *);
void block_writer_abandon(struct block_writer **);

/* RC_INVALID: the file is damaged. */
CHECKED enum rc block_open(const char *path, struct block **, struct err *);
void block_close(struct block **);
const char *block_path(const struct block *);
msec_t block_max(const struct block *);
uint64_t block_bytes(const struct block *);

/* The i-th series; false behind the last. */
bool block_series(const struct block *, size_t i, struct str *tenant, struct labels *, msec_t *min, msec_t *max);
/* Adds the series' samples within the range.  False: its chunk is damaged. */
bool block_read(const struct block *, uint64_t key, struct str tenant, struct labels, msec_t min, msec_t max,
    struct samples *);

#endif
