/*
 * history.c — see history.h.
 *
 * [H1]   Steps are the multiples of the group's interval, as promtool and a fresh start would have them.
 * TRAP   A piece that needs more samples than a query may hold is asked for again in halves, down to one step.
 */
#include "replay/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "promql/promql.h"
#include "replay/bench.h"
#include "replay/vanished.h"
#include "rule/compile.h"
#include "rule/keep.h"
#include "tmpl/tmpl.h"

enum { PIECE = 4000, STEPS_MAX = 20000000, EPISODES_MAX = 200000, CELLS = 8000000 };

struct runner {
	const struct history_ask *ask;
	struct history *h;
	struct tmpl_set *templates;
	struct store store; /* of recorded series; opened when the first one is written */
	VEC(struct str) recorded;
	VEC(struct history_rule) rules;
	VEC(struct episode) episodes;
	struct err *err;
};

/* One rule on its way through time. */
struct walk {
	struct runner *run;
	const struct conf_rule_group *group;
	const struct conf_rule *rule;
	struct rule_texts texts;
	struct arena *texts_arena;
	struct promql *expr, *resolve, *looked_at;
	struct map *present, *recovered; /* of this piece: core labels -> struct promql_series */
	struct vanished *vanished;       /* NULL: what is not there does not fire */
	size_t number;
	msec_t interval;
	struct str tenant;
	struct instances instances;
	struct map *open; /* labels -> place of its episode, plus one */
	size_t piece;
};

/* A series of a piece, and how far it has been looked at. */
struct lane {
	const struct promql_series *series;
	size_t next;
	struct labels labels; /* of the alert, where they do not depend on the value */
};

static struct strs
tenants_of(const struct walk *w)
{
	return w->group->customer.n ? (struct strs){(struct str *)&w->tenant, 1} : w->run->ask->tenants;
}

/* ---- texts ---- */

static struct str
expand(const struct walk *w, struct str text, struct labels series, double v, msec_t at, struct arena *a)
{
	if (!str_has(text, STR("{{")))
		return text;
	struct tmpl_env env = {.now = at, .external_url = w->run->ask->external_url};
	struct value data = tmpl_alert_data(
	    labels_to_pairs(series, a), w->run->ask->external_labels, w->run->ask->external_url, v, a);
	struct buf b = {0};
	struct err e;
	if (tmpl_expand(w->run->templates, text, &data, &env, &b, &e) != RC_OK) {
		buf_clear(&b);
		buf_fmt(&b, "<error expanding template: %s>", e.text);
	}
	struct str s = arena_str(a, buf_view(&b));
	buf_fini(&b);
	return s;
}

static bool
labels_vary(const struct walk *w)
{
	for (size_t i = 0; i < w->rule->labels.n; i++)
		if (str_has(w->rule->labels.p[i].value, STR("{{")))
			return true;
	return false;
}

static struct labels
output_labels(const struct walk *w, struct labels series, double v, msec_t at, struct arena *a)
{
	struct label_builder b = {0};
	bool alert = w->rule->alert.n > 0;
	label_builder_start(&b, series);
	label_builder_del(&b, STR(LABEL_METRIC));
	for (size_t i = 0; i < w->group->labels.n; i++)
		label_builder_set(&b, w->group->labels.p[i].name, w->group->labels.p[i].value);
	for (size_t i = 0; i < w->rule->labels.n; i++)
		label_builder_set(&b, w->rule->labels.p[i].name,
		    alert ? expand(w, w->rule->labels.p[i].value, series, v, at, a)
			  : w->rule->labels.p[i].value);
	label_builder_set(
	    &b, alert ? STR("alertname") : STR(LABEL_METRIC), alert ? w->rule->alert : w->rule->record);
	struct labels ls = label_builder_done(&b, a);
	label_builder_fini(&b);
	return ls;
}

/* ---- episodes ---- */

