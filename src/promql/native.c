/* native.c — see native.h: from storing to computing and back, and which buckets there are. */
#include "promql/native.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- from storing and back ---- */

enum { FARTHEST = 1 << 24 }; /* no number there is is as far out: such buckets are passed over */

static void
side_from(const struct histogram_side *from, struct arena *a, struct native_side *out)
{
	int64_t at = 0;
	*out = (struct native_side){.at = arena_array(a, int32_t, from->n + 1), .count = arena_array(a, double, from->n + 1)};
	for (size_t i = 0; i < from->n_spans; i++) {
		at += from->spans[i].offset;
		for (uint32_t k = 0; k < from->spans[i].length && out->n < from->n && llabs(at) < FARTHEST; k++, out->n++) {
			out->at[out->n] = (int32_t)at++;
			out->count[out->n] = from->counts[out->n];
		}
	}
}

void
native_from(const struct histogram *from, struct arena *a, struct native *out)
{
	*out = (struct native){.schema = from->schema,
	    .hint = from->hint,
	    .count = from->count,
	    .sum = from->sum,
	    .zero = from->zero_count,
	    .threshold = from->zero_threshold,
	    .custom = from->custom,
	    .n_custom = from->n_custom};
	side_from(&from->positive, a, &out->pos);
	side_from(&from->negative, a, &out->neg);
}

struct native *
native_read(struct str bytes, struct arena *a)
{
	struct histogram h;
	struct native *out = arena_new(a, struct native);
	if (!histogram_unpack(bytes, a, &h))
		return NULL;
	native_from(&h, a, out);
	return out;
}

static void
side_to(const struct native_side *from, struct arena *a, struct histogram_side *out)
{
	int32_t next = 0;
	*out = (struct histogram_side){
	    .spans = arena_array(a, struct histogram_span, from->n + 1), .counts = arena_array(a, double, from->n + 1), .n = from->n};
	for (size_t i = 0; i < from->n; i++) {
		if (i == 0 || from->at[i] != next)
			out->spans[out->n_spans++] = (struct histogram_span){.offset = from->at[i] - next};
		out->spans[out->n_spans - 1].length++;
		out->counts[i] = from->count[i];
		next = from->at[i] + 1;
	}
}

void
native_to(const struct native *h, struct arena *a, struct histogram *out)
{
	*out = (struct histogram){.schema = h->schema,
	    .hint = h->hint,
	    .count = h->count,
	    .sum = h->sum,
	    .zero_count = h->zero,
	    .zero_threshold = h->threshold,
	    .custom = (double *)h->custom,
	    .n_custom = h->n_custom};
	side_to(&h->pos, a, &out->positive);
	side_to(&h->neg, a, &out->negative);
}

static void *
copy_of(const void *p, size_t n, struct arena *a)
{
	void *out = arena_alloc(a, n + 1);
	if (n)
		memcpy(out, p, n);
	return out;
}

static struct native_side
side_copy(const struct native_side *s, struct arena *a)
{
	struct native_side out = {.n = s->n};
	out.at = copy_of(s->at, s->n * sizeof *s->at, a);
	out.count = copy_of(s->count, s->n * sizeof *s->count, a);
	if (s->rest)
		out.rest = copy_of(s->rest, s->n * sizeof *s->rest, a);
	return out;
}

struct native *
native_copy(const struct native *h, struct arena *a)
{
	struct native *out = arena_new(a, struct native);
	*out = *h;
	out->pos = side_copy(&h->pos, a);
	out->neg = side_copy(&h->neg, a);
	out->custom = copy_of(h->custom, h->n_custom * sizeof *h->custom, a);
	return out;
}

/* 168 bytes, 8 for each span, bucket and bound, and the time; 16 bytes are a sample. */
size_t
native_size(const struct histogram *h)
{
	size_t parts = h->positive.n_spans + h->negative.n_spans + h->positive.n + h->negative.n + h->n_custom;
	return (168 + parts * 8 + 8) / 16;
}

/* 16 bytes are a sample. */
size_t
native_weight(const struct native *h)
{
	return (sizeof *h + (h->pos.n + h->neg.n) * 12 + h->n_custom * 8) / 16;
}

/* ---- equality ---- */

static bool
same_bits(double a, double b)
{
	return memcmp(&a, &b, sizeof a) == 0;
}

