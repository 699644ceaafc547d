/*
 * role_core.c — the process that faces the world: samples, scraping, rules, the HTTP port.
 *
 * It decides nothing that people are called for: alerts and commands go to the engine as messages, the ledger is read
 * only.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "api/api.h"
#include "base/log.h"
#include "base/must.h"
#include "base/os.h"
#include "collect/scraper.h"
#include "base/time.h"
#include "main/core_checks.h"
#include "main/core_link.h"
#include "main/house.h"
#include "net/http_server.h"
#include "rule/rules.h"

enum { TICK = 100, ALIVE = 2000, GRACE = 3000, PEM_MAX = 1 << 20 };

struct core {
	struct house *house;
	struct conf *conf; /* of scraping and rules; what the port was opened with stays in the house */
	struct loop *loop;
	struct tsdb *tsdb;
	struct http_client *http;
	struct scraper *scraper;
	struct rules *rules;
	struct core_link *engine;
	struct core_checks *checks;
	struct api *api;
	struct http_server *server;
	struct buf cert, key; /* PEM; empty: plain HTTP */
	struct loop_timer alive;
	pthread_t keeper; /* of the store */
	bool keeping;
	atomic_bool stopping;
};

/* ---- another configuration ---- */

/* Both or none. */
static enum rc
take(struct core *c, struct conf *fresh, struct err *e)
{
	struct err ignored;
	enum rc rc = scraper_configure(c->scraper, fresh, e);
	if (rc != RC_OK)
		return rc;
	rc = rules_configure(c->rules, fresh, e);
	if (rc != RC_OK) {
		must(!c->conf || scraper_configure(c->scraper, c->conf, &ignored) == RC_OK); /* it was at work a moment ago */
		return rc;
	}
	conf_unref(&c->conf);
	c->conf = conf_ref(fresh);
	return RC_OK;
}

static enum rc
reload(struct core *c, struct buf *text)
{
	struct conf *fresh = NULL;
	struct err e;
	enum rc rc = house_load(c->house, &fresh, text);
	if (rc == RC_OK && (rc = take(c, fresh, &e)) != RC_OK)
		buf_c(text, e.text);
	if (rc == RC_OK)
		log_info("main", "the configuration was read again");
	else
		log_error("main", "the old configuration stays: %s", text->p ? text->p : "");
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
	struct core *core;
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
		kill(getppid(), SIGUSR1);
		core_link_ask(q->core->engine, MESSAGE_reload, buf_view(&q->actor), STR(""), q->reply, q->arg);
	} else {
		q->reply(q->arg, &(struct reply){.rc = RC_INVALID, .text = str_trim(buf_view(&text))});
	}
	buf_fini(&text);
	buf_fini(&q->actor);
	mem_free(q);
}

static void
ask_reload(struct core *c, struct str actor, api_reply_fn *reply, void *arg)
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
	struct core *c = arg;
	if (kind == MESSAGE_reload) {
		ask_reload(c, actor, reply, reply_arg);
		return;
	}
	core_link_ask(c->engine, kind, actor, body, reply, reply_arg);
}

static bool
sees(void *who, struct str customer)
{
	return access_sees(who, customer);
}

static void
targets_view(void *arg, const struct identity *who, struct buf *b)
{
	struct core *c = arg;
	scraper_json(c->scraper, sees, (void *)who, b);
}

static void
rules_view(void *arg, const struct identity *who, bool alerts_only, struct buf *b)
{
	struct core *c = arg;
	rules_json(c->rules, sees, (void *)who, alerts_only, b);
}

/* ---- what the rules hand on ---- */

static void
send_record(struct core *c, enum message kind, const struct layout *l, const void *record)
{
	struct buf b = {0};
	record_encode(l, record, &b);
	core_link_tell(c->engine, kind, buf_view(&b));
	buf_fini(&b);
}

static void
rule_alerts(void *arg, const struct alert_batch *batch)
{
	send_record(arg, MESSAGE_alerts, &alert_batch_layout, batch);
}

static void
rule_remember(void *arg, const struct rule_memories *m)
{
	send_record(arg, MESSAGE_rule_memories, &rule_memories_layout, m);
}

static bool
restore_row(void *arg, const struct row *row)
{
	struct core *c = arg;
	struct arena *a = arena_create();
	struct rule_memory m;
	struct err e;
	if (record_decode(&rule_memory_layout, &m, row->value, a, &e) == RC_OK)
		rules_restore(c->rules, &m);
	arena_destroy(&a);
	return true;
}

static enum rc
restore_rules(struct core *c, struct err *e)
{
	struct ledger *l;
	enum rc rc = ledger_open(&l, house_ledger(c->house), NULL, 0, e);
	if (rc == RC_OK)
		rc = ledger_scan(l, STR("rule"), restore_row, c, e);
	ledger_close(&l);
	return rc;
}

enum { LEDGER_TRIES = 200, LEDGER_PAUSE_US = 50 * 1000 };

/* At a first start the engine is making the ledger while we come up: what rules knew must be there before they run. */
static enum rc
wait_for_ledger(struct core *c, struct err *e)
{
	enum rc rc = restore_rules(c, e);
	for (int i = 0; rc != RC_OK && i < LEDGER_TRIES; i++) {
		usleep(LEDGER_PAUSE_US);
		rc = restore_rules(c, e);
	}
	return rc;
}

static void
on_news(void *arg, const struct news *n)
{
	struct core *c = arg;
	api_news(c->api, n);
	if (c->checks)
		core_checks_news(c->checks, n);
}

