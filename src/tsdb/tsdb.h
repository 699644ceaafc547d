/*
 * tsdb.h — the store of samples.
 *
 * IDEA   What is appended is in the write-ahead log before the call returns (a killed process loses
 *        nothing) and durable after tsdb_sync (a power cut neither).  From time to time the head is written
 *        to an immutable, checksummed block and the log begins anew.  A start reads the blocks' indexes and
 *        replays the log; a torn end of the log was never acknowledged and is dropped, a damaged block is
 *        set aside and said so.
 *
 * Any thread may call anything, at the same time.  There are no threads in here: the owner calls tsdb_tick
 * about every 100 ms from a thread that may wait for the disk.
 *
 * A series belongs to a tenant.  Its reference stays good as long as the series has data; what is appended
 * to one that has gone is counted as `unknown`, and the caller asks for a new reference.
 */
#ifndef TSDB_TSDB_H
#define TSDB_TSDB_H

#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/pair.h"
#include "label/labels.h"
#include "label/matcher.h"
#include "tsdb/tier.h"

struct tsdb;
struct tsdb_select;

/* Series that stay longer or shorter than others. */
struct tsdb_keep {
	struct str tenant; /* empty: any */
	const struct matchers *matchers;
	msec_t keep; /* 0: for ever */
};

/* What one tenant may bring; 0: no limit. */
enum tsdb_limit { TSDB_LIMIT_SERIES, TSDB_LIMIT_LABELS, TSDB_LIMIT_LABEL_SIZE, TSDB_LIMIT_SAMPLES, TSDB_LIMITS };
struct tsdb_limits {
	uint64_t series;
	uint64_t labels, label_size; /* of a series that begins to exist; bytes of a name or a value */
	uint64_t samples, burst;     /* a second, where tsdb_admit is asked; at once, 0: as many as ten seconds bring */
};
struct tsdb_customer_limits {
	struct str tenant;
	struct tsdb_limits limits;
};

struct tsdb_options {
	const char *dir;
	struct clock *clock;
	msec_t sync_every;    /* 0: every append is durable when it returns (sync: batch) */
	msec_t retention;     /* 0: for ever */
	const struct tsdb_keep *keeps; /* the first that fits a series holds, before `retention`; alive as long as the store */
	size_t n_keeps;
	msec_t tier_keep[TIERS]; /* of windows (tier.h), of series that no entry of `keeps` fits; 0: as `retention` */
	uint64_t size;        /* bytes on disk: more, and the oldest blocks go; 0: no limit */
	msec_t out_of_order;  /* how much older than its series' newest a sample may be; 0: not at all */
	msec_t head_span;     /* a block is written when the head is older; 0: 2 h */
	uint64_t head_bytes;  /* or its log is larger; 0: 64 MiB and 128 bytes for each series */
	struct tsdb_limits limits; /* of each tenant, until tsdb_limit says otherwise */
	uint64_t log_hold;     /* as tsdb_log_hold */
};

/* A sample that says "this series ended" has this value (as bits; any other NaN is a value). */
#define TSDB_STALE_BITS 0x7ff0000000000002ull
double tsdb_stale(void);
static inline bool
tsdb_is_stale(double v)
{
	uint64_t bits;
	memcpy(&bits, &v, sizeof bits);
	return bits == TSDB_STALE_BITS;
}

CHECKED enum rc tsdb_open(const struct tsdb_options *, struct tsdb **, struct err *);
void tsdb_close(struct tsdb **); /* makes everything durable first */

/* ---- limits ---- */

/* From now on; what is there already goes on. */
void tsdb_limit(struct tsdb *, const struct tsdb_limits *usual, const struct tsdb_customer_limits *, size_t n);
/*
 * May so many samples of this tenant come in now?  RC_REFUSED: over the limit of samples; err.wait says for how long.  Who brings
 * samples of others asks before they are stored; what we make ourselves is not asked about.  A request that is let in is let in
 * whole: the rest of it is charged.
 */
CHECKED enum rc tsdb_admit(struct tsdb *, struct str tenant, size_t samples, struct err *);
void tsdb_charge(struct tsdb *, struct str tenant, size_t samples);

/* How near a tenant is to its limits, and how often it was over them (of samples: how many) since the start. */
struct tsdb_use {
	struct str tenant;
	struct tsdb_limits limits;
	bool own; /* they are the tenant's own */
	size_t series;
	double samples_per_second; /* that were asked about and let in, within the last ten seconds or so */
	uint64_t refused[TSDB_LIMITS];
};
/* Those of whom anything came since the start, in no order.  Not to call the store from fn. */
void tsdb_use_each(struct tsdb *, void (*fn)(void *arg, const struct tsdb_use *), void *arg);

/* ---- writing ---- */

struct tsdb_ref {
	uint32_t id;
};
struct tsdb_sample {
	struct tsdb_ref ref;
	msec_t t;
	double v;
};
/* What became of a batch. */
struct tsdb_counts {
	size_t stored;
	size_t duplicate;    /* stood there already, with the same value: fine */
	size_t conflict;     /* stood there with another value: refused */
	size_t out_of_order; /* older than the window: refused */
	size_t too_old;      /* older than the retention: refused */
	size_t unknown;      /* the reference is not good (any more): refused */
};

