/*
 * evaluate.c — one run of a group: ask, judge, write, hand on.
 *
 * TRAP   What a rule wrote at its last run and does not write now must end (a staleness marker), or a graph goes on with
 *        a value that nobody stands for.
 */
#include <stdatomic.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/suspect.h"
#include "base/time.h"
#include "promql/native.h"
#include "rule/group.h"
#include "wire/url.h"

enum { RESEND = 60 * 1000 };

/* One run of one rule. */
struct running {
	struct group *group;
	struct rule *rule;
	struct arena *arena;
	msec_t at;
	VEC(struct tsdb_sample) samples;
	VEC(struct tsdb_histogram) histograms;
	VEC(struct alert) alerts;
	VEC(struct rule_memory) memories;
};

/* ---- templates ---- */

/* The function `query` of templates: it looks here, also in a group whose rules are asked of a cluster. */
static enum rc
template_query(void *context, struct str expr, struct arena *a, struct value *out, struct err *e)
{
	struct running *r = context;
	struct promql *q = NULL;
	struct promql_result *res = NULL;
	struct promql_ask ask = {.db = r->group->rules->db, .tenants = {&r->group->tenant, 1}, .start = r->at, .end = r->at};
	enum rc rc = promql_parse(expr, &q, e);
	if (rc == RC_OK)
		rc = promql_run(q, &ask, &res, e);
	if (rc == RC_OK) {
		struct value *items = arena_array(a, struct value, res->n);
		for (size_t i = 0; i < res->n; i++)
			items[i] = tmpl_alert_data(labels_to_pairs(labels_copy(res->series[i].labels, a), a), (struct pairs){0}, STR(""),
			    res->series[i].points[0].v, a);
		*out = (struct value){.kind = VALUE_LIST, .list = {items, res->n}};
	}
	promql_result_destroy(&res);
	promql_destroy(&q);
	return rc;
}

/* A template that fails says so in its own place: an alert is never lost to it. */
static struct str
expand(struct running *r, struct str text, const struct value *data)
{
	struct tmpl_env env = {.now = r->at, .external_url = r->group->rules->conf->external_url, .query = template_query, .context = r};
	struct buf b = {0};
	struct err e;
	if (tmpl_expand(r->group->rules->templates, text, data, &env, &b, &e) != RC_OK) {
		buf_clear(&b);
		buf_fmt(&b, "<error expanding template: %s>", e.text);
	}
	struct str s = arena_str(r->arena, buf_view(&b));
	buf_fini(&b);
	return s;
}

static void
set_expanded(struct running *r, struct label_builder *b, struct pairs labels, const struct value *data)
{
	for (size_t i = 0; i < labels.n; i++)
		label_builder_set(b, labels.p[i].name, expand(r, labels.p[i].value, data));
}

/* ---- what is written ---- */

/* The series that the rule writes; NULL: it cannot be. */
static struct output *
output_of(struct running *r, struct labels ls)
{
	struct output *o = map_get(r->rule->outputs, ls.bytes);
	struct err e;
	if (!o) {
		struct tsdb_ref ref;
		if (tsdb_series(r->group->rules->db, r->group->tenant, ls, &ref, &e) != RC_OK) {
			snprintf(r->rule->trouble, sizeof r->rule->trouble, "%.290s", e.text);
			return NULL;
		}
		o = mem_new(struct output);
		o->ref = ref;
		map_put(r->rule->outputs, ls.bytes, o);
	}
	o->run = r->group->run;
	return o;
}

static void
write_output(struct running *r, struct labels ls, double v)
{
	const struct output *o = output_of(r, ls);
	if (o)
		*vec_add(&r->samples) = (struct tsdb_sample){o->ref, r->at, v};
}

static void
write_histogram(struct running *r, struct labels ls, const struct native *h)
{
	const struct output *o = output_of(r, ls);
	struct histogram stored;
	struct buf packed = {0};
	if (!o)
		return;
	native_to(h, r->arena, &stored);
	histogram_pack(&stored, &packed);
	*vec_add(&r->histograms) = (struct tsdb_histogram){o->ref, r->at, arena_str(r->arena, buf_view(&packed))};
	buf_fini(&packed);
}

static void
end_outputs(struct running *r)
{
	VEC(struct str) gone = {0};
	map_each(r->rule->outputs, e) {
		struct output *o = e->value;
		if (o->run == r->group->run)
			continue;
		*vec_add(&r->samples) = (struct tsdb_sample){o->ref, r->at, tsdb_stale()};
		*vec_add(&gone) = e->key;
	}
	for (size_t i = 0; i < gone.n; i++) {
		struct str key = gone.p[i];
		mem_free(map_take(r->rule->outputs, key));
	}
	vec_fini(&gone);
}

