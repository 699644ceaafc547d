/* handle.c — one message, one timer: who decides about it, and what follows from the decision. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "access/identity.h"
#include "access/user.h"
#include "base/must.h"
#include "base/os.h"
#include "check/state.h"
#include "engine/drill.h"
#include "engine/engine_impl.h"
#include "engine/order.h"
#include "engine/proof.h"
#include "flow/alert.h"
#include "ingest/heartbeat.h"
#include "oncall/escalate.h"
#include "rule/state.h"

/* ---- what follows from a decision of the desk ---- */

static void
page_all(struct engine *e, struct ticket *k, const struct climb *c)
{
	for (size_t i = 0; i < c->n; i++)
		page_start(e->pages, e->turn, k, c->p[i].user, c->p[i].why);
	if (c->changed || c->n)
		desk_save(e->desk, e->turn, k);
}

/* A step whose pages all failed at once reaches nobody: climb on, as often as there are steps. */
static void
climb_on(struct engine *e, struct ticket *k, struct climb c)
{
	page_all(e, k, &c);
	for (int i = 0; i < 100 && k->escalation.climbing && pages_trying(e->pages, k->number) == 0 && c.changed; i++) {
		c = escalation_hurry(e->book, e->turn, k, "nobody of the step before could be tried");
		page_all(e, k, &c);
	}
}

static void
tell_people(struct engine *e, struct ticket *k, const char *why)
{
	bool sms = k->modality == MODALITY_SMS && e->conf->root->sms.gateways.n > 0;
	if (k->assignee.n) {
		notice_send(e->pages, e->turn, k, k->assignee, sms, why);
		return;
	}
	struct str name = arena_fmt(e->turn->arena, "team:%.*s", STR_ARG(k->team));
	struct climb c = oncall_resolve(e->book, (struct strs){&name, 1}, e->turn->now, e->turn->arena);
	for (size_t i = 0; i < c.n; i++)
		notice_send(e->pages, e->turn, k, c.p[i].user, sms, why);
}

void
engine_follow(struct engine *e, struct desk_next next)
{
	struct ticket *k = next.ticket;
	if (!k)
		return;
	switch (next.call) {
	case DESK_NOTHING:
		break;
	case DESK_CALL:
		climb_on(e, k, escalation_start(e->book, e->turn, k, next.why));
		break;
	case DESK_NOTICE:
		tell_people(e, k, next.why);
		break;
	case DESK_STOP: {
		struct str taker = k->state == TICKET_IN_PROGRESS ? k->assignee : STR("");
		if (escalation_stop(e->turn, k, next.why).changed)
			desk_save(e->desk, e->turn, k);
		pages_stop(e->pages, e->turn, k->number, taker, next.why);
		break;
	}
	}
}

/* ---- what a page says about its ticket ---- */

static void
take_by_page(struct engine *e, const struct page_result *r, msec_t at)
{
	struct ticket_change c = {.number = r->ticket, .verb = VERB_TAKE, .user = r->user, .at = at};
	struct desk_next next;
	struct err err;
	struct str actor = e->turn->actor;
	e->turn->actor = arena_fmt(e->turn->arena, "user/%.*s", STR_ARG(r->user));
	if (desk_change(e->desk, e->turn, &c, &next, &err) == RC_OK)
		engine_follow(e, next);
	else
		turn_event(e->turn, EVENT_page_receipt, STR(""), ticket_subject(r->ticket, e->turn->arena), 0, "The key came too late: %s", err.text);
	e->turn->actor = actor;
}

static void
follow_page(struct engine *e, const struct page_result *r, msec_t at)
{
	struct ticket *k = r->ticket ? desk_ticket(e->desk, r->ticket) : NULL;
	if (!k || r->news == PAGE_NO_NEWS)
		return;
	if (r->news == PAGE_TOOK)
		take_by_page(e, r, at);
	else if (r->news == PAGE_PASSED_ON)
		climb_on(e, k, escalation_hurry(e->book, e->turn, k, "it was passed on"));
	else if (k->escalation.due > e->turn->now) /* else its own timer is due too, and knows what was missed */
		climb_on(e, k, escalation_hurry(e->book, e->turn, k, "nobody of the step before was reached"));
}

/* ---- messages ---- */

struct handling {
	struct engine *e;
	struct turn *turn;
	struct reply *reply;
	struct buf *text, *id; /* of the reply */
	struct err *err;
	uint64_t print;        /* of the message */
};
typedef enum rc handler(struct handling *, const void *record);

