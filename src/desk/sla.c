/* sla.c — see sla.h. */
#include "desk/sla.h"

#include <stddef.h>

#include "base/must.h"

const char *const sla_clock_states[] = {"none", "running", "standing", "stopped", NULL};
const char *const sla_stretch_kinds[] = {"running", "closed", "standing", NULL};

/* What is in force during one stretch. */
struct moment {
	const struct sla_move *move;
	const struct sla_terms *terms;
	const struct sla *sla; /* NULL: no promise for this priority */
	const struct calendar *calendar;
};

static const struct sla *
promise(const struct contract *c, int priority)
{
	for (size_t i = 0; i < c->slas.n; i++)
		if (c->slas.p[i].priority == priority)
			return &c->slas.p[i];
	return NULL;
}

static const struct sla_terms *
terms_at(const struct sla_terms *terms, size_t n, msec_t t)
{
	size_t i = n;
	while (i > 1 && terms[i - 1].from > t)
		i--;
	return n ? &terms[i - 1] : NULL;
}

static struct moment
moment_of(const struct sla_move *move, const struct sla_terms *terms, msec_t at)
{
	struct moment m = {.move = move, .terms = terms};
	if (!terms)
		return m;
	m.sla = promise(terms->contract, move->priority);
	if (m.sla)
		m.calendar = terms->calendar(terms->arg, m.sla->calendar.n ? m.sla->calendar : terms->contract->calendar, at);
	return m;
}

/* ---- one clock ---- */

struct clock_rules {
	bool (*stops)(const struct sla_move *);
	bool (*stands)(const struct moment *);
	msec_t (*limit)(const struct sla *);
};

static bool
picked_up(const struct sla_move *m) /* [S1] */
{
	return m->state != TICKET_PROPOSED && m->state != TICKET_NEW && m->state != TICKET_ASSIGNED;
}

static bool
is_over(const struct sla_move *m)
{
	return m->state == TICKET_CLOSED || m->state == TICKET_REJECTED;
}

static bool
not_accepted(const struct moment *m)
{
	return m->move->state == TICKET_PROPOSED;
}

static bool
is_paused(const struct moment *m) /* [S2] */
{
	if (m->move->state != TICKET_SUSPENDED || !m->terms)
		return not_accepted(m);
	const struct strs *pause = &m->terms->contract->pause;
	for (size_t i = 0; i < pause->n; i++)
		if (str_is(pause->p[i], suspensions[m->move->suspension]))
			return true;
	return false;
}

static msec_t
pickup_limit(const struct sla *s)
{
	return s->pickup;
}

static msec_t
resolution_limit(const struct sla *s)
{
	return s->resolution;
}

/* ---- what is drawn ---- */

struct trace {
	sla_stretch_fn *fn; /* NULL: nobody draws */
	void *arg;
	msec_t at, to; /* drawn until; the end of the stretch */
};

static void
draw(struct trace *t, enum sla_stretch_kind kind, msec_t to, int suspension)
{
	if (to > t->at)
		t->fn(t->arg, &(struct sla_stretch){kind, t->at, to, suspension});
	t->at = to > t->at ? to : t->at;
}

static bool
draw_open(void *arg, struct span s)
{
	struct trace *t = arg;
	if (s.to <= t->at)
		return true;
	if (s.from >= t->to)
		return false;
	draw(t, STRETCH_CLOSED, s.from, 0);
	draw(t, STRETCH_RUNNING, s.to < t->to ? s.to : t->to, 0);
	return t->at < t->to;
}

static void
draw_stretch(struct trace *t, const struct sla_clock *c, const struct moment *m, msec_t from, msec_t to)
{
	if (!t->fn || c->state == CLOCK_NONE || from >= to)
		return;
	t->at = from;
	t->to = to;
	if (c->state == CLOCK_RUNNING && m->calendar)
		calendar_walk(m->calendar, from, draw_open, t);
	draw(t, c->state == CLOCK_RUNNING ? STRETCH_CLOSED : STRETCH_STANDING, to, m->move->suspension);
}

/* One stretch without change from `from` to `to` [S3]. */
static void
spend(struct sla_clock *c, const struct clock_rules *rules, const struct moment *m, msec_t from, msec_t to, bool last, struct trace *trace)
{
	c->limit = m->sla ? rules->limit(m->sla) : 0;
	c->deadline = MSEC_NEVER;
	c->state = !c->limit ? CLOCK_NONE : rules->stands(m) ? CLOCK_STANDING : CLOCK_RUNNING;
	draw_stretch(trace, c, m, from, to);
	if (c->state != CLOCK_RUNNING || !m->calendar)
		return;
	msec_t left = c->limit > c->spent ? c->limit - c->spent : 0;
	if (last)
		c->deadline = calendar_after(m->calendar, from, left);
	c->spent += calendar_between(m->calendar, from, to);
}

static void
derive(struct sla_clock *c, const struct clock_rules *rules, const struct sla_move *moves, size_t n_moves,
    const struct sla_terms *terms, size_t n_terms, msec_t now, struct trace *trace)
{
	*c = (struct sla_clock){.deadline = MSEC_NEVER};
	for (size_t i = 0; i < n_moves && !c->stopped; i++) {
		if (rules->stops(&moves[i])) {
			c->stopped = moves[i].at;
			c->state = c->limit ? CLOCK_STOPPED : CLOCK_NONE;
			c->deadline = MSEC_NEVER;
			break;
		}
		bool last = i + 1 == n_moves;
		msec_t end = last ? now : moves[i + 1].at, at = moves[i].at;
		for (bool changes = true; changes;) {
			const struct sla_terms *in_force = terms_at(terms, n_terms, at);
			const struct sla_terms *next = in_force && in_force + 1 < terms + n_terms ? in_force + 1 : NULL;
			/* a version that begins this very moment is the one that the deadline follows */
			changes = next && (last ? next->from <= end : next->from < end);
			msec_t to = changes ? next->from : end;
			struct moment m = moment_of(&moves[i], in_force, at);
			spend(c, rules, &m, at, to, last && !changes, trace);
			at = to;
		}
	}
	c->breached = c->limit && c->spent > c->limit;
	if (!c->stopped && c->deadline <= now)
		c->breached = c->limit != 0;
}

static const struct clock_rules pickup_rules = {picked_up, not_accepted, pickup_limit};
static const struct clock_rules resolution_rules = {is_over, is_paused, resolution_limit};

void
sla_derive(const struct sla_move *moves, size_t n_moves, const struct sla_terms *terms, size_t n_terms, msec_t now,
    struct sla_report *r)
{
	struct trace nobody = {0};
	must(n_moves > 0);
	derive(&r->pickup, &pickup_rules, moves, n_moves, terms, n_terms, now, &nobody);
	derive(&r->resolution, &resolution_rules, moves, n_moves, terms, n_terms, now, &nobody);
}

void
sla_trace(const struct sla_move *moves, size_t n_moves, const struct sla_terms *terms, size_t n_terms, msec_t now,
    bool resolution, sla_stretch_fn *fn, void *arg)
{
	struct trace trace = {.fn = fn, .arg = arg};
	struct sla_clock c;
	must(n_moves > 0);
	derive(&c, resolution ? &resolution_rules : &pickup_rules, moves, n_moves, terms, n_terms, now, &trace);
}
