/*
 * rules.h — the rules of a configuration at work: evaluated on time, or as soon as a sample arrives.
 *
 * IDEA   Groups live on one loop, each with its own timer; an evaluation reads the store at the group's moment, writes
 *        recorded series, ALERTS and ALERTS_FOR_STATE back, and hands alerts on.  The state of `for` is remembered by
 *        the ledger: a restart neither forgets nor repeats.
 *
 * The JSON may be asked for from any thread; everything else belongs to the loop.
 */
#ifndef RULE_RULES_H
#define RULE_RULES_H

#include "base/loop.h"
#include "conf/conf.h"
#include "flow/alert.h"
#include "label/matcher.h"
#include "rule/compile.h"
#include "rule/state.h"
#include "tsdb/tsdb.h"

struct promql_result;
/* Rules that are asked of a cluster (metrics.remote.query). */
struct rule_far_question {
	struct conf *conf;
	struct str customer, expression;
	msec_t at;
	uint64_t print; /* of the rule: base/suspect.h */
	struct str what;
};
typedef void rule_far_done(void *arg, enum rc, const char *why, struct promql_result *take);
struct rule_far {
	void *arg;
	/* `done` comes later, from the loop, once unless cancelled.  RC_IO, RC_TIMEOUT: the cluster cannot say now. */
	void *(*ask)(void *arg, const struct rule_far_question *, rule_far_done *, void *done_arg);
	void (*cancel)(void *arg, void **asked);
};

struct rule_doors {
	void *arg;
	void (*alerts)(void *arg, const struct alert_batch *);
	void (*remember)(void *arg, const struct rule_memories *);
	struct rule_calendar calendar; /* for comparisons; may be without a function */
	struct rule_far far; /* without functions: all is asked here */
	struct str tenant; /* whose samples all groups see, whatever they say; empty: their own customer's */
};

struct rules;

struct rules *rules_create(struct loop *, struct tsdb *, const struct rule_doors *);
void rules_destroy(struct rules **);
/* Takes the groups of a configuration (again); a group of the same file, name and content keeps its state. */
CHECKED enum rc rules_configure(struct rules *, struct conf *, struct err *);
/* What the ledger remembers of one instance; after configure. */
void rules_restore(struct rules *, const struct rule_memory *);
/* What of them is asked for, in the words of /api/v1/rules. */
struct rule_filter {
	bool alerts_only; /* the `data` of /api/v1/alerts instead */
	bool no_alerting, no_recording, exclude_alerts;
	struct strs names, groups, files; /* empty: all */
	const struct matchers *sets;      /* a rule's own labels match one of them */
	size_t n_sets;
	size_t group_limit;    /* 0: all */
	struct str next_token; /* of the page before */
};
/* The `data` of /api/v1/rules, or of /api/v1/alerts; `sees` filters by customer.  RC_INVALID: the token is of no group. */
CHECKED enum rc rules_json(struct rules *, bool (*sees)(void *arg, struct str customer), void *arg, const struct rule_filter *, struct buf *, struct err *);


/* ---- where nobody turns the loop: tests of rules, replays ---- */

/* Evaluates every group as of `at`, those that `first` names before the others. */
void rules_run(struct rules *, msec_t at, struct strs first);
void rules_each_instance(struct rules *, void (*fn)(void *arg, struct str alert, const struct instance *), void *arg);
/* A line for each rule that could not be evaluated the last time. */
void rules_troubles(struct rules *, msec_t at, struct buf *);

#endif
