/* tier_read.c — the windows of one series; see tiers.h. */
#include <stdlib.h>

#include "tsdb/block_format.h"
#include "tsdb/store.h"
#include "tsdb/tier_pick.h"

/* ---- order ---- */

struct placed {
	msec_t end;
	size_t at;
};

static int
by_end(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	return x->end != y->end ? (x->end > y->end) - (x->end < y->end) : (x->at > y->at) - (x->at < y->at);
}

void
tier_list_order(struct tier_list *l)
{
	struct tier_list sorted = {0};
	bool ordered = true;
	for (size_t i = 1; i < l->n; i++)
		ordered &= l->end[i] >= l->end[i - 1];
	if (ordered)
		return;
	struct placed *p = mem_alloc(l->n * sizeof *p);
	for (size_t i = 0; i < l->n; i++)
		p[i] = (struct placed){l->end[i], i};
	qsort(p, l->n, sizeof *p, by_end);
	for (size_t i = 0; i < l->n; i++)
		tier_list_add(&sorted, l, p[i].at);
	mem_free(p);
	tier_list_fini(l);
	*l = sorted;
}

/* ---- one file ---- */

static void
drop_touched(struct tier_list *l, size_t from, msec_t min, msec_t max)
{
	size_t n = from;
	for (size_t i = from; i < l->n; i++) {
		if (l->end[i] >= min && l->end[i] - l->width[i] < max)
			continue;
		for (int c = 0; c < TIER_COLUMNS; c++)
			l->column[c][n] = l->column[c][i];
		l->end[n] = l->end[i];
		l->width[n++] = l->width[i];
	}
	l->n = n;
}

/* Of a window that a deletion touches nobody can say what is left of it. */
static void
drop_deleted(const struct tsdb *db, uint64_t number, uint32_t id, struct tier_list *l, size_t from)
{
	for (size_t i = 0; l->n > from && i < db->deletions.n; i++) {
		const struct deletion *d = &db->deletions.p[i];
		if (number <= d->upto && roaring_bitmap_contains(d->ids, id))
			drop_touched(l, from, d->min, d->max);
	}
}

void
tier_walk_fini(struct tier_walk *w)
{
	mem_free(w->ends);
	w->ends = NULL;
}

void
tier_prefetch(const struct tier *t, const struct tier_walk *w, uint32_t id)
{
	block_prefetch(t->block, &w->walk, id);
}

/* The ends of a column; NULL: damaged. */
static const msec_t *
ends_of(const struct tier *t, struct tier_walk *w, uint32_t column)
{
	if (w->ends && w->serial == block_serial(t->block) && w->column == column)
		return w->ends;
	if (!w->ends)
		w->ends = mem_alloc(BLOCK_CHUNK_SAMPLES * sizeof *w->ends);
	w->serial = block_serial(t->block);
	w->column = column;
	if (block_times(t->block, column, w->ends))
		return w->ends;
	tier_walk_fini(w);
	return NULL;
}

bool
tier_read(struct tsdb *db, const struct tier *t, struct tier_walk *walk, struct block_chunks *room, uint32_t id, unsigned want, msec_t min, msec_t max, struct tier_list *out)
{
	msec_t width = tier_widths[t->level];
	size_t before = out->n;
	msec_t last = max > INT64_MAX - width ? INT64_MAX : max + width;
	room->n = 0;
	bool good = block_chunks(t->block, &walk->walk, id, min, last, room);
	for (size_t i = 0; good && i < room->n; i++) {
		const msec_t *ends = ends_of(t, walk, room->p[i].column);
		good = ends && tier_unpack(room->p[i].bytes, ends, room->p[i].n, width, want, min, max, out);
	}
	if (!good)
		out->n = before;
	if (deletions_touch(&db->deletions, id))
		drop_deleted(db, t->number, id, out, before);
	return good;
}

/* ---- those of a cursor ---- */

void
tier_pick_init(struct tier_pick *p, struct tsdb *db, const struct tsdb_select *q)
{
	*p = (struct tier_pick){.db = db, .window = q->window, .min = q->min, .max = q->max, .rest = q->rest};
	p->want = q->columns | TIER_PLACES;
}

void
tier_pick_fini(struct tier_pick *p)
{
	tier_list_fini(&p->list);
	for (unsigned level = 0; level < TIERS; level++)
		tier_list_fini(&p->levels[level]);
	mem_free(p->skip);
	for (size_t i = 0; i < p->walks.n; i++)
		tier_walk_fini(&p->walks.p[i]);
	for (size_t i = 0; i < p->block_walks.n; i++)
		tier_walk_fini(&p->block_walks.p[i]);
	vec_fini(&p->walks);
	vec_fini(&p->block_walks);
	vec_fini(&p->chunks);
}

static double
values_of(const struct tier_list *l, size_t from, size_t to)
{
	double n = 0;
	for (size_t i = from; i < to; i++)
		n += l->column[TIER_COUNT][i];
	return n;
}

