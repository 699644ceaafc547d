/*
 * block.h — an immutable file of samples.
 *
 *     "TSDBLK02"
 *     chunks      the values of each series (chunk.h), in the order of tenants and labels
 *     times       each list of times once, however many series have it
 *     labels      zstd: tenants, their pairs, and each series as numbers of pairs behind what it shares with
 *                 the series before
 *     columns     of the lists of times: first, last, where, how many
 *     groups      of 32 series each: where their chunks begin, the hash of all of them, where their entries begin
 *     entries     of a series, varints: chunks, and for each its column * 2 + is of histograms, and its bytes
 *     footer
 *
 * Numbers are little-endian as this machine has them.  The footer's hash covers everything from the times on
 * and is checked when the block is opened; a group's hash is checked when the first of its chunks is read.
 * A block appears under its name only when it is whole (rename).
 *
 * A block that refers has no chunks: they stay in the blocks that it was made of, its parts, whose files then stand beside it
 * as part-NUMBER (block_refer.c).
 *
 *     "TSDBLK03", how many parts, the number of each
 *     ranges      of each group, for each part: where its chunks begin there, their hash, their bytes
 *     times, labels, columns, groups, entries, footer: as above, but a chunk of an entry has its part behind its bytes
 */
#ifndef TSDB_BLOCK_H
#define TSDB_BLOCK_H

#include "base/err.h"
#include "label/labels.h"
#include "tsdb/blobs.h"
#include "tsdb/samples.h"
#include "tsdb/tier.h"

struct block;
struct block_writer;

/* ---- writing: series in the order of tenants and labels ---- */

CHECKED enum rc block_writer_create(const char *path, struct block_writer **, struct err *);
CHECKED enum rc block_writer_add(struct block_writer *, struct str tenant, struct labels, uint32_t id, const struct samples *,
    const struct blobs *, struct err *);
/* Of a tier (tier.h): windows instead of samples; `l` is not empty.  Or nothing is known of the series, but where it would stand. */
CHECKED enum rc block_writer_add_windows(
    struct block_writer *, struct str tenant, struct labels, uint32_t id, const struct tier_list *l, struct err *);
CHECKED enum rc block_writer_add_nothing(
    struct block_writer *, struct str tenant, struct labels, uint32_t id, msec_t end, struct err *);
/* Makes the block appear, durably, or leaves nothing behind, and opens it; ends the writer in either case.  `since` is
 * kept in it. */
CHECKED enum rc block_writer_finish(struct block_writer **, uint64_t since, struct block **, struct err *);
/*
 * Instead of samples, chunks that stay in these blocks, which the block will refer to; said before any series.  The files of
 * these get a second name; of those that refer themselves, it is their parts that are referred to, which may be BLOCK_PARTS in all.
 */
enum { BLOCK_PARTS = 64 };
struct block_ref;
/* RC_ABSENT, here and below: they cannot be referred to (one has lost its name; chunks of a group are not in one piece). */
CHECKED enum rc block_writer_refer(struct block_writer *, struct block *const *, size_t n, struct err *);
/* All chunks that the blocks have of this series, block by block. */
CHECKED enum rc block_writer_add_refs(struct block_writer *, struct str tenant, struct labels, uint32_t id, const struct block_ref *, size_t n,
    struct err *);
uint64_t block_writer_samples(const struct block_writer *); /* so far */
void block_writer_abandon(struct block_writer **);

/* ---- reading ---- */

/* RC_INVALID: the file is damaged. */
CHECKED enum rc block_open(const char *path, struct block **, struct err *);
void block_close(struct block **);
const char *block_path(const struct block *);
msec_t block_min(const struct block *);
msec_t block_max(const struct block *);
uint64_t block_bytes(const struct block *);
uint64_t block_samples(const struct block *);
uint64_t block_since(const struct block *);
uint64_t block_hash(const struct block *); /* of all that is in it */
/* The ids of its series, in their order; block_visit or the writer has told them. */
size_t block_ids(const struct block *, uint32_t *ids); /* NULL: how many */
/* A tier of the block `of` holds the same series in the same order; instead of block_visit.  RC_INVALID: it does not.  While `of` is open. */
CHECKED enum rc block_share_ids(struct block *, const struct block *of, struct err *);
/* It will be open longer than the other one. */
void block_own_ids(struct block *);

