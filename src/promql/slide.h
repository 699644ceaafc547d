/*
 * slide.h — a function over all the windows of one series at once; inside promql/ only.
 *
 * IDEA   Where a window begins and ends is a matter of the times alone, and hundreds of series have the same times
 *        (tsdb_view.line).  What follows from them is found once for all of those: the windows' bounds, and how far rate stretches
 *        what it sees.  What is left to do for a series and a step is one subtraction and one product, or what is carried from one
 *        window to the next.
 * [S1]   The outcome is that of window.c, to the last bit.  A slide that cannot promise that for a series says so, and the windows
 *        are looked at one by one.
 */
#ifndef PROMQL_SLIDE_H
#define PROMQL_SLIDE_H

#include "promql/select.h"

/* Some of the steps: `n`, and exactly from..to - 1 when these are in one piece; else from == to. */
struct extent {
	size_t n;
	uint32_t from, to;
};

/* The windows of a list of times, one for each step. */
struct panes {
	size_t line;
	uint32_t *low, *high; /* the samples low..high - 1 */
	uint32_t *from, *to;  /* the first and the last of them, and 0 and 0 where there are no two */
	uint8_t *one, *two;   /* are there one, two samples? */
	struct extent with_one, with_two;
	uint32_t first, end;  /* all samples of all windows */
	uint64_t seen;        /* samples of each window, all together */
	/* of rate and its kin, where there are two */
	double *factor, *sampled, *before, *behind;
	size_t bytes;
};

/* The windows of the lists that were met in one walk over a selector; `at` by the numbers of the lines. */
struct slides {
	struct panes **at;
	size_t n, bytes;
	struct panes *own; /* of a list that has no number */
};
void slides_fini(struct slides *);
/* Good until the next call. */
const struct panes *slides_panes(struct slides *, const struct eval *, const struct over *, const struct tsdb_view *);

struct stretch {
	const struct eval *ev;
	const struct over *over;
	const struct panes *panes;
	const struct tsdb_view *view; /* all values are finite */
};
struct slide {
	bool (*fn)(const struct window *, double *); /* what it stands for */
	/* Where there is a value, both are set; elsewhere `v` is not to be looked at.  False: one by one, please. */
	bool (*run)(const struct stretch *, double *v, uint8_t *has);
	bool two;    /* a window needs two samples */
	bool counts; /* the values are of no interest */
};
/* NULL: there is none. */
const struct slide *slide_of(bool (*fn)(const struct window *, double *));
bool slide_last(const struct stretch *, double *v, uint8_t *has);

#endif