/* Whose alert it is when nothing said so on its way: as desk.customer_from says. */
static struct str
customer_of(const struct engine *e, const struct alert *a)
{
	const struct conf_desk_section *c = &e->conf->root->desk;
	for (size_t i = 0; i < c->customer_from.n; i++) {
		struct str from = c->customer_from.p[i];
		struct str named = str_is(from, "label") ? pairs_get(a->labels, arena_cstr(e->turn->arena, c->customer_label)) : STR("");
		if (resource_name_ok(named) && book_find(e->book, "customer", STR(""), named, e->turn->now))
			return named;
		if (str_is(from, "default"))
			break;
	}
	return c->default_customer;
}

/* What stays the same when it is sent again. */
static uint64_t
alert_print(const struct alert *a, struct buf *bytes)
{
	buf_clear(bytes);
	record_encode(&alert_layout, &(struct alert){.customer = a->customer, .labels = a->labels}, bytes);
	return quarantine_print(MESSAGES, buf_view(bytes));
}

static enum rc
handle_alert(struct handling *h, struct alert *a, struct buf *bytes, struct err *e)
{
	if (!a->customer.n)
		a->customer = customer_of(h->e, a);
	uint64_t print = alert_print(a, bytes);
	if (suspect_barred(print)) { /* then all of it is kept, and it may take its time */
		buf_clear(bytes);
		record_encode(&alert_layout, a, bytes);
		return quarantine_judge(h->e, print, "alert", buf_view(bytes), e);
	}
	struct str name = str_to(pairs_get(a->labels, "alertname"), 80);
	suspect_begin(print, "the alert %.*s of %.*s", STR_ARG(name), STR_ARG(str_to(a->customer, 40)));
	os_fault_meet(buf_view(bytes));
	return road_alert(h->e->road, h->turn, a, e);
}

/* Every alert by itself: one that is wrong does not take the others with it. */
static enum rc
handle_alerts(struct handling *h, const void *record)
{
	const struct alert_batch *b = record;
	enum rc rc = RC_OK;
	struct buf bytes = {0};
	for (size_t i = 0; i < b->alerts.n; i++) {
		struct err e;
		struct alert a = b->alerts.p[i];
		enum rc one = handle_alert(h, &a, &bytes, &e);
		if (one != RC_OK && rc == RC_OK) {
			rc = one;
			*h->err = e;
		}
	}
	buf_fini(&bytes);
	/* what comes later in the turn may be the fault of any of them */
	if (b->alerts.n > 1)
		suspect_begin(h->print, "a message of %zu alerts", b->alerts.n);
	return rc;
}

/* What people read of it, and under it what its rule says is to be done. */
static struct str
description_of(struct turn *t, struct pairs annotations)
{
	struct str text = pairs_get(annotations, "description"), todo = pairs_get(annotations, "todo");
	if (!todo.n)
		return text;
	return arena_fmt(t->arena, "%.*s%sTo do: %.*s", STR_ARG(text), text.n ? "\n\n" : "", STR_ARG(todo));
}

void
engine_desk(void *arg, struct turn *t, const struct road_change *c)
{
	struct engine *e = arg;
	struct str actor = t->actor;
	struct desk_alert d = {
	    .customer = c->customer,
	    .fingerprint = c->fingerprint,
	    .name = pairs_get(c->labels, "alertname"),
	    .summary = pairs_get(c->annotations, "summary"),
	    .description = description_of(t, c->annotations),
	    .group = c->group,
	    .labels = c->labels,
	    .firing = c->firing,
	    .at = c->at,
	    .mode = (int)c->desk,
	    .without_contract = e->conf->root->desk.desk,
	    .policy = e->conf->root->desk.default_policy,
	};
	drill_describe(e, c, &d);
	t->actor = STR("engine");
	struct desk_next next = desk_alert(e->desk, t, &d);
	if (d.drill && next.opened) {
		e->drilling->ticket = next.ticket->number;
		e->drilling->fingerprint = arena_str(t->arena, c->fingerprint);
	}
	engine_follow(e, next);
	t->actor = actor;
}

/* ---- silences ---- */

static enum rc
handle_silence_set(struct handling *h, const void *record)
{
	const struct silence_order *o = record;
	char uuid[37];
	struct str id;
	engine_uuid(uuid);
	enum rc rc = silence_set(road_silences(h->e->road), h->turn, &o->silence, str_c(uuid), o->admin, &id, h->err);
	if (rc == RC_OK)
		buf_str(h->id, id);
	return rc;
}

static enum rc
handle_silence_end(struct handling *h, const void *record)
{
	const struct silence_order *o = record;
	return silence_expire(road_silences(h->e->road), h->turn, o->silence.customer, o->silence.id, h->err);
}

