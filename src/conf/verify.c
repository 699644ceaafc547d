/* verify.c — what the tables cannot say, section by section. */
#include <string.h>

#include "base/map.h"
#include "base/time.h"
#include "conf/inner.h"
#include "conf/interval.h"

/* ---- relabelling ---- */

static bool
needs_target(int action)
{
	return action == CONF_RELABEL_REPLACE || action == CONF_RELABEL_HASHMOD ||
	       action == CONF_RELABEL_LOWERCASE || action == CONF_RELABEL_UPPERCASE ||
	       action == CONF_RELABEL_KEEPEQUAL || action == CONF_RELABEL_DROPEQUAL;
}

/* Keys that an action does not look at: to write one is a misunderstanding. */
static void
check_foreign_keys(struct check *c, const struct conf_relabel *r)
{
	enum { ALONE = 1, EQUAL = 2, CASE = 4 };
	static const struct {
		const char *key;
		int refused_by;
	} keys[] = {{"source_labels", ALONE}, {"target_label", ALONE}, {"regex", EQUAL},
	    {"modulus", ALONE | EQUAL}, {"separator", ALONE | EQUAL}, {"replacement", ALONE | EQUAL | CASE}};
	static const int kind[] = {[CONF_RELABEL_LABELDROP] = ALONE,
	    [CONF_RELABEL_LABELKEEP] = ALONE,
	    [CONF_RELABEL_KEEPEQUAL] = EQUAL,
	    [CONF_RELABEL_DROPEQUAL] = EQUAL,
	    [CONF_RELABEL_LOWERCASE] = CASE,
	    [CONF_RELABEL_UPPERCASE] = CASE};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if ((keys[i].refused_by & kind[r->action]) &&
		    marks_has(c->marks, conf_relabel, r, keys[i].key))
			check_error(c, &conf_relabel_layout, r, keys[i].key, "%s does not look at %s",
			    conf_relabel_actions[r->action], keys[i].key);
}

static void
check_relabel(struct check *c, const struct conf_relabel *r)
{
	const struct layout *l = &conf_relabel_layout;
	check_text(c, c->judges.regex, r->regex, marks_place(c->marks, l, r, "regex"), "regex");
	if (needs_target(r->action) && r->target_label.n == 0)
		check_error(c, l, r, "action", "%s needs a target_label", conf_relabel_actions[r->action]);
	if (r->action == CONF_RELABEL_HASHMOD && r->modulus <= 0)
		check_error(c, l, r, "modulus", "hashmod needs a modulus above 0");
	check_foreign_keys(c, r);
	for (size_t i = 0; i < r->source_labels.n; i++)
		if (!check_label_name(r->source_labels.p[i], true))
			report_error(c->report, check_item(c, l, r, "source_labels", i),
			    "a label's name cannot be empty");
}

/* ---- scraping ---- */

static void
check_targets(struct check *c, const struct conf_static_targets *t)
{
	const struct layout *l = &conf_static_targets_layout;
	for (size_t i = 0; i < t->targets.n; i++)
		if (t->targets.p[i].n == 0 || str_chr(t->targets.p[i], '/') >= 0)
			report_error(c->report, check_item(c, l, t, "targets", i),
			    "\"%.*s\" is not a target: write host:port; path and scheme are keys of the job",
			    STR_ARG(str_to(t->targets.p[i], 80)));
	for (size_t i = 0; i < t->labels.n; i++)
		if (!check_label_name(t->labels.p[i].name, true))
			check_error(c, l, t, "labels", "a label's name cannot be empty");
}

