/*
 * native_window.c — functions over a range in which there are native histograms, and perhaps numbers.
 *
 * IDEA   A function is asked here as soon as its window has one histogram; windows of numbers alone never come by.
 *        What is for numbers only leaves the histograms out, and says so where there were numbers, too.
 *
 * An outcome lives in the window's scratch arena or is a sample of the window: whoever keeps it copies it.
 */
#include "promql/native_eval.h"
#include "promql/starts.h"

#include <math.h>

/* ---- what is said ---- */

static struct str
metric_of(const struct window *w)
{
	return labels_get(w->labels, STR(LABEL_METRIC));
}

/* With the name of the metric behind it. */
static void
note_metric(const struct window *w, bool warning, const char *text)
{
	eval_note(w->ev, warning, w->call->args[0], "%s \"%.*s\"", text, STR_ARG(metric_of(w)));
}

bool
native_note_mixed(const struct window *w)
{
	note_metric(w, true, "encountered a mix of histograms and floats for metric name");
	return false;
}

bool
native_note_schemas(const struct window *w)
{
	note_metric(w, true, "vector contains a mix of histograms with exponential and custom buckets schemas for metric name");
	return false;
}

void
native_note_not_counter(const struct window *w)
{
	note_metric(w, true, "this native histogram metric is not a counter:");
}

void
native_note_not_gauge(const struct window *w)
{
	note_metric(w, true, "this native histogram metric is not a gauge:");
}

void
native_note_mix(const struct eval *ev, const struct node *where, const struct native_mix *mix, const char *operation)
{
	if (mix->collision)
		eval_note(ev, true, where, "conflicting counter resets during histogram %s", operation);
	if (mix->reconciled)
		eval_note(ev, false, where, "mismatched custom buckets were reconciled during %s", operation);
}

/* Resets are looked at by whoever adds here: only differing bounds are worth a word. */
static void
note_bounds(const struct window *w, const struct native_mix *mix, const char *operation)
{
	struct native_mix bounds = {.reconciled = mix->reconciled};
	native_note_mix(w->ev, w->call->args[0], &bounds, operation);
}

bool
native_add_noted(const struct window *w, struct native *h, const struct native *o)
{
	struct native_mix mix = {0};
	if (!native_add(h, o, w->scratch, &mix))
		return native_note_schemas(w);
	note_bounds(w, &mix, "addition");
	return true;
}

bool
native_sub_noted(const struct window *w, struct native *h, const struct native *o)
{
	struct native_mix mix = {0};
	if (!native_sub(h, o, w->scratch, &mix))
		return native_note_schemas(w);
	note_bounds(w, &mix, "subtraction");
	return true;
}

static double
seconds(msec_t from, msec_t to)
{
	return (double)(to - from) / 1000;
}

/* ---- rate and its kin ---- */

static bool
is_gauge(const struct native *h)
{
	return h->hint == HISTOGRAM_GAUGE;
}

/* The lowest resolution of all, which must be of one kind. */
static bool
common_schema(const struct window *w, const struct native *first, bool counter, int *schema)
{
	const struct native *last = w->h[w->nh - 1];
	bool custom = native_is_custom(first);
	if (native_is_custom(last) != custom)
		return native_note_schemas(w);
	*schema = last->schema < first->schema ? last->schema : first->schema;
	for (size_t i = 1; counter && i + 1 < w->nh; i++) {
		if (is_gauge(w->h[i]))
			native_note_not_counter(w);
		if (native_is_custom(w->h[i]) != custom)
			return native_note_schemas(w);
		*schema = w->h[i]->schema < *schema ? w->h[i]->schema : *schema;
	}
	return true;
}

/* Of the i-th from the one before. */
static bool
was_reset(const struct window *w, size_t i, const struct native *before)
{
	return starts_reset_at(w->ht, w->hstarts, i) || native_was_reset(w->h[i], before, w->scratch);
}

/* What was lost at resets.  The first sample counts as empty where the second one is a reset. */
static bool
add_resets(const struct window *w, struct native *h, const struct native *first)
{
	const struct native *before = first;
	for (size_t i = 1; i < w->nh; before = w->h[i++])
		if (was_reset(w, i, before) && !native_add_noted(w, h, before))
			return false;
	return true;
}

