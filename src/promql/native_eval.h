/*
 * native_eval.h — what the evaluation does where native histograms are involved; inside promql/ only.
 *
 * IDEA   Numbers have paths of their own, which know nothing of all this.  A row without histograms has h == NULL and
 *        never comes here.
 */
#ifndef PROMQL_NATIVE_EVAL_H
#define PROMQL_NATIVE_EVAL_H

#include "promql/eval.h"

/* ---- native_series.c: from the store ---- */

/* The histograms of one series, decoded when they are asked for. */
struct native_series {
	const msec_t *t;
	const struct str *bytes;
	const struct native **h;
	size_t n;
	struct arena *arena;
	bool told; /* where they began anew */
};
/* Its histograms live in the arena. */
struct native_series native_series_of(const struct eval *, const struct tsdb_view *, struct arena *);
/* The i-th, with its hint as the one before it makes it; NULL: the store does not hold one. */
const struct native *native_series_get(struct native_series *, size_t i);

struct gaze;
struct over;
bool native_fill_row(const struct eval *, const struct gaze *, const struct tsdb_view *, enum facet, struct rows *out);
/* As over_series(), for a series that has any. */
bool native_over_series(const struct eval *, const struct over *, struct labels, bool drop, const struct tsdb_view *);
/* The same for a row that a subquery gave. */
bool native_over_row(const struct eval *, const struct over *, const struct eval *inner, const struct row *, bool drop);
/* The samples themselves, of both kinds in their order. */
bool native_raw_series(const struct eval *, const struct tsdb_view *, struct promql_series *out);

/* Leaves out the histograms. */
void native_drop(const struct eval *, struct rows *);
bool native_any(const struct rows *);

/* ---- native_window.c: over a range ---- */

bool native_avg_over_time(const struct window *, struct sample *);
bool native_changes(const struct window *, struct sample *);
bool native_count_over_time(const struct window *, struct sample *);
bool native_delta(const struct window *, struct sample *);
bool native_first_over_time(const struct window *, struct sample *);
bool native_idelta(const struct window *, struct sample *);
bool native_increase(const struct window *, struct sample *);
bool native_irate(const struct window *, struct sample *);
bool native_last_over_time(const struct window *, struct sample *);
bool native_left_out(const struct window *, struct sample *);
bool native_present_over_time(const struct window *, struct sample *);
bool native_rate(const struct window *, struct sample *);
bool native_resets(const struct window *, struct sample *);
bool native_sum_over_time(const struct window *, struct sample *);
bool native_ts_of_first(const struct window *, struct sample *);
bool native_ts_of_last(const struct window *, struct sample *);
/* native_extended.c: rate, increase and delta of what is anchored or smoothed */
bool native_extended(const struct window *, bool counter, bool per_second, struct sample *);

/* What is said of a window; the ones that give a bool give false. */
bool native_note_mixed(const struct window *);
bool native_note_schemas(const struct window *);
void native_note_not_counter(const struct window *);
void native_note_not_gauge(const struct window *);
/* False: they do not go together, and that was said. */
bool native_add_noted(const struct window *, struct native *, const struct native *);
bool native_sub_noted(const struct window *, struct native *, const struct native *);
/* On the line between two of a series; a counter that was reset between them began again at nothing. */
const struct native *native_between(const struct window *, const struct native *from, msec_t t1, const struct native *to, msec_t t2, msec_t t, bool counter);
void native_note_mix(const struct eval *, const struct node *where, const struct native_mix *, const char *operation);

/* ---- native_fold.c: sums and means ---- */

struct native_fold {
	bool mean;
	struct native *sum; /* or the mean, once a sum would overflow */
	double n;
	bool running; /* it is a mean */
	bool reset, no_reset;
	struct native_mix mix;
};
void native_fold_add(struct native_fold *, const struct native *, struct arena *);
/* What came together, compacted; not to be asked after mix.incompatible. */
struct native *native_fold_done(struct native_fold *);

/* Sum or mean of what a selector or a range gives, as it comes. */
bool native_pour(const struct eval *, const struct node *, struct rows *out);
/* An aggregation over rows of which some have histograms; *done false: as with numbers, which are left. */
bool native_aggregate(const struct eval *, const struct node *, struct rows *, struct rows *out, bool *done);

/* ---- native_binary.c ---- */

/* Of which at least one is a histogram; false: there is no outcome. */
bool native_binop(const struct eval *, const struct node *, struct sample l, struct sample r, struct sample *out);
/* Do such samples go together?  Those that do not are no match of each other. */
bool native_fits(enum op, struct sample l, struct sample r);
bool native_with_scalar(const struct eval *, const struct node *, struct row *, const double *scalar, bool scalar_left);
bool native_negate(const struct eval *, struct row *);

#endif