static bool
same_counts(const struct native_side *a, const struct native_side *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->at[i] != b->at[i] || !same_bits(a->count[i], b->count[i]))
			return false;
	return true;
}

static bool
same_custom(const struct native *a, const struct native *b)
{
	for (size_t i = 0; i < a->n_custom && i < b->n_custom; i++)
		if (a->custom[i] != b->custom[i])
			return false;
	return a->n_custom == b->n_custom;
}

bool
native_eq(const struct native *a, const struct native *b)
{
	return a->schema == b->schema && same_bits(a->count, b->count) && same_bits(a->sum, b->sum) &&
	       a->threshold == b->threshold && same_bits(a->zero, b->zero) && a->pos.n == b->pos.n && a->neg.n == b->neg.n &&
	       same_custom(a, b) && same_counts(&a->pos, &b->pos) && same_counts(&a->neg, &b->neg);
}

/* ---- buckets ---- */

/* 2^(i / 2^schema).  The last bucket that is not that of infinity ends at the greatest number there is. */
static double
exponential_bound(int32_t at, int schema)
{
	if (schema < 0) {
		double e = ldexp(at, -schema);
		return e == 1024 ? DBL_MAX : exp2(e);
	}
	int32_t whole = at >> schema, part = at - whole * (1 << schema);
	if (whole == 1024 && part == 0)
		return DBL_MAX;
	return ldexp(exp2((double)part / (1 << schema)), whole);
}

/* The upper bound of a bucket, without its sign. */
static double
bound_of(const struct native *h, int32_t at)
{
	if (!native_is_custom(h))
		return exponential_bound(at, h->schema);
	if (at < 0)
		return -INFINITY;
	return (size_t)at < h->n_custom ? h->custom[at] : INFINITY;
}

static struct native_bucket
bucket_at(const struct native *h, bool positive, size_t i)
{
	const struct native_side *s = positive ? &h->pos : &h->neg;
	double far = bound_of(h, s->at[i]), near = bound_of(h, s->at[i] - 1);
	struct native_bucket b = {.count = s->count[i], .lower = positive ? near : -far, .upper = positive ? far : -near};
	b.lower_in = native_is_custom(h) ? s->at[i] == 0 : b.lower < 0;
	b.upper_in = native_is_custom(h) || b.upper > 0;
	return b;
}

size_t
native_buckets(const struct native *h, struct arena *a, struct native_bucket **out)
{
	struct native_bucket *p = arena_array(a, struct native_bucket, h->pos.n + h->neg.n + 1);
	size_t n = 0;
	for (size_t i = h->neg.n; i-- > 0; n++) {
		p[n] = bucket_at(h, false, i);
		if (p[n].upper < 0 && p[n].upper > -h->threshold)
			p[n].upper = -h->threshold;
	}
	if (h->zero > 0)
		p[n++] = (struct native_bucket){-h->threshold, h->threshold, h->zero, true, true};
	for (size_t i = 0; i < h->pos.n; i++, n++) {
		p[n] = bucket_at(h, true, i);
		if (p[n].lower > 0 && p[n].lower < h->threshold)
			p[n].lower = h->threshold;
	}
	*out = p;
	return n;
}

/* ---- scaling ---- */

static void
side_each(struct native_side *s, double factor, bool divide)
{
	for (size_t i = 0; i < s->n; i++) {
		s->count[i] = divide ? s->count[i] / factor : s->count[i] * factor;
		if (s->rest)
			s->rest[i] = divide ? s->rest[i] / factor : s->rest[i] * factor;
	}
}

static void
each_number(struct native *h, double factor, bool divide)
{
	double *numbers[] = {&h->count, &h->sum, &h->zero, &h->count_rest, &h->sum_rest, &h->zero_rest};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		*numbers[i] = divide ? *numbers[i] / factor : *numbers[i] * factor;
	side_each(&h->pos, factor, divide);
	side_each(&h->neg, factor, divide);
	if (factor < 0)
		h->hint = HISTOGRAM_GAUGE;
}

void
native_scale(struct native *h, double factor)
{
	each_number(h, factor, false);
}

/* By 0 no bucket is left. */
void
native_divide(struct native *h, double by)
{
	if (by == 0)
		h->pos.n = h->neg.n = 0;
	each_number(h, by, true);
}

static bool
side_overflowed(const struct native_side *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (isinf(s->count[i]))
			return true;
	return false;
}

