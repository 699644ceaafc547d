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
#include "tsdb/annex.h"
#include "tsdb/blobs.h"
#include "tsdb/block.h"
#include "tsdb/deletion.h"
#include "tsdb/index.h"
#include "tsdb/memo.h"
#include "tsdb/samples.h"
#include "tsdb/starts.h"
#include "tsdb/tiers.h"
#include "tsdb/timeline.h"
#include "tsdb/token.h"
#include "tsdb/tsdb.h"
#include "tsdb/wal.h"
#include "tsdb/written.h"

enum { CHUNK_SAMPLES = 240 };

/* A full chunk in memory; never changes. */
struct pack {
	struct pack *next;
	struct timeline *line; /* its first n times */
	uint32_t n, size : 31, histograms : 1;
	char bytes[]; /* values, as chunk.h has them, or histograms, as blobs.h has them */
};

/* What few series have. */
struct series_extra {
	struct samples late; /* out of order, as they came */
	struct blobs histograms; /* not packed yet, as they came */
	struct start_memory start;
	VEC(struct tsdb_watch *) watches;
};

/* Two lines of the cache: what an append touches, and the rest. */
struct series {
	msec_t max; /* of all its samples; min > max: none yet */
	struct token_state token;
	struct timeline *line; /* of the open chunk; it may be there when the chunk is not */
	unsigned char *open;   /* its tokens */
	uint16_t bits, room;   /* used; bytes of `open` */
	uint16_t n;            /* its samples; 0: no chunk is open */
	uint16_t n_pairs;
	uint32_t touched;      /* the part of a batch that has it and is not logged yet */
	uint32_t logged;       /* the segment of the log that knows its id */

	msec_t min;
	struct tenant *tenant;
	uint32_t *pairs;
	uint32_t id;
	uint32_t frozen; /* so many packs are being written to a block */
	struct pack *packs, *last_pack; /* in the order of arrival */
	struct series_extra *extra;     /* NULL: nothing of that */
	bool fresh; /* is new or was asked for, and the last sweep has not seen it */
	bool replayed; /* the open chunk is of an older segment of the log */
	bool odd;   /* in the open chunk is a value that is no decimal */
	bool histograms; /* it has, or had, native ones: `max` is of both kinds */
	bool started;    /* it has, or had, marks of start times */
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct series) == 128, "two lines of the cache");
_Static_assert((CHUNK_SAMPLES + 1) * TOKEN_MOST * 8 <= UINT16_MAX, "the bits of a chunk can be counted");

/*
 * What an append will touch: the series itself soon, and the end of its chunk when that is there.  A miss of the cache
 * costs more than all the rest of an append.  Each may be NULL.
 */
static inline void
series_prefetch(struct series *soon, const struct series *now)
{
	if (soon) {
		__builtin_prefetch(soon, 1);
		__builtin_prefetch((char *)soon + 64, 1);
	}
	if (now && now->open)
		__builtin_prefetch(now->open + now->bits / 8, 1);
}

/* Behind a token: does it hold what is no decimal? */
static inline void
series_note_odd(struct series *s, bool begin)
{
	if (begin)
		s->odd = false;
	if (__builtin_expect(s->token.scale == DECIMAL_BITS, 0))
		s->odd = true;
}

struct tenant {
	struct str name; /* owned */
	struct index *index;
	size_t series;
	struct tenant *starts; /* where the marks of its series are; NULL: there are none */
	bool marks;            /* it is such a one itself */
	VEC(struct tsdb_watch *) watches;
};

struct series_slot {
	uint64_t key;
	uint32_t id; /* + 1; 0: free */
} __attribute__((packed, aligned(4)));

struct allowances; /* allowance.h */
struct appending;  /* append.c */
struct selections; /* selection.h */