/* ---- recording rules ---- */

static void
record(struct running *r, const struct promql_result *res)
{
	struct label_builder b = {0};
	for (size_t i = 0; i < res->n; i++) {
		label_builder_start(&b, res->series[i].labels);
		label_builder_set(&b, STR(LABEL_METRIC), r->rule->conf->record);
		for (size_t k = 0; k < r->group->conf->labels.n; k++)
			label_builder_set(&b, r->group->conf->labels.p[k].name, r->group->conf->labels.p[k].value);
		for (size_t k = 0; k < r->rule->conf->labels.n; k++)
			label_builder_set(&b, r->rule->conf->labels.p[k].name, r->rule->conf->labels.p[k].value);
		const struct promql_series *s = &res->series[i];
		struct labels ls = label_builder_done(&b, r->arena);
		if (s->natives && s->natives[0])
			write_histogram(r, ls, s->natives[0]);
		else
			write_output(r, ls, s->points[0].v);
	}
	label_builder_fini(&b);
}

/* ---- alerting rules ---- */

static void
annotate(struct running *r, struct instance *in, const struct value *data)
{
	struct pairs from = r->rule->conf->annotations;
	struct pairs now = {arena_array(r->arena, struct pair, from.n), from.n};
	for (size_t i = 0; i < from.n; i++)
		now.p[i] = (struct pair){from.p[i].name, expand(r, from.p[i].value, data)};
	if (pairs_eq(now, in->annotations))
		return;
	struct arena *fresh = arena_create();
	in->labels = labels_copy(in->labels, fresh);
	in->annotations.p = arena_array(fresh, struct pair, now.n);
	in->annotations.n = now.n;
	for (size_t i = 0; i < now.n; i++)
		in->annotations.p[i] = (struct pair){arena_str(fresh, now.p[i].name), arena_str(fresh, now.p[i].value)};
	arena_destroy(&in->arena);
	in->arena = fresh;
}

static void
hold(struct running *r, const struct promql_series *s)
{
	struct label_builder b = {0};
	double v = s->points[0].v;
	struct pairs labels = labels_to_pairs(s->labels, r->arena);
	struct value data = tmpl_alert_data(labels, r->group->rules->conf->root->global.prom.external_labels,
	    r->group->rules->conf->external_url, v, r->arena);
	label_builder_start(&b, s->labels);
	label_builder_del(&b, STR(LABEL_METRIC));
	set_expanded(r, &b, r->group->conf->labels, &data);
	set_expanded(r, &b, r->rule->conf->labels, &data);
	label_builder_set(&b, STR("alertname"), r->rule->conf->alert);
	struct instance *in = instances_hold(&r->rule->instances, label_builder_done(&b, r->arena), v, r->at);
	annotate(r, in, &data);
	label_builder_fini(&b);
}

/* ALERTS{alertstate} and ALERTS_FOR_STATE, for graphs and for what asks for them. */
static void
write_state(struct running *r, const struct instance *in)
{
	struct label_builder b = {0};
	if (in->state == INSTANCE_RESOLVED)
		return;
	label_builder_start(&b, in->labels);
	label_builder_set(&b, STR(LABEL_METRIC), STR("ALERTS_FOR_STATE"));
	write_output(r, label_builder_done(&b, r->arena), (double)in->active_at / 1000);
	label_builder_set(&b, STR(LABEL_METRIC), STR("ALERTS"));
	label_builder_set(&b, STR("alertstate"), str_c(instance_states[in->state]));
	write_output(r, label_builder_done(&b, r->arena), 1);
	label_builder_fini(&b);
}

static void
remember(struct running *r, struct instance *in)
{
	struct rule_memory m = instance_memory(in, r->arena, r->at);
	m.key = arena_fmt(r->arena, "%.*s/%016llx", STR_ARG(r->rule->key), (unsigned long long)labels_hash(in->labels));
	m.rule = r->rule->key;
	m.customer = r->group->tenant;
	in->kept = !m.removed;
	*vec_add(&r->memories) = m;
}

static bool
wants_sending(const struct instance *in, msec_t at)
{
	if (in->state == INSTANCE_PENDING || (in->state == INSTANCE_RESOLVED && !in->fired_at))
		return false;
	if (in->state == INSTANCE_RESOLVED && in->resolved_at > in->sent_at)
		return true;
	return at - in->sent_at >= RESEND || in->sent_at == 0;
}

