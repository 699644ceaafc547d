/*
 * compile.h — what a rule asks, as PromQL: also what is written as evolution, comparison, resolve_expr or on_no_data.
 *
 * IDEA   Nothing is asked that could not be asked by hand: whoever reads a rule sees the expression that it comes to.
 *
 *     evolution     (X) / (X offset 1d) - 1 > 0.05
 *     comparison    abs((X) / (X offset 1d) - 1) > 0.2 and abs((X) / (X offset 1w) - 1) > 0.2
 *     resolve_expr  E or (ALERTS{…firing} unless R)
 *     on_no_data    E or (ALERTS{…firing} unless L)         L: what E looks at, without its conditions
 *                   E or (last_over_time((L)[1d:1m]) unless (L))
 *
 * TRAP   "The same hour yesterday" is 23, 24 or 25 hours ago where the clocks change, and another day where a calendar is
 *        asked: a comparison is compiled for a moment, and again when it comes to something else.
 */
#ifndef RULE_COMPILE_H
#define RULE_COMPILE_H

#include "base/arena.h"
#include "conf/rules.h"

struct rule_calendar {
	void *arg;
	/* Is the calendar open at that moment?  False when there is none of that name. */
	bool (*is_open)(void *arg, struct str customer, struct str calendar, msec_t at, bool *open);
};

struct rule_texts {
	struct str expr;
	struct str resolve;   /* empty: none */
	struct str looked_at; /* empty: nobody asks */
	struct str whole;     /* for people */
};
/* Texts in `a`.  `calendar` may be NULL or without a function: days are days. */
CHECKED enum rc rule_compile(const struct conf_rule *, struct str customer, const struct rule_calendar *,
    msec_t at, struct arena *a, struct rule_texts *, struct err *);

#endif
