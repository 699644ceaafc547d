/*
 * scraper.h — asks every target for its page, each at its own moment of the interval, and stores what it says.
 *
 * Lives on one loop; the JSON of its state (scraper_view.c) may be asked for from any thread.
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

/* Which targets are asked about. */
struct scraper_ask {
	bool (*sees)(void *arg, struct str customer);
	void *arg;
	struct str pool;                 /* of this job; empty: of all */
	bool no_active, no_dropped;
	struct str metric;               /* of metadata: this one; empty: all */
	const struct matchers *matchers; /* of metadata: whose targets' labels match; NULL: all */
	size_t limit;                    /* of metadata: no further target once there are so many */
};
/* The `data` of /api/v1/targets. */
void scraper_json(struct scraper *, const struct scraper_ask *, struct buf *);
/* The `data` of /api/v1/targets/metadata: what a target's last page named, as it is known of the customer's metrics. */
void scraper_metadata_json(struct scraper *, const struct scraper_ask *, struct buf *);
size_t scraper_targets(const struct scraper *);

#endif
