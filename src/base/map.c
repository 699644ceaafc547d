/*
 * map.c — see map.h.
 *
 * IDEA   Open addressing with linear probing, at most 7/10 full; an entry that is taken out is closed up
 *        by moving its followers back, so there are no tombstones.
 */
#include "base/map.h"

#include "base/mem.h"
#include "base/must.h"

struct map {
	struct map_entry *slots; /* power of two; value NULL = free */
	size_t size, count;
};

struct map *
map_create(void)
{
	struct map *m = mem_new(struct map);
	m->size = 16;
	m->slots = mem_zalloc(m->size * sizeof *m->slots);
	return m;
}

void
map_destroy(struct map **pm)
{
	if (!*pm)
		return;
	map_each(*pm, e)
		mem_free((char *)e->key.p);
	mem_free((*pm)->slots);
	mem_free(*pm);
	*pm = NULL;
}

size_t
map_count(const struct map *m)
{
	return m->count;
}

/* The slot of `key`, or the free one where it belongs. */
static struct map_entry *
slot(const struct map *m, struct str key, uint64_t hash)
{
	for (size_t i = hash & (m->size - 1);; i = (i + 1) & (m->size - 1)) {
		struct map_entry *e = &m->slots[i];
		if (!e->value || (e->hash == hash && str_eq(e->key, key)))
			return e;
	}
}

void *
map_get(const struct map *m, struct str key)
{
	return slot(m, key, str_hash(key))->value;
}

struct str
map_key(const struct map *m, struct str key)
{
	return slot(m, key, str_hash(key))->key;
}

static void
grow(struct map *m)
{
	struct map old = *m;
	m->size *= 2;
	m->slots = mem_zalloc(m->size * sizeof *m->slots);
	map_each(&old, e)
		*slot(m, e->key, e->hash) = *e;
	mem_free(old.slots);
}

void *
map_put(struct map *m, struct str key, void *value)
{
	must(value);
	if ((m->count + 1) * 10 > m->size * 7)
		grow(m);
	uint64_t hash = str_hash(key);
	struct map_entry *e = slot(m, key, hash);
	void *before = e->value;
	if (!before) {
		e->key = str_n(mem_dup(key.p, key.n), key.n);
		e->hash = hash;
		m->count++;
	}
	e->value = value;
	return before;
}

/* Moves followers of the freed slot back where their probe would now find them. */
static void
close_up(struct map *m, size_t hole)
{
	size_t mask = m->size - 1;
	for (size_t i = (hole + 1) & mask; m->slots[i].value; i = (i + 1) & mask) {
		size_t home = m->slots[i].hash & mask;
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			m->slots[hole] = m->slots[i];
			m->slots[i] = (struct map_entry){0};
			hole = i;
		}
	}
}

void *
map_take(struct map *m, struct str key)
{
	struct map_entry *e = slot(m, key, str_hash(key));
	void *value = e->value;
	if (!value)
		return NULL;
	mem_free((char *)e->key.p);
	*e = (struct map_entry){0};
	m->count--;
	close_up(m, (size_t)(e - m->slots));
	return value;
}

struct map_entry *
map_next(const struct map *m, struct map_entry *after)
{
	struct map_entry *end = m->slots + m->size;
	for (struct map_entry *e = after ? after + 1 : m->slots; e < end; e++)
		if (e->value)
			return e;
	return NULL;
}
