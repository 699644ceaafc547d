/*
 * core_checks.h — the core's checks: what they test comes from the ledger, what they find goes to the engine.
 */
#ifndef MAIN_CORE_CHECKS_H
#define MAIN_CORE_CHECKS_H

#include "main/core_link.h"
#include "main/house.h"
#include "tsdb/tsdb.h"

struct core_checks;

/* The ledger must be there. */
CHECKED enum rc core_checks_create(struct core_checks **, struct loop *, struct house *, struct tsdb *, struct core_link *, struct err *);
void core_checks_destroy(struct core_checks **);
void core_checks_news(struct core_checks *, const struct news *);

#endif
