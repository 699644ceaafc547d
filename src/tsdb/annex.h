/*
 * annex.h — what is said about metrics beside their samples: type, help and unit of each name, and exemplars.
 *
 * IDEA   Little, and replaced all the time: it lives in memory, and in the log.  A log that begins anew begins
 *        with all of it, so that it outlives the segments before.
 *
 * Names per tenant and exemplars in all have limits; of exemplars the oldest goes.  Under the store's lock.
 */
#ifndef TSDB_ANNEX_H
#define TSDB_ANNEX_H

#include "tsdb/tsdb.h"

struct annex;
struct proto;

struct annex *annex_create(void);
void annex_destroy(struct annex **);
/* Everything into the log that has just begun. */
CHECKED enum rc annex_log(struct tsdb *, struct err *);
/* Those of the series that match, within the range; gone from the log with its next segment. */
void annex_drop_exemplars(struct tsdb *, const struct tsdb_select *);
/* Records of the log: 'M' and 'X'. */
bool annex_replay_metadata(struct tsdb *, struct proto *);
bool annex_replay_exemplars(struct tsdb *, struct proto *);

#endif
