/*
 * ask.c — what a rule asks of the store: its expression, and beside it what keep.c wants to know.
 *
 * It only reads, so any thread may ask; when one of the questions has no answer the rule has none, and its alerts stay as they are.
 */
#include "base/os.h"
#include "base/suspect.h"
#include "promql/query_log.h"
#include "rule/group.h"
#include "rule/keep.h"

enum { SAMPLES = 50 * 1000 * 1000, PAST_STEP = 5 * 60 * 1000 };

/* Another expression under the same name is another rule. */
uint64_t
rule_print(const struct rule *rule)
{
	return str_hash(rule->key) * 31 + str_hash(rule->texts.whole);
}

struct str
rule_what(const struct rule *rule, struct arena *a)
{
	return arena_fmt(a, "the rule %.*s", STR_ARG(str_to(rule->key, 140)));
}

void
rule_log(struct group *g, const struct rule *rule, msec_t moment, const struct promql_result *r, nsec_t since, const char *error)
{
	query_log_add(&(struct query_line){.query = rule->texts.whole,
	    .now = moment + g->conf->query_offset,
	    .start = moment,
	    .end = moment,
	    .seconds = (double)(clock_mono(clock_real()) - since) / 1e9,
	    .result = r,
	    .error = error,
	    .file = g->file,
	    .group = g->conf->name});
}

bool
rule_is_barred(const struct rule *rule)
{
	return suspect_barred(rule_print(rule));
}

void
answer_fini(struct answer *a)
{
	promql_result_destroy(&a->result);
	promql_result_destroy(&a->looked_at);
	promql_result_destroy(&a->resolve);
	promql_result_destroy(&a->past);
}

/* One of the rule's questions; nothing once there was an error. */
static void
ask_one(const struct promql *q, const struct promql_ask *ask, struct promql_result **result, struct answer *out)
{
	if (q && out->rc == RC_OK)
		out->rc = promql_run(q, ask, result, &out->err);
}

/* What there was in the day before, the first time: a start forgets what it knew. */
static void
ask_past(const struct rule *rule, struct promql_ask ask, struct answer *out)
{
	if (rule->conf->on_no_data != NO_DATA_FIRE || rule->known)
		return;
	ask.end = ask.start - PAST_STEP;
	ask.start -= RULE_KNOWN_FOR;
	ask.step = PAST_STEP;
	ask_one(rule->looked_at, &ask, &out->past, out);
}

void
rule_ask(struct group *g, struct rule *rule, msec_t at, const volatile bool *cancel, struct answer *out)
{
	msec_t moment = at - g->conf->query_offset;
	const struct tsdb_pending pending = {g->held_back.p, g->held_back.n, g->held_histograms.p, g->held_histograms.n};
	struct promql_ask ask = {
	    .db = g->rules->db, .pending = &pending, .tenants = {&g->tenant, 1}, .start = moment, .end = moment, .limits = {.samples = SAMPLES}, .cancel = cancel, .count_steps = query_log_is_on()};
	nsec_t since = clock_mono(clock_real());
	suspect_begin(rule_print(rule), "the rule %.*s", STR_ARG(str_to(rule->key, 140)));
	os_fault_meet(rule->conf->expr);
	out->asked = true;
	ask_one(rule->expr, &ask, &out->result, out);
	rule_log(g, rule, moment, out->result, since, out->rc == RC_OK ? NULL : out->err.text);
	ask_one(rule->looked_at, &ask, &out->looked_at, out);
	ask_one(rule->resolve, &ask, &out->resolve, out);
	ask_past(rule, ask, out);
	out->seconds = (double)(clock_mono(clock_real()) - since) / 1e9;
	suspect_end();
}