/* What people read says so when nobody knows any more whether it is still true. */
static struct pairs
told_annotations(struct running *r, const struct instance *in)
{
	char since[TIME_TEXT];
	struct pair mark = {STR("no_data_since"), STR("")};
	if (!in->stale_since)
		return in->annotations;
	struct pairs out = {arena_array(r->arena, struct pair, in->annotations.n + 1), 0};
	mark.value = arena_str(r->arena, str_c(time_rfc3339(in->stale_since, since)));
	for (size_t i = 0; i < in->annotations.n; i++) {
		if (out.n == i && str_cmp(in->annotations.p[i].name, mark.name) > 0)
			out.p[out.n++] = mark;
		out.p[out.n++] = in->annotations.p[i];
	}
	if (out.n == in->annotations.n)
		out.p[out.n++] = mark;
	return out;
}

/* Where the alert's expression is seen: the console's page of it, at the address that Prometheus uses. */
static struct str
generator_url(struct running *r)
{
	struct buf b = {0};
	buf_fmt(&b, "%.*s/graph?g0.expr=", STR_ARG(r->group->rules->conf->external_url));
	url_escape_query(&b, r->rule->conf->expr);
	buf_c(&b, "&g0.tab=1");
	struct str url = arena_str(r->arena, buf_view(&b));
	buf_fini(&b);
	return url;
}

static void
hand_on(struct running *r, struct instance *in)
{
	msec_t grace = 4 * (r->group->interval > RESEND ? r->group->interval : RESEND);
	if (!wants_sending(in, r->at))
		return;
	in->sent_at = r->at;
	*vec_add(&r->alerts) = (struct alert){
	    .customer = r->group->conf->customer, /* empty: the labels say, or nobody does */
	    .labels = labels_to_pairs(in->labels, r->arena),
	    .annotations = told_annotations(r, in),
	    .generator_url = generator_url(r),
	    .starts_at = in->fired_at,
	    .ends_at = in->state == INSTANCE_RESOLVED ? in->resolved_at : r->at + grace,
	    .received = r->at,
	};
}

static void
hold_again(void *arg, const struct promql_series *s)
{
	hold(arg, s);
}

static void
judge(struct running *r, const struct answer *a)
{
	const struct promql_result *res = a->result;
	const struct conf_rule *c = r->rule->conf;
	struct rule_times times = {c->for_, c->keep_firing_for, c->flapping ? (size_t)c->flapping->changes : 0, c->flapping ? c->flapping->within : 0};
	struct instances *all = &r->rule->instances;
	instances_begin(all);
	for (size_t i = 0; i < res->n; i++)
		hold(r, &res->series[i]);
	rule_keep(r->group, r->rule, r->at, a, hold_again, r);
	instances_end(all, &times, r->at);
	map_each(all->map, e) {
		struct instance *in = e->value;
		if (instance_is_news(in, r->at))
			remember(r, in);
		write_state(r, in);
		hand_on(r, in);
	}
}

/* ---- a run ---- */

static void
hold_back(struct running *r)
{
	struct group *g = r->group;
	for (size_t i = 0; i < r->samples.n; i++)
		*vec_add(&g->held_back) = r->samples.p[i];
	if (r->histograms.n && !g->held_arena)
		g->held_arena = arena_create();
	for (size_t i = 0; i < r->histograms.n; i++) {
		struct tsdb_histogram h = r->histograms.p[i];
		h.bytes = arena_str(g->held_arena, h.bytes);
		*vec_add(&g->held_histograms) = h;
	}
	r->samples.n = r->histograms.n = 0;
}

static void
deliver(struct running *r)
{
	struct rules *rules = r->group->rules;
	struct tsdb_counts counts;
	struct err e;
	end_outputs(r);
	if (r->group->conf->atomic)
		hold_back(r);
	if (r->samples.n && tsdb_append(rules->db, r->samples.p, r->samples.n, &counts, &e) != RC_OK)
		log_error("rule", "%.*s: %s", STR_ARG(r->rule->key), e.text);
	if (r->histograms.n && tsdb_append_histograms(rules->db, r->histograms.p, r->histograms.n, &counts, &e) != RC_OK)
		log_error("rule", "%.*s: %s", STR_ARG(r->rule->key), e.text);
	struct rule_memories memories = {.instances = {r->memories.p, r->memories.n}};
	struct alert_batch alerts = {.alerts = {r->alerts.p, r->alerts.n}};
	if (memories.instances.n)
		rules->doors.remember(rules->doors.arg, &memories);
	if (alerts.alerts.n)
		rules->doors.alerts(rules->doors.arg, &alerts);
	if (r->rule->conf->alert.n)
		instances_sweep(&r->rule->instances, r->at);
}

