/* pending.c — see pending.h. */
#include "tsdb/pending.h"

#include <stdlib.h>
#include <string.h>

struct pending {
	struct tsdb_sample *samples; /* those within the range, by series and time */
	size_t n;
	VEC(const struct tsdb_histogram *) histograms;
	msec_t *t;
	double *v;
	size_t room;
};

static int
by_series(const void *a, const void *b)
{
	const struct tsdb_sample *x = a, *y = b;
	return x->ref.id != y->ref.id ? (x->ref.id > y->ref.id) - (x->ref.id < y->ref.id) : (x->t > y->t) - (x->t < y->t);
}

static bool
is_within(msec_t t, msec_t min, msec_t max)
{
	return t >= min && t <= max;
}

struct pending *
pending_create(const struct tsdb_pending *from, msec_t min, msec_t max)
{
	if (!from || from->n_samples + from->n_histograms == 0)
		return NULL;
	struct pending *p = mem_new(struct pending);
	p->samples = mem_alloc((from->n_samples + 1) * sizeof *p->samples);
	for (size_t i = 0; i < from->n_samples; i++)
		if (is_within(from->samples[i].t, min, max))
			p->samples[p->n++] = from->samples[i];
	if (p->n)
		qsort(p->samples, p->n, sizeof *p->samples, by_series);
	for (size_t i = 0; i < from->n_histograms; i++)
		if (is_within(from->histograms[i].t, min, max))
			*vec_add(&p->histograms) = &from->histograms[i];
	return p;
}

void
pending_destroy(struct pending **pp)
{
	struct pending *p = *pp;
	if (!p)
		return;
	mem_free(p->samples);
	vec_fini(&p->histograms);
	mem_free(p->t);
	mem_free(p->v);
	mem_free(p);
	*pp = NULL;
}

/* The first that belongs to the series or to one behind it. */
static size_t
first_of(const struct pending *p, const struct series *s)
{
	size_t low = 0, high = p->n;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (p->samples[mid].ref.id < s->id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool
pending_has(const struct pending *p, const struct series *s)
{
	size_t i = first_of(p, s);
	bool any = i < p->n && p->samples[i].ref.id == s->id;
	for (size_t k = 0; !any && k < p->histograms.n; k++)
		any = p->histograms.p[k]->ref.id == s->id;
	return any;
}

void
pending_add_samples(struct pending *p, const struct series *s, struct tsdb_view *view)
{
	size_t from = first_of(p, s), to = from;
	while (to < p->n && p->samples[to].ref.id == s->id)
		to++;
	if (from == to)
		return;
	if (view->n + to - from > p->room) {
		p->room = view->n + to - from;
		p->t = mem_resize(p->t, p->room * sizeof *p->t);
		p->v = mem_resize(p->v, p->room * sizeof *p->v);
	}
	size_t n = view->n;
	if (n) {
		memcpy(p->t, view->t, n * sizeof *p->t);
		memcpy(p->v, view->v, n * sizeof *p->v);
	}
	for (size_t i = from; i < to; i++) {
		if (n && p->samples[i].t <= p->t[n - 1])
			continue;
		p->t[n] = p->samples[i].t;
		p->v[n++] = p->samples[i].v;
	}
	view->t = p->t;
	view->v = p->v;
	view->n = n;
	view->line = 0;
	view->finite = false;
}

void
pending_add_histograms(struct pending *p, const struct series *s, struct blobs *out)
{
	for (size_t i = 0; i < p->histograms.n; i++)
		if (p->histograms.p[i]->ref.id == s->id)
			blobs_add(out, p->histograms.p[i]->t, p->histograms.p[i]->bytes);
	blobs_order(out);
}
