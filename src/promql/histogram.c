/*
 * histogram.c — quantiles and fractions of classic histograms: series that differ in `le` alone.
 */
#include "promql/eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

struct bucket {
	double upper, count;
};
struct source {
	double upper;
	const struct row *row;
};
struct histogram {
	struct labels labels;
	VEC(struct source) sources;
};
struct histograms {
	struct histogram **p;
	size_t n, cap;
};

/* ---- gathering ---- */

static struct labels
without_le(const struct eval *ev, struct labels ls)
{
	struct label_builder b = {0};
	label_builder_start(&b, ls);
	label_builder_del(&b, STR("le"));
	struct labels out = label_builder_done(&b, ev->run->arena);
	label_builder_fini(&b);
	return out;
}

static void
gather(const struct eval *ev, const struct node *where, const struct rows *rows, struct histograms *out)
{
	struct map *seen = map_create();
	for (size_t r = 0; r < rows->n; r++) {
		double upper;
		struct str le = labels_get(rows->p[r].labels, STR("le"));
		if (!str_f64(le, &upper)) {
			eval_note(ev, true, where,
			    "bucket label \"le\" is missing or has a malformed value of \"%.*s\"",
			    STR_ARG(le));
			continue;
		}
		struct labels ls = without_le(ev, rows->p[r].labels);
		struct histogram *h = map_get(seen, ls.bytes);
		if (!h) {
			h = mem_new(struct histogram);
			h->labels = ls;
			map_put(seen, ls.bytes, h);
			*vec_add(out) = h;
		}
		*vec_add(&h->sources) = (struct source){upper, &rows->p[r]};
	}
	map_destroy(&seen);
}

static void
histograms_fini(struct histograms *hs)
{
	for (size_t i = 0; i < hs->n; i++) {
		vec_fini(&hs->p[i]->sources);
		mem_free(hs->p[i]);
	}
	vec_fini(hs);
}

static int
by_upper(const void *a, const void *b)
{
	double x = ((const struct bucket *)a)->upper, y = ((const struct bucket *)b)->upper;
	return (x > y) - (x < y);
}

/* The buckets of one step, ascending, each bound once, counts never falling.  Returns how many. */
static size_t
buckets_at(const struct histogram *h, size_t step, struct bucket *out, bool *forced)
{
	size_t all = 0, n = 0;
	for (size_t i = 0; i < h->sources.n; i++)
		if (h->sources.p[i].row->has[step])
			out[all++] = (struct bucket){h->sources.p[i].upper, h->sources.p[i].row->v[step]};
	if (all)
		qsort(out, all, sizeof *out, by_upper);
	for (size_t i = 0; i < all; i++) {
		if (n && out[n - 1].upper == out[i].upper)
			out[n - 1].count += out[i].count;
		else
			out[n++] = out[i];
	}
	for (size_t i = 1; i < n; i++) {
		double before = out[i - 1].count, now = out[i].count;
		bool close = fabs(now - before) <= 1e-12 * (fabs(now) + fabs(before));
		if (now < before || close) {
			*forced |= now < before && !close;
			out[i].count = before;
		}
	}
	return n;
}

/* ---- quantiles ---- */

static double
bucket_quantile(double phi, const struct bucket *b, size_t n)
{
	if (n == 0 || isnan(phi))
		return NAN;
	if (phi < 0 || phi > 1)
		return phi < 0 ? -INFINITY : INFINITY;
	if (n < 2 || !isinf(b[n - 1].upper) || b[n - 1].count == 0 || isnan(b[n - 1].count))
		return NAN;
	double rank = phi * b[n - 1].count;
	size_t i = 0;
	while (i < n - 1 && !(b[i].count >= rank))
		i++;
	if (i == n - 1)
		return b[n - 2].upper;
	if (i == 0 && b[0].upper <= 0)
		return b[0].upper;
	double start = i ? b[i - 1].upper : 0, below = i ? b[i - 1].count : 0;
	return start + (b[i].upper - start) * ((rank - below) / (b[i].count - below));
}

/* How many observations stand below x. */
static double
rank_of(double x, const struct bucket *b, size_t n)
{
	double below = 0;
	for (size_t i = 0; i < n; i++) {
		double lower = i ? b[i - 1].upper : b[0].upper > 0 ? 0 : -INFINITY;
		if (lower >= x)
			return below;
		if (b[i].upper > x) {
			if (isinf(lower) || isinf(b[i].upper))
				return isinf(lower) ? b[i].count : below;
			return below + (b[i].count - below) * (x - lower) / (b[i].upper - lower);
		}
		below = b[i].count;
	}
	return below;
}

static double
bucket_fraction(double lower, double upper, const struct bucket *b, size_t n)
{
	if (n == 0 || !isinf(b[n - 1].upper) || b[n - 1].count == 0 || isnan(lower) || isnan(upper))
		return NAN;
	if (lower >= upper)
		return 0;
	return (rank_of(upper, b, n) - rank_of(lower, b, n)) / b[n - 1].count;
}

/* `b` NULL: a quantile; else a fraction between a and b. */
static bool
over_histograms(struct call *c, const struct node *vector, const double *a, const double *b)
{
	struct value v;
	struct histograms hs = {0};
	bool ok = true;
	if (!eval_node(c->ev, vector, &v))
		return false;
	gather(c->ev, vector, &v.rows, &hs);
	for (size_t k = 0; ok && k < hs.n; k++) {
		struct histogram *h = hs.p[k];
		struct bucket *buckets = mem_alloc(h->sources.n * sizeof *buckets);
		struct row *row = eval_row(c->ev, &c->out->rows, h->labels, true);
		bool forced = false;
		ok = row != NULL;
		for (size_t i = 0; ok && i < c->ev->n; i++) {
			size_t n = buckets_at(h, i, buckets, &forced);
			row->has[i] = n > 0;
			row->v[i] =
			    b ? bucket_fraction(a[i], b[i], buckets, n) : bucket_quantile(a[i], buckets, n);
		}
		if (forced)
			eval_note(c->ev, false, vector,
			    "input to histogram_quantile needed to be fixed for monotonicity (see "
			    "https://prometheus.io/docs/prometheus/latest/querying/functions/"
			    "#histogram_quantile)");
		mem_free(buckets);
	}
	histograms_fini(&hs);
	return ok;
}

bool
run_histogram_quantile(struct call *c)
{
	double *phi;
	if (!eval_scalar(c->ev, c->n->args[0], &phi))
		return false;
	for (size_t i = 0; i < c->ev->n; i++) {
		if (isnan(phi[i]) || phi[i] < 0 || phi[i] > 1)
			eval_note(c->ev, true, c->n->args[0],
			    "quantile value should be between 0 and 1, got %g", phi[i]);
	}
	return over_histograms(c, c->n->args[1], phi, NULL);
}

bool
run_histogram_fraction(struct call *c)
{
	double *low, *high;
	return eval_scalar(c->ev, c->n->args[0], &low) && eval_scalar(c->ev, c->n->args[1], &high) &&
	       over_histograms(c, c->n->args[2], low, high);
}