bool
native_overflowed(const struct native *h)
{
	return isinf(h->count) || isinf(h->sum) || isinf(h->zero) || side_overflowed(&h->pos) || side_overflowed(&h->neg);
}

static void
side_compact(struct native_side *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++) {
		if (s->count[i] == 0 && (!s->rest || s->rest[i] == 0))
			continue;
		s->at[n] = s->at[i];
		s->count[n] = s->count[i];
		if (s->rest)
			s->rest[n] = s->rest[i];
		n++;
	}
	s->n = n;
}

void
native_compact(struct native *h)
{
	side_compact(&h->pos);
	side_compact(&h->neg);
}

/* ---- lower resolution ---- */

static int32_t
coarser(int32_t at, int by)
{
	return ((at - 1) >> by) + 1;
}

static void
kahan(double x, double *sum, double *rest)
{
	double t = *sum + x;
	if (isinf(t))
		*rest = 0;
	else
		*rest += fabs(*sum) >= fabs(x) ? (*sum - t) + x : (x - t) + *sum;
	*sum = t;
}

static void
side_reduce(struct native_side *s, int by, struct arena *a)
{
	struct native_side out = side_copy(s, a);
	out.n = 0;
	for (size_t i = 0; i < s->n; i++) {
		int32_t at = coarser(s->at[i], by);
		if (out.n == 0 || out.at[out.n - 1] != at) {
			out.at[out.n] = at;
			out.count[out.n] = s->count[i];
			if (s->rest)
				out.rest[out.n] = s->rest[i];
			out.n++;
		} else if (s->rest) {
			kahan(s->count[i], &out.count[out.n - 1], &out.rest[out.n - 1]);
			kahan(s->rest[i], &out.count[out.n - 1], &out.rest[out.n - 1]);
		} else {
			out.count[out.n - 1] += s->count[i];
		}
	}
	*s = out;
}

void
native_reduce(struct native *h, int schema, struct arena *a)
{
	if (native_is_custom(h) || schema >= h->schema)
		return;
	side_reduce(&h->pos, h->schema - schema, a);
	side_reduce(&h->neg, h->schema - schema, a);
	h->schema = schema;
}

/* ---- the bucket at zero ---- */

struct zero {
	double count, rest, threshold;
};

/* Those nearer to zero than the threshold go into its bucket; false: it came to lie within a populated one, and grew. */
static bool
swallow(const struct native *h, bool positive, struct zero *z)
{
	const struct native_side *s = positive ? &h->pos : &h->neg;
	for (size_t i = 0; i < s->n; i++) {
		double near = bound_of(h, s->at[i] - 1), far = bound_of(h, s->at[i]);
		if (near >= z->threshold)
			break;
		kahan(s->count[i], &z->count, &z->rest);
		if (s->rest)
			kahan(s->rest[i], &z->count, &z->rest);
		if (far > z->threshold) {
			if (s->count[i] == 0)
				break;
			z->threshold = far;
			return false;
		}
	}
	return true;
}

/* What the bucket at zero would be if it reached (at least) so far. */
static struct zero
zero_for(const struct native *h, double threshold)
{
	struct zero z = {h->zero, h->zero_rest, threshold};
	if (threshold == h->threshold)
		return z;
	do {
		z.count = h->zero;
		z.rest = h->zero_rest;
		(void)swallow(h, true, &z); /* what grew was counted whole */
	} while (!swallow(h, false, &z));
	return z;
}

static void
empty_below(const struct native *h, struct native_side *s)
{
	for (size_t i = 0; i < s->n && bound_of(h, s->at[i] - 1) < h->threshold; i++) {
		s->count[i] = 0;
		if (s->rest)
			s->rest[i] = 0;
	}
}

/* Until both reach as far; what the other's bucket at zero is then. */
static struct zero
reconcile_zero(struct native *h, const struct native *o)
{
	struct zero other = {o->zero, o->zero_rest, o->threshold};
	while (other.threshold != h->threshold) {
		if (h->threshold > other.threshold)
			other = zero_for(o, h->threshold);
		if (other.threshold > h->threshold) {
			struct zero mine = zero_for(h, other.threshold);
			h->zero = mine.count;
			h->zero_rest = mine.rest;
			h->threshold = mine.threshold;
			empty_below(h, &h->pos);
			empty_below(h, &h->neg);
			native_compact(h);
		}
	}
	return other;
}

