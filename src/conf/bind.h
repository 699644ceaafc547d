/*
 * bind.h — from a tree of nodes to a typed record, by the record's table of keys; and where each value stood.
 *
 * All errors are reported, none stops the work: what cannot be read keeps its default.  Aliases make a tree
 * larger than its text, so a binder has a number of steps and refuses the rest.
 *
 * MARKS  For every key that was set the binder remembers its node: that answers both "was it written, or is
 * it the default?" and "where?", for checks that come later and for other rooms (a rule's expression).
 */
#ifndef CONF_BIND_H
#define CONF_BIND_H

#include "conf/node.h"
#include "flow/record.h"

enum { BIND_STEPS = 4000000 };

/* Flags of conf's tables. */
enum {
	KEY_OURS = KEY_ROOM, /* Tocsin's own: left out when the configuration is printed for a peer's tools */
	KEY_OF_PROM = KEY_ROOM * 2, /* a top-level or global key of a prometheus.yml */
	KEY_OF_AM = KEY_ROOM * 4,   /* … of an alertmanager.yml */
	KEY_PATH =
	    KEY_ROOM * 8, /* STR, STRS: a file; a relative name starts from the directory of its own file */
};

struct marks;

struct binder {
	struct arena *arena;
	struct report *report;
	struct marks *marks;
	const struct layout *top; /* the record of a whole file; may be NULL */
	size_t steps;
	unsigned quiet; /* > 0: inside something inert, which was warned of once */
};

/* The record is set to its defaults first.  `what` names it in sentences: "a route". */
void bind_record(struct binder *, const struct layout *, void *record, const struct node *);

/* The key of that name, also of the records inline; `*base` moves to the record that holds it. */
const struct key *bind_find(const struct layout *, struct str name, void **base);

/* A name as the file `from` says it: a relative one starts from that file's directory. */
char *bind_path(struct arena *, const char *from, struct str name);

struct marks *marks_create(void);
void marks_destroy(struct marks **);
/* The node of a key that was set in the file, or NULL; with name NULL the node of the record itself. */
const struct node *marks_get(
    const struct marks *, const struct layout *, const void *record, const char *name);
/* Where the key was set, else where its record stands, else no place. */
struct place marks_place(const struct marks *, const struct layout *, const void *record, const char *name);

#define marks_has(m, layout, record, name) (marks_get((m), &layout##_layout, (record), (name)) != NULL)

#endif
