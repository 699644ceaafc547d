/*
 * gzip.c — see gzip.h.
 *
 * TRAP   The length in the trailer is the sender's word: it is a hint for the first try, within the limit and what deflate can do.
 */
#include "wire/gzip.h"

#include <endian.h>
#include <libdeflate.h>
#include <string.h>

#include "base/must.h"

enum { LEVEL = 3, TRAILER = 4, LEAST = 64, RATIO_MOST = 1040 };

void
gzip_pack(struct str in, struct buf *out)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(LEVEL);
	must(c);
	size_t room = libdeflate_gzip_compress_bound(c, in.n);
	size_t n = libdeflate_gzip_compress(c, in.p, in.n, buf_room(out, room), room);
	must(n > 0);
	buf_grew(out, n);
	libdeflate_free_compressor(c);
}

static size_t
min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How large it says that it is: of the last member, which mostly is the only one. */
static size_t
first_guess(struct str in)
{
	uint32_t said = 0;
	if (in.n >= TRAILER)
		memcpy(&said, in.p + in.n - TRAILER, TRAILER);
	size_t most = in.n * RATIO_MOST;
	return (le32toh(said) < most ? le32toh(said) : most) + LEAST;
}

/* One member off the front of `*in`; the output space is doubled until it is enough. */
static enum rc
unpack_member(
    struct libdeflate_decompressor *d, struct str *in, size_t limit, struct buf *out, struct err *err)
{
	for (size_t room = min_size(limit, first_guess(*in));; room = min_size(limit, room * 2)) {
		size_t took = 0, gave = 0;
		enum libdeflate_result result =
		    libdeflate_gzip_decompress_ex(d, in->p, in->n, buf_room(out, room), room, &took, &gave);
		if (result == LIBDEFLATE_SUCCESS) {
			buf_grew(out, gave);
			*in = str_from(*in, took);
			return RC_OK;
		}
		if (result != LIBDEFLATE_INSUFFICIENT_SPACE)
			return err_set(err, RC_INVALID, "the gzip data is damaged or cut short");
		if (room == limit)
			return err_set(err, RC_REFUSED, "unpacked, the gzip data is over the limit");
	}
}

enum rc
gzip_unpack(struct str in, size_t limit, struct buf *out, struct err *err)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	must(d);
	size_t start = out->n;
	enum rc rc;
	do
		rc = unpack_member(d, &in, limit - (out->n - start), out, err);
	while (rc == RC_OK && in.n > 0);
	libdeflate_free_decompressor(d);
	return rc;
}
