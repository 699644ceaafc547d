/* proto.c — see proto.h. */
#include "wire/proto.h"

#include <string.h>

void
proto_init(struct proto *p, struct str bytes)
{
	p->at = (const unsigned char *)bytes.p;
	p->end = p->at + bytes.n;
	p->failed = false;
}

static bool
fail(struct proto *p)
{
	p->failed = true;
	return false;
}

bool
proto_varint_long(struct proto *p, uint64_t *out)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 64 && p->at < p->end; shift += 7) {
		unsigned char c = *p->at++;
		if (shift == 63 && c > 1)
			return fail(p);
		v |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80) {
			*out = v;
			return true;
		}
	}
	return fail(p);
}

static bool
fixed(struct proto *p, size_t n, uint64_t *out)
{
	if ((size_t)(p->end - p->at) < n)
		return fail(p);
	*out = 0;
	for (size_t i = 0; i < n; i++)
		*out |= (uint64_t)p->at[i] << (8 * i);
	p->at += n;
	return true;
}

static bool
bytes(struct proto *p, struct str *out)
{
	uint64_t n;
	if (!proto_varint(p, &n))
		return false;
	if (n > (size_t)(p->end - p->at))
		return fail(p);
	*out = str_n((const char *)p->at, n);
	p->at += n;
	return true;
}

bool
proto_next(struct proto *p, struct proto_field *f)
{
	uint64_t key;
	if (p->failed || p->at == p->end || !proto_varint(p, &key))
		return false;
	if (key >> 3 == 0 || key >> 3 > 0x1fffffff)
		return fail(p);
	f->number = (uint32_t)(key >> 3);
	f->type = (enum proto_type)(key & 7);
	switch (f->type) {
	case PROTO_VARINT: return proto_varint(p, &f->u);
	case PROTO_FIXED64: return fixed(p, 8, &f->u);
	case PROTO_FIXED32: return fixed(p, 4, &f->u);
	case PROTO_BYTES: return bytes(p, &f->bytes);
	}
	return fail(p);
}

double
proto_f64(const struct proto_field *f)
{
	double v;
	memcpy(&v, &f->u, sizeof v);
	return v;
}

void
proto_add_varint(struct buf *b, uint64_t v)
{
	unsigned char out[10];
	size_t n = 0;
	for (; v >= 0x80; v >>= 7)
		out[n++] = (unsigned char)(v | 0x80);
	out[n++] = (unsigned char)v;
	buf_add(b, out, n);
}

void
proto_put_varint(struct buf *b, uint32_t number, uint64_t v)
{
	proto_add_varint(b, (uint64_t)number << 3 | PROTO_VARINT);
	proto_add_varint(b, v);
}

void
proto_put_fixed64(struct buf *b, uint32_t number, uint64_t u)
{
	unsigned char le[8];
	for (int i = 0; i < 8; i++)
		le[i] = (unsigned char)(u >> (8 * i));
	proto_add_varint(b, (uint64_t)number << 3 | PROTO_FIXED64);
	buf_add(b, le, sizeof le);
}

void
proto_put_f64(struct buf *b, uint32_t number, double v)
{
	uint64_t u;
	memcpy(&u, &v, sizeof u);
	proto_put_fixed64(b, number, u);
}

void
proto_put_bytes(struct buf *b, uint32_t number, struct str s)
{
	proto_add_varint(b, (uint64_t)number << 3 | PROTO_BYTES);
	proto_add_varint(b, s.n);
	buf_str(b, s);
}
