/*
 * vanished.h — of a replay: what a rule with `on_no_data: fire` looked at within a day and does not see now.
 *
 * IDEA   What is there comes as a range of many steps; each series is walked along beside the steps, so that a step costs one
 *        comparison for each.  A series outlives its piece: it is the same as the one with the same labels in the next.
 */
#ifndef REPLAY_VANISHED_H
#define REPLAY_VANISHED_H

#include "conf/rules.h"
#include "promql/promql.h"

struct vanished;

/* Texts of the configuration are borrowed. */
struct vanished *vanished_create(const struct conf_rule_group *, const struct conf_rule *);
void vanished_destroy(struct vanished **);
/* What is there in the piece to come; it must stay until the next one, or the last step. */
void vanished_piece(struct vanished *, const struct promql_result *);
/* A step, ascending: calls fn for each that has vanished, with its labels and what it was when it was last seen. */
void vanished_step(struct vanished *, msec_t at, void (*fn)(void *arg, struct labels, double value), void *arg);

#endif