static struct pairs
annotations_of(const struct walk *w, const struct lane *l, double v, msec_t at)
{
	struct arena *a = w->run->h->arena;
	struct pairs from = w->rule->annotations, p = {arena_array(a, struct pair, from.n + 1), from.n};
	for (size_t i = 0; i < from.n; i++)
		p.p[i] = (struct pair){arena_str(a, from.p[i].name),
		    arena_str(a, expand(w, from.p[i].value, l->series->labels, v, at, a))};
	return p;
}

static struct episode *
episode_of(struct walk *w, const struct instance *in)
{
	size_t place = (size_t)map_get(w->open, in->labels.bytes);
	return place ? &w->run->episodes.p[place - 1] : NULL;
}

static void
begin_episode(struct walk *w, const struct instance *in, const struct lane *l, msec_t at)
{
	if (w->run->episodes.n >= EPISODES_MAX)
		return;
	struct episode *ep = vec_add(&w->run->episodes);
	*ep = (struct episode){.rule = w->number,
	    .labels = labels_copy(in->labels, w->run->h->arena),
	    .pending_at = at,
	    .value = in->value};
	ep->annotations = annotations_of(w, l, in->value, at);
	map_put(w->open, in->labels.bytes, (void *)w->run->episodes.n);
	w->run->rules.p[w->number].episodes++;
}

static void
note_change(struct walk *w, const struct instance *in, msec_t at)
{
	struct episode *ep = episode_of(w, in);
	struct history_rule *r = &w->run->rules.p[w->number];
	if (!ep || ep->ended_at)
		return;
	if (in->state == INSTANCE_FIRING && !ep->fired_at) {
		ep->fired_at = at;
		ep->value = in->value;
		r->fired++;
	}
	if (in->state == INSTANCE_RESOLVED) {
		ep->ended_at = at;
		if (ep->fired_at)
			r->firing += at - ep->fired_at;
	}
}

/* ---- what outlives its expression ---- */

struct asking {
	struct walk *walk;
	struct arena *arena;
	msec_t at;
};

static bool
has_point(const struct map *m, struct str core, msec_t at)
{
	const struct promql_series *s = map_get(m, core);
	size_t low = 0, high = s ? s->n : 0;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (s->points[mid].t < at)
			low = mid + 1;
		else
			high = mid;
	}
	return s && low < s->n && s->points[low].t == at;
}

static bool
stays(void *arg, struct instance *in)
{
	struct asking *k = arg;
	const struct walk *w = k->walk;
	struct str core = rule_core(w->group, w->rule, in->labels, k->arena);
	return rule_stays(
	    w->rule, in, has_point(w->present, core, k->at), has_point(w->recovered, core, k->at), k->at);
}

static void
index_series(const struct walk *w, const struct promql_result *r, struct map *m)
{
	struct arena *a = arena_create();
	for (size_t i = 0; i < r->n; i++)
		map_put(m, rule_core(w->group, w->rule, r->series[i].labels, a), &r->series[i]);
	arena_destroy(&a);
}

/* ---- one step ---- */

static void
hold(struct walk *w, struct lane *l, msec_t at, bool vary, struct arena *a)
{
	double v = l->series->points[l->next].v;
	struct labels ls = vary ? output_labels(w, l->series->labels, v, at, a) : l->labels;
	struct instance *in = instances_hold(&w->instances, ls, v, at);
	struct episode *ep = episode_of(w, in);
	if (!ep || ep->ended_at)
		begin_episode(w, in, l, at);
	else if (in->state == INSTANCE_PENDING && w->rule->annotations.n &&
		 at - in->active_at >= w->rule->for_)
		ep->annotations = annotations_of(w, l, v, at); /* it fires now */
}

/* What has vanished holds, at the moment that is under way. */
struct missing {
	struct walk *walk;
	struct arena *arena;
	msec_t at;
	bool vary;
};

