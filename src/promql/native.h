/*
 * native.h — native histograms to compute with.
 *
 * IDEA   Spans are good for sending and storing.  Here a side is what they say: buckets by index, ascending, each with its
 *        count, so that adding is a merge and a lower resolution is a merge of neighbours.  A bucket that is empty and
 *        named stays one until native_compact.
 *
 * Everything lives in the arena that is handed in.  What is const is shared: whoever changes one takes a copy first.
 * Prometheus's arithmetic, as of its version 3.
 */
#ifndef PROMQL_NATIVE_H
#define PROMQL_NATIVE_H

#include "wire/histogram.h"

struct native_side {
	int32_t *at;
	double *count;
	double *rest; /* what summing lost (Kahan); NULL: not kept */
	size_t n;
};
struct native {
	int schema;
	enum histogram_hint hint;
	double count, sum, zero, threshold;
	double count_rest, sum_rest, zero_rest;
	struct native_side pos, neg;
	const double *custom; /* upper bounds, with HISTOGRAM_CUSTOM */
	size_t n_custom;
};
struct native_bucket {
	double lower, upper, count;
	bool lower_in, upper_in; /* the bound itself belongs to it */
};

static inline bool
native_is_custom(const struct native *h)
{
	return h->schema == HISTOGRAM_CUSTOM;
}

void native_from(const struct histogram *, struct arena *, struct native *out);
/* NULL: these are not canonical bytes (wire/histogram.h). */
struct native *native_read(struct str bytes, struct arena *);
/* With floating counts. */
void native_to(const struct native *, struct arena *, struct histogram *out);
struct native *native_copy(const struct native *, struct arena *);
size_t native_size(const struct histogram *); /* the same of a stored one, as Prometheus counts it */
size_t native_weight(const struct native *); /* how many samples it counts for, where memory is limited */

/* ---- arithmetic; the first one changes ---- */

/* What is to be told of an operation. */
struct native_mix {
	bool incompatible; /* exponential and custom buckets: nothing was done */
	bool collision;    /* one says that it was reset, the other that it was not */
	bool reconciled;   /* custom bounds differed: those that both have stay */
};
/* False: incompatible. */
bool native_add(struct native *, const struct native *, struct arena *, struct native_mix *);
bool native_sub(struct native *, const struct native *, struct arena *, struct native_mix *);
/* Adds, and keeps what is lost, until native_settle. */
bool native_sum(struct native *, const struct native *, struct arena *, struct native_mix *);
void native_settle(struct native *);
void native_scale(struct native *, double factor);
void native_divide(struct native *, double by);
void native_reduce(struct native *, int schema, struct arena *); /* to a lower resolution */
void native_compact(struct native *);
bool native_overflowed(const struct native *);
/* Without what is above `at`, or below it; what stands in a bucket that it cuts is interpolated. */
void native_trim(struct native *, double at, bool above, struct arena *);

/* ---- questions ---- */

bool native_eq(const struct native *, const struct native *);
/* A counter began anew between them. */
bool native_was_reset(const struct native *now, const struct native *before, struct arena *scratch);
/* Ascending, with the one at zero where it is populated; how many. */
size_t native_buckets(const struct native *, struct arena *, struct native_bucket **out);
double native_fraction_below(const struct native_bucket *, double v, bool linear);
double native_variance(const struct native *, struct arena *);

/* What is to be told of a quantile or a fraction. */
enum native_nan { NATIVE_NO_NAN, NATIVE_NAN_RESULT, NATIVE_NAN_SKEW };
double native_quantile(const struct native *, double phi, struct arena *, enum native_nan *);
double native_fraction(const struct native *, double lower, double upper, struct arena *, enum native_nan *);

/* ---- texts ---- */

/* {count:3, sum:5, (1,2]:3}, as Prometheus writes one in a label. */
void native_print(const struct native *, struct buf *);
/* As the API answers it. */
void native_json(const struct native *, struct buf *);
/* {{schema:0 count:3 buckets:[1 2]}}, as tests of rules have it, without its braces. */
CHECKED enum rc native_parse(struct str text, struct arena *, struct native *out, struct err *);
/* The same, with its braces. */
void native_print_test(const struct native *, struct buf *);

#endif
