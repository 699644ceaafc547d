/*
 * append.c — samples into the log and the head.
 *
 * IDEA   A new sample is encoded once: its token goes to the end of its series' chunk and into the record
 *        that is being made.  When the record is in the log it stays; when the log cannot be written, every
 *        series is put back to where it was.
 * [A1]   Between records no series is `touched`; within one, what was added since can be undone, so a chunk
 *        with such samples is neither packed nor read: the record is written first.
 */
#include "tsdb/store.h"

#include "tsdb/chunk.h"

/* How a series stood before it got a sample. */
struct undo {
	struct series *series;
	struct token_state token;
	msec_t max, min;
	uint16_t bits, n;
};

struct appending {
	uint32_t part; /* counts the records; series.touched */
	VEC(struct undo) undo;
	VEC(struct series *) touched; /* with new samples, and behind them with late ones */
	VEC(struct log_entry) entries;
	struct buf tokens;
	size_t bits;
	VEC(struct log_entry) late;
	VEC(double) late_values;
	VEC(struct tsdb_watch *) wakes;
};

struct appending *
appending_create(void)
{
	return mem_new(struct appending);
}

void
appending_destroy(struct appending **pa)
{
	struct appending *a = *pa;
	if (!a)
		return;
	vec_fini(&a->undo);
	vec_fini(&a->touched);
	vec_fini(&a->entries);
	vec_fini(&a->late);
	vec_fini(&a->late_values);
	vec_fini(&a->wakes);
	buf_fini(&a->tokens);
	mem_free(a);
	*pa = NULL;
}

/* ---- one record ---- */

static void
begin_part(struct appending *a)
{
	a->part++;
	a->undo.n = a->touched.n = a->entries.n = a->late.n = a->late_values.n = 0;
	a->bits = 0;
}

static void
undo(struct appending *a)
{
	for (size_t i = a->undo.n; i-- > 0;) {
		const struct undo *u = &a->undo.p[i];
		u->series->token = u->token;
		u->series->max = u->max;
		u->series->min = u->min;
		u->series->bits = u->bits;
		u->series->n = u->n;
	}
	for (size_t i = 0; i < a->touched.n; i++)
		a->touched.p[i]->logged = 0; /* the record that names it may not be there */
}

static void
wake(struct appending *a, const struct series *s)
{
	for (size_t i = 0; s->extra && i < s->extra->watches.n; i++)
		if (watch_mark(s->extra->watches.p[i]))
			*vec_add(&a->wakes) = s->extra->watches.p[i];
}

static enum rc
finish_new(struct tsdb *db, struct tsdb_counts *c, struct err *e)
{
	struct appending *a = db->appending;
	struct str tokens = str_n(a->tokens.p ? a->tokens.p : "", (a->bits + 7) / 8);
	enum rc rc = log_series(db, a->touched.p, a->touched.n, e);
	if (rc == RC_OK && a->entries.n)
		rc = log_samples(db, a->entries.p, a->entries.n, tokens, e);
	if (rc != RC_OK)
		undo(a);
	else
		c->stored += a->entries.n;
	return rc;
}

/* New samples are in the log by now and stay, also when these cannot be written. */
static enum rc
finish_late(struct tsdb *db, struct tsdb_counts *c, struct err *e)
{
	struct appending *a = db->appending;
	if (!a->late.n)
		return RC_OK;
	enum rc rc = log_late(db, a->late.p, a->late_values.p, a->late.n, e);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < a->late.n; i++)
		series_add_late(db->series.p[a->late.p[i].id], a->late.p[i].t, a->late_values.p[i]);
	c->stored += a->late.n;
	return RC_OK;
}

