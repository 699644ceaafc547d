/* forward_body.h — samples of the log as requests of remote write: labels rewritten, grouped by series, packed. */
#ifndef COLLECT_FORWARD_BODY_H
#define COLLECT_FORWARD_BODY_H

#include "conf/conf.h"
#include "label/relabel.h"
#include "tsdb/log_reader.h"

/* A series as the peer is to see it; counted. */
struct forward_series {
	size_t refs;
	struct labels labels; /* owned; not kept: empty */
	uint64_t hash;
	bool kept;
};

struct forward_rules {
	struct str customer; /* whose samples */
	struct pairs external;
	const struct relabel *relabel;
};

struct forward_series *forward_series_create(const struct forward_rules *, const struct log_name *);
void forward_series_unref(void *series);

struct forward_sample {
	struct forward_series *series; /* holds a reference */
	msec_t t;
	double v;
	struct str histogram; /* owned; no pointer: a float */
	size_t order;
};
void forward_sample_fini(struct forward_sample *);

/* Those `n`, which it puts in order, as a request of version 1 or 2, packed with snappy. */
void forward_body(struct forward_sample *, size_t n, bool version2, struct buf *out);

#endif
