/*
 * drill.c — a drill begins, is watched, and ends.
 *
 * IDEA   The alert of a drill goes the ordinary road; what differs is said to the desk while the road hands it over
 *        (`drilling`), so nobody outside can make a drill out of an alert by its labels.
 * [L1]   An open drill has its row and its timer "drill/<ticket>": it is over when its ticket is closed, or by that
 *        timer, which closes it.
 * TRAP   A silence or an inhibition may hold back a drill as any alert: then there is none, and who asked is told.
 */
#include "engine/drill.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "desk/agreement.h"
#include "engine/engine_impl.h"
#include "notify/channels.h"

enum { LASTS = 15 * 60 * 1000, AFTERWARDS = 60 * 1000 };

/* ---- whose contract, and whom ---- */

static bool
is_demo(void *arg, const struct resource *r, const void *spec)
{
	const struct customer *c = spec;
	if (c->demo)
		*(struct str *)arg = r->name;
	return !c->demo;
}

static struct str
customer_of(struct engine *e)
{
	struct str name = e->conf->root->desk.default_customer;
	book_each(e->book, "customer", e->turn->now, is_demo, &name);
	return name;
}

static struct str
asker_of(const struct engine *e)
{
	struct str user = STR("user/");
	return str_starts(e->turn->actor, user) ? str_from(e->turn->actor, user.n) : STR("");
}

/* Checks the order; fills whom it is for and what is missing. */
static enum rc
check(struct engine *e, const struct drill_order *o, struct drilling *d, struct err *err)
{
	int channel = channel_of(o->by);
	d->asker = asker_of(e);
	d->to = o->to.n || !o->by.n ? o->to : d->asker;
	d->by = o->by;
	if (o->by.n && channel < 0)
		return err_set(err, RC_INVALID, "by: \"%.*s\" is none of console, mail, call, sms, webhook", STR_ARG(str_to(o->by, 40)));
	const struct user *u = d->to.n ? book_find(e->book, "user", STR(""), d->to, e->turn->now) : NULL;
	if (d->to.n && !u)
		return err_set(err, RC_INVALID, "there is no user \"%.*s\" to be reached", STR_ARG(str_to(d->to, 63)));
	if (o->by.n && !d->to.n)
		return err_set(err, RC_INVALID, "to: whom to reach by %s", channels[channel]);
	if (o->by.n && !page_can(u, o->by))
		return err_set(err, RC_INVALID, "user %.*s has no address for %s", STR_ARG(d->to), channels[channel]);
	struct buf how = {0};
	if (o->by.n && !channel_look(e->conf, (enum channel)channel, &how))
		d->trouble = arena_fmt(e->turn->arena, "%s is not configured: %s", channels[channel], channel_key((enum channel)channel));
	buf_fini(&how);
	return RC_OK;
}

/* ---- the alert ---- */

static enum rc
send_alert(struct engine *e, struct str customer, struct str id, msec_t ends_at, struct err *err)
{
	struct pair labels[] = {{STR("alertname"), STR(DRILL_ALERT)}, {STR(DRILL_MARK), STR("true")}, {STR(DRILL_ID), id}, {STR("severity"), STR("critical")}};
	struct pair notes[] = {
	    {STR("description"), STR("Nothing is wrong: somebody wants to see that an alert reaches a person. Take it in charge, then close it.")},
	    {STR("summary"), STR("Drill: a harmless test of the whole chain")}};
	struct alert a = {.customer = customer, .labels = {labels, 4}, .annotations = {notes, 2}, .starts_at = ends_at > e->turn->now ? e->turn->now : 0,
	    .ends_at = ends_at, .received = e->turn->now};
	return road_alert(e->road, e->turn, &a, err);
}

bool
drill_describe(const struct engine *e, const struct road_change *c, struct desk_alert *out)
{
	struct str id = pairs_get(c->labels, DRILL_ID);
	if (!id.n || !str_is(pairs_get(c->labels, "alertname"), DRILL_ALERT))
		return false;
	out->group = arena_fmt(e->turn->arena, "drill/%.*s", STR_ARG(id)); /* a ticket of its own */
	if (!e->drilling)
		return true;
	out->drill = true;
	out->mode = DESK_OPEN;
	out->page_to = e->drilling->to;
	out->page_by = e->drilling->by;
	out->asker = e->drilling->asker;
	return true;
}

/* ---- keeping ---- */

static struct str
timer_id(struct turn *t, int64_t ticket)
{
	return arena_fmt(t->arena, "drill/%lld", (long long)ticket);
}

static void
keep(struct turn *t, const struct drill *d)
{
	turn_put(t, (struct row_change){.space = STR("drill"), .key = arena_fmt(t->arena, "%012lld", (long long)d->ticket), .customer = d->customer,
	    .tag = d->over ? STR("over") : STR("open"), .sort = d->ticket}, &drill_layout, d);
}

/* The row of a drill whose ticket is open. */
static bool
find(struct engine *e, int64_t ticket, struct drill *out)
{
	struct str bytes;
	struct err ignored;
	struct str key = arena_fmt(e->turn->arena, "%012lld", (long long)ticket);
	return ledger_get(e->ledger, STR("drill"), key, e->turn->arena, &bytes, &ignored) == RC_OK &&
	    record_decode(&drill_layout, out, bytes, e->turn->arena, &ignored) == RC_OK && !out->over;
}

