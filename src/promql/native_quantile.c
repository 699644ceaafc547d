/*
 * native_quantile.c — what a histogram says of its observations: quantiles, fractions, variance; and cutting it off.
 *
 * IDEA   Within an exponential bucket observations are taken to be even on the logarithmic scale, within a custom one and
 *        the one at zero on the linear scale.  The bucket at zero begins (or ends) at 0 where nothing is below (or above).
 * TRAP   A sum that is NaN tells of observations of NaN: they are counted and in no bucket.
 */
#include "promql/native.h"

#include <math.h>

static double
halfway(double lower, double upper, double share)
{
	return lower + (upper - lower) * share;
}

double
native_fraction_below(const struct native_bucket *b, double v, bool linear)
{
	if (linear)
		return (v - b->lower) / (b->upper - b->lower);
	double lower = log2(fabs(b->lower)), upper = log2(fabs(b->upper)), at = log2(fabs(v));
	return v > 0 ? (at - lower) / (upper - lower) : 1 - (at - upper) / (lower - upper);
}

/* The bucket at zero holds what is on that side where there are buckets. */
static void
one_sided(const struct native *h, struct native_bucket *b)
{
	if (h->neg.n == 0 && h->pos.n > 0)
		b->lower = 0;
	else if (h->pos.n == 0 && h->neg.n > 0)
		b->upper = 0;
}

/* ---- quantiles ---- */

static double
within(const struct native *h, const struct native_bucket *b, double share)
{
	if (native_is_custom(h) || (b->lower <= 0 && b->upper >= 0))
		return halfway(b->lower, b->upper, share);
	double lower = log2(fabs(b->lower)), upper = log2(fabs(b->upper));
	return b->lower > 0 ? exp2(halfway(lower, upper, share)) : -exp2(halfway(upper, lower, 1 - share));
}

/* The bucket that holds the rank, counted from below or from above; `count`: what is up to its end. */
static struct native_bucket
find_rank(const struct native_bucket *b, size_t n, bool from_below, double rank, double *count, size_t *left)
{
	struct native_bucket found = {0};
	*count = 0;
	for (*left = n; *left > 0;) {
		found = b[from_below ? n - *left : *left - 1];
		--*left;
		if (found.count == 0)
			continue;
		*count += found.count;
		if (*count >= rank)
			break;
	}
	return found;
}

/* The ends of custom buckets that reach to infinity; false: *out says it all. */
static bool
custom_ends(struct native_bucket *b, double *out)
{
	if (isinf(b->lower) && b->lower < 0) {
		*out = b->upper;
		b->lower = 0;
		return b->upper > 0;
	}
	*out = b->lower;
	return !(isinf(b->upper) && b->upper > 0);
}

double
native_quantile(const struct native *h, double phi, struct arena *a, enum native_nan *note)
{
	struct native_bucket *buckets;
	double count, out;
	size_t left;
	*note = NATIVE_NO_NAN;
	if (phi < 0 || phi > 1)
		return phi < 0 ? -INFINITY : INFINITY;
	if (h->count == 0 || isnan(phi))
		return NAN;
	bool nans = isnan(h->sum), from_below = nans || phi < 0.5;
	double rank = (from_below ? phi : 1 - phi) * h->count;
	size_t n = native_buckets(h, a, &buckets);
	struct native_bucket b = find_rank(buckets, n, from_below, rank, &count, &left);
	if (native_is_custom(h)) {
		if (!custom_ends(&b, &out))
			return out;
	} else if (b.lower < 0 && b.upper > 0) {
		one_sided(h, &b);
	}
	count = fmin(count, h->count);
	if (count < rank) {
		*note = nans ? NATIVE_NAN_RESULT : NATIVE_NO_NAN;
		return nans ? NAN : b.upper;
	}
	double inside = from_below ? rank - (count - b.count) : count - rank;
	for (; nans && left > 0; left--)
		count += buckets[n - left].count;
	if (nans && count < h->count)
		*note = NATIVE_NAN_SKEW;
	return within(h, &b, inside / b.count);
}

/* ---- fractions ---- */

struct bound_rank {
	double at, rank;
	bool known;
};

/* What is below the bound is known once its bucket was met. */
static void
meet(struct bound_rank *r, const struct native_bucket *b, double below, bool linear)
{
	if (r->known || !(b->lower >= r->at || b->upper > r->at))
		return;
	r->known = true;
	if (b->lower >= r->at)
		r->rank = below;
	else if (isinf(b->lower))
		r->rank = b->count;
	else
		r->rank = below + b->count * native_fraction_below(b, r->at, linear);
}

double
native_fraction(const struct native *h, double lower, double upper, struct arena *a, enum native_nan *note)
{
	struct native_bucket *buckets;
	struct bound_rank low = {.at = lower}, high = {.at = upper};
	double below = 0;
	*note = NATIVE_NO_NAN;
	if (h->count == 0 || isnan(lower) || isnan(upper))
		return NAN;
	if (lower >= upper)
		return 0;
	size_t n = native_buckets(h, a, &buckets);
	for (size_t i = 0; i < n; i++) {
		struct native_bucket b = buckets[i];
		bool zero = b.lower <= 0 && b.upper >= 0;
		if (zero)
			one_sided(h, &b);
		meet(&low, &b, below, zero || native_is_custom(h));
		meet(&high, &b, below, zero || native_is_custom(h));
		below += b.count;
	}
	double count = isnan(h->sum) ? below : h->count;
	if (count < h->count)
		*note = NATIVE_NAN_SKEW;
	if (!low.known || low.rank > count)
		low.rank = count;
	if (!high.known || high.rank > count)
		high.rank = count;
	return (high.rank - low.rank) / h->count;
}

