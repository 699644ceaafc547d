/*
 * role_core.c — the process that faces the world: a core (core.h) behind an HTTP port, a socket to the engine and one to
 * the runner.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/log.h"
#include "base/must.h"
#include "base/os.h"
#include "check/runner_client.h"
#include "main/core.h"
#include "main/core_ports.h"
#include "main/house.h"
#include "net/http_server.h"

enum { TICK = 100, ALIVE = 2000, GRACE = 3000, PEM_MAX = 1 << 20, SCRAPE_CONNECTIONS = 10000, CHECK_CONNECTIONS = 1000 };

struct process_core {
	struct house *house;
	struct loop *loop;
	struct http_client *scrapes, *checks;
	struct address_policy policy; /* of checks: their URLs are written by people */
	struct runner_client *runner;
	struct dialer dialer; /* of checks */
	struct pinger *pinger;
	struct core_link *engine;
	struct core *core;
	struct core_ports *ports;
	struct http_server *server;
	struct buf cert, key; /* PEM; empty: plain HTTP */
	struct loop_timer alive;
	pthread_t keeper; /* of the store */
	bool keeping;
	atomic_bool stopping;
};

/* ---- another configuration ---- */

/* What the house has is what this process began with. */
static void
tell_taken(struct process_core *c, struct conf *fresh)
{
	struct arena *a = arena_create();
	struct strs later = conf_at_next_start(c->house->conf, fresh, a);
	struct buf names = {0};
	for (size_t i = 0; i < later.n; i++)
		buf_fmt(&names, "%s%.*s", i ? ", " : "; taken at the next start: ", STR_ARG(later.p[i]));
	log_info("main", "the configuration was read again%s", names.p ? names.p : "");
	api_configured(core_api(c->core), fresh, later);
	buf_fini(&names);
	arena_destroy(&a);
}

static enum rc
reload(struct process_core *c, struct buf *text)
{
	struct conf *fresh = NULL;
	struct err e;
	enum rc rc = house_load(c->house, &fresh, text);
	if (rc == RC_OK && (rc = core_configure(c->core, fresh, &e)) != RC_OK)
		buf_c(text, e.text);
	if (rc == RC_OK) {
		tell_taken(c, fresh);
	} else {
		log_error("main", "the old configuration stays: %s", text->p ? text->p : "");
		api_refused(core_api(c->core));
	}
	conf_unref(&fresh);
	return rc;
}

static void
on_hang_up(void *arg)
{
	struct buf text = {0};
	(void)reload(arg, &text);
	buf_fini(&text);
}

/* Somebody asked for it and waits. */
struct reload_request {
	struct process_core *core;
	struct buf actor;
	api_reply_fn *reply;
	void *arg;
};

static void
on_reload(void *arg)
{
	struct reload_request *q = arg;
	struct buf text = {0};
	if (reload(q->core, &text) == RC_OK) {
		(void)eventfd_write(q->core->house->reread_fd, 1);
		core_link_ask(q->core->engine, MESSAGE_reload, buf_view(&q->actor), STR(""), q->reply, q->arg);
	} else {
		q->reply(q->arg, &(struct reply){.rc = RC_INVALID, .text = str_trim(buf_view(&text))});
	}
	buf_fini(&text);
	buf_fini(&q->actor);
	mem_free(q);
}

static void
ask_reload(struct process_core *c, struct str actor, api_reply_fn *reply, void *arg)
{
	struct reload_request *q = mem_new(struct reload_request);
	*q = (struct reload_request){.core = c, .reply = reply, .arg = arg};
	buf_str(&q->actor, actor);
	if (loop_post(c->loop, on_reload, q, "reload"))
		return;
	buf_fini(&q->actor);
	mem_free(q);
	reply(arg, &(struct reply){.rc = RC_REFUSED, .text = STR("too much is going on")});
}

/* ---- what the API asks for ---- */

static void
ask(void *arg, enum message kind, struct str actor, struct str body, api_reply_fn *reply, void *reply_arg)
{
	struct process_core *c = arg;
	if (kind == MESSAGE_reload) {
		ask_reload(c, actor, reply, reply_arg);
		return;
	}
	core_link_ask(c->engine, kind, actor, body, reply, reply_arg);
}

