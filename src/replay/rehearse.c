/* rehearse.c — see rehearse.h. */
#include "replay/rehearse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/metric.h"
#include "desk/desk.h"
#include "engine/engine.h"
#include "flow/alert.h"
#include "flow/notice.h"
#include "replay/bench.h"

enum { ALERTS_MAX = 4000, ANSWERS_IN = 12 * 1000, RINGS = 35 * 1000, REPEAT = 4 * 60 * 60 * 1000 };

struct stage {
	const struct rehearse_ask *ask;
	struct rehearsal *out;
	char dir[256];
	struct clock *clock;
	struct loop *loop;
	struct ledger *ledger;
	struct engine *engine;
	VEC(struct coming *) coming;
	struct err *err;
	enum rc rc;
};

/* A receipt on its way. */
struct coming {
	struct stage *stage;
	struct loop_timer timer;
	struct receipt receipt;
	char *key;
};

/* ---- the doors ---- */

static void
arrive(void *arg)
{
	struct coming *c = arg;
	struct buf b = {0};
	c->receipt.key = str_c(c->key);
	c->receipt.at = loop_wall(c->stage->loop);
	record_encode(&receipt_layout, &c->receipt, &b);
	engine_ask(c->stage->engine, MESSAGE_receipt, STR(""), buf_view(&b), NULL, NULL);
	buf_fini(&b);
}

static void
come_back(struct stage *s, struct str key, enum outcome outcome, msec_t in)
{
	struct coming *c = mem_new(struct coming);
	*c = (struct coming){.stage = s,
	    .receipt = {.outcome = (int)outcome, .text = STR("rehearsed")},
	    .key = mem_dup(key.p, key.n)};
	*vec_add(&s->coming) = c;
	loop_timer_set(s->loop, &c->timer, in, arrive, c, "receipt");
}

static void
write_down(struct stage *s, const struct outbox_row *row)
{
	struct arena *a = s->out->arena;
	struct notice n = {0};
	struct err e;
	if (record_decode(&notice_layout, &n, row->body, a, &e) != RC_OK || !str_starts(n.user, STR("user/")))
		return;
	*vec_add(&s->out->pages) = (struct rehearsed_page){.at = loop_wall(s->loop),
	    .channel = arena_str(a, row->channel),
	    .user = arena_str(a, str_from(n.user, 5)),
	    .customer = arena_str(a, n.customer),
	    .why = arena_str(a, n.why),
	    .ticket = n.ticket,
	    .step = n.step};
}

static void
on_send(void *arg, const struct outbox_row *row)
{
	struct stage *s = arg;
	write_down(s, row);
	if (!str_is(row->channel, "call"))
		come_back(s, row->key, OUTCOME_handed_over, SECOND);
	else if (s->ask->nobody_answers)
		come_back(s, row->key, OUTCOME_no_answer, RINGS);
	else
		come_back(s, row->key, OUTCOME_acknowledged, ANSWERS_IN);
}

static void
on_call_back(void *arg, struct str key)
{
	struct stage *s = arg;
	for (size_t i = 0; i < s->coming.n; i++)
		if (str_is(key, s->coming.p[i]->key))
			loop_timer_cancel(s->loop, &s->coming.p[i]->timer);
}

static void
on_tell(void *arg, const struct news *n)
{
}

static void
on_lost(void *arg, const char *why)
{
	struct stage *s = arg;
	s->rc = err_set(s->err, RC_IO, "the rehearsal's ledger was lost: %s", why);
}

/* ---- time ---- */

static void
settle(struct stage *s)
{
	while (loop_turn(s->loop, 0))
		;
}

static void
run_until(struct stage *s, msec_t at)
{
	for (;;) {
		settle(s);
		msec_t now = clock_mono(s->clock) / 1000000, next = loop_next(s->loop),
		       end = now + (at - clock_wall(s->clock));
		if (now >= end)
			return;
		clock_virtual_advance(s->clock, (next < end ? (next > now ? next : now) : end) - now);
	}
}

static void
on_reply(void *arg, const struct reply *r)
{
	struct stage *s = arg;
	if (r->rc != RC_OK && s->rc == RC_OK)
		s->rc = err_set(s->err, (enum rc)r->rc, "%.*s", STR_ARG(r->text));
}

