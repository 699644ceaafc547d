/*
 * desk_clock.c — a ticket's clocks against its customer's agreement: what they say now, when to look again, and the
 * warnings.
 *
 * TRAP   A timer that fires late or for nothing is harmless: the clocks are derived anew, and what was told already
 *        is known from the journal (`told`).
 */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "desk/desk_impl.h"

static int
word_of(const char *const *words, struct str s)
{
	for (int i = 0; words[i]; i++)
		if (str_is(s, words[i]))
			return i;
	return 0;
}

void
sla_history_add(struct sla_history *h, const struct event *ev)
{
	int kind = event_kind(ev->kind);
	if (kind != EVENT_ticket_opened && kind != EVENT_ticket_state && kind != EVENT_ticket_priority)
		return;
	struct sla_move m = {.at = ev->at,
	    .state = word_of(ticket_states, pairs_get(ev->facts, "state")),
	    .suspension = word_of(suspensions, pairs_get(ev->facts, "suspension")),
	    .priority = word_of(priorities, pairs_get(ev->facts, "priority"))};
	/* a key pressed on a phone may be recorded after, and lie before, what happened meanwhile */
	(void)vec_add(&h->moves);
	size_t i = h->moves.n - 1;
	for (; i > 0 && h->moves.p[i - 1].at > m.at; i--)
		h->moves.p[i] = h->moves.p[i - 1];
	h->moves.p[i] = m;
}

void
sla_history_fini(struct sla_history *h)
{
	vec_fini(&h->moves);
}

struct asking {
	const struct book *book;
	struct str customer;
};

static const struct calendar *
find_calendar(void *arg, struct str name, msec_t at)
{
	struct asking *q = arg;
	return book_find(q->book, "calendar", q->customer, name, at);
}

enum { TERMS = 64 };

/* Every version of the contract; the customer's own one, else everybody's of that name. */
static size_t
terms_of(struct asking *q, struct str contract, struct sla_terms out[TERMS])
{
	struct version v[TERMS];
	size_t n = book_timeline(q->book, "contract", q->customer, contract, v, TERMS), kept = 0;
	if (n == 0)
		n = book_timeline(q->book, "contract", STR(""), contract, v, TERMS);
	for (size_t i = 0; i < n; i++)
		if (v[i].spec)
			out[kept++] = (struct sla_terms){v[i].from, v[i].spec, find_calendar, q};
	return kept;
}

void
book_sla_derive(const struct book *b, struct str customer, struct str contract, const struct sla_history *h, msec_t now, struct sla_report *r)
{
	struct asking q = {b, customer};
	struct sla_terms terms[TERMS];
	size_t n = contract.n ? terms_of(&q, contract, terms) : 0;
	*r = (struct sla_report){0};
	if (h->moves.n)
		sla_derive(h->moves.p, h->moves.n, terms, n, now, r);
}

void
book_sla_trace(const struct book *b, struct str customer, struct str contract, const struct sla_history *h, msec_t now, bool resolution,
    sla_stretch_fn *fn, void *arg)
{
	struct asking q = {b, customer};
	struct sla_terms terms[TERMS];
	size_t n = contract.n ? terms_of(&q, contract, terms) : 0;
	if (h->moves.n)
		sla_trace(h->moves.p, h->moves.n, terms, n, now, resolution, fn, arg);
}

void
desk_clocks(const struct desk *d, const struct ticket *t, msec_t now, struct sla_report *r)
{
	const struct held *h = (const struct held *)t;
	book_sla_derive(d->book, t->customer, t->contract, &h->history, now, r);
}

/* ---- warnings ---- */

struct watch {
	const char *name;
	unsigned warned, breached;
};
static const struct watch watches[] = {
    {"pickup", TOLD_PICKUP_WARNED, TOLD_PICKUP_BREACHED},
    {"resolution", TOLD_RESOLUTION_WARNED, TOLD_RESOLUTION_BREACHED},
};

void
desk_note_told(struct held *h, const struct event *ev)
{
	int kind = event_kind(ev->kind);
	for (size_t i = 0; i < 2; i++) {
		if (!str_is(pairs_get(ev->facts, "clock"), watches[i].name))
			continue;
		if (kind == EVENT_sla_warned)
			h->told |= watches[i].warned;
		if (kind == EVENT_sla_breached)
			h->told |= watches[i].warned | watches[i].breached;
	}
}

/* Three quarters of the limit are gone when this much working time is spent. */
static msec_t
warn_at(const struct sla_clock *c)
{
	return c->limit - c->limit / 4;
}

