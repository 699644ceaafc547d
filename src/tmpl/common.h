/* common.h — what the two peers' functions share. */
#ifndef TMPL_COMMON_H
#define TMPL_COMMON_H

#include "tmpl/run.h"

/* Every word with a capital; `lower_rest`: and the rest in small letters. */
struct value titled(struct run *, struct str, bool lower_rest);
CHECKED enum rc join_list(
    struct run *, const struct value *list, struct str between, struct value *out, struct err *);
/* %.4g as Go prints it. */
void print_4g(struct buf *, double);
/* Divides by `step` while there are prefixes and it is at least `step`; the prefix reached. */
const char *shrink(double *, double step, const char *const *prefixes);
/* Multiplies by 1000 up to 1: m, u, n … */
const char *enlarge(double *);

#endif
