/*
 * logged.c — batches as records of the log, and back.
 *
 * The payload of a record, numbers as varints (zigzag where they may be negative):
 *     'S' length, zstd of { id, length and tenant, length and labels } …   what the ids of this segment mean
 *     'D' runs, { change of id, samples * 2 + gaps?, change of time, gaps … } …, tokens
 *     'L' { change of id, change of time, value } …              out of order
 *     'H' { change of id, change of time, length and bytes } …   native histograms
 *     'M', 'X'                                                    annex.c
 *     'V' version                                                 what the segment needs of those before stands above
 * A run is samples of one time whose ids ascend; without gaps each id is one more than the one before.  The
 * tokens of all runs follow as one stream of bits (token.h).
 *
 * [L1]   The first token of a series in a segment begins a chunk: all chunks are packed when a block makes the log begin
 *        anew (flush.c), and what a start finds open is left at the next sample (`replayed`).  Who reads a segment
 *        needs none before it.
 * [L2]   Behind 'V' of segment n, what was read before can become block n.  Segments without it were begun by a version
 *        that did not keep [L1] at a start.
 */
#include "tsdb/store.h"

#include <string.h>
#include <zstd.h>

#include "base/must.h"
#include "wire/proto.h"

enum { IDS_MAX = 1 << 28, NAMES_MAX = 1 << 30, AHEAD = 24, VERSION = 1 };

/* Differences of any two times, wrapping round. */
static uint64_t
change_of(int64_t from, int64_t to)
{
	return bits_zigzag((int64_t)((uint64_t)to - (uint64_t)from));
}

static int64_t
changed(int64_t from, uint64_t change)
{
	return (int64_t)((uint64_t)from + (uint64_t)bits_unzigzag(change));
}

/* ---- writing ---- */

static void
add_text(struct buf *b, struct str s)
{
	proto_add_varint(b, s.n);
	buf_str(b, s);
}

static enum rc
log_packed(struct tsdb *db, struct str names, struct err *e)
{
	struct buf *b = &db->payload;
	buf_clear(b);
	buf_ch(b, 'S');
	proto_add_varint(b, names.n);
	size_t room = ZSTD_compressBound(names.n);
	size_t n = ZSTD_compress(buf_room(b, room), room, names.p, names.n, 1);
	must(!ZSTD_isError(n));
	buf_grew(b, n);
	return wal_append(db->wal, buf_view(b), e);
}

enum rc
log_series(struct tsdb *db, struct series *const *p, size_t n, struct err *e)
{
	uint32_t segment = (uint32_t)wal_segment(db->wal);
	struct buf names = {0}, *b = &names, labels = {0};
	for (size_t i = 0; i < n; i++) {
		if (p[i]->logged == segment)
			continue;
		p[i]->logged = segment;
		buf_clear(&labels);
		series_labels(p[i], &labels);
		proto_add_varint(b, p[i]->id);
		add_text(b, p[i]->tenant->name);
		add_text(b, buf_view(&labels));
	}
	enum rc rc = b->n ? log_packed(db, buf_view(b), e) : RC_OK;
	for (size_t i = 0; rc != RC_OK && i < n; i++)
		p[i]->logged = 0;
	buf_fini(&labels);
	buf_fini(&names);
	return rc;
}

/* How many from the first on have one time and ascending ids. */
static size_t
run_of(const struct log_entry *p, size_t n, bool *gaps)
{
	size_t k = 1;
	*gaps = false;
	while (k < n && p[k].t == p[0].t && p[k].id > p[k - 1].id) {
		*gaps |= p[k].id != p[k - 1].id + 1;
		k++;
	}
	return k;
}

static size_t
count_runs(const struct log_entry *p, size_t n)
{
	size_t runs = 0;
	bool gaps;
	for (size_t i = 0; i < n; i += run_of(p + i, n - i, &gaps))
		runs++;
	return runs;
}

enum rc
log_samples(struct tsdb *db, const struct log_entry *p, size_t n, struct str tokens, struct err *e)
{
	struct buf *b = &db->payload;
	int64_t id = 0;
	msec_t t = 0;
	buf_clear(b);
	buf_ch(b, 'D');
	proto_add_varint(b, count_runs(p, n));
	for (size_t i = 0, k; i < n; i += k) {
		bool gaps;
		k = run_of(p + i, n - i, &gaps);
		proto_add_varint(b, change_of(id, p[i].id));
		proto_add_varint(b, k * 2 + gaps);
		proto_add_varint(b, change_of(t, p[i].t));
		for (size_t j = 1; gaps && j < k; j++)
			proto_add_varint(b, p[i + j].id - p[i + j - 1].id);
		id = p[i + k - 1].id;
		t = p[i].t;
	}
	buf_str(b, tokens);
	return wal_append(db->wal, buf_view(b), e);
}

