/* annex.c — see annex.h. */
#include "tsdb/annex.h"

#include <stdlib.h>
#include <string.h>

#include "tsdb/store.h"
#include "wire/proto.h"

enum { METRICS_MAX = 50000, TEXT_MAX = 4096, EXEMPLARS_MAX = 20000 };

struct metadata {
	struct str type, help, unit; /* views into `text` */
	char *text;
};
struct exemplar {
	uint32_t id;
	msec_t t;
	double v;
	struct str labels; /* owned */
};
struct annex {
	struct map *tenants;            /* to a struct map of metrics, each to a struct metadata */
	VEC(struct exemplar) exemplars; /* a ring once it is full */
	size_t oldest;
};

struct annex *
annex_create(void)
{
	struct annex *x = mem_new(struct annex);
	x->tenants = map_create();
	return x;
}

static void
metadata_destroy(struct metadata *m)
{
	if (m)
		mem_free(m->text);
	mem_free(m);
}

void
annex_destroy(struct annex **px)
{
	struct annex *x = *px;
	if (!x)
		return;
	map_each (x->tenants, t) {
		struct map *metrics = t->value;
		map_each (metrics, m)
			metadata_destroy(m->value);
		map_destroy(&metrics);
	}
	map_destroy(&x->tenants);
	for (size_t i = 0; i < x->exemplars.n; i++)
		mem_free((char *)x->exemplars.p[i].labels.p);
	vec_fini(&x->exemplars);
	mem_free(x);
	*px = NULL;
}

/* ---- records ---- */

static void
add_text(struct buf *b, struct str s)
{
	proto_add_varint(b, s.n);
	buf_str(b, s);
}

static void
add_metadata(struct buf *b, struct str tenant, const struct tsdb_metadata *m)
{
	add_text(b, tenant);
	add_text(b, m->metric);
	add_text(b, m->type);
	add_text(b, m->help);
	add_text(b, m->unit);
}

static void
add_exemplar(struct buf *b, const struct exemplar *x)
{
	proto_add_varint(b, x->id);
	proto_add_varint(b, bits_zigzag(x->t));
	buf_add(b, &x->v, sizeof x->v);
	add_text(b, x->labels);
}

/* ---- metadata ---- */

static struct map *
metrics_of(struct annex *x, struct str tenant)
{
	struct map *metrics = map_get(x->tenants, tenant);
	if (!metrics) {
		metrics = map_create();
		map_put(x->tenants, tenant, metrics);
	}
	return metrics;
}

static bool
is_news(const struct map *metrics, const struct tsdb_metadata *m)
{
	const struct metadata *old = map_get(metrics, m->metric);
	if (!old)
		return map_count(metrics) < METRICS_MAX;
	return !str_eq(old->type, m->type) || !str_eq(old->help, m->help) || !str_eq(old->unit, m->unit);
}

static void
keep(struct map *metrics, const struct tsdb_metadata *m)
{
	struct buf all = {0};
	struct metadata *new = mem_new(struct metadata);
	buf_str(&all, m->type);
	buf_str(&all, m->help);
	buf_str(&all, m->unit);
	new->text = mem_dup(all.p ? all.p : "", all.n);
	new->type = str_n(new->text, m->type.n);
	new->help = str_n(new->text + m->type.n, m->help.n);
	new->unit = str_n(new->help.p + m->help.n, m->unit.n);
	metadata_destroy(map_put(metrics, m->metric, new));
	buf_fini(&all);
}

static bool
fits(const struct tsdb_metadata *m)
{
	return m->metric.n && m->metric.n <= TEXT_MAX && m->help.n <= TEXT_MAX && m->unit.n <= TEXT_MAX &&
	       m->type.n <= TEXT_MAX;
}

/* With the lock held. */
static enum rc
put_metadata(struct tsdb *db, struct str tenant, const struct tsdb_metadata *p, size_t n, struct err *e)
{
	struct map *metrics = metrics_of(db->annex, tenant);
	buf_clear(&db->payload);
	buf_ch(&db->payload, 'M');
	for (size_t i = 0; i < n; i++)
		if (fits(&p[i]) && is_news(metrics, &p[i]))
			add_metadata(&db->payload, tenant, &p[i]);
	if (db->payload.n == 1)
		return RC_OK;
	enum rc rc = wal_append(db->wal, buf_view(&db->payload), e);
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		if (fits(&p[i]) && is_news(metrics, &p[i]))
			keep(metrics, &p[i]);
	return rc;
}

