/*
 * core_checks.c — see core_checks.h.
 *
 * IDEA   The book is read anew a moment after the engine says that a resource was applied: a file with a thousand of
 *        them is one reading.
 */
#include "main/core_checks.h"

#include "base/log.h"
#include "base/mem.h"
#include "check/schedule.h"
#include "engine/engine.h"

enum { SETTLE = 200, TRY_AGAIN = 2000 };

struct core_checks {
	struct loop *loop;
	struct str ledger_url;
	struct engine_door engine;
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
	c->engine.tell(c->engine.arg, MESSAGE_alerts, buf_view(&b));
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
	c->engine.ask(c->engine.arg, MESSAGE_check_memories, STR(""), buf_view(&b), on_remembered, c);
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
	enum rc rc = ledger_open(&l, c->ledger_url, NULL, 0, &e);
	if (rc == RC_OK)
		rc = take_book(c, l, &e);
	ledger_close(&l);
	if (rc == RC_OK)
		return;
	log_warn("main", "the services cannot be read: %s", e.text);
	loop_timer_set(c->loop, &c->reading, TRY_AGAIN, read_again, c, "read services");
}

void
core_checks_each(struct core_checks *c, check_view_fn *fn, void *arg)
{
	checks_each(c->checks, fn, arg);
}

void
core_checks_news(struct core_checks *c, const struct news *n)
{
	for (size_t i = 0; i < n->events.n; i++)
		if (book_changed_by(&n->events.p[i])) {
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
	enum rc rc = ledger_open(&l, c->ledger_url, NULL, 0, e);
	if (rc == RC_OK)
		rc = take_book(c, l, e);
	if (rc == RC_OK)
		rc = ledger_scan(l, STR("check"), restore_row, c, e);
	ledger_close(&l);
	return rc;
}

/* ---- life ---- */

enum rc
core_checks_create(struct core_checks **out, struct loop *loop, struct str ledger_url, struct tsdb *db, const struct probe_doors *probes,
    const struct engine_door *engine, struct err *e)
{
	struct core_checks *c = mem_new(struct core_checks);
	c->loop = loop;
	c->ledger_url = ledger_url;
	c->engine = *engine;
	c->checks = checks_create(loop, db, probes, &(struct check_doors){c, send_alerts, send_memories});
	enum rc rc = restore(c, e);
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
	mem_free(c);
	*pc = NULL;
}
