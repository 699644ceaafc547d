/* mem.c — see mem.h. */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"

void *
mem_alloc(size_t n)
{
	void *p = malloc(n ? n : 1);
	if (!p)
		panic("out of memory");
	return p;
}

void *
mem_zalloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);
	if (!p)
		panic("out of memory");
	return p;
}

void *
mem_resize(void *p, size_t n)
{
	p = realloc(p, n ? n : 1);
	if (!p)
		panic("out of memory");
	return p;
}

char *
mem_dup(const void *p, size_t n)
{
	char *d = mem_alloc(n + 1);
	if (n)
		memcpy(d, p, n);
	d[n] = '\0';
	return d;
}

void
mem_free(void *p)
{
	free(p);
}

void *
vec_grow(void *p, size_t *cap, size_t each)
{
	*cap = *cap ? *cap * 2 : 8;
	return mem_resize(p, *cap * each);
}
