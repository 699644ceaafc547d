/*
 * push.c — doors for samples that others push: remote write, InfluxDB's line protocol.
 *
 * IDEA   A door finds whose the samples are, opens the body within the budget of bodies, hands it to its module of ingest/
 *        and says in its protocol's words what became of it.  What a sender may try again is 429 or 503 with Retry-After;
 *        what stays wrong is 400.
 */
#include <string.h>

#include "api/push.h"
#include "api/tenant.h"
#include "base/budget.h"
#include "ingest/influx.h"
#include "ingest/remote_write.h"
#include "wire/gzip.h"
#include "wire/snappy.h"

/* ---- bodies ---- */

enum { GZIP_GUESS = 8, GZIP_LEAST = 4096 };

static size_t
unpacked_limit(const struct call *c)
{
	return (size_t)c->api->house.conf->root->server.uncompressed_limit;
}

/* What gzip holds is known only afterwards: as much is taken from the budget as it may have this time. */
static enum rc
open_gzip(struct call *c, struct push_body *b, struct err *e)
{
	size_t limit = unpacked_limit(c), room = c->req->body.n * GZIP_GUESS + GZIP_LEAST;
	for (;; room *= GZIP_GUESS) {
		room = room < limit ? room : limit;
		if (budget_take(BUDGET_bodies, room, e) != RC_OK)
			return RC_IO;
		enum rc rc = gzip_unpack(c->req->body, room, &b->plain, e);
		b->charged = room;
		if (rc == RC_OK)
			return RC_OK;
		push_body_close(b);
		if (rc != RC_REFUSED)
			return rc;
		if (room == limit)
			return err_set(e, RC_INVALID,
			    "unpacked, the body is over server.uncompressed_limit (%zu bytes)", limit);
	}
}

bool
push_body_open(struct call *c, struct push_body *b)
{
	struct str how = http_header(c->req, "Content-Encoding");
	struct err e;
	enum rc rc = RC_OK;
	*b = (struct push_body){.text = c->req->body};
	if (str_is(how, "gzip")) {
		rc = open_gzip(c, b, &e);
		b->text = buf_view(&b->plain);
	} else if (how.n && !str_is(how, "identity")) {
		rc = err_set(&e, RC_INVALID, "Content-Encoding: %.*s is not known here; gzip is",
		    STR_ARG(str_to(how, 40)));
	}
	if (rc != RC_OK)
		answer_error(c, rc, "%s", e.text);
	return rc == RC_OK;
}

void
push_body_close(struct push_body *b)
{
	budget_give(BUDGET_bodies, b->charged);
	b->charged = 0;
	buf_fini(&b->plain);
}

/* ---- remote write ---- */

/* "application/x-protobuf;proto=io.prometheus.write.v2.Request"; without a proto it is 1.0.  False: neither. */
static bool
remote_write_version(const struct call *c, bool *version_2)
{
	struct str rest = http_header(c->req, "Content-Type"), part;
	*version_2 = false;
	if (!http_type_is(c->req, "application/x-protobuf") || !str_is(http_header(c->req, "Content-Encoding"), "snappy"))
		return false;
	(void)str_cut(&rest, ';', &part);
	while (str_cut(&rest, ';', &part)) {
		part = str_trim(part);
		if (str_is(part, "proto=io.prometheus.write.v2.Request"))
			*version_2 = true;
		else if (str_starts(part, STR("proto=")) && !str_is(part, "proto=prometheus.WriteRequest"))
			return false;
	}
	return true;
}

static void
say_written(struct call *c, const struct remote_write_counts *n)
{
	http_answer_header(c->req, "X-Prometheus-Remote-Write-Samples-Written",
	    arena_fmt(c->arena, "%zu", n->stored.stored + n->stored.duplicate));
	http_answer_header(c->req, "X-Prometheus-Remote-Write-Histograms-Written",
	    arena_fmt(c->arena, "%zu", n->stored_histograms.stored + n->stored_histograms.duplicate));
	http_answer_header(c->req, "X-Prometheus-Remote-Write-Exemplars-Written", arena_fmt(c->arena, "%zu", n->exemplars));
}

