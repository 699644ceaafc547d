/* blobs.c — see blobs.h. */
#include "tsdb/blobs.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/must.h"
#include "wire/proto.h"

enum { LEVEL = 3, BYTES_MAX = 1 << 28 };

void
blobs_fini(struct blobs *b)
{
	vec_fini(&b->t);
	vec_fini(&b->ends);
	buf_fini(&b->bytes);
	b->unsorted = false;
}

void
blobs_clear(struct blobs *b)
{
	b->t.n = b->ends.n = 0;
	buf_clear(&b->bytes);
	b->unsorted = false;
}

void
blobs_add(struct blobs *b, msec_t t, struct str s)
{
	b->unsorted |= b->t.n && t <= b->t.p[b->t.n - 1];
	buf_str(&b->bytes, s);
	*vec_add(&b->t) = t;
	*vec_add(&b->ends) = b->bytes.n;
}

struct str
blobs_get(const struct blobs *b, size_t i)
{
	size_t start = i ? b->ends.p[i - 1] : 0;
	return str_n(b->bytes.p + start, b->ends.p[i] - start);
}

struct placed {
	msec_t t;
	size_t order;
};

static int
by_time(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	return x->t != y->t ? (x->t > y->t) - (x->t < y->t) : (x->order > y->order) - (x->order < y->order);
}

void
blobs_order(struct blobs *b)
{
	struct blobs out = {0};
	size_t n = b->t.n;
	if (!b->unsorted)
		return;
	struct placed *p = mem_alloc(n * sizeof *p);
	for (size_t i = 0; i < n; i++)
		p[i] = (struct placed){b->t.p[i], i};
	qsort(p, n, sizeof *p, by_time);
	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || p[i + 1].t != p[i].t)
			blobs_add(&out, p[i].t, blobs_get(b, p[i].order));
	mem_free(p);
	blobs_fini(b);
	*b = out;
}

void
blobs_drop(struct blobs *b, size_t from, msec_t min, msec_t max)
{
	struct blobs out = {.unsorted = b->unsorted};
	for (size_t i = 0; i < b->t.n; i++)
		if (i < from || b->t.p[i] < min || b->t.p[i] > max)
			blobs_add(&out, b->t.p[i], blobs_get(b, i));
	blobs_fini(b);
	*b = out;
}

void
blobs_pack(const struct blobs *b, size_t from, size_t n, struct buf *out)
{
	struct buf plain = {0};
	for (size_t i = from; i < from + n; i++) {
		struct str s = blobs_get(b, i);
		proto_add_varint(&plain, s.n);
		buf_str(&plain, s);
	}
	proto_add_varint(out, plain.n);
	size_t room = ZSTD_compressBound(plain.n);
	size_t packed = ZSTD_compress(buf_room(out, room), room, plain.p, plain.n, LEVEL);
	must(!ZSTD_isError(packed));
	buf_grew(out, packed);
	buf_fini(&plain);
}

static bool
take(struct proto *p, struct str *out)
{
	uint64_t n;
	if (!proto_varint(p, &n) || n > (size_t)(p->end - p->at))
		return false;
	*out = str_n((const char *)p->at, n);
	p->at += n;
	return true;
}

bool
blobs_unpack(struct str packed, const msec_t *t, size_t n, msec_t min, msec_t max, struct blobs *out)
{
	struct buf plain = {0};
	struct proto p;
	struct str s;
	uint64_t size;
	proto_init(&p, packed);
	if (!proto_varint(&p, &size) || size > BYTES_MAX)
		return false;
	bool ok = ZSTD_decompress(buf_room(&plain, size), size, p.at, (size_t)(p.end - p.at)) == size;
	if (ok)
		buf_grew(&plain, size);
	proto_init(&p, buf_view(&plain));
	for (size_t i = 0; ok && i < n; i++) {
		ok = take(&p, &s);
		if (ok && t[i] >= min && t[i] <= max)
			blobs_add(out, t[i], s);
	}
	buf_fini(&plain);
	return ok;
}
