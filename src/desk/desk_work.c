/*
 * desk_work.c — what people do with tickets: open, take, assign, suspend, resume, close, write.
 *
 * IDEA   Each verb is a row: the states in which it is allowed and the function that does it.  Two people who take
 *        the same ticket: the first one has it, the second one reads who.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "access/user.h"
#include "base/must.h"
#include "base/time.h"
#include "desk/desk_impl.h"

const char *const ticket_verbs[] = {"take", "assign", "suspend", "resume", "close", "accept", "reject", "priority", "message", "escalate", "link", "unlink", NULL};

#define RECORD_SELF struct ticket_request
RECORD_LAYOUT(ticket_request, TICKET_REQUEST_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct ticket_change
RECORD_LAYOUT(ticket_change, TICKET_CHANGE_KEYS)
#undef RECORD_SELF

/* One change under way. */
struct work {
	struct desk *desk;
	struct turn *turn;
	struct held *held;
	struct ticket *ticket;
	const struct ticket_change *change;
	struct desk_next *next;
	msec_t at;
};

/* ": text", or nothing. */
static const char *
remark(const struct work *w)
{
	return w->change->text.n ? arena_fmt(w->turn->arena, ": %.*s", STR_ARG(w->change->text)).p : "";
}

/* "user/first" -> "first"; the name alone is what tickets hold. */
static struct str
name_of(struct str actor)
{
	ptrdiff_t slash = str_chr(actor, '/');
	return slash < 0 ? actor : str_from(actor, (size_t)slash + 1);
}

static void
stop_calling(struct work *w, const char *why)
{
	w->next->call = DESK_STOP;
	w->next->why = why;
}

static enum rc
take(struct work *w, struct err *e)
{
	struct str user = w->change->user.n ? w->change->user : name_of(w->turn->actor);
	if (w->ticket->state == TICKET_IN_PROGRESS) {
		if (str_eq(w->ticket->assignee, user))
			return RC_OK;
		return err_set(e, RC_CONFLICT, "ticket %lld is taken in charge by %.*s", (long long)w->ticket->number, STR_ARG(w->ticket->assignee));
	}
	w->ticket->state = TICKET_IN_PROGRESS;
	w->ticket->suspension = SUSPENDED_NOT;
	w->ticket->until = 0;
	w->ticket->assignee = user;
	desk_move(w->desk, w->turn, w->held, EVENT_ticket_state, w->at, "%.*s took it in charge%s", STR_ARG(user), remark(w));
	desk_moved(w->turn, "taken", w->change->text);
	stop_calling(w, "it was taken in charge");
	return RC_OK;
}

static enum rc
assign(struct work *w, struct err *e)
{
	struct ticket *k = w->ticket;
	if (!w->change->user.n && !w->change->team.n)
		return err_set(e, RC_INVALID, "assign needs a user or a team");
	if (w->change->user.n && !book_find(w->desk->book, "user", STR(""), w->change->user, w->turn->now))
		return err_set(e, RC_INVALID, "there is no user \"%.*s\"", STR_ARG(w->change->user));
	if (w->change->team.n && !book_find(w->desk->book, "team", STR(""), w->change->team, w->turn->now))
		return err_set(e, RC_INVALID, "there is no team \"%.*s\"", STR_ARG(w->change->team));
	if (w->change->user.n)
		k->assignee = w->change->user;
	if (w->change->team.n)
		k->team = w->change->team;
	enum event_kind kind = EVENT_ticket_assigned;
	if (k->state == TICKET_NEW) {
		k->state = TICKET_ASSIGNED;
		kind = EVENT_ticket_state;
	}
	desk_move(w->desk, w->turn, w->held, kind, 0, "Assigned to %.*s%s%.*s%s", STR_ARG(w->change->user),
	    w->change->user.n && w->change->team.n ? " of " : "", STR_ARG(w->change->team), remark(w));
	desk_moved(w->turn, "assigned", w->change->text);
	w->next->call = DESK_NOTICE;
	w->next->why = "it was assigned";
	return RC_OK;
}

