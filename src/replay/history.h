/*
 * history.h — rules over what is already stored: when each alert would have been pending, firing and over.
 *
 * IDEA   An expression is asked for as ranges of many steps, not step by step; what comes back goes through the very state
 *        machine of the rules at work (rule/state.h), a step at a time where anything holds and in leaps where nothing does.
 *        What recording rules of the same files would have written goes into a store beside, which the later rules see first.
 *
 * A history owns its texts.  A run works in the calling thread; the store is only read.
 */
#ifndef REPLAY_HISTORY_H
#define REPLAY_HISTORY_H

#include "conf/conf.h"
#include "rule/compile.h"
#include "tsdb/tsdb.h"

struct history_ask {
	struct tsdb *db;
	const struct conf_rules *files;
	size_t n_files;
	msec_t interval; /* of groups that name none */
	msec_t from, to;
	struct strs tenants; /* whose samples a group without a customer sees */
	struct pairs external_labels;
	struct str external_url;
	struct rule_calendar calendar; /* for comparisons; may be without a function */
	struct strs only;              /* alerts by name; none: all */
	bool (*sees)(
	    void *arg, struct str customer); /* groups of other customers are left out; NULL: all are seen */
	void *sees_arg;
	const char *folder; /* where recorded series may stand for a while; NULL: $TMPDIR */
	nsec_t deadline;    /* monotonic; 0: none */
	const volatile bool *cancel;
	bool outsider; /* pays from the budgets of all queries */
};

struct history_rule {
	struct str group, name, customer;
	struct str expr;
	msec_t interval, for_, keep_firing_for;
	size_t steps, episodes, fired;
	msec_t firing;      /* of all its alerts together */
	struct str trouble; /* why it could not be replayed; empty: it was */
};
/* One alert, from its first pending moment to its end. */
struct episode {
	size_t rule;
	struct labels labels;
	struct pairs annotations;              /* as they were when it fired */
	msec_t pending_at, fired_at, ended_at; /* 0: it did not */
	double value;                          /* when it fired, else when it began */
};
struct history {
	struct arena *arena;
	msec_t from, to;
	struct history_rule *rules;
	size_t n_rules;
	struct episode *episodes; /* by pending_at */
	size_t n_episodes;
};

/* RC_REFUSED: over a limit; RC_TIMEOUT, RC_CANCELLED.  A rule that cannot be evaluated is a trouble of its own. */
CHECKED enum rc history_run(const struct history_ask *, struct history **, struct err *);
void history_destroy(struct history **);

#endif
