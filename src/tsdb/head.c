/*
 * head.c — the samples of one series that are in memory: packs, an open chunk of tokens, late ones.
 */
#include "tsdb/store.h"

#include <string.h>

#include "base/must.h"
#include "tsdb/chunk.h"

enum { HISTOGRAMS_OPEN = 60 };

/* ---- judging ---- */

/* Does a sample of this time stand there already? */
static bool
value_at(struct tsdb *db, const struct series *s, msec_t t, double *v)
{
	if (s->n && t == s->max && !s->histograms) {
		*v = s->token.value;
		return true;
	}
	struct samples found = {0};
	series_read(db, s, t, t, &found);
	bool there = found.n > 0;
	if (there)
		*v = found.v[0];
	samples_fini(&found);
	return there;
}

/* Does a histogram of this time stand there, and is it (when they are given) these bytes? */
static bool
histogram_at(struct tsdb *db, const struct series *s, msec_t t, const struct str *bytes)
{
	struct blobs found = {0};
	series_read_histograms(db, s, t, t, &found);
	bool there = found.t.n > 0 && (!bytes || str_eq(blobs_get(&found, 0), *bytes));
	blobs_fini(&found);
	return there;
}

static bool
is_late(const struct series *s, msec_t t, msec_t window)
{
	return window > 0 && (uint64_t)s->max - (uint64_t)t <= (uint64_t)window;
}

enum verdict
series_judge_histogram(struct tsdb *db, const struct series *s, msec_t t, struct str bytes, msec_t window)
{
	double v;
	if (t > s->max)
		return NEW;
	if (histogram_at(db, s, t, &bytes))
		return DUPLICATE;
	if (histogram_at(db, s, t, NULL) || value_at(db, s, t, &v))
		return CONFLICT;
	return is_late(s, t, window) ? LATE : OUT_OF_ORDER;
}

enum verdict
series_judge(struct tsdb *db, const struct series *s, msec_t t, double v, msec_t window)
{
	double there;
	if (t > s->max)
		return NEW;
	if (s->histograms && histogram_at(db, s, t, NULL))
		return CONFLICT;
	if (value_at(db, s, t, &there))
		return same_bits(v, there) ? DUPLICATE : CONFLICT;
	return is_late(s, t, window) ? LATE : OUT_OF_ORDER;
}

/* ---- the open chunk ---- */

bool
series_begins(const struct series *s, msec_t t)
{
	return s->n == 0 || s->n >= CHUNK_SAMPLES || s->replayed || !timeline_can(s->line, s->n, t);
}

/* Grows by an eighth: there are many series, and each has one. */
void
series_room(struct series *s, size_t bits)
{
	size_t need = (s->bits + bits) / 8 + 1 + BITS_SLACK;
	if (need <= s->room)
		return;
	size_t room = s->room + s->room / 8;
	room = room > need ? room : need;
	s->room = (uint16_t)((room + 8 + 15) / 16 * 16 - 8); /* what malloc gives anyway */
	s->open = mem_resize(s->open, s->room);
}

void
series_push(struct tsdb *db, struct series *s, msec_t t, double v, bool begin, struct token *token)
{
	token_of(&s->token, v, begin, token);
	series_note_odd(s, begin);
	series_room(s, TOKEN_MOST * 8);
	s->bits = (uint16_t)token_put(token, s->open, s->bits);
	if (begin) {
		s->replayed = false;
		timeline_unref(s->line);
		s->line = timeline_begin(&db->lines, t);
	} else {
		timeline_step(&db->lines, &s->line, s->n, t);
	}
	s->n++;
	s->max = t;
	if (t < s->min)
		s->min = t;
}

void
series_read_open(const struct series *s, double *v)
{
	bool whole = tokens_unpack(s->open, (s->bits + 7) / 8, s->n, v);
	must(whole);
}

/* ---- packs ---- */

