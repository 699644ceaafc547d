/*
 * tier_join.c — windows whose samples have gone: few files instead of many, and what has to leave them; see tiers.h.
 *
 * IDEA   A file costs memory for each of its series, and a query a look into it.  Samples that have gone do not come back, so their
 *        windows never change, and are written together: those of five minutes for a month, those of an hour for a year.
 * [J1]   A joined file covers the numbers from the first to the last of what it was made of, and no block has a number among those:
 *        whatever is found there at a start, and is not bound to a block, was joined into it.
 */
#include "tsdb/tiers.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "tsdb/store.h"

enum { TOGETHER = 31 };
static const msec_t periods[TIERS] = {30 * DAY, 360 * DAY};

/* ---- reading ---- */

struct joining {
	struct tsdb *db;
	struct tier **from;
	size_t n;
	const roaring_bitmap_t *only, *without;
	struct tier_walk *walks;
	struct block_chunks chunks;
	struct tier_list windows;
	VEC(struct series *) series;
	struct buf labels;
};

static bool
tells_of(const struct joining *j, const struct tier *t, uint32_t id)
{
	if (j->without && roaring_bitmap_contains(j->without, id))
		return false;
	return tier_is_bound(t) ? j->only && roaring_bitmap_contains(j->only, id) : tier_is_alone_for(t, id);
}

static void
gather(struct joining *j)
{
	roaring_bitmap_t *all = roaring_bitmap_create();
	roaring_uint32_iterator_t it;
	for (size_t i = 0; i < j->n; i++) {
		size_t n = block_ids(j->from[i]->block, NULL);
		uint32_t *ids = mem_alloc((n + 1) * sizeof *ids);
		block_ids(j->from[i]->block, ids);
		for (size_t k = 0; k < n; k++)
			if (tells_of(j, j->from[i], ids[k]))
				roaring_bitmap_add(all, ids[k]);
		mem_free(ids);
	}
	pthread_rwlock_rdlock(&j->db->lock);
	for (roaring_init_iterator(all, &it); it.has_value; roaring_advance_uint32_iterator(&it))
		if (j->db->series.p[it.current_value])
			*vec_add(&j->series) = j->db->series.p[it.current_value];
	pthread_rwlock_unlock(&j->db->lock);
	roaring_bitmap_free(all);
	series_sort(j->db, j->series.p, j->series.n);
}

static enum rc
join_series(struct joining *j, const struct series *s, struct block_writer *w, struct err *e)
{
	tier_list_clear(&j->windows);
	buf_clear(&j->labels);
	for (size_t i = 0; i < j->n; i++)
		if (tells_of(j, j->from[i], s->id))
			(void)tier_read(j->db, j->from[i], &j->walks[i], &j->chunks, s->id, TIER_ALL | TIER_AS_IT_IS, INT64_MIN, INT64_MAX, &j->windows);
	tier_list_order(&j->windows);
	keep_durable(j->db);
	if (!j->windows.n)
		return RC_OK;
	pthread_rwlock_rdlock(&j->db->lock);
	series_labels(s, &j->labels);
	pthread_rwlock_unlock(&j->db->lock);
	return block_writer_add_windows(w, s->tenant->name, (struct labels){buf_view(&j->labels)}, s->id, &j->windows, e);
}

/* `*out` NULL: nothing is left. */
static enum rc
write_joined(struct joining *j, const char *path, struct block **out, struct err *e)
{
	struct block_writer *w;
	enum rc rc = block_writer_create(path, &w, e);
	for (size_t i = 0; rc == RC_OK && i < j->series.n; i++)
		rc = join_series(j, j->series.p[i], w, e);
	if (rc == RC_OK && block_writer_samples(w))
		rc = block_writer_finish(&w, block_since(j->from[0]->block), out, e);
	block_writer_abandon(&w);
	return rc;
}

/* ---- replacing ---- */

static enum rc
replace(struct joining *j, struct tier *by, struct err *e)
{
	enum rc rc = RC_OK;
	pthread_rwlock_wrlock(&j->db->lock);
	for (size_t i = 0; i < j->n; i++)
		if (!tier_is_bound(j->from[i]))
			tiers_take(j->db, j->from[i]);
		else
			j->from[i] = NULL;
	if (by)
		tiers_add(j->db, by);
	written_note(&j->db->written, INT64_MIN);
	pthread_rwlock_unlock(&j->db->lock);
	for (size_t i = 0; i < j->n; i++) {
		if (!j->from[i])
			continue;
		bool same = by && strcmp(block_path(by->block), block_path(j->from[i]->block)) == 0;
		if (same || rc != RC_OK)
			tier_close(&j->from[i]);
		else
			rc = tier_remove(&j->from[i], e);
	}
	return rc;
}

