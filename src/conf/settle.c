/*
 * settle.c — what is inherited.
 *
 * Jobs take from `global`, routes from their parents, receivers from `global` and then from `mail`.  The
 * marks tell "not written" from "written as zero", so an explicit `group_wait: 0s` stays.
 */
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "conf/inner.h"

/* ---- Prometheus ---- */

/* Keys that a job takes from `global.` when it does not write them itself: same name, same kind. */
static const char *const inherited[] = {"scrape_interval", "scrape_protocols", "scrape_failure_log_file",
    "body_size_limit", "sample_limit", "target_limit", "label_limit", "label_name_length_limit",
    "label_value_length_limit", "keep_dropped_targets", "metric_name_validation_scheme",
    "metric_name_escaping_scheme", "scrape_native_histograms", "convert_classic_histograms_to_nhcb",
    "always_scrape_classic_histograms", "extra_scrape_metrics"};

static size_t
size_of_kind(enum record_kind k)
{
	switch (k) {
	case RK_I64:
	case RK_DUR:
	case RK_SIZE: return sizeof(int64_t);
	case RK_STR: return sizeof(struct str);
	case RK_STRS: return sizeof(struct strs);
	case RK_ENUM: return sizeof(int);
	default: panic("a kind that is not inherited");
	}
}

static void
inherit(struct loader *l, struct conf_scrape *s, const char *name)
{
	if (marks_has(l->check.marks, conf_scrape, s, name))
		return;
	const struct conf_global_prom *g = &l->root->global.prom;
	const struct key *to = record_key(&conf_scrape_layout, str_c(name));
	const struct key *from = record_key(&conf_global_prom_layout, str_c(name));
	must(to && from && to->kind == from->kind);
	memcpy((char *)s + to->at, (const char *)g + from->at, size_of_kind(to->kind));
}

/* The old words for a bearer token become the new ones. */
static void
settle_http(struct loader *l, struct conf_http *h)
{
	if (h->authorization || (h->bearer_token.n == 0 && h->bearer_token_file.n == 0))
		return;
	h->authorization = arena_new(l->binder.arena, struct conf_authorization);
	*h->authorization = (struct conf_authorization){
	    .type = STR("Bearer"), .credentials = h->bearer_token, .credentials_file = h->bearer_token_file};
}

/* Legacy names are asked for escaped, unless somebody wrote otherwise. */
static void
settle_names(struct loader *l, struct conf_scrape *s)
{
	bool written =
	    marks_has(l->check.marks, conf_scrape, s, "metric_name_escaping_scheme") ||
	    marks_has(l->check.marks, conf_global_prom, &l->root->global.prom, "metric_name_escaping_scheme");
	if (!written && s->metric_name_validation_scheme == CONF_NAMES_LEGACY)
		s->metric_name_escaping_scheme = STR("underscores");
}

static void
settle_scrape(struct loader *l, struct conf_scrape *s)
{
	for (size_t i = 0; i < sizeof inherited / sizeof *inherited; i++)
		inherit(l, s, inherited[i]);
	settle_http(l, &s->http);
	settle_names(l, s);
	if (marks_has(l->check.marks, conf_scrape, s, "scrape_timeout"))
		return;
	msec_t timeout = l->root->global.prom.scrape_timeout;
	s->scrape_timeout = timeout < s->scrape_interval ? timeout : s->scrape_interval;
}

static bool
is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The variable's name behind a '$' at `at`; moves behind it.  "$$" is the name "$". */
static struct str
variable(struct str s, size_t *at)
{
	size_t from = *at;
	if (from < s.n && s.p[from] == '{') {
		ptrdiff_t end = str_chr(str_from(s, from), '}');
		if (end > 0) {
			*at = from + (size_t)end + 1;
			return str_n(s.p + from + 1, (size_t)end - 1);
		}
	}
	if (from < s.n && s.p[from] == '$')
		return ++*at, STR("$");
	while (*at < s.n && is_name(s.p[*at]))
		++*at;
	return str_n(s.p + from, *at - from);
}

