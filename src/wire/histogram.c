/*
 * histogram.c — see histogram.h.
 *
 * Canonical bytes: schema + 64, hint and whether it is integer; then numbers: of an integer histogram counts
 * as varints, buckets as zigzag varints of their changes; else eight bytes each.
 */
#include "wire/histogram.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "wire/proto.h"

enum { SPANS_MAX = 10000, BUCKETS_MAX = 20000, START = 17 /* its field */ };

static uint64_t
zigzag(int64_t v)
{
	return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static int64_t
unzigzag(uint64_t u)
{
	return (int64_t)(u >> 1 ^ -(u & 1));
}

/* ---- the message ---- */

struct spans {
	struct histogram_span *p;
	size_t n, cap;
};
struct numbers {
	double *p;
	size_t n, cap;
};
struct side {
	struct spans spans;
	struct numbers changes, counts; /* integers tell changes, floats counts */
};
struct reading {
	struct side positive, negative;
	struct numbers custom;
};

static double
as_f64(uint64_t u)
{
	double v;
	memcpy(&v, &u, sizeof v);
	return v;
}

static bool
add_span(struct spans *out, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	struct histogram_span s = {0};
	proto_init(&m, bytes);
	while (proto_next(&m, &f)) {
		if (proto_is(&f, 1, PROTO_VARINT))
			s.offset = (int32_t)unzigzag(f.u);
		else if (proto_is(&f, 2, PROTO_VARINT))
			s.length = (uint32_t)f.u;
	}
	if (m.failed || out->n >= SPANS_MAX || s.length > BUCKETS_MAX)
		return false;
	*vec_add(out) = s;
	return true;
}

/* One number, or many packed together. */
static bool
add_changes(struct numbers *out, const struct proto_field *f)
{
	struct proto m;
	uint64_t u;
	if (f->type == PROTO_VARINT) {
		*vec_add(out) = (double)unzigzag(f->u);
		return true;
	}
	proto_init(&m, f->type == PROTO_BYTES ? f->bytes : STR(""));
	while (m.at < m.end && proto_varint(&m, &u))
		*vec_add(out) = (double)unzigzag(u);
	return !m.failed && out->n <= BUCKETS_MAX;
}

static bool
add_counts(struct numbers *out, const struct proto_field *f)
{
	if (f->type == PROTO_FIXED64) {
		*vec_add(out) = proto_f64(f);
		return true;
	}
	if (f->type != PROTO_BYTES || f->bytes.n % 8)
		return false;
	for (size_t i = 0; i < f->bytes.n; i += 8) {
		double v;
		memcpy(&v, f->bytes.p + i, sizeof v);
		*vec_add(out) = v;
	}
	return out->n <= BUCKETS_MAX;
}

static bool
take_field(struct reading *r, struct histogram *h, int64_t *t, const struct proto_field *f)
{
	switch (f->number) {
	case 1:
		h->count = (double)f->u;
		h->integer = true;
		return f->type == PROTO_VARINT;
	case 2: h->count = as_f64(f->u); return f->type == PROTO_FIXED64;
	case 3: h->sum = as_f64(f->u); return f->type == PROTO_FIXED64;
	case 4: h->schema = (int)unzigzag(f->u); return f->type == PROTO_VARINT;
	case 5: h->zero_threshold = as_f64(f->u); return f->type == PROTO_FIXED64;
	case 6: h->zero_count = (double)f->u; return f->type == PROTO_VARINT;
	case 7: h->zero_count = as_f64(f->u); return f->type == PROTO_FIXED64;
	case 8: return f->type == PROTO_BYTES && add_span(&r->negative.spans, f->bytes);
	case 9: return add_changes(&r->negative.changes, f);
	case 10: return add_counts(&r->negative.counts, f);
	case 11: return f->type == PROTO_BYTES && add_span(&r->positive.spans, f->bytes);
	case 12: return add_changes(&r->positive.changes, f);
	case 13: return add_counts(&r->positive.counts, f);
	case 14:
		h->hint = f->u <= HISTOGRAM_GAUGE ? (enum histogram_hint)f->u : HISTOGRAM_UNKNOWN;
		return f->type == PROTO_VARINT;
	case 15: *t = (int64_t)f->u; return f->type == PROTO_VARINT;
	case 16: return add_counts(&r->custom, f);
	default: return true;
	}
}

static void
finish_side(struct side *s, bool integer, struct arena *a, struct histogram_side *out)
{
	struct numbers *from = integer ? &s->changes : &s->counts;
	double sum = 0;
	*out = (struct histogram_side){.n_spans = s->spans.n, .n = from->n};
	out->spans = arena_array(a, struct histogram_span, s->spans.n + 1);
	out->counts = arena_array(a, double, from->n + 1);
	if (s->spans.n)
		memcpy(out->spans, s->spans.p, s->spans.n * sizeof *out->spans);
	for (size_t i = 0; i < from->n; i++) {
		sum += from->p[i];
		out->counts[i] = integer ? sum : from->p[i];
	}
	vec_fini(&s->spans);
	vec_fini(&s->changes);
	vec_fini(&s->counts);
}

/* ---- does it make sense? ---- */

static enum rc
check_side(const struct histogram_side *s, const char *which, struct err *e)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n_spans; i++) {
		if (i > 0 && s->spans[i].offset < 0)
			return err_set(e, RC_INVALID, "a native histogram whose %s spans overlap", which);
		n += s->spans[i].length;
	}
	if (n != s->n)
		return err_set(e, RC_INVALID,
		    "a native histogram with %zu %s buckets, of which its spans name %zu", s->n, which, n);
	for (size_t i = 0; i < s->n; i++)
		if (!(s->counts[i] >= 0))
			return err_set(e, RC_INVALID,
			    "a native histogram with a %s bucket that holds less than nothing", which);
	return RC_OK;
}

