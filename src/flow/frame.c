/* frame.c — see frame.h. */
#include "flow/frame.h"

#include "base/must.h"

enum { AFTER_LENGTH = FRAME_HEAD - 4 };

void
frame_put(struct buf *b, uint16_t kind, uint64_t id, struct str body)
{
	must(body.n <= UINT32_MAX - AFTER_LENGTH);
	buf_u32(b, (uint32_t)(AFTER_LENGTH + body.n));
	buf_u8(b, (uint8_t)(kind >> 8));
	buf_u8(b, (uint8_t)kind);
	buf_u64(b, id);
	buf_str(b, body);
}

static uint64_t
big_endian(const char *p, size_t n)
{
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

enum rc
frame_take(struct str *rest, struct frame *f, size_t limit, struct err *err)
{
	if (rest->n < 4)
		return RC_ABSENT;
	size_t length = big_endian(rest->p, 4);
	if (length < AFTER_LENGTH)
		return err_set(err, RC_INVALID, "a frame of %zu bytes is shorter than its own head", length);
	if (length - AFTER_LENGTH > limit)
		return err_set(err, RC_INVALID, "a frame of %zu bytes is over the limit of %zu",
		    length - AFTER_LENGTH, limit);
	if (rest->n - 4 < length)
		return RC_ABSENT;
	f->kind = (uint16_t)big_endian(rest->p + 4, 2);
	f->id = big_endian(rest->p + 6, 8);
	f->body = str_n(rest->p + FRAME_HEAD, length - AFTER_LENGTH);
	*rest = str_from(*rest, 4 + length);
	return RC_OK;
}
