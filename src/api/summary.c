/* summary.c — how much of something there was within the last hour, day, week, month and year, beside the period before. */
#include <math.h>
#include <stdio.h>

#include "api/prom_parts.h"
#include "api/tenant.h"
#include "base/budget.h"
#include "promql/summary.h"

enum { SERIES = 1000, SERIES_MAX = 20000 };

/* ---- what is asked ---- */

/* spans=day,month; absent: all. */
static bool
spans_of(struct call *c, unsigned *out)
{
	struct str rest = http_param(c->req, "spans"), one;
	*out = rest.n ? 0 : (1u << SUMMARY_SPANS) - 1;
	while (str_cut(&rest, ',', &one)) {
		int i = 0;
		while (i < SUMMARY_SPANS && !str_is(one, summary_names[i]))
			i++;
		if (i == SUMMARY_SPANS)
			return answer_error(c, RC_INVALID, "spans= takes hour, day, week, month and year, not \"%.*s\"", STR_ARG(str_to(one, 40))), false;
		*out |= 1u << i;
	}
	return true;
}

static bool
ask_of(struct call *c, struct matchers *m, struct summary_ask *ask)
{
	struct err e;
	struct str match = http_param(c->req, "match[]");
	int64_t limit;
	msec_t timeout = c->api->house.conf->root->server.query_timeout;
	*ask = (struct summary_ask){.db = c->api->house.tsdb, .matchers = m, .cancel = (const volatile bool *)&c->req->cancelled};
	if (!tenant_read(c, &ask->tenants) || !prom_param_time(c, "time", c->now, &ask->now) || !spans_of(c, &ask->spans) ||
	    !param_i64(c, "limit", SERIES, &limit))
		return false;
	if (limit < 1 || limit > SERIES_MAX)
		return answer_error(c, RC_INVALID, "limit= is from 1 to %d", SERIES_MAX), false;
	ask->series_limit = (size_t)limit;
	ask->deadline = timeout > 0 ? clock_mono(clock_real()) + timeout * 1000000 : 0;
	if (!match.n)
		return answer_error(c, RC_INVALID, "match[]= is missing: which series, such as node_load1{instance=\"db1\"}"), false;
	if (promql_parse_selector(match, m, &e) != RC_OK)
		return answer_error(c, RC_INVALID, "invalid parameter \"match[]\": %s", e.text), false;
	return true;
}

/* ---- what is answered ---- */

static void
put_number(struct json_writer *w, const char *key, double v)
{
	jsonw_key(w, key);
	jsonw_f64(w, v); /* what is no number is null */
}

static void
put_period(struct json_writer *w, const char *key, const struct summary_period *p, bool counter)
{
	jsonw_key(w, key);
	if (!p->n) {
		jsonw_null(w);
		return;
	}
	jsonw_object(w);
	put_number(w, "min", p->min);
	put_number(w, "avg", p->avg);
	put_number(w, "max", p->max);
	put_number(w, "last", p->last);
	put_number(w, "samples", p->n);
	if (counter)
		put_number(w, "increase", p->increase);
	jsonw_object_end(w);
}

static void
put_series(struct json_writer *w, const struct summary_series *s, unsigned spans)
{
	jsonw_object(w);
	jsonw_key(w, "metric");
	labels_to_json(w, s->labels);
	jsonw_key(w, "counter");
	jsonw_bool(w, s->counter);
	for (int i = 0; i < SUMMARY_SPANS; i++) {
		if (!(spans & 1u << i))
			continue;
		jsonw_key(w, summary_names[i]);
		jsonw_object(w);
		put_period(w, "now", &s->now[i], s->counter);
		put_period(w, "before", &s->before[i], s->counter);
		jsonw_object_end(w);
	}
	jsonw_object_end(w);
}

static void
put_spans(struct json_writer *w, const struct summary *s, unsigned spans)
{
	jsonw_key(w, "spans");
	jsonw_array(w);
	for (int i = 0; i < SUMMARY_SPANS; i++) {
		if (!(spans & 1u << i))
			continue;
		jsonw_object(w);
		jsonw_key(w, "name");
		jsonw_c(w, summary_names[i]);
		jsonw_key(w, "before");
		jsonw_time(w, s->from[i]);
		jsonw_key(w, "from");
		jsonw_time(w, s->middle[i]);
		jsonw_key(w, "to");
		jsonw_time(w, s->to);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void
answer_summary(struct call *c, const struct summary_ask *ask)
{
	struct summary *s = NULL;
	struct buf b = {0};
	struct json_writer w;
	struct err e;
	if (budget_take(BUDGET_queries, 1, &e) != RC_OK) {
		answer_error(c, RC_IO, "%s", e.text);
		return;
	}
	enum rc rc = summary_run(ask, &s, &e);
	budget_give(BUDGET_queries, 1);
	if (rc != RC_OK) {
		prom_query_error(c, rc, e.text);
		return;
	}
	jsonw_init(&w, &b);
	jsonw_object(&w);
	put_spans(&w, s, ask->spans);
	jsonw_key(&w, "windows_only"); /* some of it: the samples are past their retention */
	jsonw_bool(&w, s->alone);
	jsonw_key(&w, "series");
	jsonw_array(&w);
	for (size_t i = 0; i < s->n; i++)
		put_series(&w, &s->series[i], ask->spans);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	summary_destroy(&s);
	answer_json(c, 200, &b);
}

void
handle_summary(struct call *c)
{
	struct matchers m = {0};
	struct summary_ask ask;
	if (ask_of(c, &m, &ask))
		answer_summary(c, &ask);
	matchers_fini(&m);
}
