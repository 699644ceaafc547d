/*
 * labels.h — label sets in one canonical byte form.
 *
 * IDEA   A label set is its bytes: name and value, name and value …, sorted by name, names unique and not
 *        empty, values not empty (an empty value is an absent label).  Each text has its length in front:
 *        one byte, or 0xff and four bytes (little-endian) from 255 on.  So equality is memcmp, the hash is
 *        over the bytes, a set is written to disk as it is, and lookups copy nothing.
 *
 * A `struct labels` is a view; who owns the bytes (arena, store, buffer) says how long it lives.
 */
#ifndef LABEL_LABELS_H
#define LABEL_LABELS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "flow/record.h"

struct labels {
	struct str bytes;
};

#define LABEL_METRIC "__name__"

/* The next label from `*at` (0 at first); false at the end. */
bool labels_next(struct labels, size_t *at, struct pair *out);
#define labels_each(ls, l) \
	for (struct { size_t at; struct pair it; } l = {0}; labels_next((ls), &l.at, &l.it);)

size_t labels_count(struct labels);
struct str labels_get(struct labels, struct str name); /* empty when absent */
bool labels_eq(struct labels, struct labels);
int labels_cmp(struct labels, struct labels); /* by names and values in their order, as Prometheus sorts */
uint64_t labels_hash(struct labels);
struct labels labels_copy(struct labels, struct arena *);

/* Alertmanager's fingerprint: FNV-1a (64 bits) over name 0xff value 0xff …; as 16 hex digits and a NUL. */
uint64_t labels_fingerprint(struct labels);
void labels_fingerprint_hex(struct labels, char out[17]);

/* Sorts `p` in place and appends the canonical form; labels with an empty value are dropped.  An empty name, text that
 * is not UTF-8 and a name that stands twice are errors. */
CHECKED enum rc labels_add(struct buf *, struct pair *p, size_t n, struct err *);
/* Are these bytes from elsewhere (disk, another process) a canonical form? */
bool labels_valid(struct str bytes);
struct labels labels_from_pairs(struct pairs, struct arena *); /* sorted and unique, as struct pairs promises */
struct json_writer;
void labels_to_json(struct json_writer *, struct labels); /* {"name":"value",…}, in their order */
struct pairs labels_to_pairs(struct labels, struct arena *);   /* texts stay views */

/* {a="b", c="d"}, with the metric's name in front when it can stand there, as PromQL prints it. */
void labels_print(struct buf *, struct labels);

bool label_name_is_classic(struct str); /* [a-zA-Z_][a-zA-Z0-9_]* */
bool metric_name_is_classic(struct str); /* the same, and colons */
bool label_name_is_valid(struct str);   /* UTF-8, not empty */

/* Changes to a set: starts from one (views, nothing is copied), ends in a new one. */
struct label_builder {
	VEC(struct pair) set; /* sorted by name */
};
void label_builder_start(struct label_builder *, struct labels); /* forgets what was there */
void label_builder_fini(struct label_builder *);
struct str label_builder_get(const struct label_builder *, struct str name);
void label_builder_set(struct label_builder *, struct str name, struct str value); /* borrowed; an empty value removes */
void label_builder_del(struct label_builder *, struct str name);
void label_builder_add_to(const struct label_builder *, struct buf *); /* appends the canonical form */
struct labels label_builder_done(const struct label_builder *, struct arena *);

#endif
