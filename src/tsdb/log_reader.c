/*
 * log_reader.c — see log_reader.h; logged.c says what a record holds.
 *
 * TRAP   What is behind the last whole record may be a record that is being written, or the rest of one that will be
 *        written over: it is read anew each time.
 */
#include "tsdb/log_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/log.h"
#include "base/os.h"
#include "tsdb/log_starts.h"
#include "tsdb/token.h"
#include "wire/proto.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { HEAD = 12, READ = 1 << 18, RECORD_MAX = 1 << 30, IDS_MAX = 1 << 28, NAMES_MAX = 1 << 30 };

struct named {
	struct log_name name; /* of marks: the tenant is whose they are */
	struct token_state token;
	bool marks; /* what stands in it are starts */
	struct log_start *start; /* its own, or what it marks; NULL: there were none when was looked last, at so many in all: */
	size_t looked;
};

struct log_reader {
	char *dir;
	void (*forget)(void *);
	uint64_t segment, at; /* behind what was read */
	uint64_t from;        /* what stands before is not given out */
	int fd;
	struct buf bytes; /* of the file; behind the first `used`, from `at` on */
	size_t used;
	VEC(struct named *) names; /* by id */
	bool is_under_way;         /* samples were in this segment: an exemplar is no repetition */
	struct buf plain;          /* names, unpacked */
	struct log_starts *starts;
};

/* ---- life ---- */

static void
forget_names(struct log_reader *r)
{
	for (size_t i = 0; i < r->names.n; i++) {
		struct named *x = r->names.p[i];
		if (!x)
			continue;
		if (x->name.known)
			r->forget(x->name.known);
		mem_free((char *)x->name.tenant.p);
		mem_free(x);
	}
	r->names.n = 0;
}

static void
begin(struct log_reader *r, uint64_t segment, uint64_t from)
{
	if (r->fd >= 0)
		os.close(r->fd);
	r->fd = -1;
	r->segment = segment;
	r->at = 0;
	r->from = from;
	r->is_under_way = false;
	buf_clear(&r->bytes);
	r->used = 0;
	forget_names(r);
}

struct log_reader *
log_reader_create(const char *dir, struct tsdb_position from, void (*forget)(void *))
{
	struct log_reader *r = mem_new(struct log_reader);
	r->dir = mem_dup(dir, strlen(dir));
	r->forget = forget;
	r->starts = log_starts_create();
	r->fd = -1;
	begin(r, from.segment, from.bytes);
	return r;
}

void
log_reader_destroy(struct log_reader **pr)
{
	struct log_reader *r = *pr;
	if (!r)
		return;
	begin(r, 0, 0);
	vec_fini(&r->names);
	buf_fini(&r->bytes);
	buf_fini(&r->plain);
	log_starts_destroy(&r->starts);
	mem_free(r->dir);
	mem_free(r);
	*pr = NULL;
}

struct tsdb_position
log_reader_at(const struct log_reader *r)
{
	return (struct tsdb_position){r->segment, r->at > r->from ? r->at : r->from};
}

/* ---- bytes ---- */

/* RC_ABSENT: there is no such segment. */
static enum rc
open_segment(struct log_reader *r, struct err *e)
{
	struct buf path = {0};
	if (r->fd >= 0)
		return RC_OK;
	buf_fmt(&path, "%s/wal-%08llu", r->dir, (unsigned long long)r->segment);
	r->fd = os.open(path.p, O_RDONLY | O_CLOEXEC, 0);
	enum rc rc = r->fd >= 0 ? RC_OK : errno == ENOENT ? RC_ABSENT : err_errno(e, "cannot open %s", path.p);
	buf_fini(&path);
	return rc;
}

static struct str
unread(const struct log_reader *r)
{
	return str_from(buf_view(&r->bytes), r->used);
}

/* A whole record at the front of what is unread; false: not yet. */
static bool
whole_record(const struct log_reader *r, struct str *payload)
{
	struct str s = unread(r);
	uint32_t n;
	uint64_t hash;
	if (s.n < HEAD)
		return false;
	memcpy(&n, s.p, sizeof n);
	memcpy(&hash, s.p + 4, sizeof hash);
	if (n > RECORD_MAX || s.n - HEAD < n)
		return false;
	*payload = str_n(s.p + HEAD, n);
	return XXH3_64bits(payload->p, payload->n) == hash;
}

/* Is all there that the length at the front asks for? */
static bool
is_all_there(const struct log_reader *r)
{
	struct str s = unread(r);
	uint32_t n;
	if (s.n < HEAD)
		return false;
	memcpy(&n, s.p, sizeof n);
	return n > RECORD_MAX || s.n - HEAD >= n;
}

