/*
 * prom_more.c — the rest of Prometheus's API: expressions as text and tree, federation, scrape pools, features, and what is
 * always empty here.
 */
#include <math.h>
#include <string.h>

#include "api/prom_parts.h"
#include "base/budget.h"
#include "promql/promql.h"
#include "wire/expo.h"

static bool
parsed(struct call *c, struct promql **q)
{
	struct err e;
	if (promql_parse(http_param(c->req, "query"), q, &e) == RC_OK)
		return true;
	answer_error(c, RC_INVALID, "invalid parameter \"query\": %s", e.text);
	return false;
}

void
handle_prom_format_query(struct call *c)
{
	struct promql *q;
	struct buf text = {0}, b = {0};
	struct json_writer w;
	if (!parsed(c, &q))
		return;
	promql_print_pretty(q, &text);
	prom_success(&w, &b);
	jsonw_str(&w, buf_view(&text));
	jsonw_object_end(&w);
	answer_json(c, 200, &b);
	buf_fini(&text);
	promql_destroy(&q);
}

void
handle_promql_words(struct call *c)
{
	struct buf b = {0};
	struct json_writer w;
	jsonw_init(&w, &b);
	promql_words(&w);
	answer_json(c, 200, &b);
}

/* For who is typing: what is wrong is the answer, not a failure of the request. */
void
handle_promql_check(struct call *c)
{
	struct promql *q;
	struct buf b = {0};
	struct json_writer w;
	struct err e;
	bool right = promql_parse(http_param(c->req, "query"), &q, &e) == RC_OK;
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_key(&w, right ? "type" : "error");
	jsonw_c(&w, right ? promql_type_name(promql_type(q)) : e.text);
	if (right) { /* and nothing else: what match[] takes */
		struct matchers m = {0};
		jsonw_key(&w, "selector");
		jsonw_bool(&w, promql_parse_selector(http_param(c->req, "query"), &m, &e) == RC_OK);
		matchers_fini(&m);
	}
	jsonw_object_end(&w);
	answer_json(c, 200, &b);
	if (right)
		promql_destroy(&q);
}

void
handle_prom_parse_query(struct call *c)
{
	struct promql *q;
	struct buf b = {0};
	struct json_writer w;
	if (!parsed(c, &q))
		return;
	prom_success(&w, &b);
	promql_describe(q, &w);
	jsonw_object_end(&w);
	answer_json(c, 200, &b);
	promql_destroy(&q);
}

/* ---- what is the same for everybody ---- */

/* Alerts of our rules go to our own road. */
void
handle_prom_alertmanagers(struct call *c)
{
	prom_answer_data(c, STR("{\"activeAlertmanagers\":[],\"droppedAlertmanagers\":[]}"));
}

void
handle_prom_notifications(struct call *c)
{
	prom_answer_data(c, STR("[]"));
}

/* 204 tells a client of server-sent events not to come again. */
void
handle_prom_notifications_live(struct call *c)
{
	http_answer(c->req, 204, "text/plain; charset=utf-8", STR(""));
}

/* As Prometheus names them; what is not there is left out. */
static const struct {
	const char *group, *names;
} features[] = {
    {"api", "admin exclude_alerts label_values_match lifecycle otlp_write_receiver query_stats query_warnings remote_write_receiver "
	    "time_range_labels time_range_series"},
    {"otlp_receiver", "delta_conversion"},
    {"prometheus", "server_mode"},
    {"promql", "anchored at_modifier bool by delayed_name_removal duration_expr fill fill_left fill_right group_left group_right "
	       "ignoring negative_offset offset on per_query_lookback_delta per_step_stats smoothed subqueries without"},
    {"rules", "concurrent_rule_eval keep_firing_for query_offset"},
    {"tsdb", "exemplar_storage native_histograms out_of_order st_storage"},
};

void
handle_prom_features(struct call *c)
{
	struct buf b = {0};
	struct json_writer w;
	jsonw_init(&w, &b);
	jsonw_object(&w);
	for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
		struct str rest = str_c(features[i].names), name;
		jsonw_key(&w, features[i].group);
		jsonw_object(&w);
		while (str_cut(&rest, ' ', &name)) {
			jsonw_key_str(&w, name);
			jsonw_bool(&w, true);
		}
		jsonw_object_end(&w);
	}
	promql_features(&w);
	jsonw_object_end(&w);
	prom_answer_data(c, buf_view(&b));
	buf_fini(&b);
}

