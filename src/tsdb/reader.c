/*
 * reader.c — see reader.h.
 *
 * [R1]   A line of the head is held while it stands in the table: its address means the same line as before.  A block has
 *        a serial number that no other has.
 * [R2]   What does not lie in order (samples that came late, blocks that overlap, a damaged chunk), and what was deleted in part, is
 *        read by series_read, which puts anything in order and leaves out what it must.
 */
#include "tsdb/reader.h"

#include "base/must.h"
#include "tsdb/chunk.h"
#include "tsdb/tier_pick.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Of all lists of times that are kept; what is over it is forgotten and begun anew. */
enum { LINES_BYTES = 16 << 20 };

/* A list of times: a column of a block, or the first `n` of a line in the head. */
struct part {
	uint64_t block; /* its serial; 0: in the head */
	struct timeline *line;
	uint32_t column, n;
};

/* Where the values of a part are. */
struct values {
	struct block *block;
	struct str bytes; /* empty: the open chunk */
	bool decimals;    /* which are finite numbers */
};

struct line {
	uint64_t hash;
	size_t number;
	struct part *parts;
	size_t n_parts;
	msec_t *all; /* of all parts; another line's where `same` says so */
	bool same;
	uint64_t content; /* a hash of them */
	size_t n_all;
	size_t from, n; /* those within the range */
	bool in_order;
};

struct reader {
	struct tsdb *db;
	msec_t min, max;
	bool times_only, last_only;
	VEC(struct block_walk) walks; /* by the blocks */
	struct block_chunks chunks;
	VEC(struct part) parts; /* of the series that is being read */
	VEC(struct values) values;
	VEC(struct line *) lines;
	uint32_t *slots;    /* by their hashes: places + 1 */
	uint32_t *contents; /* by what they hold: the same, the first line of each content */
	size_t n_slots, bytes, given;
	double *v;
	size_t room;
	struct samples samples; /* [R2] */
	struct tier_pick pick;
	bool picks; /* windows are of interest */
	bool starts; /* and not those of counters whose starts are known */
	msec_t last_t;
	double last_v;
};

/* ---- lists of times ---- */

static void
line_free(struct line *l)
{
	for (size_t i = 0; i < l->n_parts; i++)
		timeline_release(l->parts[i].line);
	mem_free(l->parts);
	if (!l->same)
		mem_free(l->all);
	mem_free(l);
}

static void
forget_lines(struct reader *r)
{
	for (size_t i = 0; i < r->lines.n; i++)
		line_free(r->lines.p[i]);
	r->lines.n = r->bytes = 0;
	memset(r->slots, 0, r->n_slots * sizeof *r->slots);
	memset(r->contents, 0, r->n_slots * sizeof *r->contents);
}

static uint64_t
hash_parts(const struct part *p, size_t n)
{
	uint64_t h = n;
	for (size_t i = 0; i < n; i++) {
		h = (h ^ p[i].block ^ (uint64_t)(uintptr_t)p[i].line) * 0x9e3779b97f4a7c15ull;
		h = (h ^ h >> 29 ^ ((uint64_t)p[i].column << 32 | p[i].n)) * 0xbf58476d1ce4e5b9ull;
	}
	return h ^ h >> 32;
}

static bool
same_parts(const struct part *a, const struct part *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i].block != b[i].block || a[i].line != b[i].line || a[i].column != b[i].column || a[i].n != b[i].n)
			return false;
	return true;
}

static uint32_t *
line_slot(const struct reader *r, uint64_t hash, const struct part *p, size_t n)
{
	size_t i = hash & (r->n_slots - 1);
	for (; r->slots[i]; i = (i + 1) & (r->n_slots - 1)) {
		const struct line *l = r->lines.p[r->slots[i] - 1];
		if (l->hash == hash && l->n_parts == n && same_parts(l->parts, p, n))
			break;
	}
	return &r->slots[i];
}

static uint32_t *
content_slot(const struct reader *r, const struct line *l)
{
	size_t i = l->content & (r->n_slots - 1);
	for (; r->contents[i]; i = (i + 1) & (r->n_slots - 1)) {
		const struct line *x = r->lines.p[r->contents[i] - 1];
		if (x->content == l->content && x->n_all == l->n_all && memcmp(x->all, l->all, l->n_all * sizeof *l->all) == 0)
			break;
	}
	return &r->contents[i];
}

static void
grow_slots(struct reader *r)
{
	mem_free(r->slots);
	mem_free(r->contents);
	r->n_slots = r->n_slots ? r->n_slots * 2 : 64;
	r->slots = mem_zalloc(r->n_slots * sizeof *r->slots);
	r->contents = mem_zalloc(r->n_slots * sizeof *r->contents);
	for (size_t i = 0; i < r->lines.n; i++) {
		const struct line *l = r->lines.p[i];
		*line_slot(r, l->hash, l->parts, l->n_parts) = (uint32_t)i + 1;
		if (!l->same)
			*content_slot(r, l) = (uint32_t)i + 1;
	}
}

