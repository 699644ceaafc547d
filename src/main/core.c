/* core.c — see core.h. */
#include "main/core.h"
#include "main/core_store.h"

#include <stdio.h>

#include "base/log.h"
#include "base/must.h"
#include "base/time.h"
#include "cluster/instant.h"
#include "collect/forward.h"
#include "collect/scraper.h"
#include "main/core_checks.h"
#include "main/core_machine.h"
#include "promql/query_log.h"
#include "rule/rules.h"

struct core {
	struct core_house house;
	struct conf *conf; /* of scraping and rules; the port's stays as it was opened */
	struct core_store *store;
	struct tsdb *tsdb; /* its */
	struct forwards *forwards;
	struct cluster *cluster;
	struct groups *groups;
	struct scraper *scraper;
	struct rules *rules;
	struct core_checks *checks;
	struct core_machine *machine; /* NULL: it is not watched */
	struct api *api;
};

/* ---- another configuration ---- */

/* Also when nothing of it has changed: who rotates it has moved the file away. */
static void
open_query_log(const struct conf *conf)
{
	struct err e;
	if (query_log_open(conf->root->global.prom.query_log_file, &e) != RC_OK)
		log_error("core", "%s; a folder that is new in the configuration may be written to after the next start", e.text);
}

enum rc
core_configure(struct core *c, struct conf *fresh, struct err *e)
{
	struct err ignored;
	enum rc rc = scraper_configure(c->scraper, fresh, e);
	if (rc != RC_OK)
		return rc;
	rc = rules_configure(c->rules, fresh, e);
	if (rc == RC_OK)
		rc = forwards_configure(c->forwards, fresh, e);
	if (rc != RC_OK) {
		must(!c->conf || rules_configure(c->rules, c->conf, &ignored) == RC_OK);
		must(!c->conf || scraper_configure(c->scraper, c->conf, &ignored) ==
				     RC_OK); /* it was at work a moment ago */
		return rc;
	}
	open_query_log(fresh);
	core_store_limit(c->store, fresh);
	conf_unref(&c->conf);
	c->conf = conf_ref(fresh);
	return RC_OK;
}

/* ---- what the API asks for ---- */

static bool
sees(void *who, struct str customer)
{
	return access_sees(who, customer);
}

static void
targets_view(void *arg, const struct identity *who, struct scraper_ask *ask, bool metadata, struct buf *b)
{
	struct core *c = arg;
	ask->sees = sees;
	ask->arg = (void *)who;
	(metadata ? scraper_metadata_json : scraper_json)(c->scraper, ask, b);
}

static enum rc
rules_view(void *arg, const struct identity *who, const struct rule_filter *f, struct buf *b, struct err *e)
{
	struct core *c = arg;
	return rules_json(c->rules, sees, (void *)who, f, b, e);
}

static void
remote_view(void *arg, struct buf *b)
{
	struct core *c = arg;
	forwards_json(c->forwards, b);
}

static void
services_view(void *arg, check_view_fn *fn, void *fn_arg)
{
	struct core *c = arg;
	if (c->checks) /* a request may come before there are any */
		core_checks_each(c->checks, fn, fn_arg);
}

static void
ask(void *arg, enum message kind, struct str actor, struct str body, api_reply_fn *reply, void *reply_arg)
{
	struct core *c = arg;
	c->house.engine.ask(c->house.engine.arg, kind, actor, body, reply, reply_arg);
}

/* ---- what the rules hand on ---- */

