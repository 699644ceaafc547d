/* cardinality.c — see cardinality.h. */
#include "tsdb/cardinality.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "tsdb/store.h"

struct walk {
	struct tsdb *db;
	struct tenant *tenant;
	msec_t now;
	struct arena *arena;
	VEC(struct tsdb_usage) values; /* of the label that was walked last */
	size_t series[CARDINALITY_HOURS], firsts[CARDINALITY_HOURS]; /* began in which hour: its series, its values */
	const roaring_bitmap_t *only;  /* NULL: all series */
};

/* ---- one value ---- */

struct counting {
	struct walk *walk;
	struct tsdb_usage *usage;
};

static bool
is_fresh(const struct walk *w, msec_t since)
{
	return since > w->now - DAY;
}

static void
count_hour(const struct walk *w, msec_t since, size_t hours[CARDINALITY_HOURS])
{
	if (is_fresh(w, since))
		hours[since < w->now ? (w->now - since) / HOUR : 0]++;
}

static bool
count_series(void *arg, uint32_t id)
{
	struct counting *c = arg;
	struct walk *w = c->walk;
	const struct series *s = id < w->db->series.n ? w->db->series.p[id] : NULL;
	if (!s || s->min > s->max || (w->only && !roaring_bitmap_contains(w->only, id)))
		return false;
	c->usage->series++;
	c->usage->fresh += is_fresh(w, s->min);
	count_hour(w, s->min, w->series);
	if (s->min < c->usage->since)
		c->usage->since = s->min;
	return false;
}

static bool
count_value(void *arg, struct str value, uint32_t pair)
{
	struct walk *w = arg;
	struct tsdb_usage u = {.since = INT64_MAX};
	index_any(w->tenant->index, pair, count_series, &(struct counting){w, &u});
	if (!u.series)
		return true;
	u.name = arena_str(w->arena, value);
	count_hour(w, u.since, w->firsts);
	*vec_add(&w->values) = u;
	return true;
}

/* ---- one label ---- */

static void
walk_label(struct walk *w, struct str name, struct tsdb_usage *out)
{
	*out = (struct tsdb_usage){.name = name, .since = INT64_MAX};
	w->values.n = 0;
	memset(w->series, 0, sizeof w->series);
	memset(w->firsts, 0, sizeof w->firsts);
	pthread_rwlock_rdlock(&w->db->lock);
	index_each_value(w->tenant->index, name, count_value, w);
	pthread_rwlock_unlock(&w->db->lock);
	out->values = w->values.n;
	for (size_t i = 0; i < w->values.n; i++) {
		const struct tsdb_usage *v = &w->values.p[i];
		out->series += v->series;
		out->fresh += is_fresh(w, v->since);
		if (v->since < out->since)
			out->since = v->since;
	}
}

/* More values first; of those with as many, more series, then by name. */
static int
by_size(const void *x, const void *y)
{
	const struct tsdb_usage *a = x, *b = y;
	if (a->values != b->values)
		return a->values < b->values ? 1 : -1;
	return a->series != b->series ? (a->series < b->series ? 1 : -1) : str_cmp(a->name, b->name);
}

static struct tsdb_usages
keep(struct tsdb_usage *p, size_t n, size_t top, int (*order)(const void *, const void *), struct arena *a)
{
	struct tsdb_usages out = {.n = n < top ? n : top};
	if (n)
		qsort(p, n, sizeof *p, order);
	out.p = arena_array(a, struct tsdb_usage, out.n + 1);
	if (out.n)
		memcpy(out.p, p, out.n * sizeof *p);
	return out;
}

struct names {
	struct arena *arena;
	VEC(struct str) all;
};

static bool
add_name(void *arg, struct str name)
{
	struct names *n = arg;
	*vec_add(&n->all) = arena_str(n->arena, name);
	return true;
}

static bool
begin(struct walk *w, struct str tenant)
{
	pthread_rwlock_rdlock(&w->db->lock);
	w->tenant = tenant_of(w->db, tenant); /* one that exists stays */
	pthread_rwlock_unlock(&w->db->lock);
	return w->tenant != NULL;
}

void
tsdb_cardinality(struct tsdb *db, struct str tenant, msec_t now, size_t top, struct arena *a, struct tsdb_cardinality *out)
{
	struct walk w = {.db = db, .now = now, .arena = a};
	struct names names = {.arena = a};
	VEC(struct tsdb_usage) labels = {0};
	*out = (struct tsdb_cardinality){0};
	if (!begin(&w, tenant))
		return;
	pthread_rwlock_rdlock(&db->lock);
	index_each_name(w.tenant->index, add_name, &names);
	pthread_rwlock_unlock(&db->lock);
	for (size_t i = 0; i < names.all.n; i++) {
		struct str name = names.all.p[i];
		bool metric = str_is(name, LABEL_METRIC);
		walk_label(&w, name, vec_add(&labels));
		if (metric) {
			out->metrics = keep(w.values.p, w.values.n, top, by_size, a);
			out->series = labels.p[i].series;
			memcpy(out->began, w.series, sizeof w.series);
		} else if (str_is(name, "job")) {
			out->jobs = keep(w.values.p, w.values.n, top, by_size, a);
		}
	}
	out->labels = keep(labels.p, labels.n, top, by_size, a);
	vec_fini(&labels);
	vec_fini(&names.all);
	vec_fini(&w.values);
}

/* ---- one label, looked at ---- */

static int
youngest_first(const void *x, const void *y)
{
	const struct tsdb_usage *a = x, *b = y;
	return a->since != b->since ? (a->since < b->since ? 1 : -1) : str_cmp(a->name, b->name);
}

static bool
add_id(void *arg, uint32_t id)
{
	roaring_bitmap_add(arg, id);
	return false;
}

struct gather {
	const struct index *index;
	roaring_bitmap_t *ids;
};

static bool
gather_value(void *arg, struct str value, uint32_t pair)
{
	struct gather *g = arg;
	index_any(g->index, pair, add_id, g->ids);
	return true;
}

void
tsdb_cardinality_label(struct tsdb *db, struct str tenant, struct str label, msec_t now, size_t top, struct arena *a, struct tsdb_label_usage *out)
{
	struct walk w = {.db = db, .now = now, .arena = a};
	struct tsdb_usage job;
	*out = (struct tsdb_label_usage){.label.name = label};
	if (!begin(&w, tenant))
		return;
	walk_label(&w, label, &out->label);
	memcpy(out->began, w.firsts, sizeof w.firsts);
	out->newest = keep(w.values.p, w.values.n, top, youngest_first, a);
	struct gather g = {w.tenant->index, roaring_bitmap_create()};
	pthread_rwlock_rdlock(&db->lock);
	index_each_value(w.tenant->index, label, gather_value, &g);
	pthread_rwlock_unlock(&db->lock);
	w.only = g.ids;
	walk_label(&w, STR("job"), &job);
	out->jobs = keep(w.values.p, w.values.n, top, by_size, a);
	roaring_bitmap_free(g.ids);
	vec_fini(&w.values);
}
