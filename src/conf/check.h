/*
 * check.h — what the tables cannot say: references, exclusions, limits between keys.
 *
 * conf/ stands below label/, tmpl/ and promql/, so what only they can judge (a regular expression, a matcher,
 * a template, an expression) is asked of a table of judges that the caller hands in; an absent judge accepts.
 */
#ifndef CONF_CHECK_H
#define CONF_CHECK_H

#include "conf/bind.h"

struct conf_judges {
	enum rc (*regex)(struct str, struct err *);
	enum rc (*matcher)(struct str, struct err *);       /* `name=~"value"`, classic or UTF-8 */
	enum rc (*template)(struct str, struct err *);      /* Alertmanager's */
	enum rc (*rule_template)(struct str, struct err *); /* Prometheus' */
	enum rc (*promql)(struct str, struct err *);
	enum rc (*graphite)(struct str, struct err *); /* a template of graphite.templates */
	enum rc (*zone)(struct str, struct err *); /* a time zone's name; "" is UTC */
};

struct check {
	struct report *report;
	struct marks *marks;
	struct conf_judges judges;
	msec_t query_offset; /* of groups of rules that say none */
};

/* At the key, where it was set; else at its record. */
void check_error(struct check *, const struct layout *, const void *record, const char *key, const char *fmt,
    ...) __attribute__((format(printf, 5, 6)));
void check_warning(struct check *, const struct layout *, const void *record, const char *key,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* `keys` ends with NULL. */
void check_at_most_one(struct check *, const struct layout *, const void *record, const char *const *keys);
/* Asks a judge about a text that stands at a key; a NULL judge accepts.  Context goes in front of what it
 * says. */
void check_text(struct check *, enum rc (*judge)(struct str, struct err *), struct str text, struct place,
    const char *key);
/* [a-zA-Z_][a-zA-Z0-9_]*; with `utf8` any well-formed text that is not empty. */
bool check_label_name(struct str, bool utf8);
/* The place of item `i` of a list, else of the list. */
struct place check_item(struct check *, const struct layout *, const void *record, const char *key, size_t i);

#endif
