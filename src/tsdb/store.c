/* store.c — tenants and series, and what senders call them. */
#include "tsdb/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/must.h"
#include "tsdb/allowance.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

double
tsdb_stale(void)
{
	uint64_t bits = TSDB_STALE_BITS;
	double v;
	memcpy(&v, &bits, sizeof v);
	return v;
}

/* ---- tenants and series ---- */

struct tenant *
tenant_of(struct tsdb *db, struct str name)
{
	return map_get(db->tenants, name);
}

struct tenant *
tenant_make(struct tsdb *db, struct str name)
{
	struct tenant *t = tenant_of(db, name);
	if (t)
		return t;
	t = mem_new(struct tenant);
	t->name = str_n(mem_dup(name.p, name.n), name.n);
	t->index = index_create();
	t->marks = starts_is_theirs(name);
	map_put(db->tenants, name, t);
	if (t->marks) {
		tenant_make(db, starts_owner(name))->starts = t;
		db->n_tenants_of_marks++;
	}
	return t;
}

/* Where the store's series have their keys from: labels, apart for each tenant. */
static uint64_t
key_of(struct str tenant, struct str labels)
{
	return XXH3_64bits_withSeed(labels.p, labels.n, str_hash(tenant));
}

/* The slot of this series, or the free one where it belongs. */
static struct series_slot *
slot(struct tsdb *db, uint64_t key, const struct tenant *t, const uint32_t *pairs, size_t n)
{
	for (size_t i = key % db->n_slots;; i = i + 1 < db->n_slots ? i + 1 : 0) {
		if (!db->slots[i].id)
			return &db->slots[i];
		if (db->slots[i].key != key)
			continue;
		const struct series *s = db->series.p[db->slots[i].id - 1];
		if (s->tenant == t && s->n_pairs == n && memcmp(s->pairs, pairs, n * sizeof *pairs) == 0)
			return &db->slots[i];
	}
}

void
slots_grow(struct tsdb *db)
{
	struct series_slot *old = db->slots;
	size_t n = db->n_slots;
	db->n_slots = n ? n + n / 2 : 1024;
	db->slots = mem_zalloc(db->n_slots * sizeof *db->slots);
	for (size_t i = 0; i < n; i++) {
		if (!old[i].id)
			continue;
		const struct series *s = db->series.p[old[i].id - 1];
		*slot(db, old[i].key, s->tenant, s->pairs, s->n_pairs) = old[i];
	}
	mem_free(old);
}

/* ---- memory for series ---- */

enum { SLAB = 32 };

static struct series *
series_alloc(struct tsdb *db)
{
	if (!db->spare.n) {
		struct series *slab = aligned_alloc(64, SLAB * sizeof *slab);
		must(slab);
		*vec_add(&db->slabs) = slab;
		for (size_t i = SLAB; i-- > 0;)
			*vec_add(&db->spare) = &slab[i];
	}
	struct series *s = db->spare.p[--db->spare.n];
	memset(s, 0, sizeof *s);
	return s;
}

struct series_extra *
series_extra(struct series *s)
{
	if (!s->extra)
		s->extra = mem_new(struct series_extra);
	return s->extra;
}

void
series_labels(const struct series *s, struct buf *out)
{
	index_labels(s->tenant->index, s->pairs, s->n_pairs, out);
}

static struct series *
find(struct tsdb *db, const struct tenant *t, struct str labels, const uint32_t *pairs, size_t n)
{
	const struct series_slot *at = slot(db, key_of(t->name, labels), t, pairs, n);
	return at->id ? db->series.p[at->id - 1] : NULL;
}

struct series *
series_find(struct tsdb *db, struct str tenant, struct labels ls)
{
	struct pair_ids pairs = {0};
	const struct tenant *t = tenant_of(db, tenant);
	struct series *s = NULL;
	if (t && index_find_pairs(t->index, ls, &pairs))
		s = find(db, t, ls.bytes, pairs.p, pairs.n);
	vec_fini(&pairs);
	return s;
}

/* A series and that of its marks may begin in either order. */
static void
pair_with_marks(struct tsdb *db, struct series *s, struct str labels)
{
	const struct tenant *t = s->tenant;
	struct str other = t->marks ? starts_owner(t->name) : t->starts->name;
	struct series *found = series_find(db, other, (struct labels){labels});
	if (found)
		(t->marks ? found : s)->started = true;
}

