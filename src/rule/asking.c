/*
 * asking.c — what a group's rules ask is asked on a thread of the pool, while the loop does other things.
 *
 * IDEA   A rule may be asked ahead when it does not look at what a rule before it in the same group writes; the others are asked when
 *        their turn comes, on the loop.  They see what those before them wrote, also in an atomic group, where it is not stored yet.
 * [A1]   While a group is asked its rules stay as they are: who changes or ends the group waits first.
 */
#include <string.h>

#include "rule/group.h"

struct asking {
	struct pool_job job; /* first */
	struct group *group; /* NULL: it has gone */
	msec_t at, began;
	bool timed;
	volatile bool cancel;
	struct answer *answers; /* of each rule */
	size_t n;
};

/* ---- who may be asked ahead ---- */

struct looking {
	const struct group *group;
	size_t before; /* the rules up to here, without it */
	bool depends;
};

static bool
writes(const struct rule *r, struct str name)
{
	if (r->conf->alert.n)
		return str_is(name, "ALERTS") || str_is(name, "ALERTS_FOR_STATE");
	return str_eq(name, r->conf->record);
}

static void
look_at(void *arg, const struct matchers *ms)
{
	struct looking *l = arg;
	struct str name = {0};
	for (size_t i = 0; i < ms->n; i++)
		if (ms->p[i].op == MATCH_EQ && str_is(ms->p[i].name, LABEL_METRIC))
			name = ms->p[i].value;
	for (size_t i = 0; i < l->before; i++)
		l->depends |= !name.n || writes(&l->group->members.p[i], name);
}

static bool
may_go_ahead(const struct group *g, size_t i)
{
	struct looking l = {g, i};
	promql_each_selector(g->members.p[i].expr, look_at, &l);
	return !l.depends;
}

/* ---- asking ---- */

static void
ask_all(struct pool_job *job)
{
	struct asking *a = (struct asking *)job;
	for (size_t i = 0; i < a->n && !a->cancel; i++) {
		struct rule *r = &a->group->members.p[i];
		if (r->ahead && !rule_is_barred(r))
			rule_ask(a->group, r, a->at, &a->cancel, &a->answers[i]);
	}
}

static void
asking_free(struct asking *a)
{
	for (size_t i = 0; i < a->n; i++)
		answer_fini(&a->answers[i]);
	mem_free(a->answers);
	mem_free(a);
}

static void
asked(struct pool_job *job)
{
	struct asking *a = (struct asking *)job;
	struct group *g = a->group;
	bool timed = a->timed;
	msec_t began = a->began;
	if (g) {
		g->asking = NULL;
		group_evaluate(g, a->at, a->answers);
	}
	asking_free(a);
	if (g)
		group_over(g, timed, began);
}

/* A rule that cannot be compiled says so when its turn comes. */
static void
prepare(struct group *g, msec_t at)
{
	struct err e;
	pthread_mutex_lock(&g->rules->lock);
	for (size_t i = 0; i < g->members.n; i++) {
		struct rule *r = &g->members.p[i];
		r->ahead = rule_prepare(g, r, at, &e) == RC_OK && may_go_ahead(g, i);
	}
	pthread_mutex_unlock(&g->rules->lock);
}

void
group_begin(struct group *g, msec_t at, bool timed)
{
	msec_t began = loop_wall(g->rules->loop);
	if (group_is_far(g)) {
		far_begin(g, at, timed, began);
		return;
	}
	if (!g->rules->pool) {
		group_evaluate(g, at, NULL);
		group_over(g, timed, began);
		return;
	}
	struct asking *a = mem_new(struct asking);
	prepare(g, at);
	*a = (struct asking){.job = {.run = ask_all, .done = asked}, .group = g, .at = at, .began = began, .timed = timed, .n = g->members.n};
	a->answers = mem_zalloc((a->n + 1) * sizeof *a->answers);
	g->asking = a;
	pool_hand_in(g->rules->pool, &a->job);
}

void
group_stop(struct group *g)
{
	struct asking *a = g->asking;
	far_stop(g);
	if (!a)
		return;
	a->cancel = true;
	pool_wait(g->rules->pool, &a->job); /* [A1] */
	a->group = NULL;
	g->asking = NULL;
	g->again = true; /* for whoever goes on with it */
}
