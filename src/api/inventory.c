/*
 * inventory.c — what is expected to be scraped: every target that was, within a span, and when it was there last.
 *
 * IDEA   A target that was removed, or that its discovery no longer names, is not down: it is not there, and no rule on `up`
 *        says a word.  The store remembers it.  The list is the answer to one expression, which is shown, so that a rule
 *        can be made of it.
 */
#include "api/prom_parts.h"
#include "api/tenant.h"
#include "base/budget.h"
#include "base/time.h"
#include "promql/promql.h"

enum { LONGEST = 90 }; /* days */

struct inventory {
	struct call *call;
	struct json_writer w;
	const struct promql *expr;
	bool vanished_only;
};

static void
put_target(struct inventory *v, struct str tenant, const struct promql_series *s)
{
	struct json_writer *w = &v->w;
	msec_t last = s->n ? (msec_t)(s->points[0].v * 1000) : 0;
	bool present = last > v->call->now - 5 * MINUTE;
	if (present && v->vanished_only)
		return;
	jsonw_object(w);
	jsonw_key(w, "customer");
	jsonw_str(w, tenant);
	jsonw_key(w, "labels");
	labels_to_json(w, s->labels);
	jsonw_member_time(w, "last", last);
	jsonw_key(w, "present");
	jsonw_bool(w, present);
	jsonw_object_end(w);
}

static enum rc
put_tenant(struct inventory *v, struct str tenant, struct err *e)
{
	struct call *c = v->call;
	struct promql_result *r;
	struct promql_ask ask = {.db = c->api->house.tsdb, .tenants = {&tenant, 1}, .start = c->now, .end = c->now, .outsider = true,
	    .limits = {.samples = (size_t)c->api->house.conf->root->server.query_max_samples}, .cancel = (const volatile bool *)&c->req->cancelled};
	enum rc rc = promql_run(v->expr, &ask, &r, e);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < r->n; i++)
		put_target(v, tenant, &r->series[i]);
	promql_result_destroy(&r);
	return RC_OK;
}

void
handle_inventory(struct call *c)
{
	int64_t days;
	struct strs tenants;
	struct promql *expr;
	struct buf b = {0};
	struct err e;
	if (!param_i64(c, "days", 7, &days) || !tenant_read(c, &tenants))
		return;
	if (days < 1 || days > LONGEST) {
		answer_error(c, RC_INVALID, "days: from 1 to %d", LONGEST);
		return;
	}
	enum rc rc = promql_parse(arena_fmt(c->arena, "ts_of_last_over_time(up[%lldd])", (long long)days), &expr, &e);
	if (rc == RC_OK) {
		struct inventory v = {.call = c, .expr = expr, .vanished_only = str_is(http_param(c->req, "vanished"), "true")};
		jsonw_init(&v.w, &b);
		jsonw_array(&v.w);
		for (size_t i = 0; i < tenants.n && rc == RC_OK; i++)
			rc = put_tenant(&v, tenants.p[i], &e);
		jsonw_array_end(&v.w);
		promql_destroy(&expr);
	}
	if (rc == RC_OK) {
		answer_json(c, 200, &b);
		return;
	}
	buf_fini(&b);
	answer_error(c, rc, "%s", e.text);
}