enum rc
tiers_join(struct tsdb *db, struct tier **from, size_t n, const roaring_bitmap_t *only, const roaring_bitmap_t *without, struct err *e)
{
	struct joining j = {.db = db, .n = n, .only = only, .without = without};
	struct tier *by = mem_new(struct tier);
	struct buf path = {0};
	*by = (struct tier){.level = from[0]->level, .number = from[n - 1]->number};
	j.from = mem_alloc(n * sizeof *j.from);
	memcpy(j.from, from, n * sizeof *j.from);
	j.walks = mem_zalloc(n * sizeof *j.walks);
	tiers_path(db, by->level, 0, by->number, &path);
	gather(&j);
	enum rc rc = write_joined(&j, path.p, &by->block, e);
	if (!by->block)
		tier_close(&by);
	if (rc == RC_OK) {
		if (by)
			log_info("tsdb", "%s has what is left of %zu files: %llu windows in %llu bytes", path.p, n,
			    (unsigned long long)block_samples(by->block), (unsigned long long)block_bytes(by->block));
		rc = replace(&j, by, e);
	}
	for (size_t i = 0; i < n; i++)
		tier_walk_fini(&j.walks[i]);
	mem_free(j.from);
	mem_free(j.walks);
	vec_fini(&j.chunks);
	vec_fini(&j.series);
	tier_list_fini(&j.windows);
	buf_fini(&j.labels);
	buf_fini(&path);
	return rc;
}

enum rc
tiers_set_apart(struct tsdb *db, const struct block *b, const roaring_bitmap_t *ids, struct err *e)
{
	enum rc rc = RC_OK;
	msec_t now = clock_wall(db->options.clock);
	for (unsigned level = 0; rc == RC_OK && level < TIERS; level++) {
		struct tier *from[2];
		size_t n = 0;
		if (tier_keep(db, level) && block_max(b) < now - tier_keep(db, level))
			continue;
		for (size_t i = 0; i < db->tiers.all.n && n < 2; i++) {
			struct tier *t = db->tiers.all.p[i];
			if (t->level == level && t->of == b && (!t->hash || tier_is_bound(t)))
				from[n++] = t;
		}
		if (n && (tier_is_bound(from[0]) || n == 2))
			rc = tiers_join(db, from, n, ids, NULL, e);
	}
	return rc;
}

/* ---- what is due ---- */

static msec_t
period_of(const struct tier *t)
{
	return tier_floor(block_max(t->block), periods[t->level]);
}

static bool
has_block_between(const struct tsdb *db, uint64_t first, uint64_t last)
{
	bool has = false;
	for (size_t i = 0; !has && i < db->blocks.n; i++)
		has = block_number_of(db->blocks.p[i]) >= first && block_number_of(db->blocks.p[i]) <= last;
	return has;
}

/* Does this one follow a run of such files? [J1] */
static bool
goes_on(const struct tsdb *db, struct tier **run, size_t n, const struct tier *t)
{
	return n && !t->of && period_of(t) == period_of(run[n - 1]) && !has_block_between(db, block_since(run[0]->block), t->number);
}

/* The first run of neighbours that is long, or whose period is over. */
static size_t
find_run(const struct tsdb *db, unsigned level, struct tier **run)
{
	size_t n = 0;
	for (size_t i = 0; i < db->tiers.all.n && n < TOGETHER; i++) {
		struct tier *t = db->tiers.all.p[i];
		if (t->level != level)
			continue;
		if (goes_on(db, run, n, t)) {
			run[n++] = t;
			continue;
		}
		if (n > 1)
			return n;
		n = 0;
		if (!t->of)
			run[n++] = t;
	}
	return n == TOGETHER ? n : 0;
}

enum rc
tiers_join_due(struct tsdb *db, struct err *e)
{
	struct tier *run[TOGETHER];
	enum rc rc = RC_OK;
	for (unsigned level = 0; rc == RC_OK && level < TIERS; level++)
		for (size_t n; rc == RC_OK && (n = find_run(db, level, run)) > 0;)
			rc = tiers_join(db, run, n, NULL, NULL, e);
	return rc;
}
