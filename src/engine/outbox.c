/*
 * outbox.c — who must be told, in memory: sent when due, tried again when it failed, forgotten when settled.
 *
 * [O1]   A row is in flight, or in the agenda of those that are to be sent; never in both.
 * TRAP   At least once: after a crash everything unsettled is sent again with the same key, and who receives it
 *        (voice, the far end's idempotency) recognises the key.
 */
#include <string.h>

#include "base/must.h"
#include "engine/engine_impl.h"

enum { FIRST_RETRY = 30 * 1000, LONGEST_RETRY = 15 * 60 * 1000 };

static void
pending_free(struct pending *p)
{
	buf_fini(&p->bytes);
	mem_free(p);
}

/* All texts of a row in one piece of memory. */
static struct pending *
keep(const struct outbox_row *r)
{
	struct pending *p = mem_new(struct pending);
	const struct str from[] = {r->key, r->channel, r->customer, r->subject, r->body};
	struct str *to[] = {&p->row.key, &p->row.channel, &p->row.customer, &p->row.subject, &p->row.body};
	for (int i = 0; i < 5; i++)
		buf_str(&p->bytes, from[i]);
	size_t at = 0;
	for (int i = 0; i < 5; i++) {
		*to[i] = str_n(p->bytes.p + at, from[i].n);
		at += from[i].n;
	}
	p->row.next = r->next;
	p->row.attempts = r->attempts;
	return p;
}

static void
remember(struct engine *e, const struct outbox_row *r)
{
	map_put(e->pending, r->key, keep(r));
	agenda_set(e->sends, r->key, r->next);
}

static bool
load_row(void *arg, const struct outbox_row *r)
{
	remember(arg, r);
	return true;
}

enum rc
engine_outbox_load(struct engine *e, struct err *err)
{
	return ledger_outbox(e->ledger, load_row, e, err);
}

void
engine_outbox_add(struct engine *e, const struct send *s)
{
	struct outbox_row r = {s->key, s->channel, s->customer, s->subject, s->body, s->not_before, 0};
	if (!map_get(e->pending, s->key))
		remember(e, &r);
}

void
engine_outbox_settle(struct engine *e, const struct settle *s)
{
	struct pending *p = map_get(e->pending, s->key);
	if (!p)
		return;
	bool was_in_flight = p->in_flight;
	p->in_flight = false;
	p->row.attempts = s->attempts;
	p->row.next = s->next;
	if (s->next) {
		agenda_set(e->sends, s->key, s->next);
		return;
	}
	if (was_in_flight && str_is(s->result, "stopped"))
		e->doors.call_back(e->doors.arg, s->key);
	agenda_cancel(e->sends, s->key);
	map_take(e->pending, s->key);
	pending_free(p);
}

void
engine_outbox_pump(struct engine *e, msec_t now)
{
	struct str key;
	while (agenda_pop(e->sends, now, e->turn->arena, &key)) {
		struct pending *p = map_get(e->pending, key);
		p->in_flight = true;
		e->doors.send(e->doors.arg, &p->row);
	}
}

void
engine_outbox_clear(struct engine *e)
{
	if (!e->pending)
		return;
	map_each(e->pending, entry)
		pending_free(entry->value);
	map_destroy(&e->pending);
	agenda_destroy(&e->sends);
}

static msec_t
retry_after(int64_t attempts)
{
	msec_t wait = FIRST_RETRY;
	for (int64_t i = 1; i < attempts && wait < LONGEST_RETRY; i++)
		wait *= 2;
	return wait < LONGEST_RETRY ? wait : LONGEST_RETRY;
}

/* Is the attempt still under way after this outcome? */
static bool
goes_on(int outcome)
{
	return outcome == OUTCOME_ringing || outcome == OUTCOME_answered;
}

void
engine_outbox_receipt(struct engine *e, struct turn *t, const struct receipt *r)
{
	const struct pending *p = map_get(e->pending, r->key);
	if (!p || goes_on(r->outcome))
		return;
	int64_t attempts = p->row.attempts + 1;
	bool page = str_starts(r->key, STR("page/")); /* a page that failed climbs; it is not repeated */
	bool proof = str_starts(r->key, STR("proof/")); /* whoever waits for a code asks for another one */
	bool again = !page && !proof && (r->outcome == OUTCOME_failed || r->outcome == OUTCOME_unavailable);
	turn_settle(t, r->key, attempts, again ? t->now + retry_after(attempts) : 0, str_c(outcomes[r->outcome]));
	if (page)
		return;
	struct event *ev = turn_event(t, again || (proof && outcome_climbs(r->outcome)) ? EVENT_notice_failed : EVENT_notice_sent, p->row.customer, p->row.subject, r->at, "%.*s: %s%s%.*s",
	    STR_ARG(p->row.channel), outcomes[r->outcome], r->text.n ? ": " : "", STR_ARG(r->text));
	turn_fact(t, ev, "key", r->key);
}
