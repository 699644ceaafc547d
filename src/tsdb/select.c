/*
 * select.c — reading: which series, their samples, names and values of labels.
 *
 * IDEA   A cursor holds pointers to series, not the lock: it takes the lock for one series at a time, so
 *        that a long query does not stop the appends.  While a cursor is open no series is removed.
 */
#include "tsdb/pending.h"
#include "tsdb/reader.h"
#include "tsdb/selection.h"

#include <stdlib.h>
#include <string.h>

#define TENANT_LABEL "__tenant_id__"

struct tsdb_cursor {
	struct tsdb *db;
	msec_t min, max;
	struct found *found; /* of the selections, those within the range */
	size_t n;
	VEC(struct selection *) selections; /* of each tenant */
	size_t at;
	struct reader *reader;
	struct pending *pending; /* NULL: none */
	struct blobs histograms;
	VEC(struct str) views; /* of them */
	bool with_starts;
	struct start_list {
		msec_t *p;
		size_t cap;
	} starts, histogram_starts;
	struct arena *arena;
};

static bool
is_wanted(const struct series *s, const struct tsdb_select *q)
{
	return s->min <= s->max && s->min <= q->max && s->max >= q->min;
}

/* ---- cursors ---- */

static int
by_labels(const void *a, const void *b)
{
	return labels_cmp(((const struct found *)a)->labels, ((const struct found *)b)->labels);
}

/* Of several tenants, each series says whose it is. */
static struct labels
with_tenant(struct tsdb_cursor *c, const struct found *f)
{
	struct label_builder b = {0};
	label_builder_start(&b, f->labels);
	label_builder_set(&b, STR(TENANT_LABEL), f->series->tenant->name);
	struct labels ls = label_builder_done(&b, c->arena);
	label_builder_fini(&b);
	return ls;
}

static enum rc
take_wanted(struct tsdb_cursor *c, const struct selection *s, const struct tsdb_select *q, struct err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct series *one = s->p[i].series;
		if (!is_wanted(one, q) && !(c->pending && pending_has(c->pending, one)))
			continue;
		if (q->series_limit && c->n >= q->series_limit)
			return err_set(e, RC_REFUSED, "the selector matches more than %zu series", q->series_limit);
		c->found[c->n++] = s->p[i];
		if (q->tenants.n > 1)
			c->found[c->n - 1].labels = with_tenant(c, &s->p[i]);
	}
	return RC_OK;
}

static enum rc
find_series(struct tsdb_cursor *c, const struct tsdb_select *q, struct err *e)
{
	size_t all = 0;
	enum rc rc = RC_OK;
	for (size_t i = 0; i < q->tenants.n; i++) {
		struct tenant *t = tenant_of(c->db, q->tenants.p[i]);
		if (!t)
			continue;
		struct selection *s = selection_of(c->db, t, q->matchers, q->min, q->max, c->pending != NULL);
		*vec_add(&c->selections) = s;
		all += s->n;
	}
	c->found = mem_alloc((all + 1) * sizeof *c->found);
	for (size_t i = 0; rc == RC_OK && i < c->selections.n; i++)
		rc = take_wanted(c, c->selections.p[i], q, e);
	if (rc == RC_OK && q->tenants.n > 1 && c->n)
		qsort(c->found, c->n, sizeof *c->found, by_labels);
	return rc;
}

enum rc
tsdb_cursor_create(struct tsdb *db, const struct tsdb_select *q, struct tsdb_cursor **out, struct err *e)
{
	struct tsdb_cursor *c = mem_new(struct tsdb_cursor);
	c->db = db;
	c->min = q->min;
	c->max = q->max;
	c->with_starts = q->starts;
	c->arena = arena_create();
	c->pending = pending_create(q->pending, q->min, q->max);
	struct tsdb_select own = *q;
	own.times_only &= !c->pending;
	c->reader = reader_create(db, &own);
	pthread_rwlock_rdlock(&db->lock);
	__atomic_add_fetch(&db->cursors, 1, __ATOMIC_ACQ_REL);
	enum rc rc = find_series(c, q, e);
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
	pthread_rwlock_rdlock(&c->db->lock);
	reader_destroy(&c->reader);
	pthread_rwlock_unlock(&c->db->lock);
	__atomic_sub_fetch(&c->db->cursors, 1, __ATOMIC_ACQ_REL);
	for (size_t i = 0; i < c->selections.n; i++)
		selection_unref(c->selections.p[i]);
	vec_fini(&c->selections);
	mem_free(c->found);
	pending_destroy(&c->pending);
	blobs_fini(&c->histograms);
	vec_fini(&c->views);
	mem_free(c->starts.p);
	mem_free(c->histogram_starts.p);
	arena_destroy(&c->arena);
	mem_free(c);
	*pc = NULL;
}

size_t
tsdb_cursor_count(const struct tsdb_cursor *c)
{
	return c->n;
}

bool
tsdb_cursor_peek(const struct tsdb_cursor *c, struct labels *out)
{
	if (c->at == c->n)
		return false;
	*out = c->found[c->at].labels;
	return true;
}

void
tsdb_cursor_want(struct tsdb_cursor *c, unsigned columns)
{
	reader_want(c->reader, columns);
}

bool
tsdb_cursor_next_labels(struct tsdb_cursor *c, struct labels *out)
{
	if (c->at == c->n)
		return false;
	*out = c->found[c->at++].labels;
	return true;
}

/* NULL: none is known. */
static const msec_t *
starts_of(struct tsdb *db, const struct series *s, const msec_t *t, size_t n, struct start_list *list)
{
	if (n > list->cap) {
		list->cap = n;
		list->p = mem_resize(list->p, n * sizeof *list->p);
	}
	return starts_read(db, s, t, n, list->p) ? list->p : NULL;
}

bool
tsdb_cursor_next(struct tsdb_cursor *c, struct tsdb_view *out)
{
	if (c->at == c->n)
		return false;
	const struct found *f = &c->found[c->at++];
	*out = (struct tsdb_view){.labels = f->labels};
	c->views.n = 0;
	blobs_clear(&c->histograms);
	pthread_rwlock_rdlock(&c->db->lock);
	reader_read(c->reader, f->series, out);
	if (f->series->histograms)
		series_read_histograms(c->db, f->series, c->min, c->max, &c->histograms);
	if (c->pending) {
		pending_add_samples(c->pending, f->series, out);
		pending_add_histograms(c->pending, f->series, &c->histograms);
	}
	if (c->with_starts && f->series->started) {
		out->starts = starts_of(c->db, f->series, out->t, out->n, &c->starts);
		out->histogram_starts = starts_of(c->db, f->series, c->histograms.t.p, c->histograms.t.n, &c->histogram_starts);
	}
	pthread_rwlock_unlock(&c->db->lock);
	for (size_t i = 0; i < c->histograms.t.n; i++)
		*vec_add(&c->views) = blobs_get(&c->histograms, i);
	out->histogram_t = c->histograms.t.p;
	out->histograms = c->views.p;
	out->n_histograms = c->views.n;
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
