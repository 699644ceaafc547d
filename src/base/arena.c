/*
 * arena.c — see arena.h.
 *
 * IDEA   Blocks in a list, the first of 1 KiB, each twice as large as the one before up to 16 KiB: a small object that
 *        owns an arena stays small.  What is larger than 4 KiB gets a block of its own.  A reset keeps the newest
 *        block, so a loop's scratch costs no malloc once it is warm.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"

enum { FIRST = 1024, BLOCK = 16 * 1024, ALIGN = 16 };

struct block {
	struct block *next;
	size_t size;
	_Alignas(ALIGN) char bytes[];
};

struct arena {
	struct block *now; /* the block that is being filled; its `next` are the full ones and the large ones */
	size_t at;
	size_t used;
};

static struct block *
block_create(size_t size, struct block *next)
{
	struct block *b = mem_alloc(sizeof *b + size);
	b->next = next;
	b->size = size;
	return b;
}

struct arena *
arena_create(void)
{
	struct arena *a = mem_new(struct arena);
	a->now = block_create(FIRST, NULL);
	return a;
}

static void
free_blocks(struct block *b)
{
	while (b) {
		struct block *next = b->next;
		mem_free(b);
		b = next;
	}
}

void
arena_destroy(struct arena **pa)
{
	if (!*pa)
		return;
	free_blocks((*pa)->now);
	mem_free(*pa);
	*pa = NULL;
}

void
arena_reset(struct arena *a)
{
	free_blocks(a->now->next);
	a->now->next = NULL;
	a->at = 0;
	a->used = 0;
}

size_t
arena_used(const struct arena *a)
{
	return a->used;
}

/* The next block: twice the size, as often as it takes. */
static void
grow(struct arena *a, size_t n)
{
	size_t size = a->now->size;
	do
		size *= 2;
	while (size < n);
	a->now = block_create(size < BLOCK ? size : BLOCK, a->now);
	a->at = 0;
}

static void *
alloc_large(struct arena *a, size_t n)
{
	struct block *b = block_create(n, a->now->next);
	a->now->next = b;
	return b->bytes;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	a->used += n;
	void *p;
	if (n > BLOCK / 4) {
		p = alloc_large(a, n);
	} else {
		if (a->at + n > a->now->size)
			grow(a, n);
		p = a->now->bytes + a->at;
		a->at += n;
	}
	return memset(p, 0, n);
}

struct str
arena_str(struct arena *a, struct str s)
{
	return str_n(arena_cstr(a, s), s.n);
}

char *
arena_cstr(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);
	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}

struct str
arena_fmt(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	must(n >= 0);
	char *p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return str_n(p, (size_t)n);
}
