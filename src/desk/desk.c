/* desk.c — the tickets in memory: loading, saving, moving, forgetting.  See desk.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "desk/desk_impl.h"

struct str
ticket_subject(int64_t number, struct arena *a)
{
	return arena_fmt(a, "ticket/%lld", (long long)number);
}

/* Keys sort as numbers do. */
static struct str
number_key(int64_t number, char out[24])
{
	return str_n(out, (size_t)snprintf(out, 24, "%012lld", (long long)number));
}

struct desk *
desk_create(struct book *book)
{
	struct desk *d = mem_new(struct desk);
	d->book = book;
	d->tickets = map_create();
	d->groups = map_create();
	return d;
}

static void
held_free(struct held *h)
{
	sla_history_fini(&h->history);
	arena_destroy(&h->arena);
	mem_free(h);
}

void
desk_destroy(struct desk **pd)
{
	struct desk *d = *pd;
	if (!d)
		return;
	map_each(d->tickets, e)
		held_free(e->value);
	if (d->closed)
		held_free(d->closed);
	map_destroy(&d->tickets);
	map_destroy(&d->groups);
	mem_free(d);
	*pd = NULL;
}

/* ---- finding ---- */

struct held *
desk_held(const struct desk *d, int64_t number)
{
	char key[24];
	return map_get(d->tickets, number_key(number, key));
}

struct ticket *
desk_ticket(const struct desk *d, int64_t number)
{
	struct held *h = desk_held(d, number);
	return h ? &h->ticket : NULL;
}

static void
group_key(struct buf *b, struct str customer, struct str group)
{
	buf_str(b, customer);
	buf_ch(b, '\x1f');
	buf_str(b, group);
}

struct held *
desk_by_group(const struct desk *d, struct str customer, struct str group)
{
	struct buf key = {0};
	group_key(&key, customer, group);
	struct held *h = map_get(d->groups, buf_view(&key));
	buf_fini(&key);
	return h;
}

static int
by_number(const void *x, const void *y)
{
	const struct held *const *a = x, *const *b = y;
	return (*a)->ticket.number < (*b)->ticket.number ? -1 : (*a)->ticket.number > (*b)->ticket.number;
}

void
desk_each(const struct desk *d, ticket_fn *fn, void *arg)
{
	VEC(struct held *) all = {0};
	map_each(d->tickets, e)
		*vec_add(&all) = e->value;
	if (all.n)
		qsort(all.p, all.n, sizeof *all.p, by_number);
	for (size_t i = 0; i < all.n; i++)
		if (!fn(arg, &all.p[i]->ticket))
			break;
	vec_fini(&all);
}

/* ---- remembering and forgetting ---- */

static bool
is_open(const struct ticket *t)
{
	return t->state != TICKET_CLOSED && t->state != TICKET_REJECTED;
}

static void
remember(struct desk *d, struct held *h)
{
	char key[24];
	struct buf group = {0};
	map_put(d->tickets, number_key(h->ticket.number, key), h);
	group_key(&group, h->ticket.customer, h->ticket.group);
	if (h->ticket.group.n)
		map_put(d->groups, buf_view(&group), h); /* [D2] */
	buf_fini(&group);
}

static void
forget(struct desk *d, struct held *h)
{
	char key[24];
	struct buf group = {0};
	map_take(d->tickets, number_key(h->ticket.number, key));
	group_key(&group, h->ticket.customer, h->ticket.group);
	if (h->ticket.group.n)
		map_take(d->groups, buf_view(&group));
	buf_fini(&group);
	if (d->closed)
		held_free(d->closed);
	d->closed = h;
}

/* Its texts may have been borrowed from a turn: take copies, in an arena of exactly its size. */
static void
own_texts(struct held *h)
{
	struct arena *fresh = arena_create();
	struct ticket copy;
	record_copy(&ticket_layout, &copy, &h->ticket, fresh);
	arena_destroy(&h->arena);
	h->ticket = copy;
	h->arena = fresh;
}

static void
save(struct turn *t, struct held *h)
{
	char key[24];
	h->ticket.changed = t->now;
	own_texts(h);
	turn_put(t,
	    (struct row_change){.space = STR("ticket"), .key = number_key(h->ticket.number, key), .customer = h->ticket.customer,
		.tag = str_c(ticket_states[h->ticket.state]), .sort = h->ticket.number},
	    &ticket_layout, &h->ticket);
}

