/*
 * otlp.h — OpenTelemetry's metrics (opentelemetry/proto/metrics/v1): one resource, one data point at a time.
 *
 *     struct otlp o;
 *     otlp_init(&o, body, &limits);
 *     while ((item = otlp_next(&o)) != OTLP_END)
 *             OTLP_RESOURCE  … o.resource …               what the points that follow are of
 *             OTLP_SCOPE     … o.scope …                  which instrumentation made them
 *             OTLP_POINT     … o.metric, o.point …        valid until the next call
 *     rc = otlp_end(&o, err);
 *     otlp_fini(&o);
 *
 * Attributes come as texts: numbers and booleans as JSON has them, lists and maps as JSON.  Exemplars are passed over.
 * otlp_from_json makes of OTLP's JSON the bytes that protobuf would have been, so that one reader reads both.
 */
#ifndef WIRE_OTLP_H
#define WIRE_OTLP_H

#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/pair.h"
#include "wire/proto.h"

enum otlp_item { OTLP_RESOURCE, OTLP_SCOPE, OTLP_POINT, OTLP_END };
/* The fields of Metric that hold its data. */
enum otlp_kind { OTLP_GAUGE = 5, OTLP_SUM = 7, OTLP_HISTOGRAM = 9, OTLP_EXPONENTIAL = 10, OTLP_SUMMARY = 11 };
enum otlp_temporality { OTLP_UNSPECIFIED, OTLP_DELTA, OTLP_CUMULATIVE };

struct otlp_limits {
	size_t attributes; /* of a resource, of a point */
	size_t bytes;      /* of all their texts together */
	size_t buckets;    /* or quantiles, of a point */
};

struct otlp_metric {
	struct str name, description, unit;
	enum otlp_kind kind;
	enum otlp_temporality temporality;
	bool monotonic;
};

struct otlp_quantile {
	double quantile, value;
};

typedef VEC(struct pair) otlp_attributes;

struct otlp_buckets {
	int32_t offset; /* bucket i of them holds what is in (2^((offset + i) / 2^scale), 2^((offset + i + 1) / 2^scale)] */
	VEC(uint64_t) counts;
};

struct otlp_point {
	otlp_attributes attributes;
	uint64_t start, time; /* ns since 1970 */
	bool no_value;        /* it ended: stale */
	double value;         /* gauge, sum */
	uint64_t count;       /* the others */
	bool has_sum;
	double sum;
	VEC(double) bounds;   /* upper, ascending; there is one more of counts, or none of either */
	VEC(uint64_t) counts;
	VEC(struct otlp_quantile) quantiles;
	int scale;            /* the rest is of exponential histograms */
	uint64_t zero_count;
	double zero_threshold;
	struct otlp_buckets positive, negative;
};

struct otlp_scope {
	struct str name, version, schema_url;
	otlp_attributes attributes;
};

struct otlp {
	otlp_attributes resource;
	struct otlp_scope scope; /* until the next one */
	struct otlp_metric metric;
	struct otlp_point point;
	/* ours */
	struct proto request, scopes, metrics, points;
	struct otlp_limits limits;
	struct arena *resource_arena, *scope_arena, *point_arena;
	bool failed;
	struct err err;
};

void otlp_init(struct otlp *, struct str body, const struct otlp_limits *);
void otlp_fini(struct otlp *);
enum otlp_item otlp_next(struct otlp *);
/* RC_INVALID: no request, or over a limit.  What came before was still good. */
CHECKED enum rc otlp_end(struct otlp *, struct err *);

/* Appends. */
CHECKED enum rc otlp_from_json(struct str json, struct buf *out, struct err *);

#endif
