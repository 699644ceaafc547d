/*
 * gzip_stream.h — RFC 1952 in parts, by zlib, for what is too large to be had in one piece (gzip.h is faster).  Any thread,
 * one at a time.
 */
#ifndef WIRE_GZIP_STREAM_H
#define WIRE_GZIP_STREAM_H

#include "base/buf.h"

struct gzip_stream;

struct gzip_stream *gzip_stream_create(void);
void gzip_stream_destroy(struct gzip_stream **);
/* Appends what there is of it, compressed; that may be nothing yet, but for the last part. */
void gzip_stream_add(struct gzip_stream *, struct str part, bool last, struct buf *out);

#endif
