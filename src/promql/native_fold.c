/*
 * native_fold.c — sums and means of native histograms, over time and over series.
 *
 * IDEA   A mean is a sum that is divided in the end, as long as no number of the sum overflows; then it is a running
 *        mean from there on.
 */
#include "promql/native_eval.h"

#include <stdlib.h>

#include "base/map.h"

/* Sums as far as that goes; false: the outcome would overflow, and is as before. */
static bool
add_to_sum(struct native_fold *f, const struct native *h, struct arena *a)
{
	if (!f->mean) {
		(void)native_sum(f->sum, h, a, &f->mix); /* mix says it */
		return true;
	}
	struct native *tried = native_copy(f->sum, a);
	if (!native_sum(tried, h, a, &f->mix))
		return true;
	if (native_overflowed(tried))
		return false;
	f->sum = tried;
	return true;
}

void
native_fold_add(struct native_fold *f, const struct native *h, struct arena *a)
{
	f->reset |= h->hint == HISTOGRAM_RESET;
	f->no_reset |= h->hint == HISTOGRAM_NO_RESET;
	f->n++;
	if (!f->sum) {
		f->sum = native_copy(h, a);
		return;
	}
	if (!f->running && add_to_sum(f, h, a))
		return;
	if (!f->running)
		native_divide(f->sum, f->n - 1);
	f->running = true;
	struct native *part = native_copy(h, a);
	native_divide(part, f->n);
	native_scale(f->sum, (f->n - 1) / f->n);
	(void)native_sum(f->sum, part, a, &f->mix); /* mix says it */
}

struct native *
native_fold_done(struct native_fold *f)
{
	f->mix.collision = f->reset && f->no_reset;
	if (f->mean && !f->running)
		native_divide(f->sum, f->n);
	native_settle(f->sum);
	native_compact(f->sum);
	return f->sum;
}
