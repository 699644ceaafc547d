/*
 * regex.h — regular expressions, linear in the text; the dialect is RE2's, which is Go's.  `.` takes line
 * feeds too.
 *
 * Most expressions in monitoring are literals in disguise: "a|b|c", "foo.*", ".+".  Those are matched
 * without the library and can be asked for (regex_literals, regex_prefix), which lets a store look up
 * instead of scan.
 *
 * Immutable once created; any thread may match.
 */
#ifndef LABEL_REGEX_H
#define LABEL_REGEX_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { REGEX_GROUPS = 32, REGEX_LENGTH = 256 * 1024 };

struct regex;

enum regex_use {
	REGEX_WHOLE,  /* only regex_matches will be asked */
	REGEX_PLACES, /* where, and which groups, too: the functions below that say so */
};
CHECKED enum rc regex_create(struct str pattern, enum regex_use, struct regex **, struct err *);
void regex_destroy(struct regex **);
struct str regex_pattern(const struct regex *);

bool regex_matches(const struct regex *, struct str text); /* the whole text, as matchers and relabelling want it */

/* Every text that matches, sorted, when they can be listed; else NULL. */
const struct str *regex_literals(const struct regex *, size_t *n);
/* What every matching text begins with (perhaps nothing). */
struct str regex_prefix(const struct regex *);

/* REGEX_PLACES only, from here on. */
bool regex_found(const struct regex *, struct str text); /* anywhere in it */
/* The groups of a match (0 = all of it); the ones that took no part are empty. */
struct regex_match {
	struct str group[REGEX_GROUPS];
	size_t n;
};
bool regex_match_whole(const struct regex *, struct str text, struct regex_match *);
/* The first match at or behind `from`. */
bool regex_match_next(const struct regex *, struct str text, size_t from, struct regex_match *);
/* Appends `how` with $1, ${1}, $name, ${name} and $$ filled in, as Go's Expand does. */
void regex_expand(const struct regex *, const struct regex_match *, struct str how, struct buf *);
/* Appends the text with every match replaced, as Go's ReplaceAll does. */
void regex_replace_all(const struct regex *, struct str text, struct str how, struct buf *);

#endif