enum rc
tsdb_metadata_put(struct tsdb *db, struct str tenant, const struct tsdb_metadata *p, size_t n, struct err *e)
{
	pthread_rwlock_wrlock(&db->lock);
	enum rc rc = put_metadata(db, tenant, p, n, e);
	pthread_rwlock_unlock(&db->lock);
	return rc == RC_OK && db->options.sync_every == 0 ? tsdb_sync(db, e) : rc;
}

void
tsdb_metadata_each(
    struct tsdb *db, struct str tenant, void (*fn)(void *, const struct tsdb_metadata *), void *arg)
{
	pthread_rwlock_rdlock(&db->lock);
	const struct map *metrics = map_get(db->annex->tenants, tenant);
	if (metrics)
		map_each (metrics, e) {
			const struct metadata *m = e->value;
			fn(arg, &(struct tsdb_metadata){e->key, m->type, m->help, m->unit});
		}
	pthread_rwlock_unlock(&db->lock);
}

bool
annex_replay_metadata(struct tsdb *db, struct proto *p)
{
	while (p->at < p->end) {
		struct str tenant;
		struct tsdb_metadata m;
		if (!proto_text(p, &tenant) || !proto_text(p, &m.metric) || !proto_text(p, &m.type) ||
		    !proto_text(p, &m.help) || !proto_text(p, &m.unit))
			return false;
		keep(metrics_of(db->annex, tenant), &m);
	}
	return true;
}

/* ---- exemplars ---- */

static void
push(struct annex *x, uint32_t id, msec_t t, double v, struct str labels)
{
	struct exemplar new = {id, t, v, {mem_dup(labels.p, labels.n), labels.n}};
	if (x->exemplars.n < EXEMPLARS_MAX) {
		*vec_add(&x->exemplars) = new;
		return;
	}
	struct exemplar *old = &x->exemplars.p[x->oldest];
	mem_free((char *)old->labels.p);
	*old = new;
	x->oldest = (x->oldest + 1) % EXEMPLARS_MAX;
}

static struct series *
series_of(const struct tsdb *db, uint32_t id)
{
	return id < db->series.n ? db->series.p[id] : NULL;
}

/* With the lock held. */
static enum rc
put_exemplars(struct tsdb *db, const struct tsdb_exemplar *p, size_t n, struct err *e)
{
	struct buf b = {0};
	enum rc rc = RC_OK;
	buf_ch(&b, 'X');
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		struct series *s = series_of(db, p[i].ref.id);
		if (!s)
			continue;
		rc = log_series(db, &s, 1, e);
		add_exemplar(&b, &(struct exemplar){s->id, p[i].t, p[i].v, p[i].labels.bytes});
	}
	if (rc == RC_OK && b.n > 1)
		rc = wal_append(db->wal, buf_view(&b), e);
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		if (series_of(db, p[i].ref.id))
			push(db->annex, p[i].ref.id, p[i].t, p[i].v, p[i].labels.bytes);
	buf_fini(&b);
	return rc;
}

enum rc
tsdb_exemplars_put(struct tsdb *db, const struct tsdb_exemplar *p, size_t n, struct err *e)
{
	pthread_rwlock_wrlock(&db->lock);
	enum rc rc = put_exemplars(db, p, n, e);
	pthread_rwlock_unlock(&db->lock);
	return rc == RC_OK && db->options.sync_every == 0 ? tsdb_sync(db, e) : rc;
}

static int
by_series(const void *a, const void *b)
{
	const struct exemplar *x = a, *y = b;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->t > y->t) - (x->t < y->t);
}

static bool
is_same(const struct exemplar *x, const struct exemplar *y)
{
	return x->id == y->id && x->t == y->t && same_bits(x->v, y->v) && str_eq(x->labels, y->labels);
}

/* What was sent twice is told once. */
static void
tell(struct tsdb *db, const struct exemplar *p, size_t n,
    void (*fn)(void *, struct labels, const struct tsdb_exemplar *), void *arg)
{
	struct buf labels = {0};
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && is_same(&p[i - 1], &p[i]))
			continue;
		buf_clear(&labels);
		series_labels(db->series.p[p[i].id], &labels);
		fn(arg, (struct labels){buf_view(&labels)},
		    &(struct tsdb_exemplar){{p[i].id}, p[i].t, p[i].v, {p[i].labels}});
	}
	buf_fini(&labels);
}

