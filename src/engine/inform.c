/*
 * inform.c — the customer is told of every development by mail: opened, taken, suspended (and why), closed, and what was
 * written for the customer.
 *
 * IDEA   Nothing decides twice: whatever a turn recorded about a ticket is told from the turn's own events.  What was
 *        said among ourselves stays among ourselves.
 */
#include "access/user.h"
#include "desk/agreement.h"
#include "engine/engine_impl.h"

static bool
concerns_the_customer(const struct event *ev)
{
	if (pairs_get(ev->facts, "drill").n)
		return false;
	switch (event_kind(ev->kind)) {
	case EVENT_ticket_opened:
	case EVENT_ticket_state:
		return !str_is(pairs_get(ev->facts, "state"), "proposed");
	case EVENT_ticket_message:
		return str_is(pairs_get(ev->facts, "audience"), "customer");
	default:
		return false;
	}
}

struct informing {
	struct engine *e;
	const struct event *event;
	struct notice notice;
	int64_t seq; /* that the event will have: part of the key */
};

static void
write_notice(struct informing *in, const struct resource *r, const struct contact *c)
{
	struct turn *t = in->e->turn;
	const struct customer *customer = book_find(in->e->book, "customer", STR(""), r->customer, t->now);
	struct notice n = in->notice;
	n.user = arena_fmt(t->arena, "contact/%.*s", STR_ARG(r->name));
	n.to = c->mail;
	n.language = c->language.n ? c->language : customer ? customer->language : STR("en");
	n.customer_title = customer && customer->title.n ? customer->title : r->customer;
	struct str key = arena_fmt(t->arena, "inform/%lld/%.*s/%lld", (long long)n.ticket, STR_ARG(r->name), (long long)in->seq);
	turn_send(t, (struct send){.key = key, .channel = STR("mail"), .customer = r->customer, .subject = in->event->subject}, &notice_layout, &n);
}

static bool
inform_contact(void *arg, const struct resource *r, const void *spec)
{
	struct informing *in = arg;
	const struct contact *c = spec;
	struct str self = arena_fmt(in->e->turn->arena, "contact/%.*s", STR_ARG(r->name));
	bool did_it = str_eq(in->event->actor, self);
	if (str_eq(r->customer, in->event->chain) && c->mail.n && !did_it)
		write_notice(in, r, c);
	return true;
}

static void
inform(struct engine *e, size_t number)
{
	const struct event *ev = &e->turn->events.p[number];
	struct informing in = {.e = e, .event = ev, .seq = ledger_last_seq(e->ledger) + 1 + (int64_t)number};
	int64_t ticket;
	if (!concerns_the_customer(ev) || !str_i64(str_from(ev->subject, 7), &ticket))
		return;
	const struct ticket *k = desk_ticket(e->desk, ticket);
	struct str message = pairs_get(ev->facts, "message");
	in.notice = (struct notice){.ticket = ticket, .customer = ev->chain, .text = message.n ? message : ev->text,
	    .title = k ? k->title : ev->text, .priority = str_c(priorities[k ? k->priority : PRIORITY_NONE])};
	book_each(e->book, "contact", e->turn->now, inform_contact, &in);
}

void
engine_inform(struct engine *e)
{
	for (size_t i = 0, n = e->turn->events.n; i < n; i++)
		inform(e, i);
}
