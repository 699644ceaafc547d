/*
 * select.h — where selectors look, and what is done with the ranges they find; inside promql/ only.
 */
#ifndef PROMQL_SELECT_H
#define PROMQL_SELECT_H

#include "promql/eval.h"

/* Where a selector looks at each step. */
struct gaze {
	bool fixed; /* by @ */
	msec_t at, offset;
};

static inline msec_t
gaze_at(const struct eval *ev, const struct gaze *g, size_t i)
{
	return (g->fixed ? g->at : eval_time(ev, i)) - g->offset;
}

static inline msec_t
lookback_of(const struct eval *ev)
{
	return ev->run->ask->lookback ? ev->run->ask->lookback : 5 * MINUTE;
}

/* A row that is handed over at once may look at the cursor's own labels. */
static inline struct labels
row_labels(const struct eval *ev, const struct rows *out, struct labels ls)
{
	return out->take ? ls : labels_copy(ls, ev->run->arena);
}

/* What is done with each series of a range. */
struct over {
	const struct node *call;
	bool (*fn)(const struct window *, double *); /* NULL: only presence is asked for */
	double *params[2];
	struct rows *out;
	uint8_t *present;
	msec_t range;
	struct gaze gaze;
	bool anchored, smoothed;
	bool counter; /* resets matter */
	bool starts;  /* and since when samples count */
	bool rates, per_second; /* it is rate or one of its kin */
	msec_t before, behind; /* how far they make the window reach beyond the range */
	const struct slide *slide; /* all windows at once; NULL: one by one */
	struct slides *slides;
};

/* Ranges do not see the marks of staleness: where there are any, the view shows the others, copied to `room`. */
struct stripped {
	msec_t *t, *starts;
	double *v;
	size_t cap;
};
void strip_stale(struct tsdb_view *, struct stripped *room);
void stripped_fini(struct stripped *);
/* count.c: what steps look at, when that is asked for. */
void count_instants(const struct eval *, const struct gaze *, const struct tsdb_view *);
void count_windows(const struct eval *, const struct over *, const struct tsdb_view *);
void count_raw(const struct eval *, const struct tsdb_view *);
void count_row(const struct eval *, const struct over *, const struct eval *inner, const struct row *); /* of a subquery */
/* smoothed.c: fails for a function that does not know of anchored or smoothed ranges. */
bool reach_fits(const struct eval *, const struct node *call, const struct node *matrix);
/* smoothed.c: at each step the value on the line between the samples around it. */
bool smoothed_row(const struct eval *, const struct node *, const struct gaze *, const struct tsdb_view *, struct rows *out);

#endif
