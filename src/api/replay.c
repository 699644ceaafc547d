/*
 * replay.c — POST /api/tocsin/v1/rules/replay: what rules would have done over stored history, beside what today's would
 * have; GET …/rules/suggest: which of today's rules are worth a look.
 *
 * TRAP   Other customers' groups are no business of who asks: a customer's own rules run over that customer's samples.
 */
#include <math.h>
#include <string.h>

#include "api/tenant.h"
#include "base/budget.h"
#include "base/time.h"
#include "engine/engine.h"
#include "replay/history.h"
#include "replay/rehearse.h"
#include "replay/rule_check.h"
#include "replay/suggest.h"

enum { SHOWN = 1000, SPAN_MAX = 400 };

#define REPLAY_ORDER_KEYS(F)                                                                                 \
	F(STR, rules, 0, 0, "", "the text of a file of rules; empty: the rules at work")                     \
	F(TIME, from, 0, KEY_REQUIRED, "", "the first moment")                                               \
	F(TIME, to, 0, 0, "", "the last moment; default: now")                                               \
	F(STRS, only, 0, 0, "", "alerts by name; none: all")                                                 \
	F(BOOL, nobody_answers, 0, 0, "false", "let pages climb; else who is called first takes the ticket") \
	F(BOOL, rehearse, 0, 0, "true", "say which tickets and pages it would have caused")
RECORD(replay_order, REPLAY_ORDER_KEYS)
#define RECORD_SELF struct replay_order
RECORD_LAYOUT(replay_order, REPLAY_ORDER_KEYS)
#undef RECORD_SELF

static bool
sees(void *arg, struct str customer)
{
	return access_sees(arg, customer);
}

/* ---- as JSON ---- */

static void
put_time(struct json_writer *w, const char *key, msec_t t)
{
	if (!t)
		return;
	jsonw_key(w, key);
	jsonw_time(w, t);
}

static void
put_number(struct json_writer *w, const char *key, double n)
{
	jsonw_key(w, key);
	jsonw_f64(w, n);
}

static void
put_pairs(struct json_writer *w, const char *key, struct pairs p)
{
	jsonw_key(w, key);
	jsonw_object(w);
	for (size_t i = 0; i < p.n; i++) {
		jsonw_key_str(w, p.p[i].name);
		jsonw_str(w, p.p[i].value);
	}
	jsonw_object_end(w);
}