static enum rc
suspend(struct work *w, struct err *e)
{
	if (w->change->reason == SUSPENDED_NOT)
		return err_set(e, RC_INVALID, "suspend needs a reason: process, customer or supplier");
	if (w->change->until && w->change->until <= w->turn->now)
		return err_set(e, RC_INVALID, "a suspension must end in the future");
	w->ticket->state = TICKET_SUSPENDED;
	w->ticket->suspension = w->change->reason;
	w->ticket->until = w->change->until;
	struct str id = arena_fmt(w->turn->arena, "until/%lld", (long long)w->ticket->number);
	if (w->change->until)
		turn_timer(w->turn, id, w->change->until);
	else
		turn_timer_cancel(w->turn, id);
	desk_move(w->desk, w->turn, w->held, EVENT_ticket_state, w->at, "Suspended, waiting for the %s%s",
	    w->change->reason == SUSPENDED_PROCESS ? "end of a process" : suspensions[w->change->reason], remark(w));
	desk_moved(w->turn, "suspended", w->change->text);
	stop_calling(w, "it is suspended");
	return RC_OK;
}

static enum rc
resume(struct work *w, struct err *e)
{
	w->ticket->state = TICKET_IN_PROGRESS;
	w->ticket->suspension = SUSPENDED_NOT;
	w->ticket->until = 0;
	turn_timer_cancel(w->turn, arena_fmt(w->turn->arena, "until/%lld", (long long)w->ticket->number));
	desk_move(w->desk, w->turn, w->held, EVENT_ticket_state, w->at, "Work goes on%s", remark(w));
	desk_moved(w->turn, "resumed", w->change->text);
	return RC_OK;
}

static enum rc
close_it(struct work *w, struct err *e)
{
	w->ticket->state = TICKET_CLOSED;
	w->ticket->suspension = SUSPENDED_NOT;
	w->ticket->until = 0;
	desk_move(w->desk, w->turn, w->held, EVENT_ticket_state, w->at, "Closed%s", remark(w));
	desk_moved(w->turn, "closed", w->change->text);
	stop_calling(w, "it was closed");
	return RC_OK;
}

static enum rc
accept_it(struct work *w, struct err *e)
{
	w->ticket->state = w->ticket->team.n ? TICKET_ASSIGNED : TICKET_NEW;
	desk_move(w->desk, w->turn, w->held, EVENT_ticket_state, 0, "The proposal was accepted%s", remark(w));
	desk_moved(w->turn, "accepted", w->change->text);
	if (w->ticket->modality == MODALITY_CALL)
		w->next->call = DESK_CALL;
	else if (w->ticket->modality != MODALITY_TICKET)
		w->next->call = DESK_NOTICE;
	w->next->why = "its proposal was accepted";
	return RC_OK;
}

static enum rc
reject_it(struct work *w, struct err *e)
{
	w->ticket->state = TICKET_REJECTED;
	desk_move(w->desk, w->turn, w->held, EVENT_ticket_state, 0, "The proposal was rejected%s", remark(w));
	desk_moved(w->turn, "rejected", w->change->text);
	return RC_OK;
}

static enum rc
set_priority(struct work *w, struct err *e)
{
	if (w->change->priority == PRIORITY_NONE)
		return err_set(e, RC_INVALID, "priority needs one of low, medium, high, critical");
	w->ticket->priority = w->change->priority;
	desk_move(w->desk, w->turn, w->held, EVENT_ticket_priority, 0, "Priority set to %s%s", priorities[w->ticket->priority], remark(w));
	return RC_OK;
}

enum { MESSAGE_MAX = 64 * 1024 };

static enum rc
write_message(struct work *w, struct err *e)
{
	if (!w->change->text.n)
		return err_set(e, RC_INVALID, "a message needs a text");
	if (w->change->text.n > MESSAGE_MAX)
		return err_set(e, RC_REFUSED, "a message may have %d bytes, this one has %zu", MESSAGE_MAX, w->change->text.n);
	struct turn *t = w->turn;
	struct event *ev = turn_event(t, EVENT_ticket_message, w->ticket->customer, ticket_subject(w->ticket->number, t->arena), w->at,
	    "%.*s wrote a message (%s)", STR_ARG(t->actor), audiences[w->change->audience]);
	turn_fact(t, ev, "audience", str_c(audiences[w->change->audience]));
	turn_fact(t, ev, "message", w->change->text);
	desk_save(w->desk, t, w->ticket);
	return RC_OK;
}