enum rc
log_mark(struct tsdb *db, struct err *e)
{
	struct buf *b = &db->payload;
	buf_clear(b);
	buf_ch(b, 'V');
	proto_add_varint(b, VERSION);
	return wal_append(db->wal, buf_view(b), e);
}

enum rc
log_late(struct tsdb *db, const struct log_entry *p, const double *v, size_t n, struct err *e)
{
	struct buf *b = &db->payload;
	int64_t id = 0;
	msec_t t = 0;
	buf_clear(b);
	buf_ch(b, 'L');
	for (size_t i = 0; i < n; i++) {
		proto_add_varint(b, change_of(id, p[i].id));
		proto_add_varint(b, change_of(t, p[i].t));
		buf_add(b, &v[i], sizeof v[i]);
		id = p[i].id;
		t = p[i].t;
	}
	return wal_append(db->wal, buf_view(b), e);
}

enum rc
log_histograms(struct tsdb *db, const struct tsdb_histogram *p, size_t n, struct err *e)
{
	struct buf *b = &db->payload;
	int64_t id = 0;
	msec_t t = 0;
	buf_clear(b);
	buf_ch(b, 'H');
	for (size_t i = 0; i < n; i++) {
		proto_add_varint(b, change_of(id, p[i].ref.id));
		proto_add_varint(b, change_of(t, p[i].t));
		add_text(b, p[i].bytes);
		id = p[i].ref.id;
		t = p[i].t;
	}
	return wal_append(db->wal, buf_view(b), e);
}

/* ---- reading ---- */

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
		if (!proto_varint(p, &id) || id > IDS_MAX || !proto_text(p, &tenant) ||
		    !proto_text(p, &ls.bytes) || !labels_valid(ls.bytes))
			return bad_record(e);
		while (db->by_logged_id.n <= id)
			vec_add(&db->by_logged_id);
		db->by_logged_id.p[id] = series_make(db, tenant, ls);
	}
	return RC_OK;
}

static enum rc
replay_packed(struct tsdb *db, struct proto *p, struct err *e)
{
	struct buf names = {0};
	struct proto unpacked;
	uint64_t n;
	if (!proto_varint(p, &n) || n > NAMES_MAX)
		return bad_record(e);
	if (ZSTD_decompress(buf_room(&names, n), n, p->at, (size_t)(p->end - p->at)) == n)
		buf_grew(&names, n);
	proto_init(&unpacked, buf_view(&names));
	enum rc rc = names.n == n ? replay_series(db, &unpacked, e) : bad_record(e);
	buf_fini(&names);
	return rc;
}

static struct series *
logged_series(struct tsdb *db, int64_t id)
{
	return id >= 0 && (uint64_t)id < db->by_logged_id.n ? db->by_logged_id.p[id] : NULL;
}

/* Bits that are left to read. */
static size_t
left(const struct bit_reader *r)
{
	return (size_t)(r->end - r->p) * 8 + r->n;
}

static void
copy_bits(struct series *s, struct bit_reader *from, size_t n)
{
	series_room(s, n);
	while (n) {
		unsigned some = n < 56 ? (unsigned)n : 56;
		bits_put(s->open, s->bits, bits_get(from, some));
		s->bits = (uint16_t)(s->bits + some);
		n -= some;
	}
}

/* The series follows the token, and keeps its bits. */
static bool
replay_token(struct tsdb *db, struct series *s, msec_t t, struct bit_reader *tokens)
{
	struct bit_reader before = *tokens;
	struct token_state state = s->token;
	bool start;
	if (!token_read(&state, tokens, &start) || t <= s->max)
		return false;
	if (start) {
		series_pack(s);
		timeline_unref(s->line);
		s->line = timeline_begin(&db->lines, t);
	} else {
		if (!s->n || s->n >= CHUNK_SAMPLES || !timeline_can(s->line, s->n, t))
			return false;
		timeline_step(&db->lines, &s->line, s->n, t);
	}
	copy_bits(s, &before, left(&before) - left(tokens));
	s->token = state;
	s->replayed = true;
	series_note_odd(s, start);
	s->n++;
	s->max = t;
	s->min = t < s->min ? t : s->min;
	db->newest = t > db->newest ? t : db->newest;
	db->head_samples++;
	return true;
}

/* What its segment says again that a block has already is read past. */
static bool
pass_over(struct series *s, struct bit_reader *tokens)
{
	bool start;
	return token_read(&s->token, tokens, &start);
}

struct run {
	int64_t id;
	uint64_t samples;
	bool gaps;
	msec_t t;
};

static bool
take_run(struct proto *p, int64_t id, msec_t t, struct run *out)
{
	uint64_t by, samples, later;
	if (!proto_varint(p, &by) || !proto_varint(p, &samples) || !proto_varint(p, &later) || samples < 2)
		return false;
	*out = (struct run){changed(id, by), samples / 2, samples & 1, changed(t, later)};
	return true;
}

