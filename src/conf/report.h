/*
 * report.h — everything that is wrong, or odd, with a configuration, in one go.
 *
 * A note is one sentence with its place: `file:line:col: sentence`.  Errors refuse the configuration,
 * warnings stay with it (status page, check-config).  The texts live in the report's own arena; `file` is
 * borrowed from the tree of nodes and copied.  One thread.
 */
#ifndef CONF_REPORT_H
#define CONF_REPORT_H

#include <stdarg.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"

enum { REPORT_NOTES = 500 }; /* more than that are counted, not kept */

struct place {
	const char *file;
	unsigned line, column; /* from 1; 0: the file as a whole */
};

struct note {
	struct place at;
	bool warning;
	struct str text;
};

struct report {
	struct arena *arena;
	VEC(struct note) notes;
	size_t errors, warnings;
};

void report_init(struct report *);
void report_fini(struct report *);
void report_error(struct report *, struct place, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void report_warning(struct report *, struct place, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* One line a note, by file and position; warnings start with "warning: ". */
void report_print(const struct report *, struct buf *);
void place_print(struct place, struct buf *);

#endif
