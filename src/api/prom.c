/* prom.c — Prometheus's HTTP API: queries, labels, series, and what its clients ask at start. */
#include <math.h>
#include <string.h>

#include "api/prom_parts.h"
#include "base/budget.h"
#include "base/time.h"
#include "promql/query_log.h"
#include "promql/range_cache.h"
#include "wire/url.h"

/* ---- parameters ---- */

bool
prom_moment(struct str s, msec_t *out)
{
	double seconds;
	if (str_f64(s, &seconds) && isfinite(seconds) && fabs(seconds) < 9e15) {
		*out = (msec_t)llround(seconds * 1000);
		return true;
	}
	return time_parse_rfc3339(s, out);
}

bool
prom_param_time(struct call *c, const char *name, msec_t otherwise, msec_t *out)
{
	struct str s = http_param(c->req, name);
	*out = otherwise;
	if (!s.n || prom_moment(s, out))
		return true;
	answer_error(c, RC_INVALID, "invalid parameter \"%s\": cannot parse \"%.*s\" to a valid timestamp", name, STR_ARG(str_to(s, 60)));
	return false;
}

/* Seconds as a number, or a duration. */
static bool
param_duration(struct call *c, const char *name, msec_t otherwise, msec_t *out)
{
	struct str s = http_param(c->req, name);
	double seconds;
	*out = otherwise;
	if (!s.n || duration_parse(s, out))
		return true;
	if (str_f64(s, &seconds) && seconds > 0 && seconds < 1e12) {
		*out = (msec_t)llround(seconds * 1000);
		return true;
	}
	answer_error(c, RC_INVALID, "invalid parameter \"%s\": cannot parse \"%.*s\" to a valid duration", name, STR_ARG(str_to(s, 60)));
	return false;
}

/* ---- the envelope ---- */

void
prom_success(struct json_writer *w, struct buf *b)
{
	jsonw_init(w, b);
	jsonw_object(w);
	jsonw_key(w, "status");
	jsonw_c(w, "success");
	jsonw_key(w, "data");
}

/* ---- queries ---- */

void
prom_query_error(struct call *c, enum rc rc, const char *text)
{
	struct buf b = {0};
	struct json_writer w;
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_key(&w, "status");
	jsonw_c(&w, "error");
	jsonw_key(&w, "errorType");
	jsonw_c(&w, rc == RC_CANCELLED ? "canceled" : rc == RC_TIMEOUT ? "timeout" : rc == RC_IO ? "unavailable" : "execution");
	jsonw_key(&w, "error");
	jsonw_c(&w, text);
	jsonw_object_end(&w);
	answer_json(c, rc == RC_CANCELLED ? 499 : rc == RC_TIMEOUT || rc == RC_IO ? 503 : 422, &b);
}

/* ?stats=: what the query cost. */
static void
add_stats(struct call *c, struct buf *out, const struct promql_result *r, const struct promql_ask *ask, nsec_t since)
{
	struct str want = http_param(c->req, "stats");
	struct json_writer w;
	if (!want.n)
		return;
	jsonw_init(&w, out);
	query_stats_json(&w, r, ask->start, ask->step, (double)(clock_mono(clock_real()) - since) / 1e9, str_is(want, "all"));
}

/* ?limit=: so many series. */
static bool
cut_to_limit(struct promql_result *r, int64_t limit)
{
	if (limit <= 0 || (int64_t)r->n <= limit || (r->type != PROMQL_VECTOR && r->type != PROMQL_MATRIX))
		return false;
	r->n = (size_t)limit;
	return true;
}

static void
add_warning(struct promql_result *r, struct str text)
{
	struct str *p = arena_array(r->arena, struct str, r->warnings.n + 1);
	if (r->warnings.n)
		memcpy(p, r->warnings.p, r->warnings.n * sizeof *p);
	p[r->warnings.n++] = text;
	r->warnings.p = p;
}

