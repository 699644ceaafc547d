/*
 * range_cache.h — answers to range queries that come again a little later, as a dashboard's do.
 *
 * IDEA   What an expression is at a step is a matter of the samples up to it.  An answer is kept with the store's moment at which it was
 *        asked for, and holds for the steps before the oldest sample that was written since; only the others are asked anew.  The
 *        steps must be the same ones: the same step width, and the same rest of the start by it.
 *
 * What looks ahead, or at the ends of the query, is not kept; nor is an answer with warnings, infos or native histograms.
 * Any thread; the store must be the same for all.
 */
#ifndef PROMQL_RANGE_CACHE_H
#define PROMQL_RANGE_CACHE_H

#include "promql/promql.h"

struct range_cache;
/* Answers that took less than `worth` are not kept. */
struct range_cache *range_cache_create(size_t bytes, nsec_t worth);
void range_cache_destroy(struct range_cache **);
/* As promql_run. */
CHECKED enum rc range_cache_run(struct range_cache *, const struct promql *, const struct promql_ask *, struct promql_result **, struct err *);

#endif
