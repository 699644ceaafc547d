/*
 * bench.h — rules on a bench: a configuration, a store of their own, and nobody who waits for the time to pass.
 */
#ifndef REPLAY_BENCH_H
#define REPLAY_BENCH_H

#include "conf/conf.h"
#include "rule/rules.h"

struct bench {
	char dir[64];
	struct clock *clock;
	struct loop *loop; /* never turned: the rules' own timers do not go off */
	struct tsdb *db;
	struct rules *rules;
};

/* All rules see the samples of the tenant `default`, whatever their groups say. */
CHECKED enum rc bench_create(struct bench *, struct conf *, struct err *);
void bench_fini(struct bench *);
CHECKED enum rc bench_sample(struct bench *, struct labels, msec_t at, double v, struct err *);

#endif
