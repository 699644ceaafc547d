/*
 * watch.c — who wants to know when series get samples.
 *
 * Each series lists its watches, so an append that nobody watches costs one comparison.  The calls are made
 * after the batch, under `calling`, which tsdb_watch_destroy takes too.
 */
#include "tsdb/store.h"

#include "base/must.h"

struct tsdb_watch {
	struct tenant *tenant;
	struct matchers matchers;
	void (*fn)(void *arg);
	void *arg;
	bool marked; /* by the batch that is being stored */
};

static void
add_to(struct tsdb_watch *w, struct series *s)
{
	*vec_add(&series_extra(s)->watches) = w;
}

void
watch_new_series(struct series *s, struct labels ls)
{
	for (size_t i = 0; i < s->tenant->watches.n; i++)
		if (matchers_match(&s->tenant->watches.p[i]->matchers, ls))
			add_to(s->tenant->watches.p[i], s);
}

bool
watch_mark(struct tsdb_watch *w)
{
	bool first = !w->marked;
	w->marked = true;
	return first;
}

void
watch_call(struct tsdb_watch **w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		w[i]->marked = false;
		w[i]->fn(w[i]->arg);
	}
}

static void
copy_matchers(struct matchers *to, const struct matchers *from)
{
	for (size_t i = 0; i < from->n; i++) {
		enum rc rc = matchers_add(to, from->p[i].name, from->p[i].op, from->p[i].value, NULL);
		must(rc == RC_OK); /* it was made once */
	}
}

struct tsdb_watch *
tsdb_watch_create(
    struct tsdb *db, struct str tenant, const struct matchers *ms, void (*fn)(void *), void *arg)
{
	struct tsdb_watch *w = mem_new(struct tsdb_watch);
	w->fn = fn;
	w->arg = arg;
	copy_matchers(&w->matchers, ms);
	pthread_rwlock_wrlock(&db->lock);
	w->tenant = tenant_make(db, tenant);
	*vec_add(&w->tenant->watches) = w;
	roaring_bitmap_t *ids = index_select(w->tenant->index, ms);
	roaring_uint32_iterator_t it;
	for (roaring_init_iterator(ids, &it); it.has_value; roaring_advance_uint32_iterator(&it))
		add_to(w, db->series.p[it.current_value]);
	roaring_bitmap_free(ids);
	pthread_rwlock_unlock(&db->lock);
	return w;
}

static void
remove_from(struct series_extra *x, const struct tsdb_watch *w)
{
	for (size_t i = 0; i < x->watches.n; i++) {
		if (x->watches.p[i] == w) {
			vec_remove(&x->watches, i);
			return;
		}
	}
}

void
tsdb_watch_destroy(struct tsdb *db, struct tsdb_watch **pw)
{
	struct tsdb_watch *w = *pw;
	if (!w)
		return;
	pthread_mutex_lock(&db->calling);
	pthread_rwlock_wrlock(&db->lock);
	for (size_t i = 0; i < db->series.n; i++)
		if (db->series.p[i] && db->series.p[i]->extra)
			remove_from(db->series.p[i]->extra, w);
	for (size_t i = 0; i < w->tenant->watches.n; i++) {
		if (w->tenant->watches.p[i] == w) {
			vec_remove(&w->tenant->watches, i);
			break;
		}
	}
	pthread_rwlock_unlock(&db->lock);
	pthread_mutex_unlock(&db->calling);
	matchers_fini(&w->matchers);
	mem_free(w);
	*pw = NULL;
}