static void
tell(void *arg, enum message kind, struct str body)
{
	struct process_core *c = arg;
	core_link_tell(c->engine, kind, body);
}

/* ---- the engine ---- */

static bool
nothing(void *arg, const struct row *row)
{
	return false;
}

static enum rc
try_ledger(const struct process_core *c, struct err *e)
{
	struct ledger *l;
	enum rc rc = ledger_open(&l, house_ledger(c->house), NULL, 0, e);
	if (rc == RC_OK)
		rc = ledger_list(l, &(struct row_query){.space = STR("rule"), .limit = 1}, nothing, NULL, e);
	ledger_close(&l);
	return rc;
}

enum { LEDGER_TRIES = 200, LEDGER_PAUSE_US = 50 * 1000 };

/* At a first start the engine is making the ledger while we come up. */
static enum rc
wait_for_ledger(struct process_core *c, struct err *e)
{
	enum rc rc = try_ledger(c, e);
	for (int i = 0; rc != RC_OK && i < LEDGER_TRIES; i++) {
		usleep(LEDGER_PAUSE_US);
		rc = try_ledger(c, e);
	}
	return rc;
}

static void
on_news(void *arg, const struct news *n)
{
	struct process_core *c = arg;
	core_news(c->core, n);
}

/* ---- timers ---- */

/* Making samples durable waits for the disk: on a thread of its own, so that no rule and no request waits with it. */
static void *
keep_store(void *arg)
{
	struct process_core *c = arg;
	while (!c->stopping) {
		core_keep(c->core);
		usleep(TICK * 1000);
	}
	return NULL;
}

static void
on_alive(void *arg)
{
	struct process_core *c = arg;
	core_link_ask(c->engine, MESSAGE_alive, STR(""), STR(""), NULL, NULL);
	api_consoles(core_api(c->core));
	loop_timer_set(c->loop, &c->alive, ALIVE, on_alive, c, "sign of life");
}

/* ---- life ---- */

/* Sockets for ping, where only root gets them. */
void
claim_core(void)
{
	pinger_claim();
}

static enum rc
set_policy(struct process_core *c, struct err *e)
{
	struct strs ranges = c->house->conf->root->access.allow_addresses;
	for (size_t i = 0; i < ranges.n; i++)
		if (address_policy_allow(&c->policy, ranges.p[i], e) != RC_OK)
			return err_add(e, "in access.allow_addresses");
	return RC_OK;
}

static enum rc
read_pem(struct str file, struct buf *out, struct err *e)
{
	char path[4096];
	snprintf(path, sizeof path, "%.*s", STR_ARG(file));
	return os_read_file(path, PEM_MAX, out, e);
}

/* The certificate and its key: both or neither. */
static enum rc
read_certificate(struct process_core *c, const struct conf_server *s, struct err *e)
{
	if (!s->tls_cert_file.n && !s->tls_key_file.n)
		return RC_OK;
	if (!s->tls_cert_file.n || !s->tls_key_file.n)
		return err_set(e, RC_INVALID, "server.tls_cert_file and server.tls_key_file go together");
	enum rc rc = read_pem(s->tls_cert_file, &c->cert, e);
	return rc == RC_OK ? read_pem(s->tls_key_file, &c->key, e) : rc;
}

static enum rc
serve(struct process_core *c, struct err *e)
{
	const struct conf_server *s = &c->house->conf->root->server;
	budget_limit(BUDGET_bodies, (size_t)s->bodies_limit);
	budget_limit(BUDGET_queries, (size_t)s->query_concurrency);
	budget_limit(BUDGET_query_samples, (size_t)s->query_total_samples);
	enum rc rc = read_certificate(c, s, e);
	if (rc != RC_OK)
		return rc;
	struct http_server_conf conf = {
	    .fd = c->house->http_fd,
	    .connections = (unsigned)s->max_connections,
	    .per_address = (unsigned)s->max_connections_per_host,
	    .head_time = s->header_timeout,
	    .request_time = s->request_timeout,
	    .arg = core_api(c->core),
	    .limit = api_body_limit,
	    .decorate = api_decorate,
	    .handle = api_handle,
	    .cert_pem = c->cert.p,
	    .key_pem = c->key.p,
	};
	conf.guard.names = s->hosts;
	return http_server_start(&c->server, &conf, e);
}

