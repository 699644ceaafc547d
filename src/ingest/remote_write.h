/*
 * remote_write.h — Prometheus remote write 1.0: a compressed request into the store of samples.
 *
 * Any thread.
 */
#ifndef INGEST_REMOTE_WRITE_H
#define INGEST_REMOTE_WRITE_H

#include "ingest/pushed.h"

/*
 * `packed` is a snappy block.  RC_INVALID: not remote write, or some of it was refused (the text says what; the rest
 * is stored).  RC_REFUSED: over a limit.
 */
CHECKED enum rc remote_write(struct tsdb *, struct str tenant, struct str packed, size_t unpacked_limit, struct pushed_counts *, struct err *);

#endif
