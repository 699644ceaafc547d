/* drills.c — rehearsals of the whole chain: begun, and what became of them; and which channels are set up. */
#include "api/api_impl.h"
#include "base/time.h"
#include "engine/drill.h"
#include "notify/channels.h"

static void
drill_begun(struct call *c, const struct reply *r)
{
	struct buf b = {0};
	if (r->rc != RC_OK) {
		answer_reply(c, r);
		return;
	}
	buf_fmt(&b, "{\"ticket\":%lld}", (long long)r->number);
	answer_json(c, 200, &b);
}

void
handle_drill_begin(struct call *c)
{
	struct drill_order o;
	if (!body_record(c, &drill_order_layout, &o))
		return;
	o.at = c->now;
	ask_engine(c, MESSAGE_drill, &drill_order_layout, &o, drill_begun);
}

/* ---- what became of them ---- */

struct drill_list {
	struct call *call;
	struct ledger *ledger;
	VEC(struct drill) drills;
	int64_t left;
};

static bool
gather(void *arg, const struct row *row)
{
	struct drill_list *l = arg;
	struct drill d;
	struct err e;
	struct str bytes = arena_str(l->call->arena, row->value);
	if (!access_sees(&l->call->who, row->customer) || record_decode(&drill_layout, &d, bytes, l->call->arena, &e) != RC_OK)
		return true;
	*vec_add(&l->drills) = d;
	return --l->left > 0;
}

static bool
add_event(void *arg, const struct event *ev)
{
	drill_report_add(arg, ev);
	return true;
}

static enum rc
read_report(struct drill_list *l, const struct drill *d, struct drill_report *r, struct err *e)
{
	struct arena *a = l->call->arena;
	*r = (struct drill_report){0};
	struct event_query alert = {.subject = arena_fmt(a, "alert/%.*s", STR_ARG(d->fingerprint))};
	struct event_query ticket = {.subject = arena_fmt(a, "ticket/%lld", (long long)d->ticket)};
	enum rc rc = ledger_events(l->ledger, &alert, add_event, r, e);
	return rc == RC_OK ? ledger_events(l->ledger, &ticket, add_event, r, e) : rc;
}

static void
put_drill(struct json_writer *w, const struct drill *d, const struct drill_report *r)
{
	struct drill_step steps[DRILL_STAGES];
	struct buf result = {0};
	drill_result(d, r, &result);
	struct drill_view v = {.ticket = d->ticket, .at = d->at, .by = d->by, .result = buf_view(&result), .over = d->over, .stages = {steps, 0}};
	for (int i = 0; i < DRILL_STAGES; i++)
		if (r->at[i])
			steps[v.stages.n++] = (struct drill_step){str_c(drill_stages[i]), r->at[i] - d->at};
	record_to_json(&drill_view_layout, &v, true, w);
	buf_fini(&result);
}

void
handle_drills_list(struct call *c)
{
	struct drill_list l = {.call = c, .ledger = api_ledger(c->api)};
	struct row_query q = {.space = STR("drill"), .limit = INT64_MAX};
	struct buf b = {0};
	struct json_writer w;
	struct drill_report r;
	struct err e;
	if (!param_i64(c, "limit", 50, &l.left))
		return;
	enum rc rc = l.ledger ? ledger_list(l.ledger, &q, gather, &l, &e) : RC_IO;
	jsonw_init(&w, &b);
	jsonw_array(&w);
	for (size_t i = 0; i < l.drills.n && rc == RC_OK; i++) {
		rc = read_report(&l, &l.drills.p[i], &r, &e);
		if (rc == RC_OK)
			put_drill(&w, &l.drills.p[i], &r);
	}
	jsonw_array_end(&w);
	vec_fini(&l.drills);
	if (rc == RC_OK) {
		answer_json(c, 200, &b);
		return;
	}
	buf_fini(&b);
	answer_error(c, RC_IO, "the ledger cannot be read");
}

/* ---- channels ---- */

void
handle_channels_list(struct call *c)
{
	struct conf_state s;
	struct buf b = {0};
	struct json_writer w;
	api_conf(c->api, c->arena, &s);
	jsonw_init(&w, &b);
	jsonw_array(&w);
	for (int i = 0; channels[i]; i++) {
		struct buf how = {0};
		struct channel_view v = {.channel = str_c(channels[i]), .configured = channel_look(s.conf, (enum channel)i, &how)};
		v.how = buf_view(&how);
		record_to_json(&channel_view_layout, &v, true, &w);
		buf_fini(&how);
	}
	jsonw_array_end(&w);
	conf_unref(&s.conf);
	answer_json(c, 200, &b);
}