uint64_t block_series(const struct block *);
uint64_t block_columns(const struct block *);
/* The files of its parts; most have none. */
size_t block_parts(const struct block *);
const char *block_part(const struct block *, size_t i);
uint64_t block_part_number(const struct block *, size_t i);
/* The file of a part, beside the block of this path; appended. */
void block_part_path(const char *block, uint64_t number, struct buf *out);
/* Are the files that have its name and its parts' still the ones that were opened? */
bool block_is_named(const struct block *);
/* To how many parts a block would refer that is merged of these. */
size_t block_sources(struct block *const *, size_t n);
/* Removes its own file, so that its parts stay for another one; the files of its parts; or all of its files. */
CHECKED enum rc block_remove_index(const struct block *, struct err *);
CHECKED enum rc block_remove_parts(const struct block *, struct err *);
CHECKED enum rc block_remove(const struct block *, struct err *);

/* Who learns what series a block holds: tenants, then their pairs, then their series, numbered by the store. */
struct block_visitor {
	void *(*tenant)(void *arg, struct str name);
	uint32_t (*pair)(void *arg, void *tenant, struct str text);
	uint32_t (*series)(void *arg, void *tenant, const uint32_t *pairs, size_t n, msec_t min, msec_t max, bool histograms);
	void *arg;
};
/* Must come once, before anything is read of a block that was opened. */
CHECKED enum rc block_visit(struct block *, const struct block_visitor *, struct err *);

/* No other block that this process opens has it; not 0. */
uint64_t block_serial(const struct block *);

struct block_chunk {
	struct str bytes; /* chunk.h, or blobs.h */
	uint32_t column, n, part;
	bool histograms;
};
struct block_chunks {
	struct block_chunk *p;
	size_t n, cap;
};
struct block_ref {
	uint32_t block; /* which of the blocks */
	struct block_chunk chunk;
};
/* Where in its file a chunk is. */
uint64_t block_offset(const struct block *, const struct block_chunk *);
/* The span of a column. */
void block_column_span(const struct block *, uint32_t column, msec_t *min, msec_t *max);
/* Where a reader stands: series that follow each other are found without looking from the front.  Zeroed: nowhere. */
struct block_walk {
	uint64_t serial; /* of its block */
	uint32_t next;   /* the place of the series that would be next */
	const unsigned char *at;
	uint64_t bytes[BLOCK_PARTS]; /* of chunks before it, in its group; of each part */
};
/* The series will be asked for soon: its first bytes come nearer, when the walk stands before it. */
void block_prefetch(const struct block *, const struct block_walk *, uint32_t id);
/* Adds the series' chunks that overlap the range, in their order.  False: damaged. */
bool block_chunks(struct block *, struct block_walk *, uint32_t id, msec_t min, msec_t max, struct block_chunks *);
/* The times of a column: as many as the chunk has that names it.  False: damaged. */
bool block_times(const struct block *, uint32_t column, msec_t *t);

bool block_holds(const struct block *, uint32_t id);
/* The spans of the series' chunks. */
void block_each_chunk(struct block *, uint32_t id, void (*fn)(void *arg, msec_t min, msec_t max, bool histograms), void *arg);
/* Adds the series' samples within the range.  False: its chunk is damaged. */
bool block_read(struct block *, uint32_t id, msec_t min, msec_t max, struct samples *);
bool block_read_histograms(struct block *, uint32_t id, msec_t min, msec_t max, struct blobs *);

#endif