static void
hold_missing(void *arg, struct labels ls, double v)
{
	struct missing *m = arg;
	struct promql_point point = {m->at, v};
	struct promql_series s = {ls, &point, 1};
	struct lane lane = {.series = &s};
	if (!m->vary)
		lane.labels = output_labels(m->walk, ls, 0, 0, m->arena);
	hold(m->walk, &lane, m->at, m->vary, m->arena);
}

static void
step(struct walk *w, struct lane *lanes, size_t n, msec_t at, bool vary, struct arena *a)
{
	const struct conf_flapping *f = w->rule->flapping;
	struct rule_times times = {
	    w->rule->for_, w->rule->keep_firing_for, f ? (size_t)f->changes : 0, f ? f->within : 0};
	struct asking asking = {w, a, at};
	instances_begin(&w->instances);
	for (size_t i = 0; i < n; i++) {
		struct lane *l = &lanes[i];
		if (l->next >= l->series->n || l->series->points[l->next].t != at)
			continue;
		hold(w, l, at, vary, a);
		l->next++;
	}
	if (w->vanished)
		vanished_step(w->vanished, at, hold_missing, &(struct missing){w, a, at, vary});
	if (w->looked_at)
		instances_keep(&w->instances, stays, &asking);
	instances_end(&w->instances, &times, at);
	map_each (w->instances.map, e)
		if (((struct instance *)e->value)->changed)
			note_change(w, e->value, at);
	instances_sweep(&w->instances, at);
}

/* The next moment at which anything holds, or INT64_MAX. */
static msec_t
next_point(const struct lane *lanes, size_t n)
{
	msec_t next = INT64_MAX;
	for (size_t i = 0; i < n; i++)
		if (lanes[i].next < lanes[i].series->n && lanes[i].series->points[lanes[i].next].t < next)
			next = lanes[i].series->points[lanes[i].next].t;
	return next;
}

static void
judge(struct walk *w, const struct promql_result *r, msec_t start, msec_t end)
{
	struct arena *a = arena_create();
	struct lane *lanes = arena_array(a, struct lane, r->n + 1);
	bool vary = labels_vary(w);
	for (size_t i = 0; i < r->n; i++)
		lanes[i] = (struct lane){
		    .series = &r->series[i],
		};
	for (size_t i = 0; !vary && i < r->n; i++)
		lanes[i].labels = output_labels(w, r->series[i].labels, 0, 0, a);
	for (msec_t at = start; at <= end; at += w->interval) {
		if (map_count(w->instances.map) == 0 && !w->vanished) {
			msec_t next = next_point(lanes, r->n);
			if (next > end)
				break;
			at = next;
		}
		step(w, lanes, r->n, at, vary, a);
	}
	arena_destroy(&a);
}

/* ---- recorded series ---- */

static enum rc
write_series(struct walk *w, const struct promql_series *s, msec_t end, struct err *e)
{
	struct arena *a = arena_create();
	struct labels ls = output_labels(w, s->labels, 0, 0, a);
	VEC(struct tsdb_sample) samples = {0};
	struct tsdb_counts counts;
	struct tsdb_ref ref;
	enum rc rc = tsdb_series(w->run->store.db, w->tenant, ls, &ref, e);
	for (size_t i = 0; rc == RC_OK && i < s->n; i++) {
		msec_t after = s->points[i].t + w->interval;
		*vec_add(&samples) = (struct tsdb_sample){ref, s->points[i].t, s->points[i].v};
		if (after <= end && (i + 1 == s->n || s->points[i + 1].t != after))
			*vec_add(&samples) = (struct tsdb_sample){ref, after, tsdb_stale()};
	}
	if (rc == RC_OK && samples.n)
		rc = tsdb_append(w->run->store.db, samples.p, samples.n, &counts, e);
	vec_fini(&samples);
	arena_destroy(&a);
	return rc;
}

static enum rc
record(struct walk *w, const struct promql_result *r, msec_t end, struct err *e)
{
	enum rc rc = w->run->store.db ? RC_OK : store_open(&w->run->store, w->run->ask->folder, e);
	for (size_t i = 0; rc == RC_OK && i < r->n; i++)
		rc = write_series(w, &r->series[i], end, e);
	return rc;
}