static struct series *
create(struct tsdb *db, struct tenant *t, struct str labels, const uint32_t *pairs, size_t n)
{
	if ((db->n_series + 1) * 8 > db->n_slots * 7)
		slots_grow(db);
	struct series *s = series_alloc(db);
	uint64_t key = key_of(t->name, labels);
	s->tenant = t;
	s->pairs = n ? mem_alloc(n * sizeof *s->pairs) : NULL;
	if (n)
		memcpy(s->pairs, pairs, n * sizeof *s->pairs);
	s->n_pairs = (uint16_t)n;
	s->id = (uint32_t)db->series.n;
	s->min = INT64_MAX;
	s->max = INT64_MIN;
	s->fresh = true;
	struct series_slot *at = slot(db, key, t, s->pairs, n);
	*vec_add(&db->series) = s;
	*at = (struct series_slot){key, s->id + 1};
	index_add(t->index, s->pairs, n, s->id);
	t->series++;
	db->n_series++;
	db->n_marks += t->marks;
	if (t->marks || t->starts)
		pair_with_marks(db, s, labels);
	watch_new_series(s, (struct labels){labels});
	return s;
}

struct series *
series_make(struct tsdb *db, struct str tenant, struct labels ls)
{
	struct tenant *t = tenant_make(db, tenant);
	index_make_pairs(t->index, ls, &db->found_pairs);
	struct series *s = find(db, t, ls.bytes, db->found_pairs.p, db->found_pairs.n);
	return s ? s : create(db, t, ls.bytes, db->found_pairs.p, db->found_pairs.n);
}

struct series *
series_make_of_pairs(struct tsdb *db, struct tenant *t, const uint32_t *pairs, size_t n)
{
	buf_clear(&db->payload);
	index_labels(t->index, pairs, n, &db->payload);
	struct series *s = find(db, t, buf_view(&db->payload), pairs, n);
	return s ? s : create(db, t, buf_view(&db->payload), pairs, n);
}

void
series_free(struct tsdb *db, struct series *s)
{
	series_fini(s);
	mem_free(s->pairs);
	*vec_add(&db->spare) = s;
}

/* Takes it out of the table and closes up what was moved on because of it. */
static void
free_slot(struct tsdb *db, struct series *s)
{
	struct buf labels = {0};
	series_labels(s, &labels);
	size_t n = db->n_slots, hole = (size_t)(slot(db, key_of(s->tenant->name, buf_view(&labels)),
						    s->tenant, s->pairs, s->n_pairs) -
						db->slots);
	buf_fini(&labels);
	for (size_t i = (hole + 1) % n; db->slots[i].id; i = (i + 1) % n) {
		size_t home = db->slots[i].key % n;
		if ((i + n - home) % n >= (i + n - hole) % n) {
			db->slots[hole] = db->slots[i];
			hole = i;
		}
	}
	db->slots[hole] = (struct series_slot){0};
}

void
series_remove(struct tsdb *db, struct series *s)
{
	free_slot(db, s);
	index_remove(s->tenant->index, s->pairs, s->n_pairs, s->id);
	s->tenant->series--;
	db->series.p[s->id] = NULL;
	db->n_series--;
	if (s->tenant->marks) {
		db->n_marks--;
		starts_forget(db);
	}
	series_free(db, s);
}

bool
series_has_head(const struct series *s)
{
	return s->n || s->packs || (s->extra && (s->extra->late.n || s->extra->histograms.t.n));
}

/* Under the lock for writing. */
static enum rc
find_or_create(struct tsdb *db, struct str tenant, struct labels ls, struct tsdb_ref *out, struct err *e)
{
	struct series *s = series_find(db, tenant, ls);
	const struct tenant *t = s ? s->tenant : tenant_of(db, tenant);
	enum rc rc = s ? RC_OK : allowance_judge(db->allowances, tenant, t ? t->series : 0, ls, e);
	if (rc != RC_OK)
		return rc;
	if (!s)
		s = series_make(db, tenant, ls);
	s->fresh = true;
	out->id = s->id;
	return RC_OK;
}