/* Whoever was written by itself has lists of its own, and yet perhaps the times that another one has. */
static void
find_same(struct reader *r, struct line *l)
{
	l->content = XXH3_64bits(l->all, l->n_all * sizeof *l->all);
	uint32_t *slot = content_slot(r, l);
	if (!*slot) {
		*slot = (uint32_t)r->lines.n + 1; /* where it will stand */
		l->number = ++r->given;
		return;
	}
	const struct line *x = r->lines.p[*slot - 1];
	mem_free(l->all);
	l->all = x->all;
	l->same = true;
	l->number = x->number;
}

/* False: damaged. */
static bool
unpack_times(const struct reader *r, struct line *l)
{
	size_t n = 0;
	bool good = true;
	l->all = mem_alloc((l->n_all + 1) * sizeof *l->all);
	for (size_t i = 0; good && i < l->n_parts; n += l->parts[i++].n) {
		const struct part *p = &l->parts[i];
		if (p->block)
			good = block_times(r->values.p[i].block, p->column, l->all + n);
		else
			timeline_copy(p->line, p->n, l->all + n);
	}
	return good;
}

static void
cut_line(const struct reader *r, struct line *l)
{
	l->in_order = true;
	for (size_t i = 1; i < l->n_all; i++)
		l->in_order &= l->all[i] > l->all[i - 1];
	l->from = samples_find(l->all, l->n_all, r->min);
	size_t to = r->max == INT64_MAX ? l->n_all : samples_find(l->all, l->n_all, r->max + 1);
	l->n = to > l->from ? to - l->from : 0;
}

/* The list of the parts that were gathered; NULL: damaged. */
static const struct line *
line_of(struct reader *r)
{
	size_t n = r->parts.n;
	uint64_t hash = hash_parts(r->parts.p, n);
	if ((r->lines.n + 1) * 2 > r->n_slots)
		grow_slots(r);
	uint32_t *slot = line_slot(r, hash, r->parts.p, n);
	if (*slot)
		return r->lines.p[*slot - 1];
	struct line *l = mem_new(struct line);
	l->hash = hash;
	l->n_parts = n;
	l->parts = mem_alloc((n + 1) * sizeof *l->parts);
	if (n)
		memcpy(l->parts, r->parts.p, n * sizeof *l->parts);
	for (size_t i = 0; i < n; i++) {
		timeline_hold(l->parts[i].line);
		l->n_all += l->parts[i].n;
	}
	if (!unpack_times(r, l)) {
		line_free(l);
		return NULL;
	}
	cut_line(r, l);
	if (r->bytes > LINES_BYTES) {
		forget_lines(r);
		slot = line_slot(r, hash, l->parts, n);
	}
	find_same(r, l);
	r->bytes += (l->same ? 0 : l->n_all * sizeof *l->all) + n * sizeof *l->parts + sizeof *l;
	*vec_add(&r->lines) = l;
	*slot = (uint32_t)r->lines.n;
	return l;
}

/* ---- what a series consists of ---- */

static bool
gather_block(struct reader *r, size_t i, const struct series *s)
{
	struct block *b = r->db->blocks.p[i];
	if (block_max(b) < r->min || block_min(b) > r->max)
		return true;
	r->chunks.n = 0;
	if (!block_chunks(b, &r->walks.p[i], s->id, r->min, r->max, &r->chunks))
		return false;
	for (size_t k = 0; k < r->chunks.n; k++) {
		const struct block_chunk *c = &r->chunks.p[k];
		if (c->histograms)
			continue;
		*vec_add(&r->parts) = (struct part){.block = block_serial(b), .column = c->column, .n = c->n};
		*vec_add(&r->values) = (struct values){b, c->bytes, chunk_has_decimals(c->bytes)};
	}
	return true;
}

static void
gather_head(struct reader *r, struct timeline *line, uint32_t n, struct values values)
{
	if (line->first > r->max || timeline_at(line, n - 1) < r->min)
		return;
	*vec_add(&r->parts) = (struct part){.line = line, .n = n};
	*vec_add(&r->values) = values;
}

/* False: it must be read another way [R2]. */
static bool
gather(struct reader *r, const struct series *s)
{
	r->parts.n = r->values.n = 0;
	if ((s->extra && s->extra->late.n) || deletions_touch(&r->db->deletions, s->id))
		return false;
	while (r->walks.n < r->db->blocks.n)
		(void)vec_add(&r->walks);
	for (size_t i = 0; i < r->db->blocks.n; i++)
		if (!tier_pick_skips(&r->pick, i) && !gather_block(r, i, s))
			return false;
	for (const struct pack *p = s->packs; p; p = p->next) {
		struct str bytes = str_n(p->bytes, p->size);
		if (!p->histograms)
			gather_head(r, p->line, p->n, (struct values){NULL, bytes, chunk_has_decimals(bytes)});
	}
	if (s->n)
		gather_head(r, s->line, s->n, (struct values){.decimals = !s->odd});
	return true;
}

