/*
 * gzip.h — RFC 1952 in one piece, by libdeflate.  Pure; any thread.
 */
#ifndef WIRE_GZIP_H
#define WIRE_GZIP_H

#include "base/buf.h"
#include "base/err.h"

/* Appends `in`, compressed for the wire (fast rather than small). */
void gzip_pack(struct str in, struct buf *out);
/* Appends what `in` holds, of one or several members.  RC_INVALID: not gzip; RC_REFUSED: it would be over
 * `limit` bytes. */
CHECKED enum rc gzip_unpack(struct str in, size_t limit, struct buf *out, struct err *);

#endif
