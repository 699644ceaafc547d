/*
 * flush.c — from the head to a block, and what is due.
 *
 * IDEA   A flush freezes what the head holds and rolls the log, so the segments before the new one hold
 *        exactly what is frozen or in blocks.  The block is written beside appends and queries; when it
 *        stands there durably the frozen packs and the old segments go.  A flush that fails changes
 *        nothing: the next one takes along what is frozen.
 *        A start that finds more in the log than one head may have writes blocks in between, so it needs no more memory
 *        than who wrote the log.
 */
#include "tsdb/store.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"

enum { COMPACT_EVERY = 10 * MINUTE, SWEEP_EVERY = 10 * MINUTE, CLEAN_EVERY = 2 * HOUR };
enum { HEAD_BYTES = 64 << 20, BYTES_OF_A_SERIES = 128, HEAD_BYTES_MAX = 768 << 20 };

struct frozen {
	struct series **p;
	size_t n, cap;
};

/* What a start may have to read again: enough that a block of many series is not all index. */
static uint64_t
longest_log(const struct tsdb *db)
{
	uint64_t n = HEAD_BYTES + (uint64_t)db->n_series * BYTES_OF_A_SERIES;
	return db->options.head_bytes ? db->options.head_bytes : n < HEAD_BYTES_MAX ? n : HEAD_BYTES_MAX;
}

/* All lines end here, so that whoever reads what is frozen sees nobody step on. */
static void
freeze_series(struct tsdb *db, struct frozen *out)
{
	for (size_t i = 0; i < db->series.n; i++) {
		struct series *s = db->series.p[i];
		if (!s || !series_has_head(s))
			continue;
		series_pack(s);
		s->frozen = 0;
		for (const struct pack *p = s->packs; p; p = p->next)
			s->frozen++;
		*vec_add(out) = s;
	}
	timelines_forget(&db->lines);
	db->log_before = 0;
	db->head_since = clock_wall(db->options.clock);
}

enum rc
flush_begin_segment(struct tsdb *db, struct err *e)
{
	enum rc rc = annex_log(db, e);
	return rc == RC_OK ? log_mark(db, e) : rc;
}

static void
thaw(struct frozen *f)
{
	for (size_t i = 0; i < f->n; i++)
		f->p[i]->frozen = 0;
	vec_fini(f);
}

/* With the lock held. */
static enum rc
freeze(struct tsdb *db, bool roll, struct frozen *out, uint64_t *segment, struct err *e)
{
	if (db->head_samples == 0 && !roll && !wal_is_broken(db->wal))
		return RC_ABSENT;
	enum rc rc = wal_roll(db->wal, segment, e);
	if (rc != RC_OK)
		return rc;
	freeze_series(db, out); /* in any case: the new segment's first tokens begin chunks */
	rc = flush_begin_segment(db, e);
	if (rc != RC_OK)
		thaw(out);
	return rc;
}

/* ---- the block ---- */

/* All of one series. */
struct gathered {
	struct samples samples;
	struct blobs histograms;
	struct buf labels;
};

/* Without the lock for the packs, which do not change, and with it for the labels. */
static enum rc
write_one(struct block_writer *w, struct tsdb *db, const struct series *s, struct gathered *g, struct err *e)
{
	samples_clear(&g->samples);
	blobs_clear(&g->histograms);
	buf_clear(&g->labels);
	const struct pack *p = NULL; /* what comes behind the last frozen one is none of ours */
	for (uint32_t i = 0; i < s->frozen; i++) {
		p = p ? p->next : s->packs;
		pack_read(p, INT64_MIN, INT64_MAX, &g->samples, &g->histograms);
	}
	samples_order(&g->samples);
	blobs_order(&g->histograms);
	pthread_rwlock_rdlock(&db->lock);
	series_labels(s, &g->labels);
	pthread_rwlock_unlock(&db->lock);
	return block_writer_add(
	    w, s->tenant->name, (struct labels){buf_view(&g->labels)}, s->id, &g->samples, &g->histograms, e);
}

static enum rc
write_block(struct tsdb *db, const struct frozen *f, uint64_t segment, struct block **out, struct err *e)
{
	struct buf path = {0};
	struct gathered g = {0};
	struct block_writer *w;
	block_name(db, segment, &path);
	enum rc rc = block_writer_create(path.p, &w, e);
	for (size_t i = 0; rc == RC_OK && i < f->n; i++) {
		rc = write_one(w, db, f->p[i], &g, e);
		keep_durable(db);
	}
	if (rc == RC_OK)
		rc = block_writer_finish(&w, segment, out, e);
	block_writer_abandon(&w);
	samples_fini(&g.samples);
	blobs_fini(&g.histograms);
	buf_fini(&g.labels);
	buf_fini(&path);
	return rc;
}

/* With the lock held. */
static void
end_flush(struct tsdb *db, struct frozen *f, struct block *b)
{
	for (size_t i = 0; b && i < f->n; i++)
		series_drop_packs(db, f->p[i], f->p[i]->frozen);
	thaw(f);
	if (b)
		*vec_add(&db->blocks) = b;
	tiers_settle(db);
}

