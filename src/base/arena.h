/*
 * arena.h — memory with one end: many small pieces that go together.
 *
 * Lifetimes: `turn` (a loop's scratch, reset after every event) and `request` (handed along with
 * it).  One thread at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena;

struct arena *arena_create(void);
void arena_destroy(struct arena **); /* accepts a NULL, and nulls */
void arena_reset(struct arena *);    /* forgets everything, keeps one block */
size_t arena_used(const struct arena *);

void *arena_alloc(struct arena *, size_t n) __attribute__((malloc, returns_nonnull)); /* zeroed, aligned to 16 */
struct str arena_str(struct arena *, struct str); /* a copy, with a NUL behind it */
char *arena_cstr(struct arena *, struct str);
struct str arena_fmt(struct arena *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (n)))

#endif