/* ---- custom bounds ---- */

static const double *
shared_bounds(const struct native *a, const struct native *b, struct arena *arena, size_t *n)
{
	double *out = arena_array(arena, double, a->n_custom + 1);
	*n = 0;
	for (size_t i = 0, k = 0; i < a->n_custom && k < b->n_custom;) {
		if (a->custom[i] == b->custom[k]) {
			out[(*n)++] = a->custom[i++];
			k++;
		} else if (a->custom[i] < b->custom[k]) {
			i++;
		} else {
			k++;
		}
	}
	return out;
}

/* Into the buckets of fewer bounds. */
static void
rebound(struct native *h, const double *bounds, size_t n, struct arena *a)
{
	struct native_side out = side_copy(&h->pos, a);
	size_t to = 0;
	out.n = 0;
	for (size_t i = 0; i < h->pos.n; i++) {
		double upper = bound_of(h, h->pos.at[i]);
		while (to < n && bounds[to] < upper)
			to++;
		if (out.n == 0 || out.at[out.n - 1] != (int32_t)to) {
			out.at[out.n] = (int32_t)to;
			out.count[out.n] = 0;
			if (out.rest)
				out.rest[out.n] = 0;
			out.n++;
		}
		if (out.rest) {
			kahan(h->pos.count[i], &out.count[out.n - 1], &out.rest[out.n - 1]);
			kahan(h->pos.rest[i], &out.count[out.n - 1], &out.rest[out.n - 1]);
		} else {
			out.count[out.n - 1] += h->pos.count[i];
		}
	}
	h->pos = out;
	h->custom = bounds;
	h->n_custom = n;
}

/* ---- adding ---- */

struct adding {
	const struct native *h; /* the layout of the outcome */
	double sign;
	bool rest;
	struct arena *arena;
};

static void
put_bucket(struct native_side *out, int32_t at, double count, double rest)
{
	out->at[out->n] = at;
	out->count[out->n] = count;
	if (out->rest)
		out->rest[out->n] = rest;
	out->n++;
}

static void
side_add(const struct adding *x, struct native_side *h, const struct native_side *o)
{
	size_t i = 0, k = 0, most = h->n + o->n + 1;
	struct native_side out = {.at = arena_array(x->arena, int32_t, most), .count = arena_array(x->arena, double, most)};
	if (x->rest)
		out.rest = arena_array(x->arena, double, most);
	while (k < o->n && !native_is_custom(x->h) && bound_of(x->h, o->at[k]) <= x->h->threshold)
		k++;
	while (i < h->n || k < o->n) {
		if (k == o->n || (i < h->n && h->at[i] <= o->at[k])) {
			bool both = k < o->n && h->at[i] == o->at[k];
			put_bucket(&out, h->at[i], h->count[i], h->rest ? h->rest[i] : 0);
			i++;
			if (!both)
				continue;
		} else {
			put_bucket(&out, o->at[k], 0, 0);
		}
		double *sum = &out.count[out.n - 1];
		if (!x->rest) {
			*sum += x->sign * o->count[k];
		} else {
			kahan(o->count[k], sum, &out.rest[out.n - 1]);
			if (o->rest)
				kahan(o->rest[k], sum, &out.rest[out.n - 1]);
		}
		k++;
	}
	*h = out;
}

/* What the hint of the outcome is; a reset against none is a collision. */
static bool
mix_hints(struct native *h, const struct native *o)
{
	if (h->hint == o->hint || h->hint == HISTOGRAM_GAUGE)
		return false;
	bool collision = o->hint != HISTOGRAM_GAUGE && h->hint != HISTOGRAM_UNKNOWN && o->hint != HISTOGRAM_UNKNOWN;
	h->hint = o->hint == HISTOGRAM_GAUGE ? HISTOGRAM_GAUGE : HISTOGRAM_UNKNOWN;
	return collision;
}

static void
add_numbers(struct native *h, const struct native *o, const struct zero *zero, const struct adding *x)
{
	if (!x->rest) {
		h->zero += x->sign * zero->count;
		h->count += x->sign * o->count;
		h->sum += x->sign * o->sum;
		return;
	}
	kahan(zero->count, &h->zero, &h->zero_rest);
	kahan(zero->rest, &h->zero, &h->zero_rest);
	kahan(o->count, &h->count, &h->count_rest);
	kahan(o->sum, &h->sum, &h->sum_rest);
}

