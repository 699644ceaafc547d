/*
 * eval.h — running an expression; inside promql/ only.
 *
 * IDEA   Each node is evaluated once for all steps: its value is a list of rows, a row holds one series'
 *        values side by side, a step each.  A selector is read series by series straight into its row (or
 *        through a window function into its row), so raw samples of one series at a time are in memory and
 *        nothing is selected twice.
 *
 * Rows and labels live in the run's arena.  A function returns false when the run has failed (run->rc,
 * run->err).
 */
#ifndef PROMQL_EVAL_H
#define PROMQL_EVAL_H

#include "base/kahan.h"
#include "promql/ast.h"
#include "promql/native.h"
#include "tsdb/tsdb.h"

struct row {
	struct labels labels;
	bool drop_name; /* the name goes when the result is made, so that label_replace can still use it */
	double *v;
	uint8_t *has;
	uint32_t from, to; /* exactly these steps have numbers, when from < to; good only while the row is handed over */
	const struct native **h; /* where a step has a native histogram instead of a number; NULL: nowhere */
};
struct rows {
	struct row *p;
	size_t n, cap;
	/* With a taker nothing is kept: a row is handed over when it is complete, and its memory used again. */
	void (*take)(void *arg, const struct row *);
	void *take_arg;
	bool counted; /* the taker looks at `has` only */
	struct row scratch;
	const struct native **spare; /* the scratch row's own */
};
/* One value of a step. */
struct sample {
	const struct native *h; /* NULL: a number */
	double v;
};
struct value {
	enum promql_type type;
	struct rows rows;  /* of a vector */
	double *scalar;    /* of a scalar: one for each step */
	struct str string;
};

struct notes {
	struct str *p;
	size_t n, cap;
};
struct run {
	const struct promql *q;
	const struct promql_ask *ask;
	struct arena *arena;
	size_t samples, samples_limit; /* held */
	size_t read; /* from the store, windows too */
	size_t windows[TIERS];
	uint64_t *steps; /* looked at by each step of the query; NULL: nobody asks */
	size_t n_steps;
	size_t *paid; /* the result's */
	unsigned looks; /* how often it was asked whether to go on */
	struct notes warnings, infos;
	struct twin *twins; /* by the numbers of the parts that stand more than once; NULL: none was met */
	bool failed;
	struct err *err;
};

/* A grid of times; a subquery has one of its own. */
struct eval {
	struct run *run;
	msec_t start, step;
	size_t n;
	msec_t from, to; /* of the whole query: start() and end() */
	bool inner;      /* of a subquery */
	enum { RESETS_UNTOLD, RESETS_TOLD, RESETS_NEVER } told; /* do native histograms say where they began anew? */
};

static inline msec_t
eval_time(const struct eval *ev, size_t i)
{
	return ev->start + (msec_t)i * ev->step;
}