/* Takes over a reference of the line. */
static void
add_pack(struct series *s, struct timeline *line, size_t n, bool histograms, const struct buf *b)
{
	struct pack *p = mem_alloc(sizeof *p + b->n);
	*p = (struct pack){.line = line, .n = (uint32_t)n, .size = (uint32_t)b->n, .histograms = histograms};
	memcpy(p->bytes, b->p, b->n);
	*(s->packs ? &s->last_pack->next : &s->packs) = p;
	s->last_pack = p;
}

static void
pack_values(struct series *s, struct timeline *line, const double *v, size_t n)
{
	struct buf b = {0};
	chunk_pack_values(v, n, &b);
	add_pack(s, line, n, false, &b);
	buf_fini(&b);
}

static void
pack_open(struct series *s)
{
	double v[CHUNK_SAMPLES];
	series_read_open(s, v);
	pack_values(s, s->line, v, s->n);
	s->line = NULL;
	s->n = s->bits = 0;
}

/* Those of the times t[0..n) that one line can hold; returns how many. */
static size_t
line_of(struct timelines *own, const msec_t *t, size_t n, struct timeline **line)
{
	size_t k = 1;
	*line = timeline_begin(own, t[0]);
	for (; k < n && k < CHUNK_SAMPLES && timeline_can(*line, (uint32_t)k, t[k]); k++)
		timeline_step(own, line, (uint32_t)k, t[k]);
	return k;
}

/* What came late has lines of its own, as many as its distances need. */
static void
pack_late(struct series *s)
{
	struct timelines own = {0};
	struct samples *l = &s->extra->late;
	samples_order(l);
	for (size_t from = 0, n; from < l->n; from += n) {
		struct timeline *line;
		n = line_of(&own, l->t + from, l->n - from, &line);
		pack_values(s, line, l->v + from, n);
	}
	timelines_forget(&own);
	samples_fini(l);
}

static void
pack_histograms(struct series *s)
{
	struct timelines own = {0};
	struct blobs *l = &s->extra->histograms;
	blobs_order(l);
	for (size_t from = 0, n; from < l->t.n; from += n) {
		struct timeline *line;
		struct buf b = {0};
		n = line_of(&own, l->t.p + from, l->t.n - from, &line);
		blobs_pack(l, from, n, &b);
		add_pack(s, line, n, true, &b);
		buf_fini(&b);
	}
	timelines_forget(&own);
	blobs_fini(l);
}

void
series_pack(struct series *s)
{
	if (s->n)
		pack_open(s);
	if (s->extra && s->extra->late.n)
		pack_late(s);
	if (s->extra && s->extra->histograms.t.n)
		pack_histograms(s);
}

void
series_add_histogram(struct series *s, msec_t t, struct str bytes)
{
	struct blobs *h = &series_extra(s)->histograms;
	s->histograms = true;
	blobs_add(h, t, bytes);
	s->min = t < s->min ? t : s->min;
	s->max = t > s->max ? t : s->max;
	if (h->t.n == HISTOGRAMS_OPEN)
		pack_histograms(s);
}

void
series_add_late(struct series *s, msec_t t, double v)
{
	struct samples *late = &series_extra(s)->late;
	samples_add(late, t, v);
	s->min = t < s->min ? t : s->min;
	s->max = t > s->max ? t : s->max; /* the log of what was late when newer ones were not deleted yet */
	if (late->n == CHUNK_SAMPLES)
		pack_late(s);
}

static void
pack_free(struct pack *p)
{
	timeline_unref(p->line);
	mem_free(p);
}

void
series_drop_packs(struct tsdb *db, struct series *s, size_t n)
{
	for (; n; n--) {
		struct pack *p = s->packs;
		s->packs = p->next;
		db->head_samples -= p->n;
		pack_free(p);
	}
	if (!s->packs)
		s->last_pack = NULL;
}

void
series_fini(struct series *s)
{
	for (struct pack *p = s->packs, *next; p; p = next) {
		next = p->next;
		pack_free(p);
	}
	timeline_unref(s->line);
	mem_free(s->open);
	if (s->extra) {
		samples_fini(&s->extra->late);
		blobs_fini(&s->extra->histograms);
		vec_fini(&s->extra->watches);
	}
	mem_free(s->extra);
}

