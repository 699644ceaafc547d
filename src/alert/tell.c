/*
 * tell.c — see tell.h.
 *
 * A template that fails must not keep a message from leaving: the mail then says what is wrong, plainly, and
 * what failed in its template.
 */
#include "alert/tell.h"

#include <stdlib.h>
#include <string.h>

#include "flow/dispatch.h"

/* Groups can be large: a mail of 20,000 alerts is still made, and bounded. */
enum { STEPS = 5000000, OUTPUT = 8 << 20, PLAIN_ALERTS = 200 };

struct integration {
	const char *kind, *channel;
	size_t index;
	bool send_resolved;
	const struct conf_webhook *webhook;
	const struct conf_email *email;
};

/* ---- what is it now ---- */

static int
by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, 8);
}

static struct str
fingerprints(const struct told *t, bool firing, struct arena *a)
{
	char *p = arena_alloc(a, t->n * 8);
	size_t n = 0;
	for (size_t i = 0; i < t->n; i++) {
		uint64_t f = t->alerts[i]->fingerprint;
		if (held_fires(t->alerts[i], t->now) != firing)
			continue;
		for (int k = 7; k >= 0; k--)
			p[n++] = (char)(f >> 8 * k);
	}
	if (n > 8)
		qsort(p, n / 8, 8, by_bytes);
	return str_n(p, n);
}

/* Those that fire, where the integration wants no others. */
static struct told
without_resolved(const struct told *t, struct arena *a)
{
	struct held **alerts = arena_array(a, struct held *, t->n);
	struct told out = *t;
	out.alerts = alerts;
	out.n = 0;
	for (size_t i = 0; i < t->n; i++)
		if (held_fires(t->alerts[i], t->now))
			alerts[out.n++] = t->alerts[i];
	return out;
}

/* ---- rendering ---- */

struct renderer {
	struct road *road;
	struct value data;
	struct tmpl_env env;
	struct arena *arena;
	struct err err; /* the first failure */
};

static struct str
render(struct renderer *r, struct str text, bool html)
{
	struct buf out = {0};
	struct err e;
	r->env.html = html;
	if (tmpl_expand(r->road->templates, text, &r->data, &r->env, &out, &e) != RC_OK && r->err.rc == RC_OK)
		r->err = e;
	struct str s = arena_str(r->arena, buf_view(&out));
	buf_fini(&out);
	return s;
}

static void
plain_text(const struct told *t, const struct err *failed, struct arena *a, struct dispatch *d)
{
	struct buf b = {0};
	for (size_t i = 0; i < t->n && i < PLAIN_ALERTS; i++) {
		const struct held *h = t->alerts[i];
		buf_fmt(&b, "%s:", held_fires(h, t->now) ? "firing" : "resolved");
		for (size_t k = 0; k < h->a.labels.n; k++)
			buf_fmt(&b, " %.*s=%.*s", STR_ARG(h->a.labels.p[k].name),
			    STR_ARG(h->a.labels.p[k].value));
		for (size_t k = 0; k < h->a.annotations.n; k++)
			buf_fmt(&b, "\n  %.*s: %.*s", STR_ARG(h->a.annotations.p[k].name),
			    STR_ARG(h->a.annotations.p[k].value));
		buf_ch(&b, '\n');
	}
	if (t->n > PLAIN_ALERTS)
		buf_fmt(&b, "and %zu more\n", t->n - PLAIN_ALERTS);
	buf_fmt(&b, "\n(A template of this receiver failed: %s)\n", failed->text);
	d->html = STR("");
	d->text = arena_str(a, buf_view(&b));
	d->subject = arena_fmt(a, "%zu alerts: %s", t->n, t->group->key);
	buf_fini(&b);
}

/* Subject among the headers wins over the default one. */
static void
render_headers(struct renderer *r, const struct conf_email *c, struct dispatch *d)
{
	struct pairs h = {arena_array(r->arena, struct pair, c->headers.n), 0};
	d->subject = STR("{{ template \"email.default.subject\" . }}");
	for (size_t i = 0; i < c->headers.n; i++)
		if (str_eq_nocase(c->headers.p[i].name, STR("subject")))
			d->subject = c->headers.p[i].value;
		else
			h.p[h.n++] =
			    (struct pair){c->headers.p[i].name, render(r, c->headers.p[i].value, false)};
	d->headers = h;
	d->subject = render(r, d->subject, false);
}