enum rc
drill_start(struct engine *e, const struct drill_order *o, int64_t *ticket, struct err *err)
{
	struct turn *t = e->turn;
	struct drilling d = {0};
	unsigned char raw[6];
	char id[2 * sizeof raw + 1];
	if (check(e, o, &d, err) != RC_OK)
		return RC_INVALID;
	randombytes_buf(raw, sizeof raw);
	sodium_bin2hex(id, sizeof id, raw, sizeof raw);
	struct str customer = customer_of(e);
	e->drilling = &d;
	enum rc rc = send_alert(e, customer, str_c(id), t->now + LASTS, err);
	e->drilling = NULL;
	if (rc != RC_OK)
		return rc;
	if (!d.ticket)
		return err_set(err, RC_CONFLICT, "the drill's alert is held back: a silence or an inhibition covers it");
	*ticket = d.ticket;
	keep(t, &(struct drill){.ticket = d.ticket, .at = o->at ? o->at : t->now, .by = o->plan.n ? arena_fmt(t->arena, "drill/%.*s", STR_ARG(o->plan)) : t->actor,
	    .customer = customer, .fingerprint = d.fingerprint, .id = str_c(id), .trouble = d.trouble});
	turn_timer(t, timer_id(t, d.ticket), t->now + LASTS);
	return RC_OK;
}

/* ---- its end ---- */

static bool
add_event(void *arg, const struct event *ev)
{
	drill_report_add(arg, ev);
	return true;
}

static void
report(struct engine *e, const struct drill *d)
{
	struct turn *t = e->turn;
	struct drill_report r = {0};
	struct err ignored;
	struct buf text = {0};
	struct str subject = ticket_subject(d->ticket, t->arena);
	if (ledger_events(e->ledger, &(struct event_query){.subject = subject}, add_event, &r, &ignored) != RC_OK)
		snprintf(r.why_not, sizeof r.why_not, "the journal could not be read");
	for (size_t i = 0; i < t->events.n; i++)
		if (str_eq(t->events.p[i].subject, subject))
			drill_report_add(&r, &t->events.p[i]);
	drill_result(d, &r, &text);
	struct event *ev = turn_event(t, EVENT_drill_finished, d->customer, subject, 0, "Drill: %.*s", STR_ARG(buf_view(&text)));
	turn_fact(t, ev, "result", buf_view(&text));
	for (int i = 0; i < DRILL_STAGES; i++)
		if (r.at[i])
			turn_fact_i64(t, ev, arena_fmt(t->arena, "%s ms", drill_stages[i]).p, r.at[i] - d->at);
	buf_fini(&text);
}

static void
finish(struct engine *e, struct drill *d)
{
	struct err err;
	report(e, d);
	d->over = true;
	keep(e->turn, d);
	turn_timer_cancel(e->turn, timer_id(e->turn, d->ticket));
	if (send_alert(e, d->customer, d->id, e->turn->now, &err) != RC_OK)
		turn_event(e->turn, EVENT_alert_resolved, d->customer, ticket_subject(d->ticket, e->turn->arena), 0, "The drill's alert could not be ended: %s", err.text);
}

static void
watch(struct engine *e, const struct event *ev)
{
	int64_t number;
	struct drill d;
	bool stopped = str_is(ev->kind, event_words[EVENT_escalation_stopped]);
	bool closed = str_is(ev->kind, event_words[EVENT_ticket_state]) && str_is(pairs_get(ev->facts, "state"), "closed");
	if ((!stopped && !closed) || !str_starts(ev->subject, STR("ticket/")) || !str_i64(str_from(ev->subject, 7), &number))
		return;
	const struct ticket *k = desk_ticket(e->desk, number);
	if (closed ? !find(e, number, &d) : !k || !k->drill || k->state == TICKET_IN_PROGRESS)
		return;
	if (closed)
		finish(e, &d);
	else /* nobody answered: the fallback still has a moment */
		turn_timer(e->turn, timer_id(e->turn, number), e->turn->now + AFTERWARDS);
}

void
engine_drills(struct engine *e)
{
	for (size_t i = 0, n = e->turn->events.n; i < n; i++) {
		const struct event ev = e->turn->events.p[i];
		watch(e, &ev);
	}
}

struct desk_next
drill_timer(struct engine *e, int64_t ticket)
{
	struct desk_next next = {0};
	struct err ignored;
	struct ticket_change c = {.number = ticket, .verb = VERB_CLOSE, .text = STR("the drill is over")};
	turn_timer_cancel(e->turn, timer_id(e->turn, ticket));
	if (desk_ticket(e->desk, ticket) && desk_change(e->desk, e->turn, &c, &next, &ignored) != RC_OK)
		return (struct desk_next){0};
	return next;
}

/* ---- plans ---- */

static struct str
plan_timer(struct turn *t, struct str name)
{
	return arena_fmt(t->arena, "drillplan/%.*s", STR_ARG(name));
}

void
drill_planned(struct engine *e, const struct resource *r, const struct drill_plan *p)
{
	if (p)
		turn_timer(e->turn, plan_timer(e->turn, r->name), drill_plan_next(p, e->turn->now));
	else
		turn_timer_cancel(e->turn, plan_timer(e->turn, r->name));
}

void
drill_plan_due(struct engine *e, struct str name)
{
	struct turn *t = e->turn;
	const struct drill_plan *p = book_find(e->book, "drill", STR(""), name, t->now);
	struct drill_order o = {.plan = name};
	struct err err;
	int64_t ticket;
	turn_timer_cancel(t, plan_timer(t, name));
	if (!p)
		return;
	turn_timer(t, plan_timer(t, name), drill_plan_next(p, t->now));
	o.by = str_c(drill_channels[p->by]);
	for (size_t i = 0; i < p->to.n || (i == 0 && p->to.n == 0); i++) {
		o.to = p->to.n ? p->to.p[i] : STR("");
		if (drill_start(e, &o, &ticket, &err) != RC_OK)
			turn_event(t, EVENT_drill_finished, STR(""), arena_fmt(t->arena, "drill/%.*s", STR_ARG(name)), 0, "The drill %.*s could not begin: %s", STR_ARG(name), err.text);
	}
}
