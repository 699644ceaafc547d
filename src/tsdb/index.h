/*
 * index.h — from labels to series, for one tenant.
 *
 * IDEA   A label with its value (a pair) is kept once and has a number; a series is the numbers of its
 *        pairs.  Each pair knows its series as a roaring bitmap of their ids, so matchers are evaluated
 *        over the values that a name has, not over series, and combined as sets.
 *
 * Under the store's lock; index_ranks has one of its own.
 */
#ifndef TSDB_INDEX_H
#define TSDB_INDEX_H

#include <roaring/roaring.h>

#include "label/matcher.h"

struct index;

/* The pairs of a series, by name. */
struct pair_ids {
	uint32_t *p;
	size_t n, cap;
};

struct index *index_create(void);
void index_destroy(struct index **);

/* The number of the pair with this canonical form, which begins to exist; it goes again with its last series, or with
 * index_drop_unused. */
uint32_t index_pair(struct index *, struct str text);
/* Of all labels of the set; false: one of them is not known, so no series has it. */
bool index_find_pairs(const struct index *, struct labels, struct pair_ids *out);
void index_make_pairs(struct index *, struct labels, struct pair_ids *out);
/* Appends the canonical form. */
void index_labels(const struct index *, const uint32_t *pairs, size_t n, struct buf *out);

void index_add(struct index *, const uint32_t *pairs, size_t n, uint32_t id);
void index_remove(struct index *, const uint32_t *pairs, size_t n, uint32_t id);
void index_drop_unused(struct index *, const uint32_t *pairs, size_t n);

/* Another number whenever a series came or went, and no other index ever has it. */
uint64_t index_generation(const struct index *);
/* Exactly the series that match; the caller frees the bitmap. */
roaring_bitmap_t *index_select(const struct index *, const struct matchers *); /* NULL: all */

/* Names, and the pairs of a name: fn returns false to stop. */
void index_each_name(const struct index *, bool (*fn)(void *arg, struct str name), void *arg);
void index_each_value(const struct index *, struct str name, bool (*fn)(void *arg, struct str value, uint32_t pair), void *arg);
/* The first series of a pair for which fn is true. */
bool index_any(const struct index *, uint32_t pair, bool (*fn)(void *arg, uint32_t id), void *arg);
size_t index_pair_series(const struct index *, uint32_t pair);
size_t index_pairs(const struct index *);

/*
 * The place of each pair in the order of names and values, so that label sets are compared by numbers; good while the
 * caller holds the store's lock.  NULL: there are so many new pairs that sorting them does not pay for `n` series.
 */
const uint32_t *index_ranks(struct index *, size_t n);

#endif
