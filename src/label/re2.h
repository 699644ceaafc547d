/*
 * re2.h — the RE2 library, as C sees it.  Only regex.c includes this.
 */
#ifndef LABEL_RE2_H
#define LABEL_RE2_H

#include <stdbool.h>
#include <stddef.h>

struct re2_program;

struct re2_span {
	const char *p; /* NULL: the group took no part */
	size_t n;
};

/* NULL on error, with its words in `why`. */
struct re2_program *re2_create(const char *pattern, size_t n, char *why, size_t size);
void re2_destroy(struct re2_program *);
int re2_groups(const struct re2_program *);
/* The number of the group called so, or -1. */
int re2_group_named(const struct re2_program *, const char *name, size_t n);
/* Matches text[from..]; `whole`: all of it.  Fills `n` spans, the first is the whole match. */
bool re2_match(const struct re2_program *, const char *text, size_t len, size_t from, bool whole, struct re2_span *, int n);

#endif