void
prom_log_query(struct call *c, const struct promql_ask *ask, const struct promql_result *r, nsec_t since, const char *error)
{
	query_log_add(&(struct query_line){.query = http_param(c->req, "query"),
	    .now = c->now,
	    .start = ask->start,
	    .end = ask->end,
	    .step = ask->step,
	    .seconds = (double)(clock_mono(clock_real()) - since) / 1e9,
	    .result = r,
	    .error = error,
	    .client = c->req->peer,
	    .method = c->req->method,
	    .path = c->req->path});
}

static void
run(struct call *c, const struct promql *q, const struct promql_ask *ask)
{
	struct promql_result *r = NULL;
	nsec_t since = clock_mono(clock_real());
	int64_t limit;
	if (!param_i64(c, "limit", 0, &limit))
		return;
	struct buf stats = {0};
	struct err e;
	if (budget_take(BUDGET_queries, 1, &e) != RC_OK) {
		answer_error(c, RC_IO, "%s", e.text);
		return;
	}
	bool anew = http_param(c->req, "nocache").n && !str_is(http_param(c->req, "nocache"), "0");
	enum rc rc = anew ? promql_run(q, ask, &r, &e) : range_cache_run(c->api->ranges, q, ask, &r, &e);
	budget_give(BUDGET_queries, 1);
	prom_log_query(c, ask, r, since, rc == RC_OK ? NULL : e.text);
	if (rc != RC_OK) {
		prom_query_error(c, rc, e.text);
		return;
	}
	if (cut_to_limit(r, limit))
		add_warning(r, STR("results truncated due to limit"));
	add_stats(c, &stats, r, ask, since);
	prom_answer_result(c, r, ask->start, &stats);
}

bool
prom_begin_query(struct call *c, struct promql **q, struct promql_ask *ask)
{
	const struct conf_server *conf = &c->api->house.conf->root->server;
	struct err e;
	msec_t longest = conf->query_timeout, timeout;
	*ask = (struct promql_ask){.db = c->api->house.tsdb, .limits = {.samples = (size_t)conf->query_max_samples}, .outsider = true, .cancel = (const volatile bool *)&c->req->cancelled};
	if (!tenant_read(c, &ask->tenants) || !param_duration(c, "lookback_delta", conf->query_lookback, &ask->lookback) ||
	    !param_duration(c, "timeout", longest, &timeout))
		return false;
	ask->samples_only = str_is(http_param(c->req, "windows"), "0");
	ask->count_steps = http_param(c->req, "stats").n || query_log_is_on();
	timeout = longest && (timeout <= 0 || timeout > longest) ? longest : timeout;
	ask->deadline = timeout > 0 ? clock_mono(clock_real()) + timeout * 1000000 : 0;
	if (promql_parse(http_param(c->req, "query"), q, &e) == RC_OK)
		return true;
	answer_error(c, RC_INVALID, "invalid parameter \"query\": %s", e.text);
	return false;
}

void
handle_prom_query(struct call *c)
{
	struct promql *q = NULL;
	struct promql_ask ask;
	if (prom_push_down(c, &(struct prom_question){.path = STR("/api/v1/query"), .is_query = true}) || !prom_begin_query(c, &q, &ask))
		return;
	if (prom_param_time(c, "time", c->now, &ask.start)) {
		ask.end = ask.start;
		run(c, q, &ask);
	}
	promql_destroy(&q);
}

static bool
range_params(struct call *c, struct promql_ask *ask)
{
	if (!prom_param_time(c, "start", -1, &ask->start) || !prom_param_time(c, "end", -1, &ask->end) || !param_duration(c, "step", 0, &ask->step))
		return false;
	if (ask->step <= 0)
		answer_error(c, RC_INVALID, "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer");
	else if (ask->end < ask->start)
		answer_error(c, RC_INVALID, "invalid parameter \"end\": end timestamp must not be before start time");
	else if ((ask->end - ask->start) / ask->step > 11000)
		answer_error(c, RC_INVALID,
		    "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)");
	else
		return true;
	return false;
}

