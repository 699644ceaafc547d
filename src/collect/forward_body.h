/* forward_body.h — samples of the log as requests of remote write: labels rewritten, grouped by series, packed. */
#ifndef COLLECT_FORWARD_BODY_H
#define COLLECT_FORWARD_BODY_H

#include "conf/conf.h"
#include "label/relabel.h"
#include "tsdb/log_reader.h"

struct prompb_metadata;
/* A series as the peer is to see it; counted. */
struct forward_series {
	size_t refs;
	struct str tenant;    /* the creator's; the same pointer for the same one */
	struct labels labels; /* owned; not kept: empty */
	uint64_t hash;
	bool kept;
	const struct prompb_metadata *says; /* as of the texts of that number: forward_texts.h */
	uint64_t says_of;
};

struct forward_rules {
	struct str customer; /* whose samples; empty: everybody's */
	struct str customer_label; /* says whose they are, whatever they say themselves; empty: nothing does */
	struct pairs external;
	const struct relabel *relabel;
};

/* `tenant` is the name's, and outlives the series. */
struct forward_series *forward_series_create(const struct forward_rules *, const struct log_name *, struct str tenant);
void forward_series_unref(void *series);

struct forward_sample {
	struct forward_series *series; /* holds a reference */
	msec_t t, start; /* start: 0, or since when it counts; of version 2 */
	double v;
	struct str histogram; /* owned; no pointer: a float */
	struct labels exemplar; /* owned; no pointer: it is none */
	size_t order;
};
void forward_sample_fini(struct forward_sample *);

/* What is said of metrics, by customer and name; of version 2, where it stands beside each series.  NULL: nothing is. */
struct forward_texts;
/* Those `n`, which it puts in order, as a request of version 1 or 2, packed with snappy. */
void forward_body(struct forward_sample *, size_t n, bool version2, const struct forward_texts *, struct buf *out);

#endif
