/* forward_impl.h — what forward.c (one peer) and forwards.c (all of them) share. */
#ifndef COLLECT_FORWARD_IMPL_H
#define COLLECT_FORWARD_IMPL_H

#include <pthread.h>

#include "base/map.h"
#include "base/mem.h"
#include "collect/forward.h"
#include "collect/forward_body.h"

struct forward;
struct forward_list {
	struct forward **p;
	size_t n, cap;
};

struct forwards {
	struct forwards_house house;
	char *samples, *dir;
	struct conf *conf;
	pthread_mutex_t lock; /* of the list against other threads, and of what stands under `told` */
	struct forward_list list;
	nsec_t kept; /* when the places were written last */
};

/* What other threads look at; under forwards.lock. */
struct forward_told {
	struct tsdb_position taken; /* everything before was taken, or given up */
	struct tsdb_position skip;  /* the reader is to go on there at the least */
	uint64_t pending, sent, failed, retried;
	msec_t newest; /* sample that was taken; 0: none yet */
	char error[300]; /* of the last request; empty: it was taken */
};

struct parcel; /* one request */

struct forward {
	struct forwards *all;
	const struct conf_remote_write *conf;
	char *key; /* of its place */
	struct forward_rules rules;
	struct relabel *relabel;
	bool version2;
	struct log_reader *reader;
	struct log_samples read;
	struct {
		struct forward_sample *p;
		size_t n, cap;
	} queue;
	msec_t queued_since;
	struct {
		struct parcel **p;
		size_t n, cap;
	} parcels; /* of this round */
	size_t running, left;
	struct map *customers; /* whose samples there were */
	struct forward_texts *texts; /* NULL: not read yet */
	uint64_t texts_read; /* so many times */
	msec_t texts_due; /* when they are read, and in version 1 sent, again; 0: at once */
	struct tsdb_position round_end;
	struct loop_timer timer;
	struct forward_told told;
	struct tsdb_position written; /* forwards_keep's */
};

CHECKED enum rc forward_create(struct forwards *, const struct conf_remote_write *, const char *key, struct tsdb_position from,
    struct forward **, struct err *);
void forward_destroy(struct forward **);

#endif
