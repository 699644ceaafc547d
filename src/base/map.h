/*
 * map.h — from text to a pointer.  Keys are copied into the map; values stay the caller's.
 *
 *     map_each(m, e) { e->key, e->value }      in no particular order; no changes meanwhile
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/str.h"

struct map;
struct map_entry {
	struct str key;
	void *value;
	uint64_t hash;
};

struct map *map_create(void);
void map_destroy(struct map **);
size_t map_count(const struct map *);
void *map_get(const struct map *, struct str key); /* NULL: not there */
/* Puts (value must not be NULL) and returns what stood there before, or NULL. */
void *map_put(struct map *, struct str key, void *value);
void *map_take(struct map *, struct str key); /* removes and returns, or NULL */
/* The map's own copy of a key that is there, until it is taken; empty: it is not. */
struct str map_key(const struct map *, struct str key);
struct map_entry *map_next(const struct map *, struct map_entry *after);

#define map_each(m, e) for (struct map_entry *e = map_next((m), NULL); e; e = map_next((m), e))

#endif
