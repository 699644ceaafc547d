/*
 * append.c — samples into the log and the head.
 *
 * IDEA   A batch is judged, what may stay goes into one record of the log, and only then into memory: a log
 * that cannot be written leaves nothing behind.  A start reads the records and puts them in by the same way.
 *
 * The payload of a record, numbers as varints (zigzag where they may be negative):
 *     'S' { id, length and tenant, length and labels } …     what the ids of this segment mean
 *     'D' { id, change of time, value (8 bytes) } …
 */
#include "tsdb/store.h"

#include <string.h>

#include "base/must.h"
#include "tsdb/chunk.h"
#include "wire/proto.h"

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

/* ---- the log's payloads ---- */

static uint64_t
zigzag(int64_t v)
{
	return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static int64_t
unzigzag(uint64_t u)
{
	return (int64_t)(u >> 1) ^ -(int64_t)(u & 1);
}

static void
add_text(struct buf *b, struct str s)
{
	proto_add_varint(b, s.n);
	buf_str(b, s);
}

static bool
take_text(struct proto *p, struct str *out)
{
	uint64_t n;
	if (!proto_varint(p, &n) || n > (size_t)(p->end - p->at))
		return false;
	*out = str_n((const char *)p->at, n);
	p->at += n;
	return true;
}

/* Says which series the ids of this batch are, where this segment of the log does not know yet. */
static enum rc
log_series(struct tsdb *db, const struct tsdb_sample *p, const uint32_t *accepted, size_t n, struct err *e)
{
	uint64_t segment = wal_segment(db->wal);
	buf_clear(&db->payload);
	for (size_t i = 0; i < n; i++) {
		struct series *s = db->series.p[p[accepted[i]].ref.id];
		if (s->logged == segment)
			continue;
		s->logged = segment;
		if (db->payload.n == 0)
			buf_ch(&db->payload, 'S');
		proto_add_varint(&db->payload, s->id);
		add_text(&db->payload, s->tenant->name);
		add_text(&db->payload, s->labels.bytes);
	}
	if (db->payload.n == 0)
		return RC_OK;
	enum rc rc = wal_append(db->wal, buf_view(&db->payload), e);
	for (size_t i = 0; rc != RC_OK && i < n; i++)
		db->series.p[p[accepted[i]].ref.id]->logged =
		    0; /* perhaps once too often, which does no harm */
	return rc;
}

static enum rc
log_samples(struct tsdb *db, const struct tsdb_sample *p, const uint32_t *accepted, size_t n, struct err *e)
{
	msec_t last = 0;
	buf_clear(&db->payload);
	buf_ch(&db->payload, 'D');
	for (size_t i = 0; i < n; i++) {
		const struct tsdb_sample *x = &p[accepted[i]];
		proto_add_varint(&db->payload, x->ref.id);
		proto_add_varint(&db->payload, zigzag((int64_t)((uint64_t)x->t - (uint64_t)last)));
		buf_add(&db->payload, &x->v, sizeof x->v);
		last = x->t;
	}
	return wal_append(db->wal, buf_view(&db->payload), e);
}

/* ---- replay ---- */

void
replay_segment(void *arg)
{
	struct tsdb *db = arg;
	db->by_logged_id.n = 0;
}

enum { IDS_MAX = 1 << 28 };

static enum rc
bad_record(struct err *e)
{
	return err_set(e, RC_INVALID, "the log of samples holds a record that this version cannot read");
}

static enum rc
replay_series(struct tsdb *db, struct proto *p, struct err *e)
{
	while (p->at < p->end) {
		uint64_t id;
		struct str tenant;
		struct labels ls;
		if (!proto_varint(p, &id) || id > IDS_MAX || !take_text(p, &tenant) ||
		    !take_text(p, &ls.bytes) || !labels_valid(ls.bytes))
			return bad_record(e);
		while (db->by_logged_id.n <= id)
			vec_add(&db->by_logged_id);
		struct series *s = series_find(db, tenant, ls);
		db->by_logged_id.p[id] = s ? s : series_create(db, tenant, ls);
	}
	return RC_OK;
}

static enum rc
replay_samples(struct tsdb *db, struct proto *p, struct err *e)
{
	msec_t t = 0;
	while (p->at < p->end) {
		uint64_t id, change;
		double v;
		if (!proto_varint(p, &id) || !proto_varint(p, &change) ||
		    p->end - p->at < (ptrdiff_t)sizeof v || id >= db->by_logged_id.n ||
		    !db->by_logged_id.p[id])
			return bad_record(e);
		memcpy(&v, p->at, sizeof v);
		p->at += sizeof v;
		t = (msec_t)((uint64_t)t + (uint64_t)unzigzag(change));
		struct series *s = db->by_logged_id.p[id];
		enum verdict how = series_judge(db, s, t, v, INT64_MAX);
		if (how == NEW || how == LATE)
			series_apply(db, s, how, t, v);
	}
	return RC_OK;
}

enum rc
replay_record(void *arg, struct str payload, struct err *e)
{
	struct proto p;
	if (payload.n == 0)
		return bad_record(e);
	proto_init(&p, str_from(payload, 1));
	switch (payload.p[0]) {
	case 'S': return replay_series(arg, &p, e);
	case 'D': return replay_samples(arg, &p, e);
	default: return bad_record(e);
	}
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
		rc = log_series(db, p, accepted, k, e);
		if (rc == RC_OK)
			rc = log_samples(db, p, accepted, k, e);
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
