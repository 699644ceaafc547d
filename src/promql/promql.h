/*
 * promql.h — PromQL of Prometheus 3: parse once, ask often.
 *
 *     struct promql *q;
 *     struct promql_result *r;
 *     rc = promql_parse(text, &q, err);            "1:5: parse error: unexpected …"
 *     rc = promql_run(q, &ask, &r, err);
 *     … r->series[i].labels, .points …
 *     promql_result_destroy(&r);
 *     promql_destroy(&q);
 *
 * A parsed expression is immutable: any thread may run it, several at once.  A run works in the calling
 * thread.
 */
#ifndef PROMQL_PROMQL_H
#define PROMQL_PROMQL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/pair.h"
#include "label/labels.h"
#include "label/matcher.h"
#include "tsdb/tier.h"

struct json_writer;
struct native;
struct promql;
struct tsdb;
struct tsdb_pending;

enum promql_type { PROMQL_SCALAR, PROMQL_STRING, PROMQL_VECTOR, PROMQL_MATRIX };
const char *promql_type_name(enum promql_type); /* "scalar" "string" "vector" "matrix", as the API says it */

/* Errors have Prometheus's form: line:column, "parse error:", what was found and what was expected. */
CHECKED enum rc promql_parse(struct str text, struct promql **, struct err *);
void promql_destroy(struct promql **);
enum promql_type promql_type(const struct promql *);
/* As Prometheus formats it on one line; parses to the same expression. */
void promql_print(const struct promql *, struct buf *);
/* The same over several lines, indented, where a part is longer than 100 bytes. */
void promql_print_pretty(const struct promql *, struct buf *);
/* As a tree, in the words of Prometheus's /api/v1/parse_query. */
void promql_describe(const struct promql *, struct json_writer *);
/* Every function, aggregation and modifier with its form and what it is for: [{"name","form","help"}]. */
void promql_words(struct json_writer *);
/* The members promql_functions and promql_operators of /api/v1/features. */
void promql_features(struct json_writer *);
/* Before anybody else has it: every selector that does not name its own moment looks further back. */
void promql_shift(struct promql *, msec_t back);
/*
 * Likewise: every selector matches this, too.  RC_INVALID: info() is called, which looks at series that no selector names, or
 * `value` is no regular expression.
 */
CHECKED enum rc promql_require(struct promql *, struct str name, enum match_op, struct str value, struct err *);
/* The expression without its conditions: disk_used of "disk_used > 90 and on (host) up == 1". */
void promql_print_looked_at(const struct promql *, struct buf *);
/* Every selector of the expression, for watching what it depends on. */
void promql_each_selector(const struct promql *, void (*fn)(void *arg, const struct matchers *), void *arg);
/* A bare selector ("up{job=~\"a.*\"}"), as match[] of the API takes it. */
CHECKED enum rc promql_parse_selector(struct str text, struct matchers *out, struct err *);

struct promql_limits {
	size_t points;  /* of one series of the result; 0: 11,000 */
	size_t series;  /* of one selector; 0: none */
	size_t samples; /* held at one time; 0: 50 million */
};

struct promql_ask {
	struct tsdb *db;
	struct tsdb *overlay; /* where the metrics in `overlaid` are looked for instead; may be NULL */
	struct strs overlaid;
	const struct tsdb_pending *pending; /* seen as if they were stored; may be NULL */
	struct strs tenants;
	msec_t start, end, step; /* step 0: one instant, `start` */
	msec_t lookback;         /* 0: 5 min */
	struct promql_limits limits;
	bool count_steps;        /* result->steps is wanted */
	bool samples_only;       /* no windows (tsdb/tier.h) in their place */
	bool outsider;           /* pays from the budgets of all queries (base/budget.h) */
	nsec_t deadline;         /* monotonic; 0: none */
	const volatile bool *cancel; /* set by anybody: the run ends with RC_CANCELLED; may be NULL */
};

struct promql_point {
	msec_t t;
	double v;
};
struct promql_series {
	struct labels labels;
	struct promql_point *points;
	size_t n;
	const struct native **natives; /* beside the points: a native histogram (native.h), or NULL: a number; NULL: numbers alone */
};
struct promql_result {
	enum promql_type type; /* of an instant: the expression's; of a range: PROMQL_MATRIX */
	struct promql_series *series; /* of a scalar: one, without labels */
	size_t n;
	struct str string;
	struct strs warnings, infos; /* "PromQL warning: …", "PromQL info: …" */
	struct arena *arena;         /* holds all of this */
	size_t samples, peak;        /* read from the store; held at one time */
	const uint64_t *steps;       /* with count_steps: the samples that each step looked at; `samples` is their sum then */
	size_t n_steps;
	size_t windows[TIERS];       /* read instead of samples, of each width */
	size_t paid;                 /* of BUDGET_query_samples, given back with it */
};

/* RC_INVALID: the expression cannot be run so; RC_REFUSED: over a limit; RC_CANCELLED. */
CHECKED enum rc promql_run(const struct promql *, const struct promql_ask *, struct promql_result **, struct err *);
void promql_result_destroy(struct promql_result **);

#endif
