/*
 * log_starts.h — for who reads the log: since when counters count, out of the marks that come before the samples (starts.h).
 *
 * IDEA   Marks come in the log where the store got them. The last two of a series are enough: that of a late sample holds for this
 *        one alone, and the one behind it takes it back.  They outlive segments, as what they say does.
 */
#ifndef TSDB_LOG_STARTS_H
#define TSDB_LOG_STARTS_H

#include "tsdb/starts.h"

struct log_starts;
struct log_start;

struct log_starts *log_starts_create(void);
void log_starts_destroy(struct log_starts **);
size_t log_starts_count(const struct log_starts *); /* series */
/* Of a series by its own tenant; NULL: it has no marks yet, unless one shall begin. */
struct log_start *log_starts_of(struct log_starts *, struct str tenant, struct labels, bool begin);
void log_start_mark(struct log_start *, msec_t t, msec_t start);
msec_t log_start_at(const struct log_start *, msec_t t); /* 0: not known */

#endif
