/*
 * group.c — groups and their moments.
 *
 * IDEA   As with targets, a group's moment within its interval comes from the hash of its key.  With `evaluate:
 *        on_arrival` each selector of its rules is watched: the first sample that comes in runs the group, at most every
 *        250 ms.
 */
#include <string.h>

#include "base/log.h"
#include "base/must.h"
#include "base/time.h"
#include "rule/group.h"

enum { ARRIVAL_PAUSE = 250 };

static void on_due(void *arg);

/* ---- making ---- */

static void
rule_fini(struct rule *r)
{
	promql_destroy(&r->expr);
	promql_destroy(&r->resolve);
	promql_destroy(&r->looked_at);
	arena_destroy(&r->texts_arena);
	rule_forget(r);
	instances_fini(&r->instances);
	map_each(r->outputs, e)
		mem_free(e->value);
	map_destroy(&r->outputs);
}

static bool
same_texts(const struct rule_texts *a, const struct rule_texts *b)
{
	return str_eq(a->expr, b->expr) && str_eq(a->resolve, b->resolve) && str_eq(a->looked_at, b->looked_at);
}

static enum rc
parse_if(struct str text, struct promql **out, struct err *e)
{
	return text.n ? promql_parse(text, out, e) : RC_OK;
}

enum rc
rule_prepare(struct group *g, struct rule *r, msec_t at, struct err *e)
{
	struct promql *expr = NULL, *resolve = NULL, *looked_at = NULL;
	struct rule_texts t;
	if (r->expr && !r->conf->comparison) /* of a comparison alone the moment matters */
		return RC_OK;
	struct arena *a = arena_create();
	enum rc rc = rule_compile(r->conf, g->conf->customer, &g->rules->doors.calendar, at, a, &t, e);
	if (rc == RC_OK && r->expr && same_texts(&t, &r->texts)) {
		arena_destroy(&a);
		return RC_OK;
	}
	if (rc == RC_OK)
		rc = promql_parse(t.expr, &expr, e);
	if (rc == RC_OK)
		rc = parse_if(t.resolve, &resolve, e);
	if (rc == RC_OK)
		rc = parse_if(t.looked_at, &looked_at, e);
	if (rc != RC_OK) {
		promql_destroy(&expr);
		promql_destroy(&resolve);
		arena_destroy(&a);
		return rc;
	}
	promql_destroy(&r->expr);
	promql_destroy(&r->resolve);
	promql_destroy(&r->looked_at);
	arena_destroy(&r->texts_arena);
	r->expr = expr;
	r->resolve = resolve;
	r->looked_at = looked_at;
	r->texts_arena = a;
	r->texts = t;
	return RC_OK;
}

static enum rc
add_rule(struct group *g, const struct conf_rule *c, struct err *e)
{
	struct rule *r = vec_add(&g->members);
	struct str name = c->alert.n ? c->alert : c->record;
	r->conf = c;
	r->key = arena_fmt(g->arena, "%.*s/%zu/%.*s", STR_ARG(g->key), g->members.n, STR_ARG(name));
	instances_init(&r->instances);
	r->outputs = map_create();
	enum rc rc = rule_prepare(g, r, loop_wall(g->rules->loop), e);
	return rc == RC_OK ? rc : err_add(e, "in rule \"%.*s\" of group \"%.*s\"", STR_ARG(name), STR_ARG(g->conf->name));
}

enum rc
group_create(struct rules *rules, const struct conf_rules *file, const struct conf_rule_group *c, msec_t fallback, struct group **out,
    struct err *e)
{
	struct group *g = mem_new(struct group);
	g->rules = rules;
	g->conf = c;
	g->arena = arena_create();
	g->file = file->file;
	g->key = arena_fmt(g->arena, "%.*s;%.*s", STR_ARG(file->file), STR_ARG(c->name));
	g->tenant = rules->doors.tenant.n ? rules->doors.tenant : c->customer.n ? c->customer : STR("default");
	g->interval = c->interval ? c->interval : fallback;
	g->arrival = mem_new(struct arrival);
	g->arrival->group = g;
	g->arrival->refs = 1;
	enum rc rc = RC_OK;
	for (size_t i = 0; i < c->rules.n && rc == RC_OK; i++)
		rc = add_rule(g, &c->rules.p[i], e);
	if (rc != RC_OK)
		group_destroy(&g);
	*out = g;
	return rc;
}