static void
put_rules(struct json_writer *w, const struct history *h)
{
	jsonw_key(w, "rules");
	jsonw_array(w);
	for (size_t i = 0; i < h->n_rules; i++) {
		const struct history_rule *r = &h->rules[i];
		jsonw_object(w);
		jsonw_member(w, "group", r->group);
		jsonw_member(w, "name", r->name);
		jsonw_member(w, "query", r->expr);
		put_number(w, "evaluations", (double)r->steps);
		put_number(w, "episodes", (double)r->episodes);
		put_number(w, "fired", (double)r->fired);
		put_number(w, "secondsFiring", (double)r->firing / 1000);
		if (r->trouble.n)
			jsonw_member(w, "error", r->trouble);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void
put_episodes(struct call *c, struct json_writer *w, const struct history *h)
{
	jsonw_key(w, "episodes");
	jsonw_array(w);
	for (size_t i = 0; i < h->n_episodes && i < SHOWN; i++) {
		const struct episode *e = &h->episodes[i];
		struct buf v = {0};
		buf_f64(&v, e->value);
		jsonw_object(w);
		jsonw_member(w, "rule", h->rules[e->rule].name);
		put_pairs(w, "labels", labels_to_pairs(e->labels, c->arena));
		put_pairs(w, "annotations", e->annotations);
		jsonw_member(w, "value", buf_view(&v));
		put_time(w, "pendingAt", e->pending_at);
		put_time(w, "firingAt", e->fired_at);
		put_time(w, "endedAt", e->ended_at);
		jsonw_object_end(w);
		buf_fini(&v);
	}
	jsonw_array_end(w);
	put_number(w, "episodesTotal", (double)h->n_episodes);
}

static void
put_rehearsal(struct json_writer *w, const struct rehearsal *r)
{
	jsonw_key(w, "tickets");
	jsonw_array(w);
	for (size_t i = 0; i < r->tickets.n && i < SHOWN; i++) {
		const struct ticket *t = &r->tickets.p[i];
		jsonw_object(w);
		put_number(w, "number", (double)t->number);
		jsonw_member(w, "customer", t->customer);
		jsonw_member(w, "title", t->title);
		jsonw_member(w, "priority", str_c(priorities[t->priority]));
		jsonw_member(w, "modality", str_c(modalities[t->modality]));
		put_time(w, "openedAt", t->opened);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_key(w, "pages");
	jsonw_array(w);
	for (size_t i = 0; i < r->pages.n && i < SHOWN; i++) {
		const struct rehearsed_page *p = &r->pages.p[i];
		jsonw_object(w);
		put_time(w, "at", p->at);
		jsonw_member(w, "user", p->user);
		jsonw_member(w, "channel", p->channel);
		jsonw_member(w, "customer", p->customer);
		put_number(w, "ticket", (double)p->ticket);
		jsonw_member(w, "why", p->why);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	put_number(w, "ticketsTotal", (double)r->tickets.n);
	put_number(w, "pagesTotal", (double)r->pages.n);
	put_number(w, "alertsLeftOut", (double)r->left_out);
}

/* ---- working ---- */

/* What stays the same through one request. */
struct replaying {
	struct call *call;
	struct conf_state state;
	struct history_ask ask;
	const struct replay_order *order;
};

static enum rc
put_history(struct replaying *r, struct json_writer *w, const char *key, struct err *e)
{
	struct history *h = NULL;
	struct rehearsal *stage = NULL;
	struct call *c = r->call;
	enum rc rc = history_run(&r->ask, &h, e);
	if (rc == RC_OK && r->order->rehearse) {
		struct rehearse_ask a = {.history = h,
		    .conf = r->state.conf,
		    .kinds = resource_kinds,
		    .now = c->now,
		    .folder = arena_cstr(c->arena, c->api->house.data),
		    .nobody_answers = r->order->nobody_answers};
		a.book = api_book(c->api);
		rc = rehearse(&a, &stage, e);
		api_book_done(c->api);
	}
	if (rc == RC_OK) {
		jsonw_key(w, key);
		jsonw_object(w);
		put_rules(w, h);
		put_episodes(c, w, h);
		if (stage)
			put_rehearsal(w, stage);
		jsonw_object_end(w);
	}
	rehearsal_destroy(&stage);
	history_destroy(&h);
	return rc;
}

/* The alerts that the new rules name: what today's did about the others is no part of the comparison. */
static struct strs
names_of(struct call *c, const struct conf_rules *file)
{
	size_t n = 0;
	for (size_t i = 0; i < file->groups.n; i++)
		n += file->groups.p[i].rules.n;
	struct strs names = {arena_array(c->arena, struct str, n + 1), 0};
	for (size_t i = 0; i < file->groups.n; i++)
		for (size_t k = 0; k < file->groups.p[i].rules.n; k++)
			if (file->groups.p[i].rules.p[k].alert.n)
				names.p[names.n++] = file->groups.p[i].rules.p[k].alert;
	return names;
}

static enum rc
put_both(struct replaying *r, const struct conf_rules *fresh, struct json_writer *w, struct err *e)
{
	enum rc rc = RC_OK;
	if (fresh) {
		r->ask.files = fresh;
		r->ask.n_files = 1;
		rc = put_history(r, w, "proposed", e);
		if (!r->ask.only.n)
			r->ask.only = names_of(r->call, fresh);
	}
	r->ask.files = r->state.conf->rules.p;
	r->ask.n_files = r->state.conf->rules.n;
	return rc == RC_OK ? put_history(r, w, "present", e) : rc;
}

static bool
read_rules(struct call *c, struct str text, struct conf_rules *out, struct binder *b)
{
	struct check check = {
	    .report = b->report, .marks = b->marks, .judges = *rule_judges(), .query_offset = c->api->house.conf->root->global.prom.rule_query_offset};
	struct buf said = {0};
	bool ok = conf_rules_read(&check, b, "rules", text, out);
	if (!ok) {
		report_print(b->report, &said);
		answer_error(c, RC_INVALID, "%.*s", STR_ARG(str_trim(buf_view(&said))));
	}
	buf_fini(&said);
	return ok;
}

static bool
set_ask(struct replaying *r, msec_t from, msec_t to)
{
	struct call *c = r->call;
	msec_t timeout = c->api->house.conf->root->server.query_timeout;
	api_conf(c->api, c->arena, &r->state);
	r->ask = (struct history_ask){.db = c->api->house.tsdb,
	    .from = from,
	    .to = to,
	    .interval = r->state.conf->root->global.prom.evaluation_interval,
	    .external_labels = r->state.conf->root->global.prom.external_labels,
	    .external_url = r->state.conf->external_url,
	    .sees = sees,
	    .sees_arg = &c->who,
	    .calendar = {c->api, api_calendar_open},
	    .folder = arena_cstr(c->arena, c->api->house.data),
	    .outsider = true,
	    .deadline = timeout > 0 ? clock_mono(clock_real()) + timeout * 1000000 : 0};
	if (!tenant_read(c, &r->ask.tenants))
		return false;
	if (to > from && to - from <= SPAN_MAX * DAY)
		return true;
	answer_error(
	    c, RC_INVALID, "a replay goes from an earlier to a later moment, over at most %d days", SPAN_MAX);
	return false;
}

static void
answer_replay(struct replaying *r, const struct conf_rules *fresh)
{
	struct buf b = {0};
	struct json_writer w;
	struct err e;
	nsec_t since = clock_mono(clock_real());
	if (budget_take(BUDGET_queries, 1, &e) != RC_OK) {
		answer_error(r->call, RC_IO, "%s", e.text);
		return;
	}
	jsonw_init(&w, &b);
	jsonw_object(&w);
	put_time(&w, "from", r->ask.from);
	put_time(&w, "to", r->ask.to);
	enum rc rc = put_both(r, fresh, &w, &e);
	budget_give(BUDGET_queries, 1);
	jsonw_member(&w, "assumed", r->order->nobody_answers ? STR("nobody answers; a ticket is closed when its last alert is over")
						       : STR("who is called first takes the ticket after 12 s; a ticket is closed when its last alert is over"));
	put_number(&w, "seconds", (double)(clock_mono(clock_real()) - since) / 1e9);
	jsonw_object_end(&w);
	if (rc == RC_OK)
		answer_json(r->call, 200, &b);
	else
		answer_error(r->call, rc, "%s", e.text);
	buf_fini(&b);
}

void
handle_rules_replay(struct call *c)
{
	struct replay_order order;
	if (!body_record(c, &replay_order_layout, &order))
		return;
	struct replaying r = {.call = c, .order = &order};
	struct report report;
	struct conf_rules fresh = {0};
	struct binder b = {
	    .arena = c->arena, .report = &report, .marks = marks_create(), .top = &conf_rules_layout};
	report_init(&report);
	bool ok = set_ask(&r, order.from, order.to ? order.to : c->now);
	r.ask.only = order.only;
	if (ok && (!order.rules.n || read_rules(c, order.rules, &fresh, &b)))
		answer_replay(&r, order.rules.n ? &fresh : NULL);
	conf_unref(&r.state.conf);
	report_fini(&report);
	marks_destroy(&b.marks);
}

/* ---- suggestions ---- */

static void
put_suggestions(struct json_writer *w, const struct suggestions *s)
{
	jsonw_key(w, "suggestions");
	jsonw_array(w);
	for (size_t i = 0; i < s->list.n; i++) {
		const struct suggestion *x = &s->list.p[i];
		jsonw_object(w);
		jsonw_member(w, "group", x->rule->group);
		jsonw_member(w, "name", x->rule->name);
		jsonw_member(w, "finding", str_c(suggest_findings[x->finding]));
		jsonw_member(w, "text", x->text);
		if (x->change.n)
			jsonw_member(w, "change", x->change);
		if (x->fired_then >= 0) {
			put_number(w, "firedNow", (double)x->rule->fired);
			put_number(w, "firedThen", (double)x->fired_then);
		}
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

void
handle_rules_suggest(struct call *c)
{
	struct replay_order order = {0};
	struct replaying r = {.call = c, .order = &order};
	struct suggestions *s = NULL;
	struct buf b = {0};
	struct json_writer w;
	struct err e;
	int64_t days;
	if (!param_i64(c, "days", 30, &days))
		return;
	if (set_ask(&r, c->now - days * DAY, c->now)) {
		r.ask.files = r.state.conf->rules.p;
		r.ask.n_files = r.state.conf->rules.n;
		enum rc rc = suggest_run(&r.ask, &s, &e);
		if (rc == RC_OK) {
			jsonw_init(&w, &b);
			jsonw_object(&w);
			put_time(&w, "from", r.ask.from);
			put_time(&w, "to", r.ask.to);
			put_suggestions(&w, s);
			jsonw_object_end(&w);
			answer_json(c, 200, &b);
		} else {
			answer_error(c, rc, "%s", e.text);
		}
		suggestions_destroy(&s);
	}
	conf_unref(&r.state.conf);
	buf_fini(&b);
}
