/*
 * prompb.h — Prometheus remote write, 1.0 (WriteRequest) and 2.0 (io.prometheus.write.v2.Request), one series at a time.
 *
 *     struct prompb w;
 *     prompb_init(&w, body, PROMPB_1, &limits);
 *     while (prompb_next(&w))
 *             … w.labels, w.samples …      valid until the next call; texts are views into the body
 *     rc = prompb_end(&w, err);
 *     prompb_fini(&w);
 *
 * Labels are given as they stand: whoever makes a label set of them (labels_add) judges names, doubles and
 * UTF-8, so that one bad series does not take the others with it.  Metadata, exemplars and native
 * histograms are passed over; the latter two are counted.
 */
#ifndef WIRE_PROMPB_H
#define WIRE_PROMPB_H

#include "base/err.h"
#include "base/mem.h"
#include "base/pair.h"
#include "wire/proto.h"

struct prompb_sample {
	int64_t t; /* ms since 1970 */
	double v;
};

enum prompb_version { PROMPB_1, PROMPB_2 };

struct prompb_limits {
	size_t labels;  /* of one series */
	size_t label_bytes; /* of all its labels' texts; 2.0 only, where a text stands once and is named many times */
	size_t symbols;     /* texts of a request of 2.0 */
	size_t samples; /* of one series */
	size_t name, value; /* bytes of a label's texts */
};

struct prompb {
	VEC(struct pair) labels;
	VEC(struct prompb_sample) samples;
	size_t exemplars, histograms; /* of the whole request so far */
	/* ours */
	struct proto request;
	enum prompb_version version;
	VEC(struct str) symbols;
	struct prompb_limits limits;
	size_t series;
	bool failed;
	struct err err;
};

void prompb_init(struct prompb *, struct str body, enum prompb_version, const struct prompb_limits *);
void prompb_fini(struct prompb *);
bool prompb_next(struct prompb *);
/* RC_INVALID: no WriteRequest; RC_REFUSED: over a limit.  What came before was still good. */
CHECKED enum rc prompb_end(struct prompb *, struct err *);

/* Appends one series to a request that is being made. */
void prompb_add(struct buf *request, struct pairs labels, const struct prompb_sample *, size_t n);

#endif
