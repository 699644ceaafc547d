/*
 * influx.h — lines of points (wire/lineproto.h) into the store of samples.
 *
 * IDEA   A field is a series: `cpu,host=a user=1,idle=2i` becomes cpu_user{host="a"} and cpu_idle{host="a"}.  Names stay as
 *        they were sent, also with dots and dashes in them: two that differ never become one.  Booleans are 1 and 0, texts
 *        are left out.  Any thread.
 */
#ifndef INGEST_INFLUX_H
#define INGEST_INFLUX_H

#include "ingest/pushed.h"

struct influx_options {
	int64_t per_ms, ms_per; /* the unit of times: so many of them in a millisecond, or so many milliseconds each */
	struct str db;          /* becomes the label `db` of points that have no such tag; empty: none */
	msec_t now;             /* of points without a time */
};

/* ns, n, us, u, ms, s, m, h; empty: ns.  False: no such unit. */
bool influx_precision(struct str, struct influx_options *);

struct influx_counts {
	size_t lines, bad_lines, texts;
	struct pushed_counts pushed;
};

/* RC_INVALID, RC_REFUSED: some of it was refused (the text says which line first); the rest is stored. */
CHECKED enum rc influx_write(struct tsdb *, struct str tenant, struct str text, const struct influx_options *, struct influx_counts *, struct err *);

#endif