struct tsdb {
	struct tsdb_options options;
	char *dir;
	pthread_rwlock_t lock;
	struct map *tenants;
	VEC(struct series *) series; /* by id; NULL: gone */
	struct series_slot *slots;   /* open addressing by key */
	size_t n_slots, n_series;
	size_t n_tenants_of_marks, n_marks; /* of all tenants and series, those of start times */
	uint32_t starts_epoch; /* another one when what is remembered of marks may not hold; never 0 */
	VEC(struct series *) spare; /* memory for series; it comes in slabs, which stay */
	VEC(struct series *) slabs;
	struct pair_ids found_pairs; /* of the look-up that is being made; with the lock held for writing */
	struct allowances *allowances;
	struct annex *annex;
	struct memo *memo;
	struct selections *selections;
	struct written written;
	unsigned char secret[192]; /* of the memo's keys */
	VEC(struct block *) blocks; /* oldest first */
	struct tier_files tiers;
	size_t damaged;
	struct wal *wal;
	struct buf payload; /* of the record that is being made */
	VEC(struct series *) by_logged_id; /* only while the log is read */
	uint64_t log_before;    /* bytes of older segments whose samples are in the head: a start has read them */
	uint64_t replaying;     /* the segment that is being read */
	uint64_t spilled;       /* those before this one became blocks while they were read; 0: none */
	struct timelines lines;
	struct appending *appending;
	uint64_t head_samples;
	msec_t newest, head_since, swept, compacted, cleaned; /* wall times */
	nsec_t synced;          /* monotonic */
	pthread_mutex_t work;   /* held by who makes or removes blocks; taken before `lock` */
	struct deletions deletions;
	size_t cursors; /* while there are any, no series goes */
	pthread_mutex_t calling; /* held while watchers are called */
};

/* store.c */
struct tenant *tenant_of(struct tsdb *, struct str name);   /* NULL: was never heard of */
struct tenant *tenant_make(struct tsdb *, struct str name); /* the same, but begins to exist */
struct series *series_find(struct tsdb *, struct str tenant, struct labels);
struct series *series_make(struct tsdb *, struct str tenant, struct labels);
/* The same by the numbers of its pairs. */
struct series *series_make_of_pairs(struct tsdb *, struct tenant *, const uint32_t *pairs, size_t n);
void series_remove(struct tsdb *, struct series *);
void slots_grow(struct tsdb *);
void series_free(struct tsdb *, struct series *);
struct series_extra *series_extra(struct series *); /* begins to exist */
bool series_has_head(const struct series *);
void series_labels(const struct series *, struct buf *out); /* appends the canonical form */
/* Adds everything within the range, in order. */
void series_read(struct tsdb *, const struct series *, msec_t min, msec_t max, struct samples *);
void series_read_histograms(struct tsdb *, const struct series *, msec_t min, msec_t max, struct blobs *);

/* open.c */
void block_name(const struct tsdb *, uint64_t number, struct buf *path); /* appends */
/* deletion.c */
uint64_t block_number_of(const struct block *); /* of a tier too */

/* head.c: the samples of a series that are in memory */
enum verdict { NEW, LATE, DUPLICATE, CONFLICT, OUT_OF_ORDER };
enum verdict series_judge(struct tsdb *, const struct series *, msec_t t, double v, msec_t window);
/* Must the sample begin a chunk? */
bool series_begins(const struct series *, msec_t t);
/* Takes a sample that is NEW; a chunk that ends with it must have been packed. */
void series_push(struct tsdb *, struct series *, msec_t t, double v, bool begin, struct token *);
void series_room(struct series *, size_t bits);  /* for so many more in the open chunk */
void series_add_late(struct series *, msec_t t, double v);
enum verdict series_judge_histogram(struct tsdb *, const struct series *, msec_t t, struct str bytes, msec_t window);
void series_add_histogram(struct series *, msec_t t, struct str bytes);
void series_pack(struct series *);               /* packs what is open or late */
void series_read_open(const struct series *, double *v); /* the values of the open chunk */
/* Floats, or native histograms. */
void series_read_head(const struct series *, msec_t min, msec_t max, struct samples *);
/* Widens min..max. */
void series_span_head(const struct series *, msec_t *min, msec_t *max);
void series_read_head_histograms(const struct series *, msec_t min, msec_t max, struct blobs *);
void pack_read(const struct pack *, msec_t min, msec_t max, struct samples *, struct blobs *); /* each may be NULL */
void series_drop_packs(struct tsdb *, struct series *, size_t n); /* the first ones */
void series_fini(struct series *); /* frees what it holds */