enum rc
flush_head(struct tsdb *db, bool roll, uint64_t *number, struct err *e)
{
	struct frozen f = {0};
	struct block *b = NULL;
	uint64_t segment;
	pthread_rwlock_wrlock(&db->lock);
	enum rc rc = freeze(db, roll, &f, &segment, e);
	pthread_rwlock_unlock(&db->lock);
	if (rc != RC_OK)
		return rc == RC_ABSENT ? RC_OK : rc;
	*number = segment;
	series_sort(db, f.p, f.n);
	if (f.n > 0)
		rc = write_block(db, &f, segment, &b, e);
	pthread_rwlock_wrlock(&db->lock);
	end_flush(db, &f, b);
	pthread_rwlock_unlock(&db->lock);
	if (rc == RC_OK)
		rc = wal_sync(db->wal, e); /* what was said again in the new segment */
	return rc == RC_OK ? wal_drop_before(db->wal, segment, e) : rc;
}

/* Nobody else has the store yet. */
enum rc
flush_replayed(struct tsdb *db, uint64_t number, struct err *e)
{
	struct frozen f = {0};
	struct block *b = NULL;
	if (db->head_samples == 0 || db->log_before < longest_log(db))
		return RC_OK;
	freeze_series(db, &f);
	series_sort(db, f.p, f.n);
	enum rc rc = f.n ? write_block(db, &f, number, &b, e) : RC_OK;
	end_flush(db, &f, b);
	db->spilled = b ? number : db->spilled;
	return rc;
}

enum rc
tsdb_flush(struct tsdb *db, struct err *e)
{
	uint64_t segment;
	pthread_mutex_lock(&db->work);
	enum rc rc = flush_head(db, false, &segment, e);
	pthread_mutex_unlock(&db->work);
	return rc;
}

/* ---- the owner's timer ---- */

void
keep_durable(struct tsdb *db)
{
	struct err e;
	nsec_t mono = clock_mono(db->options.clock);
	if (!db->wal || db->options.sync_every == 0 ||
	    mono - __atomic_load_n(&db->synced, __ATOMIC_RELAXED) < db->options.sync_every * 1000000)
		return;
	__atomic_store_n(&db->synced, mono, __ATOMIC_RELAXED);
	if (tsdb_sync(db, &e) != RC_OK)
		log_error("tsdb", "%s", e.text); /* the next tick mends it */
}

static bool
is_flush_due(struct tsdb *db, msec_t now)
{
	pthread_rwlock_rdlock(&db->lock);
	bool due = db->head_samples > 0 &&
		   (now - db->head_since >= db->options.head_span || db->log_before + wal_bytes(db->wal) >= longest_log(db));
	pthread_rwlock_unlock(&db->lock);
	return due;
}

/* Where somebody works on blocks already, the next tick does it. */
static enum rc
flush_unless_busy(struct tsdb *db, struct err *e)
{
	uint64_t segment;
	if (pthread_mutex_trylock(&db->work) != 0)
		return RC_OK;
	enum rc rc = flush_head(db, false, &segment, e);
	pthread_mutex_unlock(&db->work);
	return rc;
}

/* A log that could not be made durable begins anew behind a block that holds everything. */
static enum rc
sync_or_mend(struct tsdb *db, struct err *e)
{
	struct err why;
	if (tsdb_sync(db, &why) == RC_OK)
		return RC_OK;
	log_error("tsdb", "%s; a block is written instead", why.text);
	return flush_unless_busy(db, e);
}

/* What cannot be merged or cleaned up must not keep the old from going. */
static void
compact(struct tsdb *db, msec_t now)
{
	struct err why;
	if (now - db->compacted >= COMPACT_EVERY) {
		if (compact_days(db, false, &why) != RC_OK || tiers_join_due(db, &why) != RC_OK)
			log_error("tsdb", "%s", why.text);
		db->compacted = now;
	}
	if (now - db->tiers.written >= MINUTE) {
		if (tiers_write_due(db, false, &why) != RC_OK)
			log_error("tsdb", "%s", why.text);
		db->tiers.written = now;
	}
	if (now - db->cleaned >= CLEAN_EVERY || db->deletions.n > DELETIONS_MAX / 2) {
		if (compact_deleted(db, &why) != RC_OK)
			log_error("tsdb", "%s", why.text);
		db->cleaned = now;
	}
}

static enum rc
keep_blocks(struct tsdb *db, msec_t now, struct err *e)
{
	enum rc rc = RC_OK;
	if (pthread_mutex_trylock(&db->work) != 0)
		return RC_OK;
	compact(db, now);
	if (now - db->swept >= SWEEP_EVERY) {
		rc = retention_sweep(db, now, e);
		db->swept = now;
	}
	pthread_mutex_unlock(&db->work);
	return rc;
}

enum rc
tsdb_tick(struct tsdb *db, struct err *e)
{
	msec_t now = clock_wall(db->options.clock);
	nsec_t mono = clock_mono(db->options.clock);
	enum rc rc = RC_OK;
	if (mono - __atomic_load_n(&db->synced, __ATOMIC_RELAXED) >= db->options.sync_every * 1000000) {
		rc = sync_or_mend(db, e);
		__atomic_store_n(&db->synced, mono, __ATOMIC_RELAXED);
	}
	if (rc == RC_OK && is_flush_due(db, now))
		rc = flush_unless_busy(db, e);
	return rc == RC_OK ? keep_blocks(db, now, e) : rc;
}