void
handle_remote_write(struct call *c)
{
	struct remote_write r = {.packed = c->req->body, .unpacked_limit = unpacked_limit(c)};
	struct remote_write_counts n;
	struct str tenant;
	struct err e;
	if (!tenant_write(c, &tenant))
		return;
	if (!remote_write_version(c, &r.version_2)) {
		http_answer(c->req, 415, "text/plain; charset=utf-8",
		    STR("remote write is application/x-protobuf with Content-Encoding: snappy, of prometheus.WriteRequest or "
			"io.prometheus.write.v2.Request\n"));
		return;
	}
	size_t unpacked = snappy_unpacked_size(r.packed);
	unpacked = unpacked <= r.unpacked_limit ? unpacked : 0; /* refused before it takes any */
	if (budget_take(BUDGET_bodies, unpacked, &e) != RC_OK) {
		answer_error(c, RC_IO, "%s", e.text); /* 503: senders try it again */
		return;
	}
	enum rc rc = remote_write(c->api->house.tsdb, tenant, &r, &n, &e);
	budget_give(BUDGET_bodies, unpacked);
	say_written(c, &n);
	c->wait = rc == RC_REFUSED ? e.wait : 0;
	if (rc == RC_OK)
		http_answer(c->req, 204, NULL, STR(""));
	else
		answer_error(c, rc, "%s", e.text);
}

/* ---- InfluxDB ---- */

/* Version 1 reads `error`, version 2 `code` and `message`. */
static void
influx_refuse(struct call *c, enum rc rc, const char *text)
{
	struct buf b = {0};
	struct json_writer w;
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_key(&w, "error");
	jsonw_c(&w, text);
	jsonw_key(&w, "code");
	jsonw_c(&w, rc == RC_INVALID ? "invalid" : rc == RC_REFUSED ? "too many requests" : "unavailable");
	jsonw_key(&w, "message");
	jsonw_c(&w, text);
	jsonw_object_end(&w);
	http_answer_header(c->req, "X-Influxdb-Error", str_to(str_c(text), 200));
	if (rc != RC_INVALID)
		answer_wait(c);
	answer_json(c, status_of(rc), &b);
}

void
handle_influx_write(struct call *c)
{
	struct influx_options o = {.db = http_param(c->req, "db"), .now = c->now};
	struct influx_counts n;
	struct push_body body;
	struct str tenant, unit = http_param(c->req, "precision");
	struct err e;
	if (!o.db.n)
		o.db = http_param(c->req, "bucket");
	if (!influx_precision(unit, &o)) {
		influx_refuse(c, RC_INVALID, "the precision is one of ns, us, ms, s, m and h");
		return;
	}
	if (!tenant_write(c, &tenant) || !push_body_open(c, &body))
		return;
	enum rc rc = influx_write(c->api->house.tsdb, tenant, body.text, &o, &n, &e);
	push_body_close(&body);
	c->wait = rc == RC_REFUSED ? e.wait : 0;
	if (rc == RC_OK)
		http_answer(c->req, 204, NULL, STR(""));
	else
		influx_refuse(c, rc, e.text);
}

/* Senders make their database before they write, and do not go on without it: there is nothing to make. */
void
handle_influx_query(struct call *c)
{
	struct str q = str_trim(http_param(c->req, "q")), word = STR("");
	struct buf b = {0};
	(void)str_cut(&q, ' ', &word);
	if (!str_eq_nocase(word, STR("create"))) {
		influx_refuse(c, RC_INVALID,
		    "what was stored is asked for in PromQL, at /api/v1/query; only CREATE DATABASE is "
		    "answered here");
		return;
	}
	buf_c(&b, "{\"results\":[{\"statement_id\":0}]}");
	answer_json(c, 200, &b);
}

void
handle_influx_ping(struct call *c)
{
	http_answer_header(c->req, "X-Influxdb-Version", STR("1.8.10"));
	http_answer_header(c->req, "X-Influxdb-Build", STR("tocsin"));
	http_answer(c->req, 204, NULL, STR(""));
}
