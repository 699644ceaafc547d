/* timeline.c — see timeline.h. */
#include "tsdb/timeline.h"

#include <string.h>

#include "base/mem.h"

enum { FIRST_CAP = 8 };

static struct timeline *
create(msec_t first, uint32_t cap)
{
	struct timeline *l = mem_new(struct timeline);
	l->refs = 1;
	l->first = first;
	l->cap = cap;
	l->after = mem_alloc(cap * sizeof *l->after);
	return l;
}

struct timeline *
timeline_ref(struct timeline *l)
{
	l->refs++;
	return l;
}

void
timeline_unref(struct timeline *l)
{
	if (!l || --l->refs)
		return;
	mem_free(l->after);
	mem_free(l);
}

void
timeline_hold(struct timeline *l)
{
	if (l)
		__atomic_add_fetch(&l->refs, 1, __ATOMIC_RELAXED);
}

void
timeline_release(struct timeline *l)
{
	if (!l || __atomic_sub_fetch(&l->refs, 1, __ATOMIC_ACQ_REL))
		return;
	mem_free(l->after);
	mem_free(l);
}

void
timeline_copy(const struct timeline *l, uint32_t n, msec_t *t)
{
	for (uint32_t i = 0; i < n; i++)
		t[i] = timeline_at(l, i);
}

static void
push(struct timeline *l, msec_t t)
{
	if (l->n == l->cap) {
		l->cap *= 2;
		l->after = mem_resize(l->after, l->cap * sizeof *l->after);
	}
	l->after[l->n++] = (uint32_t)((uint64_t)t - (uint64_t)l->first);
}

void
timelines_forget(struct timelines *ls)
{
	timeline_unref(ls->begun);
	timeline_unref(ls->fork.from);
	timeline_unref(ls->fork.to);
	*ls = (struct timelines){0};
}

struct timeline *
timeline_begin(struct timelines *ls, msec_t t)
{
	if (!ls->begun || ls->begun->first != t) {
		timeline_unref(ls->begun);
		ls->begun = create(t, FIRST_CAP);
		push(ls->begun, t);
	}
	return timeline_ref(ls->begun);
}

/* The first `n` times, and t, on a line of their own. */
static void
fork_off(struct timelines *ls, struct timeline **line, uint32_t n, msec_t t)
{
	struct timeline *old = *line;
	if (ls->fork.from != old || ls->fork.n != n || timeline_at(ls->fork.to, n) != t) {
		struct timeline *l = create(old->first, n + FIRST_CAP);
		memcpy(l->after, old->after, n * sizeof *l->after);
		l->n = n;
		push(l, t);
		timeline_unref(ls->fork.from);
		timeline_unref(ls->fork.to);
		ls->fork.from = timeline_ref(old);
		ls->fork.to = l;
		ls->fork.n = n;
	}
	*line = timeline_ref(ls->fork.to);
	timeline_unref(old);
}

bool
timeline_can(const struct timeline *l, uint32_t n, msec_t t)
{
	return t > timeline_at(l, n - 1) && (uint64_t)t - (uint64_t)l->first <= UINT32_MAX;
}

void
timeline_step(struct timelines *ls, struct timeline **line, uint32_t n, msec_t t)
{
	struct timeline *l = *line;
	if (n == l->n)
		push(l, t);
	else if (timeline_at(l, n) != t)
		fork_off(ls, line, n, t);
}