static enum rc
escalate_it(struct work *w, struct err *e)
{
	if (!w->ticket->policy.n)
		return err_set(e, RC_INVALID, "ticket %lld has no escalation policy", (long long)w->ticket->number);
	turn_event(w->turn, EVENT_escalation_started, w->ticket->customer, ticket_subject(w->ticket->number, w->turn->arena), 0,
	    "%.*s asked for escalation%s", STR_ARG(w->turn->actor), remark(w));
	w->next->call = DESK_CALL;
	w->next->why = "a person asked for it";
	return RC_OK;
}

static enum rc
link_it(struct work *w, struct err *e)
{
	return desk_link(w->desk, w->turn, w->ticket, w->change->to, true, e);
}

static enum rc
unlink_it(struct work *w, struct err *e)
{
	return desk_link(w->desk, w->turn, w->ticket, w->change->to, false, e);
}

#define IN(state) (1u << TICKET_##state)
#define UNTAKEN (IN(NEW) | IN(ASSIGNED))
#define OPEN (UNTAKEN | IN(IN_PROGRESS) | IN(SUSPENDED))

static const struct {
	unsigned allowed;
	enum rc (*fn)(struct work *, struct err *);
} verbs[] = {
    [VERB_TAKE] = {OPEN, take},
    [VERB_ASSIGN] = {OPEN, assign},
    [VERB_SUSPEND] = {OPEN, suspend},
    [VERB_RESUME] = {IN(SUSPENDED), resume},
    [VERB_CLOSE] = {OPEN, close_it},
    [VERB_ACCEPT] = {IN(PROPOSED), accept_it},
    [VERB_REJECT] = {IN(PROPOSED), reject_it},
    [VERB_PRIORITY] = {OPEN | IN(PROPOSED), set_priority},
    [VERB_MESSAGE] = {OPEN | IN(PROPOSED), write_message},
    [VERB_ESCALATE] = {UNTAKEN, escalate_it},
    [VERB_LINK] = {OPEN | IN(PROPOSED), link_it},
    [VERB_UNLINK] = {OPEN | IN(PROPOSED), unlink_it},
};

enum rc
desk_change(struct desk *d, struct turn *t, const struct ticket_change *c, struct desk_next *next, struct err *e)
{
	struct held *h = desk_held(d, c->number);
	*next = (struct desk_next){0};
	if (!h)
		return err_set(e, RC_CONFLICT, "ticket %lld is not open: a closed one is final, \"it happens again\" opens a new one",
		    (long long)c->number);
	if (!(verbs[c->verb].allowed & 1u << h->ticket.state))
		return err_set(e, RC_CONFLICT, "a ticket that is %s cannot be changed by \"%s\"", ticket_states[h->ticket.state],
		    ticket_verbs[c->verb]);
	struct work w = {d, t, h, &h->ticket, c, next, c->at};
	next->ticket = &h->ticket;
	return verbs[c->verb].fn(&w, e);
}

/* ---- opening by a person ---- */

static enum rc
check_reference(struct desk *d, const struct ticket_request *r, struct err *e)
{
	if (!r->refers_to)
		return RC_OK;
	if (r->refers_to < 0 || r->refers_to > d->last)
		return err_set(e, RC_INVALID, "there is no ticket %lld to refer to", (long long)r->refers_to);
	if (desk_held(d, r->refers_to))
		return err_set(e, RC_CONFLICT, "ticket %lld is still open: write a message there", (long long)r->refers_to);
	return RC_OK;
}

enum { TITLE_MAX = 300 };