/* Of each hour what has all of it, or else more of it: at the end of a tier's retention some of an hour may have gone. */
static void
join_lists(struct tier_pick *p)
{
	struct tier_list *fine = &p->levels[0], *hours = &p->levels[1];
	bool rather_hours = p->window == tier_widths[1];
	for (size_t i = 0, to; i < hours->n; i = to) {
		msec_t end = hours->end[i];
		size_t low = samples_find(fine->end, fine->n, end - tier_widths[1] + 1), high = low;
		for (to = i; to < hours->n && hours->end[to] == end; to++)
			;
		while (high < fine->n && fine->end[high] <= end)
			high++;
		double own = values_of(hours, i, to), theirs = values_of(fine, low, high);
		if (rather_hours ? own < theirs : own <= theirs)
			continue;
		for (size_t k = low; k < high; k++)
			fine->width[k] = 0; /* not wanted */
		for (size_t k = i; k < to; k++)
			tier_list_add(&p->list, hours, k);
	}
	for (size_t k = 0; k < fine->n; k++)
		if (fine->width[k])
			tier_list_add(&p->list, fine, k);
	tier_list_order(&p->list);
}

static void
read_alone(struct tier_pick *p, uint32_t id)
{
	const struct tier_files *f = &p->db->tiers;
	unsigned want = p->want | TIER_HAS(TIER_FIRST) | TIER_HAS(TIER_LAST); /* samples may be made of them */
	while (p->walks.n < f->alone.n)
		(void)vec_add(&p->walks);
	for (size_t i = 0; i < f->alone.n; i++) {
		const struct tier *t = f->alone.p[i];
		if (tier_is_alone_for(t, id))
			(void)tier_read(p->db, t, &p->walks.p[i], &p->chunks, id, want, p->min, p->max, &p->levels[t->level]);
	}
	tier_list_order(&p->levels[0]);
	tier_list_order(&p->levels[1]);
	if (p->levels[0].n + p->levels[1].n)
		join_lists(p);
	p->n_alone = p->list.n;
}

static const struct tier *
tier_of_block(const struct tier_pick *p, size_t block)
{
	const struct tier_files *f = &p->db->tiers;
	const struct tier *exact = p->window == tier_widths[1] ? f->bound[1].p[block] : NULL;
	return exact ? exact : f->bound[0].p[block];
}

/* A window that the range has a part of: where it begins or ends samples are read. */
static bool
sticks_out(const struct tier_pick *p, const struct tier *t)
{
	msec_t width = tier_widths[t->level];
	bool left = p->min > INT64_MIN && (p->min - 1) % width && block_min(t->block) - width < p->min - 1;
	return left || (p->max % width && block_max(t->block) > p->max);
}

static void
read_bound(struct tier_pick *p, uint32_t id)
{
	size_t blocks = p->db->blocks.n;
	if (p->n_skip < blocks) {
		mem_free(p->skip);
		p->skip = mem_alloc(blocks);
		p->n_skip = blocks;
	}
	if (blocks)
		memset(p->skip, 0, p->n_skip);
	while (p->block_walks.n < blocks)
		(void)vec_add(&p->block_walks);
	for (size_t i = 0; i < blocks; i++) {
		const struct tier *t = tier_of_block(p, i), *soon = i + 2 < blocks ? tier_of_block(p, i + 2) : NULL;
		if (soon)
			tier_prefetch(soon, &p->block_walks.p[i + 2], id);
		if (!t || block_max(t->block) < p->min || block_min(p->db->blocks.p[i]) > p->max)
			continue;
		if (sticks_out(p, t))
			continue;
		p->skip[i] = tier_read(p->db, t, &p->block_walks.p[i], &p->chunks, id, p->want, p->min, p->max, &p->list);
		p->skipped += p->skip[i];
	}
}

void
tier_pick_read(struct tier_pick *p, const struct series *s, bool bound)
{
	tier_list_clear(&p->list);
	for (unsigned level = 0; level < TIERS; level++)
		tier_list_clear(&p->levels[level]);
	p->n_alone = p->skipped = 0;
	if (p->rest)
		read_alone(p, s->id);
	if (bound && p->window && !deletions_touch(&p->db->deletions, s->id))
		read_bound(p, s->id);
}

bool
tier_pick_fits(const struct tier_pick *p, const msec_t *t, size_t n)
{
	const struct tier_list *l = &p->list;
	msec_t last = INT64_MIN;
	size_t at = 0;
	for (size_t i = p->n_alone; i < l->n; i++) {
		msec_t first_t = tier_first_t(l, i), last_t = l->column[TIER_ENDED][i] ? tier_mark_t(l, i) : tier_last_t(l, i);
		while (at < n && t[at] < first_t)
			at++;
		if (first_t <= last || (at < n && t[at] <= last_t))
			return false;
		last = last_t;
	}
	return true;
}
