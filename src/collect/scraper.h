/*
 * scraper.h — asks every target for its page, each at its own moment of the interval, and stores what it says.
 *
 * Lives on one loop; the JSON of its state may be asked for from any thread.
 */
#ifndef COLLECT_SCRAPER_H
#define COLLECT_SCRAPER_H

#include "base/loop.h"
#include "conf/conf.h"
#include "net/http_client.h"
#include "tsdb/tsdb.h"

struct scraper;

struct scraper *scraper_create(struct loop *, struct http_door *, struct tsdb *);
void scraper_destroy(struct scraper **);
/* Takes the jobs of a configuration (again); targets that are in both go on as they are. */
CHECKED enum rc scraper_configure(struct scraper *, struct conf *, struct err *);
/* The `data` of /api/v1/targets; `sees` filters by customer. */
void scraper_json(struct scraper *, bool (*sees)(void *arg, struct str customer), void *arg, struct buf *);
size_t scraper_targets(const struct scraper *);

#endif