static enum rc
finish_part(struct tsdb *db, struct tsdb_counts *c, struct err *e)
{
	struct appending *a = db->appending;
	size_t before = c->stored;
	if (a->touched.n == 0)
		return RC_OK;
	enum rc rc = finish_new(db, c, e);
	if (rc == RC_OK)
		rc = finish_late(db, c, e);
	if (db->head_samples == 0 && c->stored > before)
		db->head_since = clock_wall(db->options.clock);
	db->head_samples += c->stored - before;
	for (size_t i = 0; c->stored > before && i < a->touched.n; i++) {
		db->newest = a->touched.p[i]->max > db->newest ? a->touched.p[i]->max : db->newest;
		wake(a, a->touched.p[i]);
	}
	begin_part(a);
	return rc;
}

static void
touch(struct appending *a, struct series *s)
{
	if (s->touched == a->part)
		return;
	s->touched = a->part;
	*vec_add(&a->touched) = s;
}

static void
add_tokens(struct appending *a, const struct token *t)
{
	if (a->bits / 8 + TOKEN_MOST + BITS_SLACK > a->tokens.cap)
		(void)buf_room(&a->tokens, a->bits / 8 * 2 + 4096);
	a->bits = token_put(t, (unsigned char *)a->tokens.p, a->bits);
}

static enum rc
add_new(struct tsdb *db, struct series *s, msec_t t, double v, struct tsdb_counts *c, struct err *e)
{
	struct appending *a = db->appending;
	struct token token;
	bool begin = series_begins(s, t);
	if (begin && s->n) {
		if (s->touched == a->part && finish_part(db, c, e) != RC_OK) /* [A1] */
			return e->rc;
		series_pack(s);
	}
	*vec_add(&a->undo) = (struct undo){s, s->token, s->max, s->min, s->bits, s->n};
	*vec_add(&a->entries) = (struct log_entry){s->id, t};
	touch(a, s);
	series_push(db, s, t, v, begin, &token);
	add_tokens(a, &token);
	return RC_OK;
}

static void
add_late(struct appending *a, struct series *s, msec_t t, double v)
{
	*vec_add(&a->late) = (struct log_entry){s->id, t};
	*vec_add(&a->late_values) = v;
	touch(a, s);
}

static enum rc
add_sample(struct tsdb *db, struct series *s, msec_t t, double v, struct tsdb_counts *c, struct err *e)
{
	if (t > s->max)
		return add_new(db, s, t, v, c, e);
	if (s->touched == db->appending->part && finish_part(db, c, e) != RC_OK) /* [A1] */
		return e->rc;
	switch (series_judge(db, s, t, v, db->options.out_of_order)) {
	case NEW: return add_new(db, s, t, v, c, e);
	case LATE: add_late(db->appending, s, t, v); break;
	case DUPLICATE: c->duplicate++; break;
	case CONFLICT: c->conflict++; break;
	case OUT_OF_ORDER: c->out_of_order++; break;
	}
	return RC_OK;
}

/* ---- batches ---- */

enum { AHEAD = 24 };

static struct series *
series_at(const struct tsdb *db, struct tsdb_ref ref)
{
	return ref.id < db->series.n ? db->series.p[ref.id] : NULL;
}

static void
look_ahead(const struct tsdb *db, const struct tsdb_sample *p, size_t i, size_t n)
{
	series_prefetch(i + AHEAD < n ? series_at(db, p[i + AHEAD].ref) : NULL,
	    i + AHEAD / 2 < n ? series_at(db, p[i + AHEAD / 2].ref) : NULL);
}

enum rc
append_batch(struct tsdb *db, const struct tsdb_sample *p, size_t n, struct tsdb_counts *c, struct err *e)
{
	struct expiry x;
	expiry_init(&x, db);
	enum rc rc = RC_OK;
	begin_part(db->appending);
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		struct series *s = series_at(db, p[i].ref);
		look_ahead(db, p, i, n);
		if (!s)
			c->unknown++;
		else if (expiry_is_past(&x, s, p[i].t))
			c->too_old++;
		else
			rc = add_sample(db, s, p[i].t, p[i].v, c, e);
	}
	return rc == RC_OK ? finish_part(db, c, e) : rc;
}

