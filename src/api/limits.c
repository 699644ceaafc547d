/* limits.c — how near each customer is to its limits; for whoever sees the customer. */
#include <stdlib.h>
#include <string.h>

#include "api/api_impl.h"

static const char *const names[TSDB_LIMITS] = {
    [TSDB_LIMIT_SERIES] = "series",
    [TSDB_LIMIT_LABELS] = "series_labels",
    [TSDB_LIMIT_LABEL_SIZE] = "series_label_size",
    [TSDB_LIMIT_SAMPLES] = "samples_per_second",
};

struct uses {
	const struct identity *who; /* NULL: everybody */
	struct arena *arena;
	VEC(struct tsdb_use) list;
};

static void
take_use(void *arg, const struct tsdb_use *use)
{
	struct uses *u = arg;
	if (u->who && !access_sees(u->who, use->tenant))
		return;
	struct tsdb_use *own = vec_add(&u->list);
	*own = *use;
	own->tenant = arena_str(u->arena, use->tenant);
}

static double
share(double used, uint64_t limit)
{
	return limit ? used / (double)limit : 0;
}

/* The larger share of a limit that has one. */
static double
nearness(const struct tsdb_use *u)
{
	double series = share((double)u->series, u->limits.series), samples = share(u->samples_per_second, u->limits.samples);
	return series > samples ? series : samples;
}

static int
nearest_first(const void *a, const void *b)
{
	const struct tsdb_use *x = a, *y = b;
	double d = nearness(y) - nearness(x);
	return d > 0 ? 1 : d < 0 ? -1 : str_cmp(x->tenant, y->tenant);
}

static void
put_limit(struct json_writer *w, const struct tsdb_use *u, enum tsdb_limit which, const double *used, uint64_t limit)
{
	jsonw_key(w, names[which]);
	jsonw_object(w);
	if (used) {
		jsonw_key(w, "used");
		jsonw_f64(w, *used);
	}
	jsonw_key(w, "limit");
	jsonw_i64(w, (int64_t)limit);
	if (which == TSDB_LIMIT_SAMPLES) {
		jsonw_key(w, "burst");
		jsonw_i64(w, (int64_t)u->limits.burst);
	}
	jsonw_key(w, "refused");
	jsonw_i64(w, (int64_t)u->refused[which]);
	jsonw_object_end(w);
}

static void
put_use(struct json_writer *w, const struct tsdb_use *u)
{
	double series = (double)u->series;
	jsonw_object(w);
	jsonw_member(w, "customer", u->tenant);
	jsonw_key(w, "own");
	jsonw_bool(w, u->own);
	jsonw_key(w, "nearest");
	jsonw_f64(w, nearness(u));
	put_limit(w, u, TSDB_LIMIT_SERIES, &series, u->limits.series);
	put_limit(w, u, TSDB_LIMIT_SAMPLES, &u->samples_per_second, u->limits.samples);
	put_limit(w, u, TSDB_LIMIT_LABELS, NULL, u->limits.labels);
	put_limit(w, u, TSDB_LIMIT_LABEL_SIZE, NULL, u->limits.label_size);
	jsonw_object_end(w);
}

void
handle_limits(struct call *c)
{
	struct uses u = {.who = &c->who, .arena = c->arena};
	struct buf b = {0};
	struct json_writer w;
	tsdb_use_each(c->api->house.tsdb, take_use, &u);
	if (u.list.n)
		qsort(u.list.p, u.list.n, sizeof *u.list.p, nearest_first);
	jsonw_init(&w, &b);
	jsonw_array(&w);
	for (size_t i = 0; i < u.list.n; i++)
		put_use(&w, &u.list.p[i]);
	jsonw_array_end(&w);
	vec_fini(&u.list);
	answer_json(c, 200, &b);
}

/* ---- as metrics ---- */

enum { NAMED = 100 };

static void
sum_refused(void *arg, const struct tsdb_use *use)
{
	uint64_t *sum = arg;
	for (int i = 0; i < TSDB_LIMITS; i++)
		sum[i] += use->refused[i];
}

void
limits_print(struct api *a, struct buf *b)
{
	uint64_t sum[TSDB_LIMITS] = {0};
	tsdb_use_each(a->house.tsdb, sum_refused, sum);
	buf_c(b, "# HELP tocsin_limit_refusals_total Series, or samples, that were refused because a customer was over a limit.\n"
		 "# TYPE tocsin_limit_refusals_total counter\n");
	for (int i = 0; i < TSDB_LIMITS; i++)
		buf_fmt(b, "tocsin_limit_refusals_total{limit=\"%s\"} %llu\n", names[i], (unsigned long long)sum[i]);
}

static uint64_t
refused_in_all(const struct tsdb_use *u)
{
	uint64_t n = 0;
	for (int i = 0; i < TSDB_LIMITS; i++)
		n += u->refused[i];
	return n;
}

static int
most_refused_first(const void *a, const void *b)
{
	uint64_t x = refused_in_all(a), y = refused_in_all(b);
	return x < y ? 1 : x > y ? -1 : 0;
}

void
limits_print_customers(struct call *c, struct buf *b)
{
	struct uses u = {.arena = c->arena};
	tsdb_use_each(c->api->house.tsdb, take_use, &u);
	if (u.list.n)
		qsort(u.list.p, u.list.n, sizeof *u.list.p, most_refused_first);
	buf_fmt(b, "# HELP tocsin_customer_limit_refusals_total The same by customer, the %d with the most.\n# TYPE tocsin_customer_limit_refusals_total counter\n", NAMED);
	for (size_t k = 0; k < u.list.n && k < NAMED; k++)
		for (int i = 0; i < TSDB_LIMITS; i++)
			if (u.list.p[k].refused[i])
				buf_fmt(b, "tocsin_customer_limit_refusals_total{customer=\"%.*s\",limit=\"%s\"} %llu\n", STR_ARG(u.list.p[k].tenant), names[i],
				    (unsigned long long)u.list.p[k].refused[i]);
	vec_fini(&u.list);
}