void
desk_save(struct desk *d, struct turn *t, struct ticket *ticket)
{
	save(t, (struct held *)ticket);
}

/* ---- moving ---- */

static void
state_facts(struct turn *t, struct event *ev, const struct ticket *k)
{
	turn_fact(t, ev, "state", str_c(ticket_states[k->state]));
	turn_fact(t, ev, "priority", str_c(priorities[k->priority]));
	if (k->drill)
		turn_fact(t, ev, "drill", STR("true"));
	if (k->suspension)
		turn_fact(t, ev, "suspension", str_c(suspensions[k->suspension]));
	if (k->assignee.n)
		turn_fact(t, ev, "assignee", k->assignee);
	if (k->team.n)
		turn_fact(t, ev, "team", k->team);
	if (!is_open(k)) /* it is forgotten before its customer is told */
		turn_fact(t, ev, "title", k->title);
}

static void
record_move(struct turn *t, struct held *h, enum event_kind kind, msec_t at, const char *text)
{
	struct event *ev = turn_event(t, kind, h->ticket.customer, ticket_subject(h->ticket.number, t->arena), at, "%s", text);
	state_facts(t, ev, &h->ticket);
	sla_history_add(&h->history, ev);
}

struct held *
desk_add(struct desk *d, struct turn *t, const struct ticket *ticket, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	struct held *h = mem_new(struct held);
	h->ticket = *ticket;
	h->ticket.number = ++d->last;
	save(t, h);
	remember(d, h);
	record_move(t, h, EVENT_ticket_opened, h->ticket.opened, text);
	desk_set_timers(d, t, h);
	return h;
}

void
desk_move(struct desk *d, struct turn *t, struct held *h, enum event_kind kind, msec_t at, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	save(t, h);
	record_move(t, h, kind, at, text);
	desk_set_timers(d, t, h);
	if (!is_open(&h->ticket))
		forget(d, h);
}

void
desk_moved(struct turn *t, const char *move, struct str remark)
{
	struct event *ev = &t->events.p[t->events.n - 1];
	must(t->events.n > 0 && str_starts(ev->kind, STR("ticket_")));
	turn_fact(t, ev, "move", str_c(move));
	if (remark.n)
		turn_fact(t, ev, "remark", remark);
}

/* ---- loading ---- */

struct loading {
	struct desk *desk;
	struct ledger *ledger;
	struct err *err;
	enum rc rc;
};

static bool
load_event(void *arg, const struct event *ev)
{
	struct held *h = arg;
	sla_history_add(&h->history, ev);
	desk_note_told(h, ev);
	return true;
}

static bool
load_ticket(void *arg, const struct row *row)
{
	struct loading *l = arg;
	struct held *h = mem_new(struct held);
	h->arena = arena_create();
	l->rc = record_decode(&ticket_layout, &h->ticket, arena_str(h->arena, row->value), h->arena, l->err);
	if (h->ticket.number > l->desk->last)
		l->desk->last = h->ticket.number;
	if (l->rc == RC_OK && is_open(&h->ticket))
		remember(l->desk, h);
	else
		held_free(h);
	return l->rc == RC_OK;
}

enum rc
desk_load(struct desk *d, struct ledger *ledger, struct err *e)
{
	struct loading l = {d, ledger, e, RC_OK};
	enum rc rc = ledger_scan(ledger, STR("ticket"), load_ticket, &l, e);
	struct arena *a = arena_create();
	map_each(d->tickets, entry) {
		struct held *h = entry->value;
		if (rc != RC_OK || l.rc != RC_OK)
			break;
		struct event_query q = {.subject = ticket_subject(h->ticket.number, a)};
		rc = ledger_events(ledger, &q, load_event, h, e);
	}
	arena_destroy(&a);
	return rc == RC_OK ? l.rc : rc;
}

/* ---- agreements ---- */

const struct contract *
desk_contract(const struct desk *d, struct str customer, msec_t at, struct str *name)
{
	const struct customer *c = book_find(d->book, "customer", STR(""), customer, at);
	*name = c ? c->contract : STR("");
	return c ? book_find(d->book, "contract", customer, c->contract, at) : NULL;
}

const struct calendar *
desk_calendar(const struct desk *d, struct str customer, struct str name, msec_t at)
{
	return book_find(d->book, "calendar", customer, name, at);
}
