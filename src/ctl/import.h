/*
 * import.h — samples of others into a store at rest.
 *
 * IDEA   What comes in may be of any age and in any order of time, so the store is opened without its window and its
 *        retention, by us alone.  What is there already is passed over, so an import that was stopped is simply repeated.
 */
#ifndef CTL_IMPORT_H
#define CTL_IMPORT_H

#include "base/arena.h"
#include "tsdb/tsdb.h"

struct import {
	struct tsdb *db;
	struct str tenant;
	struct tsdb_counts counts;
	size_t series, blocks, pages, unknown; /* unknown: chunks that were passed over */
	msec_t min, max;
	VEC(struct tsdb_sample) batch;
	struct buf labels;
	struct {
		struct buf family, type, help, unit;
	} metadata; /* of the family that the page speaks of */
};

void import_init(struct import *, struct tsdb *, struct str tenant);
void import_fini(struct import *);
/* A page of OpenMetrics or Prometheus's text format whose samples have times; a block of a Prometheus; a folder of blocks. */
CHECKED enum rc import_path(struct import *, const char *path, struct err *);

#endif
