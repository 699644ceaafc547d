/*
 * desk_alert.c — what the contract says about an alert: nothing, a proposal, a ticket; and how loud.
 *
 * IDEA   The first alert of a group opens the ticket; what follows joins it, and may raise its priority.  The
 *        matrix is read from the top; the first row that fits decides.  Without a contract the mode of the route
 *        decides, and without that nothing happens.
 */
#include <stdio.h>
#include <string.h>

#include "base/must.h"
#include "desk/desk_impl.h"

/* ---- the matrix ---- */

static bool
listed(struct strs words, struct str word)
{
	for (size_t i = 0; i < words.n; i++)
		if (str_eq(words.p[i], word) || str_is(words.p[i], "*"))
			return true;
	return words.n == 0;
}

static const struct matrix_row *
matrix_match(const struct contract *c, const struct desk_alert *a, bool open, size_t *row)
{
	struct str severity = pairs_get(a->labels, "severity"), service = pairs_get(a->labels, "service_class");
	for (*row = 0; *row < c->matrix.n; ++*row) {
		const struct matrix_row *r = &c->matrix.p[*row];
		bool when = r->when == WHEN_ANY || (r->when == WHEN_OPEN) == open;
		if (when && listed(r->severity, severity) && listed(r->service, service))
			return r;
	}
	return NULL;
}

static int
priority_of_severity(struct str severity)
{
	static const struct {
		const char *severity;
		int priority;
	} words[] = {{"critical", PRIORITY_CRITICAL}, {"page", PRIORITY_CRITICAL}, {"emergency", PRIORITY_CRITICAL},
	    {"error", PRIORITY_HIGH}, {"high", PRIORITY_HIGH}, {"warning", PRIORITY_MEDIUM}, {"info", PRIORITY_LOW}};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_is(severity, words[i].severity))
			return words[i].priority;
	return PRIORITY_MEDIUM;
}

/* What is decided about a first alert, and the words for why. */
struct decision {
	struct matrix_row row;
	bool ticket;
	struct str contract;
	char why[400];
};

static void
decide_by_contract(const struct desk *d, const struct desk_alert *a, msec_t now, const struct contract *c, struct decision *out)
{
	const struct calendar *cal = desk_calendar(d, a->customer, c->calendar, now);
	bool open = !cal || calendar_open(cal, now);
	size_t row;
	const struct matrix_row *r = matrix_match(c, a, open, &row);
	if (!r) {
		snprintf(out->why, sizeof out->why, "contract %.*s has no row for severity \"%.*s\" while calendar %.*s is %s",
		    STR_ARG(out->contract), STR_ARG(pairs_get(a->labels, "severity")), STR_ARG(c->calendar), open ? "open" : "closed");
		return;
	}
	out->row = *r;
	out->ticket = true;
	bool quiet = !open && !c->on_call && r->modality == MODALITY_CALL;
	if (quiet)
		out->row.modality = MODALITY_WAIT;
	snprintf(out->why, sizeof out->why, "row %zu of contract %.*s: severity \"%.*s\", calendar %.*s %s: priority %s, %s%s", row + 1,
	    STR_ARG(out->contract), STR_ARG(pairs_get(a->labels, "severity")), STR_ARG(c->calendar), open ? "open" : "closed",
	    priorities[r->priority], modalities[out->row.modality], quiet ? " (no calls outside its hours: no on-call right)" : "");
}

static struct decision
decide(const struct desk *d, const struct desk_alert *a, msec_t now)
{
	struct decision out = {0};
	const struct contract *c = desk_contract(d, a->customer, now, &out.contract);
	int mode = a->mode || c ? a->mode : a->without_contract;
	if (c && a->mode != DESK_NONE) {
		decide_by_contract(d, a, now, c, &out);
	} else if (mode == DESK_OPEN || mode == DESK_PROPOSE) {
		int priority = priority_of_severity(pairs_get(a->labels, "severity"));
		out.ticket = true;
		out.row = (struct matrix_row){.priority = priority, .modality = priority == PRIORITY_CRITICAL ? MODALITY_CALL : MODALITY_TICKET};
		snprintf(out.why, sizeof out.why, "%s says %s, and customer %.*s has no contract", a->mode ? "the route" : "desk.desk", conf_desk_words[mode],
		    STR_ARG(a->customer));
	} else {
		snprintf(out.why, sizeof out.why, "the route or desk.desk says none, or customer %.*s has no contract", STR_ARG(a->customer));
	}
	out.row.propose |= mode == DESK_PROPOSE;
	if (!out.row.policy.n)
		out.row.policy = a->policy;
	return out;
}

