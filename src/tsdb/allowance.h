/*
 * allowance.h — what one customer may bring into the store, and how near the customer is to it.
 *
 * IDEA   Limits are settings of the moment: the owner hands them over at the start and again when they change.  Who is refused is
 *        counted by customer and limit, and how much comes is measured, so that somebody sees it coming.
 *
 * Any thread; a lock of its own, which may be taken with the store's held and not the other way round.
 */
#ifndef TSDB_ALLOWANCE_H
#define TSDB_ALLOWANCE_H

#include "base/buf.h"
#include "tsdb/tsdb.h"

struct allowances;

struct allowances *allowances_create(const struct tsdb_limits *);
void allowances_destroy(struct allowances **);
void allowances_set(struct allowances *, const struct tsdb_limits *usual, const struct tsdb_customer_limits *, size_t n);

/* May there be one more of this customer, who has `series`?  The answers name the keys of the configuration. */
CHECKED enum rc allowance_judge(struct allowances *, struct str tenant, size_t series, struct labels, struct err *);
CHECKED enum rc allowance_admit(struct allowances *, struct str tenant, size_t samples, nsec_t now, struct err *);
void allowance_charge(struct allowances *, struct str tenant, size_t samples, nsec_t now);

void allowances_each(struct allowances *, nsec_t now, void (*fn)(void *arg, const struct tsdb_use *), void *arg);

#endif
