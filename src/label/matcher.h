/*
 * matcher.h — "which label sets": name, operator, value.
 *
 * An absent label matches as an empty value does.  Regular expressions match whole values.  A matcher owns
 * its texts and its expression; immutable once made, any thread may match.
 */
#ifndef LABEL_MATCHER_H
#define LABEL_MATCHER_H

#include "label/labels.h"
#include "label/regex.h"

enum match_op { MATCH_EQ, MATCH_NE, MATCH_RE, MATCH_NRE };

struct matcher {
	enum match_op op;
	struct str name, value;
	struct regex *regex; /* of MATCH_RE and MATCH_NRE */
};

struct matchers {
	struct matcher *p;
	size_t n, cap;
};

const char *match_op_text(enum match_op); /* "=" "!=" "=~" "!~" */

/* Adds one; the error is about the regular expression. */
CHECKED enum rc matchers_add(struct matchers *, struct str name, enum match_op, struct str value, struct err *);
void matchers_cut(struct matchers *, size_t n); /* keeps the first n */
void matchers_fini(struct matchers *);
bool matcher_matches(const struct matcher *, struct str value);
bool matchers_match(const struct matchers *, struct labels); /* all of them */

/*
 * Matchers as Alertmanager takes them: {foo="bar", x=~"b.*"}, foo=bar, "a name"!="x".  The classic reading wins where
 * both are possible.  Adds to `out`; on an error nothing was added.
 */
CHECKED enum rc matchers_parse(struct matchers *out, struct str text, struct err *);
/* {foo="bar", "a name"!="x"} */
void matchers_print(struct buf *, const struct matchers *);

#endif
