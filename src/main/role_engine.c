/*
 * role_engine.c — the process that decides: ledger, engine, and the channels that leave by themselves.
 *
 * It parses nothing from outside but frames.  Lowest OOM score: one bad query or import must never stop a page.
 */
#include <stdio.h>
#include <unistd.h>

#include "access/identity.h"
#include "base/log.h"
#include "base/must.h"
#include "base/os.h"
#include "engine/engine.h"
#include "main/demo.h"
#include "main/house.h"
#include "net/link.h"
#include "notify/sender.h"
#include "voice/door.h"

struct engine_process {
	struct house *house;
	struct loop *loop;
	struct ledger *ledger;
	struct engine *engine;
	struct link_server *asked;   /* core and the command line ask here */
	struct http_client *http;
	struct smtp_client *smtp;
	struct sender_doors senders;
	struct voice_door *voice;
	int status;
};

/* ---- what comes in ---- */

/* Who waits for an answer: found again by number, since it may be gone by then. */
struct asker {
	struct engine_process *p;
	uint64_t link, id;
};

static void
on_reply(void *arg, const struct reply *r)
{
	struct asker *a = arg;
	struct link *l = link_server_find(a->p->asked, a->link);
	if (l) {
		struct buf b = {0};
		record_encode(&reply_layout, r, &b);
		link_send(l, MESSAGE_reply, a->id, buf_view(&b));
		buf_fini(&b);
	}
	mem_free(a);
}

/* Takes the file as it is now; on any error all stays as it was, and `text` says why. */
static enum rc
reload(struct engine_process *p, struct buf *text)
{
	struct conf *fresh = NULL;
	struct err e;
	enum rc rc = house_load(p->house, &fresh, text);
	if (rc == RC_OK && (rc = engine_configure(p->engine, fresh, &e)) != RC_OK)
		buf_c(text, e.text);
	if (rc != RC_OK) {
		log_error("main", "the old configuration stays: %s", text->p ? text->p : "");
		conf_unref(&fresh);
		return rc;
	}
	conf_unref(&p->house->conf);
	p->house->conf = fresh;
	p->senders.conf = fresh;
	log_info("main", "the configuration was read again");
	return RC_OK;
}

static void
on_hang_up(void *arg)
{
	struct buf text = {0};
	(void)reload(arg, &text);
	buf_fini(&text);
}

static void
answer_reload(struct engine_process *p, struct asker *asker)
{
	struct buf text = {0};
	struct reply r = {.rc = reload(p, &text), .text = buf_view(&text)};
	on_reply(asker, &r);
	buf_fini(&text);
}

static void
on_frame(void *arg, struct link *l, const struct frame *f)
{
	struct engine_process *p = arg;
	struct arena *a = arena_create();
	struct ask ask;
	struct err e;
	if (f->kind <= MESSAGE_news || f->kind >= MESSAGES || record_decode(&ask_layout, &ask, f->body, a, &e) != RC_OK) {
		log_warn("main", "a message of kind %u was not understood", f->kind);
	} else if (f->id) {
		struct asker *asker = mem_new(struct asker);
		*asker = (struct asker){p, link_number(l), f->id};
		if (f->kind == MESSAGE_reload)
			answer_reload(p, asker);
		else
			engine_ask(p->engine, (enum message)f->kind, ask.actor, ask.body, on_reply, asker);
	} else {
		engine_ask(p->engine, (enum message)f->kind, ask.actor, ask.body, NULL, NULL);
	}
	arena_destroy(&a);
}

/* ---- what goes out ---- */

static void
on_sent(void *arg, const struct receipt *r)
{
	struct engine_process *p = arg;
	struct buf b = {0};
	record_encode(&receipt_layout, r, &b);
	engine_ask(p->engine, MESSAGE_receipt, STR(""), buf_view(&b), NULL, NULL);
	buf_fini(&b);
}

/* The phone wants to know when a key is durable: only then does it say so. */
struct durable {
	receipt_durable *fn;
	void *arg;
};

static void
on_durable(void *arg, const struct reply *r)
{
	struct durable *d = arg;
	d->fn(d->arg, r->rc == RC_OK);
	mem_free(d);
}

static void
on_phone(void *arg, const struct receipt *r, receipt_durable *fn, void *fn_arg)
{
	struct engine_process *p = arg;
	struct durable *d = mem_new(struct durable);
	struct buf b = {0};
	*d = (struct durable){fn, fn_arg};
	record_encode(&receipt_layout, r, &b);
	engine_ask(p->engine, MESSAGE_receipt, STR(""), buf_view(&b), on_durable, d);
	buf_fini(&b);
}

static bool
is_watched(void *arg, struct str user)
{
	struct engine_process *p = arg;
	return engine_watched(p->engine, user);
}

static void
send_out(void *arg, const struct outbox_row *row)
{
	struct engine_process *p = arg;
	if (str_is(row->channel, "call"))
		voice_door_call(p->voice, row);
	else
		sender_send(&p->senders, row);
}

static void
call_back(void *arg, struct str key)
{
	struct engine_process *p = arg;
	voice_door_cancel(p->voice, key);
}

static void
send_news(void *arg, struct link *l)
{
	const struct buf *b = arg;
	link_send(l, MESSAGE_news, 0, buf_view(b));
}