/* ---- federation ---- */

static void
put_label(struct buf *b, struct str name, struct str value, bool *first)
{
	buf_c(b, *first ? "{" : ",");
	*first = false;
	if (label_name_is_classic(name))
		buf_str(b, name);
	else
		expo_quote(b, name);
	buf_ch(b, '=');
	expo_quote(b, value);
}

/* As Prometheus does it: with an instance, an empty one where there is none, and the time of the sample. */
static void
put_federated(struct buf *b, struct labels ls, struct pairs external, const struct promql_point *p)
{
	bool first = true;
	struct str name = labels_get(ls, STR(LABEL_METRIC));
	if (metric_name_is_classic(name)) {
		buf_str(b, name);
	} else {
		buf_ch(b, '{');
		expo_quote(b, name);
		first = false;
	}
	labels_each (ls, l)
		if (!str_is(l.it.name, LABEL_METRIC))
			put_label(b, l.it.name, l.it.value, &first);
	if (!labels_get(ls, STR("instance")).n)
		put_label(b, STR("instance"), STR(""), &first);
	for (size_t i = 0; i < external.n; i++)
		if (!labels_get(ls, external.p[i].name).n)
			put_label(b, external.p[i].name, external.p[i].value, &first);
	buf_c(b, first ? " " : "} ");
	buf_f64(b, p->v);
	buf_fmt(b, " %lld\n", (long long)p->t);
}

static void
put_result(struct buf *b, const struct promql_result *r, struct pairs external)
{
	struct str family = {0};
	for (size_t i = 0; i < r->n; i++) {
		struct str name = labels_get(r->series[i].labels, STR(LABEL_METRIC));
		const struct promql_series *s = &r->series[i];
		if (!name.n || !s->n || (s->natives && s->natives[s->n - 1])) /* the text format has no native histograms */
			continue;
		if (!str_eq(name, family) && metric_name_is_classic(name))
			buf_fmt(b, "# TYPE %.*s untyped\n", STR_ARG(name));
		family = name;
		put_federated(b, s->labels, external, &s->points[s->n - 1]);
	}
}

/* The latest sample of the last five minutes: asked for as a range, so that it brings its own time along. */
static enum rc
federate(struct call *c, struct strs tenants, struct str selector, struct pairs external, struct buf *out,
    struct err *e)
{
	struct matchers ms = {0};
	struct promql *q = NULL;
	struct promql_result *r = NULL;
	struct promql_ask ask = {
	    .db = c->api->house.tsdb, .tenants = tenants, .start = c->now, .end = c->now, .outsider = true};
	enum rc rc = promql_parse_selector(selector, &ms, e);
	if (rc == RC_OK)
		rc = promql_parse(arena_fmt(c->arena, "%.*s[5m]", STR_ARG(selector)), &q, e);
	if (rc == RC_OK)
		rc = promql_run(q, &ask, &r, e);
	if (rc == RC_OK)
		put_result(out, r, external);
	promql_result_destroy(&r);
	promql_destroy(&q);
	matchers_fini(&ms);
	return rc;
}

void
handle_prom_federate(struct call *c)
{
	struct conf_state s;
	struct strs tenants;
	struct buf out = {0};
	struct err e;
	enum rc rc = RC_OK;
	if (!tenant_read(c, &tenants))
		return;
	api_conf(c->api, c->arena, &s);
	for (size_t i = 0; rc == RC_OK && i < c->req->params.n; i++)
		if (str_is(c->req->params.p[i].name, "match[]"))
			rc = federate(c, tenants, c->req->params.p[i].value,
			    s.conf->root->global.prom.external_labels, &out, &e);
	conf_unref(&s.conf);
	if (rc == RC_OK)
		http_answer_buf(c->req, 200, "text/plain; version=0.0.4; charset=utf-8", &out);
	else
		answer_error(c, rc, "%s", e.text);
	buf_fini(&out);
}