static enum rc
make_core(struct process_core *c, struct err *e)
{
	c->scrapes = http_client_create(c->loop, SCRAPE_CONNECTIONS, NULL);
	c->checks = http_client_create(c->loop, CHECK_CONNECTIONS, &c->policy);
	c->runner = runner_client_create(c->loop, c->house->runner_path);
	c->dialer = (struct dialer){c->loop, resolver_create(c->loop), &c->policy};
	c->pinger = pinger_create(c->loop);
	c->engine = core_link_create(c->loop, c->house->engine_path, on_news, c);
	struct core_house house = {
	    .loop = c->loop,
	    .conf = c->house->conf,
	    .data = c->house->data,
	    .ledger_url = house_ledger(c->house),
	    .no_auth = c->house->no_auth,
	    .machine = true,
	    .scrapes = http_client_door(c->scrapes),
	    .probes = {http_client_door(c->checks), runner_client_door(c->runner), clock_real(), &c->dialer, c->pinger},
	    .engine = {c, tell, ask},
	};
	return core_create(&c->core, &house, e);
}

static enum rc
begin(struct process_core *c, struct err *e)
{
	enum rc rc = set_policy(c, e);
	if (rc == RC_OK)
		rc = wait_for_ledger(c, e);
	if (rc == RC_OK)
		rc = make_core(c, e);
	if (rc != RC_OK)
		return rc;
	c->ports = core_ports_open(c->loop, core_tsdb(c->core), c->house->conf);
	house_reload_on_signal(c->loop, on_hang_up, c);
	must(pthread_create(&c->keeper, NULL, keep_store, c) == 0);
	c->keeping = true;
	loop_timer_set(c->loop, &c->alive, ALIVE, on_alive, c, "sign of life");
	return serve(c, e);
}

struct stopping {
	struct process_core *core;
	atomic_bool done;
};

static void *
stop_server(void *arg)
{
	struct stopping *s = arg;
	http_server_stop(&s->core->server, GRACE);
	s->done = true;
	return NULL;
}

/* Requests under way wait for answers that come through the loop: it goes on turning while the server stops. */
static void
drain(struct process_core *c)
{
	struct stopping s = {.core = c};
	pthread_t thread;
	must(pthread_create(&thread, NULL, stop_server, &s) == 0);
	while (!s.done)
		loop_turn(c->loop, 20);
	pthread_join(thread, NULL);
}

static void
end(struct process_core *c)
{
	if (c->server)
		drain(c);
	c->stopping = true;
	if (c->keeping)
		pthread_join(c->keeper, NULL);
	loop_timer_cancel(c->loop, &c->alive);
	core_link_destroy(&c->engine); /* answers what the core asked, which is still there */
	core_ports_close(&c->ports);
	core_destroy(&c->core);
	runner_client_destroy(&c->runner);
	pinger_destroy(&c->pinger);
	resolver_destroy(&c->dialer.resolver);
	http_client_destroy(&c->checks);
	http_client_destroy(&c->scrapes);
	address_policy_fini(&c->policy);
	if (c->key.n)
		explicit_bzero(c->key.p, c->key.n);
	buf_fini(&c->key);
	buf_fini(&c->cert);
	loop_destroy(&c->loop);
}

int
role_core(struct house *h)
{
	struct process_core c = {.house = h, .loop = loop_create("core", clock_real())};
	struct err e;
	int status = 0;
	house_stop_on_signals(c.loop);
	if (begin(&c, &e) != RC_OK) {
		log_error("main", "%s", e.text);
		status = 2;
	} else {
		log_info("main", "listening on %s", h->external_url);
		loop_run(c.loop);
	}
	end(&c);
	return status;
}
