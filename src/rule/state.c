/* state.c — see state.h. */
#include "rule/state.h"

#include <stddef.h>
#include <string.h>

#include "base/mem.h"

const char *const instance_states[] = {"pending", "firing", "inactive", NULL};

#define RECORD_SELF struct rule_change
RECORD_LAYOUT(rule_change, RULE_CHANGE_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct rule_memory
RECORD_LAYOUT(rule_memory, RULE_MEMORY_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct rule_memories
RECORD_LAYOUT(rule_memories, RULE_MEMORIES_KEYS)
#undef RECORD_SELF

enum { RESOLVED_FOR = 15 * 60 * 1000 };

void
instances_init(struct instances *s)
{
	s->map = map_create();
}

static void
instance_free(struct instance *i)
{
	arena_destroy(&i->arena);
	mem_free(i->changes);
	mem_free(i);
}

void
instances_fini(struct instances *s)
{
	map_each(s->map, e)
		instance_free(e->value);
	map_destroy(&s->map);
}

static struct instance *
instance_create(struct instances *s, struct labels ls)
{
	struct instance *i = mem_new(struct instance);
	i->arena = arena_create();
	i->labels = labels_copy(ls, i->arena);
	map_put(s->map, i->labels.bytes, i);
	return i;
}

void
instances_begin(struct instances *s)
{
	map_each(s->map, e) {
		struct instance *i = e->value;
		i->held = i->holds;
		i->holds = false;
		i->changed = false;
	}
}

/* It holds from now on: a new one, or one that had been resolved. */
static void
start(struct instance *i, msec_t now)
{
	i->state = INSTANCE_PENDING;
	i->active_at = now;
	i->fired_at = i->resolved_at = i->keep_since = i->sent_at = 0;
	i->changed = true;
}

struct instance *
instances_hold(struct instances *s, struct labels ls, double value, msec_t now)
{
	struct instance *i = map_get(s->map, ls.bytes);
	if (!i) {
		i = instance_create(s, ls);
		start(i, now);
	} else if (i->state == INSTANCE_RESOLVED) {
		start(i, now);
	}
	i->holds = true;
	i->value = value;
	return i;
}

static void
resolve(struct instance *i, msec_t now)
{
	i->changed = true;
	i->resolved_at = now;
	i->state = INSTANCE_RESOLVED;
}

void
instances_keep(struct instances *s, bool (*keep)(void *, struct instance *), void *arg)
{
	map_each(s->map, e) {
		struct instance *i = e->value;
		if (!i->holds && i->state != INSTANCE_RESOLVED)
			i->holds = keep(arg, i);
	}
}

/* ---- flapping ---- */

/* How many of its changes the ring still holds. */
static size_t
in_ring(const struct instance *i)
{
	return i->n_changes < i->ring ? i->n_changes : i->ring;
}

/* The k-th of those, the oldest first. */
static msec_t
change_at(const struct instance *i, size_t k)
{
	return i->changes[(i->n_changes - in_ring(i) + k) % i->ring];
}

/* Another configuration may count more or fewer; the newest stay. */
static void
fit_ring(struct instance *i, size_t ring)
{
	if (i->ring == ring)
		return;
	msec_t *fresh = mem_zalloc(ring * sizeof *fresh);
	size_t have = in_ring(i), keep = have < ring ? have : ring;
	for (size_t k = 0; k < keep; k++)
		fresh[k] = change_at(i, have - keep + k);
	mem_free(i->changes);
	i->changes = fresh;
	i->n_changes = keep;
	i->ring = ring;
}

static void
note_change(struct instance *i, const struct rule_times *t, msec_t now)
{
	fit_ring(i, t->changes);
	i->changes[i->n_changes++ % t->changes] = now;
	i->remembered = now + t->calm;
	i->changed = true;
	msec_t oldest = i->changes[i->n_changes % t->changes];
	if (i->n_changes >= t->changes && now - oldest <= t->calm)
		i->flapping = true;
}

static void
watch_flapping(struct instance *i, const struct rule_times *t, msec_t now)
{
	if (!t->changes || !t->calm)
		return;
	if (i->holds != i->held)
		note_change(i, t, now);
	else if (now >= i->remembered)
		i->flapping = false;
}

/* It does not hold any more. */
static void
cease(struct instance *i, const struct rule_times *t, msec_t now)
{
	if (i->state == INSTANCE_FIRING && i->flapping)
		return;
	if (i->state == INSTANCE_FIRING && t->keep_firing_for > 0) {
		if (!i->keep_since) {
			i->keep_since = now;
			i->changed = true;
		}
		if (now - i->keep_since < t->keep_firing_for)
			return;
	}
	if (i->state != INSTANCE_RESOLVED)
		resolve(i, now);
}

static void
settle(struct instance *i, const struct rule_times *t, msec_t now)
{
	watch_flapping(i, t, now);
	if (!i->holds) {
		cease(i, t, now);
		return;
	}
	if (i->keep_since) {
		i->keep_since = 0;
		i->changed = true;
	}
	if (i->state == INSTANCE_PENDING && now - i->active_at >= t->for_) {
		i->state = INSTANCE_FIRING;
		i->fired_at = now;
		i->changed = true;
	}
}

void
instances_end(struct instances *s, const struct rule_times *t, msec_t now)
{
	map_each(s->map, e)
		settle(e->value, t, now);
}

void
instances_restore(struct instances *s, const struct rule_memory *m)
{
	struct arena *a = arena_create();
	struct labels ls = labels_from_pairs(m->labels, a);
	struct instance *i = map_get(s->map, ls.bytes);
	if (!i)
		i = instance_create(s, ls);
	i->active_at = m->active_at;
	i->fired_at = m->fired_at;
	i->keep_since = m->keep_since;
	i->state = m->resolved_at ? INSTANCE_RESOLVED : m->fired_at ? INSTANCE_FIRING : INSTANCE_PENDING;
	i->resolved_at = m->resolved_at;
	i->remembered = m->remembered;
	i->flapping = m->flapping;
	i->holds = !m->resolved_at && !m->keep_since && !m->ceased;
	i->kept = true;
	if (m->changes.n) {
		fit_ring(i, m->changes.n);
		for (size_t k = 0; k < m->changes.n; k++)
			i->changes[k] = m->changes.p[k].at;
		i->n_changes = m->changes.n;
	}
	arena_destroy(&a);
}

bool
instance_is_news(const struct instance *i, msec_t now)
{
	return i->changed || (i->kept && i->state == INSTANCE_RESOLVED && now >= i->remembered);
}

struct rule_memory
instance_memory(const struct instance *i, struct arena *a, msec_t now)
{
	struct rule_memory m = {.labels = labels_to_pairs(i->labels, a),
	    .active_at = i->active_at,
	    .fired_at = i->fired_at,
	    .keep_since = i->keep_since,
	    .resolved_at = i->state == INSTANCE_RESOLVED ? i->resolved_at : 0,
	    .remembered = i->remembered,
	    .flapping = i->flapping,
	    .ceased = i->state == INSTANCE_FIRING && !i->holds && !i->keep_since,
	    .removed = i->state == INSTANCE_RESOLVED && now >= i->remembered};
	m.changes.p = arena_array(a, struct rule_change, in_ring(i) + 1);
	for (; m.changes.n < in_ring(i); m.changes.n++)
		m.changes.p[m.changes.n].at = change_at(i, m.changes.n);
	return m;
}

/* A pending one that ceased was never told of; a resolved one is told for a while. */
bool
instance_gone(const struct instance *i, msec_t now)
{
	return i->state == INSTANCE_RESOLVED && now >= i->remembered && (!i->fired_at || now - i->resolved_at > RESOLVED_FOR);
}

void
instances_sweep(struct instances *s, msec_t now)
{
	VEC(struct instance *) gone = {0};
	map_each(s->map, e)
		if (instance_gone(e->value, now))
			*vec_add(&gone) = e->value;
	for (size_t i = 0; i < gone.n; i++) {
		map_take(s->map, gone.p[i]->labels.bytes);
		instance_free(gone.p[i]);
	}
	vec_fini(&gone);
}
