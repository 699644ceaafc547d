/*
 * relabel.h — relabelling as Prometheus does it: rules that rewrite, drop or keep label sets.
 *
 * Rules are read-only once made; any thread may apply them.
 */
#ifndef LABEL_RELABEL_H
#define LABEL_RELABEL_H

#include "label/labels.h"
#include "label/regex.h"

enum relabel_action {
	RELABEL_REPLACE,
	RELABEL_KEEP,
	RELABEL_DROP,
	RELABEL_KEEPEQUAL,
	RELABEL_DROPEQUAL,
	RELABEL_HASHMOD,
	RELABEL_LABELMAP,
	RELABEL_LABELDROP,
	RELABEL_LABELKEEP,
	RELABEL_LOWERCASE,
	RELABEL_UPPERCASE,
};
/* The words of a configuration, in the order above, NULL-terminated. */
extern const char *const relabel_actions[];

/* What a configuration says; texts borrowed. */
struct relabel_spec {
	enum relabel_action action;
	struct strs source_labels;
	struct str separator, regex, target_label, replacement;
	int64_t modulus;
};
/* Fills in Prometheus's defaults: replace, ";", "(.*)", "$1". */
void relabel_spec_init(struct relabel_spec *);

struct relabel; /* rules, in order */

struct relabel *relabel_create(void);
void relabel_destroy(struct relabel **);
/* Checks and adds a rule; copies what it needs. */
CHECKED enum rc relabel_add(struct relabel *, const struct relabel_spec *, struct err *);
size_t relabel_count(const struct relabel *);

/* False: dropped.  New texts live in `a`. */
bool relabel_apply(const struct relabel *, struct label_builder *, struct arena *a);

#endif
