/*
 * remote_write.h — Prometheus remote write, 1.0 and 2.0: a compressed request into the store of samples.
 *
 * Any thread.
 */
#ifndef INGEST_REMOTE_WRITE_H
#define INGEST_REMOTE_WRITE_H

#include "ingest/pushed.h"
#include "wire/prompb.h"

/*
 * `packed` is a snappy block.  RC_INVALID: not remote write, or some of it was refused (the text says what; the rest
 * is stored).  RC_REFUSED: over a limit.
 */
struct remote_write {
	enum prompb_version version;
	struct str packed;
	size_t unpacked_limit;
};
CHECKED enum rc remote_write(struct tsdb *, struct str tenant, const struct remote_write *, struct pushed_counts *, struct err *);

#endif