static void
fill_email(struct renderer *r, const struct told *t, const struct conf_email *c, struct dispatch *d)
{
	d->to = render(r, c->to, false);
	d->from = render(r, c->from, false);
	render_headers(r, c, d);
	d->html = render(r, c->html, true);
	d->text = render(r, c->text.n ? c->text : STR("{{ template \"email.default.text\" . }}"), false);
	if (r->err.rc != RC_OK)
		plain_text(t, &r->err, r->arena, d);
	if (d->to.n == 0)
		d->to = c->to;
}

static void
fill_webhook(struct renderer *r, const struct told *t, const struct conf_webhook *c, struct dispatch *d)
{
	struct buf body = {0};
	payload_webhook(t, (size_t)c->max_alerts, &body);
	d->payload = arena_str(r->arena, buf_view(&body));
	buf_fini(&body);
	if (str_has(c->url, STR("{{")))
		d->url = render(r, c->url, false);
}

/* ---- sending ---- */

static void
note_sent(struct turn *t, const struct told *told, const struct dispatch *d, const struct err *failed)
{
	struct str subject = str_c(told->group->id);
	struct event *e = turn_event(t, EVENT_group_notified, str_c(told->group->customer), subject, 0,
	    "receiver \"%.*s\" is told of %zu alerts by %.*s: %.*s%s%s", STR_ARG(d->receiver), told->n,
	    STR_ARG(d->integration), STR_ARG(d->reason),
	    failed->rc == RC_OK ? "" : "; its template failed: ", failed->rc == RC_OK ? "" : failed->text);
	turn_fact(t, e, "group", d->group);
	turn_fact(t, e, "reason", d->reason);
	turn_fact(t, e, "receiver", d->receiver);
	turn_fact_i64(t, e, "alerts", (int64_t)told->n);
}

static void
send(struct road *r, struct turn *t, const struct told *told, const struct integration *in)
{
	struct renderer rend = {.road = r, .arena = t->arena, .data = payload_data(told, t->arena)};
	rend.env = (struct tmpl_env){.now = told->now,
	    .external_url = told->external_url,
	    .step_limit = STEPS,
	    .output_limit = OUTPUT};
	struct dispatch d = {.receiver = told->group->route->conf->receiver,
	    .integration = str_c(in->kind),
	    .index = (int64_t)in->index,
	    .group = str_c(told->group->key),
	    .reason = str_c(told->reason)};
	if (in->webhook)
		fill_webhook(&rend, told, in->webhook, &d);
	else
		fill_email(&rend, told, in->email, &d);
	struct send s = {.channel = str_c(in->channel),
	    .customer = str_c(told->group->customer),
	    .subject = str_c(told->group->id)};
	s.key =
	    arena_fmt(t->arena, "%s/%s/%zu/%lld", told->group->id, in->kind, in->index, (long long)told->now);
	turn_send(t, s, &dispatch_layout, &d);
	note_sent(t, told, &d, &rend.err);
}

static void
tell(struct road *r, struct turn *t, const struct told *told, const struct integration *in)
{
	msec_t repeat = told->group->route->conf->repeat_interval;
	struct str key = nflog_key(t, told->group, in->kind, in->index);
	struct nflog is = {
	    .firing = fingerprints(told, true, t->arena), .resolved = fingerprints(told, false, t->arena)};
	const char *reason =
	    nflog_reason(nflog_get(r, key, told->now), &is, in->send_resolved, repeat, told->now);
	if (!reason)
		return;
	is.at = told->now;
	is.expires = told->now + 2 * repeat;
	nflog_put(r, t, key, &is);
	struct told now = in->send_resolved ? *told : without_resolved(told, t->arena);
	now.reason = reason;
	if (now.n)
		send(r, t, &now, in);
}

void
tell_receiver(struct road *r, struct turn *t, const struct told *told)
{
	const struct conf_receiver *to = told->group->route->receiver;
	struct told all = *told;
	all.external_url = r->routes->conf->external_url;
	for (size_t i = 0; to && i < to->webhook_configs.n; i++) {
		const struct conf_webhook *w = &to->webhook_configs.p[i];
		tell(r, t, &all, &(struct integration){"webhook", "webhook", i, w->send_resolved, w, NULL});
	}
	for (size_t i = 0; to && i < to->email_configs.n; i++) {
		const struct conf_email *m = &to->email_configs.p[i];
		tell(r, t, &all, &(struct integration){"email", "mail", i, m->send_resolved, NULL, m});
	}
}
