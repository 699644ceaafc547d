/*
 * sms.c — a notice as a short message, through a provider's HTTP interface.
 *
 * IDEA   Every provider has another one, and all of them are a request with a number and a text in it: the
 *        configuration holds the request, with {to}, {text} and {from} where they belong.  The gateways are tried in
 *        order until one takes it: the second one is there for the night in which the first one is down.
 * TRAP   A status of 200 is not yet a message that was taken: many say "error" in the body.  `accepted` is for those.
 */
#include <string.h>

#include "base/mem.h"
#include "net/http_conf.h"
#include "notify/letter.h"
#include "notify/senders.h"
#include "wire/json.h"
#include "wire/url.h"

struct message {
	const struct sender_doors *doors;
	struct arena *arena;
	struct str key, to, text;
	size_t gateway; /* which one is asked now */
	struct buf said; /* what those before it answered */
};

static void
end(struct message *m, enum outcome outcome)
{
	sender_report(m->doors, m->key, outcome, buf_view(&m->said));
	buf_fini(&m->said);
	arena_destroy(&m->arena);
	mem_free(m);
}

/* ---- filling in ---- */

enum escape { ESCAPE_URL, ESCAPE_JSON, ESCAPE_NOT };

static enum escape
escape_of(struct str content_type)
{
	return str_has(content_type, STR("json")) ? ESCAPE_JSON : str_has(content_type, STR("urlencoded")) ? ESCAPE_URL : ESCAPE_NOT;
}

static void
put(struct buf *out, struct str value, enum escape how)
{
	struct json_writer w;
	struct buf quoted = {0};
	if (how == ESCAPE_URL) {
		url_escape_query(out, value);
	} else if (how == ESCAPE_JSON) {
		jsonw_init(&w, &quoted);
		jsonw_str(&w, value);
		buf_str(out, str_n(quoted.p + 1, quoted.n - 2)); /* the quotes are the template's */
	} else {
		buf_str(out, value);
	}
	buf_fini(&quoted);
}

/* Only the three names stand for something: braces of JSON are nothing special. */
static struct str
filled(const struct message *m, const struct conf_sms_gateway *g, struct str form, enum escape how)
{
	const struct pair values[] = {{STR("{to}"), m->to}, {STR("{text}"), m->text}, {STR("{from}"), g->from}};
	struct buf out = {0};
	while (form.n) {
		size_t i = 0;
		while (i < 3 && !str_starts(form, values[i].name))
			i++;
		if (i < 3)
			put(&out, values[i].value, how);
		else
			buf_ch(&out, form.p[0]);
		form = str_from(form, i < 3 ? values[i].name.n : 1);
	}
	struct str s = arena_str(m->arena, buf_view(&out));
	buf_fini(&out);
	return s;
}

/* ---- one gateway after the other ---- */

static void try_next(struct message *);

static bool
is_taken(const struct conf_sms_gateway *g, const struct http_result *r)
{
	return r->rc == RC_OK && r->status >= 200 && r->status < 300 && (!g->accepted.n || str_has(r->body, g->accepted));
}

static void
note(struct message *m, const struct conf_sms_gateway *g, const struct http_result *r)
{
	buf_fmt(&m->said, "%s%.*s: ", m->said.n ? "; " : "", STR_ARG(g->name));
	if (r->rc == RC_OK)
		buf_fmt(&m->said, "status %d%s%.*s", r->status, r->body.n ? ", " : "", STR_ARG(str_to(str_trim(r->body), 120)));
	else
		buf_c(&m->said, r->why);
}

static const struct conf_sms_gateway *
gateway_of(const struct message *m)
{
	const struct conf_sms *c = &m->doors->conf->root->sms;
	return m->gateway < c->gateways.n ? &c->gateways.p[m->gateway] : NULL;
}

static void
on_answer(void *arg, const struct http_result *r)
{
	struct message *m = arg;
	const struct conf_sms_gateway *g = gateway_of(m);
	if (!g) { /* the configuration changed meanwhile */
		end(m, r->rc == RC_OK && r->status < 300 ? OUTCOME_handed_over : OUTCOME_failed);
		return;
	}
	bool taken = is_taken(g, r);
	note(m, g, r);
	if (taken) {
		end(m, OUTCOME_handed_over);
		return;
	}
	m->gateway++;
	try_next(m);
}

static enum rc
ask_gateway(struct message *m, const struct conf_sms_gateway *g, struct err *e)
{
	struct pair headers[] = {{STR("User-Agent"), STR("tocsin/" TOCSIN_VERSION)}, {STR("Content-Type"), g->content_type}};
	struct http_ask ask = {.method = g->method.n ? g->method : g->body.n ? STR("POST") : STR("GET"), .url = filled(m, g, g->url, ESCAPE_URL),
	    .headers = {headers, g->body.n ? 2 : 1}, .body = filled(m, g, g->body, escape_of(g->content_type)), .timeout = g->timeout,
	    .max_body = (size_t)64 << 10};
	enum rc rc = g->http_config ? http_conf_apply(g->http_config, &ask, m->arena, e) : RC_OK;
	if (rc == RC_OK)
		m->doors->http->request(m->doors->http, &ask, on_answer, m);
	return rc;
}

static void
try_next(struct message *m)
{
	const struct conf_sms_gateway *g;
	struct err e;
	while ((g = gateway_of(m))) {
		if (ask_gateway(m, g, &e) == RC_OK)
			return;
		buf_fmt(&m->said, "%s%.*s: %s", m->said.n ? "; " : "", STR_ARG(g->name), e.text);
		m->gateway++;
	}
	end(m, OUTCOME_failed);
}

void
sms_send(const struct sender_doors *doors, const struct outbox_row *row)
{
	struct arena *a = arena_create();
	struct notice n;
	struct err e;
	struct buf text = {0};
	enum rc rc = record_decode(&notice_layout, &n, row->body, a, &e);
	if (rc == RC_OK && !doors->conf->root->sms.gateways.n) {
		sender_report(doors, row->key, OUTCOME_unavailable, STR("no gateway is configured: sms.gateways"));
	} else if (rc != RC_OK) {
		sender_report(doors, row->key, OUTCOME_failed, str_c(e.text));
	} else {
		struct message *m = mem_new(struct message);
		letter_short(&n, doors->external_url, &text);
		*m = (struct message){.doors = doors, .arena = arena_create()};
		m->key = arena_str(m->arena, row->key);
		m->to = arena_str(m->arena, n.to);
		m->text = arena_str(m->arena, buf_view(&text));
		try_next(m);
	}
	buf_fini(&text);
	arena_destroy(&a);
}
