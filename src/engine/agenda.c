/*
 * agenda.c — see agenda.h.
 *
 * IDEA   A binary heap of (due, id) whose entries are not searched when an id moves: `due` says what counts for an id,
 *        and an entry that does not agree with it is stale and dropped when it comes up.
 * [A1]   At most half of the heap is stale, but for a few: else it is made anew.
 */
#include "engine/agenda.h"

#include <string.h>

#include "base/map.h"
#include "base/mem.h"

enum { FEW = 64 };

struct entry {
	msec_t due;
	char *id;
};

struct due_at {
	msec_t due;
};

struct agenda {
	VEC(struct entry) heap;
	struct map *due; /* id -> struct due_at */
};

/* ---- the heap ---- */

static bool
before(const struct entry *x, const struct entry *y)
{
	return x->due != y->due ? x->due < y->due : strcmp(x->id, y->id) < 0;
}

static void
sift_up(struct agenda *a, size_t i)
{
	struct entry x = a->heap.p[i];
	for (; i > 0 && before(&x, &a->heap.p[(i - 1) / 2]); i = (i - 1) / 2)
		a->heap.p[i] = a->heap.p[(i - 1) / 2];
	a->heap.p[i] = x;
}

static void
sift_down(struct agenda *a, size_t i)
{
	struct entry x = a->heap.p[i];
	for (;;) {
		size_t c = 2 * i + 1;
		if (c + 1 < a->heap.n && before(&a->heap.p[c + 1], &a->heap.p[c]))
			c++;
		if (c >= a->heap.n || !before(&a->heap.p[c], &x))
			break;
		a->heap.p[i] = a->heap.p[c];
		i = c;
	}
	a->heap.p[i] = x;
}

static struct entry
take_first(struct agenda *a)
{
	struct entry first = a->heap.p[0], last = a->heap.p[--a->heap.n];
	if (a->heap.n) {
		a->heap.p[0] = last;
		sift_down(a, 0);
	}
	return first;
}

/* ---- what counts ---- */

static bool
counts(const struct agenda *a, const struct entry *x)
{
	const struct due_at *d = map_get(a->due, str_c(x->id));
	return d && d->due == x->due;
}

static void
drop_stale(struct agenda *a)
{
	while (a->heap.n && !counts(a, &a->heap.p[0]))
		mem_free(take_first(a).id);
}

/* [A1] */
static void
rebuild(struct agenda *a)
{
	size_t n = 0;
	for (size_t i = 0; i < a->heap.n; i++) {
		if (counts(a, &a->heap.p[i]))
			a->heap.p[n++] = a->heap.p[i];
		else
			mem_free(a->heap.p[i].id);
	}
	a->heap.n = n;
	for (size_t i = n / 2; i-- > 0;)
		sift_down(a, i);
}

struct agenda *
agenda_create(void)
{
	struct agenda *a = mem_new(struct agenda);
	a->due = map_create();
	return a;
}

void
agenda_destroy(struct agenda **pa)
{
	struct agenda *a = *pa;
	if (!a)
		return;
	for (size_t i = 0; i < a->heap.n; i++)
		mem_free(a->heap.p[i].id);
	vec_fini(&a->heap);
	map_each(a->due, d)
		mem_free(d->value);
	map_destroy(&a->due);
	mem_free(a);
	*pa = NULL;
}

void
agenda_set(struct agenda *a, struct str id, msec_t due)
{
	struct due_at *d = map_get(a->due, id);
	if (d && d->due == due)
		return;
	if (!d) {
		d = mem_new(struct due_at);
		map_put(a->due, id, d);
	}
	d->due = due;
	*vec_add(&a->heap) = (struct entry){due, mem_dup(id.p, id.n)};
	sift_up(a, a->heap.n - 1);
	if (a->heap.n > 2 * map_count(a->due) + FEW)
		rebuild(a);
}

void
agenda_cancel(struct agenda *a, struct str id)
{
	mem_free(map_take(a->due, id));
}

bool
agenda_pop(struct agenda *a, msec_t now, struct arena *arena, struct str *id)
{
	drop_stale(a);
	if (!a->heap.n || a->heap.p[0].due > now)
		return false;
	struct entry x = take_first(a);
	*id = arena_str(arena, str_c(x.id));
	agenda_cancel(a, *id);
	mem_free(x.id);
	return true;
}

msec_t
agenda_next(struct agenda *a)
{
	drop_stale(a);
	return a->heap.n ? a->heap.p[0].due : MSEC_NEVER;
}

bool
agenda_has(const struct agenda *a, struct str id)
{
	return map_get(a->due, id) != NULL;
}

void
agenda_each(const struct agenda *a, void (*fn)(void *arg, struct str id, msec_t due), void *arg)
{
	map_each(a->due, e)
		fn(arg, e->key, ((const struct due_at *)e->value)->due);
}
