/* am.c — Alertmanager's API v2. */
#include "api/tenant.h"
#include "base/time.h"
#include "engine/order.h"
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
	/* who may see every customer and names none leaves it to the alert's own labels */
	bool open = !http_header(c->req, "X-Scope-OrgID").n && !c->who.customers.n;
	json_init(&j, c->req->body, c->arena, 8);
	if (json_array(&j)) {
		while (json_more(&j)) {
			struct alert *a = vec_add(&all);
			a->customer = open ? STR("") : tenant;
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

/* ---- views ---- */

static void
viewed(struct call *c, const struct reply *r)
{
	if (r->rc != RC_OK)
		answer_reply(c, r);
	else
		http_answer(c->req, 200, "application/json", r->text);
}

/* Not Alertmanager's: the board's, of every customer that who asks may see. */
void
handle_causes(struct call *c)
{
	struct view_request q = {.subject = VIEW_CAUSES, .customers = c->who.customers};
	struct str one = http_param(c->req, "customer");
	if (one.n && !access_sees(&c->who, one)) {
		answer_error(c, RC_DENIED, "customer %.*s is not yours", STR_ARG(str_to(one, 63)));
		return;
	}
	if (one.n)
		q.customers = (struct strs){&one, 1};
	ask_engine(c, MESSAGE_view, &view_request_layout, &q, viewed);
}

/* Whose: the tenant of the header, else the asker's own; an administrator without a header sees all. */
static bool
view_customer(struct call *c, struct str *out)
{
	bool named = http_header(c->req, "X-Scope-OrgID").n > 0;
	*out = STR("");
	if (!named && c->who.role == ROLE_ADMIN && c->who.customers.n == 0)
		return true;
	return tenant_write(c, out);
}

static bool
left_out(struct call *c, const char *name)
{
	return str_is(http_param(c->req, name), "false");
}

static void
ask_view(struct call *c, enum view_subject subject, struct str id)
{
	struct view_request q = {.subject = subject, .id = id, .receiver = http_param(c->req, "receiver"),
	    .limited = c->who.customers.n > 0};
	if (!view_customer(c, &q.customer))
		return;
	q.matchers.p = arena_array(c->arena, struct str, c->req->params.n);
	for (size_t i = 0; i < c->req->params.n; i++)
		if (str_is(c->req->params.p[i].name, "filter"))
			q.matchers.p[q.matchers.n++] = c->req->params.p[i].value;
	q.no_active = left_out(c, "active");
	q.no_silenced = left_out(c, "silenced");
	q.no_inhibited = left_out(c, "inhibited");
	q.no_unprocessed = left_out(c, "unprocessed");
	q.no_muted = left_out(c, "muted");
	ask_engine(c, MESSAGE_view, &view_request_layout, &q, viewed);
}

void
handle_am_alerts(struct call *c)
{
	ask_view(c, VIEW_ALERTS, STR(""));
}

void
handle_am_groups(struct call *c)
{
	ask_view(c, VIEW_GROUPS, STR(""));
}

void
handle_am_receivers(struct call *c)
{
	ask_view(c, VIEW_RECEIVERS, STR(""));
}

void
handle_am_status(struct call *c)
{
	ask_view(c, VIEW_STATUS, STR(""));
}

void
handle_am_silences(struct call *c)
{
	ask_view(c, VIEW_SILENCES, STR(""));
}

void
handle_am_silence(struct call *c)
{
	ask_view(c, VIEW_SILENCE, c->part[0]);
}

/* ---- silences ---- */

static bool
read_matcher(struct json *j, struct silence_matcher *m, struct arena *a)
{
	struct str key;
	m->is_equal = true;
	if (!json_object(j))
		return false;
	while (json_key(j, &key)) {
		if (str_is(key, "name") && json_str(j, &m->name))
			m->name = arena_str(a, m->name);
		else if (str_is(key, "value") && json_str(j, &m->value))
			m->value = arena_str(a, m->value);
		else if (str_is(key, "isRegex"))
			json_bool(j, &m->is_regex);
		else if (str_is(key, "isEqual"))
			json_bool(j, &m->is_equal);
		else
			json_skip(j);
	}
	return !j->failed;
}

static bool
read_matchers(struct json *j, struct silence *s, struct arena *a)
{
	VEC(struct silence_matcher) all = {0};
	if (json_array(j))
		while (json_more(j) && read_matcher(j, vec_add(&all), a))
			;
	s->matchers.n = all.n;
	s->matchers.p = arena_array(a, struct silence_matcher, all.n);
	for (size_t i = 0; i < all.n; i++)
		s->matchers.p[i] = all.p[i];
	vec_fini(&all);
	return !j->failed;
}

static bool
read_silence(struct json *j, struct silence *s, struct arena *a)
{
	struct str key;
	if (!json_object(j))
		return false;
	while (json_key(j, &key)) {
		if (str_is(key, "id")) {
			if (!json_null(j) && json_str(j, &s->id))
				s->id = arena_str(a, s->id);
		} else if (str_is(key, "matchers")) {
			read_matchers(j, s, a);
		} else if (str_is(key, "startsAt")) {
			alert_time(j, &s->starts_at);
		} else if (str_is(key, "endsAt")) {
			alert_time(j, &s->ends_at);
		} else if (str_is(key, "createdBy")) {
			json_str(j, &s->created_by);
		} else if (str_is(key, "comment")) {
			json_str(j, &s->comment);
		} else if (str_is(key, "annotations")) {
			if (!json_null(j))
				alert_pairs(j, &s->annotations, a);
		} else if (str_is(key, "allCustomers")) {
			json_bool(j, &s->all_customers);
		} else {
			json_skip(j);
		}
	}
	return !j->failed;
}

static void
silence_made(struct call *c, const struct reply *r)
{
	struct buf b = {0};
	if (r->rc != RC_OK) {
		answer_reply(c, r);
		return;
	}
	buf_fmt(&b, "{\"silenceID\":\"%.*s\"}", STR_ARG(r->id));
	answer_json(c, 200, &b);
}

void
handle_am_silence_set(struct call *c)
{
	struct silence_order o = {.admin = c->who.role == ROLE_ADMIN};
	struct json j;
	struct err e;
	if (!tenant_write(c, &o.silence.customer))
		return;
	json_init(&j, c->req->body, c->arena, 8);
	read_silence(&j, &o.silence, c->arena);
	if (json_end(&j, &e) != RC_OK)
		answer_error(c, RC_INVALID, "%s", e.text);
	else
		ask_engine(c, MESSAGE_silence_set, &silence_order_layout, &o, silence_made);
}

void
handle_am_silence_end(struct call *c)
{
	struct silence_order o = {.silence = {.id = c->part[0]}};
	if (view_customer(c, &o.silence.customer))
		ask_engine(c, MESSAGE_silence_end, &silence_order_layout, &o, posted);
}
