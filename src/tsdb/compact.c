/*
 * compact.c — the blocks of a day into one.
 *
 * IDEA   Every block costs memory for each of its series, and a query a look into each.  So a day that is
 *        over becomes one block, and a day that has very many (a machine that restarts all the time) does at
 *        once.  More is not merged: every merging writes all samples again.
 *
 * Blocks that are full already would be written once more as they are: of these only the index is merged, and it refers to them
 * (block_refer.c).
 *
 * The merged block takes the name of the newest it replaces and says which was the oldest; when the machine
 * stops before the others are removed, the next start does it.  Nobody else removes blocks or series
 * meanwhile: who does holds `work`.
 */
#include "tsdb/store.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/os.h"

enum { BLOCKS_OF_A_DAY = 24, FULL = 120 }; /* samples of a series in a block that is worth keeping */
_Static_assert((int)BLOCKS_OF_A_DAY * 2 <= (int)BLOCK_PARTS, "the blocks of an ordinary day can be referred to");

/* ---- order ---- */

struct placed {
	struct series *series;
	const uint32_t *ranks; /* of its tenant */
};

static int
by_labels(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	const struct series *s = x->series, *t = y->series;
	if (s->tenant != t->tenant)
		return str_cmp(s->tenant->name, t->tenant->name);
	for (size_t i = 0; i < s->n_pairs && i < t->n_pairs; i++) {
		uint32_t p = x->ranks[s->pairs[i]], q = x->ranks[t->pairs[i]];
		if (p != q)
			return p < q ? -1 : 1;
	}
	return (s->n_pairs > t->n_pairs) - (s->n_pairs < t->n_pairs);
}

void
series_sort(struct tsdb *db, struct series **all, size_t n)
{
	struct placed *p = mem_alloc((n + 1) * sizeof *p);
	pthread_rwlock_rdlock(&db->lock);
	for (size_t i = 0; i < n; i++)
		p[i] = (struct placed){all[i], index_ranks(all[i]->tenant->index, SIZE_MAX / 8)};
	if (n)
		qsort(p, n, sizeof *p, by_labels);
	pthread_rwlock_unlock(&db->lock);
	for (size_t i = 0; i < n; i++)
		all[i] = p[i].series;
	mem_free(p);
}

/* ---- merging ---- */

struct merging {
	struct block **blocks; /* some that follow each other in the store's list */
	size_t n, first;
	const roaring_bitmap_t *without; /* NULL: all */
	VEC(struct series *) series;
	struct samples samples;
	struct blobs histograms;
	struct buf labels, path;
};

/* Those that may have something in the blocks. */
static void
gather(struct tsdb *db, struct merging *m)
{
	msec_t min = INT64_MAX, max = INT64_MIN;
	for (size_t i = 0; i < m->n; i++) {
		min = block_min(m->blocks[i]) < min ? block_min(m->blocks[i]) : min;
		max = block_max(m->blocks[i]) > max ? block_max(m->blocks[i]) : max;
	}
	pthread_rwlock_rdlock(&db->lock);
	for (size_t i = 0; i < db->series.n; i++) {
		struct series *s = db->series.p[i];
		if (s && s->min <= max && s->max >= min &&
		    !(m->without && roaring_bitmap_contains(m->without, s->id)))
			*vec_add(&m->series) = s;
	}
	pthread_rwlock_unlock(&db->lock);
	series_sort(db, m->series.p, m->series.n);
}

static enum rc
merge_series(
    struct tsdb *db, struct merging *m, const struct series *s, struct block_writer *w, struct err *e)
{
	samples_clear(&m->samples);
	blobs_clear(&m->histograms);
	buf_clear(&m->labels);
	for (size_t i = 0; i < m->n; i++)
		if (!read_undeleted(db, m->blocks[i], s, INT64_MIN, INT64_MAX, &m->samples) ||
		    !read_undeleted_histograms(db, m->blocks[i], s, INT64_MIN, INT64_MAX, &m->histograms))
			return err_set(e, RC_INVALID, "%s has a damaged chunk and is not merged",
			    block_path(m->blocks[i]));
	samples_order(&m->samples);
	blobs_order(&m->histograms);
	pthread_rwlock_rdlock(&db->lock);
	series_labels(s, &m->labels);
	pthread_rwlock_unlock(&db->lock);
	keep_durable(db);
	return block_writer_add(
	    w, s->tenant->name, (struct labels){buf_view(&m->labels)}, s->id, &m->samples, &m->histograms, e);
}

