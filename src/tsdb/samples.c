/* samples.c — see samples.h. */
#include "tsdb/samples.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void
samples_fini(struct samples *s)
{
	mem_free(s->t);
	mem_free(s->v);
	*s = (struct samples){0};
}

void
samples_clear(struct samples *s)
{
	s->n = 0;
	s->unsorted = false;
}

void
samples_reserve(struct samples *s, size_t more)
{
	if (s->n + more <= s->cap)
		return;
	size_t cap = s->cap ? s->cap : 16;
	while (cap < s->n + more)
		cap *= 2;
	s->t = mem_resize(s->t, cap * sizeof *s->t);
	s->v = mem_resize(s->v, cap * sizeof *s->v);
	s->cap = cap;
}

void
samples_add(struct samples *s, msec_t t, double v)
{
	samples_reserve(s, 1);
	s->unsorted |= s->n > 0 && t <= s->t[s->n - 1];
	s->t[s->n] = t;
	s->v[s->n++] = v;
}

size_t
samples_find(const msec_t *ts, size_t n, msec_t t)
{
	size_t low = 0, high = n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (ts[mid] < t)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void
samples_add_range(struct samples *s, const msec_t *t, const double *v, size_t n, msec_t min, msec_t max)
{
	size_t from = samples_find(t, n, min), to = from;
	while (to < n && t[to] <= max)
		to++;
	if (to == from)
		return;
	samples_reserve(s, to - from);
	s->unsorted |= s->n > 0 && t[from] <= s->t[s->n - 1];
	memcpy(s->t + s->n, t + from, (to - from) * sizeof *t);
	memcpy(s->v + s->n, v + from, (to - from) * sizeof *v);
	s->n += to - from;
}

struct placed {
	msec_t t;
	double v;
	size_t order;
};

static int
by_time(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	return x->t != y->t ? (x->t > y->t) - (x->t < y->t) : (x->order > y->order) - (x->order < y->order);
}

void
samples_order(struct samples *s)
{
	if (!s->unsorted)
		return;
	struct placed *p = mem_alloc(s->n * sizeof *p);
	for (size_t i = 0; i < s->n; i++)
		p[i] = (struct placed){s->t[i], s->v[i], i};
	qsort(p, s->n, sizeof *p, by_time);
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++) {
		if (n > 0 && s->t[n - 1] == p[i].t)
			n--;
		s->t[n] = p[i].t;
		s->v[n++] = p[i].v;
	}
	s->n = n;
	s->unsorted = false;
	mem_free(p);
}

void
samples_drop(struct samples *s, size_t from, msec_t min, msec_t max)
{
	size_t n = from;
	for (size_t i = from; i < s->n; i++) {
		if (s->t[i] >= min && s->t[i] <= max)
			continue;
		s->t[n] = s->t[i];
		s->v[n++] = s->v[i];
	}
	s->n = n;
}

bool
same_bits(double a, double b)
{
	return memcmp(&a, &b, sizeof a) == 0;
}
