/* written.c — see written.h. */
#include "tsdb/written.h"

static void
halve(struct written *w)
{
	for (size_t i = 0; i < w->n / 2; i++) {
		w->p[i].t = w->p[2 * i].t;
		w->p[i].number = w->p[2 * i + 1].number;
	}
	w->n /= 2;
}

void
written_note(struct written *w, msec_t oldest)
{
	while (w->n && w->p[w->n - 1].t >= oldest)
		w->n--;
	if (w->n == WRITTEN_MOST)
		halve(w);
	w->p[w->n].number = ++w->last;
	w->p[w->n++].t = oldest;
}

msec_t
written_since(const struct written *w, uint64_t number)
{
	size_t low = 0, high = w->n;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (w->p[middle].number <= number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < w->n ? w->p[low].t : INT64_MAX;
}