/* ---- by reference ---- */

static bool
are_full(struct tsdb *db, const struct merging *m)
{
	if (m->without || m->n < 2 || block_sources(m->blocks, m->n) > BLOCK_PARTS)
		return false;
	for (size_t i = 0; i < m->n; i++)
		if (block_samples(m->blocks[i]) < block_series(m->blocks[i]) * FULL ||
		    deletions_change(db, m->blocks[i]))
			return false;
	return true;
}

struct referring {
	struct block_walk *walks; /* of each block */
	struct block_chunks chunks;
	VEC(struct block_ref) refs;
	struct buf labels;
};

/* Chunks follow each other in time, but what came late may lie before them.  False: so it is here. */
static bool
in_order(const struct merging *m, const struct referring *r)
{
	msec_t last[2] = {INT64_MIN, INT64_MIN}, min, max;
	for (size_t i = 0; i < r->refs.n; i++) {
		const struct block_ref *x = &r->refs.p[i];
		block_column_span(m->blocks[x->block], x->chunk.column, &min, &max);
		if (i > 0 && min <= last[x->chunk.histograms])
			return false;
		last[x->chunk.histograms] = max;
	}
	return true;
}

/* RC_ABSENT: it cannot be referred to. */
static enum rc
refer_series(struct tsdb *db, struct merging *m, struct referring *r, const struct series *s, struct block_writer *w, struct err *e)
{
	r->refs.n = 0;
	for (uint32_t i = 0; i < m->n; i++) {
		r->chunks.n = 0;
		if (!block_chunks(m->blocks[i], &r->walks[i], s->id, INT64_MIN, INT64_MAX, &r->chunks))
			return err_set(e, RC_INVALID, "%s has a damaged chunk and is not merged", block_path(m->blocks[i]));
		for (size_t k = 0; k < r->chunks.n; k++)
			*vec_add(&r->refs) = (struct block_ref){i, r->chunks.p[k]};
	}
	if (!in_order(m, r))
		return RC_ABSENT;
	buf_clear(&r->labels);
	pthread_rwlock_rdlock(&db->lock);
	series_labels(s, &r->labels);
	pthread_rwlock_unlock(&db->lock);
	keep_durable(db);
	return block_writer_add_refs(w, s->tenant->name, (struct labels){buf_view(&r->labels)}, s->id, r->refs.p, r->refs.n, e);
}

/* RC_ABSENT: samples must be written. */
static enum rc
write_referring(struct tsdb *db, struct merging *m, struct block **out, struct err *e)
{
	struct referring r = {.walks = mem_zalloc(m->n * sizeof *r.walks)};
	struct block_writer *w;
	enum rc rc = block_writer_create(block_path(m->blocks[m->n - 1]), &w, e);
	if (rc == RC_OK)
		rc = block_writer_refer(w, m->blocks, m->n, e);
	for (size_t i = 0; rc == RC_OK && i < m->series.n; i++)
		rc = refer_series(db, m, &r, m->series.p[i], w, e);
	if (rc == RC_OK)
		rc = block_writer_finish(&w, block_since(m->blocks[0]), out, e);
	block_writer_abandon(&w);
	mem_free(r.walks);
	vec_fini(&r.chunks);
	vec_fini(&r.refs);
	buf_fini(&r.labels);
	return rc;
}

/* ---- by writing ---- */

