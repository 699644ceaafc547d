/*
 * otlp_name.h — names of OpenTelemetry as Prometheus writes them: http.server.duration in ms becomes
 * http_server_duration_milliseconds, a count in bytes ends with _bytes_total.
 *
 * After Prometheus's rules for its OTLP receiver.  Pure; any thread.
 */
#ifndef INGEST_OTLP_NAME_H
#define INGEST_OTLP_NAME_H

#include "base/arena.h"
#include "wire/otlp.h"

struct otlp_naming {
	bool escape;   /* what is neither letter, digit nor underscore becomes one; else it stays */
	bool suffixes; /* the unit, and _total */
};

/* Appends the metric's name. */
void otlp_name_metric(const struct otlp_metric *, const struct otlp_naming *, struct buf *);
/* Appends an attribute's name as a label's. */
void otlp_name_label(struct str, const struct otlp_naming *, struct buf *);

#endif