static struct str
expand(struct arena *a, struct str s)
{
	struct buf out = {0};
	for (size_t at = 0; at < s.n;) {
		if (s.p[at] != '$') {
			buf_ch(&out, s.p[at++]);
			continue;
		}
		at++;
		struct str name = variable(s, &at);
		const char *value = str_is(name, "$") ? "$" : getenv(arena_cstr(a, name));
		buf_c(&out, value ? value : "");
	}
	struct str done = arena_str(a, buf_view(&out));
	buf_fini(&out);
	return done;
}

static void
settle_prometheus(struct loader *l)
{
	struct conf_global_prom *g = &l->root->global.prom;
	for (size_t i = 0; i < g->external_labels.n; i++)
		g->external_labels.p[i].value = expand(l->binder.arena, g->external_labels.p[i].value);
	for (size_t i = 0; i < l->root->remote_write.n; i++) {
		struct conf_remote_write *r = &l->root->remote_write.p[i];
		if ((r->tenant_header.n || r->customer_label.n) && !marks_has(l->check.marks, conf_remote_write, r, "customer"))
			r->customer = STR("");
	}
	if (!marks_has(l->check.marks, conf_global_prom, g, "scrape_timeout") &&
	    g->scrape_timeout > g->scrape_interval)
		g->scrape_timeout = g->scrape_interval;
	for (size_t i = 0; i < l->scrapes.n; i++)
		settle_scrape(l, l->scrapes.p[i]);
}

/* ---- Alertmanager ---- */

/* The parent's labels under the route's own; both are sorted. */
static struct pairs
united(struct arena *a, struct pairs above, struct pairs own)
{
	struct pairs all = {arena_array(a, struct pair, above.n + own.n), 0};
	for (size_t i = 0; i < above.n; i++) {
		bool hidden = false;
		for (size_t j = 0; j < own.n; j++)
			hidden |= str_eq(own.p[j].name, above.p[i].name);
		if (!hidden)
			all.p[all.n++] = above.p[i];
	}
	if (own.n)
		memcpy(all.p + all.n, own.p, own.n * sizeof *own.p);
	all.n += own.n;
	pairs_sort(&all);
	return all;
}

static void
settle_route(struct loader *l, struct conf_route *r, const struct conf_route *above)
{
	const struct marks *m = l->check.marks;
	if (!marks_has(m, conf_route, r, "receiver") || r->receiver.n == 0)
		r->receiver = above->receiver;
	if (!marks_has(m, conf_route, r, "group_by"))
		r->group_by = above->group_by;
	if (!marks_has(m, conf_route, r, "group_wait"))
		r->group_wait = above->group_wait;
	if (!marks_has(m, conf_route, r, "group_interval"))
		r->group_interval = above->group_interval;
	if (!marks_has(m, conf_route, r, "repeat_interval"))
		r->repeat_interval = above->repeat_interval;
	if (r->desk == DESK_DEFAULT)
		r->desk = above->desk;
	r->labels = united(l->binder.arena, above->labels, r->labels);
	for (size_t i = 0; i < r->routes.n; i++)
		settle_route(l, &r->routes.p[i], r);
}

static void
or_str(struct str *s, struct str otherwise)
{
	if (s->n == 0)
		*s = otherwise;
}

/* A password and the file that holds it are one setting. */
static void
or_secret(struct str *s, struct str *file, struct str otherwise, struct str otherwise_file)
{
	if (s->n || file->n)
		return;
	*s = otherwise;
	*file = otherwise_file;
}

static void
settle_email_from_mail(struct conf_email *e, const struct conf_mail *mail)
{
	if (mail->smarthost.n == 0)
		return;
	e->smarthost = mail->smarthost;
	or_str(&e->auth_username, mail->username);
	or_secret(&e->auth_password, &e->auth_password_file, mail->password, mail->password_file);
	if (e->require_tls == CONF_UNSET)
		e->require_tls = mail->starttls == STARTTLS_REQUIRED ? CONF_YES : CONF_NO;
	if (e->force_implicit_tls == CONF_UNSET && mail->starttls == STARTTLS_IMPLICIT)
		e->force_implicit_tls = CONF_YES;
}