static struct native *
gain(const struct window *w, bool counter)
{
	const struct native *first = w->h[0], *last = w->h[w->nh - 1];
	struct native empty;
	int schema;
	if (counter && (is_gauge(first) || is_gauge(last)))
		native_note_not_counter(w);
	if (counter && was_reset(w, 1, first)) {
		empty = (struct native){.schema = w->h[1]->schema, .custom = w->h[1]->custom, .n_custom = w->h[1]->n_custom};
		first = &empty;
	}
	if (!common_schema(w, first, counter, &schema))
		return NULL;
	struct native *h = native_copy(last, w->scratch);
	native_reduce(h, schema, w->scratch);
	if (!native_sub_noted(w, h, first) || (counter && !add_resets(w, h, first)))
		return NULL;
	if (!counter && (!is_gauge(w->h[0]) || !is_gauge(last)))
		native_note_not_gauge(w);
	h->hint = HISTOGRAM_GAUGE;
	native_compact(h);
	return h;
}

/* With what was counted up to the first sample, where it began within the range. */
static struct native *
gain_of(const struct window *w, bool counter, bool begins)
{
	if (w->nh == 1)
		return native_copy(w->h[0], w->scratch);
	struct native *h = gain(w, counter);
	return h && begins && !native_add_noted(w, h, w->h[0]) ? NULL : h;
}

static bool
extrapolated(const struct window *w, bool counter, bool per_second, struct sample *out)
{
	if (w->n)
		return native_note_mixed(w);
	if (w->anchored || w->smoothed)
		return native_extended(w, counter, per_second, out);
	bool begins = counter && starts_within(w, w->ht[0], w->hstarts);
	struct native *h = w->nh > 1 || begins ? gain_of(w, counter, begins) : NULL;
	if (!h)
		return false;
	if (counter)
		starts_note_overlap(w, w->ht, w->hstarts, w->nh);
	double factor = window_stretch(w, &(struct gained){.first = w->ht[0],
	    .last = w->ht[w->nh - 1],
	    .n = w->nh,
	    .at_first = w->h[0]->count,
	    .gain = h->count,
	    .counter = counter,
	    .start = begins ? w->hstarts[0] : w->ht[0]});
	native_scale(h, per_second ? factor / seconds(w->start, w->end) : factor);
	out->h = h;
	return true;
}

bool
native_rate(const struct window *w, struct sample *out)
{
	return extrapolated(w, true, true, out);
}

bool
native_increase(const struct window *w, struct sample *out)
{
	return extrapolated(w, true, false, out);
}

bool
native_delta(const struct window *w, struct sample *out)
{
	return extrapolated(w, false, false, out);
}

/* ---- the last two ---- */

/* Samples of both kinds, from the newest on. */
struct newest {
	const struct window *w;
	size_t n, nh;
};

static bool
newest_next(struct newest *x, struct sample *out, struct stamp *at)
{
	const struct window *w = x->w;
	if (x->n + x->nh == 0)
		return false;
	bool number = x->nh == 0 || (x->n > 0 && w->t[x->n - 1] > w->ht[x->nh - 1]);
	if (number) {
		x->n--;
		*at = (struct stamp){w->t[x->n], w->starts ? w->starts[x->n] : 0};
		*out = (struct sample){NULL, w->v[x->n]};
	} else {
		x->nh--;
		*at = (struct stamp){w->ht[x->nh], w->hstarts ? w->hstarts[x->nh] : 0};
		*out = (struct sample){w->h[x->nh], 0};
	}
	return true;
}

/* began: the last one did so behind the other. */
static bool
difference(const struct window *w, bool rate, bool began, const struct native *last, const struct native *before, struct sample *out)
{
	struct native *h = native_copy(last, w->scratch);
	if (rate && (is_gauge(last) || is_gauge(before)))
		native_note_not_counter(w);
	if (!rate && (!is_gauge(last) || !is_gauge(before)))
		native_note_not_gauge(w);
	bool reset = rate && (began || native_was_reset(last, before, w->scratch));
	if (!reset && !native_sub_noted(w, h, before))
		return false;
	h->hint = HISTOGRAM_GAUGE;
	native_compact(h);
	out->h = h;
	return true;
}

static bool
last_two(const struct window *w, bool rate, struct sample *out)
{
	struct newest x = {w, w->n, w->nh};
	struct sample last, before;
	struct stamp at, at0;
	if (!newest_next(&x, &last, &at) || !newest_next(&x, &before, &at0) || at.t == at0.t)
		return false;
	if (!last.h != !before.h)
		return native_note_mixed(w);
	bool began = starts_reset(at0, at);
	if (!last.h) {
		double v = rate && (began || last.v < before.v) ? last.v : last.v - before.v;
		*out = (struct sample){NULL, rate ? v / seconds(at0.t, at.t) : v};
		return true;
	}
	if (!difference(w, rate, began, last.h, before.h, out))
		return false;
	if (rate)
		native_divide((struct native *)out->h, seconds(at0.t, at.t)); /* difference() made it */
	return true;
}

