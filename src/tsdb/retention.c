/*
 * retention.c — what has outlived its time, and what is over the size.
 *
 * IDEA   A block goes when nobody keeps its newest sample any longer.  Where some series are kept longer than
 *        others, a block is written again without those that are over; it happens once for each length of time,
 *        since afterwards it has none of them.
 *
 * Windows (tiers.h) stay for a time of their own, but those of a series that has an entry of its own go with its samples: who says how
 * long something stays means all of it.
 *
 * With `work` held: nobody else removes blocks.
 */
#include "tsdb/store.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/os.h"

/* ---- who is kept how long ---- */

static msec_t
longer(msec_t a, msec_t b)
{
	return a && b ? (a > b ? a : b) : 0;
}

static msec_t
longest_retention(const struct tsdb_options *o)
{
	msec_t most = o->retention;
	for (size_t i = 0; i < o->n_keeps; i++)
		most = longer(most, o->keeps[i].keep);
	return most;
}

msec_t
tier_keep(const struct tsdb *db, unsigned level)
{
	return db->options.tier_keep[level] ? db->options.tier_keep[level] : db->options.retention;
}

static msec_t
oldest_of(msec_t now, msec_t keep)
{
	return keep ? now - keep : INT64_MIN;
}

void
expiry_init(struct expiry *x, struct tsdb *db)
{
	const struct tsdb_options *o = &db->options;
	*x = (struct expiry){.db = db, .now = clock_wall(o->clock)};
	x->sure = oldest_of(x->now, o->retention);
	for (size_t i = 0; i < o->n_keeps; i++)
		if (o->keeps[i].keep && x->now - o->keeps[i].keep > x->sure)
			x->sure = x->now - o->keeps[i].keep;
}

/* What of the series is too old, by the first entry that fits it. */
static msec_t
oldest_of_series(const struct expiry *x, const struct series *s)
{
	const struct tsdb_options *o = &x->db->options;
	struct buf labels = {0};
	size_t i = 0;
	series_labels(s, &labels);
	for (; i < o->n_keeps; i++) {
		const struct tsdb_keep *k = &o->keeps[i];
		bool is_its = !k->tenant.n || str_eq(k->tenant, starts_owner(s->tenant->name));
		if (is_its && (!k->matchers || matchers_match(k->matchers, (struct labels){buf_view(&labels)})))
			break;
	}
	buf_fini(&labels);
	return oldest_of(x->now, i < o->n_keeps ? o->keeps[i].keep : o->retention);
}

bool
expiry_looks(struct expiry *x, const struct series *s, msec_t t)
{
	if (x->series != s)
		x->oldest = oldest_of_series(x, s);
	x->series = s;
	return t < x->oldest;
}

/* The series of each entry, and of none: a series is in the set of the first that fits it. */
struct kept {
	roaring_bitmap_t **sets; /* by entry; behind them, what `retention` is for */
	size_t n;
};

static void
add_fitting(const struct tsdb_keep *k, const struct tenant *t, roaring_bitmap_t *set)
{
	if (k->tenant.n && !str_eq(k->tenant, starts_owner(t->name)))
		return;
	roaring_bitmap_t *ids = index_select(t->index, k->matchers);
	roaring_bitmap_or_inplace(set, ids);
	roaring_bitmap_free(ids);
}

static void
kept_init(struct tsdb *db, struct kept *k)
{
	roaring_bitmap_t *seen = roaring_bitmap_create();
	k->n = db->options.n_keeps + 1;
	k->sets = mem_alloc(k->n * sizeof *k->sets);
	pthread_rwlock_rdlock(&db->lock);
	for (size_t i = 0; i < k->n; i++) {
		const struct tsdb_keep all = {.keep = db->options.retention};
		const struct tsdb_keep *one = i + 1 < k->n ? &db->options.keeps[i] : &all;
		k->sets[i] = roaring_bitmap_create();
		map_each (db->tenants, entry)
			add_fitting(one, entry->value, k->sets[i]);
		roaring_bitmap_andnot_inplace(k->sets[i], seen);
		roaring_bitmap_or_inplace(seen, k->sets[i]);
	}
	pthread_rwlock_unlock(&db->lock);
	roaring_bitmap_free(seen);
}

static void
kept_fini(struct kept *k)
{
	for (size_t i = 0; i < k->n; i++)
		roaring_bitmap_free(k->sets[i]);
	mem_free(k->sets);
}

static msec_t
keep_of(const struct tsdb *db, size_t i)
{
	return i < db->options.n_keeps ? db->options.keeps[i].keep : db->options.retention;
}

/* ---- blocks ---- */

