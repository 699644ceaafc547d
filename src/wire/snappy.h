/*
 * snappy.h — the Snappy block format, as remote write and Loki's push use it.
 */
#ifndef WIRE_SNAPPY_H
#define WIRE_SNAPPY_H

#include "base/buf.h"
#include "base/err.h"

/* Appends the unpacked bytes.  What says it is longer than `limit` is refused before any memory is taken. */
CHECKED enum rc snappy_unpack(struct str packed, size_t limit, struct buf *out, struct err *);
/* What the block says of itself; 0 when it is none. */
size_t snappy_unpacked_size(struct str packed);
void snappy_pack(struct str plain, struct buf *out);

#endif
