/* block_format.h — what block.c and block_write.c agree on; see block.h. */
#ifndef TSDB_BLOCK_FORMAT_H
#define TSDB_BLOCK_FORMAT_H

#include <stdint.h>

#define BLOCK_MAGIC "TSDBLK02"
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

struct block_footer {
	uint64_t times_at, labels_at, columns_at, groups_at, entries_at;
	uint64_t columns, series, samples;
	uint64_t since; /* the first segment of the log that is in it */
	int64_t min, max;
	uint64_t labels_bytes; /* unpacked */
	uint64_t hash;         /* of everything from times_at up to here */
	char magic[BLOCK_MAGIC_BYTES];
};

/* Finds what all readers of the block have mapped again: the ids of a writer's series. */
struct block;
void block_take_ids(struct block *, const uint32_t *ids, size_t n);

#endif
