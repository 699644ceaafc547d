/*
 * mem.h — small structural allocations, which do not fail: they panic.
 * Whatever an outsider can size is charged to a budget first (budget.h).
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t n) __attribute__((malloc, returns_nonnull));
void *mem_zalloc(size_t n) __attribute__((malloc, returns_nonnull));
void *mem_resize(void *p, size_t n) __attribute__((returns_nonnull));
char *mem_dup(const void *p, size_t n) __attribute__((returns_nonnull)); /* adds a NUL */
void mem_free(void *p);

#define mem_new(type) ((type *)mem_zalloc(sizeof(type)))

/*
 * A growable array of anything:  VEC(struct step) steps = {0};
 *     *vec_add(&steps) = (struct step){…};   steps.p[i], steps.n
 */
#define VEC(type)                                                                                            \
	struct {                                                                                             \
		type *p;                                                                                     \
		size_t n, cap;                                                                               \
	}
/* Makes room for one more, zeroed, and gives its address (until the next vec_add). */
#define vec_add(v)                                                                                           \
	((v)->n == (v)->cap ? (void)((v)->p = vec_grow((v)->p, &(v)->cap, sizeof *(v)->p)) : (void)0,        \
	    memset(&(v)->p[(v)->n], 0, sizeof *(v)->p), &(v)->p[(v)->n++])
#define vec_fini(v) (mem_free((v)->p), (v)->p = NULL, (v)->n = (v)->cap = 0)
/* Takes element i out; the order of the others stays. */
#define vec_remove(v, i)                                                                                     \
	(memmove(&(v)->p[i], &(v)->p[(i) + 1], ((v)->n - (i)-1) * sizeof *(v)->p), (v)->n--)

void *vec_grow(void *p, size_t *cap, size_t each);

#endif