static enum rc
replay_samples(struct tsdb *db, struct proto *p, struct err *e)
{
	struct run last = {0};
	struct bit_reader tokens;
	uint64_t runs;
	VEC(struct log_entry) entries = {0};
	bool ok = proto_varint(p, &runs);
	for (; ok && runs; runs--) {
		struct run r;
		ok = take_run(p, last.id, last.t, &r) && r.samples <= (size_t)(p->end - p->at) * 8;
		for (uint64_t i = 0, by = 1; ok && i < r.samples; i++) {
			if (i > 0 && r.gaps)
				ok = proto_varint(p, &by);
			r.id += i > 0 ? (int64_t)by : 0;
			*vec_add(&entries) = (struct log_entry){(uint32_t)r.id, r.t};
		}
		last = r;
	}
	bits_init(&tokens, p->at, (size_t)(p->end - p->at));
	for (size_t i = 0; ok && i < entries.n; i++) {
		struct series *s = logged_series(db, entries.p[i].id);
		series_prefetch(i + AHEAD < entries.n ? logged_series(db, entries.p[i + AHEAD].id) : NULL,
		    i + AHEAD / 2 < entries.n ? logged_series(db, entries.p[i + AHEAD / 2].id) : NULL);
		ok = s && (entries.p[i].t > s->max ? replay_token(db, s, entries.p[i].t, &tokens)
						   : pass_over(s, &tokens));
	}
	vec_fini(&entries);
	return ok ? RC_OK : bad_record(e);
}

static enum rc
replay_late(struct tsdb *db, struct proto *p, struct err *e)
{
	int64_t id = 0;
	msec_t t = 0;
	while (p->at < p->end) {
		uint64_t by, later;
		double v;
		if (!proto_varint(p, &by) || !proto_varint(p, &later) || p->end - p->at < (ptrdiff_t)sizeof v)
			return bad_record(e);
		memcpy(&v, p->at, sizeof v);
		p->at += sizeof v;
		id = changed(id, by);
		t = changed(t, later);
		struct series *s = logged_series(db, id);
		if (!s)
			return bad_record(e);
		enum verdict how = series_judge(db, s, t, v, INT64_MAX);
		if (how != LATE && how != NEW)
			continue; /* a block has it already */
		series_add_late(s, t, v);
		db->newest = t > db->newest ? t : db->newest;
		db->head_samples++;
	}
	return RC_OK;
}

static enum rc
replay_histograms(struct tsdb *db, struct proto *p, struct err *e)
{
	int64_t id = 0;
	msec_t t = 0;
	while (p->at < p->end) {
		uint64_t by, later;
		struct str bytes;
		if (!proto_varint(p, &by) || !proto_varint(p, &later) || !proto_text(p, &bytes))
			return bad_record(e);
		id = changed(id, by);
		t = changed(t, later);
		struct series *s = logged_series(db, id);
		if (!s)
			return bad_record(e);
		enum verdict how = series_judge_histogram(db, s, t, bytes, INT64_MAX);
		if (how != NEW && how != LATE)
			continue; /* a block has it already */
		series_add_histogram(s, t, bytes);
		db->newest = t > db->newest ? t : db->newest;
		db->head_samples++;
	}
	return RC_OK;
}

static enum rc
replay_mark(struct tsdb *db, struct proto *p, struct err *e)
{
	uint64_t version;
	if (!proto_varint(p, &version) || version > VERSION)
		return bad_record(e);
	return flush_replayed(db, db->replaying, e);
}

void
replay_segment(void *arg, uint64_t number)
{
	struct tsdb *db = arg;
	db->by_logged_id.n = 0;
	db->replaying = number;
}

static enum rc
replay_one(struct tsdb *db, char kind, struct proto *p, struct err *e)
{
	switch (kind) {
	case 'S': return replay_packed(db, p, e);
	case 'D': return replay_samples(db, p, e);
	case 'L': return replay_late(db, p, e);
	case 'H': return replay_histograms(db, p, e);
	case 'M': return annex_replay_metadata(db, p) ? RC_OK : bad_record(e);
	case 'X': return annex_replay_exemplars(db, p) ? RC_OK : bad_record(e);
	case 'V': return replay_mark(db, p, e);
	default: return bad_record(e);
	}
}

enum rc
replay_record(void *arg, struct str payload, struct err *e)
{
	struct tsdb *db = arg;
	struct proto p;
	if (payload.n == 0)
		return bad_record(e);
	proto_init(&p, str_from(payload, 1));
	enum rc rc = replay_one(db, payload.p[0], &p, e);
	db->log_before += WAL_HEAD + payload.n;
	return rc;
}
