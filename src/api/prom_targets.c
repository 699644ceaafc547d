/* prom_targets.c — Prometheus's API of targets: their state, their pages' metadata, how relabelling treats them. */
#include <stdlib.h>
#include <string.h>

#include "api/prom_parts.h"
#include "collect/scraper.h"
#include "collect/target.h"
#include "label/relabel.h"
#include "promql/promql.h"

/* ---- state and metadata ---- */

static void
answer_targets(struct call *c, struct scraper_ask *ask, bool metadata)
{
	struct buf data = {0};
	c->api->house.targets_json(c->api->house.arg, &c->who, ask, metadata, &data);
	prom_answer_data(c, buf_view(&data));
	buf_fini(&data);
}

void
handle_prom_targets(struct call *c)
{
	struct str state = http_param(c->req, "state");
	struct scraper_ask ask = {.pool = http_param(c->req, "scrapePool"),
	    .no_active = str_eq_nocase(state, STR("dropped")),
	    .no_dropped = str_eq_nocase(state, STR("active"))};
	answer_targets(c, &ask, false);
}

void
handle_prom_targets_metadata(struct call *c)
{
	struct matchers ms = {0};
	struct str whose = http_param(c->req, "match_target"), asked = http_param(c->req, "limit");
	struct scraper_ask ask = {.metric = http_param(c->req, "metric"), .limit = SIZE_MAX};
	struct err e;
	int64_t limit = -1;
	if (asked.n && !str_i64(asked, &limit)) {
		answer_error(c, RC_INVALID, "limit must be a number");
		return;
	}
	if (limit >= 0)
		ask.limit = (size_t)limit;
	if (whose.n && promql_parse_selector(whose, &ms, &e) != RC_OK) {
		answer_error(c, RC_INVALID, "invalid parameter \"match_target\": %s", e.text);
		return;
	}
	ask.matchers = whose.n ? &ms : NULL;
	answer_targets(c, &ask, true);
	matchers_fini(&ms);
}

/* ---- jobs ---- */

static bool
sees_job(const struct call *c, const struct conf_scrape *job)
{
	return !c->who.customers.n || access_sees(&c->who, job->customer.n ? job->customer : STR("default"));
}

static int
by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

void
handle_prom_scrape_pools(struct call *c)
{
	struct conf_state s;
	struct buf b = {0};
	struct json_writer w;
	VEC(struct str) names = {0};
	api_conf(c->api, c->arena, &s);
	for (size_t i = 0; i < s.conf->scrapes.n; i++)
		if (sees_job(c, s.conf->scrapes.p[i]))
			*vec_add(&names) = s.conf->scrapes.p[i]->job_name;
	if (names.n)
		qsort(names.p, names.n, sizeof *names.p, by_text);
	prom_success(&w, &b);
	jsonw_object(&w);
	jsonw_key(&w, "scrapePools");
	jsonw_array(&w);
	for (size_t i = 0; i < names.n; i++)
		jsonw_str(&w, names.p[i]);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	jsonw_object_end(&w);
	vec_fini(&names);
	conf_unref(&s.conf);
	answer_json(c, 200, &b);
}

/* ---- relabelling, step by step ---- */

static void
put_text(struct json_writer *w, const char *key, struct str value, bool always)
{
	if (!always && !value.n)
		return;
	jsonw_key(w, key);
	jsonw_str(w, value);
}

static void
rule_json(struct json_writer *w, const struct conf_relabel *r)
{
	jsonw_key(w, "rule");
	jsonw_object(w);
	if (r->source_labels.n) {
		jsonw_key(w, "source_labels");
		jsonw_array(w);
		for (size_t i = 0; i < r->source_labels.n; i++)
			jsonw_str(w, r->source_labels.p[i]);
		jsonw_array_end(w);
	}
	put_text(w, "separator", r->separator, true);
	put_text(w, "regex", r->regex, false);
	if (r->modulus) {
		jsonw_key(w, "modulus");
		jsonw_i64(w, r->modulus);
	}
	put_text(w, "target_label", r->target_label, false);
	put_text(w, "replacement", r->replacement, true);
	put_text(w, "action", str_c(conf_relabel_actions[r->action]), true);
	jsonw_object_end(w);
}

