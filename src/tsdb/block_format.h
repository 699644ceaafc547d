/* block_format.h — what block.c, block_write.c and block_refer.c agree on; see block.h. */
#ifndef TSDB_BLOCK_FORMAT_H
#define TSDB_BLOCK_FORMAT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "label/labels.h"

#define BLOCK_MAGIC "TSDBLK02"
#define BLOCK_MAGIC_REFERS "TSDBLK03"
enum { BLOCK_MAGIC_BYTES = 8, BLOCK_GROUP = 32, BLOCK_CHUNK_SAMPLES = 512, BLOCK_LABELS_MAX = 1 << 30 };

struct block_column {
	int64_t min, max;
	uint64_t at;
	uint32_t bytes, n;
};

struct block_group {
	uint64_t at, hash;
	uint32_t bytes, entry_at; /* from the beginning of the entries */
};

/* Of a block that refers: the chunks of a group that are in one of its parts. */
struct block_range {
	uint64_t at, hash, bytes;
};

struct block_footer {
	uint64_t times_at, labels_at, columns_at, groups_at, entries_at;
	uint64_t columns, series, samples;
	uint64_t since; /* the first segment of the log that is in it */
	int64_t min, max;
	uint64_t labels_bytes; /* unpacked */
	uint64_t hash;         /* of everything from times_at up to here, or of all behind the magic when it refers */
	char magic[BLOCK_MAGIC_BYTES];
};

/* Finds what all readers of the block have mapped again: the ids of a writer's series. */
struct block;
void block_take_ids(struct block *, const uint32_t *ids, size_t n);

/* ---- writing ---- */

struct block_place {
	uint32_t at, bytes;
};

/* The series of one tenant so far. */
struct block_tenant_part {
	struct str name;
	struct buf names;
	struct buf pairs; /* canonical, in the order of their numbers */
	size_t n_pairs, n_series;
	struct buf series;
	uint32_t *slots; /* of numbers + 1 */
	size_t n_slots;
	VEC(struct block_place) places; /* of pairs, in `pairs` */
	VEC(uint32_t) last, now;
};

struct block_times_key {
	uint64_t low, high;
};

/* A file that the chunks stay in. */
struct block_source {
	uint64_t number;
	char *link;      /* its second name, where this writer has given it one */
	const char *from, *to; /* its chunks of the group at hand; NULL: none yet */
	uint64_t at;     /* of the first of them, in the file */
};

/* A block that is merged: it is one source, or its parts are. */
struct block_merged {
	struct block *block;
	size_t first;      /* of its sources */
	uint32_t *columns; /* by its own number of a column: the writer's, plus one; 0: not met yet */
};

struct block_writer {
	char *path, *temporary;
	int fd;
	uint64_t at; /* bytes before `pending` */
	struct buf pending, times, labels, entries;
	struct block_tenant_part part;
	size_t tenants;
	VEC(struct block_column) columns;
	VEC(struct block_times_key) column_keys;
	uint32_t *column_slots; /* by their keys: numbers + 1 */
	uint64_t seed;
	size_t n_column_slots;
	VEC(struct block_group) groups;
	VEC(uint32_t) ids;
	uint64_t samples;
	size_t group_at; /* in `pending` */
	int64_t min, max;
	struct block_merged *merged; /* of one that refers; else NULL */
	struct block_source *sources;
	size_t n_merged, n_sources;
	VEC(struct block_range) ranges;
};

/* block_write.c, for block_refer.c */
uint32_t block_writer_column(struct block_writer *, const int64_t *t, size_t n); /* the number of these times */
/* A series begins, with so many chunks. */
enum rc block_writer_series(struct block_writer *, struct str tenant, struct labels, uint32_t id, size_t chunks, struct err *);
void block_writer_note(struct block_writer *, int64_t min, int64_t max, size_t samples);
/* block_refer.c, for block_write.c */
void block_sources_end_group(struct block_writer *);
void block_sources_head(struct block_writer *); /* parts and ranges, into `pending` */
void block_sources_fini(struct block_writer *, bool finished);

#endif
