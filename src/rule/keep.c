/*
 * keep.c — alerts that outlive their expression: until resolve_expr says that they are over, or because what they look at has
 * vanished.
 *
 * IDEA   An alert and what was looked at are one when they agree in all labels but those that the rule adds.
 */
#include "rule/keep.h"

#include "rule/group.h"

struct keeping {
	struct group *group;
	struct rule *rule;
	struct arena *arena;
	struct map *present, *recovered; /* by core labels */
	msec_t at;
};

static bool
has_name(struct pairs p, struct str name)
{
	for (size_t i = 0; i < p.n; i++)
		if (str_eq(p.p[i].name, name))
			return true;
	return false;
}

struct str
rule_core(const struct conf_rule_group *g, const struct conf_rule *r, struct labels ls, struct arena *a)
{
	struct label_builder b = {0};
	labels_each (ls, l) {
		struct str name = l.it.name;
		bool added = str_is(name, LABEL_METRIC) || str_is(name, "alertname") ||
			     has_name(g->labels, name) || has_name(r->labels, name);
		if (!added)
			*vec_add(&b.set) = l.it;
	}
	struct labels core = label_builder_done(&b, a);
	label_builder_fini(&b);
	return core.bytes;
}

bool
rule_stays(const struct conf_rule *r, struct instance *in, bool present, bool recovered, msec_t at)
{
	if (in->state != INSTANCE_FIRING)
		return false;
	if (present)
		return r->resolve_expr.n && !recovered;
	if (r->on_no_data == NO_DATA_RESOLVE)
		return false;
	if (!in->stale_since)
		in->stale_since = at;
	return true;
}

static struct str
core_of(const struct keeping *k, struct labels ls)
{
	return rule_core(k->group->conf, k->rule->conf, ls, k->arena);
}

/* ---- what is there ---- */

static void
remember(struct keeping *k, struct str core, const struct promql_series *s, const struct promql_point *last)
{
	struct known *n = map_get(k->rule->known, core);
	if (!n) {
		n = mem_new(struct known);
		n->arena = arena_create();
		n->labels = labels_copy(s->labels, n->arena);
		map_put(k->rule->known, core, n);
	}
	n->value = last->v;
	n->seen = last->t + k->group->conf->query_offset;
}

/* NULL: it was not asked. */
static void
gather(struct keeping *k, const struct promql_result *r, struct map *into)
{
	for (size_t i = 0; r && i < r->n; i++)
		map_put(into, core_of(k, r->series[i].labels), k);
}

/* on_no_data: fire.  With the newest point of each. */
static void
learn(struct keeping *k, const struct promql_result *r)
{
	for (size_t i = 0; r && k->rule->conf->on_no_data == NO_DATA_FIRE && i < r->n; i++) {
		const struct promql_series *s = &r->series[i];
		remember(k, core_of(k, s->labels), s, &s->points[s->n - 1]);
	}
}

/* ---- what stays ---- */

static bool
stays(void *arg, struct instance *in)
{
	struct keeping *k = arg;
	struct str core = core_of(k, in->labels);
	return rule_stays(
	    k->rule->conf, in, map_get(k->present, core) != NULL, map_get(k->recovered, core) != NULL, k->at);
}

static void
mark_fresh(const struct keeping *k)
{
	map_each (k->rule->instances.map, e) {
		struct instance *in = e->value;
		if (in->stale_since && map_get(k->present, core_of(k, in->labels)))
			in->stale_since = 0;
	}
}

static void
known_free(struct known *n)
{
	arena_destroy(&n->arena);
	mem_free(n);
}

/* on_no_data: fire.  What was there within a day and is not now. */
static void
hold_missing(struct keeping *k, void (*hold)(void *, const struct promql_series *), void *arg)
{
	VEC(struct str) forgotten = {0};
	map_each (k->rule->known, e) {
		struct known *n = e->value;
		struct promql_point point = {k->at, n->value};
		struct promql_series s = {n->labels, &point, 1};
		if (k->at - n->seen > RULE_KNOWN_FOR)
			*vec_add(&forgotten) = e->key;
		else if (!map_get(k->present, e->key) && k->rule->conf->on_no_data == NO_DATA_FIRE)
			hold(arg, &s);
	}
	for (size_t i = 0; i < forgotten.n; i++)
		known_free(map_take(k->rule->known, forgotten.p[i]));
	vec_fini(&forgotten);
}

void
rule_forget(struct rule *r)
{
	if (!r->known)
		return;
	map_each (r->known, e)
		known_free(e->value);
	map_destroy(&r->known);
}

void
rule_keep(struct group *g, struct rule *r, msec_t at, const struct answer *a, void (*hold)(void *, const struct promql_series *), void *arg)
{
	struct keeping k = {.group = g, .rule = r, .at = at};
	if (!r->looked_at)
		return;
	if (!r->known)
		r->known = map_create();
	k.arena = arena_create();
	k.present = map_create();
	k.recovered = map_create();
	gather(&k, a->looked_at, k.present);
	gather(&k, a->resolve, k.recovered);
	learn(&k, a->past);
	learn(&k, a->looked_at);
	mark_fresh(&k);
	hold_missing(&k, hold, arg);
	instances_keep(&r->instances, stays, &k);
	map_destroy(&k.present);
	map_destroy(&k.recovered);
	arena_destroy(&k.arena);
}
