/*
 * memo.h — what senders call their series: from a keyed hash of a label set's bytes as they arrive to the
 * series' id, so that a label set that was seen before is neither parsed nor sorted nor compared.
 *
 * A hash of 128 bits under a secret of this process stands for the bytes: nobody can aim at a collision, and
 * by chance none will come.  The table keeps 96 of them.
 *
 * Under the store's lock.
 */
#ifndef TSDB_MEMO_H
#define TSDB_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memo;
struct memo_key {
	uint64_t a;
	uint32_t b;
};

struct memo *memo_create(void);
void memo_destroy(struct memo **);
void memo_prefetch(const struct memo *, struct memo_key);
bool memo_find(const struct memo *, struct memo_key, uint32_t *id);
/* `is_good` says whether an id may stay when the table is full. */
void memo_put(struct memo *, struct memo_key, uint32_t id, bool (*is_good)(void *arg, uint32_t id), void *arg);

#endif