/* flush.c: with `work` held; `*segment` is the new block's number.  `roll`: the log begins anew also when the head is
 * empty. */
CHECKED enum rc flush_head(struct tsdb *, bool roll, uint64_t *segment, struct err *);
/* What a new segment of the log begins with. */
CHECKED enum rc flush_begin_segment(struct tsdb *, struct err *);
/* While the log is read, at the beginning of segment `number`: what came before becomes a block when it is enough for one. */
CHECKED enum rc flush_replayed(struct tsdb *, uint64_t number, struct err *);

/* retention.c */
/* Which samples of a batch are too old to be taken; with the lock held. */
struct expiry {
	struct tsdb *db;
	msec_t now, sure; /* what is not older than `sure` is not too old, whoever's it is */
	const struct series *series; /* the last that was looked at, and what is too old of it */
	msec_t oldest;
};
void expiry_init(struct expiry *, struct tsdb *);
bool expiry_looks(struct expiry *, const struct series *, msec_t t);
static inline bool
expiry_is_past(struct expiry *x, const struct series *s, msec_t t)
{
	return t < x->sure && expiry_looks(x, s, t);
}
/* How long windows stay; 0: for ever. */
msec_t tier_keep(const struct tsdb *, unsigned level);
CHECKED enum rc retention_sweep(struct tsdb *, msec_t now, struct err *); /* with `work` held */

/* compact.c: with `work` held */
/* Those of a day that is over, or of any. */
CHECKED enum rc compact_days(struct tsdb *, bool all, struct err *);
/* Nothing comes into the day of the block any more, but what is late. */
bool day_is_over(const struct tsdb *, const struct block *);
/* Nothing of a deletion is left. */
CHECKED enum rc compact_deleted(struct tsdb *, struct err *);
/* The i-th block again, without these series; gone when nothing is left. */
CHECKED enum rc compact_without(struct tsdb *, size_t i, const roaring_bitmap_t *ids, struct err *);
/* A long work beside the log: what is due to become durable does. */
void keep_durable(struct tsdb *);
/* Everything in the order of tenants and labels. */
void series_sort(struct tsdb *, struct series **, size_t n);

/* snapshot.c: what is left in the store's folder of snapshots that were stopped */
void snapshots_clear(const char *dir);

/* append.c */
struct appending *appending_create(void);
void appending_destroy(struct appending **);
/* With the lock held. */
CHECKED enum rc append_batch(struct tsdb *, const struct tsdb_sample *, size_t n, struct tsdb_counts *, struct err *);

/* logged.c: what goes into the log, and what the log says at a start */
struct log_entry {
	uint32_t id;
	msec_t t;
};
/* The ids of these series, where this segment of the log does not know them yet. */
CHECKED enum rc log_series(struct tsdb *, struct series *const *, size_t n, struct err *);
/* New samples, with their tokens. */
CHECKED enum rc log_samples(struct tsdb *, const struct log_entry *, size_t n, struct str tokens, struct err *);
CHECKED enum rc log_histograms(struct tsdb *, const struct tsdb_histogram *, size_t n, struct err *);
/* Here a segment has said again what it needs of those before. */
CHECKED enum rc log_mark(struct tsdb *, struct err *);
CHECKED enum rc log_late(struct tsdb *, const struct log_entry *, const double *v, size_t n, struct err *);
enum rc replay_record(void *tsdb, struct str payload, struct err *e);
void replay_segment(void *tsdb, uint64_t number);

/* watch.c: a batch marks the watches that it touches, gathers them and has them called when it is stored */
bool watch_mark(struct tsdb_watch *); /* true the first time in a batch */
void watch_call(struct tsdb_watch **, size_t n);
void watch_new_series(struct series *, struct labels);

#endif
