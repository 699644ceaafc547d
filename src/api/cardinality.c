/* cardinality.c — which label explodes, since when and from whom; for whoever sees the customers whose samples they are. */
#include "api/tenant.h"
#include "tsdb/cardinality.h"

enum { TOP = 20 };

static void
put_usage(struct json_writer *w, const struct tsdb_usage *u)
{
	jsonw_object(w);
	jsonw_key(w, "name");
	jsonw_str(w, u->name);
	if (u->values) {
		jsonw_key(w, "values");
		jsonw_i64(w, (int64_t)u->values);
	}
	jsonw_key(w, "series");
	jsonw_i64(w, (int64_t)u->series);
	jsonw_key(w, "fresh");
	jsonw_i64(w, (int64_t)u->fresh);
	jsonw_member_time(w, "since", u->since == INT64_MAX ? 0 : u->since);
	jsonw_object_end(w);
}

static void
put_usages(struct json_writer *w, const char *key, const struct tsdb_usages *list)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < list->n; i++)
		put_usage(w, &list->p[i]);
	jsonw_array_end(w);
}

static void
put_hours(struct json_writer *w, const size_t began[CARDINALITY_HOURS])
{
	jsonw_key(w, "began");
	jsonw_array(w);
	for (int i = 0; i < CARDINALITY_HOURS; i++)
		jsonw_i64(w, (int64_t)began[i]);
	jsonw_array_end(w);
}

static void
put_tenant(struct call *c, struct json_writer *w, struct str tenant, struct str label)
{
	struct tsdb *db = c->api->house.tsdb;
	jsonw_object(w);
	jsonw_key(w, "customer");
	jsonw_str(w, tenant);
	if (label.n) {
		struct tsdb_label_usage u;
		tsdb_cardinality_label(db, tenant, label, c->now, TOP, c->arena, &u);
		jsonw_key(w, "label");
		put_usage(w, &u.label);
		put_hours(w, u.began);
		put_usages(w, "newest", &u.newest);
		put_usages(w, "jobs", &u.jobs);
	} else {
		struct tsdb_cardinality u;
		tsdb_cardinality(db, tenant, c->now, TOP, c->arena, &u);
		jsonw_key(w, "series");
		jsonw_i64(w, (int64_t)u.series);
		put_hours(w, u.began);
		put_usages(w, "labels", &u.labels);
		put_usages(w, "metrics", &u.metrics);
		put_usages(w, "jobs", &u.jobs);
	}
	jsonw_object_end(w);
}

void
handle_cardinality(struct call *c)
{
	struct strs tenants;
	struct buf b = {0};
	struct json_writer w;
	if (!tenant_read(c, &tenants))
		return;
	jsonw_init(&w, &b);
	jsonw_array(&w);
	for (size_t i = 0; i < tenants.n && !c->req->cancelled; i++)
		put_tenant(c, &w, tenants.p[i], http_param(c->req, "label"));
	jsonw_array_end(&w);
	answer_json(c, 200, &b);
}
