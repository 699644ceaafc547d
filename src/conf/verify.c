/* verify.c — what the tables cannot say: routes, receivers, intervals, and our own sections. */
#include <string.h>

#include "base/map.h"
#include "base/time.h"
#include "conf/inner.h"
#include "conf/interval.h"

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

/* The first entry that fits holds, so what stands behind one that fits everything never does. */
static void
check_retentions(struct check *c, const struct conf_storage *s)
{
	for (size_t i = 0; i < s->retentions.n; i++) {
		const struct conf_keep *k = &s->retentions.p[i];
		check_matchers(c, &conf_keep_layout, k, "matchers", k->matchers);
		if (!k->matchers.n && !k->customer.n && i + 1 < s->retentions.n)
			check_warning(c, &conf_keep_layout, k, NULL,
			    "this entry fits all samples, so those behind it never hold; without customer and matchers it is storage.retention");
	}
	if (s->retention_1h && s->retention_5m > s->retention_1h)
		check_warning(c, &conf_storage_layout, s, "retention_1h",
		    "windows of an hour go before those of five minutes, which take twelve times the room");
}

static void
check_port(struct check *c, const struct layout *l, const void *record, struct str listen)
{
	uint64_t port;
	ptrdiff_t colon = -1;
	for (size_t i = 0; i < listen.n; i++)
		colon = listen.p[i] == ':' ? (ptrdiff_t)i : colon;
	if (listen.n && (colon < 0 || !str_u64(str_from(listen, (size_t)colon + 1), &port) || port > 65535))
		check_error(c, l, record, "listen", "\"%.*s\" must be address:port", STR_ARG(str_to(listen, 80)));
}

static void
check_ports(struct check *c, const struct conf_root *r)
{
	const struct conf_graphite *g = &r->graphite;
	check_port(c, &conf_graphite_layout, g, g->listen);
	check_port(c, &conf_statsd_layout, &r->statsd, r->statsd.listen);
	for (size_t i = 0; i < g->templates.n; i++)
		check_text(c, c->judges.graphite, g->templates.p[i], check_item(c, &conf_graphite_layout, g, "templates", i), "templates");
	if (r->statsd.flush < 100)
		check_error(c, &conf_statsd_layout, &r->statsd, "flush", "statsd.flush is at least 100ms");
	if (r->statsd.meters < 1)
		check_error(c, &conf_statsd_layout, &r->statsd, "meters", "statsd.meters is at least 1");
}

static void
check_limits(struct loader *l)
{
	const struct conf_limits *all = &l->root->limits;
	if (all->samples_per_second < 0)
		check_error(&l->check, &conf_limits_layout, all, "samples_per_second", "a limit cannot be negative");
	for (size_t i = 0; i < all->customers.n; i++) {
		const struct conf_customer_limits *c = &all->customers.p[i];
		if (c->series < 0 || c->series_labels < 0 || c->samples_per_second < 0 || c->samples_burst < 0)
			check_error(&l->check, &conf_customer_limits_layout, c, "customer", "the limits of %.*s: a limit cannot be negative", STR_ARG(str_to(c->customer, 80)));
		for (size_t k = 0; k < i; k++)
			if (str_eq(c->customer, all->customers.p[k].customer))
				check_error(&l->check, &conf_customer_limits_layout, c, "customer", "the limits of %.*s stand twice", STR_ARG(str_to(c->customer, 80)));
	}
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
	check_retentions(c, &r->storage);
	check_ports(c, r);
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
	check_limits(l);
}

void
conf_check(struct loader *l)
{
	conf_check_prometheus(l);
	if (l->kind != CONF_PROMETHEUS)
		check_alertmanager(l);
	check_own(l);
}
