/*
 * escalate.c — see escalate.h.
 *
 * IDEA   An escalation is a fold over what happens to a ticket.  No timer lives here: when the next step is due the
 *        turn gets a timer row, and that is forgotten about.
 * [E1]   `step` and `round` only move forward while it climbs.
 * [E2]   A ticket that does not climb pages nobody.
 * [E3]   A step follows at once when nobody of the one before can be reached; a new round does not: who was on the
 *        phone a minute ago may be free in five.
 * TRAP   Wake-ups may come late (outage, suspend): the steps whose whole time has passed are recorded as skipped,
 *        and one page goes to who is due now.
 */
#include "oncall/escalate.h"

#include <string.h>

#include "access/user.h"
#include "base/must.h"
#include "base/time.h"
#include "oncall/schedule.h"

/* ---- whom a name means ---- */

struct resolving {
	const struct book *book;
	struct arena *arena;
	msec_t at;
	VEC(struct reach) found;
};

static void
add(struct resolving *r, struct str user, struct str why)
{
	for (size_t i = 0; i < r->found.n; i++)
		if (str_eq(r->found.p[i].user, user))
			return;
	if (book_find(r->book, "user", STR(""), user, r->at))
		*vec_add(&r->found) = (struct reach){arena_str(r->arena, user), arena_str(r->arena, why)};
}

struct overrides {
	struct str schedule;
	VEC(const struct override *) found;
};

static bool
gather_override(void *arg, const struct resource *r, const void *spec)
{
	struct overrides *o = arg;
	const struct override *x = spec;
	if (str_eq(x->schedule, o->schedule))
		*vec_add(&o->found) = x;
	return true;
}

bool
oncall_shift(const struct book *b, struct str name, msec_t at, struct arena *a, struct shift *out)
{
	const struct schedule *s = book_find(b, "schedule", STR(""), name, at);
	struct overrides o = {.schedule = name};
	if (!s)
		return false;
	book_each(b, "override", at, gather_override, &o);
	*out = schedule_at(s, o.found.p, o.found.n, at, a);
	vec_fini(&o.found);
	return true;
}

bool
oncall_walk(const struct book *b, struct str name, msec_t as_of, msec_t from, msec_t to, struct arena *a, shift_fn *fn, void *arg)
{
	const struct schedule *s = book_find(b, "schedule", STR(""), name, as_of);
	struct overrides o = {.schedule = name};
	if (!s)
		return false;
	book_each(b, "override", as_of, gather_override, &o);
	schedule_walk(s, o.found.p, o.found.n, from, to, a, fn, arg);
	vec_fini(&o.found);
	return true;
}

static void
resolve_schedule(struct resolving *r, struct str name)
{
	struct shift x;
	if (oncall_shift(r->book, name, r->at, r->arena, &x) && x.user.n)
		add(r, x.user, arena_fmt(r->arena, "schedule %.*s: %.*s", STR_ARG(name), STR_ARG(x.why)));
}

static void
resolve_team(struct resolving *r, struct str name)
{
	const struct team *t = book_find(r->book, "team", STR(""), name, r->at);
	for (size_t i = 0; t && i < t->members.n; i++)
		add(r, t->members.p[i], arena_fmt(r->arena, "member of team %.*s", STR_ARG(name)));
}

struct climb
oncall_resolve(const struct book *b, struct strs names, msec_t at, struct arena *a)
{
	struct resolving r = {.book = b, .arena = a, .at = at};
	for (size_t i = 0; i < names.n; i++) {
		struct str s = names.p[i];
		if (str_starts(s, STR("schedule:")))
			resolve_schedule(&r, str_from(s, 9));
		else if (str_starts(s, STR("team:")))
			resolve_team(&r, str_from(s, 5));
		else if (str_starts(s, STR("user:")))
			add(&r, str_from(s, 5), STR("named in the policy"));
	}
	struct climb c = {.p = arena_array(a, struct reach, r.found.n), .n = r.found.n};
	if (c.n)
		memcpy(c.p, r.found.p, c.n * sizeof *c.p);
	vec_fini(&r.found);
	return c;
}

/* ---- climbing ---- */

static struct str
timer_id(struct turn *t, const struct ticket *k)
{
	return arena_fmt(t->arena, "escalate/%lld", (long long)k->number);
}

