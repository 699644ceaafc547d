/* webhook.c — a request to somebody else's server; its own body is made by whoever put it into the outbox. */
#include "base/mem.h"
#include "notify/senders.h"

struct delivery {
	const struct sender_doors *doors;
	struct buf key;
};

/* 2xx is taken; everything else is tried again by the engine, as long as it is worth it. */
static void
on_done(void *arg, const struct http_result *r)
{
	struct delivery *d = arg;
	struct buf said = {0};
	bool ok = r->rc == RC_OK && r->status >= 200 && r->status < 300;
	if (r->rc == RC_OK)
		buf_fmt(&said, "status %d", r->status);
	else
		buf_c(&said, r->why);
	sender_report(d->doors, buf_view(&d->key), ok ? OUTCOME_handed_over : OUTCOME_failed, buf_view(&said));
	buf_fini(&said);
	buf_fini(&d->key);
	mem_free(d);
}

void
webhook_send(const struct sender_doors *doors, const struct outbox_row *row)
{
	struct arena *a = arena_create();
	struct post p;
	struct err e;
	if (record_decode(&post_layout, &p, row->body, a, &e) != RC_OK) {
		sender_report(doors, row->key, OUTCOME_failed, str_c(e.text));
	} else {
		struct delivery *d = mem_new(struct delivery);
		struct pair type = {STR("Content-Type"), p.type};
		d->doors = doors;
		buf_str(&d->key, row->key);
		struct http_ask ask = {.method = STR("POST"), .url = p.url, .headers = {&type, 1}, .body = p.body, .user = p.user,
		    .password = p.password, .bearer = p.bearer, .timeout = p.timeout};
		doors->http->request(doors->http, &ask, on_done, d);
	}
	arena_destroy(&a);
}