/* ---- reading ---- */

/* Adds what of a chunk is within the range. */
static void
add_range(struct samples *out, const struct timeline *line, const double *v, size_t n, msec_t min, msec_t max)
{
	size_t from = 0, to = n;
	while (from < n && timeline_at(line, (uint32_t)from) < min)
		from++;
	while (to > from && timeline_at(line, (uint32_t)to - 1) > max)
		to--;
	if (to == from)
		return;
	samples_reserve(out, to - from);
	out->unsorted |= out->n && timeline_at(line, (uint32_t)from) <= out->t[out->n - 1];
	for (size_t i = from; i < to; i++)
		out->t[out->n + i - from] = timeline_at(line, (uint32_t)i);
	memcpy(out->v + out->n, v + from, (to - from) * sizeof *v);
	out->n += to - from;
}

static bool
overlaps(const struct timeline *line, uint32_t n, msec_t min, msec_t max)
{
	return line->first <= max && timeline_at(line, n - 1) >= min;
}

static void
read_histograms(const struct pack *p, msec_t min, msec_t max, struct blobs *out)
{
	msec_t t[CHUNK_SAMPLES];
	for (uint32_t i = 0; i < p->n; i++)
		t[i] = timeline_at(p->line, i);
	bool whole = blobs_unpack(str_n(p->bytes, p->size), t, p->n, min, max, out);
	must(whole);
}

void
pack_read(const struct pack *p, msec_t min, msec_t max, struct samples *out, struct blobs *histograms)
{
	double v[CHUNK_SAMPLES];
	if (!overlaps(p->line, p->n, min, max))
		return;
	if (p->histograms && histograms)
		read_histograms(p, min, max, histograms);
	if (p->histograms || !out)
		return;
	bool whole = chunk_unpack_values(str_n(p->bytes, p->size), p->n, v);
	must(whole);
	add_range(out, p->line, v, p->n, min, max);
}

void
series_read_head_histograms(const struct series *s, msec_t min, msec_t max, struct blobs *out)
{
	for (const struct pack *p = s->packs; p; p = p->next)
		pack_read(p, min, max, NULL, out);
	const struct blobs *open = s->extra ? &s->extra->histograms : NULL;
	for (size_t i = 0; open && i < open->t.n; i++)
		if (open->t.p[i] >= min && open->t.p[i] <= max)
			blobs_add(out, open->t.p[i], blobs_get(open, i));
}

static void
widen(msec_t first, msec_t last, msec_t *min, msec_t *max)
{
	*min = first < *min ? first : *min;
	*max = last > *max ? last : *max;
}

void
series_span_head(const struct series *s, msec_t *min, msec_t *max)
{
	for (const struct pack *p = s->packs; p; p = p->next)
		widen(p->line->first, timeline_at(p->line, p->n - 1), min, max);
	if (s->n)
		widen(s->line->first, timeline_at(s->line, s->n - 1u), min, max);
	for (size_t i = 0; s->extra && i < s->extra->late.n; i++)
		widen(s->extra->late.t[i], s->extra->late.t[i], min, max);
	for (size_t i = 0; s->extra && i < s->extra->histograms.t.n; i++)
		widen(s->extra->histograms.t.p[i], s->extra->histograms.t.p[i], min, max);
}

void
series_read_head(const struct series *s, msec_t min, msec_t max, struct samples *out)
{
	double v[CHUNK_SAMPLES];
	for (const struct pack *p = s->packs; p; p = p->next)
		pack_read(p, min, max, out, NULL);
	if (s->n && overlaps(s->line, s->n, min, max)) {
		series_read_open(s, v);
		add_range(out, s->line, v, s->n, min, max);
	}
	const struct samples *late = s->extra ? &s->extra->late : NULL;
	for (size_t i = 0; late && i < late->n; i++)
		if (late->t[i] >= min && late->t[i] <= max)
			samples_add(out, late->t[i], late->v[i]);
}
