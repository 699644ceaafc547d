/*
 * selection.h — which series match, in the order of their labels; and the answers to questions that come again.
 *
 * IDEA   A dashboard and a rule ask the same matchers again and again, while series come and go seldom.  What matched, sorted and
 *        with its labels, is kept until a series of the tenant comes or goes, or others need the room.
 *
 * A selection is shared, and immutable once made.  All with the store's lock held, but selection_unref.
 */
#ifndef TSDB_SELECTION_H
#define TSDB_SELECTION_H

#include "tsdb/store.h"

struct found {
	const struct series *series;
	struct labels labels; /* in the selection's memory */
};
struct selection {
	unsigned refs;
	struct found *p;
	size_t n;
	struct buf labels;
	/* what it answers; text.n 0: it is not kept */
	struct str text;
	uint64_t hash, generation;
	size_t bytes;
	uint64_t used; /* when, by a count of uses */
};

struct selections;
struct selections *selections_create(void);
void selections_destroy(struct selections **);

/* Series of one tenant that match; those without samples in min..max may be there or not.  `all`: they are there. */
struct selection *selection_of(struct tsdb *, struct tenant *, const struct matchers *, msec_t min, msec_t max, bool all);
void selection_unref(struct selection *); /* any time */

#endif
