/*
 * native_extended.c — rate, increase and delta of native histograms whose range is anchored or smoothed.
 *
 * IDEA   As with numbers (window.c): there is a histogram at each end of the range, the last sample up to it or, smoothed,
 *        one on the line between its neighbours; what lies between tells of resets only.
 */
#include "promql/native_eval.h"

#include <stdlib.h>

struct ends {
	size_t first, last; /* samples that the ends are made of */
	const struct native *left, *right;
};

const struct native *
native_between(const struct window *w, const struct native *from, msec_t t1, const struct native *to, msec_t t2, msec_t t, bool counter)
{
	if (t == t1 || t == t2)
		return t == t1 ? from : to;
	double share = (double)(t - t1) / (double)(t2 - t1);
	struct native *h = native_copy(to, w->scratch);
	bool reset = counter && native_was_reset(to, from, w->scratch);
	if (!reset && !native_sub_noted(w, h, from))
		return NULL;
	native_scale(h, share);
	if (!reset && !native_add_noted(w, h, from))
		return NULL;
	return h;
}

static const struct native *
between(const struct window *w, size_t i, msec_t t, bool counter)
{
	return native_between(w, w->h[i], w->ht[i], w->h[i + 1], w->ht[i + 1], t, counter);
}

static void
find_ends(const struct window *w, struct ends *x)
{
	*x = (struct ends){0};
	while (x->first + 2 < w->nh && w->ht[x->first + 1] <= w->start)
		x->first++;
	while (x->last + 1 < w->nh && !(w->smoothed && w->ht[x->last] >= w->end))
		x->last++;
}

static bool
same_kind(const struct window *w, const struct ends *x, bool counter)
{
	for (size_t i = x->first; i <= x->last; i++) {
		if (native_is_custom(w->h[i]) != native_is_custom(w->h[x->first]))
			return native_note_schemas(w);
		if (counter && w->h[i]->hint == HISTOGRAM_GAUGE)
			native_note_not_counter(w);
	}
	return true;
}

static bool
make_ends(const struct window *w, struct ends *x, bool counter)
{
	bool left_of = w->smoothed && w->ht[x->first] < w->start;
	bool right_of = w->smoothed && x->last > 0 && w->ht[x->last] > w->end;
	x->left = left_of ? between(w, x->first, w->start, counter) : w->h[x->first];
	x->right = right_of ? between(w, x->last - 1, w->end, counter) : w->h[x->last];
	return x->left && x->right;
}

/* What is lost at resets between the ends.  One that an end lies across is in that end already. */
static bool
add_lost(const struct window *w, const struct ends *x, struct native *h)
{
	const struct native *before = x->left;
	size_t i = x->first + 1;
	if (w->smoothed && w->ht[x->first] < w->start && native_was_reset(w->h[x->first + 1], w->h[x->first], w->scratch))
		before = w->h[i++];
	if (i > x->last)
		return true;
	for (; i < x->last; before = w->h[i++])
		if (native_was_reset(w->h[i], before, w->scratch) && !native_add_noted(w, h, before))
			return false;
	return !native_was_reset(x->right, before, w->scratch) || native_add_noted(w, h, before);
}

bool
native_extended(const struct window *w, bool counter, bool per_second, struct sample *out)
{
	struct ends x;
	find_ends(w, &x);
	if (w->ht[x.last] <= w->start || (w->smoothed && w->ht[x.first] > w->end))
		return false;
	if (!same_kind(w, &x, counter) || !make_ends(w, &x, counter))
		return false;
	if (!counter && (x.left->hint != HISTOGRAM_GAUGE || x.right->hint != HISTOGRAM_GAUGE))
		native_note_not_gauge(w);
	struct native *h = native_copy(x.right, w->scratch);
	if (!native_sub_noted(w, h, x.left) || (counter && !add_lost(w, &x, h)))
		return false;
	if (per_second)
		native_divide(h, (double)(w->end - w->start) / 1000);
	h->hint = HISTOGRAM_GAUGE;
	native_compact(h);
	out->h = h;
	return true;
}