/* ---- one rule ---- */

/* Compiles the rule as of the beginning of a piece. */
static enum rc
compile(struct walk *w, msec_t at, struct err *e)
{
	if (w->expr && !w->rule->comparison)
		return RC_OK;
	promql_destroy(&w->expr);
	promql_destroy(&w->resolve);
	promql_destroy(&w->looked_at);
	arena_reset(w->texts_arena);
	enum rc rc = rule_compile(
	    w->rule, w->group->customer, &w->run->ask->calendar, at, w->texts_arena, &w->texts, e);
	if (rc == RC_OK)
		rc = promql_parse(w->texts.expr, &w->expr, e);
	if (rc == RC_OK && w->texts.resolve.n)
		rc = promql_parse(w->texts.resolve, &w->resolve, e);
	if (rc == RC_OK && w->texts.looked_at.n)
		rc = promql_parse(w->texts.looked_at, &w->looked_at, e);
	if (rc == RC_OK && promql_type(w->expr) != PROMQL_VECTOR && promql_type(w->expr) != PROMQL_SCALAR)
		rc = err_set(e, RC_INVALID, "rule result is not a vector or scalar");
	return rc;
}

static enum rc
ask_piece(const struct walk *w, const struct promql *expr, msec_t start, msec_t end,
    struct promql_result **out, struct err *e)
{
	const struct history_ask *ask = w->run->ask;
	struct promql_ask q = {
	    .db = ask->db,
	    .overlay = w->run->store.db,
	    .overlaid = {w->run->recorded.p, w->run->recorded.n},
	    .tenants = tenants_of(w),
	    .start = start - w->group->query_offset,
	    .end = end - w->group->query_offset,
	    .step = w->interval,
	    .limits = {.points = PIECE},
	    .outsider = ask->outsider,
	    .deadline = ask->deadline,
	    .cancel = ask->cancel,
	};
	enum rc rc = promql_run(expr, &q, out, e);
	for (size_t i = 0; rc == RC_OK && w->group->query_offset && i < (*out)->n; i++)
		for (size_t k = 0; k < (*out)->series[i].n; k++)
			(*out)->series[i].points[k].t += w->group->query_offset;
	return rc;
}

static void
adapt(struct walk *w, const struct promql_result *r)
{
	size_t cells = r->n * w->piece;
	if (cells < CELLS / 2 && w->piece * 2 <= PIECE)
		w->piece *= 2;
}

static enum rc
judge_with(struct walk *w, const struct promql_result *r, msec_t start, msec_t end, struct err *e)
{
	struct promql_result *there = NULL, *over = NULL;
	enum rc rc = w->looked_at ? ask_piece(w, w->looked_at, start, end, &there, e) : RC_OK;
	if (rc == RC_OK && w->resolve)
		rc = ask_piece(w, w->resolve, start, end, &over, e);
	if (rc == RC_OK) {
		w->present = map_create();
		w->recovered = map_create();
		if (there)
			index_series(w, there, w->present);
		if (over)
			index_series(w, over, w->recovered);
		if (w->vanished)
			vanished_piece(w->vanished, there);
		judge(w, r, start, end);
		map_destroy(&w->present);
		map_destroy(&w->recovered);
	}
	promql_result_destroy(&there);
	promql_result_destroy(&over);
	return rc;
}

static enum rc
walk_piece(struct walk *w, msec_t start, msec_t end, struct err *e)
{
	struct promql_result *r = NULL;
	enum rc rc = compile(w, start, e);
	if (rc == RC_OK)
		rc = ask_piece(w, w->expr, start, end, &r, e);
	if (rc != RC_OK)
		return rc;
	rc = w->rule->alert.n ? judge_with(w, r, start, end, e) : record(w, r, end, e);
	if (rc == RC_OK)
		adapt(w, r);
	promql_result_destroy(&r);
	return rc;
}