/* When this clock should be looked at again. */
static msec_t
next_look(const struct held *h, const struct sla_clock *c, const struct watch *w, msec_t now)
{
	if (c->state != CLOCK_RUNNING || h->told & w->breached)
		return MSEC_NEVER;
	if (h->told & w->warned || c->spent >= warn_at(c))
		return c->deadline;
	/* working time never runs faster than the clock: looking after so much wall time is never too late by more
	 * than the closed hours between, and looking too early costs nothing */
	msec_t wait = warn_at(c) - c->spent;
	return now + (wait > SECOND ? wait : SECOND);
}

void
desk_set_timers(struct desk *d, struct turn *t, struct held *h)
{
	struct sla_report r;
	struct str id = arena_fmt(t->arena, "sla/%lld", (long long)h->ticket.number);
	desk_clocks(d, &h->ticket, t->now, &r);
	msec_t a = next_look(h, &r.pickup, &watches[0], t->now), b = next_look(h, &r.resolution, &watches[1], t->now);
	msec_t due = a < b ? a : b;
	if (due == MSEC_NEVER)
		turn_timer_cancel(t, id);
	else
		turn_timer(t, id, due);
}

void
desk_agreements_changed(struct desk *d, struct turn *t)
{
	map_each(d->tickets, e)
		desk_set_timers(d, t, e->value);
}

static void
tell(struct turn *t, struct held *h, const struct sla_clock *c, const struct watch *w)
{
	bool breached = c->breached && !(h->told & w->breached);
	bool warned = !breached && c->state == CLOCK_RUNNING && c->spent >= warn_at(c) && !(h->told & w->warned);
	if (!breached && !warned)
		return;
	struct buf limit = {0};
	duration_print(&limit, c->limit);
	struct event *ev = turn_event(t, breached ? EVENT_sla_breached : EVENT_sla_warned, h->ticket.customer,
	    ticket_subject(h->ticket.number, t->arena), 0, breached ? "The %s time of %s ran out" : "A quarter of the %s time of %s is left",
	    w->name, limit.p);
	turn_fact(t, ev, "clock", str_c(w->name));
	turn_fact(t, ev, "limit", buf_view(&limit));
	desk_note_told(h, ev);
	buf_fini(&limit);
}

/* ---- timers ---- */

static struct held *
held_of_timer(const struct desk *d, struct str id)
{
	int64_t number;
	ptrdiff_t slash = str_chr(id, '/');
	if (slash < 0 || !str_i64(str_from(id, (size_t)slash + 1), &number))
		return NULL;
	return desk_held(d, number);
}

bool
desk_owns_timer(struct str kind)
{
	return str_is(kind, "sla") || str_is(kind, "until") || str_is(kind, "wait");
}

static struct desk_next
look_at_clocks(struct desk *d, struct turn *t, struct held *h)
{
	struct sla_report r;
	desk_clocks(d, &h->ticket, t->now, &r);
	tell(t, h, &r.pickup, &watches[0]);
	tell(t, h, &r.resolution, &watches[1]);
	desk_set_timers(d, t, h);
	return (struct desk_next){.ticket = &h->ticket};
}

static struct desk_next
end_suspension(struct desk *d, struct turn *t, struct held *h)
{
	if (h->ticket.state != TICKET_SUSPENDED || !h->ticket.until || h->ticket.until > t->now)
		return (struct desk_next){.ticket = &h->ticket};
	h->ticket.state = TICKET_IN_PROGRESS;
	h->ticket.suspension = SUSPENDED_NOT;
	h->ticket.until = 0;
	desk_move(d, t, h, EVENT_ticket_state, 0, "The time that it was suspended for is over");
	desk_moved(t, "resumed", STR(""));
	return (struct desk_next){.ticket = &h->ticket, .call = DESK_NOTICE, .why = "its suspension is over"};
}

/* Modality `wait`: the calendar is open now. */
static struct desk_next
end_wait(struct turn *t, struct held *h)
{
	struct desk_next next = {.ticket = &h->ticket};
	if (h->ticket.state == TICKET_NEW || h->ticket.state == TICKET_ASSIGNED) {
		next.call = DESK_CALL;
		next.why = "the calendar is open now";
	}
	return next;
}

struct desk_next
desk_timer(struct desk *d, struct turn *t, struct str id)
{
	struct held *h = held_of_timer(d, id);
	turn_timer_cancel(t, id);
	if (!h)
		return (struct desk_next){0};
	if (str_starts(id, STR("sla/")))
		return look_at_clocks(d, t, h);
	return str_starts(id, STR("until/")) ? end_suspension(d, t, h) : end_wait(t, h);
}
