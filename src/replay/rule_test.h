/*
 * rule_test.h — promtool's unit tests of rules, run by our own rules over a store of their own.
 *
 * IDEA   A test is a configuration (its rule files), samples and moments: the rules of the product are evaluated over the
 *        samples by the very code that evaluates them at night, only nobody waits for the time to pass.
 *
 * Any thread; a folder under $TMPDIR holds the store meanwhile.
 */
#ifndef REPLAY_RULE_TEST_H
#define REPLAY_RULE_TEST_H

#include "flow/record.h"

#define RULE_TEST_SERIES_KEYS(F)                                                                             \
	F(STR, series, 0, KEY_REQUIRED, "", "name{label=\"value\"}")                                         \
	F(STR, values, 0, KEY_REQUIRED, "", "1+2x5 _ stale 7x3: one for each interval")
RECORD(rule_test_series, RULE_TEST_SERIES_KEYS)

#define RULE_TEST_ALERT_KEYS(F)                                                                              \
	F(PAIRS, exp_labels, 0, 0, "", "all labels but alertname")                                           \
	F(PAIRS, exp_annotations, 0, 0, "", "all annotations, expanded")
RECORD(rule_test_alert, RULE_TEST_ALERT_KEYS)

#define RULE_TEST_ALERTS_KEYS(F)                                                                             \
	F(DUR, eval_time, 0, 0, "0s", "when, from the first sample on")                                      \
	F(STR, alertname, 0, KEY_REQUIRED, "", "which alerts are looked at")                                 \
	F(MANY, exp_alerts, rule_test_alert, 0, "", "what fires then; none: nothing does")
RECORD(rule_test_alerts, RULE_TEST_ALERTS_KEYS)

#define RULE_TEST_SAMPLE_KEYS(F)                                                                             \
	F(STR, labels, 0, 0, "", "the series: name{label=\"value\"}, or {}")                                 \
	F(F64, value, 0, 0, "0", "its value")                                                                \
	F(STR, histogram, 0, 0, "", "or its native histogram")
RECORD(rule_test_sample, RULE_TEST_SAMPLE_KEYS)

#define RULE_TEST_EXPR_KEYS(F)                                                                               \
	F(STR, expr, 0, KEY_REQUIRED, "", "what is asked")                                                   \
	F(DUR, eval_time, 0, 0, "0s", "when, from the first sample on")                                      \
	F(MANY, exp_samples, rule_test_sample, 0, "", "the whole answer")
RECORD(rule_test_expr, RULE_TEST_EXPR_KEYS)

#define RULE_TEST_GROUP_KEYS(F)                                                                              \
	F(STR, name, 0, 0, "", "what the test is about")                                                     \
	F(DUR, interval, 0, 0, "0s", "between the values of a series; default: evaluation_interval")         \
	F(MANY, input_series, rule_test_series, 0, "", "the samples")                                        \
	F(MANY, alert_rule_test, rule_test_alerts, 0, "", "what fires when")                                 \
	F(MANY, promql_expr_test, rule_test_expr, 0, "", "what a query answers when")                        \
	F(PAIRS, external_labels, 0, 0, "", "for templates")                                                 \
	F(STR, external_url, 0, 0, "", "for templates")
RECORD(rule_test_group, RULE_TEST_GROUP_KEYS)

#define RULE_TEST_FILE_KEYS(F)                                                                               \
	F(STRS, rule_files, 0, 0, "", "the files under test; * and ? and [] are known")                      \
	F(DUR, evaluation_interval, 0, 0, "1m", "how often the rules are evaluated")                         \
	F(STRS, group_eval_order, 0, 0, "", "groups that are evaluated first, in this order")                \
	F(BOOL, fuzzy_compare, 0, 0, "false", "values may differ in their last digit")                       \
	F(MANY, tests, rule_test_group, 0, "", "the tests")
RECORD(rule_test_file, RULE_TEST_FILE_KEYS)

/* Says "Unit Testing:  FILE" and what came of it; true when all passed. */
bool rule_test_run(const char *path, struct buf *out);

#endif
