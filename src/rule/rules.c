/* rules.c — see rules.h. */
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/must.h"
#include "base/time.h"
#include "rule/group.h"
#include "wire/json.h"

/* As many as there are processors. */
static unsigned
threads(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : (unsigned)n;
}

struct rules *
rules_create(struct loop *loop, struct tsdb *db, const struct rule_doors *doors)
{
	struct rules *r = mem_new(struct rules);
	r->loop = loop;
	r->db = db;
	r->doors = *doors;
	r->templates = tmpl_set_create(TMPL_PROMETHEUS);
	pthread_mutex_init(&r->lock, NULL);
	if (loop_clock(loop) == clock_real()) /* in a play everything is done at once */
		r->pool = pool_create(loop, threads());
	return r;
}

static void
drop_groups(struct rules *r)
{
	for (size_t i = 0; i < r->groups.n; i++)
		group_destroy(&r->groups.p[i]);
	vec_fini(&r->groups);
}

void
rules_destroy(struct rules **pr)
{
	struct rules *r = *pr;
	if (!r)
		return;
	drop_groups(r);
	pool_destroy(&r->pool);
	tmpl_set_destroy(&r->templates);
	conf_unref(&r->conf);
	pthread_mutex_destroy(&r->lock);
	mem_free(r);
	*pr = NULL;
}

/* The instances of a rule that is still there go on. */
static void
inherit(struct group *fresh, struct group *old)
{
	for (size_t i = 0; i < fresh->members.n; i++) {
		struct rule *a = &fresh->members.p[i];
		for (size_t k = 0; k < old->members.n; k++) {
			struct rule *b = &old->members.p[k];
			if (!str_eq(a->key, b->key) || !str_eq(a->texts.whole, b->texts.whole))
				continue;
			struct instances swap = a->instances;
			struct map *outputs = a->outputs;
			a->instances = b->instances;
			a->outputs = b->outputs;
			b->instances = swap;
			b->outputs = outputs;
		}
	}
	fresh->run = old->run;
	fresh->missed = old->missed;
	fresh->late_since = old->late_since;
	fresh->again = old->again;
}

enum rc
rules_configure(struct rules *r, struct conf *conf, struct err *e)
{
	struct rules next = *r;
	enum rc rc = RC_OK;
	memset(&next.groups, 0, sizeof next.groups);
	for (size_t i = 0; i < conf->rules.n && rc == RC_OK; i++)
		for (size_t k = 0; k < conf->rules.p[i].groups.n && rc == RC_OK; k++) {
			struct group *g;
			rc = group_create(r, &conf->rules.p[i], &conf->rules.p[i].groups.p[k], conf->root->global.prom.evaluation_interval, &g, e);
			if (rc == RC_OK)
				*vec_add(&next.groups) = g;
		}
	if (rc != RC_OK) {
		drop_groups(&next);
		return rc;
	}
	for (size_t i = 0; i < r->groups.n; i++)
		group_stop(r->groups.p[i]);
	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < next.groups.n; i++)
		for (size_t k = 0; k < r->groups.n; k++)
			if (str_eq(next.groups.p[i]->key, r->groups.p[k]->key))
				inherit(next.groups.p[i], r->groups.p[k]);
	drop_groups(r);
	memcpy(&r->groups, &next.groups, sizeof r->groups);
	struct conf *before = r->conf;
	r->conf = conf_ref(conf);
	conf_unref(&before);
	pthread_mutex_unlock(&r->lock);
	for (size_t i = 0; i < r->groups.n; i++) {
		group_start(r->groups.p[i]);
		group_over(r->groups.p[i], false, 0); /* one that was under way goes on */
	}
	return RC_OK;
}

void
rules_restore(struct rules *r, const struct rule_memory *m)
{
	for (size_t i = 0; i < r->groups.n; i++)
		for (size_t k = 0; k < r->groups.p[i]->members.n; k++)
			if (str_eq(r->groups.p[i]->members.p[k].key, m->rule))
				instances_restore(&r->groups.p[i]->members.p[k].instances, m);
}

/* ---- without a loop ---- */

void
rules_run(struct rules *r, msec_t at, struct strs first)
{
	for (size_t i = 0; i < first.n; i++)
		for (size_t k = 0; k < r->groups.n; k++)
			if (str_eq(r->groups.p[k]->conf->name, first.p[i]))
				group_evaluate(r->groups.p[k], at, NULL);
	for (size_t k = 0; k < r->groups.n; k++)
		if (!strs_has(first, r->groups.p[k]->conf->name))
			group_evaluate(r->groups.p[k], at, NULL);
}