static enum rc
drop_block(struct tsdb *db, size_t i, enum metric counter, const char *why, struct err *e)
{
	struct block *b = db->blocks.p[i];
	enum rc rc = block_remove(b, e);
	if (rc != RC_OK)
		return rc;
	log_info("tsdb", "%s is %s and was removed with %llu samples", block_path(b), why,
	    (unsigned long long)block_samples(b));
	metric_add(counter, (int64_t)block_samples(b));
	pthread_rwlock_wrlock(&db->lock);
	tiers_part(db, b);
	vec_remove(&db->blocks, i);
	tiers_settle(db);
	written_note(&db->written, INT64_MIN); /* no answer that somebody keeps holds any more */
	pthread_rwlock_unlock(&db->lock);
	block_close(&b);
	return RC_OK;
}

static enum rc
drop_old_blocks(struct tsdb *db, msec_t oldest, struct err *e)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < db->blocks.n;) {
		if (block_max(db->blocks.p[i]) >= oldest)
			i++;
		else
			rc = drop_block(db, i, METRIC_samples_expired_total, "past the retention", e);
	}
	return rc;
}

static size_t
oldest_block(const struct tsdb *db)
{
	size_t oldest = 0;
	for (size_t i = 1; i < db->blocks.n; i++)
		if (block_max(db->blocks.p[i]) < block_max(db->blocks.p[oldest]))
			oldest = i;
	return oldest;
}

static enum rc
drop_tier(struct tsdb *db, struct tier *t, const char *why, struct err *e)
{
	log_info("tsdb", "%s is %s and was removed with %llu windows", block_path(t->block), why,
	    (unsigned long long)block_samples(t->block));
	pthread_rwlock_wrlock(&db->lock);
	tiers_take(db, t);
	written_note(&db->written, INT64_MIN);
	pthread_rwlock_unlock(&db->lock);
	return tier_remove(&t, e);
}

static uint64_t
bytes_of_tiers(const struct tsdb *db)
{
	uint64_t all = 0;
	for (size_t i = 0; i < db->tiers.all.n; i++)
		all += block_bytes(db->tiers.all.p[i]->block);
	return all;
}

/* Of those whose samples have gone; NULL: there is none. */
static struct tier *
oldest_tier(const struct tsdb *db)
{
	struct tier *oldest = NULL;
	for (size_t i = 0; i < db->tiers.all.n; i++) {
		struct tier *t = db->tiers.all.p[i];
		if (!tier_is_bound(t) && (!oldest || block_max(t->block) < block_max(oldest->block)))
			oldest = t;
	}
	return oldest;
}

/* Samples go before windows, which are few, unless these have come to take half of the room.  The log is not counted: it has limits of
 * its own. */
static enum rc
drop_over_size(struct tsdb *db, struct err *e)
{
	uint64_t samples = 0, windows = bytes_of_tiers(db);
	enum rc rc = RC_OK;
	for (size_t i = 0; i < db->blocks.n; i++)
		samples += block_bytes(db->blocks.p[i]);
	while (rc == RC_OK && samples + windows > db->options.size) {
		struct tier *t = windows > db->options.size / 2 || !db->blocks.n ? oldest_tier(db) : NULL;
		size_t i = oldest_block(db);
		if (!t && !db->blocks.n)
			break;
		if (t)
			windows -= block_bytes(t->block);
		else
			samples -= block_bytes(db->blocks.p[i]);
		const char *why = "the oldest of more than the size limit allows";
		rc = t ? drop_tier(db, t, why, e) : drop_block(db, i, METRIC_samples_over_size_total, why, e);
	}
	return rc;
}

static enum rc
drop_old_tiers(struct tsdb *db, msec_t now, struct err *e)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < db->tiers.all.n;) {
		struct tier *t = db->tiers.all.p[i];
		if (block_max(t->block) >= oldest_of(now, tier_keep(db, t->level)))
			i++;
		else
			rc = drop_tier(db, t, "past its retention", e);
	}
	return rc;
}

/* ---- some of a block ---- */

static bool
holds_any(const struct block *b, const roaring_bitmap_t *ids)
{
	roaring_uint32_iterator_t it;
	bool any = false;
	for (roaring_init_iterator(ids, &it); !any && it.has_value; roaring_advance_uint32_iterator(&it))
		any = block_holds(b, it.current_value);
	return any;
}

/* Which of its series the block need not hold any longer. */
static void
find_over(const struct tsdb *db, const struct kept *k, const struct block *b, msec_t now, roaring_bitmap_t *over)
{
	for (size_t i = 0; i < k->n; i++)
		if (keep_of(db, i) && block_max(b) < now - keep_of(db, i) && holds_any(b, k->sets[i]))
			roaring_bitmap_or_inplace(over, k->sets[i]);
}