void
handle_prom_query_range(struct call *c)
{
	struct promql *q = NULL;
	struct promql_ask ask;
	if (prom_push_down(c, &(struct prom_question){.path = STR("/api/v1/query_range"), .is_query = true}) || !prom_begin_query(c, &q, &ask))
		return;
	bool fits = promql_type(q) == PROMQL_SCALAR || promql_type(q) == PROMQL_VECTOR;
	if (!fits)
		answer_error(c, RC_INVALID, "invalid parameter \"query\": invalid expression type \"%s\" for range query, must be Scalar or instant Vector",
		    promql_type(q) == PROMQL_MATRIX ? "range vector" : promql_type_name(promql_type(q)));
	else if (range_params(c, &ask))
		run(c, q, &ask);
	promql_destroy(&q);
}

/* ---- series and labels ---- */

struct selection {
	struct strs tenants;
	msec_t start, end;
	int64_t limit;
	struct matchers sets[16];
	size_t n;
};

static void
selection_fini(struct selection *s)
{
	for (size_t i = 0; i < s->n; i++)
		matchers_fini(&s->sets[i]);
}

static bool
add_matcher(struct call *c, struct selection *s, struct str text)
{
	struct err e;
	if (s->n == 16) {
		answer_error(c, RC_REFUSED, "at most 16 match[] are taken");
		return false;
	}
	memset(&s->sets[s->n], 0, sizeof s->sets[0]);
	if (promql_parse_selector(text, &s->sets[s->n], &e) != RC_OK) {
		answer_error(c, RC_INVALID, "invalid parameter \"match[]\": %s", e.text);
		return false;
	}
	s->n++;
	return true;
}

static bool
select_params(struct call *c, struct selection *s)
{
	*s = (struct selection){0};
	if (!tenant_read(c, &s->tenants) || !prom_param_time(c, "start", INT64_MIN, &s->start) || !prom_param_time(c, "end", INT64_MAX, &s->end) ||
	    !param_i64(c, "limit", 0, &s->limit))
		return false;
	for (size_t i = 0; i < c->req->params.n; i++)
		if (str_is(c->req->params.p[i].name, "match[]") && !add_matcher(c, s, c->req->params.p[i].value)) {
			selection_fini(s);
			return false;
		}
	return true;
}

static struct tsdb_select
select_of(const struct selection *s, size_t i)
{
	return (struct tsdb_select){.tenants = s->tenants, .matchers = i < s->n ? &s->sets[i] : NULL, .min = s->start, .max = s->end};
}

static int
by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Names or values of all match[] together, sorted, each once. */
static void
answer_words(struct call *c, struct selection *s, struct str label)
{
	VEC(struct str) all = {0};
	struct err e = {0};
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < (s->n ? s->n : 1); i++) {
		struct tsdb_select sel = select_of(s, i);
		struct strs got = {0};
		rc = label.n ? tsdb_label_values(c->api->house.tsdb, &sel, label, 0, c->arena, &got, &e)
			     : tsdb_label_names(c->api->house.tsdb, &sel, 0, c->arena, &got, &e);
		for (size_t k = 0; k < got.n; k++)
			*vec_add(&all) = got.p[k];
	}
	if (rc != RC_OK) {
		prom_query_error(c, rc, e.text);
	} else {
		struct buf b = {0};
		struct json_writer w;
		int64_t n = 0;
		if (all.n)
			qsort(all.p, all.n, sizeof *all.p, by_text);
		prom_success(&w, &b);
		jsonw_array(&w);
		for (size_t i = 0; i < all.n && (!s->limit || n < s->limit); i++)
			if (i == 0 || !str_eq(all.p[i], all.p[i - 1]))
				n++, jsonw_str(&w, all.p[i]);
		jsonw_array_end(&w);
		jsonw_object_end(&w);
		answer_json(c, 200, &b);
	}
	vec_fini(&all);
}