/* ---- values ---- */

static bool
all_finite(const double *v, size_t n)
{
	bool odd = false;
	for (size_t i = 0; i < n; i++)
		odd |= !(v[i] - v[i] == 0);
	return !odd;
}

/* False: damaged. */
static bool
unpack_values(struct reader *r, const struct series *s, const struct line *l, bool *finite)
{
	size_t at = 0;
	if (l->n_all > r->room) {
		r->room = l->n_all + l->n_all / 4;
		mem_free(r->v);
		r->v = mem_alloc(r->room * sizeof *r->v);
	}
	*finite = true;
	for (size_t i = 0; i < l->n_parts; at += l->parts[i++].n) {
		const struct values *x = &r->values.p[i];
		if (!x->bytes.n)
			series_read_open(s, r->v + at);
		else if (!chunk_unpack_values(x->bytes, l->parts[i].n, r->v + at))
			return false;
		*finite = *finite && (x->decimals || all_finite(r->v + at, l->parts[i].n));
	}
	return true;
}

static bool
are_decimals(const struct reader *r)
{
	bool all = true;
	for (size_t i = 0; all && i < r->values.n; i++)
		all = r->values.p[i].decimals;
	return all;
}

/* ---- the door ---- */

struct reader *
reader_create(struct tsdb *db, const struct tsdb_select *q)
{
	struct reader *r = mem_new(struct reader);
	r->db = db;
	r->min = q->min;
	r->max = q->max;
	r->times_only = q->times_only;
	r->last_only = q->last_only;
	tier_pick_init(&r->pick, db, q);
	r->picks = q->window || q->rest;
	r->starts = q->starts;
	return r;
}

void
reader_destroy(struct reader **pr)
{
	struct reader *r = *pr;
	if (!r)
		return;
	for (size_t i = 0; i < r->lines.n; i++)
		line_free(r->lines.p[i]);
	vec_fini(&r->walks);
	vec_fini(&r->chunks);
	vec_fini(&r->parts);
	vec_fini(&r->values);
	vec_fini(&r->lines);
	mem_free(r->slots);
	mem_free(r->contents);
	mem_free(r->v);
	samples_fini(&r->samples);
	tier_pick_fini(&r->pick);
	mem_free(r);
	*pr = NULL;
}

void
reader_want(struct reader *r, unsigned columns)
{
	r->pick.want = columns | TIER_PLACES;
}

static void
read_in_any_order(struct reader *r, const struct series *s, struct tsdb_view *out)
{
	samples_clear(&r->samples);
	series_read(r->db, s, r->min, r->max, &r->samples);
	out->t = r->samples.t;
	out->v = r->samples.v;
	out->n = r->samples.n;
	out->line = 0;
	out->finite = all_finite(out->v, out->n);
}

/* The end of an open chunk stands in the series itself, and nothing is newer. */
static bool
read_last(struct reader *r, const struct series *s, struct tsdb_view *out)
{
	if (!r->last_only || !s->n || s->histograms || s->max > r->max || timeline_at(s->line, s->n - 1u) != s->max)
		return false;
	r->last_t = s->max;
	r->last_v = s->token.value;
	out->t = &r->last_t;
	out->v = &r->last_v;
	out->n = 1;
	out->line = 0;
	out->finite = all_finite(out->v, 1);
	return true;
}

static void
show_windows(const struct reader *r, struct tsdb_view *out)
{
	out->windows = r->pick.list.n ? &r->pick.list : NULL;
	out->n_alone = r->pick.n_alone;
}

/* All samples that there are, and windows only where there are none. */
static void
read_all_samples(struct reader *r, const struct series *s, struct tsdb_view *out)
{
	if (r->pick.skipped) {
		tier_pick_read(&r->pick, s, false);
		show_windows(r, out);
	}
	read_in_any_order(r, s, out);
}

void
reader_read(struct reader *r, const struct series *s, struct tsdb_view *out)
{
	const struct line *l = NULL;
	out->n = 0;
	if (s->max < r->min || s->min > r->max || read_last(r, s, out))
		return;
	if (r->picks) {
		tier_pick_read(&r->pick, s, !s->histograms && !(r->starts && s->started));
		show_windows(r, out);
	}
	if (gather(r, s))
		l = line_of(r);
	if (!l || !l->in_order || (r->pick.skipped && !tier_pick_fits(&r->pick, l->all + l->from, l->n))) {
		read_all_samples(r, s, out);
		return;
	}
	out->line = l->number;
	out->t = l->all + l->from;
	out->n = l->n;
	out->finite = true;
	out->v = NULL;
	if (!out->n || (r->times_only && !s->histograms && are_decimals(r)))
		return;
	if (unpack_values(r, s, l, &out->finite))
		out->v = r->v + l->from;
	else
		read_all_samples(r, s, out);
}
