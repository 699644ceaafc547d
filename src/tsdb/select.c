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
	struct labels labels; /* in the cursor's arena */
};

struct tsdb_cursor {
	struct tsdb *db;
	msec_t min, max;
	VEC(struct found) found;
	size_t at;
	struct samples samples;
	struct blobs histograms;
	VEC(struct str) views; /* of them */
	struct arena *arena;
	struct buf labels;
};

/* ---- selecting ---- */

typedef enum rc visit_fn(void *arg, const struct series *, struct err *);

static bool
is_wanted(const struct series *s, const struct tsdb_select *q)
{
	return s->min <= s->max && s->min <= q->max && s->max >= q->min;
}

static enum rc
visit_tenant(
    struct tsdb *db, struct tenant *t, const struct tsdb_select *q, visit_fn *fn, void *arg, struct err *e)
{
	roaring_bitmap_t *ids = index_select(t->index, q->matchers);
	roaring_uint32_iterator_t it;
	enum rc rc = RC_OK;
	for (roaring_init_iterator(ids, &it); rc == RC_OK && it.has_value;
	     roaring_advance_uint32_iterator(&it)) {
		const struct series *s = db->series.p[it.current_value];
		if (is_wanted(s, q))
			rc = fn(arg, s, e);
	}
	roaring_bitmap_free(ids);
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
labels_of(const struct series *s, bool several, struct tsdb_cursor *c)
{
	struct label_builder b = {0};
	buf_clear(&c->labels);
	series_labels(s, &c->labels);
	struct labels ls = {buf_view(&c->labels)};
	if (!several)
		return labels_copy(ls, c->arena);
	label_builder_start(&b, ls);
	label_builder_set(&b, STR(TENANT_LABEL), s->tenant->name);
	ls = label_builder_done(&b, c->arena);
	label_builder_fini(&b);
	return ls;
}

static enum rc
gather(void *arg, const struct series *s, struct err *e)
{
	struct gathering *g = arg;
	if (g->limit && g->cursor->found.n >= g->limit)
		return err_set(e, RC_REFUSED, "the selector matches more than %zu series", g->limit);
	*vec_add(&g->cursor->found) = (struct found){s, {{0}}};
	return RC_OK;
}

static int
by_ranks(const void *a, const void *b, void *arg)
{
	const struct series *s = ((const struct found *)a)->series, *t = ((const struct found *)b)->series;
	const uint32_t *ranks = arg;
	for (size_t i = 0; i < s->n_pairs && i < t->n_pairs; i++) {
		uint32_t p = ranks[s->pairs[i]], q = ranks[t->pairs[i]];
		if (p != q)
			return p < q ? -1 : 1;
	}
	return (s->n_pairs > t->n_pairs) - (s->n_pairs < t->n_pairs);
}

static int
by_labels(const void *a, const void *b)
{
	return labels_cmp(((const struct found *)a)->labels, ((const struct found *)b)->labels);
}

/* By the ranks of their pairs where all are one tenant's, which is much faster; with the lock held. */
static void
put_in_order(struct tsdb_cursor *c, bool several)
{
	struct found *p = c->found.p;
	const uint32_t *ranks = NULL;
	if (c->found.n && !several)
		ranks = index_ranks(p[0].series->tenant->index, c->found.n);
	if (ranks)
		qsort_r(p, c->found.n, sizeof *p, by_ranks, (void *)ranks);
	for (size_t i = 0; i < c->found.n; i++)
		p[i].labels = labels_of(p[i].series, several, c);
	if (!ranks && c->found.n)
		qsort(p, c->found.n, sizeof *p, by_labels);
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
	if (rc == RC_OK)
		put_in_order(c, g.several);
	pthread_rwlock_unlock(&db->lock);
	if (rc != RC_OK)
		tsdb_cursor_destroy(&c);
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
	blobs_fini(&c->histograms);
	vec_fini(&c->views);
	arena_destroy(&c->arena);
	buf_fini(&c->labels);
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
	blobs_clear(&c->histograms);
	c->views.n = 0;
	pthread_rwlock_rdlock(&c->db->lock);
	series_read(c->db, f->series, c->min, c->max, &c->samples);
	if (f->series->histograms)
		series_read_histograms(c->db, f->series, c->min, c->max, &c->histograms);
	pthread_rwlock_unlock(&c->db->lock);
	for (size_t i = 0; i < c->histograms.t.n; i++)
		*vec_add(&c->views) = blobs_get(&c->histograms, i);
	*out = (struct tsdb_view){.labels = f->labels,
	    .t = c->samples.t,
	    .v = c->samples.v,
	    .n = c->samples.n,
	    .histogram_t = c->histograms.t.p,
	    .histograms = c->views.p,
	    .n_histograms = c->views.n};
	return true;
}

/* ---- names and values ---- */

/* For each tenant, which names or values of a name have a series that is wanted. */
struct listing {
	struct tsdb *db;
	const struct tsdb_select *q;
	struct map *seen;
	struct str name;
	const struct index *index;
	const roaring_bitmap_t *ids; /* NULL: all of the tenant */
	bool found;
};

static bool
is_listed(void *arg, uint32_t id)
{
	const struct listing *l = arg;
	return is_wanted(l->db->series.p[id], l->q) && (!l->ids || roaring_bitmap_contains(l->ids, id));
}

static bool
see_value(void *arg, struct str value, uint32_t pair)
{
	struct listing *l = arg;
	if (index_any(l->index, pair, is_listed, l))
		map_put(l->seen, value, l);
	return true;
}

static bool
find_value(void *arg, struct str value, uint32_t pair)
{
	struct listing *l = arg;
	l->found = index_any(l->index, pair, is_listed, l);
	return !l->found;
}

static bool
see_name(void *arg, struct str name)
{
	struct listing *l = arg;
	l->found = false;
	index_each_value(l->index, name, find_value, l);
	if (l->found)
		map_put(l->seen, name, l);
	return true;
}

/* Has the tenant any series that is wanted? */
static bool
has_any(struct listing *l, const struct tenant *t)
{
	roaring_bitmap_t *all = l->ids ? roaring_bitmap_copy(l->ids) : index_select(t->index, NULL);
	roaring_uint32_iterator_t it;
	bool any = false;
	for (roaring_init_iterator(all, &it); !any && it.has_value; roaring_advance_uint32_iterator(&it))
		any = is_wanted(l->db->series.p[it.current_value], l->q);
	roaring_bitmap_free(all);
	return any;
}

static void
list_tenant(struct listing *l, const struct tenant *t)
{
	bool several = l->q->tenants.n > 1;
	roaring_bitmap_t *ids =
	    l->q->matchers && l->q->matchers->n ? index_select(t->index, l->q->matchers) : NULL;
	l->index = t->index;
	l->ids = ids;
	if (several && (!l->name.n || str_is(l->name, TENANT_LABEL)) && has_any(l, t))
		map_put(l->seen, l->name.n ? t->name : STR(TENANT_LABEL), l);
	if (l->name.n)
		index_each_value(t->index, l->name, see_value, l);
	else
		index_each_name(t->index, see_name, l);
	if (ids)
		roaring_bitmap_free(ids);
}

static int
by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static enum rc
list(struct listing *l, size_t limit, struct arena *a, struct strs *out)
{
	l->seen = map_create();
	pthread_rwlock_rdlock(&l->db->lock);
	for (size_t i = 0; i < l->q->tenants.n; i++) {
		const struct tenant *t = tenant_of(l->db, l->q->tenants.p[i]);
		if (t)
			list_tenant(l, t);
	}
	pthread_rwlock_unlock(&l->db->lock);
	*out = (struct strs){.p = arena_array(a, struct str, map_count(l->seen) + 1)};
	map_each (l->seen, entry)
		out->p[out->n++] = arena_str(a, entry->key);
	if (out->n)
		qsort(out->p, out->n, sizeof *out->p, by_text);
	if (limit && out->n > limit)
		out->n = limit;
	map_destroy(&l->seen);
	return RC_OK;
}

enum rc
tsdb_label_names(struct tsdb *db, const struct tsdb_select *q, size_t limit, struct arena *a,
    struct strs *out, struct err *e)
{
	struct listing l = {.db = db, .q = q};
	return list(&l, limit, a, out);
}

enum rc
tsdb_label_values(struct tsdb *db, const struct tsdb_select *q, struct str name, size_t limit,
    struct arena *a, struct strs *out, struct err *e)
{
	struct listing l = {.db = db, .q = q, .name = name};
	return list(&l, limit, a, out);
}