/* The other one as this one's layout has it; this one may get a coarser layout. */
static struct native
fit(struct native *h, const struct native *o, struct arena *a, struct native_mix *mix)
{
	struct native other = *o;
	if (!native_is_custom(h)) {
		native_reduce(h, o->schema, a);
		native_reduce(&other, h->schema, a);
	} else if (!same_custom(h, o)) {
		size_t n;
		const double *bounds = shared_bounds(h, o, a, &n);
		mix->reconciled = true;
		rebound(h, bounds, n, a);
		rebound(&other, bounds, n, a);
	}
	return other;
}

static bool
add(struct native *h, const struct native *o, double sign, bool rest, struct arena *a, struct native_mix *mix)
{
	struct adding x = {h, sign, rest, a};
	struct native_mix nobody = {0};
	mix = mix ? mix : &nobody;
	if (native_is_custom(h) != native_is_custom(o)) {
		mix->incompatible = true;
		return false;
	}
	mix->collision |= mix_hints(h, o);
	struct zero zero = reconcile_zero(h, o);
	struct native other = fit(h, o, a, mix);
	bool rebounded = native_is_custom(h) && other.custom != o->custom;
	add_numbers(h, o, &zero, &x);
	side_add(&x, &h->pos, &other.pos);
	side_add(&x, &h->neg, &other.neg);
	if (rebounded)
		native_compact(h);
	return true;
}

bool
native_add(struct native *h, const struct native *o, struct arena *a, struct native_mix *mix)
{
	return add(h, o, 1, false, a, mix);
}

bool
native_sub(struct native *h, const struct native *o, struct arena *a, struct native_mix *mix)
{
	return add(h, o, -1, false, a, mix);
}

bool
native_sum(struct native *h, const struct native *o, struct arena *a, struct native_mix *mix)
{
	return add(h, o, 1, true, a, mix);
}

static void
side_settle(struct native_side *s)
{
	for (size_t i = 0; s->rest && i < s->n; i++)
		s->count[i] += s->rest[i];
	s->rest = NULL;
}

void
native_settle(struct native *h)
{
	h->count += h->count_rest;
	h->sum += h->sum_rest;
	h->zero += h->zero_rest;
	h->count_rest = h->sum_rest = h->zero_rest = 0;
	side_settle(&h->pos);
	side_settle(&h->neg);
}

/* ---- resets ---- */

/* A bucket that was populated holds less now, or is gone; those within the bucket at zero were looked at. */
static bool
side_lost(const struct native *now, const struct native_side *s, const struct native_side *before)
{
	size_t k = 0;
	for (size_t i = 0; i < before->n; i++) {
		if (before->count[i] == 0 || (!native_is_custom(now) && bound_of(now, before->at[i]) <= now->threshold))
			continue;
		while (k < s->n && s->at[k] < before->at[i])
			k++;
		if (k == s->n || s->at[k] != before->at[i] || s->count[k] < before->count[i])
			return true;
	}
	return false;
}

static bool
custom_lost(const struct native *now, const struct native *before, struct arena *scratch)
{
	size_t n;
	const double *bounds = shared_bounds(now, before, scratch, &n);
	struct native a = *now, b = *before;
	rebound(&a, bounds, n, scratch);
	rebound(&b, bounds, n, scratch);
	return side_lost(&a, &a.pos, &b.pos);
}

bool
native_was_reset(const struct native *now, const struct native *before, struct arena *scratch)
{
	if (now->hint == HISTOGRAM_RESET || now->hint == HISTOGRAM_NO_RESET)
		return now->hint == HISTOGRAM_RESET;
	if (now->count < before->count || native_is_custom(now) != native_is_custom(before))
		return true;
	if (native_is_custom(now))
		return same_custom(now, before) ? side_lost(now, &now->pos, &before->pos) : custom_lost(now, before, scratch);
	if (now->schema > before->schema || now->threshold < before->threshold)
		return true;
	struct zero zero = zero_for(before, now->threshold);
	if (zero.threshold != now->threshold || now->zero < zero.count)
		return true;
	struct native coarse = *before;
	native_reduce(&coarse, now->schema, scratch);
	return side_lost(now, &now->pos, &coarse.pos) || side_lost(now, &now->neg, &coarse.neg);
}
