/*
 * rules.h — files of recording and alerting rules, as a prometheus.yml names them.
 */
#ifndef CONF_RULES_H
#define CONF_RULES_H

#include "conf/check.h"

extern const char *const conf_evaluate[];
enum conf_evaluate { EVALUATE_INTERVAL, EVALUATE_ON_ARRIVAL };

#define CONF_RULE_KEYS(F)                                                                                    \
	F(STR, alert, 0, 0, "", "the alert's name")                                                          \
	F(STR, record, 0, 0, "", "or the name of the new series")                                            \
	F(STR, expr, 0, KEY_REQUIRED, "", "the expression")                                                  \
	F(DUR, for_, 0, 0, "0s", "how long it must hold before the alert fires")                             \
	F(DUR, keep_firing_for, 0, 0, "0s", "how long the alert goes on after it ceased to hold")            \
	F(PAIRS, labels, 0, 0, "", "labels to add; templates for alerts")                                    \
	F(PAIRS, annotations, 0, 0, "", "texts for people; templates")
RECORD(conf_rule, CONF_RULE_KEYS)

#define CONF_RULE_GROUP_KEYS(F)                                                                              \
	F(STR, name, 0, KEY_REQUIRED, "", "the group's name, unique in its file")                            \
	F(DUR, interval, 0, 0, "0s", "how often; 0: global.evaluation_interval")                             \
	F(DUR, query_offset, 0, 0, "", "how far back the rules look; default: global.rule_query_offset")     \
	F(I64, limit, 0, 0, "0", "the most alerts or series of one rule; 0: no limit")                       \
	F(PAIRS, labels, 0, 0, "", "labels that all rules of the group add")                                 \
	F(STR, customer, 0, KEY_OURS, "", "whose data the rules see, and whose alerts they make")            \
	F(ENUM, evaluate, conf_evaluate, KEY_OURS, "interval",                                               \
	    "when: each interval, or as soon as a sample arrives that they look at")                         \
	F(MANY, rules, conf_rule, 0, "", "the rules, in their order")
RECORD(conf_rule_group, CONF_RULE_GROUP_KEYS)

#define CONF_RULES_KEYS(F)                                                                                   \
	F(MANY, groups, conf_rule_group, 0, "", "groups of rules")                                           \
	F(STR, file, 0, KEY_HIDDEN, "", "where they were read")
RECORD(conf_rules, CONF_RULES_KEYS)

/* Reads one file into `out`, with all its errors in the check's report; false when there were any. */
bool conf_rules_read(
    struct check *, struct binder *, const char *file, struct str text, struct conf_rules *out);

#endif
