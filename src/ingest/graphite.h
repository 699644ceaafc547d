/*
 * graphite.h — lines of Graphite (wire/graphite.h) into the store of samples.
 *
 * IDEA   A template gives the parts of a dotted name their places, as Telegraf's do: "servers.* .host.measurement*" makes
 *        load_1m{host="db1"} of servers.db1.load.1m.  The first whose filter fits is used; the filter may be missing.  In it
 *        * stands for one part; in the template an empty part is left out, `measurement` is a part of the metric's name,
 *        with * it and all that follow, anything else a label.  Without a template a name stays as it was sent.
 *
 * One thread at a time.
 */
#ifndef INGEST_GRAPHITE_H
#define INGEST_GRAPHITE_H

#include "ingest/pushed.h"

CHECKED enum rc graphite_template_check(struct str, struct err *);

struct graphite_sink {
	struct tsdb *tsdb;
	struct str tenant;
	struct strs templates;
	size_t lines, bad; /* so far */
};

/* Whole lines; what is wrong with the first bad one comes back as RC_INVALID, the others are stored. */
CHECKED enum rc graphite_take(struct graphite_sink *, struct str lines, msec_t now, struct err *);

#endif
