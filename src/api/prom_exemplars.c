/* prom_exemplars.c — exemplars of the series that a query is about. */
#include <stdlib.h>
#include <string.h>

#include "api/prom_parts.h"

/* One exemplar, in the request's arena. */
struct found {
	struct labels series, labels;
	msec_t t;
	double v;
};
struct gathering {
	struct call *call;
	struct tsdb_select select;
	VEC(struct found) found;
};

static void
take(void *arg, struct labels series, const struct tsdb_exemplar *x)
{
	struct gathering *g = arg;
	struct arena *a = g->call->arena;
	*vec_add(&g->found) = (struct found){labels_copy(series, a), labels_copy(x->labels, a), x->t, x->v};
}

static void
gather(void *arg, const struct matchers *ms)
{
	struct gathering *g = arg;
	g->select.matchers = ms;
	tsdb_exemplars_each(g->call->api->house.tsdb, &g->select, take, g);
}

static int
by_series(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int c = labels_cmp(x->series, y->series);
	if (c || x->t != y->t)
		return c ? c : (x->t > y->t) - (x->t < y->t);
	return labels_cmp(x->labels, y->labels);
}

/* Two selectors of a query may have found the same one. */
static bool
is_again(const struct found *p, size_t i)
{
	return i && by_series(&p[i - 1], &p[i]) == 0;
}

static void
put_exemplar(struct json_writer *w, const struct found *x)
{
	struct buf number = {0}, time = {0};
	buf_f64(&number, x->v);
	buf_f64(&time, (double)x->t / 1000);
	jsonw_object(w);
	jsonw_key(w, "labels");
	labels_to_json(w, x->labels);
	jsonw_key(w, "value");
	jsonw_str(w, buf_view(&number));
	jsonw_key(w, "timestamp");
	jsonw_raw(w, buf_view(&time));
	jsonw_object_end(w);
	buf_fini(&number);
	buf_fini(&time);
}

static void
put_all(struct json_writer *w, const struct found *p, size_t n)
{
	jsonw_array(w);
	for (size_t i = 0; i < n;) {
		size_t first = i;
		jsonw_object(w);
		jsonw_key(w, "seriesLabels");
		labels_to_json(w, p[i].series);
		jsonw_key(w, "exemplars");
		jsonw_array(w);
		for (; i < n && labels_eq(p[i].series, p[first].series); i++)
			if (!is_again(p, i))
				put_exemplar(w, &p[i]);
		jsonw_array_end(w);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void
answer(struct call *c, const struct promql *q, const struct promql_ask *ask)
{
	struct gathering g = {.call = c, .select = {.tenants = ask->tenants, .min = ask->start, .max = ask->end}};
	struct buf data = {0};
	struct json_writer w;
	promql_each_selector(q, gather, &g);
	if (g.found.n)
		qsort(g.found.p, g.found.n, sizeof *g.found.p, by_series);
	jsonw_init(&w, &data);
	put_all(&w, g.found.p, g.found.n);
	prom_answer_data(c, buf_view(&data));
	vec_fini(&g.found);
	buf_fini(&data);
}

void
handle_prom_exemplars(struct call *c)
{
	struct promql *q = NULL;
	struct promql_ask ask;
	if (prom_push_down(c, &(struct prom_question){.path = STR("/api/v1/query_exemplars")}) || !prom_begin_query(c, &q, &ask))
		return;
	if (prom_param_time(c, "start", INT64_MIN, &ask.start) && prom_param_time(c, "end", INT64_MAX, &ask.end)) {
		if (ask.end < ask.start)
			answer_error(c, RC_INVALID, "invalid parameter \"end\": end timestamp must not be before start timestamp");
		else
			answer(c, q, &ask);
	}
	promql_destroy(&q);
}