/* A rule, and the labels after it; nothing after one that drops.  The labels borrow from the compiled rule. */
static enum rc
step_json(struct json_writer *w, const struct conf_relabel *rule, struct relabel **one, struct label_builder *b, bool *keep, struct arena *a,
    struct err *e)
{
	enum rc rc = target_rules(rule, 1, one, e);
	if (rc != RC_OK)
		return rc;
	*keep = *keep && relabel_apply(*one, b, a);
	jsonw_object(w);
	rule_json(w, rule);
	jsonw_key(w, "output");
	jsonw_object(w);
	labels_each (*keep ? label_builder_done(b, a) : (struct labels){0}, l) {
		jsonw_key_str(w, l.it.name);
		jsonw_str(w, l.it.value);
	}
	jsonw_object_end(w);
	jsonw_key(w, "keep");
	jsonw_bool(w, *keep);
	jsonw_object_end(w);
	return RC_OK;
}

static bool
read_labels(struct call *c, struct str text, struct label_builder *b)
{
	struct json j;
	struct str name, value;
	struct err e;
	json_init(&j, text, c->arena, 4);
	bool ok = json_object(&j);
	while (ok && json_key(&j, &name))
		if (json_str(&j, &value))
			label_builder_set(b, name, value);
	if (json_end(&j, &e) == RC_OK)
		return true;
	answer_error(c, RC_INVALID, "error parsing labels: %s", e.text);
	return false;
}

static void
answer_steps(struct call *c, const struct conf_scrape *job, struct label_builder *b)
{
	struct buf out = {0};
	struct json_writer w;
	struct err e;
	enum rc rc = RC_OK;
	bool keep = true;
	struct relabel **rules = arena_array(c->arena, struct relabel *, job->relabel_configs.n + 1);
	prom_success(&w, &out);
	jsonw_object(&w);
	jsonw_key(&w, "steps");
	jsonw_array(&w);
	for (size_t i = 0; rc == RC_OK && i < job->relabel_configs.n; i++)
		rc = step_json(&w, &job->relabel_configs.p[i], &rules[i], b, &keep, c->arena, &e);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	jsonw_object_end(&w);
	if (rc == RC_OK)
		answer_json(c, 200, &out);
	else
		answer_error(c, rc, "%s", e.text);
	for (size_t i = 0; i < job->relabel_configs.n; i++)
		relabel_destroy(&rules[i]);
	buf_fini(&out);
}

void
handle_prom_relabel_steps(struct call *c)
{
	struct str pool = http_param(c->req, "scrapePool"), labels = http_param(c->req, "labels");
	struct label_builder b = {0};
	struct conf_state s;
	const struct conf_scrape *job = NULL;
	if (!pool.n || !labels.n) {
		answer_error(c, RC_INVALID, "no %s parameter provided", pool.n ? "labels" : "scrapePool");
		return;
	}
	if (!read_labels(c, labels, &b)) {
		label_builder_fini(&b);
		return;
	}
	api_conf(c->api, c->arena, &s);
	for (size_t i = 0; i < s.conf->scrapes.n; i++)
		if (str_eq(s.conf->scrapes.p[i]->job_name, pool) && sees_job(c, s.conf->scrapes.p[i]))
			job = s.conf->scrapes.p[i];
	if (job)
		answer_steps(c, job, &b);
	else
		answer_error(c, RC_INVALID, "error retrieving scrape config: scrape pool \"%.*s\" not found", STR_ARG(str_to(pool, 100)));
	conf_unref(&s.conf);
	label_builder_fini(&b);
}
