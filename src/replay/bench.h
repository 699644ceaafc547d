/*
 * bench.h — rules on a bench: a configuration, a store of their own, and nobody who waits for the time to pass.
 */
#ifndef REPLAY_BENCH_H
#define REPLAY_BENCH_H

#include "conf/conf.h"
#include "rule/rules.h"

/* A store of samples for the time being. */
struct store {
	char dir[256];
	struct clock *clock;
	struct tsdb *db;
};
CHECKED enum rc store_open(struct store *, const char *under, struct err *); /* under NULL: $TMPDIR */
void store_close(struct store *); /* and removes it; also one that was never opened */

struct bench {
	struct store store;
	struct loop *loop; /* never turned: the rules' own timers do not go off */
	struct rules *rules;
};

/* All rules see the samples of the tenant `default`, whatever their groups say. */
CHECKED enum rc bench_create(struct bench *, struct conf *, struct err *);
void bench_fini(struct bench *);
struct native;
/* A native histogram (promql/native.h). */
CHECKED enum rc bench_histogram(struct bench *, struct labels, msec_t at, const struct native *, struct err *);
CHECKED enum rc bench_sample(struct bench *, struct labels, msec_t at, double v, struct err *);

/* With all that is in it. */
void folder_remove(const char *dir);

#endif