/* "dir/part*.yml": a star only in the last part, and an ending that tells the format. */
static void
check_file_sd(struct check *c, const struct conf_file_sd *f)
{
	static const char *const endings[] = {".json", ".yml", ".yaml", ".JSON", ".YML", ".YAML"};
	for (size_t i = 0; i < f->files.n; i++) {
		struct str name = f->files.p[i];
		ptrdiff_t star = str_chr(name, '*');
		bool good = false;
		for (size_t e = 0; e < sizeof endings / sizeof *endings; e++)
			good |= str_ends(name, str_c(endings[e]));
		if (!good || (star >= 0 && str_chr(str_from(name, (size_t)star), '/') >= 0))
			report_error(c->report, check_item(c, &conf_file_sd_layout, f, "files", i),
			    "\"%.*s\" must end with .json, .yml or .yaml, and only its last part may hold a "
			    "*",
			    STR_ARG(str_to(name, 80)));
	}
}

static void
check_protocol(struct check *c, struct place at, struct str protocol)
{
	static const char *const known[] = {"PrometheusProto", "OpenMetricsText0.0.1", "OpenMetricsText1.0.0",
	    "PrometheusText0.0.4", "PrometheusText1.0.0"};
	enum { KNOWN = sizeof known / sizeof *known };
	for (size_t k = 0; k < KNOWN; k++)
		if (str_is(protocol, known[k]))
			return;
	const char *near = str_nearest(protocol, known, KNOWN);
	report_error(c->report, at, "\"%.*s\" is no scrape protocol%s%s%s", STR_ARG(str_to(protocol, 40)),
	    near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static void
check_protocols(struct check *c, const struct layout *l, const void *record, struct strs protocols)
{
	for (size_t i = 0; i < protocols.n; i++)
		check_protocol(c, check_item(c, l, record, "scrape_protocols", i), protocols.p[i]);
}

static void
check_limits(struct check *c, const struct layout *l, const void *record)
{
	static const char *const names[] = {"sample_limit", "target_limit", "label_limit",
	    "label_name_length_limit", "label_value_length_limit", "keep_dropped_targets"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct key *k = record_key(l, str_c(names[i]));
		if (*(const int64_t *)((const char *)record + k->at) < 0)
			check_error(c, l, record, names[i], "%s cannot be negative", names[i]);
	}
}

static void
check_scrape(struct check *c, const struct conf_scrape *s)
{
	const struct layout *l = &conf_scrape_layout;
	if (s->job_name.n == 0 && marks_has(c->marks, conf_scrape, s, "job_name"))
		check_error(c, l, s, "job_name", "a job's name cannot be empty");
	if (s->scrape_interval <= 0)
		check_error(c, l, s, "scrape_interval", "the interval must be above 0");
	else if (s->scrape_timeout > s->scrape_interval)
		check_error(
		    c, l, s, "scrape_timeout", "a scrape may not take longer than the interval between two");
	conf_check_http(c, &s->http);
	check_limits(c, l, s);
	if (marks_has(c->marks, conf_scrape, s, "scrape_protocols"))
		check_protocols(c, l, s, s->scrape_protocols);
	if (s->fallback_scrape_protocol.n)
		check_protocol(
		    c, marks_place(c->marks, l, s, "fallback_scrape_protocol"), s->fallback_scrape_protocol);
	if (s->metric_name_validation_scheme == CONF_NAMES_LEGACY &&
	    str_is(s->metric_name_escaping_scheme, "allow-utf-8"))
		check_error(c, l, s, "metric_name_escaping_scheme",
		    "legacy names cannot be asked for with allow-utf-8");
	for (size_t i = 0; i < s->relabel_configs.n; i++)
		check_relabel(c, &s->relabel_configs.p[i]);
	for (size_t i = 0; i < s->metric_relabel_configs.n; i++)
		check_relabel(c, &s->metric_relabel_configs.p[i]);
	for (size_t i = 0; i < s->discovery.static_configs.n; i++)
		check_targets(c, &s->discovery.static_configs.p[i]);
	for (size_t i = 0; i < s->discovery.file_sd_configs.n; i++)
		check_file_sd(c, &s->discovery.file_sd_configs.p[i]);
}

static void
check_jobs(struct loader *l)
{
	struct map *seen = map_create();
	for (size_t i = 0; i < l->scrapes.n; i++) {
		struct conf_scrape *s = l->scrapes.p[i];
		check_scrape(&l->check, s);
		struct conf_scrape *first = map_put(seen, s->job_name, s);
		if (!first || s->job_name.n == 0)
			continue;
		struct buf where = {0};
		place_print(marks_place(l->check.marks, &conf_scrape_layout, first, "job_name"), &where);
		check_error(&l->check, &conf_scrape_layout, s, "job_name",
		    "there are two jobs \"%.*s\"; the first stands at %s", STR_ARG(s->job_name), where.p);
		buf_fini(&where);
	}
	map_destroy(&seen);
}

static void
check_prometheus(struct loader *l)
{
	const struct conf_global_prom *g = &l->root->global.prom;
	struct check *c = &l->check;
	for (size_t i = 0; i < g->external_labels.n; i++)
		if (!check_label_name(g->external_labels.p[i].name, true))
			check_error(c, &conf_global_prom_layout, g, "external_labels",
			    "a label's name cannot be empty");
	if (g->scrape_timeout > g->scrape_interval)
		check_error(c, &conf_global_prom_layout, g, "scrape_timeout",
		    "a scrape may not take longer than the interval between two");
	if (g->evaluation_interval <= 0)
		check_error(
		    c, &conf_global_prom_layout, g, "evaluation_interval", "the interval must be above 0");
	check_protocols(c, &conf_global_prom_layout, g, g->scrape_protocols);
	check_limits(c, &conf_global_prom_layout, g);
	check_jobs(l);
}

/* ---- routes ---- */

struct names {
	struct map *receivers, *intervals;
	VEC(const char *) receiver_words, interval_words;
};

static void
unknown_name(
    struct check *c, struct place at, const char *what, struct str name, const char *const *words, size_t n)
{
	const char *near = str_nearest(name, words, n);
	report_error(c->report, at, "there is no %s \"%.*s\"%s%s%s", what, STR_ARG(str_to(name, 80)),
	    near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static void
check_intervals_of(
    struct check *c, const struct conf_route *r, const char *key, struct strs used, struct names *n)
{
	for (size_t i = 0; i < used.n; i++)
		if (!map_get(n->intervals, used.p[i]))
			unknown_name(c, check_item(c, &conf_route_layout, r, key, i), "time interval",
			    used.p[i], n->interval_words.p, n->interval_words.n);
}

static void
check_group_by(struct check *c, const struct conf_route *r)
{
	const struct layout *l = &conf_route_layout;
	if (!marks_has(c->marks, conf_route, r, "group_by"))
		return;
	for (size_t i = 0; i < r->group_by.n; i++) {
		struct str name = r->group_by.p[i];
		struct place at = check_item(c, l, r, "group_by", i);
		if (str_is(name, "...") && r->group_by.n > 1)
			report_error(c->report, at, "\"...\" means all labels and stands alone");
		if (!check_label_name(name, true))
			report_error(c->report, at, "a label's name cannot be empty");
		for (size_t j = 0; j < i; j++)
			if (str_eq(name, r->group_by.p[j]))
				report_error(
				    c->report, at, "\"%.*s\" stands twice in group_by", STR_ARG(name));
	}
}

static void
check_matchers(
    struct check *c, const struct layout *l, const void *record, const char *key, struct strs matchers)
{
	for (size_t i = 0; i < matchers.n; i++)
		check_text(c, c->judges.matcher, matchers.p[i], check_item(c, l, record, key, i), key);
}

static void
check_match_maps(
    struct check *c, const struct layout *l, const void *record, const char *key, struct pairs p, bool regex)
{
	for (size_t i = 0; i < p.n; i++) {
		if (!check_label_name(p.p[i].name, false))
			check_error(c, l, record, key, "\"%.*s\" cannot be the name of a label here",
			    STR_ARG(str_to(p.p[i].name, 80)));
		if (regex)
			check_text(
			    c, c->judges.regex, p.p[i].value, marks_place(c->marks, l, record, key), key);
	}
}

static bool
acts(const struct conf_receiver *r)
{
	return r->webhook_configs.n || r->email_configs.n;
}

/* A receiver with integrations none of which does anything yet. */
static bool
only_inert(const struct conf_receiver *r)
{
	if (acts(r))
		return false;
	for (size_t i = 0; i < conf_receiver_layout.n; i++) {
		const struct key *k = &conf_receiver_layout.keys[i];
		if (k->kind == RK_MANY && record_is_set(k, r))
			return true;
	}
	return false;
}

static void
check_receiver_of(struct check *c, const struct conf_route *r, struct names *n)
{
	if (!marks_has(c->marks, conf_route, r, "receiver"))
		return;
	const struct conf_receiver *to = map_get(n->receivers, r->receiver);
	if (!to)
		unknown_name(c, marks_place(c->marks, &conf_route_layout, r, "receiver"), "receiver",
		    r->receiver, n->receiver_words.p, n->receiver_words.n);
	else if (only_inert(to))
		check_warning(c, &conf_route_layout, r, "receiver",
		    "alerts that come here are told nobody: nothing of receiver \"%.*s\" is acted on yet",
		    STR_ARG(to->name));
}

static void
check_route(struct check *c, const struct conf_route *r, struct names *n)
{
	const struct layout *l = &conf_route_layout;
	check_receiver_of(c, r, n);
	check_group_by(c, r);
	check_matchers(c, l, r, "matchers", r->matchers);
	check_match_maps(c, l, r, "match", r->match, false);
	check_match_maps(c, l, r, "match_re", r->match_re, true);
	check_intervals_of(c, r, "mute_time_intervals", r->mute_time_intervals, n);
	check_intervals_of(c, r, "active_time_intervals", r->active_time_intervals, n);
	if (r->group_interval == 0)
		check_error(c, l, r, "group_interval", "group_interval cannot be 0");
	if (r->repeat_interval == 0)
		check_error(c, l, r, "repeat_interval", "repeat_interval cannot be 0");
	if (marks_has(c->marks, conf_route, r, "repeat_interval") && r->repeat_interval < r->group_interval)
		check_warning(c, l, r, "repeat_interval",
		    "it is shorter than group_interval, which it is rounded up to");
	for (size_t i = 0; i < r->routes.n; i++)
		check_route(c, &r->routes.p[i], n);
}

static void
check_root(struct loader *l)
{
	static const char *const forbidden[] = {
	    "match", "match_re", "matchers", "mute_time_intervals", "active_time_intervals"};
	const struct conf_route *r = l->root->route;
	if (r->receiver.n == 0)
		check_error(&l->check, &conf_route_layout, r, NULL,
		    "the root route needs a receiver, for what no other route takes");
	for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
		if (marks_has(l->check.marks, conf_route, r, forbidden[i]))
			check_error(&l->check, &conf_route_layout, r, forbidden[i],
			    "the root route takes every alert at any time: it cannot have %s", forbidden[i]);
}

/* ---- receivers ---- */

static void
check_webhook(struct check *c, const struct conf_webhook *w)
{
	const struct layout *l = &conf_webhook_layout;
	if (!w->url.n == !w->url_file.n)
		check_error(c, l, w, w->url.n ? "url_file" : NULL, "a webhook needs either url or url_file");
	if (w->url.n && !str_has(w->url, STR("{{")) && !str_starts(w->url, STR("http://")) &&
	    !str_starts(w->url, STR("https://")))
		check_error(c, l, w, "url", "the URL must start with http:// or https://");
	if (w->max_alerts < 0)
		check_error(c, l, w, "max_alerts", "max_alerts cannot be negative");
	check_text(c, c->judges.template, w->url, marks_place(c->marks, l, w, "url"), "url");
	if (w->http_config)
		conf_check_http(c, w->http_config);
}

static void
check_email(struct check *c, const struct conf_email *m)
{
	const struct layout *l = &conf_email_layout;
	if (m->smarthost.n == 0)
		check_error(c, l, m, "smarthost",
		    "no mail server is known; set smarthost here, global.smtp_smarthost or mail.smarthost");
	else if (str_chr(m->smarthost, ':') < 0)
		check_error(
		    c, l, m, "smarthost", "\"%.*s\" must be host:port", STR_ARG(str_to(m->smarthost, 80)));
	if (m->from.n == 0)
		check_error(
		    c, l, m, "from", "no sender is known; set from here, global.smtp_from or mail.from");
	static const char *const texts[] = {"to", "html", "text"};
	const struct str values[] = {m->to, m->html, m->text};
	for (size_t i = 0; i < 3; i++)
		check_text(c, c->judges.template, values[i], marks_place(c->marks, l, m, texts[i]), texts[i]);
	for (size_t i = 0; i < m->headers.n; i++)
		check_text(c, c->judges.template, m->headers.p[i].value,
		    marks_place(c->marks, l, m, "headers"), "headers");
}

static void
check_receiver(struct check *c, const struct conf_receiver *r, struct names *n)
{
	if (map_put(n->receivers, r->name, (void *)r))
		check_error(c, &conf_receiver_layout, r, "name", "there are two receivers \"%.*s\"",
		    STR_ARG(r->name));
	*vec_add(&n->receiver_words) = r->name.p;
	for (size_t i = 0; i < r->webhook_configs.n; i++)
		check_webhook(c, &r->webhook_configs.p[i]);
	for (size_t i = 0; i < r->email_configs.n; i++)
		check_email(c, &r->email_configs.p[i]);
}

/* ---- time intervals ---- */

typedef enum rc range_fn(struct str, struct range *, struct err *);

static void
check_ranges(
    struct check *c, const struct conf_time_interval *t, const char *key, struct strs ranges, range_fn *fn)
{
	struct range r;
	struct err e;
	for (size_t i = 0; i < ranges.n; i++)
		if (fn(ranges.p[i], &r, &e) != RC_OK)
			report_error(c->report, check_item(c, &conf_time_interval_layout, t, key, i),
			    "%s: %s", key, e.text);
}

static void
check_times(struct check *c, const struct conf_time_range *t)
{
	struct err e;
	int from, to;
	if (minute_of_day(t->start_time, &from, &e) != RC_OK)
		check_error(c, &conf_time_range_layout, t, "start_time", "start_time: %s", e.text);
	else if (minute_of_day(t->end_time, &to, &e) != RC_OK)
		check_error(c, &conf_time_range_layout, t, "end_time", "end_time: %s", e.text);
	else if (from >= to)
		check_error(c, &conf_time_range_layout, t, "end_time",
		    "end_time must be later than start_time, on the same day");
}

static void
check_interval(struct check *c, const struct conf_named_intervals *named, struct names *n)
{
	if (map_put(n->intervals, named->name, (void *)named))
		check_error(c, &conf_named_intervals_layout, named, "name",
		    "there are two time intervals \"%.*s\"", STR_ARG(named->name));
	*vec_add(&n->interval_words) = named->name.p;
	for (size_t i = 0; i < named->time_intervals.n; i++) {
		const struct conf_time_interval *t = &named->time_intervals.p[i];
		for (size_t j = 0; j < t->times.n; j++)
			check_times(c, &t->times.p[j]);
		check_ranges(c, t, "weekdays", t->weekdays, range_weekdays);
		check_ranges(c, t, "days_of_month", t->days_of_month, range_days_of_month);
		check_ranges(c, t, "months", t->months, range_months);
		check_ranges(c, t, "years", t->years, range_years);
		check_text(c, c->judges.zone, t->location,
		    marks_place(c->marks, &conf_time_interval_layout, t, "location"), "location");
	}
}

static void
check_inhibit(struct check *c, const struct conf_inhibit *r)
{
	const struct layout *l = &conf_inhibit_layout;
	check_matchers(c, l, r, "source_matchers", r->source_matchers);
	check_matchers(c, l, r, "target_matchers", r->target_matchers);
	check_match_maps(c, l, r, "source_match", r->source_match, false);
	check_match_maps(c, l, r, "target_match", r->target_match, false);
	check_match_maps(c, l, r, "source_match_re", r->source_match_re, true);
	check_match_maps(c, l, r, "target_match_re", r->target_match_re, true);
}

static void
check_alertmanager(struct loader *l)
{
	struct names n = {.receivers = map_create(), .intervals = map_create()};
	const struct conf_root *r = l->root;
	for (size_t i = 0; i < r->receivers.n; i++)
		check_receiver(&l->check, &r->receivers.p[i], &n);
	for (size_t i = 0; i < r->mute_time_intervals.n; i++)
		check_interval(&l->check, &r->mute_time_intervals.p[i], &n);
	for (size_t i = 0; i < r->time_intervals.n; i++)
		check_interval(&l->check, &r->time_intervals.p[i], &n);
	for (size_t i = 0; i < r->inhibit_rules.n; i++)
		check_inhibit(&l->check, &r->inhibit_rules.p[i]);
	if (r->route) {
		check_root(l);
		check_route(&l->check, r->route, &n);
	} else if (r->receivers.n || r->inhibit_rules.n || l->kind == CONF_ALERTMANAGER) {
		check_error(&l->check, &conf_root_layout, r, "receivers",
		    "there is no \"route\": no alert reaches any receiver");
	}
	vec_fini(&n.receiver_words);
	vec_fini(&n.interval_words);
	map_destroy(&n.receivers);
	map_destroy(&n.intervals);
}

/* ---- our own ---- */

static void
check_trunks(struct check *c, const struct conf_voice *v)
{
	struct map *seen = map_create();
	for (size_t i = 0; i < v->trunks.n; i++) {
		const struct conf_trunk *t = &v->trunks.p[i];
		if (map_put(seen, t->name, (void *)t))
			check_error(c, &conf_trunk_layout, t, "name", "there are two trunks \"%.*s\"",
			    STR_ARG(t->name));
		if (t->proxy.n == 0 && t->registrar.n == 0)
			check_error(c, &conf_trunk_layout, t, NULL, "a trunk needs a proxy or a registrar");
	}
	map_destroy(&seen);
}

static void
check_own(struct loader *l)
{
	const struct conf_root *r = l->root;
	struct check *c = &l->check;
	msec_t ms;
	if (str_chr(r->server.listen, ':') < 0)
		check_error(c, &conf_server_layout, &r->server, "listen", "\"%.*s\" must be address:port",
		    STR_ARG(r->server.listen));
	if (!r->server.tls_cert_file.n != !r->server.tls_key_file.n)
		check_error(c, &conf_server_layout, &r->server,
		    r->server.tls_cert_file.n ? "tls_cert_file" : "tls_key_file",
		    "HTTPS needs both tls_cert_file and tls_key_file");
	if (!str_is(r->storage.sync, "batch") && !str_is(r->storage.sync, "none") &&
	    !duration_parse(r->storage.sync, &ms))
		check_error(c, &conf_storage_layout, &r->storage, "sync",
		    "sync: \"%.*s\" is neither a duration such as 200ms nor batch nor none",
		    STR_ARG(str_to(r->storage.sync, 40)));
	double percentage = r->storage.tsdb.retention.percentage;
	if (!(percentage >= 0 && percentage <= 100))
		check_error(c, &conf_tsdb_retention_layout, &r->storage.tsdb.retention, "percentage",
		    "a percentage is from 0 to 100");
	static const char *const sources[] = {"label", "host", "default"};
	for (size_t i = 0; i < r->desk.customer_from.n; i++) {
		struct str s = r->desk.customer_from.p[i];
		if (!str_is(s, "label") && !str_is(s, "host") && !str_is(s, "default"))
			unknown_name(c,
			    check_item(c, &conf_desk_section_layout, &r->desk, "customer_from", i),
			    "source of customers", s, sources, 3);
	}
	check_trunks(c, &r->voice);
}

void
conf_check(struct loader *l)
{
	check_prometheus(l);
	if (l->kind != CONF_PROMETHEUS)
		check_alertmanager(l);
	check_own(l);
}
