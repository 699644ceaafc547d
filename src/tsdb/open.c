/*
 * open.c — opening and closing the store: blocks, then the log.
 *
 * A block that cannot be trusted is set aside and named; the others are served.
 */
#include "tsdb/selection.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/must.h"
#include "base/os.h"
#include "tsdb/allowance.h"

void
block_name(const struct tsdb *db, uint64_t number, struct buf *path)
{
	buf_fmt(path, "%s/block-%08llu", db->dir, (unsigned long long)number);
}

static void *
visit_tenant(void *arg, struct str name)
{
	return tenant_make(arg, name);
}

static uint32_t
visit_pair(void *arg, void *tenant, struct str text)
{
	return index_pair(((struct tenant *)tenant)->index, text);
}

static uint32_t
visit_series(
    void *arg, void *tenant, const uint32_t *pairs, size_t n, msec_t min, msec_t max, bool histograms)
{
	struct series *s = series_make_of_pairs(arg, tenant, pairs, n);
	s->histograms |= histograms;
	s->min = min < s->min ? min : s->min;
	s->max = max > s->max ? max : s->max;
	return s->id;
}

static enum rc
take_block(struct tsdb *db, struct block *b, struct err *e)
{
	const struct block_visitor v = {visit_tenant, visit_pair, visit_series, db};
	enum rc rc = block_visit(b, &v, e);
	if (rc != RC_OK)
		return rc;
	db->newest = block_max(b) > db->newest ? block_max(b) : db->newest;
	*vec_add(&db->blocks) = b;
	return RC_OK;
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
number_behind(struct str name, struct str start, uint64_t *number)
{
	return str_starts(name, start) && str_u64(str_from(name, start.n), number);
}

/* A block that was opened, and has not been taken yet. */
struct opened {
	uint64_t number;
	struct block *block; /* NULL: it was damaged */
};
struct opened_list {
	struct opened *p;
	size_t n, cap;
};

static enum rc
open_block(struct tsdb *db, struct opened *o, struct err *e)
{
	struct buf path = {0};
	block_name(db, o->number, &path);
	enum rc rc = block_open(path.p, &o->block, e);
	if (rc == RC_INVALID) {
		struct err why = *e;
		rc = set_aside(db, path.p, why.text, e);
	}
	buf_fini(&path);
	return rc;
}

/* What was merged into this one may still be there when the machine stopped in between. */
static enum rc
drop_merged(struct opened_list *l, const struct opened *by, struct err *e)
{
	for (struct opened *o = l->p; o < by; o++) {
		if (!o->block || o->number < block_since(by->block))
			continue;
		/* parts that it had are that one's, if that one has any */
		enum rc rc = block_parts(by->block) ? block_remove_index(o->block, e) : block_remove(o->block, e);
		if (rc != RC_OK)
			return rc;
		block_close(&o->block);
	}
	return RC_OK;
}

static enum rc
take_or_set_aside(struct tsdb *db, struct opened *o, struct err *e)
{
	enum rc rc = take_block(db, o->block, e);
	if (rc == RC_OK)
		o->block = NULL; /* the store's */
	if (rc != RC_INVALID)
		return rc;
	struct err why = *e;
	return set_aside(db, block_path(o->block), why.text, e);
}

static enum rc
take_blocks(struct tsdb *db, struct opened_list *l, uint64_t *from, struct err *e)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < l->n; i++)
		if (l->p[i].block)
			rc = drop_merged(l, &l->p[i], e);
	for (size_t i = 0; rc == RC_OK && i < l->n; i++) {
		if (!l->p[i].block)
			continue;
		*from = l->p[i].number;
		rc = take_or_set_aside(db, &l->p[i], e);
	}
	return rc;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = ((const struct opened *)a)->number, y = ((const struct opened *)b)->number;
	return (x > y) - (x < y);
}

/* ---- parts that no block refers to (any more) ---- */

struct numbers {
	uint64_t *p;
	size_t n, cap;
};

/* Is it in a block that is good?  Those that were merged into one that was then written anew are, too. */
static bool
is_covered(const struct opened_list *l, uint64_t number)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct opened *o = &l->p[i];
		if (o->block && number <= o->number && number >= block_since(o->block))
			return true;
	}
	return false;
}

static int
by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* Those that blocks refer to, ascending: in years there come to be thousands. */
static void
list_referred(const struct opened_list *l, struct numbers *out)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; l->p[i].block && k < block_parts(l->p[i].block); k++)
			*vec_add(out) = block_part_number(l->p[i].block, k);
	if (out->n)
		qsort(out->p, out->n, sizeof *out->p, by_value);
}

