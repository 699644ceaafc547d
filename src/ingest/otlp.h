/*
 * otlp.h — OpenTelemetry's metrics (wire/otlp.h) into the store of samples, as Prometheus's receiver stores them.
 *
 * Gauges and sums become a series, histograms classic buckets, summaries quantiles; what comes as differences (delta) is
 * summed up.  Exponential histograms become native ones; of
 * those only cumulative ones are taken.  The resource becomes `job` (service.namespace/service.name),
 * `instance` (service.instance.id) and, with its other attributes, the series target_info.  Any thread.
 */
#ifndef INGEST_OTLP_H
#define INGEST_OTLP_H

#include "conf/prometheus.h"
#include "ingest/deltas.h"
#include "ingest/pushed.h"

struct otlp_house {
	struct tsdb *tsdb;
	struct deltas *deltas;
	const struct conf_otlp *conf;
	msec_t now; /* of points without a time */
};

struct otlp_counts {
	size_t points, refused; /* data points: all, and those of which something was not stored */
	struct pushed_counts pushed;
};

/*
 * RC_OK although some was refused: then counts->refused says how many points, and `e` why.  RC_INVALID: no such request, or
 * over a limit of one message; what came before is stored.  RC_IO: send it again.
 */
CHECKED enum rc otlp_write(const struct otlp_house *, struct str tenant, struct str body, struct otlp_counts *, struct err *e);

#endif
