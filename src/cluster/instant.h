/*
 * instant.h — one expression at one moment, asked of the cluster for a rule.
 *
 * The loop's thread.
 */
#ifndef CLUSTER_INSTANT_H
#define CLUSTER_INSTANT_H

#include "cluster/cluster.h"
#include "promql/promql.h"

struct cluster_instant;

/* `take` is the receiver's to destroy, and there with RC_OK alone.  RC_IO and RC_TIMEOUT: the cluster cannot say. */
typedef void cluster_instant_done(void *arg, enum rc, const char *why, struct promql_result *take);

/* Texts are borrowed for the call. */
struct cluster_instant_question {
	struct conf *conf; /* has metrics.remote.query */
	struct str customer, expression;
	msec_t at;
	uint64_t print; /* who is to blame when the answer ends the process: base/suspect.h */
	struct str what;
};
/* `done` comes as of [L1]. */
struct cluster_instant *cluster_instant_ask(struct cluster *, const struct cluster_instant_question *, cluster_instant_done *, void *arg);
void cluster_instant_cancel(struct cluster_instant **);

#endif