static struct str
subject(struct turn *t, const struct ticket *k)
{
	return arena_fmt(t->arena, "ticket/%lld", (long long)k->number);
}

/* A drill for one person is a policy of one step. */
static const struct policy *
policy_for(const struct ticket *k, struct arena *a)
{
	struct policy *p = arena_new(a, struct policy);
	struct step *s = arena_new(a, struct step);
	struct str *name = arena_new(a, struct str);
	*name = arena_fmt(a, "user:%.*s", STR_ARG(k->page_to));
	*s = (struct step){.notify = {name, 1}, .after = 5 * MINUTE};
	p->steps.p = s;
	p->steps.n = 1;
	p->repeat = 1;
	return p;
}

static const struct policy *
policy_of(const struct book *b, const struct ticket *k, msec_t at, struct arena *a)
{
	if (k->page_to.n)
		return policy_for(k, a);
	const struct policy *p = book_find(b, "policy", k->customer, k->policy, at);
	return p && p->steps.n ? p : NULL;
}

static struct str
names_of(const struct climb *c, struct arena *a)
{
	struct buf b = {0};
	for (size_t i = 0; i < c->n; i++)
		buf_fmt(&b, "%s%.*s (%.*s)", i ? ", " : "", STR_ARG(c->p[i].user), STR_ARG(c->p[i].why));
	struct str s = arena_str(a, buf_view(&b));
	buf_fini(&b);
	return s;
}

/* The present step begins now. */
static struct climb
begin_step(struct book *b, struct turn *t, struct ticket *k, const struct policy *p, const char *why)
{
	const struct step *s = &p->steps.p[k->escalation.step];
	struct climb c = oncall_resolve(b, s->notify, t->now, t->arena);
	struct event *ev;
	if (c.n == 0) {
		c = oncall_resolve(b, p->fallback, t->now, t->arena);
		ev = turn_event(t, EVENT_escalation_step, k->customer, subject(t, k), 0, "Step %lld of policy %.*s reaches nobody; %s%.*s",
		    (long long)k->escalation.step + 1, STR_ARG(k->policy), c.n ? "the fallback: " : "there is no fallback either",
		    STR_ARG(names_of(&c, t->arena)));
	} else {
		ev = turn_event(t, EVENT_escalation_step, k->customer, subject(t, k), 0, "Step %lld of policy %.*s (%s): %.*s",
		    (long long)k->escalation.step + 1, STR_ARG(k->policy), why, STR_ARG(names_of(&c, t->arena)));
	}
	turn_fact_i64(t, ev, "step", k->escalation.step + 1);
	turn_fact_i64(t, ev, "round", k->escalation.round + 1);
	k->escalation.due = t->now + s->after;
	turn_timer(t, timer_id(t, k), k->escalation.due);
	c.changed = true;
	return c;
}

static struct climb
give_up(struct book *b, struct turn *t, struct ticket *k, const struct policy *p)
{
	struct climb c = oncall_resolve(b, p->fallback, t->now, t->arena);
	k->escalation.climbing = false;
	turn_timer_cancel(t, timer_id(t, k));
	turn_event(t, EVENT_escalation_stopped, k->customer, subject(t, k), 0, "Policy %.*s was gone through %lld times and nobody answered%s%.*s",
	    STR_ARG(k->policy), (long long)p->repeat, c.n ? "; the fallback: " : "", STR_ARG(names_of(&c, t->arena)));
	c.changed = true;
	return c;
}

struct climb
escalation_start(struct book *b, struct turn *t, struct ticket *k, const char *why)
{
	const struct policy *p = policy_of(b, k, t->now, t->arena);
	if (k->escalation.climbing)
		return (struct climb){0};
	if (!p) {
		turn_event(t, EVENT_escalation_stopped, k->customer, subject(t, k), 0, "Nobody is called: %s%.*s%s",
		    k->policy.n ? "there is no policy \"" : "no policy is named", STR_ARG(k->policy), k->policy.n ? "\"" : "");
		return (struct climb){0};
	}
	k->escalation = (struct escalation){.climbing = true};
	return begin_step(b, t, k, p, why);
}

/* To the next step; false when all rounds are over. */
static bool
advance(struct ticket *k, const struct policy *p)
{
	if (k->escalation.step + 1 < (int64_t)p->steps.n) {
		k->escalation.step++;
		return true;
	}
	if (k->escalation.round + 1 >= p->repeat)
		return false;
	k->escalation.step = 0;
	k->escalation.round++;
	return true;
}

