/*
 * door.c — see door.h.
 *
 * TRAP   While the phone's process is down nothing is lost: the calls that were asked for are kept and asked
 * for again when it is back; one that rings already answers so, by its key.
 */
#include "voice/door.h"

#include "base/map.h"
#include "base/mem.h"
#include "flow/call.h"
#include "net/link.h"
#include "voice/phrases.h"

/* A call that has not ended, as it was asked for. */
struct asked {
	struct buf request;
};

struct voice_door {
	struct link_client *client;
	struct map *calls; /* key -> struct asked */
	receipt_report *report;
	void *arg;
};

static void
asked_free(struct asked *a)
{
	if (!a)
		return;
	buf_fini(&a->request);
	mem_free(a);
}

/* ---- from the phone ---- */

static enum outcome
outcome_of(const struct call_event *ev)
{
	static const enum outcome reasons[] = {
	    [CALL_NOT_ENDED] = OUTCOME_failed,
	    [CALL_DONE] = OUTCOME_handed_over,
	    [CALL_BUSY] = OUTCOME_busy,
	    [CALL_DECLINED] = OUTCOME_declined,
	    [CALL_NO_ANSWER] = OUTCOME_no_answer,
	    [CALL_NO_KEY] = OUTCOME_no_key,
	    [CALL_HUNG_UP] = OUTCOME_no_key,
	    [CALL_FAILED] = OUTCOME_failed,
	    [CALL_TRUNK_DOWN] = OUTCOME_unavailable,
	    [CALL_CANCELLED] = OUTCOME_stopped,
	};
	switch (ev->what) {
	case CALL_RINGING:
		return OUTCOME_ringing;
	case CALL_DIGIT:
		return str_is(ev->digit, "1") ? OUTCOME_acknowledged : OUTCOME_passed;
	case CALL_ENDED:
		return reasons[ev->reason];
	default:
		return OUTCOME_answered;
	}
}

/* Whom to tell, once the receipt is durable. */
struct to_acknowledge {
	struct voice_door *door;
	struct buf key;
	int64_t n;
};

static void
acknowledge(void *arg, bool ok)
{
	struct to_acknowledge *t = arg;
	struct link *l = link_client_link(t->door->client);
	if (ok && l) {
		struct call_ack ack = {.key = buf_view(&t->key), .n = t->n};
		struct buf b = {0};
		record_encode(&call_ack_layout, &ack, &b);
		link_send(l, CALL_ACK, 0, buf_view(&b));
		buf_fini(&b);
	}
	/* not durable, or no phone: it will say so again */
	buf_fini(&t->key);
	mem_free(t);
}

static void
on_event(struct voice_door *d, const struct call_event *ev)
{
	struct receipt r = {.key = ev->key, .outcome = (int)outcome_of(ev), .text = ev->detail, .at = ev->at};
	if (ev->what == CALL_HEARD)
		return; /* that the prompt was heard to its end says nothing about who heard it */
	if (ev->what == CALL_ENDED)
		asked_free(map_take(d->calls, ev->key));
	struct to_acknowledge *t = mem_new(struct to_acknowledge);
	t->door = d;
	t->n = ev->n;
	buf_str(&t->key, ev->key);
	d->report(d->arg, &r, acknowledge, t);
}

static void
on_frame(void *arg, struct link *l, const struct frame *f)
{
	struct arena *a = arena_create();
	struct call_event ev;
	struct err e;
	if (f->kind == CALL_EVENT && record_decode(&call_event_layout, &ev, f->body, a, &e) == RC_OK)
		on_event(arg, &ev);
	arena_destroy(&a);
}

/* ---- to the phone ---- */

static void
on_up(void *arg, struct link *l)
{
	struct voice_door *d = arg;
	map_each (d->calls, e)
		link_send(l, CALL_PLACE, 0, buf_view(&((struct asked *)e->value)->request));
}

struct voice_door *
voice_door_create(struct loop *loop, const char *path, receipt_report *report, void *arg)
{
	struct voice_door *d = mem_new(struct voice_door);
	d->calls = map_create();
	d->report = report;
	d->arg = arg;
	d->client =
	    link_client_create(loop, path, &(struct link_events){.arg = d, .up = on_up, .frame = on_frame});
	return d;
}

void
voice_door_destroy(struct voice_door **pd)
{
	struct voice_door *d = *pd;
	if (!d)
		return;
	link_client_destroy(&d->client);
	map_each (d->calls, e)
		asked_free(e->value);
	map_destroy(&d->calls);
	mem_free(d);
	*pd = NULL;
}

void
voice_door_call(struct voice_door *d, const struct outbox_row *row)
{
	struct arena *a = arena_create();
	struct notice n;
	struct err e;
	if (record_decode(&notice_layout, &n, row->body, a, &e) == RC_OK) {
		struct buf prompt = {0}, body = {0};
		struct phrase_facts facts = {
		    arena_fmt(a, "%lld", (long long)n.ticket), n.customer_title, n.title};
		if (n.code.n)
			phrase_code(language_named(n.language), n.code, &prompt);
		else
			phrase_prompt(language_named(n.language), &facts, &prompt);
		struct call_request q = {0};
		record_defaults(&call_request_layout, &q, a);
		q.key = row->key;
		q.number = n.to;
		q.language = n.language;
		q.prompt = buf_view(&prompt);
		record_encode(&call_request_layout, &q, &body);
		struct asked *asked = mem_new(struct asked);
		asked->request = body;
		asked_free(map_put(d->calls, row->key, asked));
		struct link *l = link_client_link(d->client);
		if (l)
			link_send(l, CALL_PLACE, 0, buf_view(&body));
		buf_fini(&prompt);
	}
	arena_destroy(&a);
}

void
voice_door_cancel(struct voice_door *d, struct str key)
{
	struct asked *asked = map_take(d->calls, key);
	struct link *l = link_client_link(d->client);
	if (asked && l) {
		struct call_ack ack = {.key = key};
		struct buf b = {0};
		record_encode(&call_ack_layout, &ack, &b);
		link_send(l, CALL_HANG_UP, 0, buf_view(&b));
		buf_fini(&b);
	}
	asked_free(asked);
}
