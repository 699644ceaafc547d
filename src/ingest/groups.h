/*
 * groups.h — pages that jobs push before they end, kept and sampled for them: what a pushgateway is.
 *
 * IDEA   A group of labels (job="backup", instance="db1") holds what was last pushed for it.  Every page is sampled when it
 *        comes, and then as often as a target is scraped, so that its series do not end with the job.
 * [G1]   A page is in a file of its own and in the store before the push is answered: a killed process forgets none.
 * [G2]   A series that a push takes away ends at once (stale).
 * [G3]   Samples of a group go forward in time, whatever the clock does: a push is at least 1 ms behind the one before.
 *
 * Pushes come on any thread, one after the other; sampling is on the loop's.
 */
#ifndef INGEST_GROUPS_H
#define INGEST_GROUPS_H

#include "base/loop.h"
#include "ingest/group_page.h"
#include "tsdb/tsdb.h"

struct groups;

struct groups_house {
	struct loop *loop;
	struct tsdb *tsdb;
	const char *dir; /* of the files; made when it is not there */
	msec_t every;    /* how often groups are sampled */
	size_t limit;    /* the most groups of a tenant; 0: none */
};

CHECKED enum rc groups_open(struct groups **, const struct groups_house *, struct err *);
void groups_close(struct groups **);

struct groups_page {
	struct str text;
	enum expo_format format;
	bool replace; /* the whole group; else only the families that the page has */
};
/* RC_INVALID: the page is bad, nothing of it was taken.  RC_REFUSED: over a limit.  The key's labels are sorted in place. */
CHECKED enum rc groups_push(struct groups *, struct str tenant, struct pair *key, size_t n, const struct groups_page *, msec_t now, struct err *);
/* Ends all its series; RC_OK also when there is no such group. */
CHECKED enum rc groups_delete(struct groups *, struct str tenant, struct pair *key, size_t n, msec_t now, struct err *);

#endif
