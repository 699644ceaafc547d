/*
 * heartbeats.c — /ping/<uuid>: jobs report; and what was last heard of each.
 *
 * Who knows the uuid may report, and learns nothing.  One that nobody has is answered here: guessing costs the engine
 * nothing.
 */
#include "api/api_impl.h"
#include "ingest/heartbeat.h"

struct search {
	struct str uuid;
	bool found;
};

static bool
is_it(void *arg, const struct resource *r, const void *spec)
{
	struct search *s = arg;
	s->found |= str_eq(((const struct heartbeat *)spec)->uuid, s->uuid);
	return !s->found;
}

static bool
known(struct call *c, struct str uuid)
{
	struct search s = {.uuid = uuid};
	if (!heartbeat_uuid_ok(uuid))
		return false;
	struct book *book = api_book(c->api);
	book_each(book, "heartbeat", c->now, is_it, &s);
	api_book_done(c->api);
	return s.found;
}

static void
answer_text(struct call *c, int status, struct str text)
{
	http_answer(c->req, status, "text/plain; charset=utf-8", text);
}

static void
heard(struct call *c, const struct reply *r)
{
	if (r->rc == RC_OK) {
		answer_text(c, 200, STR("OK"));
		return;
	}
	if (r->rc == RC_REFUSED || r->rc == RC_IO)
		http_answer_header(c->req, "Retry-After", STR("10"));
	answer_text(c, status_of((enum rc)r->rc), r->text);
}

/* start, fail, or an exit status. */
static bool
read_what(struct str what, struct heartbeat_ping *p)
{
	if (!what.n)
		return true;
	if (str_is(what, "start") || str_is(what, "fail")) {
		p->what = str_is(what, "start") ? HEARD_START : HEARD_FAIL;
		return true;
	}
	return str_i64(what, &p->status) && p->status >= 0 && p->status < 256;
}

void
handle_ping(struct call *c)
{
	struct heartbeat_ping p = {.uuid = c->part[0], .body = str_to(c->req->body, HEARTBEAT_BODY), .peer = c->req->peer, .at = c->now};
	if (!read_what(c->part[1], &p))
		answer_text(c, 400, STR("after the uuid stands nothing, start, fail, or an exit status from 0 to 255"));
	else if (!known(c, p.uuid))
		answer_text(c, 404, STR("there is no such heartbeat"));
	else
		ask_engine(c, MESSAGE_heartbeat, &heartbeat_ping_layout, &p, heard);
}

/* ---- what was heard ---- */

static bool
list_one(void *arg, const struct row *row)
{
	struct row_listing *l = arg;
	struct heartbeat_memory m;
	struct err e;
	if (access_sees(&l->call->who, row->customer) && record_decode(&heartbeat_memory_layout, &m, row->value, l->call->arena, &e) == RC_OK)
		record_to_json(&heartbeat_memory_layout, &m, true, &l->w);
	return true;
}

void
handle_heartbeats_list(struct call *c)
{
	answer_rows(c, STR("heartbeat"), list_one);
}
