/*
 * dispatch.c — a notification of the first road, to a receiver of the configuration.
 *
 * What is said was decided and rendered; how the other side is reached is looked up now, so a secret is never stored,
 * and a receiver that is gone meanwhile is told to nobody.
 */
#include <string.h>

#include "base/mem.h"
#include "flow/dispatch.h"
#include "net/http_conf.h"
#include "notify/senders.h"
#include "wire/mime.h"

static const struct conf_receiver *
receiver_named(const struct conf *c, struct str name)
{
	for (size_t i = 0; i < c->root->receivers.n; i++)
		if (str_eq(c->root->receivers.p[i].name, name))
			return &c->root->receivers.p[i];
	return NULL;
}

struct under_way {
	const struct sender_doors *doors;
	struct buf key;
};

static struct under_way *
set_off(const struct sender_doors *doors, const struct outbox_row *row)
{
	struct under_way *u = mem_new(struct under_way);
	u->doors = doors;
	buf_str(&u->key, row->key);
	return u;
}

static void
arrive(struct under_way *u, enum outcome outcome, struct str said)
{
	sender_report(u->doors, buf_view(&u->key), outcome, said);
	buf_fini(&u->key);
	mem_free(u);
}

/* ---- webhook ---- */

/* 2xx is taken, 5xx is tried again; other answers will not get better by asking again. */
static void
on_posted(void *arg, const struct http_result *r)
{
	struct buf said = {0};
	bool taken = r->rc == RC_OK && r->status / 100 == 2;
	bool never = r->rc == RC_OK && r->status / 100 != 5 && !taken;
	if (r->rc == RC_OK)
		buf_fmt(&said, "status %d%s", r->status, never ? ": dropped" : "");
	else
		buf_c(&said, r->why);
	arrive(arg, taken ? OUTCOME_handed_over : never ? OUTCOME_stopped : OUTCOME_failed, buf_view(&said));
	buf_fini(&said);
}

static enum rc
post(const struct sender_doors *doors, const struct outbox_row *row, const struct dispatch *d, const struct conf_webhook *c, struct arena *a,
    struct err *e)
{
	struct pair headers[] = {{STR("Content-Type"), STR("application/json")}, {STR("User-Agent"), STR("tocsin/" TOCSIN_VERSION)}};
	struct http_ask ask = {.method = STR("POST"), .headers = {headers, 2}, .body = d->payload, .timeout = c->timeout};
	enum rc rc = conf_secret(d->url.n ? d->url : c->url, c->url_file, a, &ask.url, e);
	if (rc == RC_OK && c->http_config)
		rc = http_conf_apply(c->http_config, &ask, a, e);
	if (rc == RC_OK)
		doors->http->request(doors->http, &ask, on_posted, set_off(doors, row));
	return rc;
}

/* ---- mail ---- */

static void
on_mailed(void *arg, const struct smtp_result *r)
{
	arrive(arg, r->rc == RC_OK ? OUTCOME_handed_over : OUTCOME_failed, r->reply.n ? r->reply : str_c(r->why));
}

static struct strs
addresses(struct str list, struct arena *a)
{
	struct strs out = {arena_array(a, struct str, list.n + 1), 0};
	struct str part;
	while (str_cut(&list, ',', &part))
		if (str_trim(part).n)
			out.p[out.n++] = str_trim(part);
	return out;
}

static enum rc
mail(const struct sender_doors *doors, const struct outbox_row *row, const struct dispatch *d, const struct conf_email *c, struct arena *a,
    struct err *e)
{
	struct strs to = addresses(d->to, a);
	struct mime_address *names = arena_array(a, struct mime_address, to.n);
	struct buf message = {0};
	for (size_t i = 0; i < to.n; i++)
		names[i].mail = to.p[i];
	struct mime_mail m = {.from = {.mail = d->from}, .to = names, .to_n = to.n, .subject = d->subject, .text = d->text, .html = d->html,
	    .message_id = arena_fmt(a, "%.*s@tocsin", STR_ARG(row->key)), .date = loop_wall(doors->loop), .automatic = true};
	struct smtp_ask ask = {.server = c->smarthost, .user = c->auth_username, .hello = c->hello, .from = d->from, .to = to,
	    .tls = c->require_tls ? SMTP_TLS_REQUIRED : SMTP_TLS_OPTIONAL};
	if (c->tls_config)
		smtp_conf_tls(c->tls_config, &ask);
	enum rc rc = conf_secret(c->auth_password, c->auth_password_file, a, &ask.password, e);
	if (rc != RC_OK)
		return rc;
	mime_compose(&m, &message);
	ask.message = buf_view(&message);
	doors->smtp->send(doors->smtp, &ask, on_mailed, set_off(doors, row));
	buf_fini(&message);
	return RC_OK;
}

bool
is_dispatch(const struct outbox_row *row)
{
	return str_starts(row->key, STR("group/"));
}

void
dispatch_send(const struct sender_doors *doors, const struct outbox_row *row)
{
	struct arena *a = arena_create();
	struct dispatch d;
	struct err e;
	enum rc rc = record_decode(&dispatch_layout, &d, row->body, a, &e);
	const struct conf_receiver *r = rc == RC_OK ? receiver_named(doors->conf, d.receiver) : NULL;
	bool hook = str_is(row->channel, "webhook");
	if (rc == RC_OK && (!r || (size_t)d.index >= (hook ? r->webhook_configs.n : r->email_configs.n)))
		rc = err_set(&e, RC_ABSENT, "receiver \"%.*s\" is not in the configuration any more", STR_ARG(d.receiver));
	if (rc == RC_OK)
		rc = hook ? post(doors, row, &d, &r->webhook_configs.p[d.index], a, &e) : mail(doors, row, &d, &r->email_configs.p[d.index], a, &e);
	if (rc != RC_OK)
		sender_report(doors, row->key, rc == RC_ABSENT ? OUTCOME_stopped : OUTCOME_failed, str_c(e.text));
	arena_destroy(&a);
}
