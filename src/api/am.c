/* am.c — Alertmanager's API v2. */
#include "api/tenant.h"
#include "base/time.h"
#include "flow/alert.h"

enum { ALERTS_MAX = 100000 };

/* An unset time is "0001-01-01T00:00:00Z" in Go. */
static bool
alert_time(struct json *j, msec_t *out)
{
	struct str s;
	if (json_null(j))
		return true;
	if (!json_str(j, &s))
		return false;
	if (!time_parse_rfc3339(s, out)) {
		json_fail(j, "\"%.*s\" is not an RFC 3339 time", STR_ARG(str_to(s, 60)));
		return false;
	}
	if (*out < 0)
		*out = 0;
	return true;
}

static bool
alert_pairs(struct json *j, struct pairs *out, struct arena *a)
{
	VEC(struct pair) v = {0};
	struct str name, value;
	if (json_object(j))
		while (json_key(j, &name) && json_str(j, &value))
			if (value.n) /* an empty label is an absent one */
				*vec_add(&v) = (struct pair){arena_str(a, name), arena_str(a, value)};
	out->n = v.n;
	out->p = arena_array(a, struct pair, v.n);
	for (size_t i = 0; i < v.n; i++)
		out->p[i] = v.p[i];
	vec_fini(&v);
	pairs_sort(out);
	for (size_t i = 1; i < out->n; i++)
		if (str_eq(out->p[i].name, out->p[i - 1].name))
			json_fail(j, "the label \"%.*s\" stands there twice", STR_ARG(out->p[i].name));
	return !j->failed;
}

static bool
read_alert(struct json *j, struct alert *a, struct arena *arena)
{
	struct str key;
	if (!json_object(j))
		return false;
	while (json_key(j, &key)) {
		if (str_is(key, "labels"))
			alert_pairs(j, &a->labels, arena);
		else if (str_is(key, "annotations"))
			alert_pairs(j, &a->annotations, arena);
		else if (str_is(key, "startsAt"))
			alert_time(j, &a->starts_at);
		else if (str_is(key, "endsAt"))
			alert_time(j, &a->ends_at);
		else if (str_is(key, "generatorURL"))
			json_str(j, &a->generator_url);
		else
			json_skip(j);
	}
	if (!j->failed && a->labels.n == 0)
		json_fail(j, "an alert needs at least one label");
	if (!j->failed && a->starts_at && a->ends_at && a->ends_at < a->starts_at)
		json_fail(j, "an alert must not end before it starts");
	for (size_t i = 0; i < a->labels.n; i++)
		if (str_is(a->labels.p[i].name, "__tenant_id__"))
			json_fail(j, "the label __tenant_id__ says whose an alert is; nobody may send it");
	return !j->failed;
}

static void
posted(struct call *c, const struct reply *r)
{
	if (r->rc == RC_OK)
		http_answer(c->req, 200, NULL, STR(""));
	else
		answer_reply(c, r);
}

void
handle_am_alerts_post(struct call *c)
{
	VEC(struct alert) all = {0};
	struct str tenant;
	struct json j;
	struct err e;
	if (!tenant_write(c, &tenant))
		return;
	json_init(&j, c->req->body, c->arena, 8);
	if (json_array(&j)) {
		while (json_more(&j)) {
			struct alert *a = vec_add(&all);
			a->customer = tenant;
			a->received = c->now;
			if (all.n > ALERTS_MAX)
				json_fail(&j, "at most %d alerts are taken at once", ALERTS_MAX);
			if (!read_alert(&j, a, c->arena))
				break;
		}
	}
	if (json_end(&j, &e) != RC_OK) {
		answer_error(c, RC_INVALID, "%s", e.text);
	} else {
		struct alert_batch batch = {.alerts = {all.p, all.n}};
		ask_engine(c, MESSAGE_alerts, &alert_batch_layout, &batch, posted);
	}
	vec_fini(&all);
}