static enum rc
handle_view(struct handling *h, const void *record)
{
	return engine_view(h->e, record, h->text, h->err);
}

static enum rc
handle_ticket_open(struct handling *h, const void *record)
{
	struct desk_next next;
	enum rc rc = desk_open(h->e->desk, h->turn, record, &next, h->err);
	if (rc != RC_OK)
		return rc;
	h->reply->number = next.ticket->number;
	engine_follow(h->e, next);
	return RC_OK;
}

static enum rc
handle_ticket_change(struct handling *h, const void *record)
{
	const struct ticket_change *c = record;
	struct desk_next next;
	enum rc rc = desk_change(h->e->desk, h->turn, c, &next, h->err);
	if (rc == RC_OK)
		engine_follow(h->e, next);
	h->reply->number = c->number;
	return rc;
}

static enum rc
handle_receipt(struct handling *h, const void *record)
{
	const struct receipt *r = record;
	engine_outbox_receipt(h->e, h->turn, r);
	struct page_result p = page_receipt(h->e->pages, h->turn, r);
	follow_page(h->e, &p, r->at);
	h->reply->number = p.ticket;
	return RC_OK;
}

static enum rc
handle_resources(struct handling *h, const void *record)
{
	return engine_set_resources(h->e, record, &h->reply->number, h->err);
}

static enum rc
handle_heartbeat(struct handling *h, const void *record)
{
	return beat_heard(h->e, record, h->err);
}

static enum rc
handle_proof(struct handling *h, const void *record)
{
	return proof_handle(h->e, record, h->err);
}

static enum rc
handle_drill(struct handling *h, const void *record)
{
	return drill_start(h->e, record, &h->reply->number, h->err);
}

/* Not events: the alerts themselves are. */
static enum rc
handle_rule_memories(struct handling *h, const void *record)
{
	const struct rule_memories *b = record;
	for (size_t i = 0; i < b->instances.n; i++) {
		const struct rule_memory *m = &b->instances.p[i];
		if (m->removed)
			turn_remove(h->turn, STR("rule"), m->key);
		else
			turn_put(h->turn, (struct row_change){.space = STR("rule"), .key = m->key, .customer = m->customer, .sort = m->active_at},
			    &rule_memory_layout, m);
	}
	return RC_OK;
}

static enum rc
handle_check_memories(struct handling *h, const void *record)
{
	const struct check_memories *b = record;
	for (size_t i = 0; i < b->checks.n; i++) {
		const struct check_memory *m = &b->checks.p[i];
		if (m->removed)
			turn_remove(h->turn, STR("check"), m->key);
		else
			turn_put(h->turn, (struct row_change){.space = STR("check"), .key = m->key, .customer = m->customer, .sort = m->since},
			    &check_memory_layout, m);
	}
	return RC_OK;
}

static enum rc
handle_credentials(struct handling *h, const void *record)
{
	const struct credential_batch *b = record;
	struct turn *t = h->turn;
	for (size_t i = 0; i < b->credentials.n; i++) {
		const struct credential *c = &b->credentials.p[i];
		struct str subject = arena_fmt(t->arena, "user/%.*s", STR_ARG(c->user));
		if (c->removed)
			turn_remove(t, STR("credential"), c->id);
		else
			turn_put(t, (struct row_change){.space = STR("credential"), .key = c->id, .tag = c->user, .sort = c->created}, &credential_layout, c);
		struct event *ev = turn_event(t, EVENT_access_changed, STR(""), subject, 0, "A %s of %.*s was %s", credential_kinds[c->kind],
		    STR_ARG(c->user), c->removed ? "ended" : "made");
		turn_fact(t, ev, "name", c->name);
	}
	return RC_OK;
}

/* A transaction of its own: nothing else of the turn must fail because the row is not there. */
static enum rc
handle_redact(struct handling *h, const void *record)
{
	const struct redact_request *q = record;
	return ledger_redact(h->e->ledger, q->chain, q->n, h->turn->actor, q->why, h->turn->now, h->err);
}

static enum rc
handle_store_note(struct handling *h, const void *record)
{
	const struct store_note *n = record;
	turn_event(h->turn, EVENT_samples_changed, n->chain, STR("samples"), 0, "%.*s", STR_ARG(n->text));
	buf_clear(h->id);
	buf_str(h->id, n->id);
	return RC_OK;
}

/* The process that owns the engine reads files and answers this itself; a play has none. */
static enum rc
handle_reload(struct handling *h, const void *record)
{
	return err_set(h->err, RC_DENIED, "nothing here can read a configuration again");
}