/* ---- variance ---- */

/* Where the observations of a bucket are taken to be. */
static double
middle(const struct native *h, const struct native_bucket *b)
{
	if (native_is_custom(h))
		return (b->upper + b->lower) / 2;
	if (b->lower <= 0 && b->upper >= 0)
		return 0;
	double m = sqrt(b->upper * b->lower);
	return b->upper < 0 ? -m : m;
}

double
native_variance(const struct native *h, struct arena *a)
{
	struct native_bucket *buckets;
	double mean = h->sum / h->count, sum = 0;
	size_t n = native_buckets(h, a, &buckets);
	for (size_t i = 0; i < n; i++) {
		double d = middle(h, &buckets[i]) - mean;
		if (buckets[i].count != 0)
			sum += buckets[i].count * d * d;
	}
	return sum / h->count;
}

/* ---- cutting off ---- */

/* A bucket's rest: how many stay, and where they are taken to be. */
struct kept {
	double count, at;
};

static double
or_zero(double v)
{
	return isinf(v) ? 0 : v;
}

/* Of a bucket that reaches to infinity nothing can be interpolated, unless it may be taken to begin at 0. */
static struct kept
cut_endless(const struct native_bucket *b, double at, bool above)
{
	if (isinf(b->lower) && b->lower < 0) {
		bool from_zero = b->upper > 0 && !isinf(b->upper);
		if (above) {
			if (at >= b->upper)
				return (struct kept){b->count, 0};
			if (at > 0 && from_zero)
				return (struct kept){b->count * at / b->upper, at / 2};
			if (b->upper <= 0)
				return (struct kept){b->count, at};
			return (struct kept){0, or_zero(b->upper)};
		}
		if (at <= b->lower)
			return (struct kept){b->count, 0};
		if (at >= 0 && b->upper > at && from_zero)
			return (struct kept){b->count * (1 - at / b->upper), (at + b->upper) / 2};
		return (struct kept){0, or_zero(b->upper)};
	}
	if (!above && at >= b->lower)
		return (struct kept){b->count, at};
	return (struct kept){0, or_zero(b->lower)};
}

static double
middle_of(double lower, double upper, bool positive, bool linear)
{
	if (isinf(lower))
		return isinf(upper) ? 0 : upper > 0 ? upper / 2 : upper;
	if (isinf(upper))
		return lower;
	if (linear)
		return (lower + upper) / 2;
	double m = sqrt(fabs(lower * upper));
	return positive ? m : -m;
}

static struct kept
cut_bucket(const struct native_bucket *b, double at, bool above, bool positive, bool linear)
{
	if ((isinf(b->lower) && b->lower < 0) || (isinf(b->upper) && b->upper > 0))
		return cut_endless(b, at, above);
	double under = at <= b->lower ? 0 : at >= b->upper ? b->count : b->count * native_fraction_below(b, at, linear);
	return above ? (struct kept){under, middle_of(b->lower, at, positive, linear)}
		     : (struct kept){b->count - under, middle_of(at, b->upper, positive, linear)};
}

static struct kept
cut_zero(const struct native_bucket *zero, double at, bool above, bool has_neg, bool has_pos)
{
	double lower = has_pos && !has_neg ? 0 : zero->lower, upper = has_neg && !has_pos ? 0 : zero->upper;
	bool whole = above ? at >= upper : at <= lower, nothing = above ? at <= lower : at >= upper;
	if (above ? nothing : nothing && !whole)
		return (struct kept){0, 0};
	if (whole)
		return (struct kept){zero->count, (lower + upper) / 2};
	return above ? (struct kept){zero->count * (at - lower) / (upper - lower), (lower + at) / 2}
		     : (struct kept){zero->count * (upper - at) / (upper - lower), (at + upper) / 2};
}

struct cutting {
	double count, sum; /* what stays */
	bool cut, has[2];  /* negative, positive buckets that are populated */
};

static void
cut_one(struct cutting *x, struct native *h, bool positive, const struct native_bucket *b, double *count, const double at, bool above)
{
	struct kept k;
	bool inside = above ? b->lower < at : b->upper > at;
	if (b->count == 0)
		return;
	x->has[positive] = true;
	if (above ? b->upper <= at : b->lower >= at)
		k = (struct kept){b->count, middle_of(b->lower, b->upper, positive, native_is_custom(h))};
	else
		k = inside ? cut_bucket(b, at, above, positive, native_is_custom(h)) : (struct kept){0, 0};
	x->count += k.count;
	x->sum += k.at * k.count;
	x->cut |= *count != k.count;
	*count = k.count;
}

/* The buckets as they are, also where the one at zero overlaps them. */
void
native_trim(struct native *h, double at, bool above, struct arena *a)
{
	struct cutting x = {0};
	struct native_bucket *b;
	struct native bare = *h;
	bare.zero = bare.threshold = 0;
	size_t n = native_buckets(&bare, a, &b);
	for (size_t i = 0; i < n; i++) {
		bool positive = i >= h->neg.n;
		double *count = positive ? &h->pos.count[i - h->neg.n] : &h->neg.count[h->neg.n - 1 - i];
		cut_one(&x, h, positive, &b[i], count, at, above);
	}
	if (h->zero > 0) {
		struct native_bucket zero = {-h->threshold, h->threshold, h->zero, true, true};
		struct kept k = cut_zero(&zero, at, above, x.has[0], x.has[1]);
		x.cut |= h->zero != k.count;
		h->zero = k.count;
		x.sum += k.at * k.count;
		x.count += k.count;
	}
	if (!x.cut)
		return;
	h->count = x.count;
	h->sum = x.sum;
	native_compact(h);
}
