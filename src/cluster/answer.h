/*
 * answer.h — a cluster's answer to an instant query, as the outcome that promql_run would have given.
 *
 * Any thread.
 */
#ifndef CLUSTER_ANSWER_H
#define CLUSTER_ANSWER_H

#include "promql/promql.h"

/*
 * A vector or a scalar; its warnings come along.  RC_INVALID: the cluster says that the expression cannot be run, or it is
 * something else than was asked for; RC_IO: this is no answer of Prometheus's API.
 */
CHECKED enum rc answer_read(struct str body, struct promql_result **, struct err *);
/* What an answer that is an error says ("bad_data: 1:4: parse error …"); false: it is none. */
bool answer_error_text(struct str body, struct buf *out);

#endif
