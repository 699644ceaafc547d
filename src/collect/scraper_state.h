/*
 * scraper_state.h — what the scraper knows of its jobs and targets; inside collect/ only.
 */
#ifndef COLLECT_SCRAPER_STATE_H
#define COLLECT_SCRAPER_STATE_H

#include <pthread.h>

#include "collect/page.h"
#include "collect/scraper.h"

struct job {
	const struct conf_scrape *conf;
	struct relabel *rules, *metric_rules;
	msec_t refresh; /* of its files; 0: it has none */
	size_t dropped; /* targets, by relabelling, when they were looked for last */
};

struct scraped {
	struct scraper *scraper;
	struct job *job;
	struct target target; /* texts in `arena` */
	struct arena *arena;
	uint64_t hash; /* of its key: the moment of its scrapes, and who it is */
	struct page_memory *memory;
	struct loop_timer timer;
	struct http_call *call;
	msec_t due, last;
	double seconds;
	bool up, known; /* known: it was scraped at least once */
	char trouble[300];
	bool kept; /* by the configuration that is being taken */
};

struct scraper {
	struct loop *loop;
	struct http_door *http;
	struct tsdb *db;
	struct conf *conf;
	VEC(struct job *) jobs;
	struct map *targets; /* tenant, labels, URL -> struct scraped */
	struct loop_timer refresh;
	pthread_mutex_t lock; /* over what the views read */
};

enum { SCRAPER_TOGETHER = 100, SCRAPER_MOMENTS = 20 }; /* ms between moments; of which an interval has at least so many */
/* When within its interval a target is asked. */
msec_t scraper_moment(uint64_t hash, msec_t interval);

#endif
