/* group.h — inside rule/: a group of rules and its evaluation. */
#ifndef RULE_GROUP_H
#define RULE_GROUP_H

#include <pthread.h>
#include <stdatomic.h>

#include "promql/promql.h"
#include "rule/compile.h"
#include "rule/pool.h"
#include "rule/rules.h"
#include "tmpl/tmpl.h"

struct rule {
	const struct conf_rule *conf;
	struct promql *expr, *resolve, *looked_at; /* the last two NULL where nobody asks */
	struct arena *texts_arena;
	struct rule_texts texts; /* what they were parsed from */
	struct map *known;          /* of on_no_data: what was there within a day, struct known by what the rule does not add */
	struct str key;             /* group key / rule name and number, in the group's arena */
	struct instances instances; /* of an alerting rule */
	struct map *outputs; /* labels of a recording rule's (or ALERTS') last series -> struct output */
	double seconds;
	msec_t at;
	char trouble[300];
	bool ahead; /* it may be asked before the group's other rules were evaluated */
};

/* A series that a rule looked at. */
struct known {
	struct arena *arena;
	struct labels labels;
	double value;
	msec_t seen;
};

/* A series that a rule wrote, and when it last did: what is not written again ends. */
struct output {
	struct tsdb_ref ref;
	uint64_t run;
};

/* What a rule's expression gave, when it was asked before the loop comes to it. */
struct answer {
	bool asked;
	bool far; /* by a cluster */
	enum rc rc;
	struct promql_result *result;
	struct promql_result *looked_at, *resolve, *past; /* for keep.c, where the rule asks for it; past: of the day before */
	struct err err;
	double seconds;
};
void answer_fini(struct answer *);
struct asking; /* asking.c */
struct far;    /* far.c */

/* What a watch tells the loop: it outlives the group when a message is still on its way. */
struct arrival {
	struct group *group; /* NULL: gone.  Loop's thread */
	atomic_uint refs;
	atomic_bool told; /* a sample came in and the loop knows */
};

struct group {
	struct rules *rules;
	const struct conf_rule_group *conf;
	struct str file, key; /* in the arena */
	struct str tenant;
	struct arena *arena;
	VEC(struct rule) members;
	VEC(struct tsdb_watch *) watches;
	struct loop_timer timer, soon;
	struct arrival *arrival;
	struct asking *asking;  /* under way; NULL: none is */
	struct far *far;        /* the same of a cluster */
	bool again;             /* and afterwards once more, since something came in meanwhile */
	msec_t interval, last_run, due;
	msec_t expected;        /* the moment at which it would be due if all were on time */
	uint64_t missed;        /* moments, since it was made */
	msec_t late_since;      /* told as an alert of our own; 0: it is on time */
	unsigned on_time;       /* so many times in a row */
	VEC(struct tsdb_sample) held_back; /* of an atomic group: until its last rule was evaluated */
	VEC(struct tsdb_histogram) held_histograms; /* their bytes are in the arena */
	struct arena *held_arena; /* NULL: none */
	uint64_t run;
	double seconds;
};

struct rules {
	struct loop *loop;
	struct tsdb *db;
	struct rule_doors doors;
	struct conf *conf;
	struct tmpl_set *templates;
	struct pool *pool; /* NULL: nobody else asks, as in a play */
	VEC(struct group *) groups;
	pthread_mutex_t lock; /* over what rules_json reads */
	struct {
		msec_t since, told; /* 0: it answers; nobody was told yet */
		char why[300];
	} away; /* the cluster that is asked */
};

/* `fallback`: the interval of a group that names none. */
CHECKED enum rc group_create(struct rules *, const struct conf_rules *file, const struct conf_rule_group *,
    msec_t fallback, struct group **, struct err *);
void group_destroy(struct group **);
void group_start(struct group *); /* timers and watches */
/* Compiles the rule for this moment; what it was compiled to before stays where nothing is different. */
CHECKED enum rc rule_prepare(struct group *, struct rule *, msec_t at, struct err *);
/* keep.c: after what holds was held and before the end: hysteresis, and what has vanished. */
void rule_keep(struct group *, struct rule *, msec_t at, const struct answer *, void (*hold)(void *arg, const struct promql_series *), void *arg);
void rule_forget(struct rule *); /* what it knew */
/* late.c: it was due at `due` and is evaluated now; tells of what was missed. */
void group_note_late(struct group *, msec_t due, msec_t now);
/* evaluate.c: all rules in their order, as of `at`.  `answers` NULL: they are asked on the way. */
void group_evaluate(struct group *, msec_t at, struct answer *answers);
/* ask.c */
void rule_ask(struct group *, struct rule *, msec_t at, const volatile bool *cancel, struct answer *out);
/* A line of the query log, where there is one; `r` NULL: it failed. */
void rule_log(struct group *, const struct rule *, msec_t moment, const struct promql_result *r, nsec_t since, const char *error);
/* Whom to blame: base/suspect.h. */
uint64_t rule_print(const struct rule *);
struct str rule_what(const struct rule *, struct arena *);
/* It has ended the process too often. */
bool rule_is_barred(const struct rule *);
/* group.c: the group was evaluated; `timed`: because its moment had come, at `began`. */
void group_over(struct group *, bool timed, msec_t began);
/* asking.c: asks, then evaluates; right now where there is no pool. */
void group_begin(struct group *, msec_t at, bool timed);
void group_stop(struct group *); /* waits for who asks */
/* far.c */
bool group_is_far(const struct group *); /* its rules are asked of a cluster */
void far_begin(struct group *, msec_t at, bool timed, msec_t began);
void far_stop(struct group *);
static inline bool
group_is_asking(const struct group *g)
{
	return g->asking || g->far;
}

#endif
