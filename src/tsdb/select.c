/*
 * select.c — reading: which series, their samples, names and values of labels.
 *
 * IDEA   A cursor holds pointers to series, not the lock: it takes the lock for one series at a time, so
 *        that a long query does not stop the appends.  While a cursor is open no series is removed.
 */
#include "tsdb/store.h"

#include <stdlib.h>
#include <string.h>

#define TENANT_LABEL "__tenant_id__"

struct found {
	const struct series *series;
	struct labels labels; /* the series', or with the tenant added, in the cursor's arena */
};

struct tsdb_cursor {
	struct tsdb *db;
	msec_t min, max;
	VEC(struct found) found;
	size_t at;
	struct samples samples;
	struct arena *arena;
};

/* ---- selecting ---- */

typedef enum rc visit_fn(void *arg, const struct series *, struct err *);

static bool
is_wanted(const struct series *s, const struct tsdb_select *q)
{
	return s->min <= q->max && s->max >= q->min &&
	       (!q->matchers || matchers_match(q->matchers, s->labels));
}

static enum rc
visit_tenant(
    struct tsdb *db, struct tenant *t, const struct tsdb_select *q, visit_fn *fn, void *arg, struct err *e)
{
	struct ids ids = {0};
	enum rc rc = RC_OK;
	bool narrowed = q->matchers && index_candidates(t->index, q->matchers, &ids);
	size_t n = narrowed ? ids.n : db->series.n;
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		const struct series *s = db->series.p[narrowed ? ids.p[i] : i];
		if (s && s->tenant == t && is_wanted(s, q))
			rc = fn(arg, s, e);
	}
	vec_fini(&ids);
	return rc;
}

/* With the lock held. */
static enum rc
visit(struct tsdb *db, const struct tsdb_select *q, visit_fn *fn, void *arg, struct err *e)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < q->tenants.n; i++) {
		struct tenant *t = tenant_of(db, q->tenants.p[i]);
		if (t)
			rc = visit_tenant(db, t, q, fn, arg, e);
	}
	return rc;
}

/* ---- cursors ---- */

struct gathering {
	struct tsdb_cursor *cursor;
	size_t limit;
	bool several; /* tenants */
};

static struct labels
with_tenant(const struct series *s, struct arena *a)
{
	struct label_builder b = {0};
	label_builder_start(&b, s->labels);
	label_builder_set(&b, STR(TENANT_LABEL), s->tenant->name);
	struct labels ls = label_builder_done(&b, a);
	label_builder_fini(&b);
	return ls;
}

static enum rc
gather(void *arg, const struct series *s, struct err *e)
{
	struct gathering *g = arg;
	if (g->limit && g->cursor->found.n >= g->limit)
		return err_set(e, RC_REFUSED, "the selector matches more than %zu series", g->limit);
	*vec_add(&g->cursor->found) =
	    (struct found){s, g->several ? with_tenant(s, g->cursor->arena) : s->labels};
	return RC_OK;
}

static int
by_labels(const void *a, const void *b)
{
	return labels_cmp(((const struct found *)a)->labels, ((const struct found *)b)->labels);
}

enum rc
tsdb_cursor_create(struct tsdb *db, const struct tsdb_select *q, struct tsdb_cursor **out, struct err *e)
{
	struct tsdb_cursor *c = mem_new(struct tsdb_cursor);
	struct gathering g = {.cursor = c, .limit = q->series_limit, .several = q->tenants.n > 1};
	c->db = db;
	c->min = q->min;
	c->max = q->max;
	c->arena = arena_create();
	pthread_rwlock_rdlock(&db->lock);
	__atomic_add_fetch(&db->cursors, 1, __ATOMIC_ACQ_REL);
	enum rc rc = visit(db, q, gather, &g, e);
	pthread_rwlock_unlock(&db->lock);
	if (rc != RC_OK)
		tsdb_cursor_destroy(&c);
	else if (c->found.n)
		qsort(c->found.p, c->found.n, sizeof *c->found.p, by_labels);
	*out = c;
	return rc;
}

void
tsdb_cursor_destroy(struct tsdb_cursor **pc)
{
	struct tsdb_cursor *c = *pc;
	if (!c)
		return;
	__atomic_sub_fetch(&c->db->cursors, 1, __ATOMIC_ACQ_REL);
	vec_fini(&c->found);
	samples_fini(&c->samples);
	arena_destroy(&c->arena);
	mem_free(c);
	*pc = NULL;
}

size_t
tsdb_cursor_count(const struct tsdb_cursor *c)
{
	return c->found.n;
}

bool
tsdb_cursor_next_labels(struct tsdb_cursor *c, struct labels *out)
{
	if (c->at == c->found.n)
		return false;
	*out = c->found.p[c->at++].labels;
	return true;
}

bool
tsdb_cursor_next(struct tsdb_cursor *c, struct tsdb_view *out)
{
	if (c->at == c->found.n)
		return false;
	const struct found *f = &c->found.p[c->at++];
	samples_clear(&c->samples);
	pthread_rwlock_rdlock(&c->db->lock);
	series_read(c->db, f->series, c->min, c->max, &c->samples);
	pthread_rwlock_unlock(&c->db->lock);
	*out =
	    (struct tsdb_view){.labels = f->labels, .t = c->samples.t, .v = c->samples.v, .n = c->samples.n};
	return true;
}

/* ---- names and values ---- */

struct listing {
	struct map *seen;
	struct str name;
	bool several;
};

static void
see(struct listing *l, struct str s)
{
	if (s.n)
		map_put(l->seen, s, l);
}

static enum rc
see_names(void *arg, const struct series *s, struct err *e)
{
	struct listing *l = arg;
	labels_each (s->labels, label)
		see(l, label.it.name);
	if (l->several)
		see(l, STR(TENANT_LABEL));
	return RC_OK;
}

static enum rc
see_value(void *arg, const struct series *s, struct err *e)
{
	struct listing *l = arg;
	bool tenant = l->several && str_is(l->name, TENANT_LABEL);
	see(l, tenant ? s->tenant->name : labels_get(s->labels, l->name));
	return RC_OK;
}

static int
by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static enum rc
list(struct tsdb *db, const struct tsdb_select *q, struct listing *l, visit_fn *fn, size_t limit,
    struct arena *a, struct strs *out, struct err *e)
{
	l->seen = map_create();
	l->several = q->tenants.n > 1;
	pthread_rwlock_rdlock(&db->lock);
	enum rc rc = visit(db, q, fn, l, e);
	pthread_rwlock_unlock(&db->lock);
	*out = (struct strs){.p = arena_array(a, struct str, map_count(l->seen) + 1)};
	map_each (l->seen, entry)
		out->p[out->n++] = arena_str(a, entry->key);
	if (out->n)
		qsort(out->p, out->n, sizeof *out->p, by_text);
	if (limit && out->n > limit)
		out->n = limit;
	map_destroy(&l->seen);
	return rc;
}

enum rc
tsdb_label_names(struct tsdb *db, const struct tsdb_select *q, size_t limit, struct arena *a,
    struct strs *out, struct err *e)
{
	struct listing l = {0};
	return list(db, q, &l, see_names, limit, a, out, e);
}

enum rc
tsdb_label_values(struct tsdb *db, const struct tsdb_select *q, struct str name, size_t limit,
    struct arena *a, struct strs *out, struct err *e)
{
	struct listing l = {.name = name};
	return list(db, q, &l, see_value, limit, a, out, e);
}