enum rc
desk_open(struct desk *d, struct turn *t, const struct ticket_request *r, struct desk_next *next, struct err *e)
{
	*next = (struct desk_next){0};
	const struct problem_type *type = NULL;
	if (!book_find(d->book, "customer", STR(""), r->customer, t->now))
		return err_set(e, RC_INVALID, "there is no customer \"%.*s\"", STR_ARG(r->customer));
	if (r->problem_type.n && !(type = book_find(d->book, "problem_type", r->customer, r->problem_type, t->now)))
		return err_set(e, RC_INVALID, "there is no problem type \"%.*s\"", STR_ARG(r->problem_type));
	if (r->title.n > TITLE_MAX || r->description.n > MESSAGE_MAX)
		return err_set(e, RC_REFUSED, "a title may have %d bytes and a description %d", TITLE_MAX, MESSAGE_MAX);
	if (check_reference(d, r, e) != RC_OK)
		return e ? e->rc : RC_INVALID;
	struct ticket k = {
	    .customer = r->customer,
	    .kind = type && !r->kind ? type->kind : r->kind,
	    .state = TICKET_NEW,
	    .priority = r->priority ? r->priority : type ? type->priority : PRIORITY_MEDIUM,
	    .title = r->title,
	    .description = r->description,
	    .problem_type = r->problem_type,
	    .opener = t->actor,
	    .opened = t->now,
	    .refers_to = r->refers_to,
	};
	desk_contract(d, r->customer, t->now, &k.contract);
	struct held *h = desk_add(d, t, &k, "Opened by %.*s", STR_ARG(t->actor));
	if (r->refers_to)
		turn_event(t, EVENT_ticket_linked, r->customer, ticket_subject(h->ticket.number, t->arena), 0,
		    "It happened again: refers to ticket %lld", (long long)r->refers_to);
	if (type && type->skills.n)
		desk_assign_by_skill(d, t, h, type->skills);
	*next = (struct desk_next){.ticket = &h->ticket, .call = DESK_NOTICE, .opened = true, .why = "a person opened it"};
	return RC_OK;
}

/* ---- who is best at it ---- */

static bool
has_all(struct strs have, struct strs want)
{
	for (size_t i = 0; i < want.n; i++) {
		bool found = false;
		for (size_t k = 0; k < have.n && !found; k++)
			found = str_eq_nocase(have.p[k], want.p[i]);
		if (!found)
			return false;
	}
	return true;
}

struct skilled {
	struct desk *desk;
	msec_t now;
	struct strs skills;
	struct str team, user;
	size_t load;
};

struct load {
	struct str user;
	size_t n;
};

static bool
count_work(void *arg, struct ticket *k)
{
	struct load *l = arg;
	l->n += str_eq(k->assignee, l->user);
	return true;
}

/* Of those who can, the one with the fewest open tickets; of equals the first by name. */
static bool
consider_team(void *arg, const struct resource *r, const void *spec)
{
	struct skilled *s = arg;
	const struct team *team = spec;
	bool team_can = has_all(team->skills, s->skills);
	for (size_t i = 0; i < team->members.n; i++) {
		const struct user *u = book_find(s->desk->book, "user", STR(""), team->members.p[i], s->now);
		if (!u || !has_all(u->skills, s->skills))
			continue;
		struct load l = {.user = team->members.p[i]};
		desk_each(s->desk, count_work, &l);
		if (!s->user.n || l.n < s->load) {
			s->team = r->name;
			s->user = team->members.p[i];
			s->load = l.n;
		}
	}
	if (team_can && !s->team.n)
		s->team = r->name;
	return true;
}

bool
desk_assign_by_skill(struct desk *d, struct turn *t, struct held *h, struct strs skills)
{
	struct skilled s = {.desk = d, .now = t->now, .skills = skills};
	book_each(d->book, "team", t->now, consider_team, &s);
	if (!s.team.n)
		return false;
	h->ticket.team = s.team;
	h->ticket.assignee = s.user;
	h->ticket.state = TICKET_ASSIGNED;
	desk_move(d, t, h, EVENT_ticket_state, 0, "Assigned to %.*s%s%.*s, whose skills fit", STR_ARG(s.user), s.user.n ? " of " : "", STR_ARG(s.team));
	desk_moved(t, "assigned", STR(""));
	return s.user.n > 0;
}
