/* vanished.c — see vanished.h. */
#include "replay/vanished.h"

#include "base/map.h"
#include "rule/keep.h"

struct witness {
	struct labels labels; /* owned by the arena */
	double value;
	msec_t seen; /* INT64_MIN: not yet */
	const struct promql_series *series; /* of the piece; NULL: it is not in it */
	size_t next;
};
struct vanished {
	const struct conf_rule_group *group;
	const struct conf_rule *rule;
	struct arena *arena;
	struct map *by_core;
	VEC(struct witness *) all;
};

struct vanished *
vanished_create(const struct conf_rule_group *g, const struct conf_rule *r)
{
	struct vanished *v = mem_new(struct vanished);
	v->group = g;
	v->rule = r;
	v->arena = arena_create();
	v->by_core = map_create();
	return v;
}

void
vanished_destroy(struct vanished **pv)
{
	struct vanished *v = *pv;
	if (!v)
		return;
	map_destroy(&v->by_core);
	vec_fini(&v->all);
	arena_destroy(&v->arena);
	mem_free(v);
	*pv = NULL;
}

static struct witness *
witness_of(struct vanished *v, struct labels ls, struct arena *scratch)
{
	struct str core = rule_core(v->group, v->rule, ls, scratch);
	struct witness *w = map_get(v->by_core, core);
	if (w)
		return w;
	w = arena_new(v->arena, struct witness);
	w->labels = labels_copy(ls, v->arena);
	w->seen = INT64_MIN;
	map_put(v->by_core, core, w);
	*vec_add(&v->all) = w;
	return w;
}

void
vanished_piece(struct vanished *v, const struct promql_result *there)
{
	struct arena *scratch = arena_create();
	for (size_t i = 0; i < v->all.n; i++)
		v->all.p[i]->series = NULL;
	for (size_t i = 0; i < there->n; i++) {
		struct witness *w = witness_of(v, there->series[i].labels, scratch);
		w->series = &there->series[i];
		w->next = 0;
	}
	arena_destroy(&scratch);
}

static bool
is_there(struct witness *w, msec_t at)
{
	const struct promql_series *s = w->series;
	while (s && w->next < s->n && s->points[w->next].t < at)
		w->next++;
	if (!s || w->next == s->n || s->points[w->next].t != at)
		return false;
	w->seen = at;
	w->value = s->points[w->next].v;
	return true;
}

void
vanished_step(struct vanished *v, msec_t at, void (*fn)(void *, struct labels, double), void *arg)
{
	for (size_t i = 0; i < v->all.n; i++) {
		struct witness *w = v->all.p[i];
		if (!is_there(w, at) && w->seen != INT64_MIN && at - w->seen <= RULE_KNOWN_FOR)
			fn(arg, w->labels, w->value);
	}
}