/* Passes over the steps whose whole time is gone.  True when any was. */
static bool
skip_missed(struct turn *t, struct ticket *k, const struct policy *p)
{
	int64_t skipped = 0;
	msec_t due = k->escalation.due;
	bool more = advance(k, p);
	while (more && due + p->steps.p[k->escalation.step].after <= t->now) {
		due += p->steps.p[k->escalation.step].after;
		skipped++;
		more = advance(k, p);
	}
	if (skipped == 0)
		return more;
	turn_event(t, EVENT_escalation_skipped, k->customer, subject(t, k), 0, "%lld steps were due while nobody could be called: skipped",
	    (long long)skipped);
	if (!more) /* all of it was slept through: who is due now is called, and one round is left */
		k->escalation.step = 0;
	return true;
}

struct climb
escalation_due(struct book *b, struct turn *t, struct ticket *k)
{
	const struct policy *p = policy_of(b, k, t->now, t->arena);
	if (!k->escalation.climbing) /* [E2] */
		return (struct climb){0};
	if (t->now < k->escalation.due) { /* the clock went back */
		turn_timer(t, timer_id(t, k), k->escalation.due);
		return (struct climb){0};
	}
	if (!p)
		return escalation_stop(t, k, "its policy is gone");
	if (k->escalation.step >= (int64_t)p->steps.n)
		k->escalation.step = (int64_t)p->steps.n - 1; /* the policy was made shorter meanwhile */
	if (!skip_missed(t, k, p))
		return give_up(b, t, k, p);
	return begin_step(b, t, k, p, "no answer before");
}

/* The round was gone through, and another one is left. */
static bool
between_rounds(const struct ticket *k, const struct policy *p)
{
	return k->escalation.step + 1 == (int64_t)p->steps.n && k->escalation.round + 1 < p->repeat;
}

bool
escalation_move(struct turn *t, struct ticket *k, msec_t by)
{
	if (!k->escalation.climbing)
		return false;
	k->escalation.due -= by;
	turn_timer(t, timer_id(t, k), k->escalation.due);
	return true;
}

struct climb
escalation_hurry(struct book *b, struct turn *t, struct ticket *k, const char *why)
{
	const struct policy *p = policy_of(b, k, t->now, t->arena);
	if (!k->escalation.climbing || !p)
		return (struct climb){0};
	if (between_rounds(k, p) && k->escalation.due > t->now) { /* [E3]: its timer is set */
		struct buf wait = {0};
		duration_print(&wait, (k->escalation.due - t->now + 999) / 1000 * 1000);
		turn_event(t, EVENT_escalation_step, k->customer, subject(t, k), 0, "Everybody of policy %.*s was tried (%s): the next round begins in %s",
		    STR_ARG(k->policy), why, wait.p);
		buf_fini(&wait);
		return (struct climb){0};
	}
	if (k->escalation.step >= (int64_t)p->steps.n || !advance(k, p))
		return give_up(b, t, k, p);
	return begin_step(b, t, k, p, why);
}

size_t
escalation_ahead(const struct book *b, const struct ticket *k, struct arena *a, struct ahead *out, size_t limit)
{
	const struct policy *p = policy_of(b, k, k->escalation.due, a);
	struct ticket copy = *k;
	size_t n = 0;
	msec_t at = k->escalation.due;
	while (p && k->escalation.climbing && n < limit && copy.escalation.step < (int64_t)p->steps.n && advance(&copy, p)) {
		const struct step *s = &p->steps.p[copy.escalation.step];
		struct climb c = oncall_resolve(b, s->notify, at, a);
		out[n++] = (struct ahead){at, copy.escalation.step, copy.escalation.round, c.n ? c : oncall_resolve(b, p->fallback, at, a)};
		at += s->after;
	}
	return n;
}

struct climb
escalation_stop(struct turn *t, struct ticket *k, const char *why)
{
	if (!k->escalation.climbing)
		return (struct climb){0};
	k->escalation.climbing = false;
	turn_timer_cancel(t, timer_id(t, k));
	turn_event(t, EVENT_escalation_stopped, k->customer, subject(t, k), 0, "Nobody else is called: %s", why);
	return (struct climb){.changed = true};
}
