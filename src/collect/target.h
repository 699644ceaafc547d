/*
 * target.h — what is scraped: from a job's discovery and relabelling to labels and a URL.
 *
 * Pure but for the files of file_sd_configs.
 */
#ifndef COLLECT_TARGET_H
#define COLLECT_TARGET_H

#include "conf/conf.h"
#include "label/labels.h"
#include "label/relabel.h"

struct target {
	struct str tenant, job;
	struct str url;
	struct labels labels;     /* what every sample gets */
	struct labels discovered; /* before relabelling, for views */
	msec_t interval, timeout;
};
struct target_list {
	VEC(struct target) targets; /* texts in the arena; sorted by tenant, labels, URL; no two alike */
	size_t dropped;
};

/* A job's rules, compiled once. */
CHECKED enum rc target_rules(const struct conf_relabel *, size_t n, struct relabel **, struct err *);
/* All targets of a job now.  A file that cannot be read is an error in `e` and leaves its targets out. */
CHECKED enum rc target_discover(const struct conf_scrape *, const struct relabel *, struct arena *, struct target_list *, struct err *);

#endif
