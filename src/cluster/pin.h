/*
 * pin.h — an expression is changed so that it sees one customer's series only (metrics.remote.query.customer_label).
 *
 * IDEA   The expression is parsed here, every selector gets a matcher more, and what is printed goes out.  What cannot be parsed
 *        here is not sent: nobody reads foreign series by a syntax that we do not know.
 *
 * Any thread.
 */
#ifndef CLUSTER_PIN_H
#define CLUSTER_PIN_H

#include "promql/promql.h"

struct pin {
	struct str label;
	struct strs customers; /* one at least; of several a series may be any's */
};

/* Appends the expression.  RC_INVALID: it is none, or cannot be pinned. */
CHECKED enum rc pin_query(const struct pin *, struct str expression, struct buf *out, struct err *);
/* The same of a bare selector, as match[] has it; an empty one stands for all that the customers have. */
CHECKED enum rc pin_selector(const struct pin *, struct str selector, struct buf *out, struct err *);

#endif
