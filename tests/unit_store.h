/*
 * unit_store.h — a store of samples for a unit test: in a folder of its own, on a scripted clock.
 *
 *     struct unit_store s;
 *     unit_store_init(&s, HOUR);              s.db, s.options, s.clock, s.arena
 *     unit_store_put(&s, "acme", "up", t, 1);
 *     unit_store_fini(&s);
 */
#ifndef TESTS_UNIT_STORE_H
#define TESTS_UNIT_STORE_H

#include "base/arena.h"
#include "tsdb/tsdb.h"

struct unit_store {
	char dir[64];
	struct clock *clock;
	struct tsdb_options options; /* synced every 200 ms; changes hold from the next reopening on */
	struct tsdb *db;
	struct arena *arena;
};

void unit_store_init(struct unit_store *, msec_t now);
void unit_store_reopen(struct unit_store *);
void unit_store_fini(struct unit_store *);
/* The reference of what the selector's equal matchers say: `up{job="api"}`. */
struct tsdb_ref unit_store_series(struct unit_store *, const char *tenant, const char *selector);
/* One sample, which must be stored. */
void unit_store_put(struct unit_store *, const char *tenant, const char *selector, msec_t t, double v);

#endif
