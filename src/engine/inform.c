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
write_notice(struct informing *in, struct str name, struct str mail, struct str language)
{
	struct turn *t = in->e->turn;
	struct str of = in->event->chain;
	const struct customer *customer = book_find(in->e->book, "customer", STR(""), of, t->now);
	struct notice n = in->notice;
	n.user = arena_fmt(t->arena, "contact/%.*s", STR_ARG(name));
	n.to = mail;
	n.language = language.n ? language : customer ? customer->language : STR("en");
	n.customer_title = customer && customer->title.n ? customer->title : of;
	struct str key = arena_fmt(t->arena, "inform/%lld/%.*s/%lld", (long long)n.ticket, STR_ARG(name), (long long)in->seq);
	turn_send(t, (struct send){.key = key, .channel = STR("mail"), .customer = of, .subject = in->event->subject}, &notice_layout, &n);
}

static bool
inform_contact(void *arg, const struct resource *r, const void *spec)
{
	struct informing *in = arg;
	const struct contact *c = spec;
	struct str self = arena_fmt(in->e->turn->arena, "contact/%.*s", STR_ARG(r->name));
	/* one's own words do not come back; that a ticket was opened is confirmed to who opened it */
	bool did_it = str_eq(in->event->actor, self) && event_kind(in->event->kind) != EVENT_ticket_opened;
	if (str_eq(r->customer, in->event->chain) && c->mail.n && !did_it)
		write_notice(in, r->name, c->mail, c->language);
	return true;
}

/* Who opened it in the portal and is no contact of the customer's list gets the confirmation, too. */
static void
confirm_to_opener(struct informing *in)
{
	struct str kind, name = in->event->actor;
	const struct book *b = in->e->book;
	msec_t now = in->e->turn->now;
	if (event_kind(in->event->kind) != EVENT_ticket_opened || !str_cut(&name, '/', &kind) || !str_is(kind, "contact"))
		return;
	const struct user *u = book_find(b, "user", STR(""), name, now);
	if (u && u->mail.n && !book_find(b, "contact", in->event->chain, name, now))
		write_notice(in, name, u->mail, str_c(languages[u->language]));
}

/* What the contract promises, on its own clock. */
static void
add_promises(struct engine *e, const struct ticket *k, struct notice *n)
{
	struct sla_report r;
	const struct contract *c = book_find(e->book, "contract", k->customer, k->contract, e->turn->now);
	const struct calendar *calendar = c ? book_find(e->book, "calendar", k->customer, c->calendar, e->turn->now) : NULL;
	desk_clocks(e->desk, k, e->turn->now, &r);
	n->pickup_by = r.pickup.deadline == MSEC_NEVER ? 0 : r.pickup.deadline;
	n->resolution_by = r.resolution.deadline == MSEC_NEVER ? 0 : r.resolution.deadline;
	n->time_zone = calendar ? calendar->time_zone : STR("");
}

/* A name as people write it: of "user/first", "contact/buyer", or of a bare user. */
static struct str
title_of(struct engine *e, struct str actor, struct str customer)
{
	msec_t now = e->turn->now;
	struct str kind, name = actor;
	if (!str_cut(&name, '/', &kind) || !name.n) {
		name = actor;
		kind = STR("user");
	}
	const struct user *u = str_is(kind, "user") ? book_find(e->book, "user", STR(""), name, now) : NULL;
	const struct contact *c = str_is(kind, "contact") ? book_find(e->book, "contact", customer, name, now) : NULL;
	struct str title = u ? u->title : c ? c->title : STR("");
	return title.n ? title : name;
}

/* Who has it now: the person, else the team. */
static struct str
holder(struct engine *e, const struct event *ev)
{
	struct str user = pairs_get(ev->facts, "assignee"), team = pairs_get(ev->facts, "team");
	if (user.n)
		return title_of(e, arena_fmt(e->turn->arena, "user/%.*s", STR_ARG(user)), ev->chain);
	const struct team *t = book_find(e->book, "team", STR(""), team, e->turn->now);
	return t && t->title.n ? t->title : team;
}

/* The development, as letters.def names it. */
static struct str
news_of(struct engine *e, const struct event *ev)
{
	struct str move = pairs_get(ev->facts, "move"), reason = pairs_get(ev->facts, "suspension");
	if (event_kind(ev->kind) == EVENT_ticket_opened)
		return STR("opened");
	if (event_kind(ev->kind) == EVENT_ticket_message)
		return STR("message");
	return str_is(move, "suspended") ? arena_fmt(e->turn->arena, "suspended_%.*s", STR_ARG(reason)) : move;
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
	in.notice = (struct notice){.ticket = ticket, .customer = ev->chain, .title = k ? k->title : pairs_get(ev->facts, "title"),
	    .priority = k ? str_c(priorities[k->priority]) : pairs_get(ev->facts, "priority"), .news = news_of(e, ev),
	    .text = message.n ? message : pairs_get(ev->facts, "remark"),
	    .who = message.n ? title_of(e, ev->actor, ev->chain) : holder(e, ev)};
	if (k && event_kind(ev->kind) == EVENT_ticket_opened)
		add_promises(e, k, &in.notice);
	book_each(e->book, "contact", e->turn->now, inform_contact, &in);
	confirm_to_opener(&in);
}

void
engine_inform(struct engine *e)
{
	for (size_t i = 0, n = e->turn->events.n; i < n; i++)
		inform(e, i);
}
