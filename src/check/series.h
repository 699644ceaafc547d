/*
 * series.h — what the store keeps of a service's results.
 *
 *     service_state{host, service, …}                     0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
 *     check_duration_seconds{…}   service_flapping{…}
 *     service_perfdata{…, label, uom}                     each measurement, in the unit that it came in
 */
#ifndef CHECK_SERIES_H
#define CHECK_SERIES_H

#include "check/definition.h"
#include "check/state.h"
#include "tsdb/tsdb.h"
#include "wire/perfdata.h"

struct check_series; /* the references of one service's series */

struct check_series *check_series_create(void);
void check_series_destroy(struct check_series **);
void check_series_forget(struct check_series *); /* its labels changed */
/* Writes one result; what the store refuses is logged. */
void check_series_store(struct check_series *, struct tsdb *, const struct definition *, const struct check_status *, double seconds,
    struct str perf, msec_t at);

#endif