void
rules_each_instance(struct rules *r, void (*fn)(void *, struct str, const struct instance *), void *arg)
{
	for (size_t i = 0; i < r->groups.n; i++)
		for (size_t k = 0; k < r->groups.p[i]->members.n; k++)
			map_each(r->groups.p[i]->members.p[k].instances.map, e)
				fn(arg, r->groups.p[i]->members.p[k].conf->alert, e->value);
}

void
rules_troubles(struct rules *r, msec_t at, struct buf *out)
{
	for (size_t i = 0; i < r->groups.n; i++)
		for (size_t k = 0; k < r->groups.p[i]->members.n; k++) {
			const struct rule *rule = &r->groups.p[i]->members.p[k];
			if (!rule->trouble[0])
				continue;
			buf_fmt(out, "    rule: %.*s, time: ", STR_ARG(rule->conf->alert.n ? rule->conf->alert : rule->conf->record));
			duration_print(out, at);
			buf_fmt(out, ", err: %s\n", rule->trouble);
		}
}

/* ---- views ---- */

static void
pairs_json(struct json_writer *w, const char *key, struct pairs p)
{
	jsonw_key(w, key);
	jsonw_object(w);
	for (size_t i = 0; i < p.n; i++) {
		jsonw_key_str(w, p.p[i].name);
		jsonw_str(w, p.p[i].value);
	}
	jsonw_object_end(w);
}

/* 1.5e+00: so Prometheus writes the values of alerts. */
static void
put_exponential(struct buf *b, double v)
{
	char sci[40];
	if (!isfinite(v)) {
		buf_f64(b, v);
		return;
	}
	f64_sci(v, sci, sizeof sci);
	buf_c(b, sci);
}

static void
instance_json(struct json_writer *w, const struct instance *in)
{
	struct arena *a = arena_create();
	struct buf v = {0};
	jsonw_object(w);
	pairs_json(w, "labels", labels_to_pairs(in->labels, a));
	pairs_json(w, "annotations", in->annotations);
	jsonw_key(w, "state");
	jsonw_c(w, instance_states[in->state]);
	jsonw_key(w, "activeAt");
	jsonw_time(w, in->active_at);
	put_exponential(&v, in->value);
	jsonw_key(w, "value");
	jsonw_str(w, buf_view(&v));
	if (in->stale_since) { /* an extension: what it looks at has vanished */
		jsonw_key(w, "staleSince");
		jsonw_time(w, in->stale_since);
	}
	if (in->flapping) {
		jsonw_key(w, "flapping");
		jsonw_bool(w, true);
	}
	jsonw_object_end(w);
	buf_fini(&v);
	arena_destroy(&a);
}

static void
instances_json(struct json_writer *w, const struct rule *r)
{
	map_each(r->instances.map, e) {
		const struct instance *in = e->value;
		if (in->state != INSTANCE_RESOLVED)
			instance_json(w, in);
	}
}

static const char *
rule_state(const struct rule *r)
{
	const char *state = "inactive";
	map_each(r->instances.map, e) {
		const struct instance *in = e->value;
		if (in->state == INSTANCE_FIRING)
			return "firing";
		if (in->state == INSTANCE_PENDING)
			state = "pending";
	}
	return state;
}

static void
rule_json(struct json_writer *w, const struct rule *r, bool with_alerts)
{
	bool alerting = r->conf->alert.n > 0;
	jsonw_object(w);
	if (alerting) {
		jsonw_key(w, "state");
		jsonw_c(w, rule_state(r));
	}
	jsonw_key(w, "name");
	jsonw_str(w, alerting ? r->conf->alert : r->conf->record);
	jsonw_key(w, "query");
	jsonw_str(w, r->texts.whole);
	if (alerting) {
		jsonw_key(w, "duration");
		jsonw_f64(w, (double)r->conf->for_ / 1000);
		jsonw_key(w, "keepFiringFor");
		jsonw_f64(w, (double)r->conf->keep_firing_for / 1000);
	}
	if (alerting || r->conf->labels.n)
		pairs_json(w, "labels", r->conf->labels);
	if (alerting) {
		pairs_json(w, "annotations", r->conf->annotations);
		jsonw_key(w, "alerts");
		jsonw_array(w);
		if (with_alerts)
			instances_json(w, r);
		jsonw_array_end(w);
	}
	jsonw_key(w, "health");
	jsonw_c(w, r->trouble[0] ? "err" : r->at ? "ok" : "unknown");
	if (r->trouble[0]) {
		jsonw_key(w, "lastError");
		jsonw_c(w, r->trouble);
	}
	jsonw_key(w, "evaluationTime");
	jsonw_f64(w, r->seconds);
	jsonw_key(w, "lastEvaluation");
	jsonw_time(w, r->at);
	jsonw_key(w, "type");
	jsonw_c(w, alerting ? "alerting" : "recording");
	jsonw_object_end(w);
}

/* ---- filters and pages ---- */

