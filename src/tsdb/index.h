/*
 * index.h — from labels to series, for one tenant: each name's values, each value's series (ids,
 * ascending).
 */
#ifndef TSDB_INDEX_H
#define TSDB_INDEX_H

#include "label/matcher.h"

struct index;

struct ids {
	uint32_t *p;
	size_t n, cap;
};

struct index *index_create(void);
void index_destroy(struct index **);
void index_add(struct index *, struct labels, uint32_t id); /* ids come ascending */
void index_remove(struct index *, struct labels, uint32_t id);
/*
 * A superset of the series that match, ascending, appended to `out`: the rarest matcher decides.  False when none of
 * the matchers narrows it: every series is a candidate.
 */
bool index_candidates(const struct index *, const struct matchers *, struct ids *out);

#endif
