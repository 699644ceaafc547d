/*
 * forward.h — samples are sent on to others by Prometheus's remote write (remote_write of the configuration).
 *
 * IDEA   The write-ahead log is the queue: each peer has a place in it, which moves when the peer has taken what stands
 *        before, and is kept in a file.  What is in the log and not taken yet is sent again after any stop.  The log's
 *        segments stay as long as a peer needs them, up to queue_config.queue_size of it.
 * [W1]   Of one series the samples are sent in the order of the log: a round takes so many, spreads the series over
 *        requests, and the next round begins when all of them were taken or given up.
 * [W2]   The place moves at the end of a round only, so nothing is skipped by a stop in the middle; a peer may be told
 *        something twice, which is the same to it.
 *
 * The loop's thread, but for forwards_keep and forwards_json.
 */
#ifndef COLLECT_FORWARD_H
#define COLLECT_FORWARD_H

#include "base/loop.h"
#include "conf/conf.h"
#include "net/http_client.h"
#include "tsdb/tsdb.h"

struct forwards;

struct forwards_house {
	struct loop *loop;
	struct http_door *http;
	struct tsdb *tsdb;
	const char *samples; /* the store's folder */
	const char *dir;     /* where the places are kept */
};

/* The segment of the log that must stay for what is not sent yet, for tsdb_options.log_hold; 0: none. */
uint64_t forwards_oldest(const char *dir);

struct forwards *forwards_create(const struct forwards_house *);
void forwards_destroy(struct forwards **); /* what is under way is cancelled, and sent again at the next start */
CHECKED enum rc forwards_configure(struct forwards *, struct conf *, struct err *);
/* Keeps the places, durably, once a second; from a thread that may wait for the disk. */
void forwards_keep(struct forwards *);
/* A list: name, url, customer, and how it goes. */
void forwards_json(struct forwards *, struct buf *);

#endif
