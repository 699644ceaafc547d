/*
 * source.h — where this machine's own figures come from: one file per source, each appends lines of the text format.
 *
 * Names, labels and units are those of node_exporter, so that every dashboard and rule written for it works.
 * The machine's thread alone.
 */
#ifndef COLLECT_SOURCE_H
#define COLLECT_SOURCE_H

#include "base/buf.h"
#include "base/clock.h"
#include "wire/expo.h"

struct source_host {
	const char *root;   /* "" for this machine; a test's folder that looks like one */
	struct buf text;    /* of the file that is being read */
	struct str units;   /* what systemctl said last of failed units; empty: nothing */
	bool systemd;       /* it runs here */
	msec_t now;
};

struct source {
	const char *name;
	void (*read)(struct source_host *, struct buf *);
	const char *help;
};
extern const struct source *const sources[]; /* alphabetical; ended by NULL */

extern const struct source cpu_source, disk_source, filesystem_source, hwmon_source, load_source, memory_source, net_source, pressure_source,
    system_source, timex_source, units_source, vmstat_source;

/* Reads a whole small file of /proc or /sys, without its last line end; what it holds lives until the next call.  False: it is not there. */
bool source_file(struct source_host *, const char *path, struct str *out);
/* The next word of a line, separated by blanks; false at its end. */
bool source_word(struct str *line, struct str *word);
/* The next whole number; 0 when there is none. */
uint64_t source_number(struct str *line);

/* "name 12\n"; `labels` as they stand in the braces, or "". */
void source_put(struct buf *, const char *name, const char *labels, double value);
/* The same of n / 10^digits, exactly. */
void source_put_scaled(struct buf *, const char *name, const char *labels, uint64_t n, unsigned digits);

#endif
