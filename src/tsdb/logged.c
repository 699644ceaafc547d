/*
 * logged.c — batches as records of the log, and back.
 *
 * The payload of a record, numbers as varints (zigzag where they may be negative):
 *     'S' { id, length and tenant, length and labels } …     what the ids of this segment mean
 *     'D' { change of id and kind of value, change of time, value } …
 * A value is the same as the series' last one in this segment, or whole like that and told by its change,
 * or raw.
 *
 * [I1]   What a value is compared with (`logged_v`) begins as 0 with the series' 'S' and follows every 'D',
 *        at writing and at reading alike.  A record that could not be written takes the series' 'S' along
 *        the next time.
 */
#include "tsdb/store.h"

#include <math.h>
#include <string.h>

#include "wire/proto.h"

enum { IDS_MAX = 1 << 28, WHOLE_MAX = 1 << 30 };
enum value_kind { VALUE_SAME, VALUE_CHANGE, VALUE_RAW };

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

/* Differences of any two times, wrapping round. */
static uint64_t
change_of(int64_t from, int64_t to)
{
	return zigzag((int64_t)((uint64_t)to - (uint64_t)from));
}

static int64_t
changed(int64_t from, uint64_t change)
{
	return (int64_t)((uint64_t)from + (uint64_t)unzigzag(change));
}

/* ---- writing ---- */

static void
add_text(struct buf *b, struct str s)
{
	proto_add_varint(b, s.n);
	buf_str(b, s);
}

static void
forget(struct tsdb *db, const struct tsdb_sample *p, const uint32_t *accepted, size_t n)
{
	for (size_t i = 0; i < n; i++)
		db->series.p[p[accepted[i]].ref.id]->logged = 0; /* [I1] */
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
		s->logged_v = 0;
		if (db->payload.n == 0)
			buf_ch(&db->payload, 'S');
		proto_add_varint(&db->payload, s->id);
		add_text(&db->payload, s->tenant->name);
		add_text(&db->payload, s->labels.bytes);
	}
	return db->payload.n ? wal_append(db->wal, buf_view(&db->payload), e) : RC_OK;
}

static bool
is_whole(double v)
{
	return fabs(v) < WHOLE_MAX && same_bits((double)(int64_t)v, v);
}

static enum value_kind
kind_of(double last, double v)
{
	if (same_bits(last, v))
		return VALUE_SAME;
	return is_whole(last) && is_whole(v) ? VALUE_CHANGE : VALUE_RAW;
}

static enum rc
log_samples(struct tsdb *db, const struct tsdb_sample *p, const uint32_t *accepted, size_t n, struct err *e)
{
	struct buf *b = &db->payload;
	int64_t id = 0;
	msec_t t = 0;
	buf_clear(b);
	buf_ch(b, 'D');
	for (size_t i = 0; i < n; i++) {
		const struct tsdb_sample *x = &p[accepted[i]];
		struct series *s = db->series.p[x->ref.id];
		enum value_kind kind = kind_of(s->logged_v, x->v);
		proto_add_varint(b, change_of(id, x->ref.id) << 2 | kind);
		proto_add_varint(b, change_of(t, x->t));
		if (kind == VALUE_CHANGE)
			proto_add_varint(b, zigzag((int64_t)x->v - (int64_t)s->logged_v));
		else if (kind == VALUE_RAW)
			buf_add(b, &x->v, sizeof x->v);
		s->logged_v = x->v;
		id = x->ref.id;
		t = x->t;
	}
	return wal_append(db->wal, buf_view(b), e);
}

enum rc
log_batch(struct tsdb *db, const struct tsdb_sample *p, const uint32_t *accepted, size_t n, struct err *e)
{
	enum rc rc = log_series(db, p, accepted, n, e);
	if (rc == RC_OK)
		rc = log_samples(db, p, accepted, n, e);
	if (rc != RC_OK)
		forget(db, p, accepted, n);
	return rc;
}

/* ---- reading ---- */

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
		if (!s)
			s = series_create(db, tenant, ls);
		s->logged_v = 0; /* [I1] */
		db->by_logged_id.p[id] = s;
	}
	return RC_OK;
}

static bool
take_value(struct proto *p, enum value_kind kind, double last, double *out)
{
	uint64_t change;
	*out = last;
	if (kind == VALUE_SAME)
		return true;
	if (kind == VALUE_CHANGE) {
		if (!is_whole(last) || !proto_varint(p, &change))
			return false;
		*out = (double)changed((int64_t)last, change);
		return true;
	}
	if (kind != VALUE_RAW || p->end - p->at < (ptrdiff_t)sizeof *out)
		return false;
	memcpy(out, p->at, sizeof *out);
	p->at += sizeof *out;
	return true;
}

static enum rc
replay_samples(struct tsdb *db, struct proto *p, struct err *e)
{
	int64_t id = 0;
	msec_t t = 0;
	while (p->at < p->end) {
		uint64_t head, change;
		double v;
		if (!proto_varint(p, &head) || !proto_varint(p, &change))
			return bad_record(e);
		id = changed(id, head >> 2);
		t = changed(t, change);
		struct series *s = id >= 0 && (uint64_t)id < db->by_logged_id.n ? db->by_logged_id.p[id] : NULL;
		if (!s || !take_value(p, (enum value_kind)(head & 3), s->logged_v, &v))
			return bad_record(e);
		s->logged_v = v;
		enum verdict how = series_judge(db, s, t, v, INT64_MAX);
		if (how == NEW || how == LATE)
			series_apply(db, s, how, t, v);
	}
	return RC_OK;
}

void
replay_segment(void *arg)
{
	struct tsdb *db = arg;
	db->by_logged_id.n = 0;
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
