/*
 * budget.h — what outsiders can size is bounded each by itself where it comes in; this bounds it in all.
 *
 * IDEA   Limits of one request times the number of requests is more than any machine has.  Whoever is about to hold
 *        something for an outsider takes it from a budget of the whole process, and is refused when it is spent; who
 *        holds it gives it back.  Any thread; nothing waits.
 * TRAP   Only outsiders pay: a rule that pages somebody must not be refused because dashboards have spent everything.
 */
#ifndef BASE_BUDGET_H
#define BASE_BUDGET_H

#include "base/buf.h"
#include "base/err.h"

enum budget {
#define BUDGET(name, unit, help) BUDGET_##name,
#include "base/budgets.def"
#undef BUDGET
	BUDGETS
};

/* Before threads start; 0: no limit, as at first. */
void budget_limit(enum budget, size_t limit);
/* All of `n` or nothing: RC_REFUSED. */
CHECKED enum rc budget_take(enum budget, size_t n, struct err *);
void budget_give(enum budget, size_t n);
/* Would so much be refused now? */
bool budget_has(enum budget, size_t n);
size_t budget_used(enum budget);

/* Used, limit and refusals of each, in the text format. */
void budget_print(struct buf *);

#endif