/* The reference of a series, which begins to exist.  RC_REFUSED: the tenant has too many;
 * RC_INVALID: its labels are over a limit. */
CHECKED enum rc tsdb_series(struct tsdb *, struct str tenant, struct labels, struct tsdb_ref *, struct err *);
/* The references of all of them in `out`, or none: then none of them has begun to exist. */
CHECKED enum rc tsdb_series_all(struct tsdb *, struct str tenant, const struct labels *, size_t n, struct tsdb_ref *out, struct err *);
/*
 * Who brings the same label sets again and again need not parse them: a `name` is their bytes as they came, in whatever
 * form, remembered with the series that they became.  tsdb_known gives TSDB_UNKNOWN for those that are not remembered, and
 * says how many they are.
 */
#define TSDB_UNKNOWN UINT32_MAX
size_t tsdb_known(struct tsdb *, struct str tenant, const struct str *names, size_t n, struct tsdb_ref *out);
void tsdb_remember(struct tsdb *, struct str tenant, struct str name, struct tsdb_ref);
/* Those at `places` of both lists, but for unknown ones. */
void tsdb_remember_all(struct tsdb *, struct str tenant, const struct str *names, const struct tsdb_ref *refs, const size_t *places, size_t n);
/* Refused samples are counted, not an error.  An error means that nothing of the batch was stored or, with sync_every 0,
 * that it is not known to be durable; the batch may be sent again. */
CHECKED enum rc tsdb_append(struct tsdb *, const struct tsdb_sample *, size_t n, struct tsdb_counts *, struct err *);
/*
 * Native histograms, as canonical bytes (wire/histogram.h) that the store does not look into; a series may have both.
 * An end (stale) is said by a float.
 */
struct tsdb_histogram {
	struct tsdb_ref ref;
	msec_t t;
	struct str bytes;
};
CHECKED enum rc tsdb_append_histograms(struct tsdb *, const struct tsdb_histogram *, size_t n, struct tsdb_counts *, struct err *);
/*
 * Since when the counter of a sample counts: its start timestamp, for senders that say it; 0: it is not known.  To be put before
 * the samples themselves; who brings samples without a start says so only to tenants that have some.
 */
struct tsdb_start {
	struct tsdb_ref ref;
	msec_t t, start;
};
bool tsdb_has_starts(struct tsdb *, struct str tenant);
CHECKED enum rc tsdb_put_starts(struct tsdb *, const struct tsdb_start *, size_t n, struct err *);
/* Everything that was appended before is durable afterwards; callers that wait at the same time share one fsync. */
CHECKED enum rc tsdb_sync(struct tsdb *, struct err *);
/* What is due: sync, block, retention. */
CHECKED enum rc tsdb_tick(struct tsdb *, struct err *);
/* Writes the head to a block now. */
CHECKED enum rc tsdb_flush(struct tsdb *, struct err *);

/* ---- by hand: each may take long, and one waits for the other ---- */

/*
 * Deletes what there is of the series that match, within the range; what comes later stays.  It is durable, and no longer
 * read, when this returns, and leaves the disk with tsdb_clean, or within hours.  RC_REFUSED: too many wait for that.
 */
CHECKED enum rc tsdb_delete(struct tsdb *, const struct tsdb_select *, struct err *);
CHECKED enum rc tsdb_clean(struct tsdb *, struct err *);
/* Writes the head to a block, merges the blocks of each day into one, and cleans. */
CHECKED enum rc tsdb_compact(struct tsdb *, struct err *);
/*
 * The store as it is now, in a folder of its own on the same file system, which appears when it is whole: blocks as
 * further links, and a copy of the log.  Without the head: what is in blocks.
 */
CHECKED enum rc tsdb_snapshot(struct tsdb *, const char *to, bool head, struct err *);

/* ---- reading ---- */

/* Samples that are not stored yet, to be seen behind those that are.  Their bytes stay as long as the cursor. */
struct tsdb_pending {
	const struct tsdb_sample *samples;
	size_t n_samples;
	const struct tsdb_histogram *histograms;
	size_t n_histograms;
};

struct tsdb_select {
	struct strs tenants;             /* several: the label __tenant_id__ is added */
	const struct matchers *matchers; /* NULL: all */
	msec_t min, max;                 /* both included */
	size_t series_limit;             /* 0: none */
	bool times_only;                 /* values are of no interest, unless they are not finite */
	bool last_only;                  /* nor are samples before each series' last one within the range; they may come */
	bool starts;                     /* their start timestamps are wanted */
	/* windows (tier.h) instead of samples: see tsdb_view.windows */
	msec_t window;                   /* whole windows of this width will do within the range, of tier_widths; 0: samples, please */
	bool rest;                       /* windows of any width will do where the samples are past their retention */
	unsigned columns;                /* of the windows, TIER_HAS() each; their places come in any case */
	const struct tsdb_pending *pending; /* of a cursor; NULL: none */
};