bool
native_irate(const struct window *w, struct sample *out)
{
	return last_two(w, true, out);
}

bool
native_idelta(const struct window *w, struct sample *out)
{
	return last_two(w, false, out);
}

/* ---- resets and changes ---- */

static bool
counts_as_reset(const struct sample *before, const struct sample *now, struct arena *scratch)
{
	if (!now->h && !before->h)
		return now->v < before->v;
	return !now->h != !before->h || native_was_reset(now->h, before->h, scratch);
}

static bool
counts_as_change(const struct sample *before, const struct sample *now, struct arena *scratch)
{
	(void)scratch;
	if (!now->h && !before->h)
		return now->v != before->v && !(isnan(now->v) && isnan(before->v));
	return !now->h != !before->h || !native_eq(now->h, before->h);
}

/* starts: a later start counts as well.  Anchored, the last sample up to the start of the range is the first one, and there must be one behind the start. */
static bool
count_pairs(const struct window *w, bool (*so)(const struct sample *, const struct sample *, struct arena *), bool starts, struct sample *out)
{
	struct newest x = {w, w->n, w->nh};
	struct sample now, before;
	struct stamp at, at_before;
	if (!newest_next(&x, &now, &at) || (w->anchored && at.t <= w->start))
		return false;
	out->v = 0;
	while ((!w->anchored || at.t > w->start) && newest_next(&x, &before, &at_before)) {
		bool began = starts && !w->anchored && !now.h == !before.h && starts_reset(at_before, at);
		out->v += began || so(&before, &now, w->scratch);
		now = before;
		at = at_before;
	}
	return true;
}

bool
native_resets(const struct window *w, struct sample *out)
{
	return count_pairs(w, counts_as_reset, true, out);
}

bool
native_changes(const struct window *w, struct sample *out)
{
	return count_pairs(w, counts_as_change, false, out);
}

/* ---- sums ---- */

static bool
fold(const struct window *w, bool mean, struct sample *out)
{
	struct native_fold f = {.mean = mean};
	if (w->n)
		return native_note_mixed(w);
	for (size_t i = 0; i < w->nh && !f.mix.incompatible; i++)
		native_fold_add(&f, w->h[i], w->scratch);
	if (f.mix.incompatible)
		return native_note_schemas(w);
	out->h = native_fold_done(&f);
	native_note_mix(w->ev, w->call->args[0], &f.mix, "aggregation");
	return true;
}

bool
native_sum_over_time(const struct window *w, struct sample *out)
{
	return fold(w, false, out);
}

bool
native_avg_over_time(const struct window *w, struct sample *out)
{
	return fold(w, true, out);
}

bool
native_count_over_time(const struct window *w, struct sample *out)
{
	out->v = (double)(w->n + w->nh);
	return true;
}

bool
native_present_over_time(const struct window *w, struct sample *out)
{
	(void)w;
	out->v = 1;
	return true;
}

/* ---- places ---- */

bool
native_first_over_time(const struct window *w, struct sample *out)
{
	bool number = w->n > 0 && w->t[0] < w->ht[0];
	*out = number ? (struct sample){NULL, w->v[0]} : (struct sample){w->h[0], 0};
	return true;
}

bool
native_last_over_time(const struct window *w, struct sample *out)
{
	struct newest x = {w, w->n, w->nh};
	struct stamp at;
	return newest_next(&x, out, &at);
}

bool
native_ts_of_first(const struct window *w, struct sample *out)
{
	out->v = seconds(0, w->n && w->t[0] < w->ht[0] ? w->t[0] : w->ht[0]);
	return true;
}

bool
native_ts_of_last(const struct window *w, struct sample *out)
{
	struct newest x = {w, w->n, w->nh};
	struct sample s;
	struct stamp at = {0};
	bool there = newest_next(&x, &s, &at);
	out->v = seconds(0, at.t);
	return there;
}

/* ---- for numbers only ---- */

bool
native_left_out(const struct window *w, struct sample *out)
{
	if (!w->n)
		return false;
	note_metric(w, false, "ignored histograms in a range containing both floats and histograms for metric name");
	return w->call->fn->over(w, &out->v);
}
