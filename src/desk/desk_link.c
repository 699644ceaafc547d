/*
 * desk_link.c — two tickets that have to do with each other.
 *
 * IDEA   A link stands in both tickets, so that either page shows it; a closed ticket never changes [D3], so there it
 *        stands in the open one only.  Only tickets of one customer are linked: their people read the numbers.
 */
#include <string.h>

#include "desk/desk_impl.h"

enum { LINKS_MAX = 50 };

static bool
is_linked(const struct ticket *k, int64_t other)
{
	for (size_t i = 0; i < k->links.n; i++)
		if (k->links.p[i].number == other)
			return true;
	return false;
}

/* Its list without `other`, and with it at the end when `on`. */
static void
set_link(struct turn *t, struct ticket *k, int64_t other, bool on)
{
	struct ticket_link *all = arena_array(t->arena, struct ticket_link, k->links.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < k->links.n; i++)
		if (k->links.p[i].number != other)
			all[n++] = k->links.p[i];
	if (on)
		all[n++] = (struct ticket_link){other};
	k->links.p = all;
	k->links.n = n;
}

static void
record_link(struct desk *d, struct turn *t, struct ticket *k, int64_t other, bool on)
{
	set_link(t, k, other, on);
	struct event *ev = turn_event(t, EVENT_ticket_linked, k->customer, ticket_subject(k->number, t->arena), 0,
	    on ? "Linked with ticket %lld" : "No longer linked with ticket %lld", (long long)other);
	turn_fact_i64(t, ev, "other", other);
	desk_save(d, t, k);
}

static enum rc
check_other(const struct desk *d, const struct ticket *k, int64_t other, const struct held *held, struct err *e)
{
	if (other == k->number)
		return err_set(e, RC_INVALID, "to: a ticket is not linked with itself");
	if (other <= 0 || other > d->last)
		return err_set(e, RC_INVALID, "to: there is no ticket %lld", (long long)other);
	if (held && !str_eq(held->ticket.customer, k->customer))
		return err_set(e, RC_INVALID, "to: ticket %lld belongs to another customer", (long long)other);
	if (k->links.n >= LINKS_MAX || (held && held->ticket.links.n >= LINKS_MAX))
		return err_set(e, RC_REFUSED, "a ticket may have %d links", LINKS_MAX);
	return RC_OK;
}

enum rc
desk_link(struct desk *d, struct turn *t, struct ticket *k, int64_t other, bool on, struct err *e)
{
	struct held *held = desk_held(d, other);
	enum rc rc = on ? check_other(d, k, other, held, e) : RC_OK;
	if (rc != RC_OK)
		return rc;
	if (is_linked(k, other) != on)
		record_link(d, t, k, other, on);
	if (held && is_linked(&held->ticket, k->number) != on)
		record_link(d, t, &held->ticket, k->number, on);
	return RC_OK;
}
