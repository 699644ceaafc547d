/*
 * keep.h — does an alert outlive its expression?  Pure: rules at work and replays ask alike.
 */
#ifndef RULE_KEEP_H
#define RULE_KEEP_H

#include "base/clock.h"
#include "conf/rules.h"
#include "rule/state.h"

/* What was there so lately is missed (on_no_data: fire). */
#define RULE_KNOWN_FOR DAY

/* The labels that an alert shares with what its rule looked at: without those that the rule adds.  In `a`. */
struct str rule_core(
    const struct conf_rule_group *, const struct conf_rule *, struct labels, struct arena *a);
/* It does not hold.  `present`: what it looks at is there; `recovered`: resolve_expr says that it is over. */
bool rule_stays(const struct conf_rule *, struct instance *, bool present, bool recovered, msec_t at);

#endif
