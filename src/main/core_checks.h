/*
 * core_checks.h — the core's checks: what they test comes from the ledger, what they find goes to the engine.
 */
#ifndef MAIN_CORE_CHECKS_H
#define MAIN_CORE_CHECKS_H

#include "check/probe.h"
#include "check/schedule.h"
#include "main/core_link.h"
#include "tsdb/tsdb.h"

struct core_checks;

/* The ledger must be there; its URL and the doors are borrowed. */
CHECKED enum rc core_checks_create(struct core_checks **, struct loop *, struct str ledger_url, struct tsdb *, const struct probe_doors *,
    const struct engine_door *, struct err *);
void core_checks_destroy(struct core_checks **);
/* Any thread. */
void core_checks_each(struct core_checks *, check_view_fn *, void *arg);
void core_checks_news(struct core_checks *, const struct news *);

#endif