bool eval_node(const struct eval *, const struct node *, struct value *out);
/* steady.c: is its value the same at every step? */
bool node_is_steady(const struct node *);
bool eval_scalar(const struct eval *, const struct node *, double **out);
bool eval_string(const struct eval *, const struct node *, struct str *out);
/* A fresh row without values; NULL when the run has failed. */
struct row *eval_row(const struct eval *, struct rows *, struct labels, bool drop_name);
/* The row that was given last is not wanted. */
void eval_row_undo(struct rows *);
/* A native histogram at a step; it is the row's from now on. */
bool row_put(const struct eval *, struct rows *, struct row *, size_t step, const struct native *);
static inline struct sample
row_get(const struct row *row, size_t step)
{
	return (struct sample){row->h ? row->h[step] : NULL, row->v[step]};
}
/* Rows of the same labels become one; fails where two have a value at a step. */
bool eval_merge_same(const struct eval *, struct rows *);
/* The row is complete. */
static inline void
eval_row_done(struct rows *rows, const struct row *row)
{
	if (row && rows->take)
		rows->take(rows->take_arg, row);
}
bool eval_fail(const struct eval *, enum rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void eval_note(const struct eval *, bool warning, const struct node *where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
bool eval_too_many(const struct eval *); /* fails */
bool eval_hold(const struct eval *, size_t samples); /* they are in memory from now on; false: too many */
bool eval_go_on(const struct eval *);    /* not cancelled, and in time */
double *eval_steps(const struct eval *); /* one number for each step */

/* ---- selector.c ---- */

/* The samples of one series within one range. */
struct window {
	const struct node *call; /* for notes */
	const struct eval *ev;
	struct labels labels;
	const msec_t *t;
	const double *v;
	size_t n;
	msec_t start, end; /* the range is open at its start */
	msec_t at;         /* the time of the step */
	double param[2];   /* the call's scalars at this step */
	bool steady;       /* a counter that was not reset within */
	bool *noted;       /* what is to be said of this series was said; NULL: nobody keeps count */
	bool anchored, smoothed; /* the samples reach beyond the range, by the look-back: see bounded() */
	const msec_t *ht;        /* native histograms beside the numbers */
	const struct native *const *h;
	size_t nh;
	const msec_t *starts, *hstarts; /* since when the samples count; NULL: that is not known, or makes no difference */
	struct arena *scratch;   /* for what is computed on the way, and its outcome; with histograms only */
};

/* The series of a selector that have samples within the range; no @ or offset is looked at. */
struct reach {
	msec_t min, max;
	bool times_only, last_only, starts; /* as in tsdb_select */
	msec_t window;                      /* of windows, as there */
	bool rest;
	unsigned columns;
};
bool eval_cursor(const struct eval *, const struct node *, struct reach, struct tsdb_cursor **out);
/* The times of a subquery: the multiples of its step within (after, last]. */
bool eval_grid(const struct eval *, const struct node *, msec_t after, msec_t last, struct eval *inner);
bool eval_selector(const struct eval *, const struct node *, struct rows *out);
/* Instead of the value of each sample that a selector finds: its time in seconds, or since when it counts (0: not known). */
enum facet { FACET_VALUE, FACET_TIME, FACET_START };
bool eval_selector_facet(const struct eval *, const struct node *, enum facet, struct rows *out);
bool eval_windows(const struct eval *, const struct node *call, struct rows *out);
/* Is there a sample in the window of any series? */
bool eval_any_present(const struct eval *, const struct node *matrix, uint8_t *present);
bool eval_duration(const struct eval *, const struct node *, msec_t *out); /* NULL: 0 */
bool eval_positive(const struct eval *, const struct node *, msec_t *out);

/* ---- functions ---- */

struct call {
	const struct eval *ev;
	const struct node *n;
	struct value *out;
};

bool run_absent(struct call *);
bool run_absent_over_time(struct call *);
bool run_clamp(struct call *);
bool run_clamp_max(struct call *);
bool run_clamp_min(struct call *);
bool run_histogram_quantile(struct call *);
bool run_histogram_fraction(struct call *);
bool run_histogram_number(struct call *);
bool run_histogram_quantiles(struct call *);
bool run_info(struct call *);
bool run_label_join(struct call *);
bool run_label_replace(struct call *);
bool run_max_of(struct call *);
bool run_min_of(struct call *);
bool run_pi(struct call *);
bool run_range(struct call *);
bool run_round(struct call *);
bool run_scalar(struct call *);
bool run_sort(struct call *);
bool run_sort_by_label(struct call *);
bool run_start(struct call *);
bool run_start_timestamp(struct call *);
bool run_end(struct call *);
bool run_step(struct call *);
bool run_time(struct call *);
bool run_timestamp(struct call *);
bool run_vector(struct call *);

bool over_avg(const struct window *, double *);
bool over_changes(const struct window *, double *);
bool over_count(const struct window *, double *);
bool over_delta(const struct window *, double *);
bool over_deriv(const struct window *, double *);
bool over_first(const struct window *, double *);
bool over_idelta(const struct window *, double *);
bool over_increase(const struct window *, double *);
bool over_irate(const struct window *, double *);
bool over_last(const struct window *, double *);
bool over_mad(const struct window *, double *);
bool over_max(const struct window *, double *);
bool over_min(const struct window *, double *);
bool over_predict(const struct window *, double *);
bool over_present(const struct window *, double *);
bool over_quantile(const struct window *, double *);
bool over_rate(const struct window *, double *);
bool over_resets(const struct window *, double *);
bool over_smoothing(const struct window *, double *);
bool over_stddev(const struct window *, double *);
bool over_stdvar(const struct window *, double *);
bool over_sum(const struct window *, double *);
bool over_ts_of_first(const struct window *, double *);
bool over_ts_of_last(const struct window *, double *);
bool over_ts_of_max(const struct window *, double *);
bool over_ts_of_min(const struct window *, double *);

/* What rate and its kin know of the samples in a window, numbers or histograms. */
struct gained {
	msec_t first, last;
	size_t n;
	double at_first, gain; /* what was counted at the first sample, and since */
	bool counter;
	msec_t start; /* since when the first sample counts, where that is within the range; else first */
};
/* How much longer the range is than what the samples have seen, as far as that may be guessed. */
double window_stretch(const struct window *, const struct gained *);
/* By its name; an empty name is none. */
bool looks_like_counter(struct str name);
/* Says of a counter that its name does not look like one; w->noted: it was said. */
void note_counter(const struct window *);
/* A warning, where it is not between 0 and 1. */
void note_quantile(const struct eval *, const struct node *where, double phi);
double quantile_of(double phi, double *sorted_here, size_t n); /* sorts */

/* ---- the rest ---- */

/* What an aggregation's group is called. */
struct labels eval_group_labels(const struct eval *, const struct node *, struct labels);
bool eval_aggregate(const struct eval *, const struct node *, struct rows *out);
/* pour.c: an aggregation that folds its rows as they come.  *done false: it must be done the other way. */
bool eval_can_pour(const struct node *);
bool eval_pour(const struct eval *, const struct node *, struct rows *out, bool *done);
bool eval_binary(const struct eval *, const struct node *, struct value *out);
double op_apply(enum op, double l, double r); /* arithmetic; comparisons give 1 or 0 */

struct mean {
	struct kahan sum; /* or the mean, when it is running */
	double n;
	bool running;
};
void mean_add(struct mean *, double);
double mean_of(const struct mean *);

#endif
