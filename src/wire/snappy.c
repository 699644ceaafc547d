/* snappy.c — see snappy.h. */
#include "wire/snappy.h"

#include <snappy-c.h>

#include "base/must.h"

enum rc
snappy_unpack(struct str packed, size_t limit, struct buf *out, struct err *e)
{
	size_t n;
	if (snappy_uncompressed_length(packed.p, packed.n, &n) != SNAPPY_OK)
		return err_set(e, RC_INVALID, "the body is not a Snappy block");
	if (n > limit)
		return err_set(
		    e, RC_REFUSED, "the Snappy block unpacks to %zu bytes; the limit is %zu", n, limit);
	/* a copy of 64 bytes takes three: more than that no block can promise */
	if (n / 32 > packed.n)
		return err_set(e, RC_INVALID, "the Snappy block says %zu bytes and cannot hold them", n);
	if (snappy_uncompress(packed.p, packed.n, buf_room(out, n), &n) != SNAPPY_OK)
		return err_set(e, RC_INVALID, "the Snappy block is damaged");
	buf_grew(out, n);
	return RC_OK;
}

size_t
snappy_unpacked_size(struct str packed)
{
	size_t n;
	return snappy_uncompressed_length(packed.p, packed.n, &n) == SNAPPY_OK ? n : 0;
}

void
snappy_pack(struct str plain, struct buf *out)
{
	size_t n = snappy_max_compressed_length(plain.n);
	snappy_status s = snappy_compress(plain.p, plain.n, buf_room(out, n), &n);
	must(s == SNAPPY_OK);
	buf_grew(out, n);
}
