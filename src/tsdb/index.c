/* index.c — see index.h. */
#include "tsdb/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/must.h"

struct index {
	struct map *names; /* to a struct map of values, each to a struct ids */
};

struct index *
index_create(void)
{
	struct index *x = mem_new(struct index);
	x->names = map_create();
	return x;
}

static void
ids_destroy(struct ids *ids)
{
	vec_fini(ids);
	mem_free(ids);
}

static void
values_destroy(struct map *values)
{
	map_each (values, e)
		ids_destroy(e->value);
	map_destroy(&values);
}

void
index_destroy(struct index **px)
{
	if (!*px)
		return;
	map_each ((*px)->names, e)
		values_destroy(e->value);
	map_destroy(&(*px)->names);
	mem_free(*px);
	*px = NULL;
}

void
index_add(struct index *x, struct labels ls, uint32_t id)
{
	labels_each (ls, l) {
		struct map *values = map_get(x->names, l.it.name);
		if (!values) {
			values = map_create();
			map_put(x->names, l.it.name, values);
		}
		struct ids *ids = map_get(values, l.it.value);
		if (!ids) {
			ids = mem_new(struct ids);
			map_put(values, l.it.value, ids);
		}
		*vec_add(ids) = id;
	}
}

static size_t
place(const struct ids *ids, uint32_t id)
{
	size_t low = 0, high = ids->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (ids->p[mid] < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void
index_remove(struct index *x, struct labels ls, uint32_t id)
{
	labels_each (ls, l) {
		struct map *values = map_get(x->names, l.it.name);
		struct ids *ids = map_get(values, l.it.value);
		size_t at = place(ids, id);
		must(at < ids->n && ids->p[at] == id);
		vec_remove(ids, at);
		if (ids->n)
			continue;
		ids_destroy(map_take(values, l.it.value));
		if (map_count(values) == 0)
			values_destroy(map_take(x->names, l.it.name));
	}
}

/* ---- candidates ---- */

static void
append(struct ids *out, const struct ids *more)
{
	for (size_t i = 0; i < more->n; i++)
		*vec_add(out) = more->p[i];
}

/* The series whose value of the matcher's label matches; only for matchers that an absent label does not
 * match. */
static void
gather(const struct index *x, const struct matcher *m, struct ids *out)
{
	struct map *values = map_get(x->names, m->name);
	size_t n = 0;
	if (!values)
		return;
	const struct str *listed = m->op == MATCH_EQ   ? &m->value
				   : m->op == MATCH_RE ? regex_literals(m->regex, &n)
						       : NULL;
	if (m->op == MATCH_EQ)
		n = 1;
	for (size_t i = 0; listed && i < n; i++) {
		struct ids *ids = map_get(values, listed[i]);
		if (ids)
			append(out, ids);
	}
	if (listed)
		return;
	map_each (values, e) {
		if (matcher_matches(m, e->key))
			append(out, e->value);
	}
}

/* A guess at what `gather` would cost and give; SIZE_MAX: it cannot be used. */
static size_t
cost(const struct index *x, const struct matcher *m)
{
	if (matcher_matches(m, STR("")))
		return SIZE_MAX;
	struct map *values = map_get(x->names, m->name);
	if (!values)
		return 0;
	if (m->op != MATCH_EQ)
		return SIZE_MAX / 2 + map_count(values);
	struct ids *ids = map_get(values, m->value);
	return ids ? ids->n : 0;
}

static int
by_id(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* Values of one name exclude each other, but a regular expression may list one twice. */
static void
sort_unique(struct ids *ids)
{
	size_t n = 0;
	if (ids->n)
		qsort(ids->p, ids->n, sizeof *ids->p, by_id);
	for (size_t i = 0; i < ids->n; i++)
		if (n == 0 || ids->p[n - 1] != ids->p[i])
			ids->p[n++] = ids->p[i];
	ids->n = n;
}

bool
index_candidates(const struct index *x, const struct matchers *ms, struct ids *out)
{
	const struct matcher *best = NULL;
	size_t least = SIZE_MAX;
	for (size_t i = 0; i < ms->n; i++) {
		size_t c = cost(x, &ms->p[i]);
		if (c < least) {
			least = c;
			best = &ms->p[i];
		}
	}
	if (!best)
		return false;
	gather(x, best, out);
	sort_unique(out);
	return true;
}
