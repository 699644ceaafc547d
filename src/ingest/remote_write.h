/*
 * remote_write.h — Prometheus remote write, 1.0 and 2.0: a compressed request into the store of samples.
 *
 * Any thread.
 */
#ifndef INGEST_REMOTE_WRITE_H
#define INGEST_REMOTE_WRITE_H

#include "tsdb/tsdb.h"

struct remote_write_counts {
	size_t series, samples, histograms, exemplars; /* what the request held */
	struct tsdb_counts stored, stored_histograms;
	size_t bad_series;      /* labels that are no label set: refused, the others are stored */
};

/*
 * `packed` is a snappy block.  RC_INVALID: not remote write, or some of it was refused (the text says what; the rest
 * is stored).  RC_REFUSED: over a limit.
 */
struct remote_write {
	bool version_2; /* io.prometheus.write.v2.Request rather than prometheus.WriteRequest */
	struct str packed;
	size_t unpacked_limit;
};
CHECKED enum rc remote_write(struct tsdb *, struct str tenant, const struct remote_write *, struct remote_write_counts *, struct err *);

#endif
