/* book_impl.h — what book.c and book_clock.c share. */
#ifndef LEDGER_BOOK_IMPL_H
#define LEDGER_BOOK_IMPL_H

#include "base/map.h"
#include "ledger/book.h"

/* All versions of one resource. */
struct shelf {
	VEC(struct version) versions; /* by pass, then by from; of equal ones the last counts */
};

struct book {
	const struct resource_kind *kinds;
	struct arena *arena; /* everything that was ever in force */
	struct map *shelves; /* "kind/customer/name" */
	VEC(struct clock_pass) passes;
	msec_t ahead; /* the clock was never set back before this moment without a pass that says so */
};

/* The version that is in force at `at`, also one that says that it is gone; NULL: none yet. */
const struct version *shelf_version(const struct book *, const struct shelf *, msec_t at);
size_t shelf_timeline(const struct book *, const struct shelf *, struct version *out, size_t max);
/* The pass that a date belongs to: 0, or counted from 1. */
size_t book_pass_of(const struct book *, msec_t at);
CHECKED enum rc book_load_passes(struct book *, struct ledger *, struct err *);

#endif