enum rc
tsdb_series(struct tsdb *db, struct str tenant, struct labels ls, struct tsdb_ref *out, struct err *e)
{
	enum rc rc = RC_OK;
	pthread_rwlock_rdlock(&db->lock);
	struct series *s = series_find(db, tenant, ls);
	if (s) {
		out->id = s->id;
		__atomic_store_n(&s->fresh, true, __ATOMIC_RELAXED);
	}
	pthread_rwlock_unlock(&db->lock);
	if (!s) {
		pthread_rwlock_wrlock(&db->lock);
		rc = find_or_create(db, tenant, ls, out, e);
		pthread_rwlock_unlock(&db->lock);
	}
	return rc;
}

/* Nobody has seen the last ones yet, since the lock was not given away: their numbers can be given out again. */
static void
unmake(struct tsdb *db, size_t from)
{
	for (size_t i = from; i < db->series.n; i++)
		series_remove(db, db->series.p[i]);
	db->series.n = from;
}

enum rc
tsdb_series_all(struct tsdb *db, struct str tenant, const struct labels *ls, size_t n, struct tsdb_ref *out,
    struct err *e)
{
	enum rc rc = RC_OK;
	pthread_rwlock_wrlock(&db->lock);
	size_t before = db->series.n;
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = find_or_create(db, tenant, ls[i], &out[i], e);
	if (rc != RC_OK)
		unmake(db, before);
	pthread_rwlock_unlock(&db->lock);
	return rc;
}

/* ---- limits ---- */

void
tsdb_limit(struct tsdb *db, const struct tsdb_limits *usual, const struct tsdb_customer_limits *own, size_t n)
{
	allowances_set(db->allowances, usual, own, n);
}

enum rc
tsdb_admit(struct tsdb *db, struct str tenant, size_t samples, struct err *e)
{
	return allowance_admit(db->allowances, tenant, samples, clock_mono(db->options.clock), e);
}

void
tsdb_charge(struct tsdb *db, struct str tenant, size_t samples)
{
	allowance_charge(db->allowances, tenant, samples, clock_mono(db->options.clock));
}

struct use_each {
	struct tsdb *db;
	void (*fn)(void *arg, const struct tsdb_use *);
	void *arg;
};

static void
add_series_of(void *arg, const struct tsdb_use *use)
{
	struct use_each *x = arg;
	struct tsdb_use whole = *use;
	const struct tenant *t = tenant_of(x->db, use->tenant);
	whole.series = t ? t->series : 0;
	x->fn(x->arg, &whole);
}

void
tsdb_use_each(struct tsdb *db, void (*fn)(void *, const struct tsdb_use *), void *arg)
{
	struct use_each x = {db, fn, arg};
	pthread_rwlock_rdlock(&db->lock);
	allowances_each(db->allowances, clock_mono(db->options.clock), add_series_of, &x);
	pthread_rwlock_unlock(&db->lock);
}

/* ---- what senders call their series ---- */

static struct memo_key
memo_key(const struct tsdb *db, uint64_t salt, struct str bytes)
{
	XXH128_hash_t h = XXH3_128bits_withSecret(bytes.p, bytes.n, db->secret, sizeof db->secret);
	return (struct memo_key){h.low64 ^ salt, (uint32_t)h.high64};
}

static uint64_t
salt_of(const struct tsdb *db, struct str tenant)
{
	return XXH3_64bits_withSecret(tenant.p, tenant.n, db->secret, sizeof db->secret);
}

size_t
tsdb_known(struct tsdb *db, struct str tenant, const struct str *names, size_t n, struct tsdb_ref *out)
{
	enum { AT_ONCE = 16 };
	struct memo_key keys[AT_ONCE];
	uint64_t salt = salt_of(db, tenant);
	size_t unknown = 0;
	pthread_rwlock_rdlock(&db->lock);
	for (size_t i = 0; i < n; i += AT_ONCE) {
		size_t some = n - i < AT_ONCE ? n - i : AT_ONCE;
		for (size_t k = 0; k < some; k++) {
			keys[k] = memo_key(db, salt, names[i + k]);
			memo_prefetch(db->memo, keys[k]);
		}
		for (size_t k = 0; k < some; k++) {
			uint32_t id;
			struct series *s = memo_find(db->memo, keys[k], &id) ? db->series.p[id] : NULL;
			out[i + k].id = s ? id : TSDB_UNKNOWN;
			unknown += !s;
		}
	}
	pthread_rwlock_unlock(&db->lock);
	return unknown;
}

