/*
 * push_job.c — what a job pushes before it ends, as to a pushgateway: PUT, POST and DELETE of
 * /metrics/job/<job>{/<label>/<value>}.  A label named x@base64 has its value in URL-safe base64, so that it may hold a slash.
 */
#include <sodium.h>
#include <string.h>

#include "api/push.h"
#include "api/tenant.h"
#include "base/budget.h"
#include "ingest/groups.h"
#include "wire/metricpb.h"

enum { KEY_LABELS = 64, VALUE_MAX = 4096 };

struct group_key {
	struct pair labels[KEY_LABELS];
	size_t n;
};

static bool
decode_base64(struct call *c, struct str *value)
{
	struct str in = *value;
	size_t n;
	while (in.n && in.p[in.n - 1] == '=')
		in.n--;
	char *out = arena_alloc(c->arena, in.n + 1);
	if (sodium_base642bin((unsigned char *)out, in.n, in.p, in.n, NULL, &n, NULL,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
		return false;
	*value = str_n(out, n);
	return true;
}

static enum rc
add_label(struct call *c, struct group_key *k, struct str name, struct str value, struct err *e)
{
	if (k->n == KEY_LABELS)
		return err_set(e, RC_INVALID, "more than %d labels in the path", KEY_LABELS);
	if (value.n > VALUE_MAX)
		return err_set(e, RC_INVALID, "a label value of %zu bytes in the path; the limit is %d",
		    value.n, VALUE_MAX);
	if (str_ends(name, STR("@base64"))) {
		name = str_to(name, name.n - 7);
		if (!decode_base64(c, &value))
			return err_set(e, RC_INVALID, "the value of \"%.*s\" is no URL-safe base64",
			    STR_ARG(str_to(name, 80)));
	}
	if (!label_name_is_valid(name) || str_starts(name, STR("__")))
		return err_set(
		    e, RC_INVALID, "\"%.*s\" cannot be a label of a group", STR_ARG(str_to(name, 80)));
	k->labels[k->n++] = (struct pair){name, value};
	return RC_OK;
}

static enum rc
read_key(struct call *c, struct str path, struct group_key *k, struct err *e)
{
	struct str name, value;
	enum rc rc = RC_OK;
	k->n = 0;
	while (rc == RC_OK && str_cut(&path, '/', &name)) {
		if (!str_cut(&path, '/', &value))
			return err_set(e, RC_INVALID, "the label \"%.*s\" of the path has no value",
			    STR_ARG(str_to(name, 80)));
		rc = add_label(c, k, name, value, e);
	}
	if (rc == RC_OK && (!k->n || !str_is(k->labels[0].name, "job") || !k->labels[0].value.n))
		rc = err_set(e, RC_INVALID,
		    "the path is /metrics/job/<job>{/<label>/<value>}, and the job has a name");
	return rc;
}

enum { TEXT_OF_PROTOBUF = 16, TEXT_LEAST = 4096 };

/* Go's library pushes protobuf unless it is told otherwise: it becomes the text that it stands for. */
static enum rc
push_protobuf(
    struct call *c, struct str tenant, struct group_key *key, struct groups_page *page, struct err *e)
{
	struct buf text = {0};
	size_t most = (size_t)c->api->house.conf->root->server.uncompressed_limit,
	       room = page->text.n * TEXT_OF_PROTOBUF + TEXT_LEAST;
	room = room < most ? room : most;
	if (budget_take(BUDGET_bodies, room, e) != RC_OK)
		return RC_IO;
	enum rc rc = metricpb_to_text(page->text, room, NULL, &text, e);
	page->text = buf_view(&text);
	if (rc == RC_OK)
		rc = groups_push(c->api->house.groups, tenant, key->labels, key->n, page, c->now, e);
	else
		rc = RC_INVALID; /* too large today is too large tomorrow */
	buf_fini(&text);
	budget_give(BUDGET_bodies, room);
	return rc;
}

static void
push(struct call *c, bool replace)
{
	bool openmetrics = http_type_is(c->req, "application/openmetrics-text");
	struct groups_page page = {.replace = replace, .format = openmetrics ? EXPO_OPENMETRICS : EXPO_TEXT};
	struct group_key key;
	struct push_body body;
	struct str tenant;
	struct err e;
	if (!tenant_write(c, &tenant))
		return;
	if (read_key(c, c->part[0], &key, &e) != RC_OK) {
		answer_error(c, RC_INVALID, "%s", e.text);
		return;
	}
	if (!push_body_open(c, &body))
		return;
	page.text = body.text;
	enum rc rc = http_type_is(c->req, "application/vnd.google.protobuf")
			 ? push_protobuf(c, tenant, &key, &page, &e)
			 : groups_push(c->api->house.groups, tenant, key.labels, key.n, &page, c->now, &e);
	push_body_close(&body);
	c->wait = rc == RC_REFUSED ? e.wait : 0;
	if (rc == RC_OK)
		http_answer(c->req, 200, NULL, STR(""));
	else
		answer_error(c, rc, "%s", e.text);
}

void
handle_job_put(struct call *c)
{
	push(c, true);
}

void
handle_job_post(struct call *c)
{
	push(c, false);
}

void
handle_job_delete(struct call *c)
{
	struct group_key key;
	struct str tenant;
	struct err e;
	if (!tenant_write(c, &tenant))
		return;
	enum rc rc = read_key(c, c->part[0], &key, &e);
	if (rc == RC_OK)
		rc = groups_delete(c->api->house.groups, tenant, key.labels, key.n, c->now, &e);
	if (rc == RC_OK)
		http_answer(c->req, 202, NULL, STR(""));
	else
		answer_error(c, rc, "%s", e.text);
}
