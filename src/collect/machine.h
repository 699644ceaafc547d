/*
 * machine.h — this machine watched from within: its own figures and ours, stored every 15 s as if they had been scraped.
 *
 * IDEA   Each source appends lines of the text format, and the page is stored by who stores scraped ones: new series,
 *        series that end and limits are one matter.  A thread of its own reads, since /proc and a disk may take their
 *        time; the store takes samples from any thread.
 *
 *     job="node", instance=<host name>       as node_exporter names them
 *     job="tocsin", instance=<host name>     what `own` appends
 */
#ifndef COLLECT_MACHINE_H
#define COLLECT_MACHINE_H

#include "tsdb/tsdb.h"

enum { MACHINE_EVERY = 15 * 1000 };

struct machine;

/* `own` is called on the machine's thread. */
struct machine_house {
	struct tsdb *tsdb;
	const char *root; /* ""; in tests a folder that looks like one */
	void (*own)(void *arg, struct buf *);
	void *arg;
};
struct machine *machine_create(const struct machine_house *);
void machine_destroy(struct machine **);
void machine_start(struct machine *); /* its thread begins */
/* One pass at `now`, without a thread: tests. */
void machine_pass(struct machine *, msec_t now);
/* What systemctl printed of failed units; any thread. */
void machine_units(struct machine *, struct str text);
bool machine_has_systemd(const struct machine *);
/* One page of all sources. */
void machine_page(struct machine *, msec_t now, struct buf *);

#endif