void
handle_prom_labels(struct call *c)
{
	struct selection s;
	if (prom_push_down(c, &(struct prom_question){.path = STR("/api/v1/labels"), .of_series = true}) || !select_params(c, &s))
		return;
	answer_words(c, &s, STR(""));
	selection_fini(&s);
}

void
handle_prom_label_values(struct call *c)
{
	struct selection s;
	struct buf path = {0};
	buf_c(&path, "/api/v1/label/");
	url_escape_part(&path, c->part[0]);
	buf_c(&path, "/values");
	bool pushed = prom_push_down(c, &(struct prom_question){.path = buf_view(&path), .get = true, .of_series = true});
	buf_fini(&path);
	if (pushed || !select_params(c, &s))
		return;
	answer_words(c, &s, c->part[0]);
	selection_fini(&s);
}

static enum rc
add_matching(struct call *c, const struct selection *s, size_t i, struct map *seen, struct json_writer *w, struct err *e)
{
	struct tsdb_select sel = select_of(s, i);
	struct tsdb_cursor *cur = NULL;
	struct labels ls;
	enum rc rc = tsdb_cursor_create(c->api->house.tsdb, &sel, &cur, e);
	if (rc != RC_OK)
		return rc;
	while (tsdb_cursor_next_labels(cur, &ls)) {
		if (s->limit && (int64_t)map_count(seen) >= s->limit)
			break;
		if (!map_put(seen, ls.bytes, w))
			labels_to_json(w, ls);
	}
	tsdb_cursor_destroy(&cur);
	return RC_OK;
}

void
handle_prom_series(struct call *c)
{
	struct selection s;
	struct buf b = {0};
	struct json_writer w;
	struct err e;
	enum rc rc = RC_OK;
	if (prom_push_down(c, &(struct prom_question){.path = STR("/api/v1/series"), .of_series = true, .must_match = true}) || !select_params(c, &s))
		return;
	if (s.n == 0) {
		answer_error(c, RC_INVALID, "no match[] parameter provided");
		return;
	}
	struct map *seen = map_create();
	prom_success(&w, &b);
	jsonw_array(&w);
	for (size_t i = 0; rc == RC_OK && i < s.n; i++)
		rc = add_matching(c, &s, i, seen, &w, &e);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	map_destroy(&seen);
	selection_fini(&s);
	if (rc == RC_OK)
		answer_json(c, 200, &b);
	else
		prom_query_error(c, rc, e.text);
	buf_fini(&b);
}

/* ---- state ---- */

void
prom_answer_data(struct call *c, struct str data)
{
	struct buf b = {0};
	struct json_writer w;
	prom_success(&w, &b);
	jsonw_raw(&w, data);
	jsonw_object_end(&w);
	answer_json(c, 200, &b);
}

/* All values of a parameter that may stand several times. */
static struct strs
param_all(struct call *c, const char *name)
{
	struct strs s = {arena_array(c->arena, struct str, c->req->params.n + 1), 0};
	for (size_t i = 0; i < c->req->params.n; i++)
		if (str_is(c->req->params.p[i].name, name) && c->req->params.p[i].value.n)
			s.p[s.n++] = c->req->params.p[i].value;
	return s;
}

static void
answer_rules(struct call *c, const struct rule_filter *f)
{
	struct buf data = {0};
	struct err e;
	enum rc rc = c->api->house.rules_json(c->api->house.arg, &c->who, f, &data, &e);
	if (rc == RC_OK)
		prom_answer_data(c, buf_view(&data));
	else
		answer_error(c, rc, "%s", e.text);
	buf_fini(&data);
}

