/*
 * node.h — a YAML document as a tree in which every node knows where it stands.
 *
 * IDEA   libyaml's events carry exact positions; a tree of them is all that the binder needs.  Anchors are
 *        shared subtrees, merges (`<<`) are expanded into their map when it ends.
 *        Bounded: bytes, depth, nodes (a merged pair counts), so no document can grow here.  Who walks the
 * tree must bound its own steps, since aliases make it larger than it is.
 *
 * Nodes live in the arena given; texts are NUL-terminated copies.
 */
#ifndef CONF_NODE_H
#define CONF_NODE_H

#include "conf/report.h"

enum {
	NODE_BYTES = 32 << 20,
	NODE_DEPTH = 48,
	NODE_COUNT = 2000000,
};

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node;
struct node_pair {
	struct node *key, *value;
};
struct node {
	enum node_kind kind;
	bool plain; /* a scalar without quotes: null and booleans are recognised */
	struct place at;
	struct str text; /* SCALAR */
	size_t n;
	union {
		struct node **items;     /* LIST */
		struct node_pair *pairs; /* MAP; keys are scalars, unique, in the order of the file */
	};
};

/* NULL when the text is not one well-formed document (the report says why); an empty document is an empty
 * map. */
struct node *node_read(const char *file, struct str yaml, struct arena *, struct report *);

bool node_is_null(const struct node *);
struct node *node_get(const struct node *map, struct str key); /* the value, or NULL */
bool node_eq(const struct node *, const struct node *);        /* the same content, wherever it stands */
const char *node_kind_name(const struct node *);               /* "a list", "nothing" … for sentences */

#endif
