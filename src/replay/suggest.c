/* suggest.c — see suggest.h. */
#include "replay/suggest.h"

#include <string.h>

#include "base/time.h"

enum { SHORT = 5 * 60 * 1000, OFTEN = 5 };

const char *const suggest_findings[] = {
    "never fired", "always fires", "flaps", "is over by itself within five minutes", NULL};

/* What the episodes of one rule have in common. */
struct picture {
	size_t fired, brief,
	    soon; /* brief: over within SHORT; soon: began again within SHORT of its own end */
	msec_t longest_brief, longest_gap;
};

static struct picture
look(const struct history *h, size_t rule)
{
	struct picture p = {0};
	for (size_t i = 0; i < h->n_episodes; i++) {
		const struct episode *e = &h->episodes[i];
		if (e->rule != rule || !e->fired_at)
			continue;
		p.fired++;
		if (e->ended_at && e->ended_at - e->fired_at < SHORT) {
			p.brief++;
			p.longest_brief = e->ended_at - e->fired_at > p.longest_brief
					      ? e->ended_at - e->fired_at
					      : p.longest_brief;
		}
		for (size_t k = i + 1;
		     e->ended_at && k < h->n_episodes && h->episodes[k].pending_at - e->ended_at < SHORT;
		     k++) {
			const struct episode *next = &h->episodes[k];
			if (next->rule != rule || next->pending_at < e->ended_at ||
			    !labels_eq(next->labels, e->labels))
				continue;
			msec_t gap = next->pending_at - e->ended_at;
			p.soon++;
			p.longest_gap = gap > p.longest_gap ? gap : p.longest_gap;
			break;
		}
	}
	return p;
}

/* ---- trying a change ---- */

/* One rule alone, with other times. */
static enum rc
try_times(const struct history_ask *ask, const struct history_rule *r, msec_t for_, msec_t keep,
    int64_t *fired, struct err *e)
{
	struct history_ask again = *ask;
	struct history *h = NULL;
	struct arena *a = arena_create();
	struct conf_rules *files = arena_array(a, struct conf_rules, ask->n_files + 1);
	memcpy(files, ask->files, ask->n_files * sizeof *files);
	for (size_t i = 0; i < ask->n_files; i++) {
		struct conf_rule_group *groups =
		    arena_array(a, struct conf_rule_group, files[i].groups.n + 1);
		for (size_t k = 0; k < files[i].groups.n; k++) {
			groups[k] = files[i].groups.p[k];
			struct conf_rule *rules = arena_array(a, struct conf_rule, groups[k].rules.n + 1);
			for (size_t m = 0; m < groups[k].rules.n; m++) {
				rules[m] = groups[k].rules.p[m];
				if (str_eq(rules[m].alert, r->name) && str_eq(groups[k].name, r->group)) {
					rules[m].for_ = for_;
					rules[m].keep_firing_for = keep;
				}
			}
			groups[k].rules.p = rules;
		}
		files[i].groups.p = groups;
	}
	struct str name = r->name;
	again.files = files;
	again.only = (struct strs){&name, 1};
	enum rc rc = history_run(&again, &h, e);
	*fired = 0;
	for (size_t i = 0; rc == RC_OK && i < h->n_rules; i++)
		if (str_eq(h->rules[i].name, r->name) && str_eq(h->rules[i].group, r->group))
			*fired += (int64_t)h->rules[i].fired;
	history_destroy(&h);
	arena_destroy(&a);
	return rc;
}

static struct str
times_text(struct arena *a, const char *key, msec_t t)
{
	struct buf b = {0};
	buf_fmt(&b, "%s: ", key);
	duration_print(&b, t);
	struct str s = arena_str(a, buf_view(&b));
	buf_fini(&b);
	return s;
}

/* Up to the next full minute. */
static msec_t
rounded(msec_t t)
{
	return (t / MINUTE + 1) * MINUTE;
}

/* ---- findings ---- */

static struct suggestion *
add(struct suggestions *s, const struct history_rule *r, enum finding f, struct str text)
{
	struct suggestion *x = vec_add(&s->list);
	*x = (struct suggestion){.rule = r, .finding = f, .text = text, .fired_then = -1};
	return x;
}

static enum rc
judge_often(const struct history_ask *ask, struct suggestions *s, const struct history_rule *r,
    const struct picture *p, struct err *e)
{
	struct arena *a = s->history->arena;
	if (p->soon >= OFTEN && p->soon * 2 >= p->fired) {
		msec_t keep =
		    rounded(p->longest_gap > r->keep_firing_for ? p->longest_gap : r->keep_firing_for);
		struct suggestion *x = add(s, r, FLAPS,
		    arena_fmt(a, "%zu of %zu times it began again within five minutes of its end", p->soon,
			p->fired));
		x->change = times_text(a, "keep_firing_for", keep);
		return try_times(ask, r, r->for_, keep, &x->fired_then, e);
	}
	if (p->brief >= OFTEN && p->brief * 2 >= p->fired) {
		msec_t longer = rounded(r->for_ + p->longest_brief);
		struct suggestion *x = add(s, r, SHORT_LIVED,
		    arena_fmt(
			a, "%zu of %zu times it was over by itself within five minutes", p->brief, p->fired));
		x->change = times_text(a, "for", longer);
		return try_times(ask, r, longer, r->keep_firing_for, &x->fired_then, e);
	}
	return RC_OK;
}

static enum rc
judge(const struct history_ask *ask, struct suggestions *s, size_t rule, struct err *e)
{
	const struct history *h = s->history;
	const struct history_rule *r = &h->rules[rule];
	struct picture p = look(h, rule);
	bool alert = false;
	for (size_t i = 0; i < ask->n_files; i++)
		for (size_t k = 0; k < ask->files[i].groups.n; k++)
			for (size_t m = 0; m < ask->files[i].groups.p[k].rules.n; m++)
				alert |= str_eq(ask->files[i].groups.p[k].rules.p[m].alert, r->name);
	if (!alert || r->trouble.n)
		return RC_OK;
	if (!p.fired) {
		add(s, r, NEVER_FIRED,
		    r->episodes ? arena_fmt(h->arena, "it was pending %zu times and never held long enough",
				      r->episodes)
				: STR("its expression never held: does the series exist, and is the "
				      "threshold in reach?"));
		return RC_OK;
	}
	if (r->firing >= (h->to - h->from) * 9 / 10) {
		add(s, r, ALWAYS_FIRES,
		    arena_fmt(h->arena, "it fired for %.0f %% of the time: nobody reads it any more",
			100.0 * (double)r->firing / (double)(h->to - h->from)));
		return RC_OK;
	}
	return judge_often(ask, s, r, &p, e);
}

enum rc
suggest_run(const struct history_ask *ask, struct suggestions **out, struct err *e)
{
	struct suggestions *s = mem_new(struct suggestions);
	enum rc rc = history_run(ask, &s->history, e);
	for (size_t i = 0; rc == RC_OK && i < s->history->n_rules; i++)
		rc = judge(ask, s, i, e);
	*out = s;
	if (rc != RC_OK)
		suggestions_destroy(out);
	return rc;
}

void
suggestions_destroy(struct suggestions **ps)
{
	if (!*ps)
		return;
	history_destroy(&(*ps)->history);
	vec_fini(&(*ps)->list);
	mem_free(*ps);
	*ps = NULL;
}
