/*
 * prom_parts.h — what the files of Prometheus's API share.
 */
#ifndef API_PROM_PARTS_H
#define API_PROM_PARTS_H

#include "api/tenant.h"
#include "promql/promql.h"

/* Unix seconds with fractions, or RFC 3339; false: neither. */
bool prom_moment(struct str, msec_t *out);
/* The same of a parameter; `otherwise` when it is absent.  Answers the error itself and gives false. */
bool prom_param_time(struct call *, const char *name, msec_t otherwise, msec_t *out);
/* Reads the expression and whose samples it is about; answers errors itself. */
bool prom_begin_query(struct call *, struct promql **, struct promql_ask *);
/* A line of the query log, where there is one; `result` NULL: it failed, or others have it. */
void prom_log_query(struct call *, const struct promql_ask *, const struct promql_result *, nsec_t since, const char *error);
/*
 * A question for the cluster, where one is configured and the request does not say source=local: true; it is or will be answered.
 * False: the store here is to answer.
 */
struct prom_question {
	struct str path;
	bool get;        /* its route takes no form */
	bool is_query;   /* for the query log */
	bool of_series;  /* it has match[] */
	bool must_match; /* one at least: the cluster is to say so */
	bool of_metrics; /* not of series at all */
};
bool prom_push_down(struct call *, const struct prom_question *);
/* {"status":"success","data":…} with data that is JSON already. */
void prom_answer_data(struct call *, struct str data);
/* A result and, in `stats`, the JSON of what it cost (empty: nobody asked); takes both over. */
void prom_answer_result(struct call *, struct promql_result *take_r, msec_t at, struct buf *take_stats);
/* 422 for what cannot be run, 499 for what was cancelled, 503 for what took too long or is not to be had. */
void prom_query_error(struct call *, enum rc, const char *text);

#endif
