/*
 * tier_write.c — the windows of a block; see tiers.h.
 *
 * A block is read once for all widths.  A series with native histograms, or one whose sums overflow, stands in the file with nothing
 * [W3], so that the file has the series of its block in their order and needs no table of its own.
 */
#include "tsdb/tiers.h"

#include "base/log.h"
#include "tsdb/store.h"

struct writing {
	struct tsdb *db;
	struct block *block;
	struct block_writer *writers[TIERS]; /* NULL: that one is there */
	struct samples samples;
	struct tier_list windows[TIERS];
	struct buf labels;
};

static void
writing_fini(struct writing *w)
{
	for (int level = 0; level < TIERS; level++)
		block_writer_abandon(&w->writers[level]);
	samples_fini(&w->samples);
	for (int level = 0; level < TIERS; level++)
		tier_list_fini(&w->windows[level]);
	buf_fini(&w->labels);
}

static void
note_histograms(void *arg, msec_t min, msec_t max, bool histograms)
{
	*(bool *)arg |= histograms;
}

static bool
make_windows(struct writing *w)
{
	bool good = w->samples.n > 0;
	for (int level = 0; level < TIERS; level++)
		tier_list_clear(&w->windows[level]);
	good = good && tier_list_add_samples(&w->windows[0], tier_widths[0], w->samples.t, w->samples.v, w->samples.n);
	for (int level = 1; good && level < TIERS; level++)
		good = tier_list_add_finer(&w->windows[level], tier_widths[level], &w->windows[level - 1]);
	return good;
}

static enum rc
write_windows(struct writing *w, int level, const struct series *s, bool known, struct err *e)
{
	struct str tenant = s->tenant->name;
	struct labels ls = {buf_view(&w->labels)};
	if (!known)
		return block_writer_add_nothing(w->writers[level], tenant, ls, s->id, tier_end(block_min(w->block), tier_widths[level]), e);
	return block_writer_add_windows(w->writers[level], tenant, ls, s->id, &w->windows[level], e);
}

/* A series that has gone, since its own samples are past the retention, has no windows either. */
static enum rc
write_series(struct writing *w, uint32_t id, struct err *e)
{
	bool histograms = false;
	enum rc rc = RC_OK;
	samples_clear(&w->samples);
	buf_clear(&w->labels);
	pthread_rwlock_rdlock(&w->db->lock);
	const struct series *s = w->db->series.p[id];
	if (s)
		series_labels(s, &w->labels);
	pthread_rwlock_unlock(&w->db->lock);
	if (!s)
		return RC_OK;
	block_each_chunk(w->block, id, note_histograms, &histograms);
	histograms |= starts_is_theirs(s->tenant->name); /* marks are asked for one by one */
	if (!histograms && !read_undeleted(w->db, w->block, s, INT64_MIN, INT64_MAX, &w->samples))
		return err_set(e, RC_INVALID, "%s has a damaged chunk and gets no tiers", block_path(w->block));
	samples_order(&w->samples);
	bool known = !histograms && make_windows(w);
	for (int level = 0; rc == RC_OK && level < TIERS; level++)
		if (w->writers[level])
			rc = write_windows(w, level, s, known, e);
	keep_durable(w->db);
	return rc;
}

static enum rc
write_all(struct writing *w, struct err *e)
{
	enum rc rc = RC_OK;
	size_t n = block_ids(w->block, NULL);
	uint32_t *ids = mem_alloc((n + 1) * sizeof *ids);
	block_ids(w->block, ids);
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = write_series(w, ids[i], e);
	mem_free(ids);
	return rc;
}

/* The file is there: it counts from now on. */
static void
take(struct tsdb *db, struct block *of, unsigned level, struct block *tier)
{
	struct tier *t = mem_new(struct tier);
	struct err e;
	*t = (struct tier){.block = tier, .level = level, .number = block_number_of(of), .hash = block_hash(of)};
	pthread_rwlock_wrlock(&db->lock);
	if (block_share_ids(tier, of, &e) != RC_OK)
		log_debug("tsdb", "%s", e.text); /* it has fewer, and a table of its own */
	tiers_add(db, t);
	pthread_rwlock_unlock(&db->lock);
}

static enum rc
write_block(struct tsdb *db, struct block *b, const bool *missing, struct err *e)
{
	struct writing w = {.db = db, .block = b};
	struct buf path = {0};
	enum rc rc = RC_OK;
	for (unsigned level = 0; rc == RC_OK && level < TIERS; level++) {
		buf_clear(&path);
		tiers_path(db, level, block_hash(b), block_number_of(b), &path);
		if (missing[level])
			rc = block_writer_create(path.p, &w.writers[level], e);
	}
	if (rc == RC_OK)
		rc = write_all(&w, e);
	for (unsigned level = 0; rc == RC_OK && level < TIERS; level++) {
		struct block *tier;
		if (!w.writers[level] || !block_writer_samples(w.writers[level]))
			continue;
		rc = block_writer_finish(&w.writers[level], block_number_of(b), &tier, e);
		if (rc == RC_OK)
			take(db, b, level, tier);
	}
	writing_fini(&w);
	buf_fini(&path);
	return rc;
}

/* ---- what is due ---- */

static bool
was_given_up(const struct tsdb *db, const struct block *b)
{
	bool was = false;
	for (size_t i = 0; !was && i < db->tiers.given_up.n; i++)
		was = db->tiers.given_up.p[i] == block_serial(b);
	return was;
}

static bool
is_missing(const struct tsdb *db, size_t i, bool *missing)
{
	msec_t now = clock_wall(db->options.clock);
	bool any = false;
	for (unsigned level = 0; level < TIERS; level++) {
		msec_t keep = tier_keep(db, level);
		missing[level] = !db->tiers.bound[level].p[i] && (!keep || block_max(db->blocks.p[i]) >= now - keep);
		any |= missing[level];
	}
	return any && !was_given_up(db, db->blocks.p[i]);
}

/* The first block that lacks one. */
static struct block *
find_due(struct tsdb *db, bool *missing)
{
	struct block *found = NULL;
	pthread_rwlock_rdlock(&db->lock);
	for (size_t i = 0; !found && i < db->blocks.n; i++)
		if (day_is_over(db, db->blocks.p[i]) && is_missing(db, i, missing))
			found = db->blocks.p[i];
	pthread_rwlock_unlock(&db->lock);
	return found;
}

/* One that cannot be read to its end is not tried again before the next start. */
enum rc
tiers_write_due(struct tsdb *db, bool all, struct err *e)
{
	bool missing[TIERS];
	struct block *b;
	enum rc rc = RC_OK;
	do {
		b = find_due(db, missing);
		if (b)
			rc = write_block(db, b, missing, e);
		if (rc == RC_INVALID) {
			log_warn("tsdb", "%s", e->text);
			*vec_add(&db->tiers.given_up) = block_serial(b);
			rc = RC_OK;
		}
	} while (rc == RC_OK && b && all);
	return rc;
}