static void
settle_email(struct loader *l, struct conf_email *e)
{
	struct conf_global_am *g = &l->root->global.am;
	if (e->smarthost.n == 0 && g->smtp_smarthost.n == 0)
		settle_email_from_mail(e, &l->root->mail);
	or_str(&e->smarthost, g->smtp_smarthost);
	or_str(&e->from, g->smtp_from.n ? g->smtp_from : l->root->mail.from);
	or_str(&e->hello, g->smtp_hello);
	or_str(&e->auth_username, g->smtp_auth_username);
	or_secret(
	    &e->auth_password, &e->auth_password_file, g->smtp_auth_password, g->smtp_auth_password_file);
	or_secret(&e->auth_secret, &e->auth_secret_file, g->smtp_auth_secret, g->smtp_auth_secret_file);
	or_str(&e->auth_identity, g->smtp_auth_identity);
	if (e->require_tls == CONF_UNSET)
		e->require_tls = g->smtp_require_tls ? CONF_YES : CONF_NO;
	if (e->force_implicit_tls == CONF_UNSET)
		e->force_implicit_tls = g->smtp_force_implicit_tls;
	if (!e->tls_config)
		e->tls_config = &g->smtp_tls_config;
}

static void
settle_receiver(struct loader *l, struct conf_receiver *r)
{
	for (size_t i = 0; i < r->webhook_configs.n; i++) {
		struct conf_webhook *w = &r->webhook_configs.p[i];
		if (!w->http_config)
			w->http_config = &l->root->global.am.http_config;
		settle_http(l, w->http_config);
	}
	for (size_t i = 0; i < r->email_configs.n; i++)
		settle_email(l, &r->email_configs.p[i]);
}

static void
settle_mail(struct conf_mail *m, const struct conf_global_am *g)
{
	if (m->smarthost.n == 0) {
		m->smarthost = g->smtp_smarthost;
		or_str(&m->username, g->smtp_auth_username);
		or_secret(&m->password, &m->password_file, g->smtp_auth_password, g->smtp_auth_password_file);
		if (!g->smtp_require_tls && m->starttls == STARTTLS_REQUIRED)
			m->starttls = STARTTLS_WANTED;
	}
	or_str(&m->from, g->smtp_from);
	or_str(&m->hello, g->smtp_hello);
}

/* A rate of one's own has a burst of its own. */
static void
settle_customer_limits(struct loader *l, struct conf_customer_limits *c)
{
	const struct marks *m = l->check.marks;
	const struct conf_limits *all = &l->root->limits;
	if (!marks_has(m, conf_customer_limits, c, "series"))
		c->series = all->series_per_customer;
	if (!marks_has(m, conf_customer_limits, c, "series_labels"))
		c->series_labels = all->series_labels;
	if (!marks_has(m, conf_customer_limits, c, "series_label_size"))
		c->series_label_size = all->series_label_size;
	if (!marks_has(m, conf_customer_limits, c, "samples_per_second")) {
		c->samples_per_second = all->samples_per_second;
		if (!marks_has(m, conf_customer_limits, c, "samples_burst"))
			c->samples_burst = all->samples_burst;
	}
}

static void
settle_own(struct loader *l)
{
	struct conf_root *r = l->root;
	for (size_t i = 0; i < r->limits.customers.n; i++)
		settle_customer_limits(l, &r->limits.customers.p[i]);
	if (r->storage.retention == 0)
		r->storage.retention =
		    r->storage.tsdb.retention.time ? r->storage.tsdb.retention.time : 15 * DAY;
	if (r->storage.retention_size == 0)
		r->storage.retention_size = r->storage.tsdb.retention.size;
	if (r->storage.out_of_order_window < r->storage.tsdb.out_of_order_time_window)
		r->storage.out_of_order_window = r->storage.tsdb.out_of_order_time_window;
	if (r->desk.desk == DESK_DEFAULT)
		r->desk.desk = l->kind == CONF_ALERTMANAGER ? DESK_NONE : DESK_OPEN;
	settle_mail(&r->mail, &r->global.am);
}

void
conf_settle(struct loader *l)
{
	static const struct conf_route top = {
	    .group_wait = 30 * SECOND, .group_interval = 5 * MINUTE, .repeat_interval = 4 * HOUR};
	settle_prometheus(l);
	if (l->root->route)
		settle_route(l, l->root->route, &top);
	for (size_t i = 0; i < l->root->receivers.n; i++)
		settle_receiver(l, &l->root->receivers.p[i]);
	settle_own(l);
}
