/*
 * far.c — groups whose rules are asked of a cluster (metrics.remote.query): asked on the loop, evaluated when all have an answer.
 *
 *     begun --questions, some at a time--> --the last answer--> evaluated
 *
 * IDEA   What a rule writes comes to the cluster by remote write, later than the rule behind it is asked: so the order within a group
 *        counts for nothing, and all of its rules are asked as of the same moment, side by side.
 * [R1]   A question that the cluster cannot answer leaves its rule's alerts as they are: nothing ends because nobody knows.
 * TRAP   A rule may ask up to four things (keep.c): when one of them has no answer the rule has none.
 */
#include "base/log.h"
#include "base/time.h"
#include "rule/group.h"

enum { SIDE_BY_SIDE = 8, AWAY_FOR = 60 * 1000, AWAY_RESEND = 60 * 1000, AWAY_LASTS = 10 * 60 * 1000 };

struct question {
	struct far *far;
	const struct rule *rule;
	struct answer *answer;
	struct str text;            /* in the rule, which stays while it is asked, or in far.arena */
	struct promql_result **to;
	void *asked; /* under way */
	nsec_t since;
};

struct far {
	struct group *group;
	msec_t at, began;
	bool timed;
	struct answer *answers; /* of each rule */
	size_t n;
	VEC(struct question) questions;
	struct arena *arena; /* of texts that no rule has */
	size_t next, running; /* the first that is not asked yet; under way */
};

bool
group_is_far(const struct group *g)
{
	const struct rules *r = g->rules;
	bool wanted = g->conf->query == ASKED_REMOTE || (g->conf->query == ASKED_DEFAULT && g->conf->evaluate != EVALUATE_ON_ARRIVAL);
	return wanted && r->doors.far.ask && r->conf->root->metrics.remote.query;
}

/* ---- telling that nobody answers ---- */

static void
tell(struct rules *r, msec_t now, bool over)
{
	struct arena *a = arena_create();
	char since[TIME_TEXT];
	struct pair labels[] = {{STR("alertname"), STR("TocsinClusterAway")}, {STR("severity"), STR("critical")}};
	struct pair note = {STR("summary"),
	    arena_fmt(a, "Rules have not been evaluated since %s, and alerts stay as they are: %s", time_rfc3339(r->away.since, since), r->away.why)};
	struct alert alert = {.labels = {labels, 2}, .annotations = {&note, 1}, .starts_at = r->away.since, .ends_at = over ? now : now + AWAY_LASTS, .received = now};
	struct alert_batch batch = {.alerts = {&alert, 1}};
	r->doors.alerts(r->doors.arg, &batch);
	arena_destroy(&a);
}

static void
note_away(struct rules *r, const char *why)
{
	msec_t now = loop_wall(r->loop);
	if (!r->away.since) {
		log_warn("rule", "%s; rules that ask it are not evaluated until it answers, and their alerts stay as they are", why);
		r->away.since = now;
	}
	snprintf(r->away.why, sizeof r->away.why, "%.290s", why);
	if (now - r->away.since < AWAY_FOR || (r->away.told && now - r->away.told < AWAY_RESEND))
		return;
	tell(r, now, false);
	r->away.told = now;
}

static void
note_back(struct rules *r)
{
	if (r->away.since)
		log_info("rule", "the cluster that rules are asked of answers again");
	if (r->away.told)
		tell(r, loop_wall(r->loop), true);
	r->away.since = r->away.told = 0;
}

/* ---- asking ---- */

static void
far_free(struct far *f)
{
	struct rule_far *door = &f->group->rules->doors.far;
	for (size_t i = 0; i < f->questions.n; i++)
		if (f->questions.p[i].asked)
			door->cancel(door->arg, &f->questions.p[i].asked);
	for (size_t i = 0; i < f->n; i++)
		answer_fini(&f->answers[i]);
	vec_fini(&f->questions);
	arena_destroy(&f->arena);
	mem_free(f->answers);
	mem_free(f);
}