/* A part whose block was lost is a block itself. */
static enum rc
take_up(struct tsdb *db, struct opened_list *l, uint64_t number, const char *part, struct err *e)
{
	struct buf path = {0};
	block_name(db, number, &path);
	enum rc rc = os.rename(part, path.p) == 0 ? RC_OK : err_errno(e, "cannot rename %s", part);
	if (rc == RC_OK) {
		log_warn("tsdb", "the block that referred to %s is not there: it is %s from now on", part, path.p);
		*vec_add(l) = (struct opened){.number = number};
		rc = open_block(db, &l->p[l->n - 1], e);
	}
	buf_fini(&path);
	return rc;
}

static enum rc
settle_parts(struct tsdb *db, struct opened_list *l, const struct numbers *parts, struct err *e)
{
	enum rc rc = RC_OK;
	struct buf any = {0}, path = {0};
	struct numbers referred = {0};
	block_name(db, 0, &any);
	list_referred(l, &referred);
	for (size_t i = 0; rc == RC_OK && i < parts->n; i++) {
		if (referred.n && bsearch(&parts->p[i], referred.p, referred.n, sizeof *referred.p, by_value))
			continue;
		buf_clear(&path);
		block_part_path(any.p, parts->p[i], &path);
		if (!is_covered(l, parts->p[i]))
			rc = take_up(db, l, parts->p[i], path.p, e);
		else if (os.unlink(path.p) != 0)
			rc = err_errno(e, "cannot remove %s", path.p);
	}
	vec_fini(&referred);
	buf_fini(&any);
	buf_fini(&path);
	return rc;
}

/* A block that was being removed: its parts go, then itself. */
static enum rc
finish_removal(struct tsdb *db, const char *name, struct err *e)
{
	struct buf path = {0};
	struct block *b = NULL;
	struct err why;
	buf_fmt(&path, "%s/%s", db->dir, name);
	enum rc rc = block_open(path.p, &b, &why) == RC_OK ? block_remove_parts(b, e) : RC_OK;
	block_close(&b);
	if (rc == RC_OK && os.unlink(path.p) != 0)
		rc = err_errno(e, "cannot remove %s", path.p);
	buf_fini(&path);
	return rc;
}

static enum rc
finish_removals(struct tsdb *db, struct err *e)
{
	enum rc rc = RC_OK;
	DIR *d = opendir(db->dir);
	if (!d)
		return err_errno(e, "cannot read the folder %s", db->dir);
	for (struct dirent *f; rc == RC_OK && (f = readdir(d));)
		if (str_starts(str_c(f->d_name), STR("block-")) && str_ends(str_c(f->d_name), STR(".gone")))
			rc = finish_removal(db, f->d_name, e);
	closedir(d);
	return rc;
}

/* ---- all of them ---- */

static enum rc
list_files(struct tsdb *db, struct opened_list *l, struct numbers *parts, struct err *e)
{
	uint64_t number;
	DIR *d = opendir(db->dir);
	if (!d)
		return err_errno(e, "cannot read the folder %s", db->dir);
	for (struct dirent *f; (f = readdir(d));) {
		struct str name = str_c(f->d_name);
		if (number_behind(name, STR("block-"), &number))
			*vec_add(l) = (struct opened){.number = number};
		else if (number_behind(name, STR("part-"), &number))
			*vec_add(parts) = number;
	}
	closedir(d);
	return RC_OK;
}

static enum rc
open_listed(struct tsdb *db, struct opened_list *l, const struct numbers *parts, struct err *e)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < l->n; i++)
		rc = open_block(db, &l->p[i], e);
	if (rc == RC_OK)
		rc = settle_parts(db, l, parts, e);
	if (l->n)
		qsort(l->p, l->n, sizeof *l->p, by_number);
	return rc;
}

/* `*from`: the log's segments before this one are in a block. */
static enum rc
open_blocks(struct tsdb *db, uint64_t *from, struct err *e)
{
	struct opened_list l = {0};
	struct numbers parts = {0};
	enum rc rc = finish_removals(db, e);
	if (rc == RC_OK)
		rc = list_files(db, &l, &parts, e);
	if (rc == RC_OK)
		rc = open_listed(db, &l, &parts, e);
	if (rc == RC_OK)
		rc = take_blocks(db, &l, from, e);
	for (size_t i = 0; i < l.n; i++)
		block_close(&l.p[i].block);
	vec_fini(&l);
	vec_fini(&parts);
	return rc;
}