/* Where the clocks change they do so on a full hour: a comparison is compiled for each hour. */
static msec_t
piece_end(const struct walk *w, msec_t at, msec_t to)
{
	msec_t last = at + ((msec_t)w->piece - 1) * w->interval, hour = at - at % HOUR + HOUR - 1;
	if (w->rule->comparison && last > hour)
		last = hour < at + w->interval ? at : hour - (hour - at) % w->interval;
	return last > to ? to - (to - at) % w->interval : last;
}

static void
nothing(void *arg, struct labels ls, double v)
{
}

/* What was there in the day before is missed from the beginning. */
static enum rc
learn(struct walk *w, msec_t until, struct err *e)
{
	enum rc rc = RC_OK;
	for (msec_t at = until - (RULE_KNOWN_FOR - RULE_KNOWN_FOR % w->interval); rc == RC_OK && at < until;) {
		struct promql_result *there = NULL;
		msec_t last = at + ((msec_t)w->piece - 1) * w->interval;
		last = last < until ? last : until - w->interval;
		rc = ask_piece(w, w->looked_at, at, last, &there, e);
		if (rc == RC_REFUSED && w->piece > 1) {
			w->piece /= 2;
			rc = RC_OK;
			continue;
		}
		if (rc == RC_OK)
			vanished_piece(w->vanished, there);
		for (; rc == RC_OK && at <= last; at += w->interval)
			vanished_step(w->vanished, at, nothing, NULL);
		promql_result_destroy(&there);
	}
	return rc;
}

static enum rc
walk_through(struct walk *w, struct err *e)
{
	msec_t from = w->run->ask->from, to = w->run->ask->to;
	msec_t at = from - from % w->interval + (from % w->interval > 0 ? w->interval : 0); /* [H1] */
	if ((to - at) / w->interval > STEPS_MAX)
		return err_set(e, RC_REFUSED, "%lld evaluations of one rule; the limit is %d",
		    (long long)((to - at) / w->interval), STEPS_MAX);
	if (w->vanished && learn(w, at, e) != RC_OK)
		return e->rc;
	while (at <= to) {
		msec_t last = piece_end(w, at, to);
		enum rc rc = walk_piece(w, at, last, e);
		if (rc == RC_REFUSED && w->piece > 1) {
			w->piece /= 2;
			continue;
		}
		if (rc != RC_OK)
			return rc;
		w->run->rules.p[w->number].steps += (size_t)((last - at) / w->interval) + 1;
		at = last + w->interval;
	}
	return RC_OK;
}

/* What fires still when the time is over has fired until then. */
static void
count_open(struct walk *w)
{
	map_each (w->open, e) {
		const struct episode *ep = &w->run->episodes.p[(size_t)e->value - 1];
		if (ep->fired_at && !ep->ended_at)
			w->run->rules.p[w->number].firing += w->run->ask->to - ep->fired_at;
	}
}

static bool
is_the_runs_own(enum rc rc)
{
	return rc == RC_TIMEOUT || rc == RC_CANCELLED || rc == RC_IO;
}