void
tsdb_exemplars_each(struct tsdb *db, const struct tsdb_select *q,
    void (*fn)(void *, struct labels, const struct tsdb_exemplar *), void *arg)
{
	VEC(struct exemplar) found = {0};
	pthread_rwlock_rdlock(&db->lock);
	for (size_t k = 0; k < q->tenants.n; k++) {
		const struct tenant *t = tenant_of(db, q->tenants.p[k]);
		roaring_bitmap_t *ids = t ? index_select(t->index, q->matchers) : NULL;
		for (size_t i = 0; ids && i < db->annex->exemplars.n; i++) {
			const struct exemplar *x = &db->annex->exemplars.p[i];
			if (x->t >= q->min && x->t <= q->max && roaring_bitmap_contains(ids, x->id))
				*vec_add(&found) = *x;
		}
		if (ids)
			roaring_bitmap_free(ids);
	}
	if (found.n)
		qsort(found.p, found.n, sizeof *found.p, by_series);
	tell(db, found.p, found.n, fn, arg);
	pthread_rwlock_unlock(&db->lock);
	vec_fini(&found);
}

/* What stays begins a ring anew. */
static void
drop_exemplars(struct annex *x, const roaring_bitmap_t *ids, msec_t min, msec_t max)
{
	VEC(struct exemplar) stay = {0};
	for (size_t i = 0; i < x->exemplars.n; i++) {
		struct exemplar *one = &x->exemplars.p[(x->oldest + i) % x->exemplars.n];
		if (one->t >= min && one->t <= max && roaring_bitmap_contains(ids, one->id))
			mem_free((char *)one->labels.p);
		else
			*vec_add(&stay) = *one;
	}
	x->exemplars.n = x->oldest = 0;
	for (size_t i = 0; i < stay.n; i++)
		*vec_add(&x->exemplars) = stay.p[i];
	vec_fini(&stay);
}

void
annex_drop_exemplars(struct tsdb *db, const struct tsdb_select *q)
{
	for (size_t i = 0; i < q->tenants.n; i++) {
		const struct tenant *t = tenant_of(db, q->tenants.p[i]);
		if (!t)
			continue;
		roaring_bitmap_t *ids = index_select(t->index, q->matchers);
		drop_exemplars(db->annex, ids, q->min, q->max);
		roaring_bitmap_free(ids);
	}
}

bool
annex_replay_exemplars(struct tsdb *db, struct proto *p)
{
	while (p->at < p->end) {
		uint64_t id, t;
		double v;
		struct str labels;
		if (!proto_varint(p, &id) || !proto_varint(p, &t) || p->end - p->at < (ptrdiff_t)sizeof v)
			return false;
		memcpy(&v, p->at, sizeof v);
		p->at += sizeof v;
		if (!proto_text(p, &labels) || !labels_valid(labels) || id >= db->by_logged_id.n ||
		    !db->by_logged_id.p[id])
			return false;
		push(db->annex, db->by_logged_id.p[id]->id, bits_unzigzag(t), v, labels);
	}
	return true;
}

/* ---- a log that begins ---- */

static enum rc
log_all_metadata(struct tsdb *db, struct err *e)
{
	struct buf b = {0};
	buf_ch(&b, 'M');
	map_each (db->annex->tenants, t) {
		const struct map *metrics = t->value;
		map_each (metrics, x) {
			const struct metadata *m = x->value;
			add_metadata(&b, t->key, &(struct tsdb_metadata){x->key, m->type, m->help, m->unit});
		}
	}
	enum rc rc = b.n > 1 ? wal_append(db->wal, buf_view(&b), e) : RC_OK;
	buf_fini(&b);
	return rc;
}

/* Oldest first; those of series that have gone go, too. */
static enum rc
log_all_exemplars(struct tsdb *db, struct err *e)
{
	struct buf b = {0};
	VEC(struct series *) of = {0};
	const struct annex *x = db->annex;
	buf_ch(&b, 'X');
	for (size_t i = 0; i < x->exemplars.n; i++) {
		const struct exemplar *one = &x->exemplars.p[(x->oldest + i) % x->exemplars.n];
		struct series *s = series_of(db, one->id);
		if (!s)
			continue;
		*vec_add(&of) = s;
		add_exemplar(&b, one);
	}
	enum rc rc = of.n ? log_series(db, of.p, of.n, e) : RC_OK;
	if (rc == RC_OK && of.n)
		rc = wal_append(db->wal, buf_view(&b), e);
	buf_fini(&b);
	vec_fini(&of);
	return rc;
}

enum rc
annex_log(struct tsdb *db, struct err *e)
{
	enum rc rc = log_all_metadata(db, e);
	return rc == RC_OK ? log_all_exemplars(db, e) : rc;
}
