/*
 * prompb.h — Prometheus remote write 1.0: the WriteRequest message, one series at a time.
 *
 *     struct prompb w;
 *     prompb_init(&w, body, &limits);
 *     while (prompb_next(&w))
 *             … w.labels, w.samples …      valid until the next call; texts are views into the body
 *     rc = prompb_end(&w, err);
 *     prompb_fini(&w);
 *
 * Who knows most label sets by their bytes takes prompb_step instead, which leaves them alone, and prompb_labels
 * for the others.
 *
 * Labels are given as they stand: whoever makes a label set of them (labels_add) judges names, doubles and
 * UTF-8, so that one bad series does not take the others with it. 
 */
#ifndef WIRE_PROMPB_H
#define WIRE_PROMPB_H

#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/pair.h"
#include "wire/proto.h"

struct prompb_sample {
	int64_t t; /* ms since 1970 */
	double v;
	int64_t start; /* since when it counts; 0: it does not say */
};

struct prompb_limits {
	size_t labels;  /* of one series */
	size_t samples; /* of one series */
	size_t name, value; /* bytes of a label's texts */
};

/* Bytes of messages: views into the body. */
struct prompb_messages {
	struct str *p;
	size_t n, cap;
};

struct prompb {
	VEC(struct pair) labels;
	VEC(struct prompb_sample) samples;
	struct str label_bytes; /* of prompb_step: good until prompb_fini */
	struct prompb_messages histograms; /* of this series: messages for histogram.h */
	struct prompb_messages exemplars;  /* of this series: for prompb_exemplar */
	struct prompb_messages metadata;   /* of the whole request so far: for prompb_metadata */
	/* ours */
	struct proto request;
	struct prompb_limits limits;
	struct arena *arena; /* for label bytes that do not stand together; mostly NULL */
	size_t series;
	bool failed;
	struct err err;
};

void prompb_init(struct prompb *, struct str body, const struct prompb_limits *);
void prompb_fini(struct prompb *);
bool prompb_next(struct prompb *);
bool prompb_step(struct prompb *);                          /* the same without `labels` */
/* Into `labels`.  False: they are none, as prompb_end will say, or over a limit: then `failed` is not set, `err` says which, and only
 * this series is to be refused. */
bool prompb_labels(struct prompb *, struct str label_bytes);
/* RC_INVALID: no WriteRequest; RC_REFUSED: over a limit.  What came before was still good. */
CHECKED enum rc prompb_end(struct prompb *, struct err *);

struct prompb_exemplar {
	int64_t t;
	double v;
};
/* Its labels go to `labels`.  False: it is none, as prompb_end will say, or they are over a limit. */
bool prompb_exemplar(struct prompb *, struct str message, struct prompb_exemplar *);
struct prompb_metadata {
	struct str metric, help, unit;
	const char *type; /* "counter", "gauge" …, "unknown" */
};
bool prompb_metadata(struct prompb *, struct str message, struct prompb_metadata *);

/* ---- making a request ---- */

/* An exemplar that is sent. */
struct prompb_labelled {
	struct pairs labels;
	int64_t t;
	double v;
};
struct prompb_series {
	struct pairs labels;
	const struct prompb_sample *samples;
	size_t n_samples;
	const struct str *histograms; /* native ones, as messages (histogram_to_proto) */
	size_t n_histograms;
	const struct prompb_labelled *exemplars;
	size_t n_exemplars;
	const struct prompb_metadata *metadata; /* NULL: none; of 2.0 only */
};
/* Appends one series to a request. */
void prompb_add(struct buf *request, struct pairs labels, const struct prompb_sample *, size_t n);
void prompb_add_all(struct buf *request, const struct prompb_series *);
/* What a metric is, beside the series. */
void prompb_add_metadata(struct buf *request, const struct prompb_metadata *);
/* The type's number in both versions. */
unsigned prompb_type(struct str type);

#endif
