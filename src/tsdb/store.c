/* store.c — opening and closing, tenants and series. */
#include "tsdb/store.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/must.h"
#include "base/os.h"
#include "tsdb/chunk.h"

double
tsdb_stale(void)
{
	uint64_t bits = TSDB_STALE_BITS;
	double v;
	memcpy(&v, &bits, sizeof v);
	return v;
}

bool
tsdb_is_stale(double v)
{
	return same_bits(v, tsdb_stale());
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
	map_put(db->tenants, name, t);
	return t;
}

/* The slot of this series, or the free one where it belongs. */
static struct series **
slot(struct tsdb *db, uint64_t key, struct str tenant, struct labels ls)
{
	for (size_t i = key & (db->n_slots - 1);; i = (i + 1) & (db->n_slots - 1)) {
		struct series *s = db->slots[i];
		if (!s || (s->key == key && str_eq(s->tenant->name, tenant) && labels_eq(s->labels, ls)))
			return &db->slots[i];
	}
}

struct series *
series_find(struct tsdb *db, struct str tenant, struct labels ls)
{
	return *slot(db, block_key(tenant, ls), tenant, ls);
}

static void
grow_slots(struct tsdb *db)
{
	struct series **old = db->slots;
	size_t n = db->n_slots;
	db->n_slots = n ? n * 2 : 1024;
	db->slots = mem_zalloc(db->n_slots * sizeof *db->slots);
	for (size_t i = 0; i < n; i++)
		if (old[i])
			*slot(db, old[i]->key, old[i]->tenant->name, old[i]->labels) = old[i];
	mem_free(old);
}

struct series *
series_create(struct tsdb *db, struct str tenant, struct labels ls)
{
	if ((db->n_series + 1) * 4 > db->n_slots * 3)
		grow_slots(db);
	struct series *s = mem_new(struct series);
	s->tenant = tenant_make(db, tenant);
	s->labels.bytes = str_n(mem_dup(ls.bytes.p, ls.bytes.n), ls.bytes.n);
	s->key = block_key(tenant, ls);
	s->id = (uint32_t)db->series.n;
	s->min = INT64_MAX;
	s->max = INT64_MIN;
	s->fresh = true;
	*slot(db, s->key, tenant, ls) = s;
	*vec_add(&db->series) = s;
	index_add(s->tenant->index, s->labels, s->id);
	s->tenant->series++;
	db->n_series++;
	watch_new_series(s);
	return s;
}

static void
series_free(struct series *s)
{
	for (size_t i = 0; i < s->packs.n; i++)
		mem_free(s->packs.p[i].bytes);
	vec_fini(&s->packs);
	vec_fini(&s->watches);
	samples_fini(&s->open);
	if (s->late)
		samples_fini(s->late);
	mem_free(s->late);
	mem_free((char *)s->labels.bytes.p);
	mem_free(s);
}

/* Takes it out of the table and closes up what was moved on because of it. */
static void
free_slot(struct tsdb *db, struct series *s)
{
	size_t mask = db->n_slots - 1,
	       hole = (size_t)(slot(db, s->key, s->tenant->name, s->labels) - db->slots);
	for (size_t i = (hole + 1) & mask; db->slots[i]; i = (i + 1) & mask) {
		size_t home = db->slots[i]->key & mask;
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			db->slots[hole] = db->slots[i];
			hole = i;
		}
	}
	db->slots[hole] = NULL;
}

void
series_remove(struct tsdb *db, struct series *s)
{
	watch_series_gone(s);
	free_slot(db, s);
	index_remove(s->tenant->index, s->labels, s->id);
	s->tenant->series--;
	db->series.p[s->id] = NULL;
	db->n_series--;
	series_free(s);
}

bool
series_has_head(const struct series *s)
{
	return s->open.n || s->late || s->packs.n;
}

/* Under the lock for writing. */
static enum rc
find_or_create(struct tsdb *db, struct str tenant, struct labels ls, struct tsdb_ref *out, struct err *e)
{
	struct series *s = series_find(db, tenant, ls);
	struct tenant *t = tenant_of(db, tenant);
	if (!s && t && db->options.series_limit && t->series >= db->options.series_limit)
		return err_set(e, RC_REFUSED, "the tenant \"%.*s\" has %zu series, which is its series_limit",
		    STR_ARG(tenant), t->series);
	if (!s)
		s = series_create(db, tenant, ls);
	out->id = s->id;
	return RC_OK;
}

