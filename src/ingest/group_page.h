/*
 * group_page.h — what was pushed for a job, as a record: the group it belongs to, and its series by family.
 *
 * IDEA   A pushed page says nothing of when; it holds until another page of its group replaces it, so it is kept as it
 *        stands (groups.h) and sampled again and again.  The labels of the group win over those of the page.
 *        Pure; any thread.
 */
#ifndef INGEST_GROUP_PAGE_H
#define INGEST_GROUP_PAGE_H

#include "label/labels.h"
#include "wire/expo.h"

#define GROUP_SERIES_KEYS(F)                                                                                 \
	F(STR, labels, 0, 0, "", "the canonical bytes of its label set")                                     \
	F(F64, value, 0, 0, "", "its value")
RECORD(group_series, GROUP_SERIES_KEYS)

#define GROUP_FAMILY_KEYS(F)                                                                                 \
	F(STR, name, 0, 0, "", "the metric's name, without the endings of its parts")                        \
	F(STR, type, 0, 0, "", "what the page says that it is")                                              \
	F(STR, help, 0, 0, "", "what the page says of it")                                                   \
	F(MANY, series, group_series, 0, "", "its series")
RECORD(group_family, GROUP_FAMILY_KEYS)

#define PUSHED_GROUP_KEYS(F)                                                                                 \
	F(STR, tenant, 0, 0, "", "whose")                                                                    \
	F(STR, labels, 0, 0, "", "the canonical bytes of the labels that name the group")                    \
	F(TIME, pushed, 0, 0, "", "when the last page came that was taken")                                  \
	F(TIME, failed, 0, 0, "", "when the last page came that was refused")                                \
	F(MANY, families, group_family, 0, "", "what it holds")
RECORD(pushed_group, PUSHED_GROUP_KEYS)

/* The two series that every group has besides. */
#define GROUP_TIME "push_time_seconds"
#define GROUP_FAILED "push_failure_time_seconds"

/*
 * Reads a page for the group whose labels are `g->labels` into g->families, in `a`.  A page is good as a whole or not at
 * all; times, series that stand twice and the two names above are refused.
 */
CHECKED enum rc group_page_read(struct pushed_group *g, struct str page, enum expo_format, struct arena *a, struct err *);
/* Adds copies of the families of `old` that `g` has not. */
void group_page_merge(struct pushed_group *g, const struct pushed_group *old, struct arena *a);
size_t group_page_count(const struct pushed_group *); /* series, without the two */

#endif
