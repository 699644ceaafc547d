/*
 * play_request.c — requests, from the routes table on.
 *
 * IDEA   A play is a carrier (http_req.h): it makes the head and the body that the HTTP library would have read, hands
 *        the request to the API's handler, and keeps the answer.
 */
#include "access/identity.h"
#include "main/play_script.h"

struct asked {
	struct http_req req;       /* first: a request is its asker */
	struct http_stream stream; /* what a handler holds that leaves the body open */
	struct world *world;
	bool answered;
	void (*on_close)(void *arg); /* of whoever left the body open */
	void *on_close_arg;
};

static void
keep(struct asked *a)
{
	struct world *w = a->world;
	w->answer =
	    (struct http_seen){a->req.reply.status, arena_str(w->arena, buf_view(&a->req.reply.body))};
	a->answered = true;
}

static void
take_answer(struct http_req *r)
{
	keep((struct asked *)r);
}

static struct asked *
asked_of(struct http_stream *s)
{
	return (struct asked *)((char *)s - offsetof(struct asked, stream));
}

static bool
stream_send(struct http_stream *s, struct str bytes)
{
	struct asked *a = asked_of(s);
	buf_str(&a->req.reply.body, bytes);
	keep(a);
	return true;
}

static void
stream_close(struct http_stream *s)
{
	struct asked *a = asked_of(s);
	http_req_fini(&a->req);
	mem_free(a);
}

static struct http_stream *
open_stream(struct http_req *r, void (*on_close)(void *arg), void *on_close_arg)
{
	struct asked *a = (struct asked *)r;
	a->stream = (struct http_stream){stream_send, stream_close};
	a->on_close = on_close;
	a->on_close_arg = on_close_arg;
	keep(a);
	return &a->stream;
}

static bool
on_cancel(struct http_req *r, void (*fn)(void *arg), void *fn_arg)
{
	return true; /* nobody hangs up here */
}

static const struct http_carrier carrier = {.answer = take_answer, .stream = open_stream, .on_cancel = on_cancel};

/* ---- who asks ---- */

/* A token of this user, made through the engine when it is first needed. */
static enum rc
token_of(struct script *s, struct str user, struct str *out, struct err *e)
{
	struct world *w = &s->world;
	*out = arena_fmt(s->arena, "tocsin_play_%.*s", STR_ARG(user));
	for (size_t i = 0; i < w->tokens.n; i++)
		if (str_eq(w->tokens.p[i], user))
			return RC_OK;
	struct credential made = {.id = secret_id(*out, s->arena),
	    .kind = CREDENTIAL_TOKEN,
	    .user = user,
	    .name = STR("play"),
	    .created = clock_wall(w->clock)};
	struct credential_batch batch = {.credentials = {&made, 1}};
	if (world_ask(w, MESSAGE_credentials, STR("user/admin"), &credential_batch_layout, &batch) != RC_OK)
		return err_set(e, RC_INVALID, "%.*s", STR_ARG(w->last.text));
	*vec_add(&w->tokens) = user;
	return RC_OK;
}

static enum rc
add_asker(struct script *s, struct str who, struct http_req *r, struct err *e)
{
	struct str secret = str_from(who, 6); /* "token:" */
	enum rc rc = RC_OK;
	if (!who.n)
		return RC_OK;
	if (!str_starts(who, STR("token:")))
		rc = token_of(s, who, &secret, e);
	if (rc == RC_OK)
		http_req_add_header(
		    r, STR("Authorization"), arena_fmt(s->arena, "Bearer %.*s", STR_ARG(secret)));
	return rc;
}

/* ---- asking ---- */

static void
hand_over(struct world *w, struct http_req *r, struct str body)
{
	struct api *api = core_api(w->core);
	r->body = body;
	r->peer = STR("192.0.2.7");
	r->local = STR("192.0.2.1");
	api_decorate(api, r);
	if (body.n > api_body_limit(api, r))
		http_answer(
		    r, 413, "text/plain; charset=utf-8", STR("the body is larger than what is taken here\n"));
	else
		api_handle(api, r);
	world_settle(w);
}

enum rc
do_request(struct script *s, const struct statement *st, struct err *e)
{
	enum rc rc = script_begin(s, e);
	if (rc != RC_OK)
		return rc;
	struct asked *a = mem_new(struct asked);
	a->world = &s->world;
	s->world.answer = (struct http_seen){0};
	rc = http_req_init(&a->req, &carrier, arg(st, 1), arg(st, 2), e);
	for (size_t i = 0; i < st->block.n; i++)
		http_req_add_header(&a->req, st->block.p[i].name, st->block.p[i].value);
	if (rc == RC_OK)
		rc = add_asker(s, arg_after(st, "as"), &a->req, e);
	if (rc == RC_OK) {
		hand_over(&s->world, &a->req, st->text);
		if (!a->answered)
			return err_set(e, RC_INVALID, "no answer came");
	}
	if (a->on_close) { /* the client has read what there is, and goes */
		a->on_close(a->on_close_arg);
		return rc;
	}
	http_req_fini(&a->req);
	mem_free(a);
	return rc;
}
