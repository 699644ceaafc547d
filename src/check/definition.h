/*
 * definition.h — what one service is, worked out from the book: host, labels, command line.
 *
 * Immutable and shared by reference: a probe under way keeps the one that it began with.  Loop's thread.
 */
#ifndef CHECK_DEFINITION_H
#define CHECK_DEFINITION_H

#include "check/watched.h"
#include "label/labels.h"
#include "ledger/book.h"

struct check_kind;

struct definition {
	int refs;
	struct arena *arena;
	uint64_t hash; /* of all that matters */
	struct str key; /* customer and name */
	struct str customer, host, address, title;
	struct service spec;
	const struct check_kind *kind; /* NULL: it cannot be checked */
	struct strs argv;              /* a command's, with its macros replaced */
	struct str url;                /* the same of http */
	struct labels labels;          /* host, service, and the labels of both */
	struct str trouble;            /* why it cannot be checked */
};

struct definition *definition_create(const struct book *, const struct resource *, const struct service *, msec_t now);
struct definition *definition_ref(struct definition *);
void definition_unref(struct definition **);

#endif