static enum rc
check_custom(const struct histogram *h, struct err *e)
{
	for (size_t i = 0; i < h->n_custom; i++)
		if (!isfinite(h->custom[i]) || (i > 0 && !(h->custom[i - 1] < h->custom[i])))
			return err_set(e, RC_INVALID, "a native histogram whose custom bounds do not ascend");
	if (h->negative.n || h->zero_count != 0)
		return err_set(
		    e, RC_INVALID, "a native histogram with custom bounds and buckets below them or at zero");
	for (size_t i = 0, at = 0; i < h->positive.n_spans; i++) {
		const struct histogram_span *s = &h->positive.spans[i];
		if (s->offset < 0 || (at += (size_t)s->offset + s->length) > h->n_custom + 1)
			return err_set(
			    e, RC_INVALID, "a native histogram with more buckets than custom bounds");
	}
	return RC_OK;
}

enum rc
histogram_check(const struct histogram *h, struct err *e)
{
	bool custom = h->schema == HISTOGRAM_CUSTOM;
	if (!custom && (h->schema < HISTOGRAM_SCHEMA_MIN || h->schema > HISTOGRAM_SCHEMA_MAX))
		return err_set(
		    e, RC_INVALID, "a native histogram of schema %d, which is not known", h->schema);
	if (!custom && h->n_custom)
		return err_set(
		    e, RC_INVALID, "a native histogram with custom bounds and schema %d", h->schema);
	if (!(h->count >= 0) || !(h->zero_count >= 0) || !(h->zero_threshold >= 0))
		return err_set(e, RC_INVALID, "a native histogram with a negative count or threshold");
	enum rc rc = check_side(&h->positive, "positive", e);
	if (rc == RC_OK)
		rc = check_side(&h->negative, "negative", e);
	return rc == RC_OK && custom ? check_custom(h, e) : rc;
}

enum rc
histogram_from_proto(struct str message, struct arena *a, struct histogram *h, int64_t *t, struct err *e)
{
	struct proto m;
	struct proto_field f;
	struct reading r = {0};
	bool ok = true;
	*h = (struct histogram){0};
	*t = 0;
	proto_init(&m, message);
	while (ok && proto_next(&m, &f))
		ok = take_field(&r, h, t, &f);
	finish_side(&r.positive, h->integer, a, &h->positive);
	finish_side(&r.negative, h->integer, a, &h->negative);
	h->n_custom = r.custom.n;
	h->custom = arena_array(a, double, r.custom.n + 1);
	if (r.custom.n)
		memcpy(h->custom, r.custom.p, r.custom.n * sizeof *h->custom);
	vec_fini(&r.custom);
	if (!ok || m.failed)
		return err_set(e, RC_INVALID, "a native histogram that is no well-formed protobuf");
	return histogram_check(h, e);
}

int64_t
histogram_proto_start(struct str message)
{
	struct proto m;
	struct proto_field f;
	int64_t start = 0;
	for (proto_init(&m, message); proto_next(&m, &f);)
		if (proto_is(&f, START, PROTO_VARINT))
			start = (int64_t)f.u;
	return start;
}

void
histogram_proto_put_start(int64_t start, struct buf *message)
{
	proto_put_varint(message, START, (uint64_t)start);
}

static void
put_side(const struct histogram *h, const struct histogram_side *s, uint32_t number, struct buf *out)
{
	struct buf part = {0};
	double last = 0;
	for (size_t i = 0; i < s->n_spans; i++) {
		buf_clear(&part);
		proto_put_varint(&part, 1, zigzag(s->spans[i].offset));
		proto_put_varint(&part, 2, s->spans[i].length);
		proto_put_bytes(out, number, buf_view(&part));
	}
	buf_clear(&part);
	for (size_t i = 0; i < s->n; last = s->counts[i++])
		if (h->integer)
			proto_add_varint(&part, zigzag((int64_t)(s->counts[i] - last)));
		else
			buf_add(&part, &s->counts[i], sizeof s->counts[i]);
	if (s->n)
		proto_put_bytes(out, number + (h->integer ? 1 : 2), buf_view(&part));
	buf_fini(&part);
}

