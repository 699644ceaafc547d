/*
 * proto.h — protobuf's encoding, without schemas: walk the fields of a message, or write them.
 *
 *     struct proto m;
 *     struct proto_field f;
 *     proto_init(&m, bytes);
 *     while (proto_next(&m, &f))
 *             if (proto_is(&f, 1, PROTO_BYTES)) … f.bytes …
 *     if (m.failed) …
 *
 * Views into the caller's bytes; nothing is owned.
 */
#ifndef WIRE_PROTO_H
#define WIRE_PROTO_H

#include "base/buf.h"

enum proto_type { PROTO_VARINT = 0, PROTO_FIXED64 = 1, PROTO_BYTES = 2, PROTO_FIXED32 = 5 };

struct proto {
	const unsigned char *at, *end;
	bool failed; /* cut, or no protobuf */
};

struct proto_field {
	uint32_t number;
	enum proto_type type;
	uint64_t u;       /* VARINT, FIXED64, FIXED32 */
	struct str bytes; /* BYTES */
};

void proto_init(struct proto *, struct str bytes);
bool proto_next(struct proto *, struct proto_field *); /* false at the end and on failure */
bool proto_varint_long(struct proto *, uint64_t *);

/* One bare number, as packed fields hold them. */
static inline bool
proto_varint(struct proto *p, uint64_t *out)
{
	if (p->at < p->end && *p->at < 0x80) {
		*out = *p->at++;
		return true;
	}
	return proto_varint_long(p, out);
}

/* A text behind its length, not a field: as our own files and logs hold them; borrowed. */
static inline bool
proto_text(struct proto *p, struct str *out)
{
	uint64_t n;
	if (!proto_varint(p, &n) || n > (size_t)(p->end - p->at))
		return false;
	*out = str_n((const char *)p->at, n);
	p->at += n;
	return true;
}

static inline bool
proto_is(const struct proto_field *f, uint32_t number, enum proto_type type)
{
	return f->number == number && f->type == type;
}

double proto_f64(const struct proto_field *); /* of FIXED64 */

void proto_add_varint(struct buf *, uint64_t); /* bare */
void proto_put_varint(struct buf *, uint32_t number, uint64_t);
void proto_put_fixed64(struct buf *, uint32_t number, uint64_t);
void proto_put_f64(struct buf *, uint32_t number, double);
void proto_put_bytes(struct buf *, uint32_t number, struct str);

#endif
