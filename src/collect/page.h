/*
 * page.h — one scraped page into the store: labels, limits, staleness.
 *
 * IDEA   A target remembers each line's name and labels exactly as the page has them, with the reference of the series
 *        that they became.  A line that was seen before costs a comparison and one append.
 * [P1]   A page is stored as a whole or not at all; when it is not, every series of the target ends (stale).
 * [P2]   A series that was on the last page and is not on this one ends, unless it carries times of its own and the job does not
 *        track those (track_timestamps_staleness).
 * [P3]   Its new series begin together and last, when all of it was read: a page that is refused leaves none behind.
 * [P4]   Lines mostly stand where they stood on the last page: such a line is recognised by comparing its text, and only its
 *        number is read.
 *
 * One target at a time; any thread.
 */
#ifndef COLLECT_PAGE_H
#define COLLECT_PAGE_H

#include "collect/target.h"
#include "tsdb/tsdb.h"
#include "wire/expo.h"

struct page_memory; /* what is remembered between scrapes of a target */

struct page_memory *page_memory_create(void);
void page_memory_destroy(struct page_memory **);

/* Did its last good page describe this family (TYPE, HELP, UNIT)?  Any thread. */
bool page_has_family(struct page_memory *, struct str name);

struct page_rules {
	const struct conf_scrape *job;
	const struct relabel *metric_rules;
};
struct page_counts {
	size_t scraped, kept, added;
};

/* up, scrape_duration_seconds and the others: one sample each, with the target's labels. */
struct page_report {
	bool up;
	double seconds;
	struct page_counts counts;
	const struct conf_scrape *limits; /* its limits are told, too (extra_scrape_metrics), and: NULL: they are not */
	double bytes; /* of the body, unpacked; -1: too many */
};

struct page_body {
	struct str text;
	enum expo_format format;
	const struct str *natives; /* the native histograms that it refers to, as canonical bytes */
	size_t n_natives;
	const struct page_report *report; /* stored along with a good page, with its counts; NULL: it is not */
};
/* Stores the page as of `now`; on an error nothing of it is stored and all series of the target end. */
CHECKED enum rc page_store(struct page_memory *, struct tsdb *, const struct target *, const struct page_rules *, const struct page_body *, msec_t now,
    struct page_counts *, struct err *);
/* The target did not answer: all its series end. */
void page_end(struct page_memory *, struct tsdb *, msec_t now);
/* The target is gone: what we said of it ends, too. */
void page_leave(struct page_memory *, struct tsdb *, msec_t now);

void page_report_store(struct page_memory *, struct tsdb *, const struct target *, const struct page_report *, msec_t now);

#endif