/* One series of a selection; valid until the next tsdb_cursor_next. */
struct tsdb_view {
	struct labels labels;
	const msec_t *t; /* ascending, no two alike */
	const double *v; /* NULL is possible where only times were asked for, and when n is 0: then all are finite */
	size_t n; /* 0 is possible */
	size_t line;   /* views of one cursor with the same number have the same times; 0: it is not known */
	bool finite;   /* all values are finite numbers, so none marks an end */
	/*
	 * What lies in these windows is not among the samples.  Those that touch the range come, in the order of time; the last of two
	 * with the same end is no part of the first.
	 */
	const struct tier_list *windows; /* NULL: none */
	size_t n_alone; /* the first of them: samples have gone there */
	/* native histograms beside them, ascending too */
	const msec_t *histogram_t;
	const struct str *histograms; /* canonical bytes */
	size_t n_histograms;
	/* since when each counts, 0: that is not known; NULL: it is known of none, or nobody asked */
	const msec_t *starts, *histogram_starts;
};

struct tsdb_cursor;

/* The series that match and may have samples in the range, sorted by labels.  RC_REFUSED: more than the limit. */
CHECKED enum rc tsdb_cursor_create(struct tsdb *, const struct tsdb_select *, struct tsdb_cursor **, struct err *);
void tsdb_cursor_destroy(struct tsdb_cursor **);
size_t tsdb_cursor_count(const struct tsdb_cursor *);
bool tsdb_cursor_next(struct tsdb_cursor *, struct tsdb_view *);       /* decodes the samples */
/* The labels of what comes next; and which columns of windows are wanted from there on. */
bool tsdb_cursor_peek(const struct tsdb_cursor *, struct labels *);
void tsdb_cursor_want(struct tsdb_cursor *, unsigned columns);
bool tsdb_cursor_next_labels(struct tsdb_cursor *, struct labels *);   /* does not */

/* The newest number of a series, which is no end and not older than `since`; false: there is none. */
bool tsdb_last(struct tsdb *, struct tsdb_ref, msec_t since, msec_t *t, double *v);

/* Sorted, unique; in `a`.  `limit` 0: none. */
CHECKED enum rc tsdb_label_names(struct tsdb *, const struct tsdb_select *, size_t limit, struct arena *a,
    struct strs *, struct err *);
CHECKED enum rc tsdb_label_values(struct tsdb *, const struct tsdb_select *, struct str name, size_t limit,
    struct arena *a, struct strs *, struct err *);

/*
 * Who keeps an answer notes the moment before asking.  Later: the oldest time of any sample that was written since, or INT64_MIN
 * when anything may be different (something was deleted, blocks have gone); INT64_MAX: the answer holds as it is.
 */
struct tsdb_moment {
	uint64_t written, blocks;
};
struct tsdb_moment tsdb_moment(struct tsdb *);
msec_t tsdb_written_since(struct tsdb *, struct tsdb_moment);

/* ---- beside the samples ---- */

/* What a metric is.  More than 50,000 names of one tenant, and texts over 4 KiB, are passed over. */
struct tsdb_metadata {
	struct str metric, type, help, unit;
};
CHECKED enum rc tsdb_metadata_put(struct tsdb *, struct str tenant, const struct tsdb_metadata *, size_t n, struct err *);
void tsdb_metadata_each(struct tsdb *, struct str tenant, void (*fn)(void *arg, const struct tsdb_metadata *), void *arg);

/* The newest 20,000 of all are kept. */
struct tsdb_exemplar {
	struct tsdb_ref ref;
	msec_t t;
	double v;
	struct labels labels;
};
CHECKED enum rc tsdb_exemplars_put(struct tsdb *, const struct tsdb_exemplar *, size_t n, struct err *);
/* Those of the series that match, with the series' labels, ascending by time for each.  Not to call the store from fn. */
void tsdb_exemplars_each(struct tsdb *, const struct tsdb_select *,
    void (*fn)(void *arg, struct labels, const struct tsdb_exemplar *), void *arg);

/* ---- watching ---- */

struct tsdb_watch;
/*
 * Calls fn(arg) after a batch that stored samples of a matching series, once for the batch and after its samples can be
 * read.  The call comes on the appending thread and must be short: post a message.
 */
struct tsdb_watch *tsdb_watch_create(struct tsdb *, struct str tenant, const struct matchers *, void (*fn)(void *arg),
    void *arg);
/* No call comes any more when this returns; not from within a call. */
void tsdb_watch_destroy(struct tsdb *, struct tsdb_watch **);

/* ---- the log, for who reads it on (log_reader.h) ---- */

struct tsdb_position {
	uint64_t segment, bytes;
};
/* The end of what is written. */
struct tsdb_position tsdb_log_end(struct tsdb *);
/* Segments from this one on stay although blocks have them; 0: none. */
void tsdb_log_hold(struct tsdb *, uint64_t segment);

/* ---- state ---- */

struct tsdb_state {
	size_t tenants, series, blocks, tiers, damaged, deletions;
	uint64_t head_samples, log_bytes, block_bytes, tier_bytes;
	msec_t newest; /* of all samples; INT64_MIN when there are none */
};
void tsdb_state(struct tsdb *, struct tsdb_state *);

#endif