static enum rc
read_more(struct log_reader *r, struct err *e)
{
	buf_drop(&r->bytes, r->used);
	r->used = 0;
	ssize_t n = os.pread(r->fd, buf_room(&r->bytes, READ), READ, (off_t)(r->at + r->bytes.n));
	if (n < 0)
		return err_errno(e, "cannot read the log of samples");
	buf_grew(&r->bytes, (size_t)n);
	return n ? RC_OK : RC_ABSENT;
}

static enum rc
read_record(struct log_reader *r, struct str *payload, struct err *e)
{
	enum rc rc = RC_OK;
	while (rc == RC_OK && !whole_record(r, payload))
		rc = is_all_there(r) ? RC_ABSENT : read_more(r, e);
	if (rc != RC_OK) {
		buf_clear(&r->bytes);
		r->used = 0;
	}
	return rc;
}

/* ---- records ---- */

static int64_t
changed(int64_t from, uint64_t change)
{
	return (int64_t)((uint64_t)from + (uint64_t)bits_unzigzag(change));
}

static struct named *
named(const struct log_reader *r, int64_t id)
{
	return id >= 0 && (uint64_t)id < r->names.n ? r->names.p[id] : NULL;
}

/* Texts in one piece that the tenant's pointer owns. */
static struct named *
make_named(struct log_reader *r, struct str name, struct str labels)
{
	struct named *x = mem_new(struct named);
	struct buf both = {0};
	struct str tenant = starts_owner(name);
	x->marks = starts_is_theirs(name);
	buf_str(&both, tenant);
	buf_str(&both, labels);
	char *p = mem_dup(both.p ? both.p : "", both.n);
	x->name.tenant = str_n(p, tenant.n);
	x->name.labels.bytes = str_n(p + tenant.n, labels.n);
	buf_fini(&both);
	if (x->marks)
		x->start = log_starts_of(r->starts, x->name.tenant, x->name.labels, true);
	return x;
}

static bool
take_names(struct log_reader *r, struct proto *p)
{
	while (p->at < p->end) {
		uint64_t id;
		struct str tenant, labels;
		if (!proto_varint(p, &id) || id > IDS_MAX || !proto_text(p, &tenant) || !proto_text(p, &labels) || !labels_valid(labels))
			return false;
		while (r->names.n <= id)
			(void)vec_add(&r->names);
		if (!r->names.p[id])
			r->names.p[id] = make_named(r, tenant, labels);
	}
	return true;
}

static bool
take_packed_names(struct log_reader *r, struct proto *p)
{
	struct proto plain;
	uint64_t n;
	if (!proto_varint(p, &n) || n > NAMES_MAX)
		return false;
	buf_clear(&r->plain);
	if (ZSTD_decompress(buf_room(&r->plain, n), n, p->at, (size_t)(p->end - p->at)) != n)
		return false;
	buf_grew(&r->plain, n);
	proto_init(&plain, buf_view(&r->plain));
	return take_names(r, &plain);
}

/* Samples with no value yet, of which the tokens follow. */
static bool
take_runs(struct log_reader *r, struct proto *p, struct log_samples *out)
{
	uint64_t runs, by, count, later;
	int64_t id = 0;
	msec_t t = 0;
	if (!proto_varint(p, &runs))
		return false;
	for (; runs; runs--) {
		if (!proto_varint(p, &by) || !proto_varint(p, &count) || !proto_varint(p, &later) || count / 2 > (size_t)(p->end - p->at) * 8)
			return false;
		id = changed(id, by);
		t = changed(t, later);
		for (uint64_t i = 0, step = 1; i < count / 2; i++) {
			if (i > 0 && (count & 1) && !proto_varint(p, &step))
				return false;
			id += i > 0 ? (int64_t)step : 0;
			struct named *x = named(r, id);
			if (!x)
				return false;
			*vec_add(out) = (struct log_sample){.series = &x->name, .t = t};
		}
	}
	return true;
}

static bool
take_samples(struct log_reader *r, struct proto *p, struct log_samples *out)
{
	struct bit_reader tokens;
	size_t first = out->n;
	bool ok = take_runs(r, p, out), start;
	bits_init(&tokens, p->at, (size_t)(p->end - p->at));
	for (size_t i = first; ok && i < out->n; i++) {
		struct named *x = (struct named *)out->p[i].series; /* its first member */
		ok = token_read(&x->token, &tokens, &start);
		out->p[i].v = x->token.value;
	}
	return ok;
}