static enum rc
write_merged(struct tsdb *db, struct merging *m, struct block **out, struct err *e)
{
	struct block_writer *w;
	enum rc rc = are_full(db, m) ? write_referring(db, m, out, e) : RC_ABSENT;
	if (rc != RC_ABSENT)
		return rc;
	rc = block_writer_create(block_path(m->blocks[m->n - 1]), &w, e);
	for (size_t i = 0; rc == RC_OK && i < m->series.n; i++)
		rc = merge_series(db, m, m->series.p[i], w, e);
	if (rc == RC_OK && block_writer_samples(w))
		rc = block_writer_finish(&w, block_since(m->blocks[0]), out, e);
	block_writer_abandon(&w);
	return rc;
}

/* Of a block whose name the merged one has, there is no file; and of one that is referred to, parts are that block's now. */
static enum rc
remove_merged(const struct block *b, const struct block *by, bool named, struct err *e)
{
	if (by && block_parts(by))
		return named ? block_remove_index(b, e) : RC_OK;
	return named ? block_remove(b, e) : block_remove_parts(b, e);
}

/* Before their block goes: without it they would speak for themselves [T1]. */
static enum rc
drop_tiers(struct tier_taken *t, enum rc rc, struct err *e)
{
	for (size_t i = 0; i < t->n; i++)
		if (rc == RC_OK)
			rc = tier_remove(&t->p[i], e);
		else
			tier_close(&t->p[i]);
	return rc;
}

/* The merged one, if anything was left, instead of the others; their files go, but for the one whose name it has. */
static enum rc
replace(struct tsdb *db, struct merging *m, struct block *by, struct err *e)
{
	enum rc rc = RC_OK;
	size_t gone = m->n - (by != NULL);
	struct tier_taken *tiers = mem_alloc(m->n * sizeof *tiers);
	pthread_rwlock_wrlock(&db->lock);
	for (size_t i = 0; i < m->n; i++) {
		tiers_take_bound(db, m->blocks[i], &tiers[i]);
		tiers_part(db, m->blocks[i]);
	}
	for (size_t i = 0; i < gone; i++)
		vec_remove(&db->blocks, m->first);
	if (by)
		db->blocks.p[m->first] = by;
	tiers_settle(db);
	pthread_rwlock_unlock(&db->lock);
	for (size_t i = 0; i < m->n; i++) {
		rc = drop_tiers(&tiers[i], rc, e);
		if (rc == RC_OK)
			rc = remove_merged(m->blocks[i], by, i < gone, e);
		block_close(&m->blocks[i]);
	}
	mem_free(tiers);
	return rc;
}

static enum rc
merge(struct tsdb *db, size_t first, size_t n, const roaring_bitmap_t *without, struct err *e)
{
	struct merging m = {.n = n, .first = first, .without = without};
	struct block *by = NULL;
	m.blocks = mem_alloc(n * sizeof *m.blocks);
	pthread_rwlock_rdlock(&db->lock);
	for (size_t i = 0; i < n; i++)
		m.blocks[i] = db->blocks.p[first + i];
	pthread_rwlock_unlock(&db->lock);
	gather(db, &m);
	enum rc rc = write_merged(db, &m, &by, e);
	if (rc == RC_OK && by)
		log_info("tsdb", "merged %zu blocks into %s: %llu samples in %llu bytes", n, block_path(by),
		    (unsigned long long)block_samples(by), (unsigned long long)block_bytes(by));
	if (rc == RC_OK)
		rc = replace(db, &m, by, e);
	vec_fini(&m.series);
	samples_fini(&m.samples);
	blobs_fini(&m.histograms);
	buf_fini(&m.labels);
	mem_free(m.blocks);
	return rc;
}

/* ---- what is due ---- */

static msec_t
day_of(const struct block *b)
{
	return block_min(b) / DAY - (block_min(b) % DAY < 0);
}

/* The last of a day comes into a block up to a head's span later.  INT64_MIN: nothing is there yet. */
static msec_t
today(const struct tsdb *db)
{
	if (db->newest < INT64_MIN + db->options.head_span + HOUR)
		return INT64_MIN;
	msec_t over = db->newest - db->options.head_span - HOUR;
	return over / DAY - (over % DAY < 0);
}

