/*
 * pushed.h — series and samples of one request on their way into the store, whatever protocol they came by.
 *
 *     struct pushed p;
 *     pushed_init(&p, db, tenant);
 *     if (pushed_series(&p, labels, n, &ref))
 *             pushed_sample(&p, ref, t, v);
 *     rc = pushed_end(&p, err);      p.counts
 *     pushed_fini(&p);
 *
 * IDEA   One bad series does not take the others with it: it is counted, and the first reason is kept.
 * [P1]   Samples go into the store in pieces of PUSHED_PIECE: a small body that unpacks to very many takes no more memory
 *        than that.  A request that turns out bad half-way has stored its beginning; whoever sends it again meets
 *        duplicates, which are fine.
 *
 * [P2]   Whether the customer may bring so much now is asked with the first piece: a request that is let in is let in whole, or
 *        it would come again and again and never get to its end.
 *
 * One thread at a time.
 */
#ifndef INGEST_PUSHED_H
#define INGEST_PUSHED_H

#include "tsdb/tsdb.h"

enum { PUSHED_PIECE = 65536 };

struct pushed_counts {
	size_t series, samples; /* what the request held */
	size_t bad_series;      /* labels that are no label set, or over a limit: refused, the others are stored */
	struct tsdb_counts stored;
};

struct histogram;
struct pushed {
	struct pushed_counts counts;
	struct str tenant;
	struct buf labels; /* the canonical bytes of the series that pushed_series was given last */
	/* ours */
	struct tsdb *db;
	VEC(struct tsdb_sample) samples;
	VEC(struct tsdb_start) starts;
	VEC(struct tsdb_histogram) histograms; /* their bytes stand in `packed`, one behind the other */
	struct buf packed;
	VEC(struct tsdb_metadata) described; /* in `texts` */
	struct arena *texts;
	bool admitted;    /* the customer may bring what the request has */
	struct err first; /* the first series that was refused, and why */
	enum rc rc;       /* the store failed, or it is too much now (RC_REFUSED): `failure` says how */
	struct err failure;
};

void pushed_init(struct pushed *, struct tsdb *, struct str tenant);
void pushed_fini(struct pushed *);
/* Sorts the labels.  False: the series was refused. */
bool pushed_series(struct pushed *, struct pair *, size_t n, struct tsdb_ref *);
/* A series that could not even be read, and why. */
void pushed_refuse(struct pushed *, const struct err *);
/* Since when the next sample of the series counts; 0: that is not known. */
void pushed_start(struct pushed *, struct tsdb_ref, msec_t t, msec_t start);
void pushed_sample(struct pushed *, struct tsdb_ref, msec_t t, double v);
/* A native histogram. */
void pushed_histogram(struct pushed *, struct tsdb_ref, msec_t t, const struct histogram *);
/* What a metric is, with its texts as they are for the call; kept at the end. */
void pushed_describe(struct pushed *, const struct tsdb_metadata *); /* its type is static */
/* RC_INVALID, RC_REFUSED: some of it was refused (the text says what; the rest is stored).  RC_IO: send it again. */
CHECKED enum rc pushed_end(struct pushed *, struct err *);

#endif
