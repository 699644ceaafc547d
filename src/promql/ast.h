/*
 * ast.h — a parsed expression; inside promql/ only.
 */
#ifndef PROMQL_AST_H
#define PROMQL_AST_H

#include "promql/promql.h"

enum node_kind {
	NODE_NUMBER,
	NODE_STRING,
	NODE_SELECTOR, /* with a range: a matrix */
	NODE_SUBQUERY, /* args: what is asked again and again */
	NODE_CALL,     /* args */
	NODE_AGGREGATE, /* args: vector, perhaps the parameter */
	NODE_UNARY,    /* args: one; op */
	NODE_BINARY,   /* args: left, right */
	NODE_PAREN,    /* args: one */
	NODE_CLOCK,    /* step(), range() within a duration */
};

enum op {
	OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_MOD, OP_POW, OP_ATAN2,
	OP_TRIM_ABOVE, OP_TRIM_BELOW, /* of native histograms: what is above goes, or below */
	OP_EQL, OP_NEQ, OP_LSS, OP_LTE, OP_GTR, OP_GTE,
	OP_AND, OP_OR, OP_UNLESS,
	OP_MIN, OP_MAX, /* min_of, max_of within a duration */
};
static inline bool
op_is_comparison(enum op op)
{
	return op >= OP_EQL && op <= OP_GTE;
}
static inline bool
op_is_trim(enum op op)
{
	return op == OP_TRIM_ABOVE || op == OP_TRIM_BELOW;
}
static inline bool
op_is_set(enum op op)
{
	return op >= OP_AND && op <= OP_UNLESS;
}
const char *op_text(enum op);

enum aggregate {
	AGG_SUM, AGG_AVG, AGG_COUNT, AGG_MIN, AGG_MAX, AGG_GROUP, AGG_STDDEV, AGG_STDVAR, AGG_TOPK, AGG_BOTTOMK,
	AGG_COUNT_VALUES, AGG_QUANTILE, AGG_LIMITK, AGG_LIMIT_RATIO,
};

enum at_kind { AT_NONE, AT_TIME, AT_START, AT_END };
enum cardinality { ONE_TO_ONE, MANY_TO_ONE, ONE_TO_MANY, MANY_TO_MANY };
enum clock_kind { CLOCK_STEP, CLOCK_RANGE };

struct matching {
	enum cardinality card;
	bool on;           /* labels are the ones that count; else the ones that do not */
	bool given;        /* on() or ignoring() was written */
	struct strs labels, include;
	bool fills_left, fills_right;
	double fill_left, fill_right;
};

struct fn;

struct node {
	enum node_kind kind;
	enum promql_type type;
	struct str text; /* where it stands in the expression */
	struct node **args;
	size_t n_args;
	unsigned height; /* of the tree below */
	uint32_t twin;   /* its number among parts that stand here more than once (twins.h); 0: it does not */

	double number;
	bool duration; /* a number that was written as 5m */
	struct str string;

	/* selectors and subqueries; durations are expressions, NULL: absent */
	struct matchers matchers;
	struct node *range, *step, *offset;
	enum at_kind at;
	msec_t at_time;
	bool anchored, smoothed;
	bool named;       /* the metric's name was written as one */
	bool labels_only; /* of info(): it may match everything */

	const struct fn *fn;      /* calls */
	enum aggregate aggregate; /* aggregations */
	bool by, without;
	struct strs grouping;

	enum op op; /* unary, binary */
	const char *sign; /* where it stands; binary */
	bool returns_bool;
	struct matching match;
	enum clock_kind clock;
};

static inline const struct node *
node_bare(const struct node *n) /* without its parentheses */
{
	while (n->kind == NODE_PAREN)
		n = n->args[0];
	return n;
}

struct promql {
	struct arena *arena;
	struct str text;
	struct node *root;
	VEC(struct node *) selectors; /* whose matchers are to be freed */
	VEC(uint32_t) twins; /* by the numbers of parts that stand more than once: how often */
};

/* functions.c */
enum { ARGS_ANY = 255 };
struct call;
struct row;
struct sample;
struct window;
struct fn {
	const char *name;
	const char *args; /* of each: v vector, m matrix, s scalar, t string; the last repeats */
	unsigned char least, most;
	enum promql_type type;
	/* exactly one; none: known, and not evaluated yet */
	bool (*over)(const struct window *, double *out);   /* a window of each series */
	double (*math)(double);                             /* each value */
	int64_t (*date)(int64_t seconds);                   /* of each value as a time */
	bool (*run)(struct call *);                         /* anything else */
	bool keeps_name;
	bool (*native)(const struct window *, struct sample *); /* `over`, where the window has native histograms */
};
const struct fn *fn_find(struct str name);
const char *const *fn_names(size_t *n);

extern const struct aggregate_word {
	const char *name;
	char param; /* s scalar, t string, 0 none */
} aggregate_words[];
enum { AGGREGATES = AGG_LIMIT_RATIO + 1 };

/* print.c */
void promql_print_node(const struct node *, struct buf *);
void promql_print_aggregate(struct buf *, const struct node *); /* sum by (a) */
void promql_print_matching(struct buf *, const struct node *); /* bool on (a) group_left (), with a blank before */
void promql_print_time(struct buf *, const struct node *);     /* [5m:1m] @ end() offset 1m */

/* check.c: sets the types from below and judges them */
CHECKED enum rc node_check(const struct promql *, struct node *, struct err *);
/* "line:column: parse error: …" */
enum rc promql_error(struct str all, const char *at, struct err *, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