static void
arrival_unref(struct arrival *a)
{
	if (atomic_fetch_sub(&a->refs, 1) == 1)
		mem_free(a);
}

void
group_destroy(struct group **pg)
{
	struct group *g = *pg;
	if (!g)
		return;
	group_stop(g);
	loop_timer_cancel(g->rules->loop, &g->timer);
	loop_timer_cancel(g->rules->loop, &g->soon);
	for (size_t i = 0; i < g->watches.n; i++)
		tsdb_watch_destroy(g->rules->db, &g->watches.p[i]);
	vec_fini(&g->watches);
	g->arrival->group = NULL;
	arrival_unref(g->arrival);
	for (size_t i = 0; i < g->members.n; i++)
		rule_fini(&g->members.p[i]);
	vec_fini(&g->members);
	vec_fini(&g->held_back);
	vec_fini(&g->held_histograms);
	arena_destroy(&g->held_arena);
	arena_destroy(&g->arena);
	mem_free(g);
	*pg = NULL;
}

/* ---- time ---- */

static msec_t
moment_after(const struct group *g, msec_t t)
{
	msec_t due = t - t % g->interval + (msec_t)(str_hash(g->key) % (uint64_t)g->interval);
	while (due <= t)
		due += g->interval;
	return due;
}

/* The moment behind `began`; when it has passed meanwhile, since the group took so long, the latest of those that have. */
static void
sleep_until_next(struct group *g, msec_t began)
{
	msec_t now = loop_wall(g->rules->loop);
	g->expected = g->due = moment_after(g, began < now ? began : now);
	if (g->due <= now)
		g->due = moment_after(g, now) - g->interval;
	loop_timer_set(g->rules->loop, &g->timer, g->due > now ? g->due - now : 0, on_due, g, "rule group");
}

static void
on_due(void *arg)
{
	struct group *g = arg;
	msec_t now = loop_wall(g->rules->loop);
	if (group_is_asking(g)) { /* a sample has just arrived */
		g->again = true;
		sleep_until_next(g, now);
		return;
	}
	group_note_late(g, g->expected, now);
	group_begin(g, now < g->due ? now : g->due, true);
}

/* ---- arrival ---- */

static void
on_arrival(void *arg)
{
	struct group *g = arg;
	g->arrival->told = false;
	g->again = group_is_asking(g);
	if (!g->again)
		group_begin(g, loop_wall(g->rules->loop), false);
}

void
group_over(struct group *g, bool timed, msec_t began)
{
	if (timed)
		sleep_until_next(g, began);
	if (!g->again)
		return;
	g->again = false;
	group_begin(g, loop_wall(g->rules->loop), false);
}

static void
arrived(void *arg)
{
	struct arrival *a = arg;
	struct group *g = a->group;
	if (g) {
		msec_t wait = g->last_run + ARRIVAL_PAUSE - loop_wall(g->rules->loop);
		if (wait > ARRIVAL_PAUSE) /* the wall clock was set back */
			wait = ARRIVAL_PAUSE;
		loop_timer_set(g->rules->loop, &g->soon, wait > 0 ? wait : 0, on_arrival, g, "rule group on arrival");
	}
	arrival_unref(a);
}

/* On the appending thread: the loop is told once until it has looked. */
static void
sample_came(void *arg)
{
	struct group *g = arg;
	struct arrival *a = g->arrival;
	if (atomic_exchange(&a->told, true))
		return;
	a->refs++;
	if (loop_post(g->rules->loop, arrived, a, "samples arrived"))
		return;
	a->told = false;
	arrival_unref(a);
}

static void
watch_selector(void *arg, const struct matchers *m)
{
	struct group *g = arg;
	*vec_add(&g->watches) = tsdb_watch_create(g->rules->db, g->tenant, m, sample_came, g);
}

void
group_start(struct group *g)
{
	if (g->conf->evaluate == EVALUATE_ON_ARRIVAL)
		for (size_t i = 0; i < g->members.n; i++)
			promql_each_selector(g->members.p[i].expr, watch_selector, g);
	sleep_until_next(g, loop_wall(g->rules->loop));
}