static bool
is_there(void *arg, uint32_t id)
{
	const struct tsdb *db = arg;
	return db->series.p[id] != NULL;
}

void
tsdb_remember(struct tsdb *db, struct str tenant, struct str name, struct tsdb_ref ref)
{
	size_t place = 0;
	tsdb_remember_all(db, tenant, &name, &ref, &place, 1);
}

void
tsdb_remember_all(struct tsdb *db, struct str tenant, const struct str *names, const struct tsdb_ref *refs, const size_t *places, size_t n)
{
	uint64_t salt = salt_of(db, tenant);
	pthread_rwlock_wrlock(&db->lock);
	for (size_t i = 0; i < n; i++)
		if (refs[places[i]].id != TSDB_UNKNOWN)
			memo_put(db->memo, memo_key(db, salt, names[places[i]]), refs[places[i]].id, is_there, db);
	pthread_rwlock_unlock(&db->lock);
}

/* ---- reading one series ---- */

void
series_read(struct tsdb *db, const struct series *s, msec_t min, msec_t max, struct samples *out)
{
	if (s->max < min || s->min > max)
		return;
	for (size_t i = 0; i < db->blocks.n; i++)
		if (!read_undeleted(db, db->blocks.p[i], s, min, max, out))
			log_warn(
			    "tsdb", "a damaged chunk in %s was passed over", block_path(db->blocks.p[i]));
	series_read_head(s, min, max, out);
	samples_order(out);
}

void
series_read_histograms(struct tsdb *db, const struct series *s, msec_t min, msec_t max, struct blobs *out)
{
	if (!s->histograms || s->max < min || s->min > max)
		return;
	for (size_t i = 0; i < db->blocks.n; i++)
		if (!read_undeleted_histograms(db, db->blocks.p[i], s, min, max, out))
			log_warn(
			    "tsdb", "a damaged chunk in %s was passed over", block_path(db->blocks.p[i]));
	series_read_head_histograms(s, min, max, out);
	blobs_order(out);
}

/* ---- what was written ---- */

/* Which blocks there are; only ever the same when they are the same. */
static uint64_t
blocks_print(const struct tsdb *db)
{
	uint64_t h = db->blocks.n;
	for (size_t i = 0; i < db->blocks.n; i++)
		h = (h ^ block_serial(db->blocks.p[i])) * 0x9e3779b97f4a7c15ull;
	return h;
}

struct tsdb_moment
tsdb_moment(struct tsdb *db)
{
	pthread_rwlock_rdlock(&db->lock);
	struct tsdb_moment m = {db->written.last, blocks_print(db)};
	pthread_rwlock_unlock(&db->lock);
	return m;
}

msec_t
tsdb_written_since(struct tsdb *db, struct tsdb_moment m)
{
	pthread_rwlock_rdlock(&db->lock);
	msec_t oldest = blocks_print(db) == m.blocks ? written_since(&db->written, m.written) : INT64_MIN;
	pthread_rwlock_unlock(&db->lock);
	return oldest;
}

static bool
last_within(struct tsdb *db, const struct series *s, msec_t min, msec_t *t, double *v)
{
	struct samples found = {0};
	series_read(db, s, min, INT64_MAX, &found);
	while (found.n && tsdb_is_stale(found.v[found.n - 1]))
		found.n--;
	bool any = found.n > 0;
	if (any) {
		*t = found.t[found.n - 1];
		*v = found.v[found.n - 1];
	}
	samples_fini(&found);
	return any;
}

/* Mostly it is near the end, so that much is read first. */
bool
tsdb_last(struct tsdb *db, struct tsdb_ref ref, msec_t since, msec_t *t, double *v)
{
	pthread_rwlock_rdlock(&db->lock);
	const struct series *s = ref.id < db->series.n ? db->series.p[ref.id] : NULL;
	bool any = false;
	if (s && s->min <= s->max && s->max >= since) {
		msec_t near = s->max > since + HOUR ? s->max - HOUR : since;
		any = last_within(db, s, near, t, v) || (near > since && last_within(db, s, since, t, v));
	}
	pthread_rwlock_unlock(&db->lock);
	return any;
}