void
histogram_to_proto(const struct histogram *h, int64_t t, struct buf *out)
{
	if (h->integer) {
		proto_put_varint(out, 1, (uint64_t)h->count);
		proto_put_varint(out, 6, (uint64_t)h->zero_count);
	} else {
		proto_put_f64(out, 2, h->count);
		proto_put_f64(out, 7, h->zero_count);
	}
	proto_put_f64(out, 3, h->sum);
	proto_put_varint(out, 4, zigzag(h->schema));
	proto_put_f64(out, 5, h->zero_threshold);
	put_side(h, &h->negative, 8, out);
	put_side(h, &h->positive, 11, out);
	proto_put_varint(out, 14, h->hint);
	proto_put_varint(out, 15, (uint64_t)t);
	if (h->n_custom)
		proto_put_bytes(out, 16, str_n((const char *)h->custom, h->n_custom * sizeof *h->custom));
}

/* ---- canonical bytes ---- */

static void
put_count(const struct histogram *h, double v, struct buf *out)
{
	if (h->integer)
		proto_add_varint(out, (uint64_t)v);
	else
		buf_add(out, &v, sizeof v);
}

static void
pack_side(const struct histogram *h, const struct histogram_side *s, struct buf *out)
{
	double last = 0;
	proto_add_varint(out, s->n_spans);
	for (size_t i = 0; i < s->n_spans; i++) {
		proto_add_varint(out, zigzag(s->spans[i].offset));
		proto_add_varint(out, s->spans[i].length);
	}
	for (size_t i = 0; i < s->n; last = s->counts[i++])
		if (h->integer)
			proto_add_varint(out, zigzag((int64_t)(s->counts[i] - last)));
		else
			buf_add(out, &s->counts[i], sizeof s->counts[i]);
}

void
histogram_pack(const struct histogram *h, struct buf *out)
{
	buf_ch(out, (char)(h->schema + 64));
	buf_ch(out, (char)(h->hint * 2 + h->integer));
	put_count(h, h->count, out);
	put_count(h, h->zero_count, out);
	buf_add(out, &h->sum, sizeof h->sum);
	buf_add(out, &h->zero_threshold, sizeof h->zero_threshold);
	pack_side(h, &h->positive, out);
	pack_side(h, &h->negative, out);
	proto_add_varint(out, h->n_custom);
	buf_add(out, h->custom, h->n_custom * sizeof *h->custom);
}

static bool
take_f64(struct proto *p, double *v)
{
	if (p->end - p->at < (ptrdiff_t)sizeof *v)
		return false;
	memcpy(v, p->at, sizeof *v);
	p->at += sizeof *v;
	return true;
}

static bool
take_count(const struct histogram *h, struct proto *p, double *v)
{
	uint64_t u;
	if (!h->integer)
		return take_f64(p, v);
	bool ok = proto_varint(p, &u);
	*v = ok ? (double)u : 0;
	return ok;
}

static bool
take_spans(struct proto *p, struct arena *a, struct histogram_side *s)
{
	uint64_t n, offset, length;
	if (!proto_varint(p, &n) || n > SPANS_MAX || n > (size_t)(p->end - p->at))
		return false;
	s->spans = arena_array(a, struct histogram_span, n + 1);
	for (; s->n_spans < n; s->n_spans++) {
		if (!proto_varint(p, &offset) || !proto_varint(p, &length) || length > BUCKETS_MAX)
			return false;
		s->spans[s->n_spans] = (struct histogram_span){(int32_t)unzigzag(offset), (uint32_t)length};
		s->n += length;
	}
	return s->n <= BUCKETS_MAX;
}

static bool
take_side(const struct histogram *h, struct proto *p, struct arena *a, struct histogram_side *s)
{
	double last = 0;
	uint64_t change;
	if (!take_spans(p, a, s))
		return false;
	s->counts = arena_array(a, double, s->n + 1);
	for (size_t i = 0; i < s->n; last = s->counts[i++]) {
		if (!h->integer) {
			if (!take_f64(p, &s->counts[i]))
				return false;
			continue;
		}
		if (!proto_varint(p, &change))
			return false;
		s->counts[i] = last + (double)unzigzag(change);
	}
	return true;
}

bool
histogram_unpack(struct str bytes, struct arena *a, struct histogram *h)
{
	struct proto p;
	uint64_t n;
	*h = (struct histogram){0};
	if (bytes.n < 2)
		return false;
	proto_init(&p, str_from(bytes, 2));
	h->schema = (unsigned char)bytes.p[0] - 64;
	h->hint = (enum histogram_hint)((unsigned char)bytes.p[1] / 2 & 3);
	h->integer = bytes.p[1] & 1;
	if (!take_count(h, &p, &h->count) || !take_count(h, &p, &h->zero_count) || !take_f64(&p, &h->sum) ||
	    !take_f64(&p, &h->zero_threshold) || !take_side(h, &p, a, &h->positive) ||
	    !take_side(h, &p, a, &h->negative) || !proto_varint(&p, &n) ||
	    n > (size_t)(p.end - p.at) / sizeof *h->custom)
		return false;
	h->custom = arena_array(a, double, n + 1);
	for (; h->n_custom < n; h->n_custom++)
		if (!take_f64(&p, &h->custom[h->n_custom]))
			return false;
	return p.at == p.end;
}