static enum rc
handle_alive(struct handling *h, const void *record)
{
	engine_heard(h->e);
	return RC_OK;
}

static enum rc
handle_consoles(struct handling *h, const void *record)
{
	engine_consoles(h->e, record);
	return RC_OK;
}

static const struct {
	const struct layout *layout;
	handler *fn;
} handlers[] = {
#define MESSAGE(name, record, help) [MESSAGE_##name] = {&record##_layout, handle_##name},
#include "flow/message.def"
#undef MESSAGE
};

/* The core's sign of life is nobody's fault. */
static bool
can_be_guilty(enum message kind)
{
	return kind != MESSAGE_alive && kind != MESSAGE_consoles && kind != MESSAGE_reload;
}

static enum rc
handle(struct handling *h, const struct waiting *w)
{
	const struct layout *l = handlers[w->kind].layout;
	void *record = arena_alloc(h->turn->arena, l->size);
	panic_note(l->name, w->body.p, w->body.n);
	if (can_be_guilty(w->kind))
		suspect_begin(h->print, "a message %s of %zu bytes from %.*s", l->name, w->body.n, STR_ARG(str_to(h->turn->actor, 60)));
	if (w->kind != MESSAGE_alerts) /* each of them by itself */
		os_fault_meet(buf_view(&w->body));
	enum rc rc = record_decode(l, record, buf_view(&w->body), h->turn->arena, h->err);
	return rc == RC_OK ? handlers[w->kind].fn(h, record) : rc;
}

void
engine_handle(struct engine *e, struct waiting *w)
{
	struct err err = {0};
	struct handling h = {e, e->turn, &w->answer, &w->answer_text, &w->answer_id, &err};
	must(w->kind < MESSAGES && handlers[w->kind].fn);
	e->turn->actor = w->actor.n ? buf_view(&w->actor) : STR("engine");
	h.print = quarantine_print(w->kind, buf_view(&w->body));
	enum rc rc = quarantine_judge(e, h.print, handlers[w->kind].layout->name, buf_view(&w->body), &err);
	if (rc == RC_OK)
		rc = handle(&h, w);
	w->answer.rc = rc;
	if (rc != RC_OK) {
		buf_clear(&w->answer_text);
		buf_c(&w->answer_text, err.text);
	}
	e->turn->actor = STR("engine");
	panic_note(NULL, NULL, 0);
	if (!quarantine_careful(e))
		suspect_end();
}

/* ---- timers ---- */

static void
alarm_owner(struct engine *e, struct str id)
{
	ptrdiff_t slash = str_chr(id, '/');
	struct str kind = slash < 0 ? id : str_to(id, (size_t)slash);
	int64_t number;
	if (road_owns_timer(kind)) {
		road_timer(e->road, e->turn, id);
	} else if (desk_owns_timer(kind)) {
		engine_follow(e, desk_timer(e->desk, e->turn, id));
	} else if (str_is(kind, "page")) {
		struct page_result r = page_timer(e->pages, e->turn, id);
		follow_page(e, &r, e->turn->now);
	} else if (str_is(kind, "escalate") && str_i64(str_from(id, (size_t)slash + 1), &number)) {
		struct ticket *k = desk_ticket(e->desk, number);
		turn_timer_cancel(e->turn, id);
		if (k)
			climb_on(e, k, escalation_due(e->book, e->turn, k));
	} else if (str_is(kind, "drill") && str_i64(str_from(id, (size_t)slash + 1), &number)) {
		engine_follow(e, drill_timer(e, number));
	} else if (str_is(kind, "beat")) {
		beat_due(e, str_from(id, (size_t)slash + 1));
	} else if (str_is(kind, "drillplan")) {
		drill_plan_due(e, str_from(id, (size_t)slash + 1));
	} else if (str_is(kind, "heads")) {
		engine_sign_heads(e);
	} else {
		turn_timer_cancel(e->turn, id); /* an older program set it */
	}
}

/* One that has ended the engine twice is given up: the alert about it is for people to see what was promised. */
void
engine_alarm(struct engine *e, struct str id)
{
	uint64_t print = quarantine_print(MESSAGES + 1, id);
	struct err err;
	if (quarantine_judge(e, print, "timer", id, &err) != RC_OK) {
		turn_timer_cancel(e->turn, id);
		return;
	}
	suspect_begin(print, "the timer %.*s", STR_ARG(str_to(id, 100)));
	os_fault_meet(id);
	alarm_owner(e, id);
	if (!quarantine_careful(e))
		suspect_end();
}