static enum rc
shed(struct tsdb *db, size_t i, const struct kept *k, const roaring_bitmap_t *over, struct err *e)
{
	uint64_t before = block_samples(db->blocks.p[i]), after = 0;
	size_t blocks = db->blocks.n;
	char *path = mem_dup(block_path(db->blocks.p[i]), strlen(block_path(db->blocks.p[i])));
	roaring_bitmap_t *apart = roaring_bitmap_and(over, k->sets[k->n - 1]);
	enum rc rc = roaring_bitmap_is_empty(apart) ? RC_OK : tiers_set_apart(db, db->blocks.p[i], apart, e);
	if (rc == RC_OK)
		rc = compact_without(db, i, over, e);
	roaring_bitmap_free(apart);
	if (rc == RC_OK && db->blocks.n == blocks)
		after = block_samples(db->blocks.p[i]);
	if (rc == RC_OK) {
		log_info("tsdb", "%llu samples of %s are past their retention and were removed",
		    (unsigned long long)(before - after), path);
		metric_add(METRIC_samples_expired_total, (int64_t)(before - after));
	}
	mem_free(path);
	return rc;
}

static enum rc
shed_all(struct tsdb *db, const struct kept *k, msec_t now, struct err *e)
{
	enum rc rc = RC_OK;
	for (size_t i = 0, blocks; rc == RC_OK && i < db->blocks.n; i += db->blocks.n == blocks) {
		roaring_bitmap_t *over = roaring_bitmap_create();
		blocks = db->blocks.n;
		find_over(db, k, db->blocks.p[i], now, over);
		if (!roaring_bitmap_is_empty(over))
			rc = shed(db, i, k, over, e);
		roaring_bitmap_free(over);
	}
	return rc;
}

/* Windows that are alone of a series that has an entry of its own. */
static enum rc
shed_windows(struct tsdb *db, const struct kept *k, struct err *e)
{
	roaring_bitmap_t *own = roaring_bitmap_create();
	enum rc rc = RC_OK;
	for (size_t i = 0; i + 1 < k->n; i++)
		roaring_bitmap_or_inplace(own, k->sets[i]);
	for (size_t i = 0, before; rc == RC_OK && i < db->tiers.all.n; i += db->tiers.all.n == before) {
		struct tier *t = db->tiers.all.p[i];
		before = db->tiers.all.n;
		if (!tier_is_bound(t) && holds_any(t->block, own))
			rc = tiers_join(db, &t, 1, NULL, own, e);
	}
	roaring_bitmap_free(own);
	return rc;
}

/* ---- series ---- */

/* A series that was resolved and never got samples goes with the second sweep. */
static bool
is_over(struct series *s, msec_t oldest)
{
	if (series_has_head(s) || (s->min <= s->max && s->max >= oldest))
		return false;
	bool spared = s->min > s->max && s->fresh;
	s->fresh = false;
	return !spared;
}

static void
drop_old_series(struct tsdb *db, msec_t oldest)
{
	pthread_rwlock_wrlock(&db->lock);
	for (size_t i = 0; db->cursors == 0 && i < db->series.n; i++)
		if (db->series.p[i] && is_over(db->series.p[i], oldest))
			series_remove(db, db->series.p[i]);
	pthread_rwlock_unlock(&db->lock);
}

/* ---- */

static enum rc
expire(struct tsdb *db, msec_t now, msec_t oldest, struct err *e)
{
	struct kept k;
	enum rc rc = drop_old_blocks(db, oldest, e);
	if (rc == RC_OK)
		rc = drop_old_tiers(db, now, e);
	if (rc != RC_OK || !db->options.n_keeps)
		return rc;
	kept_init(db, &k);
	rc = shed_all(db, &k, now, e);
	if (rc == RC_OK)
		rc = shed_windows(db, &k, e);
	kept_fini(&k);
	return rc;
}

static enum rc
forget_deletions(struct tsdb *db, struct err *e)
{
	pthread_rwlock_wrlock(&db->lock);
	enum rc rc = deletions_forget(db, false, e);
	pthread_rwlock_unlock(&db->lock);
	return rc;
}

enum rc
retention_sweep(struct tsdb *db, msec_t now, struct err *e)
{
	msec_t oldest = oldest_of(now, longest_retention(&db->options));
	enum rc rc = db->options.size ? drop_over_size(db, e) : RC_OK;
	if (rc == RC_OK)
		rc = expire(db, now, oldest, e);
	if (rc == RC_OK)
		rc = forget_deletions(db, e);
	for (unsigned level = 0; level < TIERS; level++)
		if (oldest_of(now, tier_keep(db, level)) < oldest)
			oldest = oldest_of(now, tier_keep(db, level));
	if (rc == RC_OK)
		drop_old_series(db, oldest);
	return rc;
}
