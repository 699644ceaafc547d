/*
 * append.c — samples into the log and the head.
 *
 * IDEA   A batch is judged, what may stay goes into one record of the log, and only then into memory: a log
 *        that cannot be written leaves nothing behind.  A start reads the records and puts them in by the
 *        same way.
 */
#include "tsdb/store.h"

#include "tsdb/chunk.h"

/* ---- one sample ---- */

/* Does a sample of this time stand there already? */
static bool
value_at(struct tsdb *db, const struct series *s, msec_t t, double *v)
{
	size_t i = samples_find(s->open.t, s->open.n, t);
	if (i < s->open.n && s->open.t[i] == t) {
		*v = s->open.v[i];
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

enum verdict
series_judge(struct tsdb *db, const struct series *s, msec_t t, double v, msec_t window)
{
	double there;
	if (t > s->max)
		return NEW;
	if (value_at(db, s, t, &there))
		return same_bits(v, there) ? DUPLICATE : CONFLICT;
	return window > 0 && (uint64_t)s->max - (uint64_t)t <= (uint64_t)window ? LATE : OUT_OF_ORDER;
}

static void
pack(struct series *s, struct samples *from)
{
	struct buf b = {0};
	samples_order(from);
	chunk_encode(from->t, from->v, from->n, &b);
	*vec_add(&s->packs) = (struct packed){
	    .min = from->t[0],
	    .max = from->t[from->n - 1],
	    .bytes = mem_dup(b.p, b.n),
	    .size = (uint32_t)b.n,
	    .n = (uint32_t)from->n,
	};
	samples_clear(from);
	buf_fini(&b);
}

void
series_pack(struct series *s)
{
	if (s->open.n)
		pack(s, &s->open);
	if (s->late) {
		pack(s, s->late);
		samples_fini(s->late);
		mem_free(s->late);
		s->late = NULL;
	}
}

void
series_apply(struct tsdb *db, struct series *s, enum verdict how, msec_t t, double v)
{
	if (how == LATE && !s->late)
		s->late = mem_new(struct samples);
	struct samples *to = how == LATE ? s->late : &s->open;
	samples_add(to, t, v);
	s->min = t < s->min ? t : s->min;
	s->max = t > s->max ? t : s->max;
	db->newest = t > db->newest ? t : db->newest;
	db->head_samples++;
	if (to->n == CHUNK_SAMPLES)
		how == LATE ? series_pack(s) : pack(s, to);
}

/* ---- batches ---- */

static struct series *
series_at(struct tsdb *db, struct tsdb_ref ref)
{
	return ref.id < db->series.n ? db->series.p[ref.id] : NULL;
}

static bool
count_verdict(struct tsdb_counts *c, enum verdict how)
{
	switch (how) {
	case NEW:
	case LATE: return true;
	case DUPLICATE: c->duplicate++; break;
	case CONFLICT: c->conflict++; break;
	case OUT_OF_ORDER: c->out_of_order++; break;
	}
	return false;
}

/* Against what stands there before the batch. */
static bool
may_stay(struct tsdb *db, const struct tsdb_sample *x, msec_t oldest, struct tsdb_counts *c)
{
	struct series *s = series_at(db, x->ref);
	if (!s) {
		c->unknown++;
		return false;
	}
	if (x->t < oldest) {
		c->too_old++;
		return false;
	}
	return count_verdict(c, series_judge(db, s, x->t, x->v, db->options.out_of_order));
}

struct wakes {
	struct tsdb_watch **p;
	size_t n, cap;
};

static void
apply(struct tsdb *db, const struct tsdb_sample *x, struct tsdb_counts *c, struct wakes *wakes)
{
	struct series *s = db->series.p[x->ref.id];
	enum verdict how = series_judge(db, s, x->t, x->v, db->options.out_of_order);
	if (!count_verdict(c, how)) /* the batch itself brought it twice */
		return;
	series_apply(db, s, how, x->t, x->v);
	c->stored++;
	for (size_t i = 0; i < s->watches.n; i++)
		if (watch_mark(s->watches.p[i]))
			*vec_add(wakes) = s->watches.p[i];
}

static enum rc
append_locked(struct tsdb *db, const struct tsdb_sample *p, size_t n, struct tsdb_counts *c,
    struct wakes *wakes, struct err *e)
{
	msec_t keep = db->options.retention;
	msec_t oldest = keep ? clock_wall(db->options.clock) - keep : INT64_MIN;
	uint32_t *accepted = mem_alloc(n * sizeof *accepted);
	size_t k = 0;
	for (size_t i = 0; i < n; i++)
		if (may_stay(db, &p[i], oldest, c))
			accepted[k++] = (uint32_t)i;
	enum rc rc = RC_OK;
	if (k > 0) {
		rc = log_batch(db, p, accepted, k, e);
		if (rc == RC_OK && db->head_samples == 0)
			db->head_since = clock_wall(db->options.clock);
		for (size_t i = 0; rc == RC_OK && i < k; i++)
			apply(db, &p[accepted[i]], c, wakes);
	}
	mem_free(accepted);
	return rc;
}

enum rc
tsdb_append(struct tsdb *db, const struct tsdb_sample *p, size_t n, struct tsdb_counts *c, struct err *e)
{
	struct wakes wakes = {0};
	*c = (struct tsdb_counts){0};
	pthread_mutex_lock(&db->calling);
	pthread_rwlock_wrlock(&db->lock);
	enum rc rc = append_locked(db, p, n, c, &wakes, e);
	pthread_rwlock_unlock(&db->lock);
	watch_call(wakes.p, wakes.n);
	pthread_mutex_unlock(&db->calling);
	vec_fini(&wakes);
	if (rc == RC_OK && c->stored && db->options.sync_every == 0)
		rc = tsdb_sync(db, e);
	return rc;
}

enum rc
tsdb_sync(struct tsdb *db, struct err *e)
{
	return wal_sync(db->wal, e);
}