enum rc
tsdb_series(struct tsdb *db, struct str tenant, struct labels ls, struct tsdb_ref *out, struct err *e)
{
	enum rc rc = RC_OK;
	pthread_rwlock_rdlock(&db->lock);
	struct series *s = series_find(db, tenant, ls);
	if (s)
		out->id = s->id;
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

/* ---- reading one series ---- */

static void
read_pack(const struct packed *p, msec_t min, msec_t max, struct samples *out)
{
	msec_t t[CHUNK_SAMPLES];
	double v[CHUNK_SAMPLES];
	if (p->max < min || p->min > max)
		return;
	bool whole = chunk_decode(str_n(p->bytes, p->size), p->n, t, v);
	must(whole);
	samples_add_range(out, t, v, p->n, min, max);
}

void
series_read(struct tsdb *db, const struct series *s, msec_t min, msec_t max, struct samples *out)
{
	if (s->max < min || s->min > max)
		return;
	for (size_t i = 0; i < db->blocks.n; i++)
		if (!block_read(db->blocks.p[i], s->key, s->tenant->name, s->labels, min, max, out))
			log_warn(
			    "tsdb", "a damaged chunk in %s was passed over", block_path(db->blocks.p[i]));
	for (size_t i = 0; i < s->packs.n; i++)
		read_pack(&s->packs.p[i], min, max, out);
	samples_add_range(out, s->open.t, s->open.v, s->open.n, min, max);
	for (size_t i = 0; s->late && i < s->late->n; i++)
		if (s->late->t[i] >= min && s->late->t[i] <= max)
			samples_add(out, s->late->t[i], s->late->v[i]);
	samples_order(out);
}

/* ---- opening ---- */

static void
take_block(struct tsdb *db, struct block *b)
{
	struct str tenant;
	struct labels ls;
	msec_t min, max;
	for (size_t i = 0; block_series(b, i, &tenant, &ls, &min, &max); i++) {
		struct series *s = series_find(db, tenant, ls);
		if (!s)
			s = series_create(db, tenant, ls);
		s->min = min < s->min ? min : s->min;
		s->max = max > s->max ? max : s->max;
	}
	db->newest = block_max(b) > db->newest ? block_max(b) : db->newest;
	*vec_add(&db->blocks) = b;
}

/* A block that cannot be trusted is renamed, so that it is looked at once, and the others are served. */
static enum rc
set_aside(struct tsdb *db, const char *path, const char *why, struct err *e)
{
	struct buf to = {0};
	buf_fmt(&to, "%s.damaged", path);
	log_error("tsdb", "%s; it is kept as %s", why, to.p);
	db->damaged++;
	enum rc rc = os.rename(path, to.p) == 0 ? RC_OK : err_errno(e, "cannot rename %s", path);
	buf_fini(&to);
	return rc;
}

/* The number a block's name ends with: it holds everything from the log's segments before that one. */
static bool
block_number(const char *name, uint64_t *number)
{
	struct str s = str_c(name);
	return str_starts(s, STR("block-")) && str_u64(str_from(s, 6), number);
}

/* `*from`: the log's segments before this one are in the block, when it is good. */
static enum rc
open_block(struct tsdb *db, const char *name, uint64_t *from, struct err *e)
{
	struct block *b;
	struct buf path = {0};
	buf_fmt(&path, "%s/%s", db->dir, name);
	enum rc rc = block_open(path.p, &b, e);
	if (rc == RC_OK) {
		take_block(db, b);
		(void)block_number(name, from);
	} else if (rc == RC_INVALID) {
		struct err why = *e;
		rc = set_aside(db, path.p, why.text, e);
	}
	buf_fini(&path);
	return rc;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum rc
open_blocks(struct tsdb *db, uint64_t *from, struct err *e)
{
	VEC(char *) names = {0};
	enum rc rc = RC_OK;
	uint64_t number;
	DIR *d = opendir(db->dir);
	if (!d)
		return err_errno(e, "cannot read the folder %s", db->dir);
	for (struct dirent *f; (f = readdir(d));)
		if (block_number(f->d_name, &number))
			*vec_add(&names) = mem_dup(f->d_name, strlen(f->d_name));
	closedir(d);
	if (names.n)
		qsort(names.p, names.n, sizeof *names.p, by_name);
	for (size_t i = 0; i < names.n; i++) {
		if (rc == RC_OK)
			rc = open_block(db, names.p[i], from, e);
		mem_free(names.p[i]);
	}
	vec_fini(&names);
	return rc;
}

static enum rc
open_files(struct tsdb *db, struct err *e)
{
	uint64_t from = 1;
	struct wal_reader reader = {.record = replay_record, .segment = replay_segment, .arg = db};
	if (os_make_dirs(db->dir, 0750, e) != RC_OK)
		return e->rc;
	enum rc rc = open_blocks(db, &from, e);
	if (rc == RC_OK)
		rc = wal_open(db->dir, from, &reader, &db->wal, e);
	vec_fini(&db->by_logged_id);
	return rc;
}

/* Appends must not starve behind queries, which glibc's default would let happen. */
static void
init_lock(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t a;
	pthread_rwlockattr_init(&a);
	pthread_rwlockattr_setkind_np(&a, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(lock, &a);
	pthread_rwlockattr_destroy(&a);
}

enum rc
tsdb_open(const struct tsdb_options *o, struct tsdb **out, struct err *e)
{
	struct err own;
	e = e ? e : &own;
	struct tsdb *db = mem_new(struct tsdb);
	db->options = *o;
	db->options.head_span = o->head_span ? o->head_span : 2 * HOUR;
	db->options.head_bytes = o->head_bytes ? o->head_bytes : 256ull << 20;
	db->dir = mem_dup(o->dir, strlen(o->dir));
	db->tenants = map_create();
	db->newest = INT64_MIN;
	db->head_since = db->swept = clock_wall(o->clock);
	db->synced = clock_mono(o->clock);
	init_lock(&db->lock);
	pthread_mutex_init(&db->calling, NULL);
	grow_slots(db);
	enum rc rc = open_files(db, e);
	if (rc != RC_OK)
		tsdb_close(&db);
	*out = db;
	return rc;
}

static void
free_tenants(struct tsdb *db)
{
	map_each (db->tenants, entry) {
		struct tenant *t = entry->value;
		must(t->watches.n == 0);
		index_destroy(&t->index);
		vec_fini(&t->watches);
		mem_free((char *)t->name.p);
		mem_free(t);
	}
	map_destroy(&db->tenants);
}

enum { CLOSE_LOG = 16 << 20 };

/* A long log would have to be read at the next start: rather a block now. */
static enum rc
close_log(struct tsdb *db, struct err *e)
{
	return wal_bytes(db->wal) >= CLOSE_LOG || wal_is_broken(db->wal) ? tsdb_flush(db, e) : tsdb_sync(db, e);
}

void
tsdb_close(struct tsdb **pdb)
{
	struct tsdb *db = *pdb;
	struct err e;
	if (!db)
		return;
	if (db->wal && close_log(db, &e) != RC_OK)
		log_error("tsdb", "%s", e.text);
	wal_close(&db->wal);
	for (size_t i = 0; i < db->series.n; i++)
		if (db->series.p[i])
			series_free(db->series.p[i]);
	for (size_t i = 0; i < db->blocks.n; i++)
		block_close(&db->blocks.p[i]);
	vec_fini(&db->series);
	vec_fini(&db->blocks);
	free_tenants(db);
	mem_free(db->slots);
	buf_fini(&db->payload);
	pthread_rwlock_destroy(&db->lock);
	pthread_mutex_destroy(&db->calling);
	mem_free(db->dir);
	mem_free(db);
	*pdb = NULL;
}

void
tsdb_state(struct tsdb *db, struct tsdb_state *out)
{
	pthread_rwlock_rdlock(&db->lock);
	*out = (struct tsdb_state){
	    .tenants = map_count(db->tenants),
	    .series = db->n_series,
	    .blocks = db->blocks.n,
	    .damaged = db->damaged,
	    .head_samples = db->head_samples,
	    .log_bytes = wal_bytes(db->wal),
	    .newest = db->newest,
	};
	for (size_t i = 0; i < db->blocks.n; i++)
		out->block_bytes += block_bytes(db->blocks.p[i]);
	pthread_rwlock_unlock(&db->lock);
}