static enum rc
ask(struct stage *s, enum message kind, const struct layout *l, const void *record)
{
	struct buf b = {0};
	record_encode(l, record, &b);
	engine_ask(s->engine, kind, STR("user/rehearsal"), buf_view(&b), on_reply, s);
	settle(s);
	buf_fini(&b);
	return s->rc;
}

/* ---- people ---- */

struct gathering {
	struct arena *arena;
	const struct layout *layout;
	VEC(struct resource) all;
};

static bool
gather(void *arg, const struct resource *r, const void *spec)
{
	struct gathering *g = arg;
	struct buf b = {0};
	record_encode(g->layout, spec, &b);
	*vec_add(&g->all) = (struct resource){.kind = r->kind,
	    .name = r->name,
	    .customer = r->customer,
	    .spec = arena_str(g->arena, buf_view(&b))};
	buf_fini(&b);
	return true;
}

static enum rc
move_in(struct stage *s)
{
	struct gathering g = {.arena = arena_create()};
	for (const struct resource_kind *k = s->ask->kinds; k->name; k++) {
		g.layout = k->layout;
		book_each(s->ask->book, k->name, s->ask->now, gather, &g);
	}
	struct resource_batch batch = {.resources = {g.all.p, g.all.n}};
	enum rc rc = g.all.n ? ask(s, MESSAGE_resources, &resource_batch_layout, &batch) : RC_OK;
	vec_fini(&g.all);
	arena_destroy(&g.arena);
	return rc == RC_OK ? rc : err_add(s->err, "while people and agreements moved into the rehearsal");
}

static enum rc
open_stage(struct stage *s)
{
	struct engine_doors doors = {s, on_send, on_call_back, on_tell, on_lost};
	snprintf(s->dir, sizeof s->dir, "%.200s/rehearsal-XXXXXX", s->ask->folder);
	if (!mkdtemp(s->dir)) {
		s->dir[0] = '\0';
		return err_errno(s->err, "a folder for the rehearsal in %.200s", s->ask->folder);
	}
	s->clock = clock_virtual_create(s->ask->history->from - MINUTE);
	s->loop = loop_create("rehearsal", s->clock);
	enum rc rc = ledger_open(&s->ledger, str_c(s->dir), "rehearsal", clock_wall(s->clock), s->err);
	if (rc == RC_OK)
		rc = engine_create(&s->engine, s->loop, s->ledger, s->ask->conf, s->dir, &doors, s->err);
	return rc == RC_OK ? move_in(s) : rc;
}

static void
close_stage(struct stage *s)
{
	engine_destroy(&s->engine);
	ledger_close(&s->ledger);
	for (size_t i = 0; i < s->coming.n; i++) {
		if (s->loop)
			loop_timer_cancel(s->loop, &s->coming.p[i]->timer);
		mem_free(s->coming.p[i]->key);
		mem_free(s->coming.p[i]);
	}
	vec_fini(&s->coming);
	if (s->loop)
		loop_destroy(&s->loop);
	if (s->clock)
		clock_destroy(&s->clock);
	if (s->dir[0])
		folder_remove(s->dir);
}

/* ---- alerts ---- */

/* An alert begins (or is told again, so that it does not run out) or is over. */
struct moment {
	msec_t at;
	const struct episode *episode;
	bool over;
};
struct moments {
	struct moment *p;
	size_t n, cap;
};

static int
by_time(const void *a, const void *b)
{
	const struct moment *x = a, *y = b;
	return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : (int)x->over - (int)y->over;
}

static void
list_moments(struct stage *s, struct moments *m)
{
	const struct history *h = s->ask->history;
	for (size_t i = 0; i < h->n_episodes; i++) {
		const struct episode *e = &h->episodes[i];
		if (!e->fired_at)
			continue;
		if (s->out->alerts == ALERTS_MAX) {
			s->out->left_out++;
			continue;
		}
		s->out->alerts++;
		*vec_add(m) = (struct moment){e->fired_at, e, false};
		if (e->ended_at)
			*vec_add(m) = (struct moment){e->ended_at, e, true};
	}
	if (m->n)
		qsort(m->p, m->n, sizeof *m->p, by_time);
}