static void
send_record(struct core *c, enum message kind, const struct layout *l, const void *record)
{
	struct buf b = {0};
	record_encode(l, record, &b);
	c->house.engine.tell(c->house.engine.arg, kind, buf_view(&b));
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

/* Before there is an API nobody has a calendar. */
static bool
rule_calendar(void *arg, struct str customer, struct str calendar, msec_t at, bool *open)
{
	struct core *c = arg;
	return c->api && api_calendar_open(c->api, customer, calendar, at, open);
}

static void *
rule_ask_far(void *arg, const struct rule_far_question *q, rule_far_done *done, void *done_arg)
{
	struct core *c = arg;
	struct cluster_instant_question what = {q->conf, q->customer, q->expression, q->at, q->print, q->what};
	return cluster_instant_ask(c->cluster, &what, done, done_arg);
}

static void
rule_cancel_far(void *arg, void **asked)
{
	struct cluster_instant *q = *asked;
	cluster_instant_cancel(&q);
	*asked = NULL;
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
	enum rc rc = ledger_open(&l, c->house.ledger_url, NULL, 0, e);
	if (rc == RC_OK)
		rc = ledger_scan(l, STR("rule"), restore_row, c, e);
	ledger_close(&l);
	return rc;
}

void
core_news(struct core *c, const struct news *n)
{
	api_news(c->api, n);
	core_checks_news(c->checks, n);
}

/* ---- life ---- */

static enum rc
open_groups(struct core *c, struct err *e)
{
	const struct conf_root *root = c->house.conf->root;
	char dir[4096];
	snprintf(dir, sizeof dir, "%s/pushed", c->house.data);
	struct groups_house house = {.loop = c->house.loop, .tsdb = c->tsdb, .dir = dir, .every = root->global.prom.scrape_interval,
	    .limit = (size_t)root->limits.pushed_groups};
	return groups_open(&c->groups, &house, e);
}

static struct api *
open_api(struct core *c)
{
	struct api_house house = {
	    .conf = c->house.conf,
	    .tsdb = c->tsdb,
	    .cluster = c->cluster,
	    .groups = c->groups,
	    .ledger_url = c->house.ledger_url,
	    .clock = loop_clock(c->house.loop),
	    .data = str_c(c->house.data),
	    .no_auth = c->house.no_auth,
	    .arg = c,
	    .ask = ask,
	    .targets_json = targets_view,
	    .rules_json = rules_view,
	    .remote_json = remote_view,
	    .services = services_view,
	};
	return api_create(&house);
}

static void
open_forwards(struct core *c)
{
	char samples[4096], dir[4096];
	snprintf(samples, sizeof samples, "%s/samples", c->house.data);
	snprintf(dir, sizeof dir, "%s/remote", c->house.data);
	c->forwards = forwards_create(&(struct forwards_house){c->house.loop, c->house.scrapes, c->tsdb, samples, dir});
}

/* What rules knew must be there before they run. */
static enum rc
begin(struct core *c, struct err *e)
{
	const struct core_house *h = &c->house;
	enum rc rc = core_store_open(&c->store, h->conf, h->data, loop_clock(h->loop), e);
	c->tsdb = rc == RC_OK ? core_store_tsdb(c->store) : NULL;
	if (rc == RC_OK)
		rc = open_groups(c, e);
	if (rc != RC_OK)
		return rc;
	open_forwards(c);
	c->cluster = cluster_create(h->loop, h->scrapes);
	c->scraper = scraper_create(h->loop, h->scrapes, c->tsdb);
	c->rules = rules_create(h->loop, c->tsdb, &(struct rule_doors){c, rule_alerts, rule_remember, {c, rule_calendar}, {c, rule_ask_far, rule_cancel_far}, {0}});
	c->api = open_api(c);
	rc = core_configure(c, h->conf, e);
	if (rc == RC_OK)
		rc = restore_rules(c, e);
	if (rc == RC_OK)
		rc = core_checks_create(&c->checks, h->loop, h->ledger_url, c->tsdb, &h->probes, &h->engine, e);
	if (rc == RC_OK && h->machine && h->conf->root->server.watch_machine)
		c->machine = core_machine_create(h->loop, c->tsdb, h->probes.runner, c->api);
	return rc;
}

enum rc
core_create(struct core **out, const struct core_house *house, struct err *e)
{
	struct core *c = mem_new(struct core);
	c->house = *house;
	c->house.conf = conf_ref(house->conf); /* the API borrows it for as long as it lives */
	enum rc rc = begin(c, e);
	if (rc != RC_OK)
		core_destroy(&c);
	*out = c;
	return rc;
}

void
core_destroy(struct core **pc)
{
	struct core *c = *pc;
	if (!c)
		return;
	core_machine_destroy(&c->machine);
	rules_destroy(&c->rules);
	scraper_destroy(&c->scraper);
	core_checks_destroy(&c->checks);
	api_destroy(&c->api);
	cluster_destroy(&c->cluster);
	forwards_destroy(&c->forwards);
	groups_close(&c->groups);
	core_store_close(&c->store);
	conf_unref(&c->conf);
	conf_unref(&c->house.conf);
	mem_free(c);
	*pc = NULL;
}

struct api *
core_api(struct core *c)
{
	return c->api;
}

struct tsdb *
core_tsdb(struct core *c)
{
	return c->tsdb;
}

void
core_keep(struct core *c)
{
	struct err e;
	if (tsdb_tick(c->tsdb, &e) != RC_OK)
		log_error("main", "%s", e.text);
	forwards_keep(c->forwards);
}