bool
day_is_over(const struct tsdb *db, const struct block *b)
{
	return day_of(b) < today(db);
}

/* The first run of neighbours of one day that are to become one; returns how many. */
static size_t
find_due(const struct tsdb *db, bool all, size_t *first)
{
	for (size_t i = 0, n; i < db->blocks.n; i += n) {
		n = 1;
		while (i + n < db->blocks.n && day_of(db->blocks.p[i + n]) == day_of(db->blocks.p[i]))
			n++;
		*first = i;
		if (n > BLOCKS_OF_A_DAY || (n > 1 && (all || day_is_over(db, db->blocks.p[i]))))
			return n;
	}
	return 0;
}

enum rc
compact_days(struct tsdb *db, bool all, struct err *e)
{
	enum rc rc = RC_OK;
	size_t first, n = 1;
	while (rc == RC_OK && n) {
		pthread_rwlock_rdlock(&db->lock);
		n = find_due(db, all, &first);
		pthread_rwlock_unlock(&db->lock);
		if (n)
			rc = merge(db, first, n, NULL, e);
	}
	return rc;
}

enum rc
compact_without(struct tsdb *db, size_t i, const roaring_bitmap_t *ids, struct err *e)
{
	roaring_uint32_iterator_t it;
	enum rc rc = merge(db, i, 1, ids, e);
	if (rc != RC_OK)
		return rc;
	pthread_rwlock_wrlock(&db->lock);
	for (roaring_init_iterator(ids, &it); it.has_value; roaring_advance_uint32_iterator(&it))
		if (db->series.p[it.current_value])
			series_narrow(db, db->series.p[it.current_value]);
	written_note(&db->written, INT64_MIN);
	pthread_rwlock_unlock(&db->lock);
	return RC_OK;
}

/* Windows that a deletion touches go as a whole. */
static enum rc
clean_tiers(struct tsdb *db, struct err *e)
{
	enum rc rc = RC_OK;
	for (size_t i = 0, before; rc == RC_OK && i < db->tiers.all.n; i += db->tiers.all.n == before) {
		before = db->tiers.all.n;
		if (deletions_change_tier(db, db->tiers.all.p[i]))
			rc = tiers_join(db, &db->tiers.all.p[i], 1, NULL, NULL, e);
	}
	return rc;
}

enum rc
compact_deleted(struct tsdb *db, struct err *e)
{
	enum rc rc = RC_OK;
	size_t before;
	for (size_t i = 0; rc == RC_OK && i < db->blocks.n; i += db->blocks.n == before) {
		before = db->blocks.n;
		if (deletions_change(db, db->blocks.p[i]))
			rc = merge(db, i, 1, NULL, e);
	}
	if (rc == RC_OK)
		rc = clean_tiers(db, e);
	if (rc != RC_OK)
		return rc;
	pthread_rwlock_wrlock(&db->lock);
	rc = deletions_forget(db, true, e);
	pthread_rwlock_unlock(&db->lock);
	return rc;
}

/* ---- by hand ---- */

enum rc
tsdb_clean(struct tsdb *db, struct err *e)
{
	pthread_mutex_lock(&db->work);
	enum rc rc = compact_deleted(db, e);
	pthread_mutex_unlock(&db->work);
	return rc;
}

enum rc
tsdb_compact(struct tsdb *db, struct err *e)
{
	uint64_t segment;
	pthread_mutex_lock(&db->work);
	enum rc rc = flush_head(db, false, &segment, e);
	if (rc == RC_OK)
		rc = compact_days(db, true, e);
	if (rc == RC_OK)
		rc = compact_deleted(db, e);
	if (rc == RC_OK)
		rc = tiers_write_due(db, true, e);
	if (rc == RC_OK)
		rc = tiers_join_due(db, e);
	pthread_mutex_unlock(&db->work);
	return rc;
}
