/*
 * core_checks.c — see core_checks.h.
 *
 * IDEA   The book is read anew a moment after the engine says that a resource was applied: a file with a thousand of
 *        them is one reading.
 */
#include "main/core_checks.h"

#include "base/log.h"
#include "base/mem.h"
#include "check/runner_client.h"
#include "check/schedule.h"
#include "engine/engine.h"

enum { SETTLE = 200, TRY_AGAIN = 2000, CONNECTIONS = 1000 };

struct core_checks {
	struct loop *loop;
	struct house *house;
	struct core_link *engine;
	struct address_policy policy; /* URLs are written by people */
	struct http_client *http;
	struct runner_client *runner;
	struct checks *checks;
	struct loop_timer reading;
};

/* ---- to the engine ---- */

static void
send_alerts(void *arg, const struct alert_batch *batch)
{
	struct core_checks *c = arg;
	struct buf b = {0};
	record_encode(&alert_batch_layout, batch, &b);
	core_link_tell(c->engine, MESSAGE_alerts, buf_view(&b));
	buf_fini(&b);
}

static void
on_remembered(void *arg, const struct reply *r)
{
	struct core_checks *c = arg;
	if (r->rc != (int)RC_OK && c->checks)
		checks_remember_again(c->checks);
}

static void
send_memories(void *arg, const struct check_memories *m)
{
	struct core_checks *c = arg;
	struct buf b = {0};
	record_encode(&check_memories_layout, m, &b);
	core_link_ask(c->engine, MESSAGE_check_memories, STR(""), buf_view(&b), on_remembered, c);
	buf_fini(&b);
}

/* ---- from the ledger ---- */

static enum rc
take_book(struct core_checks *c, struct ledger *l, struct err *e)
{
	struct book *book = book_create(resource_kinds);
	enum rc rc = book_load(book, l, e);
	if (rc == RC_OK)
		checks_take(c->checks, book);
	book_destroy(&book);
	return rc;
}

static void
read_again(void *arg)
{
	struct core_checks *c = arg;
	struct ledger *l;
	struct err e;
	enum rc rc = ledger_open(&l, house_ledger(c->house), NULL, 0, &e);
	if (rc == RC_OK)
		rc = take_book(c, l, &e);
	ledger_close(&l);
	if (rc == RC_OK)
		return;
	log_warn("main", "the services cannot be read: %s", e.text);
	loop_timer_set(c->loop, &c->reading, TRY_AGAIN, read_again, c, "read services");
}

void
core_checks_news(struct core_checks *c, const struct news *n)
{
	for (size_t i = 0; i < n->events.n; i++)
		if (str_is(n->events.p[i].kind, "resource_applied")) {
			loop_timer_set(c->loop, &c->reading, SETTLE, read_again, c, "read services");
			return;
		}
}

static bool
restore_row(void *arg, const struct row *row)
{
	struct core_checks *c = arg;
	struct arena *a = arena_create();
	struct check_memory m;
	struct err e;
	if (record_decode(&check_memory_layout, &m, row->value, a, &e) == RC_OK)
		checks_restore(c->checks, &m);
	arena_destroy(&a);
	return true;
}

static enum rc
restore(struct core_checks *c, struct err *e)
{
	struct ledger *l;
	enum rc rc = ledger_open(&l, house_ledger(c->house), NULL, 0, e);
	if (rc == RC_OK)
		rc = take_book(c, l, e);
	if (rc == RC_OK)
		rc = ledger_scan(l, STR("check"), restore_row, c, e);
	ledger_close(&l);
	return rc;
}

/* ---- life ---- */

static enum rc
set_policy(struct core_checks *c, struct err *e)
{
	struct strs ranges = c->house->conf->root->access.allow_addresses;
	for (size_t i = 0; i < ranges.n; i++)
		if (address_policy_allow(&c->policy, ranges.p[i], e) != RC_OK)
			return err_add(e, "in access.allow_addresses");
	return RC_OK;
}

enum rc
core_checks_create(struct core_checks **out, struct loop *loop, struct house *h, struct tsdb *db, struct core_link *engine, struct err *e)
{
	struct core_checks *c = mem_new(struct core_checks);
	c->loop = loop;
	c->house = h;
	c->engine = engine;
	enum rc rc = set_policy(c, e);
	if (rc == RC_OK) {
		c->http = http_client_create(loop, CONNECTIONS, &c->policy);
		c->runner = runner_client_create(loop, h->runner_path);
		c->checks = checks_create(loop, db, &(struct probe_doors){http_client_door(c->http), runner_client_door(c->runner)},
		    &(struct check_doors){c, send_alerts, send_memories});
		rc = restore(c, e);
	}
	if (rc != RC_OK)
		core_checks_destroy(&c);
	*out = c;
	return rc;
}

void
core_checks_destroy(struct core_checks **pc)
{
	struct core_checks *c = *pc;
	if (!c)
		return;
	loop_timer_cancel(c->loop, &c->reading);
	checks_destroy(&c->checks);
	runner_client_destroy(&c->runner);
	http_client_destroy(&c->http);
	address_policy_fini(&c->policy);
	mem_free(c);
	*pc = NULL;
}