/* Where the disk is full, what is there can be read all the same: a segment without its mark is only never spilled before. */
static enum rc
begin_log(struct tsdb *db, struct err *e)
{
	struct err why;
	if (flush_begin_segment(db, &why) != RC_OK)
		log_warn("tsdb", "%s", why.text);
	return db->spilled ? wal_drop_before(db->wal, db->spilled, e) : RC_OK;
}

static enum rc
open_files(struct tsdb *db, struct err *e)
{
	uint64_t from = 1;
	struct wal_reader reader = {.record = replay_record, .segment = replay_segment, .arg = db};
	if (os_make_dirs(db->dir, 0750, e) != RC_OK)
		return e->rc;
	snapshots_clear(db->dir);
	enum rc rc = open_blocks(db, &from, e);
	if (rc == RC_OK)
		rc = tiers_open(db, &from, e);
	if (rc == RC_OK)
		rc = deletions_open(db, e);
	if (rc == RC_OK)
		rc = wal_open(db->dir, from, db->options.log_hold, &reader, &db->wal, e);
	vec_fini(&db->by_logged_id);
	return rc == RC_OK ? begin_log(db, e) : rc;
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
	db->dir = mem_dup(o->dir, strlen(o->dir));
	db->tenants = map_create();
	db->starts_epoch = 1;
	db->newest = INT64_MIN;
	db->head_since = db->swept = db->cleaned = clock_wall(o->clock);
	db->synced = clock_mono(o->clock);
	init_lock(&db->lock);
	pthread_mutex_init(&db->calling, NULL);
	pthread_mutex_init(&db->work, NULL);
	db->allowances = allowances_create(&o->limits);
	db->annex = annex_create();
	db->memo = memo_create();
	db->selections = selections_create();
	db->appending = appending_create();
	randombytes_buf(db->secret, sizeof db->secret);
	slots_grow(db);
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

enum { CLOSE_LOG = 4 << 20 };

/* A long log would have to be read at the next start: rather a block now. */
static enum rc
close_log(struct tsdb *db, struct err *e)
{
	return db->log_before + wal_bytes(db->wal) >= CLOSE_LOG || wal_is_broken(db->wal) ? tsdb_flush(db, e)
									 : tsdb_sync(db, e);
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
			series_free(db, db->series.p[i]);
	tiers_fini(db);
	for (size_t i = 0; i < db->blocks.n; i++)
		block_close(&db->blocks.p[i]);
	vec_fini(&db->series);
	vec_fini(&db->blocks);
	deletions_fini(db);
	free_tenants(db);
	mem_free(db->slots);
	vec_fini(&db->found_pairs);
	for (size_t i = 0; i < db->slabs.n; i++)
		free(db->slabs.p[i]);
	vec_fini(&db->slabs);
	vec_fini(&db->spare);
	allowances_destroy(&db->allowances);
	annex_destroy(&db->annex);
	memo_destroy(&db->memo);
	selections_destroy(&db->selections);
	appending_destroy(&db->appending);
	timelines_forget(&db->lines);
	buf_fini(&db->payload);
	pthread_rwlock_destroy(&db->lock);
	pthread_mutex_destroy(&db->calling);
	pthread_mutex_destroy(&db->work);
	mem_free(db->dir);
	mem_free(db);
	*pdb = NULL;
}

void
tsdb_state(struct tsdb *db, struct tsdb_state *out)
{
	pthread_rwlock_rdlock(&db->lock);
	*out = (struct tsdb_state){
	    .tenants = map_count(db->tenants) - db->n_tenants_of_marks,
	    .series = db->n_series - db->n_marks,
	    .blocks = db->blocks.n,
	    .damaged = db->damaged,
	    .deletions = db->deletions.n,
	    .head_samples = db->head_samples,
	    .log_bytes = wal_bytes(db->wal),
	    .newest = db->newest,
	};
	for (size_t i = 0; i < db->blocks.n; i++)
		out->block_bytes += block_bytes(db->blocks.p[i]);
	out->tiers = db->tiers.all.n;
	for (size_t i = 0; i < db->tiers.all.n; i++)
		out->tier_bytes += block_bytes(db->tiers.all.p[i]->block);
	pthread_rwlock_unlock(&db->lock);
}

struct tsdb_position
tsdb_log_end(struct tsdb *db)
{
	pthread_rwlock_rdlock(&db->lock);
	struct tsdb_position end = {wal_segment(db->wal), wal_bytes(db->wal)};
	pthread_rwlock_unlock(&db->lock);
	return end;
}

void
tsdb_log_hold(struct tsdb *db, uint64_t segment)
{
	wal_hold(db->wal, segment);
}