static void
evaluate(struct far *f)
{
	struct group *g = f->group;
	bool timed = f->timed;
	msec_t began = f->began;
	g->far = NULL;
	group_evaluate(g, f->at, f->answers);
	far_free(f);
	group_over(g, timed, began);
}

static void ask_more(struct far *);

static void
answered(void *arg, enum rc rc, const char *why, struct promql_result *take)
{
	struct question *q = arg;
	struct far *f = q->far;
	struct answer *a = q->answer;
	q->asked = NULL;
	f->running--;
	*q->to = take;
	a->seconds += (double)(clock_mono(clock_real()) - q->since) / 1e9;
	if (q->to == &a->result)
		rule_log(f->group, q->rule, f->at - f->group->conf->query_offset, take, q->since, rc == RC_OK ? NULL : why);
	if (rc != RC_OK && a->rc == RC_OK)
		a->rc = err_set(&a->err, rc, "%.900s", why);
	if (rc == RC_IO || rc == RC_TIMEOUT)
		note_away(f->group->rules, why);
	else
		note_back(f->group->rules);
	ask_more(f);
}

static void
ask_more(struct far *f)
{
	struct group *g = f->group;
	struct rule_far *door = &g->rules->doors.far;
	struct arena *a = arena_create();
	while (f->next < f->questions.n && f->running < SIDE_BY_SIDE) {
		struct question *q = &f->questions.p[f->next++];
		q->since = clock_mono(clock_real());
		struct rule_far_question what = {g->rules->conf, g->tenant, q->text, f->at - g->conf->query_offset, rule_print(q->rule), rule_what(q->rule, a)};
		q->asked = door->ask(door->arg, &what, answered, q);
		f->running++;
	}
	arena_destroy(&a);
	if (!f->running)
		evaluate(f);
}

static void
add_question(struct far *f, size_t i, struct str text, struct promql_result **to)
{
	if (text.n)
		*vec_add(&f->questions) = (struct question){.far = f, .rule = &f->group->members.p[i], .answer = &f->answers[i], .text = text, .to = to};
}

/* What there was in the day before, after a start; one answer has no moments, so what has gone is known for a day from now. */
static struct str
past_of(const struct far *f, const struct rule *r)
{
	return arena_fmt(f->arena, "last_over_time((%.*s)[1d:5m])", STR_ARG(r->texts.looked_at));
}

static void
add_rule(struct far *f, size_t i)
{
	struct rule *r = &f->group->members.p[i];
	struct answer *a = &f->answers[i];
	a->asked = a->far = true;
	if (rule_is_barred(r) || (a->rc = rule_prepare(f->group, r, f->at, &a->err)) != RC_OK)
		return;
	add_question(f, i, r->texts.expr, &a->result);
	add_question(f, i, r->texts.looked_at, &a->looked_at);
	add_question(f, i, r->texts.resolve, &a->resolve);
	if (r->conf->on_no_data == NO_DATA_FIRE && !r->known)
		add_question(f, i, past_of(f, r), &a->past);
}

void
far_begin(struct group *g, msec_t at, bool timed, msec_t began)
{
	struct far *f = mem_new(struct far);
	*f = (struct far){.group = g, .at = at, .began = began, .timed = timed, .n = g->members.n, .arena = arena_create()};
	f->answers = mem_zalloc((f->n + 1) * sizeof *f->answers);
	g->far = f;
	pthread_mutex_lock(&g->rules->lock);
	for (size_t i = 0; i < f->n; i++)
		add_rule(f, i);
	pthread_mutex_unlock(&g->rules->lock);
	ask_more(f);
}

void
far_stop(struct group *g)
{
	struct far *f = g->far;
	if (!f)
		return;
	g->far = NULL;
	far_free(f);
	g->again = true; /* for whoever goes on with it */
}
