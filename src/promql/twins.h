/*
 * twins.h — parts of an expression that stand in it more than once; inside promql/ only.
 *
 * IDEA   "(a - b) / a" and "rate(x[5m]) > 1 and rate(x[5m]) < 2" ask the store for the same thing twice.  Parts with the same text
 *        are twins: the first one's rows are kept for the others, and the last takes them as they are.
 * [T1]   Only what is evaluated by eval_node is shared: a part that is folded as it comes (pour.c) never has rows to share.
 * [T2]   A twin within a greater one is asked for once with it, and is none unless it stands somewhere else, too.
 * [T3]   What caused a note is found again, since a note says its place; and so is everything when steps are counted.
 */
#ifndef PROMQL_TWINS_H
#define PROMQL_TWINS_H

#include "promql/eval.h"

/* Once, behind node_check. */
void twins_find(struct promql *);
/* The rows of a twin that stood before, on the same grid; false: there are none. */
bool twins_take(const struct eval *, const struct node *, struct value *out);
/* How many notes there are, before; and then: keeps a copy for the next twin. */
size_t twins_notes(const struct eval *);
void twins_keep(const struct eval *, const struct node *, const struct value *, size_t notes_before);

#endif