static bool
named(struct strs names, struct str name)
{
	for (size_t i = 0; i < names.n; i++)
		if (str_eq(names.p[i], name))
			return true;
	return names.n == 0;
}

static bool
matches(const struct rule *r, const struct rule_filter *f)
{
	if (!f->n_sets)
		return true;
	struct arena *a = arena_create();
	struct labels ls = labels_from_pairs(r->conf->labels, a);
	bool any = false;
	for (size_t i = 0; !any && i < f->n_sets; i++)
		any = matchers_match(&f->sets[i], ls);
	arena_destroy(&a);
	return any;
}

static bool
wanted(const struct rule *r, const struct rule_filter *f)
{
	bool alerting = r->conf->alert.n > 0;
	return !(alerting ? f->no_alerting : f->no_recording) && named(f->names, alerting ? r->conf->alert : r->conf->record) && matches(r, f);
}

static bool
wanted_group(const struct group *g, const struct rule_filter *f)
{
	bool any = g->members.n == 0 && !f->names.n && !f->n_sets && !f->no_alerting && !f->no_recording;
	for (size_t i = 0; !any && i < g->members.n; i++)
		any = wanted(&g->members.p[i], f);
	return any && named(f->groups, g->conf->name) && named(f->files, g->file);
}

static void
put_token(struct json_writer *w, const struct group *g)
{
	char text[17];
	snprintf(text, sizeof text, "%016llx", (unsigned long long)str_hash(g->key));
	jsonw_c(w, text);
}

static bool
is_token(const struct group *g, struct str token)
{
	char text[17];
	snprintf(text, sizeof text, "%016llx", (unsigned long long)str_hash(g->key));
	return str_is(token, text);
}

static void
group_json(struct json_writer *w, const struct group *g, const struct rule_filter *f)
{
	jsonw_object(w);
	jsonw_key(w, "name");
	jsonw_str(w, g->conf->name);
	jsonw_key(w, "file");
	jsonw_str(w, g->file);
	jsonw_key(w, "rules");
	jsonw_array(w);
	for (size_t i = 0; i < g->members.n; i++)
		if (wanted(&g->members.p[i], f))
			rule_json(w, &g->members.p[i], !f->exclude_alerts);
	jsonw_array_end(w);
	if (g->conf->customer.n && !str_is(g->conf->customer, "default")) { /* of ours, where it says something */
		jsonw_key(w, "customer");
		jsonw_str(w, g->conf->customer);
	}
	if (group_is_far(g)) { /* likewise */
		jsonw_key(w, "query");
		jsonw_c(w, "remote");
	}
	jsonw_key(w, "interval");
	jsonw_f64(w, (double)g->interval / 1000);
	jsonw_key(w, "limit");
	jsonw_i64(w, g->conf->limit);
	jsonw_key(w, "evaluationTime");
	jsonw_f64(w, g->seconds);
	jsonw_key(w, "lastEvaluation");
	jsonw_time(w, g->last_run);
	jsonw_object_end(w);
}

/* Groups from behind the token on, as many as a page holds; the one that begins the next page, or NULL. */
static const struct group *
groups_json(struct rules *r, bool (*sees)(void *arg, struct str customer), void *arg, const struct rule_filter *f, struct json_writer *w, bool *begun)
{
	size_t n = 0;
	*begun = f->next_token.n == 0;
	for (size_t i = 0; i < r->groups.n; i++) {
		const struct group *g = r->groups.p[i];
		*begun = *begun || is_token(g, f->next_token);
		if (!*begun || !sees(arg, g->tenant))
			continue;
		for (size_t k = 0; f->alerts_only && k < g->members.n; k++)
			instances_json(w, &g->members.p[k]);
		if (f->alerts_only || !wanted_group(g, f))
			continue;
		if (f->group_limit && n++ == f->group_limit)
			return g;
		group_json(w, g, f);
	}
	return NULL;
}

enum rc
rules_json(struct rules *r, bool (*sees)(void *arg, struct str customer), void *arg, const struct rule_filter *f, struct buf *out, struct err *e)
{
	struct json_writer w;
	bool begun;
	jsonw_init(&w, out);
	jsonw_object(&w);
	jsonw_key(&w, f->alerts_only ? "alerts" : "groups");
	jsonw_array(&w);
	pthread_mutex_lock(&r->lock);
	const struct group *next = groups_json(r, sees, arg, f, &w, &begun);
	jsonw_array_end(&w);
	if (next) {
		jsonw_key(&w, "groupNextToken");
		put_token(&w, next);
	}
	pthread_mutex_unlock(&r->lock);
	jsonw_object_end(&w);
	return begun ? RC_OK : err_set(e, RC_INVALID, "invalid group_next_token: no group of it is there any more");
}