/* ---- timers ---- */

/* Making samples durable waits for the disk: on a thread of its own, so that no rule and no request waits with it. */
static void *
keep_store(void *arg)
{
	struct core *c = arg;
	struct err e;
	while (!c->stopping) {
		if (tsdb_tick(c->tsdb, &e) != RC_OK)
			log_error("main", "%s", e.text);
		usleep(TICK * 1000);
	}
	return NULL;
}

static void
on_alive(void *arg)
{
	struct core *c = arg;
	core_link_ask(c->engine, MESSAGE_alive, STR(""), STR(""), NULL, NULL);
	loop_timer_set(c->loop, &c->alive, ALIVE, on_alive, c, "sign of life");
}

/* ---- life ---- */

static enum rc
sync_every(const struct conf_storage *s, msec_t *out, struct err *e)
{
	*out = 0;
	if (str_is(s->sync, "batch") || duration_parse(s->sync, out))
		return RC_OK;
	return err_set(e, RC_INVALID, "storage.sync \"%.*s\" is neither a duration nor batch", STR_ARG(s->sync));
}

static enum rc
open_store(struct core *c, struct err *e)
{
	const struct conf_storage *s = &c->house->conf->root->storage;
	char dir[4096];
	snprintf(dir, sizeof dir, "%s/samples", c->house->data);
	struct tsdb_options o = {.dir = dir, .clock = clock_real(), .retention = s->retention, .out_of_order = s->out_of_order_window,
	    .series_limit = (uint64_t)c->house->conf->root->limits.series_per_customer};
	if (sync_every(s, &o.sync_every, e) != RC_OK)
		return RC_INVALID;
	return tsdb_open(&o, &c->tsdb, e);
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
read_certificate(struct core *c, const struct conf_server *s, struct err *e)
{
	if (!s->tls_cert_file.n && !s->tls_key_file.n)
		return RC_OK;
	if (!s->tls_cert_file.n || !s->tls_key_file.n)
		return err_set(e, RC_INVALID, "server.tls_cert_file and server.tls_key_file go together");
	enum rc rc = read_pem(s->tls_cert_file, &c->cert, e);
	return rc == RC_OK ? read_pem(s->tls_key_file, &c->key, e) : rc;
}

static enum rc
serve(struct core *c, struct err *e)
{
	const struct conf_server *s = &c->house->conf->root->server;
	enum rc rc = read_certificate(c, s, e);
	if (rc != RC_OK)
		return rc;
	struct http_server_conf conf = {
	    .fd = c->house->http_fd,
	    .connections = (unsigned)s->max_connections,
	    .per_address = (unsigned)s->max_connections_per_host,
	    .head_time = s->header_timeout,
	    .request_time = s->request_timeout,
	    .arg = c->api,
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
begin(struct core *c, struct err *e)
{
	enum rc rc = open_store(c, e);
	if (rc != RC_OK)
		return rc;
	struct api_house house = {
	    .conf = c->house->conf,
	    .tsdb = c->tsdb,
	    .ledger_url = house_ledger(c->house),
	    .clock = clock_real(),
	    .no_auth = c->house->no_auth,
	    .arg = c,
	    .ask = ask,
	    .targets_json = targets_view,
	    .rules_json = rules_view,
	};
	c->http = http_client_create(c->loop, 10000, NULL);
	c->scraper = scraper_create(c->loop, http_client_door(c->http), c->tsdb);
	c->rules = rules_create(c->loop, c->tsdb, &(struct rule_doors){c, rule_alerts, rule_remember});
	rc = take(c, c->house->conf, e);
	if (rc != RC_OK)
		return rc;
	rc = wait_for_ledger(c, e);
	if (rc != RC_OK)
		return rc;
	c->api = api_create(&house);
	c->engine = core_link_create(c->loop, c->house->engine_path, on_news, c);
	rc = core_checks_create(&c->checks, c->loop, c->house, c->tsdb, c->engine, e);
	if (rc != RC_OK)
		return rc;
	house_reload_on_signal(c->loop, on_hang_up, c);
	must(pthread_create(&c->keeper, NULL, keep_store, c) == 0);
	c->keeping = true;
	loop_timer_set(c->loop, &c->alive, ALIVE, on_alive, c, "sign of life");
	return serve(c, e);
}

struct stopping {
	struct core *core;
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
drain(struct core *c)
{
	struct stopping s = {.core = c};
	pthread_t thread;
	must(pthread_create(&thread, NULL, stop_server, &s) == 0);
	while (!s.done)
		loop_turn(c->loop, 20);
	pthread_join(thread, NULL);
}

static void
end(struct core *c)
{
	if (c->server)
		drain(c);
	c->stopping = true;
	if (c->keeping)
		pthread_join(c->keeper, NULL);
	loop_timer_cancel(c->loop, &c->alive);
	rules_destroy(&c->rules);
	scraper_destroy(&c->scraper);
	http_client_destroy(&c->http);
	core_link_destroy(&c->engine); /* answers what the checks asked, who are still there */
	core_checks_destroy(&c->checks);
	api_destroy(&c->api);
	tsdb_close(&c->tsdb);
	conf_unref(&c->conf);
	if (c->key.n)
		explicit_bzero(c->key.p, c->key.n);
	buf_fini(&c->key);
	buf_fini(&c->cert);
	loop_destroy(&c->loop);
}

int
role_core(struct house *h)
{
	struct core c = {.house = h, .loop = loop_create("core", clock_real())};
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
