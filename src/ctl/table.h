/*
 * table.h — what the daemon answers, as a person reads it: columns of a list, or facts line by line.
 *
 * IDEA   A verb says which fields it shows by their paths in the JSON ("clocks.pickup.deadline"); the shape of the
 *        answer is known nowhere else.  A path that leads through a list gives its values, joined by commas.
 */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include "ctl/ctl.h"

enum column_kind {
	COLUMN_TEXT,
	COLUMN_WORD, /* coloured by what it means, on a terminal */
	COLUMN_TIME, /* to the second */
	COLUMN_LEFT, /* how long until then, or since */
	COLUMN_SPAN, /* milliseconds as a duration */
};

struct column {
	const char *title, *path;
	enum column_kind kind;
};
enum { COLUMNS = 24 }; /* the most that a table of ours has */

/* Prints a JSON list of objects; `none` when it is empty.  `columns` ends with a NULL title. */
int table_print(struct args *, struct str json, const struct column *columns, const char *none);
/* Prints one object: a line per column, empty ones left out. */
int facts_print(struct args *, struct str json, const struct column *columns);
/* Is standard output a terminal on which colours are wanted (NO_COLOR)? */
bool ctl_colours(void);

#endif
