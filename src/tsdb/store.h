/*
 * store.h — what the files of tsdb/ share; nobody else includes it.
 *
 * One readers-writer lock guards everything but the log's own sync.  Blocks are immutable, but the list of
 * them is not: who reads a block holds the lock.
 */
#ifndef TSDB_STORE_H
#define TSDB_STORE_H

#include <pthread.h>

#include "base/map.h"
#include "tsdb/block.h"
#include "tsdb/index.h"
#include "tsdb/samples.h"
#include "tsdb/tsdb.h"
#include "tsdb/wal.h"

enum { CHUNK_SAMPLES = 64 };

/* Packed samples in memory. */
struct packed {
	msec_t min, max;
	char *bytes;
	uint32_t size, n;
};

struct series {
	uint32_t id;
	struct tenant *tenant;
	struct labels labels; /* owned */
	uint64_t key;
	msec_t min, max;          /* of all its samples; min > max: none yet */
	struct samples open;      /* the newest, ascending */
	struct samples *late;     /* out of order, as they came; NULL: none */
	VEC(struct packed) packs; /* full ones, in the order of arrival */
	size_t frozen;            /* so many packs are being written to a block */
	uint64_t logged;          /* the segment of the log that knows its id */
	double logged_v;          /* its last value there */
	bool fresh;               /* has no samples yet, and the last sweep has not seen it */
	VEC(struct tsdb_watch *) watches;
};

struct tenant {
	struct str name; /* owned */
	struct index *index;
	size_t series;
	VEC(struct tsdb_watch *) watches;
};

struct tsdb {
	struct tsdb_options options;
	char *dir;
	pthread_rwlock_t lock;
	struct map *tenants;
	VEC(struct series *) series; /* by id; NULL: gone */
	struct series **slots;       /* open addressing by key */
	size_t n_slots, n_series;
	VEC(struct block *) blocks; /* oldest first */
	size_t damaged;
	struct wal *wal;
	struct buf payload; /* of the record that is being made */
	VEC(struct series *) by_logged_id; /* only while the log is read */
	uint64_t head_samples;
	msec_t newest, head_since, swept; /* wall times */
	nsec_t synced;                    /* monotonic */
	bool flushing;
	size_t cursors; /* while there are any, no series goes */
	pthread_mutex_t calling; /* held while watchers are called */
};

/* store.c */
struct tenant *tenant_of(struct tsdb *, struct str name);   /* NULL: was never heard of */
struct tenant *tenant_make(struct tsdb *, struct str name); /* the same, but begins to exist */
struct series *series_find(struct tsdb *, struct str tenant, struct labels);
struct series *series_create(struct tsdb *, struct str tenant, struct labels);
void series_remove(struct tsdb *, struct series *);
bool series_has_head(const struct series *);
/* Adds everything within the range, in order. */
void series_read(struct tsdb *, const struct series *, msec_t min, msec_t max, struct samples *);

/* append.c */
enum verdict { NEW, LATE, DUPLICATE, CONFLICT, OUT_OF_ORDER };
enum verdict series_judge(struct tsdb *, const struct series *, msec_t t, double v, msec_t window);
void series_apply(struct tsdb *, struct series *, enum verdict, msec_t t, double v);
void series_pack(struct series *); /* packs what is open or late */

/* logged.c: a batch into the log, and what the log says at a start */
enum rc log_batch(struct tsdb *, const struct tsdb_sample *, const uint32_t *accepted, size_t n, struct err *);
enum rc replay_record(void *tsdb, struct str payload, struct err *);
void replay_segment(void *tsdb);

/* watch.c: a batch marks the watches that it touches, gathers them and has them called when it is stored */
bool watch_mark(struct tsdb_watch *); /* true the first time in a batch */
void watch_call(struct tsdb_watch **, size_t n);
void watch_new_series(struct series *);
void watch_series_gone(struct series *);

#endif
