/*
 * histogram.c — quantiles and fractions of histograms: of classic ones, which are series that differ in `le` alone, and of
 * native ones.
 *
 * TRAP   A metric may be both while it changes over; where a step has both of one series, neither is asked.
 */
#include "promql/native_eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/time.h"

struct bucket {
	double upper, count;
};
struct source {
	double upper;
	const struct row *row;
};
struct classic {
	struct labels labels;
	uint8_t *blocked; /* steps where a native one stands against it; NULL: none */
	VEC(struct source) sources;
};
/* Where counts fell from one bucket to the next, and were lifted: of one metric. */
struct forced {
	struct str metric;
	msec_t from, to;
	double least, most, gap;
	size_t n;
};
struct input {
	const struct eval *ev;
	const struct node *where;
	struct rows rows;
	struct map *seen; /* of the classic ones, by labels */
	VEC(struct classic *) classics;
	VEC(struct forced) forced;
	struct bucket *buckets; /* room for those of any of them */
	struct arena *scratch;
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

/* ` for metric name "x"`, where it has one. */
static struct str
for_metric(const struct input *in, struct labels ls)
{
	struct str name = labels_get(ls, STR(LABEL_METRIC));
	return name.n ? arena_fmt(in->ev->run->arena, " for metric name \"%.*s\"", STR_ARG(name)) : STR("");
}

static bool
is_number(const struct row *row, size_t step)
{
	return row->has[step] && !(row->h && row->h[step]);
}

static bool
has_numbers(const struct eval *ev, const struct row *row)
{
	for (size_t i = 0; i < ev->n; i++)
		if (is_number(row, i))
			return true;
	return false;
}

static void
add_bucket(struct input *in, const struct row *row)
{
	double upper;
	struct str le = labels_get(row->labels, STR("le"));
	if (!str_f64(le, &upper)) {
		eval_note(in->ev, true, in->where, "bucket label \"le\" is missing or has a malformed value of \"%.*s\"%.*s", STR_ARG(le),
		    STR_ARG(for_metric(in, row->labels)));
		return;
	}
	struct labels ls = without_le(in->ev, row->labels);
	struct classic *h = map_get(in->seen, ls.bytes);
	if (!h) {
		h = mem_new(struct classic);
		h->labels = ls;
		map_put(in->seen, ls.bytes, h);
		*vec_add(&in->classics) = h;
	}
	*vec_add(&h->sources) = (struct source){upper, row};
}

static bool
has_bucket(const struct classic *h, size_t step)
{
	for (size_t i = 0; i < h->sources.n; i++)
		if (is_number(h->sources.p[i].row, step))
			return true;
	return false;
}

/* Where both are there at a step neither counts. */
static void
part_kinds(struct input *in, struct row *row)
{
	struct classic *h = map_get(in->seen, row->labels.bytes);
	for (size_t i = 0; h && i < in->ev->n; i++) {
		if (!row->has[i] || !row->h[i] || !has_bucket(h, i))
			continue;
		if (!h->blocked)
			h->blocked = arena_array(in->ev->run->arena, uint8_t, in->ev->n);
		h->blocked[i] = 1;
		row->has[i] = 0;
		eval_note(in->ev, true, in->where, "vector contains a mix of classic and native histograms%.*s", STR_ARG(for_metric(in, row->labels)));
	}
}

static bool
input_init(struct input *in, const struct eval *ev, const struct node *vector)
{
	struct value v;
	size_t most = 0;
	struct eval inner = *ev;
	*in = (struct input){.ev = ev, .where = vector};
	inner.told = RESETS_NEVER;
	if (!eval_node(&inner, vector, &v))
		return false;
	in->rows = v.rows;
	in->seen = map_create();
	in->scratch = arena_create();
	for (size_t r = 0; r < in->rows.n; r++)
		if (has_numbers(ev, &in->rows.p[r]))
			add_bucket(in, &in->rows.p[r]);
	for (size_t r = 0; r < in->rows.n; r++)
		if (in->rows.p[r].h)
			part_kinds(in, &in->rows.p[r]);
	for (size_t k = 0; k < in->classics.n; k++)
		most = in->classics.p[k]->sources.n > most ? in->classics.p[k]->sources.n : most;
	in->buckets = mem_alloc((most + 1) * sizeof *in->buckets);
	return true;
}

static void
say_forced(const struct input *in, const struct forced *f)
{
	struct buf b = {0};
	char text[TIME_TEXT];
	buf_c(&b, "from buckets ");
	buf_f64_short(&b, f->least);
	buf_c(&b, " to ");
	buf_f64_short(&b, f->most);
	buf_fmt(&b, ", with a max diff of %.2g, over %zu samples from ", f->gap, f->n);
	buf_c(&b, time_rfc3339_short(f->from / 1000 * 1000, text));
	buf_c(&b, " to ");
	buf_c(&b, time_rfc3339_short(f->to / 1000 * 1000, text));
	eval_note(in->ev, false, in->where,
	    "input to histogram_quantile needed to be fixed for monotonicity (see "
	    "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)%.*s, %s", STR_ARG(f->metric), b.p);
	buf_fini(&b);
}

static void
input_fini(struct input *in)
{
	for (size_t i = 0; i < in->forced.n; i++)
		say_forced(in, &in->forced.p[i]);
	for (size_t i = 0; i < in->classics.n; i++) {
		vec_fini(&in->classics.p[i]->sources);
		mem_free(in->classics.p[i]);
	}
	vec_fini(&in->forced);
	vec_fini(&in->classics);
	map_destroy(&in->seen);
	arena_destroy(&in->scratch);
	mem_free(in->buckets);
}

/* ---- the buckets of a classic one ---- */

static int
by_upper(const void *a, const void *b)
{
	double x = ((const struct bucket *)a)->upper, y = ((const struct bucket *)b)->upper;
	return (x > y) - (x < y);
}

/* The buckets of one step, ascending, each bound once.  Returns how many. */
static size_t
buckets_at(const struct classic *h, size_t step, struct bucket *out)
{
	size_t all = 0, n = 0;
	if (h->blocked && h->blocked[step])
		return 0;
	for (size_t i = 0; i < h->sources.n; i++)
		if (is_number(h->sources.p[i].row, step))
			out[all++] = (struct bucket){h->sources.p[i].upper, h->sources.p[i].row->v[step]};
	if (all)
		qsort(out, all, sizeof *out, by_upper);
	for (size_t i = 0; i < all; i++) {
		if (n && out[n - 1].upper == out[i].upper)
			out[n - 1].count += out[i].count;
		else
			out[n++] = out[i];
	}
	return n;
}

static struct forced *
forced_of(struct input *in, const struct classic *h, msec_t t)
{
	struct str metric = for_metric(in, h->labels);
	for (size_t i = 0; i < in->forced.n; i++)
		if (str_eq(in->forced.p[i].metric, metric))
			return &in->forced.p[i];
	*vec_add(&in->forced) = (struct forced){metric, t, t, INFINITY, -INFINITY, 0, 0};
	return &in->forced.p[in->forced.n - 1];
}

/* Counts never fall; what differs by the inaccuracy of sums is equal. */
static void
lift(struct input *in, const struct classic *h, size_t step, struct bucket *b, size_t n)
{
	struct forced *f = NULL;
	msec_t t = eval_time(in->ev, step);
	for (size_t i = 1; i < n; i++) {
		double before = b[i - 1].count, now = b[i].count;
		bool close = fabs(now - before) <= 1e-12 * (fabs(now) + fabs(before));
		if (now >= before && !close)
			continue;
		if (now < before && !close) {
			f = f ? f : forced_of(in, h, t);
			f->least = fmin(f->least, b[i].upper);
			f->most = fmax(f->most, b[i].upper);
			f->gap = fmax(f->gap, before - now);
		}
		b[i].count = before;
	}
	if (!f)
		return;
	f->n++;
	f->from = t < f->from ? t : f->from;
	f->to = t > f->to ? t : f->to;
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

/* ---- asking ---- */

/* What is asked: a quantile (b NULL), or the fraction between a and b; and by which label the answer is told apart. */
struct question {
	const double *a, *b;
	struct str label; /* empty: by none */
};

static struct labels
with_quantile(const struct input *in, const struct question *q, struct labels ls, double phi)
{
	struct label_builder b = {0};
	struct buf text = {0};
	if (!q->label.n)
		return ls;
	buf_f64(&text, phi);
	if (isfinite(phi) && str_chr(buf_view(&text), '.') < 0 && str_chr(buf_view(&text), 'e') < 0)
		buf_c(&text, ".0");
	label_builder_start(&b, ls);
	label_builder_set(&b, q->label, buf_view(&text));
	ls = label_builder_done(&b, in->ev->run->arena);
	label_builder_fini(&b);
	buf_fini(&text);
	return ls;
}

/* The row of a series' answers; a new one where the label that tells them apart changes from step to step. */
static struct row *
answer_row(const struct input *in, const struct question *q, struct labels ls, size_t step, struct rows *out, struct map *places)
{
	struct labels named = with_quantile(in, q, ls, q->a[step]);
	size_t place = (size_t)map_get(places, named.bytes);
	if (!place) {
		if (!eval_row(in->ev, out, named, true))
			return NULL;
		place = out->n;
		map_put(places, named.bytes, (void *)place);
	}
	return &out->p[place - 1];
}

static bool
put(const struct input *in, const struct question *q, struct labels ls, size_t step, double v, struct rows *out, struct map *places)
{
	struct row *row = answer_row(in, q, ls, step, out, places);
	if (!row)
		return false;
	row->v[step] = v;
	row->has[step] = 1;
	return true;
}

static bool
ask_classic(struct input *in, const struct classic *h, const struct question *q, struct rows *out)
{
	struct map *places = map_create();
	bool ok = true;
	for (size_t i = 0; ok && i < in->ev->n; i++) {
		size_t n = buckets_at(h, i, in->buckets);
		if (!n)
			continue;
		if (!q->b)
			lift(in, h, i, in->buckets, n);
		ok = put(in, q, h->labels, i,
		    q->b ? bucket_fraction(q->a[i], q->b[i], in->buckets, n) : bucket_quantile(q->a[i], in->buckets, n), out, places);
	}
	map_destroy(&places);
	return ok;
}

static void
say_nan(const struct input *in, const struct row *row, bool fraction, enum native_nan nan)
{
	if (nan == NATIVE_NO_NAN)
		return;
	eval_note(in->ev, false, in->where, "input to %s has NaN observations, %s%.*s", fraction ? "histogram_fraction" : "histogram_quantile",
	    fraction                   ? "which are excluded from all fractions"
	    : nan == NATIVE_NAN_RESULT ? "result is NaN"
				       : "result is skewed higher",
	    STR_ARG(for_metric(in, row->labels)));
}

static bool
ask_native(const struct input *in, const struct row *row, const struct question *q, struct rows *out)
{
	struct map *places = map_create();
	bool ok = true;
	for (size_t i = 0; ok && i < in->ev->n; i++) {
		enum native_nan nan;
		if (!row->has[i] || !row->h[i])
			continue;
		double v = q->b ? native_fraction(row->h[i], q->a[i], q->b[i], in->scratch, &nan)
				: native_quantile(row->h[i], q->a[i], in->scratch, &nan);
		arena_reset(in->scratch);
		say_nan(in, row, q->b != NULL, nan);
		ok = put(in, q, row->labels, i, v, out, places);
	}
	map_destroy(&places);
	return ok;
}

static bool
ask(struct input *in, const struct question *q, struct rows *out)
{
	bool ok = true;
	for (size_t r = 0; ok && r < in->rows.n; r++)
		ok = !in->rows.p[r].h || ask_native(in, &in->rows.p[r], q, out);
	for (size_t k = 0; ok && k < in->classics.n; k++)
		ok = eval_go_on(in->ev) && ask_classic(in, in->classics.p[k], q, out);
	return ok;
}

void
note_quantile(const struct eval *ev, const struct node *where, double phi)
{
	struct buf b = {0};
	if (phi >= 0 && phi <= 1)
		return;
	buf_f64_short(&b, phi);
	eval_note(ev, true, where, "quantile value should be between 0 and 1, got %s", b.p);
	buf_fini(&b);
}

static bool
quantile_arg(struct call *c, size_t i, double **phi)
{
	if (!eval_scalar(c->ev, c->n->args[i], phi))
		return false;
	for (size_t k = 0; k < c->ev->n; k++)
		note_quantile(c->ev, c->n->args[i], (*phi)[k]);
	return true;
}

bool
run_histogram_quantile(struct call *c)
{
	struct input in;
	double *phi;
	if (!quantile_arg(c, 0, &phi) || !input_init(&in, c->ev, c->n->args[1]))
		return false;
	bool ok = ask(&in, &(struct question){.a = phi}, &c->out->rows);
	input_fini(&in);
	return ok;
}

bool
run_histogram_quantiles(struct call *c)
{
	struct input in;
	struct str label;
	double *phi;
	if (!eval_string(c->ev, c->n->args[1], &label))
		return false;
	if (!label_name_is_valid(label))
		return eval_fail(c->ev, RC_INVALID, "invalid label name in histogram_quantiles(): %.*s", STR_ARG(label));
	if (!input_init(&in, c->ev, c->n->args[0]))
		return false;
	bool ok = true;
	for (size_t i = 2; ok && i < c->n->n_args; i++)
		ok = quantile_arg(c, i, &phi) && ask(&in, &(struct question){.a = phi, .label = label}, &c->out->rows);
	input_fini(&in);
	return ok;
}

bool
run_histogram_fraction(struct call *c)
{
	struct input in;
	double *low, *high;
	if (!eval_scalar(c->ev, c->n->args[0], &low) || !eval_scalar(c->ev, c->n->args[1], &high) ||
	    !input_init(&in, c->ev, c->n->args[2]))
		return false;
	bool ok = ask(&in, &(struct question){.a = low, .b = high}, &c->out->rows);
	input_fini(&in);
	return ok;
}

/* ---- one number of a native one ---- */

static double
number_of(const char *what, const struct native *h, struct arena *scratch)
{
	if (strcmp(what, "histogram_count") == 0)
		return h->count;
	if (strcmp(what, "histogram_sum") == 0)
		return h->sum;
	if (strcmp(what, "histogram_avg") == 0)
		return h->sum / h->count;
	double variance = native_variance(h, scratch);
	return strcmp(what, "histogram_stddev") == 0 ? sqrt(variance) : variance;
}

bool
run_histogram_number(struct call *c)
{
	struct value v;
	struct arena *scratch;
	bool ok = true, spread = str_starts(str_c(c->n->fn->name), STR("histogram_std"));
	struct eval inner = *c->ev;
	if (!spread && inner.told == RESETS_UNTOLD)
		inner.told = RESETS_TOLD;
	if (!eval_node(&inner, c->n->args[0], &v))
		return false;
	scratch = arena_create();
	for (size_t r = 0; ok && r < v.rows.n; r++) {
		const struct row *from = &v.rows.p[r];
		struct row *to = from->h ? eval_row(c->ev, &c->out->rows, from->labels, true) : NULL;
		ok = to || !from->h;
		for (size_t i = 0; to && i < c->ev->n; i++) {
			if (!from->has[i] || !from->h[i])
				continue;
			to->v[i] = number_of(c->n->fn->name, from->h[i], scratch);
			to->has[i] = 1;
			arena_reset(scratch);
		}
	}
	arena_destroy(&scratch);
	return ok;
}