static bool
rule_params(struct call *c, struct rule_filter *f, const struct selection *s)
{
	struct str type = http_param(c->req, "type"), exclude = http_param(c->req, "exclude_alerts");
	int64_t limit;
	if (!param_i64(c, "group_limit", 0, &limit))
		return false;
	f->no_alerting = str_is(type, "record");
	f->no_recording = str_is(type, "alert");
	f->exclude_alerts = str_is(exclude, "true") || str_is(exclude, "1");
	f->names = param_all(c, "rule_name[]");
	f->groups = param_all(c, "rule_group[]");
	f->files = param_all(c, "file[]");
	f->sets = s->sets;
	f->n_sets = s->n;
	f->group_limit = limit > 0 ? (size_t)limit : 0;
	f->next_token = http_param(c->req, "group_next_token");
	if (type.n && !f->no_alerting && !f->no_recording)
		answer_error(c, RC_INVALID, "not supported value \"%.*s\"", STR_ARG(str_to(type, 40)));
	else if (exclude.n && !f->exclude_alerts && !str_is(exclude, "false") && !str_is(exclude, "0"))
		answer_error(c, RC_INVALID, "invalid exclude_alerts: \"%.*s\" is neither true nor false", STR_ARG(str_to(exclude, 40)));
	else if (f->next_token.n && !f->group_limit)
		answer_error(c, RC_INVALID, "group_limit needs to be present in order to paginate over the groups");
	else
		return true;
	return false;
}

void
handle_prom_rules(struct call *c)
{
	struct rule_filter f = {0};
	struct selection s;
	if (!select_params(c, &s))
		return;
	if (rule_params(c, &f, &s))
		answer_rules(c, &f);
	selection_fini(&s);
}

void
handle_prom_alerts(struct call *c)
{
	struct rule_filter f = {.alerts_only = true};
	answer_rules(c, &f);
}

/* One metric: its name, and a list of what is known of it. */
struct metadata_listing {
	struct json_writer *w;
	struct str metric; /* only this one; empty: all */
	struct map *seen;  /* of several tenants the first one's stands */
	int64_t left;
};

static void
add_metadata(void *arg, const struct tsdb_metadata *m)
{
	struct metadata_listing *l = arg;
	if ((l->metric.n && !str_eq(l->metric, m->metric)) || l->left <= 0 || map_get(l->seen, m->metric))
		return;
	map_put(l->seen, m->metric, l);
	l->left--;
	jsonw_key_str(l->w, m->metric);
	jsonw_array(l->w);
	jsonw_object(l->w);
	jsonw_key(l->w, "type");
	jsonw_str(l->w, m->type);
	jsonw_key(l->w, "help");
	jsonw_str(l->w, m->help);
	jsonw_key(l->w, "unit");
	jsonw_str(l->w, m->unit);
	jsonw_object_end(l->w);
	jsonw_array_end(l->w);
}

void
handle_prom_metadata(struct call *c)
{
	struct strs tenants;
	struct buf data = {0};
	struct json_writer w;
	int64_t limit = INT64_MAX;
	struct str asked = http_param(c->req, "limit");
	if (prom_push_down(c, &(struct prom_question){.path = STR("/api/v1/metadata"), .get = true, .of_metrics = true}) || !tenant_read(c, &tenants))
		return;
	if (asked.n && !str_i64(asked, &limit)) {
		answer_error(c, RC_INVALID, "limit \"%.*s\" is no number", STR_ARG(asked));
		return;
	}
	struct metadata_listing l = {.w = &w, .metric = http_param(c->req, "metric"), .left = limit < 0 ? INT64_MAX : limit, .seen = map_create()};
	jsonw_init(&w, &data);
	jsonw_object(&w);
	for (size_t i = 0; i < tenants.n; i++)
		tsdb_metadata_each(c->api->house.tsdb, tenants.p[i], add_metadata, &l);
	jsonw_object_end(&w);
	map_destroy(&l.seen);
	prom_answer_data(c, buf_view(&data));
	buf_fini(&data);
}
