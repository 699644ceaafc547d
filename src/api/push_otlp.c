/*
 * push_otlp.c — OpenTelemetry's metrics over HTTP: protobuf or JSON in, the same out.
 *
 * What was refused for good is a partial success (200): a sender must not send it again.  What may be sent again is 503.
 */
#include "api/push.h"
#include "api/tenant.h"
#include "ingest/otlp.h"
#include "wire/otlp.h"

/* google.rpc.Code */
enum { CODE_INVALID = 3, CODE_UNAVAILABLE = 14 };

static const char *const protobuf = "application/x-protobuf", *const json = "application/json";

static void
answer(struct call *c, int status, struct buf *take)
{
	http_answer_buf(c->req, status, http_type_is(c->req, json) ? json : protobuf, take);
}

/* google.rpc.Status */
static void
refuse(struct call *c, enum rc rc, const char *text)
{
	struct buf b = {0};
	struct json_writer w;
	int code = rc == RC_INVALID ? CODE_INVALID : CODE_UNAVAILABLE;
	if (http_type_is(c->req, json)) {
		jsonw_init(&w, &b);
		jsonw_object(&w);
		jsonw_key(&w, "code");
		jsonw_i64(&w, code);
		jsonw_key(&w, "message");
		jsonw_c(&w, text);
		jsonw_object_end(&w);
	} else {
		proto_put_varint(&b, 1, (uint64_t)code);
		proto_put_bytes(&b, 2, str_c(text));
	}
	if (rc != RC_INVALID)
		answer_wait(c);
	answer(c, status_of(rc), &b);
}

/* ExportMetricsServiceResponse; without partial_success when all was stored. */
static void
answer_stored(struct call *c, const struct otlp_counts *n, const char *why)
{
	struct buf b = {0}, partial = {0};
	struct json_writer w;
	if (http_type_is(c->req, json)) {
		jsonw_init(&w, &b);
		jsonw_object(&w);
		if (n->refused) {
			jsonw_key(&w, "partialSuccess");
			jsonw_object(&w);
			jsonw_key(&w, "rejectedDataPoints");
			jsonw_str(&w, arena_fmt(c->arena, "%zu", n->refused));
			jsonw_key(&w, "errorMessage");
			jsonw_c(&w, why);
			jsonw_object_end(&w);
		}
		jsonw_object_end(&w);
	} else if (n->refused) {
		proto_put_varint(&partial, 1, n->refused);
		proto_put_bytes(&partial, 2, str_c(why));
		proto_put_bytes(&b, 1, buf_view(&partial));
		buf_fini(&partial);
	}
	answer(c, 200, &b);
}

static enum rc
write_body(struct call *c, struct str tenant, struct str body, struct otlp_counts *n, struct err *e)
{
	struct conf_state s;
	struct buf bytes = {0};
	enum rc rc = RC_OK;
	if (http_type_is(c->req, json)) {
		rc = otlp_from_json(body, &bytes, e);
		body = buf_view(&bytes);
	}
	api_conf(c->api, c->arena, &s);
	struct otlp_house house = {
	    .tsdb = c->api->house.tsdb, .deltas = c->api->deltas, .conf = &s.conf->root->otlp, .now = c->now};
	if (rc == RC_OK)
		rc = otlp_write(&house, tenant, body, n, e);
	conf_unref(&s.conf);
	buf_fini(&bytes);
	return rc;
}

void
handle_otlp_metrics(struct call *c)
{
	struct otlp_counts n = {0};
	struct push_body body;
	struct str tenant;
	struct err e = {0};
	if (!http_type_is(c->req, json) && !http_type_is(c->req, protobuf)) {
		http_answer(c->req, 415, "text/plain; charset=utf-8",
		    STR("OTLP is application/x-protobuf or application/json\n"));
		return;
	}
	if (!tenant_write(c, &tenant) || !push_body_open(c, &body))
		return;
	enum rc rc = write_body(c, tenant, body.text, &n, &e);
	push_body_close(&body);
	c->wait = rc == RC_REFUSED ? e.wait : 0;
	if (rc == RC_OK)
		answer_stored(c, &n, e.text);
	else
		refuse(c, rc, e.text);
}