static void
tell(void *arg, const struct news *news)
{
	struct engine_process *p = arg;
	struct buf b = {0};
	record_encode(&news_layout, news, &b);
	link_server_each(p->asked, send_news, &b);
	buf_fini(&b);
}

static void
lost(void *arg, const char *why)
{
	struct engine_process *p = arg;
	log_error("main", "%s", why);
	p->status = 3;
	loop_stop(p->loop);
}

/* ---- the first start ---- */

static bool
is_any(void *arg, const struct row *row)
{
	*(bool *)arg = true;
	return false;
}

static void
ask_record(struct engine_process *p, enum message kind, const struct layout *l, const void *record)
{
	struct buf b = {0};
	record_encode(l, record, &b);
	engine_ask(p->engine, kind, STR(""), buf_view(&b), NULL, NULL);
	buf_fini(&b);
}

enum { ONE_TIME = 24 * 3600 * 1000 };

/* A ledger without any resource gets an administrator, whose password dies at its first use or in 24 hours. */
static void
make_administrator(struct engine_process *p, const char *home)
{
	struct arena *a = arena_create();
	struct str password = password_make(a);
	msec_t now = loop_wall(p->loop);
	struct user u = {0};
	struct buf spec = {0};
	record_defaults(&user_layout, &u, a);
	u.title = STR("Administrator");
	u.role = ROLE_ADMIN;
	record_encode(&user_layout, &u, &spec);
	struct resource r = {.kind = STR("user"), .name = STR("admin"), .spec = buf_view(&spec)};
	struct credential c = {.id = secret_id(password, a), .kind = CREDENTIAL_ONE_TIME, .user = STR("admin"), .created = now, .expires = now + ONE_TIME};
	ask_record(p, MESSAGE_resources, &resource_batch_layout, &(struct resource_batch){.resources = {&r, 1}});
	ask_record(p, MESSAGE_credentials, &credential_batch_layout, &(struct credential_batch){.credentials = {&c, 1}});
	printf("\n  Tocsin is at %s\n  Sign in as admin with the one-time password %.*s (good for 24 hours)\n\n", home, STR_ARG(password));
	fflush(stdout);
	buf_fini(&spec);
	arena_destroy(&a);
}

/* Something to try the whole chain with; whoever administers is on call. */
static void
make_demo(struct engine_process *p)
{
	struct arena *a = arena_create();
	struct resource_batch batch = {0};
	demo_resources(p->house->no_auth ? STR("anybody") : STR("admin"), p->house->no_auth, a, &batch);
	ask_record(p, MESSAGE_resources, &resource_batch_layout, &batch);
	arena_destroy(&a);
}

static void
first_start(struct engine_process *p)
{
	bool any = false;
	struct err e;
	struct row_query q = {.space = STR("resource"), .limit = 1};
	if (ledger_list(p->ledger, &q, is_any, &any, &e) != RC_OK || any)
		return;
	if (!p->house->no_auth)
		make_administrator(p, p->house->external_url);
	if (p->house->conf->root->server.demo)
		make_demo(p);
}

/* ---- life ---- */

/* Not the first to go when memory is short. */
void
claim_engine(void)
{
	struct err e;
	/* needs a privilege that we may not have; then it stays as it is */
	int fd = os.open("/proc/self/oom_score_adj", 1 /* O_WRONLY */, 0);
	if (fd < 0)
		return;
	if (os_write_all(fd, STR("-900"), &e) != RC_OK)
		log_debug("main", "%s", e.text);
	os.close(fd);
}

static enum rc
begin(struct engine_process *p, struct err *e)
{
	struct house *h = p->house;
	enum rc rc = ledger_open(&p->ledger, house_ledger(h), h->instance, clock_wall(clock_real()), e);
	if (rc != RC_OK)
		return rc;
	p->http = http_client_create(p->loop, 64, NULL);
	p->smtp = smtp_client_create(p->loop);
	p->senders = (struct sender_doors){smtp_client_door(p->smtp), http_client_door(p->http), h->conf, h->external_url, p->loop, on_sent, is_watched, p};
	p->voice = voice_door_create(p->loop, h->voice_path, on_phone, p);
	struct engine_doors doors = {p, send_out, call_back, tell, lost};
	rc = engine_create(&p->engine, p->loop, p->ledger, h->conf, h->data, &doors, e);
	if (rc != RC_OK)
		return rc;
	first_start(p);
	p->asked = link_server_create(p->loop, h->engine_fd, &(struct link_events){.arg = p, .frame = on_frame});
	house_reload_on_signal(p->loop, on_hang_up, p);
	return RC_OK;
}

static void
end(struct engine_process *p)
{
	link_server_destroy(&p->asked);
	engine_destroy(&p->engine);
	voice_door_destroy(&p->voice);
	smtp_client_destroy(&p->smtp);
	http_client_destroy(&p->http);
	ledger_close(&p->ledger);
	loop_destroy(&p->loop);
}

int
role_engine(struct house *h)
{
	struct engine_process p = {.house = h, .loop = loop_create("engine", clock_real())};
	struct err e;
	house_stop_on_signals(p.loop);
	if (begin(&p, &e) != RC_OK) {
		log_error("main", "%s", e.text);
		p.status = 2;
	} else {
		loop_run(p.loop);
	}
	end(&p);
	return p.status;
}