static void
call_watches(struct tsdb *db)
{
	watch_call(db->appending->wakes.p, db->appending->wakes.n);
	db->appending->wakes.n = 0;
}

enum rc
tsdb_append(struct tsdb *db, const struct tsdb_sample *p, size_t n, struct tsdb_counts *c, struct err *e)
{
	struct err own;
	e = e ? e : &own;
	*c = (struct tsdb_counts){0};
	pthread_mutex_lock(&db->calling);
	pthread_rwlock_wrlock(&db->lock);
	enum rc rc = append_batch(db, p, n, c, e);
	msec_t first = INT64_MAX;
	for (size_t i = 0; i < n; i++)
		first = p[i].t < first ? p[i].t : first;
	if (n)
		written_note(&db->written, first);
	pthread_rwlock_unlock(&db->lock);
	call_watches(db);
	pthread_mutex_unlock(&db->calling);
	if (rc == RC_OK && c->stored && db->options.sync_every == 0)
		rc = tsdb_sync(db, e);
	return rc;
}

/* ---- native histograms ---- */

static bool
count_verdict(struct tsdb_counts *c, enum verdict how)
{
	c->duplicate += how == DUPLICATE;
	c->conflict += how == CONFLICT;
	c->out_of_order += how == OUT_OF_ORDER;
	return how == NEW || how == LATE;
}

/* One record for each: they are few and large, and each is judged against all before it. */
static enum rc
add_histogram(
    struct tsdb *db, struct series *s, const struct tsdb_histogram *h, struct tsdb_counts *c, struct err *e)
{
	if (!count_verdict(c, series_judge_histogram(db, s, h->t, h->bytes, db->options.out_of_order)))
		return RC_OK;
	touch(db->appending, s);
	enum rc rc = log_series(db, &s, 1, e);
	if (rc == RC_OK)
		rc = log_histograms(db, h, 1, e);
	if (rc != RC_OK) {
		s->logged = 0;
		return rc;
	}
	if (db->head_samples++ == 0)
		db->head_since = clock_wall(db->options.clock);
	series_add_histogram(s, h->t, h->bytes);
	db->newest = h->t > db->newest ? h->t : db->newest;
	wake(db->appending, s);
	c->stored++;
	return RC_OK;
}

static enum rc
append_histograms(
    struct tsdb *db, const struct tsdb_histogram *p, size_t n, struct tsdb_counts *c, struct err *e)
{
	struct expiry x;
	expiry_init(&x, db);
	enum rc rc = RC_OK;
	begin_part(db->appending);
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		struct series *s = series_at(db, p[i].ref);
		if (!s)
			c->unknown++;
		else if (expiry_is_past(&x, s, p[i].t))
			c->too_old++;
		else
			rc = add_histogram(db, s, &p[i], c, e);
	}
	begin_part(db->appending);
	return rc;
}

enum rc
tsdb_append_histograms(
    struct tsdb *db, const struct tsdb_histogram *p, size_t n, struct tsdb_counts *c, struct err *e)
{
	struct err own;
	e = e ? e : &own;
	*c = (struct tsdb_counts){0};
	pthread_mutex_lock(&db->calling);
	pthread_rwlock_wrlock(&db->lock);
	enum rc rc = append_histograms(db, p, n, c, e);
	msec_t first = INT64_MAX;
	for (size_t i = 0; i < n; i++)
		first = p[i].t < first ? p[i].t : first;
	if (n)
		written_note(&db->written, first);
	pthread_rwlock_unlock(&db->lock);
	call_watches(db);
	pthread_mutex_unlock(&db->calling);
	return rc == RC_OK && c->stored && db->options.sync_every == 0 ? tsdb_sync(db, e) : rc;
}

enum rc
tsdb_sync(struct tsdb *db, struct err *e)
{
	return wal_sync(db->wal, e);
}