/* Late ones, and native histograms: one by one. */
static bool
take_single(struct log_reader *r, struct proto *p, bool histograms, struct log_samples *out)
{
	int64_t id = 0;
	msec_t t = 0;
	while (p->at < p->end) {
		uint64_t by, later;
		struct log_sample s = {0};
		if (!proto_varint(p, &by) || !proto_varint(p, &later))
			return false;
		id = changed(id, by);
		t = changed(t, later);
		struct named *x = named(r, id);
		if (!x || (histograms ? !proto_text(p, &s.histogram) : p->end - p->at < (ptrdiff_t)sizeof s.v))
			return false;
		if (!histograms) {
			memcpy(&s.v, p->at, sizeof s.v);
			p->at += sizeof s.v;
		}
		s.series = &x->name;
		s.t = t;
		*vec_add(out) = s;
	}
	return true;
}

static bool
take_exemplars(struct log_reader *r, struct proto *p, struct log_samples *out)
{
	size_t before = out->n;
	while (p->at < p->end) {
		uint64_t id, t;
		struct log_sample s = {.exemplar = true};
		if (!proto_varint(p, &id) || !proto_varint(p, &t) || p->end - p->at < (ptrdiff_t)sizeof s.v)
			return false;
		memcpy(&s.v, p->at, sizeof s.v);
		p->at += sizeof s.v;
		struct named *x = named(r, id > IDS_MAX ? -1 : (int64_t)id);
		if (!x || !proto_text(p, &s.labels.bytes) || !labels_valid(s.labels.bytes))
			return false;
		s.series = &x->name;
		s.t = bits_unzigzag(t);
		*vec_add(out) = s;
	}
	if (!r->is_under_way)
		out->n = before;
	return true;
}

static bool
take_record(struct log_reader *r, struct str payload, struct log_samples *out)
{
	struct proto p;
	if (!payload.n)
		return false;
	proto_init(&p, str_from(payload, 1));
	r->is_under_way |= payload.p[0] == 'D' || payload.p[0] == 'L' || payload.p[0] == 'H';
	switch (payload.p[0]) {
	case 'S': return take_packed_names(r, &p);
	case 'D': return take_samples(r, &p, out);
	case 'L': return take_single(r, &p, false, out);
	case 'H': return take_single(r, &p, true, out);
	case 'X': return take_exemplars(r, &p, out);
	default: return true; /* what stands beside the samples */
	}
}

static msec_t
start_of(struct log_reader *r, struct named *x, msec_t t)
{
	if (!x->start && x->looked != log_starts_count(r->starts)) {
		x->start = log_starts_of(r->starts, x->name.tenant, x->name.labels, false);
		x->looked = log_starts_count(r->starts);
	}
	return x->start ? log_start_at(x->start, t) : 0;
}

/* Marks are taken out of what was read, and say what they mark. */
static void
tell_starts(struct log_reader *r, struct log_samples *out, size_t from)
{
	size_t n = from;
	for (size_t i = from; i < out->n; i++) {
		struct log_sample s = out->p[i];
		struct named *x = (struct named *)s.series; /* its first member */
		if (x->marks) {
			log_start_mark(x->start, s.t, (msec_t)s.v);
			continue;
		}
		s.start = start_of(r, x, s.t);
		out->p[n++] = s;
	}
	out->n = n;
}

/* ---- the door ---- */

enum rc
log_reader_next(struct log_reader *r, uint64_t newest, struct log_samples *out, struct err *e)
{
	struct str payload = {0};
	size_t before = out->n;
	enum rc rc = open_segment(r, e);
	if (rc == RC_OK)
		rc = read_record(r, &payload, e);
	if (rc == RC_ABSENT && r->segment < newest) {
		begin(r, r->segment + 1, 0);
		return RC_OK;
	}
	if (rc != RC_OK)
		return rc;
	if (!take_record(r, payload, out)) {
		out->n = before;
		log_error("tsdb", "wal-%08llu has a record at byte %llu that cannot be read; the rest of it is passed over",
		    (unsigned long long)r->segment, (unsigned long long)r->at);
		if (r->segment >= newest)
			return err_set(e, RC_INVALID, "the log of samples cannot be read on");
		begin(r, r->segment + 1, 0);
		return RC_OK;
	}
	tell_starts(r, out, before);
	r->at += HEAD + payload.n;
	r->used += HEAD + payload.n;
	if (r->at <= r->from)
		out->n = before;
	return RC_OK;
}
