/*
 * resource.h — people and agreements written in YAML or JSON: one document each, `{kind, name, customer?, valid_from?, spec}`.
 */
#ifndef CONF_RESOURCE_H
#define CONF_RESOURCE_H

#include "conf/node.h"
#include "flow/record.h"

/* One document, checked against its kind's table; `spec` is a record of `layout`, NULL where it is to be removed. */
struct resource_document {
	struct str kind, name, customer;
	msec_t valid_from;
	bool removed;
	struct place at;
	const struct layout *layout;
	void *spec;
};

/* The table of a kind, or NULL; `words` for "did you mean". */
struct resource_kinds_view {
	const struct layout *(*layout)(void *arg, struct str kind);
	const char *const *words;
	size_t words_n;
	void *arg;
};

/* All documents of a file, separated by `---`; everything wrong is in the report.  Texts live in the arena. */
size_t resources_read(const char *file, struct str yaml, const struct resource_kinds_view *, struct arena *, struct report *,
    struct resource_document **out);

#endif
