/*
 * query_log.h — a file with a line of JSON for each query that was run: what was asked, by whom, and what it cost.
 *
 * IDEA   Prometheus's query log, with its keys, so that what reads that reads this.  One for the process: queries run on
 *        many threads and come from the API and from rules.  A line is one write.
 *
 * Any thread.  A file that cannot be written is said once, and again when the log is opened anew.
 */
#ifndef PROMQL_QUERY_LOG_H
#define PROMQL_QUERY_LOG_H

#include "promql/promql.h"

/* Opens the file anew, which another may have moved away; an empty path ends it. */
CHECKED enum rc query_log_open(struct str path, struct err *);
bool query_log_is_on(void);

struct query_line {
	struct str query;
	msec_t now, start, end, step;
	double seconds;                      /* it took */
	const struct promql_result *result;  /* NULL: it failed, */
	const char *error;                   /* for this reason */
	struct str client, method, path;     /* who asked over HTTP; */
	struct str file, group;              /* or a group of rules */
};
void query_log_add(const struct query_line *);
/* {"timings":…,"samples":…}, as ?stats= answers it, too; with what each step looked at, or without. */
void query_stats_json(struct json_writer *, const struct promql_result *, msec_t start, msec_t step, double seconds, bool each_step);

#endif
