/*
 * pending.h — samples that one reader sees although they are not stored yet (tsdb_select.pending).
 *
 * They stand behind what is stored of their series.  With the store's lock held.
 */
#ifndef TSDB_PENDING_H
#define TSDB_PENDING_H

#include "tsdb/store.h"

struct pending;

/* NULL: there are none. */
struct pending *pending_create(const struct tsdb_pending *, msec_t min, msec_t max);
void pending_destroy(struct pending **);
bool pending_has(const struct pending *, const struct series *);
/* Adds the series' own to what was read of it; good until the next call. */
void pending_add_samples(struct pending *, const struct series *, struct tsdb_view *);
void pending_add_histograms(struct pending *, const struct series *, struct blobs *);

#endif
