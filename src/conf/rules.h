/*
 * rules.h — files of recording and alerting rules, as a prometheus.yml names them.
 */
#ifndef CONF_RULES_H
#define CONF_RULES_H

#include "conf/check.h"

extern const char *const conf_evaluate[];
enum conf_evaluate { EVALUATE_INTERVAL, EVALUATE_ON_ARRIVAL };
extern const char *const conf_asked[];
enum conf_asked { ASKED_DEFAULT, ASKED_LOCAL, ASKED_REMOTE };

extern const char *const conf_directions[];
enum conf_direction { DIRECTION_UP, DIRECTION_DOWN, DIRECTION_ANY };
#define CONF_EVOLUTION_KEYS(F)                                                                               \
	F(STR, of, 0, KEY_REQUIRED, "", "the expression that is watched")                                    \
	F(STR, more_than, 0, KEY_REQUIRED, "", "how much change is too much: \"5%\" or 0.05")                \
	F(DUR, within, 0, 0, "1d", "in how long")                                                            \
	F(ENUM, direction, conf_directions, 0, "up", "which change counts: up, down or any")
RECORD(conf_evolution, CONF_EVOLUTION_KEYS)

#define CONF_COMPARISON_KEYS(F)                                                                              \
	F(STR, of, 0, KEY_REQUIRED, "", "the expression that is watched")                                    \
	F(STR, within, 0, KEY_REQUIRED, "", "how far it may lie from then: \"20%\" or 0.2")                  \
	F(STRS, with, 0, 0, "1d", "how long ago, in whole days; of several it must be near one")             \
	F(DUR, average, 0, 0, "0s", "compare means over so long, which end now and then")                    \
	F(STR, time_zone, 0, 0, "UTC", "the same hour of the wall clock there, also when the clocks change") \
	F(STR, calendar, 0, 0, "", "compare open days with open days: the name of a calendar")
RECORD(conf_comparison, CONF_COMPARISON_KEYS)

#define CONF_FLAPPING_KEYS(F)                                                                                \
	F(I64, changes, 0, 0, "6", "so many beginnings and ends …")                                          \
	F(DUR, within, 0, 0, "1h", "… in so long are flapping: the alert goes on until it is calm that long")
RECORD(conf_flapping, CONF_FLAPPING_KEYS)

extern const char *const conf_no_data[];
enum conf_no_data { NO_DATA_RESOLVE, NO_DATA_KEEP, NO_DATA_FIRE };

#define CONF_RULE_KEYS(F)                                                                                    \
	F(STR, alert, 0, 0, "", "the alert's name")                                                          \
	F(STR, record, 0, 0, "", "or the name of the new series")                                            \
	F(STR, expr, 0, 0, "", "the expression")                                                             \
	F(MAYBE, evolution, conf_evolution, KEY_OURS, "", "instead of expr: a change that is too large")     \
	F(MAYBE, comparison, conf_comparison, KEY_OURS, "", "instead of expr: unlike the same hour of other days") \
	F(STR, resolve_expr, 0, KEY_OURS, "", "the alert is over when this holds, not when expr ceases to")  \
	F(ENUM, on_no_data, conf_no_data, KEY_OURS, "resolve",                                               \
	    "when what it looks at has vanished: resolve, keep the alert and mark it, or fire")              \
	F(MAYBE, flapping, conf_flapping, KEY_OURS, "", "an alert that comes and goes stays until it is calm") \
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
	F(ENUM, query, conf_asked, KEY_OURS, "",                                                             \
	    "what the rules ask: local, our own store, or remote, the cluster of metrics.remote.query; default: remote where there is " \
	    "one, but local for rules that are evaluated on arrival")                                        \
	F(BOOL, atomic, 0, KEY_OURS, "false",                                                                \
	    "series are written together after the last rule, or not at all when one of them failed")        \
	F(MANY, rules, conf_rule, 0, "", "the rules, in their order")
RECORD(conf_rule_group, CONF_RULE_GROUP_KEYS)

#define CONF_RULES_KEYS(F)                                                                                   \
	F(MANY, groups, conf_rule_group, 0, "", "groups of rules")                                           \
	F(STR, file, 0, KEY_HIDDEN, "", "where they were read")
RECORD(conf_rules, CONF_RULES_KEYS)

enum { FLAP_CHANGES_MAX = 32 };
/* "5%" or 0.05; false when it is neither. */
bool conf_share(struct str, double *out);

/* Reads one file into `out`, with all its errors in the check's report; false when there were any. */
bool conf_rules_read(
    struct check *, struct binder *, const char *file, struct str text, struct conf_rules *out);

#endif