/* A drill rings as the contract's most urgent ticket would; where nothing says whom to call, it is whoever asked. */
static void
make_drill(const struct desk_alert *a, struct decision *d)
{
	d->ticket = true;
	d->row.propose = false;
	d->row.priority = PRIORITY_CRITICAL;
	d->row.modality = MODALITY_CALL;
	if (a->page_to.n || !d->row.policy.n)
		d->row.policy = STR("drill");
}

static void
record_decision(struct turn *t, const struct desk_alert *a, const struct decision *dec)
{
	struct str subject = arena_fmt(t->arena, "alert/%.*s", STR_ARG(a->fingerprint));
	struct event *ev = turn_event(t, EVENT_desk_decided, a->customer, subject, 0, "%s: %s", dec->ticket ? "A ticket" : "No ticket", dec->why);
	turn_fact(t, ev, "priority", str_c(priorities[dec->row.priority]));
	turn_fact(t, ev, "modality", str_c(modalities[dec->row.modality]));
}

/* ---- opening and joining ---- */

/* What must be called when a ticket of this modality opens now. */
static struct desk_next
next_of(struct desk *d, struct turn *t, struct held *h, const char *why)
{
	struct desk_next next = {.ticket = &h->ticket, .why = why};
	if (h->ticket.state == TICKET_PROPOSED || h->ticket.modality == MODALITY_TICKET)
		return next;
	if (h->ticket.modality == MODALITY_WAIT) {
		struct str name;
		const struct contract *c = desk_contract(d, h->ticket.customer, t->now, &name);
		const struct calendar *cal = c ? desk_calendar(d, h->ticket.customer, c->calendar, t->now) : NULL;
		msec_t open = cal ? calendar_next_open(cal, t->now) : t->now;
		next.call = open <= t->now ? DESK_CALL : DESK_NOTHING;
		if (open > t->now && open != MSEC_NEVER)
			turn_timer(t, arena_fmt(t->arena, "wait/%lld", (long long)h->ticket.number), open);
		return next;
	}
	next.call = h->ticket.modality == MODALITY_CALL ? DESK_CALL : DESK_NOTICE;
	return next;
}

static struct desk_next
open_for_alert(struct desk *d, struct turn *t, const struct desk_alert *a, const struct decision *dec)
{
	struct ticket_alert alert = {a->fingerprint, a->name, true};
	struct ticket k = {
	    .customer = a->customer,
	    .kind = KIND_INCIDENT,
	    .state = dec->row.propose ? TICKET_PROPOSED : dec->row.team.n ? TICKET_ASSIGNED : TICKET_NEW,
	    .priority = dec->row.priority,
	    .modality = dec->row.modality,
	    .title = a->summary.n ? a->summary : a->name,
	    .description = a->description,
	    .team = dec->row.team,
	    .policy = dec->row.policy,
	    .contract = dec->contract,
	    .opener = STR("engine"),
	    .opened = t->now,
	    .group = a->group,
	    .drill = a->drill,
	    .page_to = a->page_to.n || !str_is(dec->row.policy, "drill") ? a->page_to : a->asker,
	    .page_by = a->page_by,
	};
	k.alerts.p = &alert;
	k.alerts.n = 1;
	struct held *h = desk_add(d, t, &k, "%s for alert %.*s: %s", dec->row.propose ? "Proposed" : "Opened", STR_ARG(a->name), dec->why);
	struct desk_next next = next_of(d, t, h, "it was opened");
	next.opened = true;
	return next;
}

static struct ticket_alert *
alert_of(struct ticket *k, struct str fingerprint)
{
	for (size_t i = 0; i < k->alerts.n; i++)
		if (str_eq(k->alerts.p[i].fingerprint, fingerprint))
			return &k->alerts.p[i];
	return NULL;
}