static enum rc
walk_rule(struct runner *run, const struct conf_rule_group *g, const struct conf_rule *rule)
{
	struct err e;
	struct arena *a = run->h->arena;
	struct walk w = {.run = run,
	    .group = g,
	    .rule = rule,
	    .number = run->rules.n,
	    .interval = g->interval ? g->interval : run->ask->interval,
	    .tenant = g->customer.n         ? g->customer
		      : run->ask->tenants.n ? run->ask->tenants.p[0]
					    : STR("default"),
	    .open = map_create(),
	    .piece = rule->resolve_expr.n || rule->on_no_data ? PIECE / 16 : PIECE};
	*vec_add(&run->rules) = (struct history_rule){.group = arena_str(a, g->name),
	    .name = arena_str(a, rule->alert.n ? rule->alert : rule->record),
	    .customer = arena_str(a, g->customer),
	    .interval = w.interval,
	    .for_ = rule->for_,
	    .keep_firing_for = rule->keep_firing_for};
	instances_init(&w.instances);
	w.texts_arena = arena_create();
	enum rc rc = compile(&w, run->ask->from, &e);
	if (rc == RC_OK)
		run->rules.p[w.number].expr = arena_str(a, w.texts.whole);
	if (rule->on_no_data == NO_DATA_FIRE)
		w.vanished = vanished_create(g, rule);
	if (rc == RC_OK)
		rc = walk_through(&w, &e);
	if (rc != RC_OK)
		run->rules.p[w.number].trouble = arena_str(a, str_c(e.text));
	count_open(&w);
	if (rule->record.n)
		*vec_add(&run->recorded) = rule->record;
	map_destroy(&w.open);
	vanished_destroy(&w.vanished);
	instances_fini(&w.instances);
	promql_destroy(&w.expr);
	promql_destroy(&w.resolve);
	promql_destroy(&w.looked_at);
	arena_destroy(&w.texts_arena);
	return is_the_runs_own(rc) ? err_set(run->err, rc, "%s", e.text) : RC_OK;
}

/* ---- the door ---- */

static enum rc
walk_group(struct runner *run, const struct conf_rule_group *g)
{
	enum rc rc = RC_OK;
	if (g->customer.n && run->ask->sees && !run->ask->sees(run->ask->sees_arg, g->customer))
		return RC_OK;
	for (size_t i = 0; rc == RC_OK && i < g->rules.n; i++) {
		const struct conf_rule *r = &g->rules.p[i];
		bool wanted = r->record.n || !run->ask->only.n || strs_has(run->ask->only, r->alert);
		if (wanted)
			rc = walk_rule(run, g, r);
	}
	return rc;
}

static int
by_time(const void *a, const void *b)
{
	const struct episode *x = a, *y = b;
	return x->pending_at != y->pending_at
		   ? (x->pending_at > y->pending_at) - (x->pending_at < y->pending_at)
		   : labels_cmp(x->labels, y->labels);
}

static void
take_results(struct runner *run)
{
	struct history *h = run->h;
	h->n_rules = run->rules.n;
	h->n_episodes = run->episodes.n;
	h->rules = arena_array(h->arena, struct history_rule, h->n_rules + 1);
	h->episodes = arena_array(h->arena, struct episode, h->n_episodes + 1);
	if (h->n_rules)
		memcpy(h->rules, run->rules.p, h->n_rules * sizeof *h->rules);
	if (h->n_episodes)
		memcpy(h->episodes, run->episodes.p, h->n_episodes * sizeof *h->episodes);
	if (h->n_episodes)
		qsort(h->episodes, h->n_episodes, sizeof *h->episodes, by_time);
}

enum rc
history_run(const struct history_ask *ask, struct history **out, struct err *e)
{
	struct runner run = {.ask = ask,
	    .h = mem_new(struct history),
	    .templates = tmpl_set_create(TMPL_PROMETHEUS),
	    .err = e};
	enum rc rc = RC_OK;
	run.h->arena = arena_create();
	run.h->from = ask->from;
	run.h->to = ask->to;
	for (size_t i = 0; i < ask->n_files; i++)
		for (size_t k = 0; rc == RC_OK && k < ask->files[i].groups.n; k++)
			rc = walk_group(&run, &ask->files[i].groups.p[k]);
	take_results(&run);
	tmpl_set_destroy(&run.templates);
	store_close(&run.store);
	vec_fini(&run.recorded);
	vec_fini(&run.rules);
	vec_fini(&run.episodes);
	*out = run.h;
	if (rc != RC_OK)
		history_destroy(out);
	return rc;
}

void
history_destroy(struct history **ph)
{
	if (!*ph)
		return;
	arena_destroy(&(*ph)->arena);
	mem_free(*ph);
	*ph = NULL;
}