static void
over_limit(struct running *r, struct promql_result *res)
{
	int64_t limit = r->group->conf->limit;
	if (!limit || (int64_t)res->n <= limit)
		return;
	snprintf(r->rule->trouble, sizeof r->rule->trouble, "exceeded limit of %lld with %zu series", (long long)limit, res->n);
	res->n = 0;
}

/* The engine would end alerts of which it hears nothing: nobody knows that they are over. */
static void
tell_again(struct running *r)
{
	map_each(r->rule->instances.map, e) {
		struct instance *in = e->value;
		if (in->state == INSTANCE_FIRING)
			hand_on(r, in);
	}
	struct alert_batch alerts = {.alerts = {r->alerts.p, r->alerts.n}};
	if (alerts.alerts.n)
		r->group->rules->doors.alerts(r->group->rules->doors.arg, &alerts);
}

static void
take_answer(struct running *r, struct answer *a)
{
	struct rule *rule = r->rule;
	if (a->rc != RC_OK) {
		snprintf(rule->trouble, sizeof rule->trouble, "%.290s", a->err.text);
		bool away = a->far && (a->rc == RC_IO || a->rc == RC_TIMEOUT); /* far.c says so once for all rules */
		if (!away)
			log_warn("rule", "%.*s: %s", STR_ARG(rule->key), a->err.text);
		if (a->far)
			tell_again(r);
		return;
	}
	over_limit(r, a->result);
	if (rule->conf->alert.n)
		judge(r, a);
	else
		record(r, a->result);
	deliver(r);
}

/* `answer` is filled in where it was not asked before. */
static void
run_rule(struct group *g, struct rule *rule, msec_t at, struct answer *answer)
{
	struct running r = {.group = g, .rule = rule, .arena = arena_create(), .at = at};
	rule->trouble[0] = '\0';
	if (!answer->asked && (answer->rc = rule_prepare(g, rule, at, &answer->err)) == RC_OK)
		rule_ask(g, rule, at, NULL, answer);
	nsec_t since = clock_mono(clock_real());
	suspect_begin(rule_print(rule), "the rule %.*s", STR_ARG(str_to(rule->key, 140)));
	take_answer(&r, answer);
	metric_add(METRIC_rule_evaluations_total, 1);
	metric_add(METRIC_rule_failures_total, rule->trouble[0] != '\0');
	rule->seconds = answer->seconds + (double)(clock_mono(clock_real()) - since) / 1e9;
	rule->at = at;
	suspect_end();
	vec_fini(&r.samples);
	vec_fini(&r.histograms);
	vec_fini(&r.alerts);
	vec_fini(&r.memories);
	arena_destroy(&r.arena);
}

static void
give_up(struct rule *rule, msec_t at)
{
	snprintf(rule->trouble, sizeof rule->trouble, "this rule has ended the process %d times and is not evaluated any more: it is in quarantine", SUSPECT_DEATHS);
	metric_add(METRIC_quarantine_refusals_total, 1);
	metric_add(METRIC_rule_failures_total, 1);
	rule->at = at;
}

/* All of what an atomic group made, or nothing. */
static void
write_together(struct group *g)
{
	struct tsdb_counts counts;
	struct err e;
	bool whole = true;
	for (size_t i = 0; i < g->members.n; i++)
		whole = whole && !g->members.p[i].trouble[0];
	if (whole && g->held_back.n && tsdb_append(g->rules->db, g->held_back.p, g->held_back.n, &counts, &e) != RC_OK)
		log_error("rule", "%.*s: %s", STR_ARG(g->key), e.text);
	if (whole && g->held_histograms.n &&
	    tsdb_append_histograms(g->rules->db, g->held_histograms.p, g->held_histograms.n, &counts, &e) != RC_OK)
		log_error("rule", "%.*s: %s", STR_ARG(g->key), e.text);
	g->held_back.n = g->held_histograms.n = 0;
	if (g->held_arena)
		arena_reset(g->held_arena);
}

void
group_evaluate(struct group *g, msec_t at, struct answer *answers)
{
	pthread_mutex_lock(&g->rules->lock);
	g->run++;
	g->seconds = 0;
	for (size_t i = 0; i < g->members.n; i++) {
		struct rule *rule = &g->members.p[i];
		struct answer own = {0}, *answer = answers ? &answers[i] : &own;
		if (rule_is_barred(rule))
			give_up(rule, at);
		else
			run_rule(g, rule, at, answer);
		answer_fini(answer);
		g->seconds += rule->seconds;
	}
	write_together(g);
	g->last_run = at;
	pthread_mutex_unlock(&g->rules->lock);
}