static size_t
firing(const struct ticket *k)
{
	size_t n = 0;
	for (size_t i = 0; i < k->alerts.n; i++)
		n += k->alerts.p[i].firing;
	return n;
}

static void
add_alert(struct turn *t, struct ticket *k, const struct desk_alert *a)
{
	struct ticket_alert *all = arena_array(t->arena, struct ticket_alert, k->alerts.n + 1);
	if (k->alerts.n)
		memcpy(all, k->alerts.p, k->alerts.n * sizeof *all);
	all[k->alerts.n] = (struct ticket_alert){a->fingerprint, a->name, true};
	k->alerts.p = all;
	k->alerts.n++;
}

static bool
untaken(const struct ticket *k)
{
	return k->state == TICKET_NEW || k->state == TICKET_ASSIGNED;
}

/* A louder alert makes the whole ticket louder; never the other way round. */
static bool
raise_to(struct desk *d, struct turn *t, struct held *h, const struct desk_alert *a)
{
	struct decision dec = decide(d, a, t->now);
	struct ticket *k = &h->ticket;
	if (!dec.ticket || dec.row.priority <= k->priority)
		return false;
	k->priority = dec.row.priority;
	if (dec.row.modality > k->modality)
		k->modality = dec.row.modality;
	if (dec.row.policy.n)
		k->policy = arena_str(t->arena, dec.row.policy);
	desk_move(d, t, h, EVENT_ticket_priority, 0, "Priority raised to %s by alert %.*s: %s", priorities[k->priority], STR_ARG(a->name), dec.why);
	return true;
}

static struct desk_next
join(struct desk *d, struct turn *t, struct held *h, const struct desk_alert *a)
{
	struct ticket *k = &h->ticket;
	struct ticket_alert *known = alert_of(k, a->fingerprint);
	bool was_quiet = firing(k) == 0;
	if (known && known->firing)
		return (struct desk_next){.ticket = k};
	if (known)
		known->firing = true;
	else
		add_alert(t, k, a);
	turn_event(t, EVENT_ticket_joined, k->customer, ticket_subject(k->number, t->arena), a->at, "Alert %.*s %s", STR_ARG(a->name),
	    known ? "fires again" : "joined");
	desk_save(d, t, k);
	bool louder = raise_to(d, t, h, a);
	if (untaken(k) && (louder || was_quiet))
		return next_of(d, t, h, louder ? "its priority was raised" : "its alert fires again");
	return (struct desk_next){.ticket = k};
}

static struct desk_next
leave(struct desk *d, struct turn *t, struct held *h, const struct desk_alert *a)
{
	struct ticket *k = &h->ticket;
	struct ticket_alert *known = alert_of(k, a->fingerprint);
	struct str ignored;
	if (!known || !known->firing)
		return (struct desk_next){.ticket = k};
	known->firing = false;
	size_t left = firing(k);
	turn_event(t, EVENT_ticket_left, k->customer, ticket_subject(k->number, t->arena), a->at, "Alert %.*s was resolved; %zu still firing",
	    STR_ARG(a->name), left);
	desk_save(d, t, k);
	if (left || !untaken(k))
		return (struct desk_next){.ticket = k};
	turn_timer_cancel(t, arena_fmt(t->arena, "wait/%lld", (long long)k->number));
	const struct contract *c = desk_contract(d, k->customer, t->now, &ignored);
	if (c && c->auto_close) {
		k->state = TICKET_CLOSED;
		desk_move(d, t, h, EVENT_ticket_state, 0, "Closed: all its alerts are resolved and nobody took it");
		desk_moved(t, "closed_alone", STR(""));
	}
	return (struct desk_next){.ticket = k, .call = DESK_STOP, .why = "all its alerts are resolved"};
}

struct desk_next
desk_alert(struct desk *d, struct turn *t, const struct desk_alert *a)
{
	struct held *h = a->group.n ? desk_by_group(d, a->customer, a->group) : NULL;
	if (h)
		return a->firing ? join(d, t, h, a) : leave(d, t, h, a);
	if (!a->firing)
		return (struct desk_next){0};
	struct decision dec = decide(d, a, t->now);
	if (a->drill)
		make_drill(a, &dec);
	record_decision(t, a, &dec);
	return dec.ticket ? open_for_alert(d, t, a, &dec) : (struct desk_next){0};
}