static enum rc
tell(struct stage *s, const struct moment *m)
{
	struct arena *a = arena_create();
	const struct episode *e = m->episode;
	struct alert alert = {
	    .customer = s->ask->history->rules[e->rule].customer,
	    .labels = labels_to_pairs(e->labels, a),
	    .annotations = e->annotations,
	    .starts_at = e->fired_at,
	    .ends_at = m->over       ? e->ended_at
		       : e->ended_at ? e->ended_at + MINUTE
				     : s->ask->history->to + DAY,
	    .received = m->at,
	};
	struct alert_batch batch = {.alerts = {&alert, 1}};
	enum rc rc = ask(s, MESSAGE_alerts, &alert_batch_layout, &batch);
	arena_destroy(&a);
	return rc;
}

/* ---- tickets ---- */

struct looking {
	struct stage *stage;
	bool all; /* for the answer; else those whose alerts are over */
	VEC(int64_t) over;
};

static bool
look_at(void *arg, const struct row *row)
{
	struct looking *l = arg;
	struct ticket t = {0};
	struct err e;
	struct arena *a = l->all ? l->stage->out->arena : arena_create();
	if (record_decode(&ticket_layout, &t, arena_str(a, row->value), a, &e) == RC_OK) {
		bool firing = false, open = t.state != TICKET_CLOSED && t.state != TICKET_REJECTED;
		for (size_t i = 0; i < t.alerts.n; i++)
			firing |= t.alerts.p[i].firing;
		if (l->all)
			*vec_add(&l->stage->out->tickets) = t;
		else if (open && !firing)
			*vec_add(&l->over) = t.number;
	}
	if (!l->all)
		arena_destroy(&a);
	return true;
}

static enum rc
close_tickets(struct stage *s)
{
	struct looking l = {.stage = s};
	enum rc rc = ledger_scan(s->ledger, STR("ticket"), look_at, &l, s->err);
	for (size_t i = 0; rc == RC_OK && i < l.over.n; i++) {
		struct ticket_change c = {
		    .number = l.over.p[i], .verb = VERB_CLOSE, .text = STR("its last alert is over")};
		rc = ask(s, MESSAGE_ticket_change, &ticket_change_layout, &c);
	}
	vec_fini(&l.over);
	return rc;
}

/* ---- the door ---- */

static int
by_number(const void *a, const void *b)
{
	const struct ticket *x = a, *y = b;
	return (x->number > y->number) - (x->number < y->number);
}

static enum rc
play(struct stage *s)
{
	struct moments m = {0};
	enum rc rc = RC_OK;
	list_moments(s, &m);
	for (size_t i = 0; rc == RC_OK && i < m.n; i++) {
		run_until(s, m.p[i].at);
		rc = tell(s, &m.p[i]);
		if (rc == RC_OK && m.p[i].over)
			rc = close_tickets(s);
	}
	if (rc == RC_OK && m.n) {
		run_until(s, m.p[m.n - 1].at + REPEAT < s->ask->history->to ? m.p[m.n - 1].at + REPEAT
									    : s->ask->history->to);
		rc = s->rc;
	}
	struct looking l = {.stage = s, .all = true};
	if (rc == RC_OK)
		rc = ledger_scan(s->ledger, STR("ticket"), look_at, &l, s->err);
	if (s->out->tickets.n)
		qsort(s->out->tickets.p, s->out->tickets.n, sizeof *s->out->tickets.p, by_number);
	vec_fini(&m);
	return rc;
}

enum rc
rehearse(const struct rehearse_ask *a, struct rehearsal **out, struct err *e)
{
	struct err own;
	struct stage s = {.ask = a, .out = mem_new(struct rehearsal), .err = e ? e : &own};
	s.out->arena = arena_create();
	metric_mute(true);
	enum rc rc = open_stage(&s);
	if (rc == RC_OK)
		rc = play(&s);
	close_stage(&s);
	metric_mute(false);
	*out = s.out;
	if (rc != RC_OK)
		rehearsal_destroy(out);
	return rc;
}

void
rehearsal_destroy(struct rehearsal **pr)
{
	if (!*pr)
		return;
	vec_fini(&(*pr)->tickets);
	vec_fini(&(*pr)->pages);
	arena_destroy(&(*pr)->arena);
	mem_free(*pr);
	*pr = NULL;
}
