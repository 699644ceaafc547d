/* prompb_read.c — see prompb_read.h. */
#include "wire/prompb_read.h"

#include <string.h>

void
prompb_read_init(struct prompb_read *r, struct str body)
{
	*r = (struct prompb_read){0};
	proto_init(&r->request, body);
}

void
prompb_read_fini(struct prompb_read *r)
{
	vec_fini(&r->matchers);
}

static bool
fail(struct prompb_read *r, const char *why)
{
	if (!r->failed)
		err_set(&r->err, RC_INVALID, "%s", why);
	r->failed = true;
	return false;
}

static bool
read_matcher(struct prompb_read *r, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	struct prompb_matcher one = {.name = STR(""), .value = STR("")};
	uint64_t op = 0;
	for (proto_init(&m, bytes); proto_next(&m, &f);) {
		if (proto_is(&f, 1, PROTO_VARINT))
			op = f.u;
		else if (proto_is(&f, 2, PROTO_BYTES))
			one.name = f.bytes;
		else if (proto_is(&f, 3, PROTO_BYTES))
			one.value = f.bytes;
	}
	if (m.failed)
		return fail(r, "a matcher is no well-formed protobuf");
	if (op > PROMPB_NRE)
		return fail(r, "a matcher's type is none of =, !=, =~ and !~");
	if (r->matchers.n == PROMPB_READ_MATCHERS)
		return fail(r, "too many matchers in a query");
	one.op = (enum prompb_match)op;
	*vec_add(&r->matchers) = one;
	return true;
}

static bool
read_query(struct prompb_read *r, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	r->from = r->to = 0;
	r->matchers.n = 0;
	for (proto_init(&m, bytes); proto_next(&m, &f);) {
		if (proto_is(&f, 1, PROTO_VARINT))
			r->from = (int64_t)f.u;
		else if (proto_is(&f, 2, PROTO_VARINT))
			r->to = (int64_t)f.u;
		else if (proto_is(&f, 3, PROTO_BYTES) && !read_matcher(r, f.bytes))
			return false;
	}
	return !m.failed || fail(r, "a query is no well-formed protobuf");
}

bool
prompb_read_next(struct prompb_read *r)
{
	struct proto_field f;
	while (!r->failed && proto_next(&r->request, &f))
		if (proto_is(&f, 1, PROTO_BYTES))
			return read_query(r, f.bytes);
	if (r->request.failed)
		fail(r, "the request is no well-formed protobuf");
	return false;
}

enum rc
prompb_read_end(struct prompb_read *r, struct err *e)
{
	return r->failed ? err_set(e, RC_INVALID, "%s", r->err.text) : RC_OK;
}

enum { ACCEPTED = 2, SAMPLES = 0, STREAMED_XOR_CHUNKS = 1 };

/* The first type that we have, packed or one by one; none: samples. */
bool
prompb_read_wants_chunks(struct str request)
{
	struct proto m, packed;
	struct proto_field f;
	for (proto_init(&m, request); proto_next(&m, &f);) {
		if (proto_is(&f, ACCEPTED, PROTO_VARINT) && f.u <= STREAMED_XOR_CHUNKS)
			return f.u == STREAMED_XOR_CHUNKS;
		if (!proto_is(&f, ACCEPTED, PROTO_BYTES))
			continue;
		uint64_t type;
		for (proto_init(&packed, f.bytes); packed.at < packed.end && proto_varint(&packed, &type);)
			if (type <= STREAMED_XOR_CHUNKS)
				return type == STREAMED_XOR_CHUNKS;
	}
	return false;
}
