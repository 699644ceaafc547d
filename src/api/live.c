/*
 * live.c — the journal as server-sent events.
 *
 * A stream says which event it has last seen (Last-Event-ID, or ?after=); what lies between is read from the ledger, so
 * nothing is missed over a reconnect or a night's sleep.  What comes twice carries the same id.
 */
#include <string.h>

#include "api/api_impl.h"
#include "flow/notice.h"

struct live_stream {
	struct api *api;
	struct http_stream *stream;
	struct identity who; /* its texts in `arena` */
	struct arena *arena;
	int64_t after;
};

/* Tells the engine who has a console open now; under live_lock, so that the last word is the true one. */
static void
tell_consoles(struct api *a)
{
	struct consoles c = {.users = {arena_array(a->live_arena, struct str, a->live.n), 0}};
	struct buf b = {0};
	for (size_t i = 0; i < a->live.n; i++) {
		const struct identity *who = &a->live.p[i]->who;
		if (who->role <= ROLE_CONTACT)
			continue;
		c.everybody |= a->house.no_auth;
		c.users.p[c.users.n++] = who->name;
	}
	record_encode(&consoles_layout, &c, &b);
	a->house.ask(a->house.arg, MESSAGE_consoles, STR(""), buf_view(&b), NULL, NULL);
	buf_fini(&b);
	arena_reset(a->live_arena);
}

void
api_consoles(struct api *a)
{
	pthread_mutex_lock(&a->live_lock);
	tell_consoles(a);
	pthread_mutex_unlock(&a->live_lock);
}

static void
forget(void *arg)
{
	struct live_stream *s = arg;
	struct api *a = s->api;
	pthread_mutex_lock(&a->live_lock);
	for (size_t i = 0; i < a->live.n; i++) {
		if (a->live.p[i] == s) {
			vec_remove(&a->live, i);
			break;
		}
	}
	tell_consoles(a);
	pthread_mutex_unlock(&a->live_lock);
	http_stream_close(&s->stream);
	arena_destroy(&s->arena);
	mem_free(s);
}

static bool
push(void *arg, const struct event *ev)
{
	struct live_stream *s = arg;
	struct buf b = {0};
	struct json_writer w;
	bool internal = str_is(pairs_get(ev->facts, "audience"), "internal") || !str_starts(ev->kind, STR("ticket_"));
	if (ev->seq <= s->after || !access_sees(&s->who, ev->chain) || (s->who.role == ROLE_CONTACT && internal))
		return true;
	s->after = ev->seq;
	buf_fmt(&b, "id: %lld\nevent: %.*s\ndata: ", (long long)ev->seq, STR_ARG(ev->kind));
	jsonw_init(&w, &b);
	struct arena *scratch = arena_create();
	struct event shown = event_for(&s->who, ev, scratch);
	record_to_json(&event_layout, &shown, true, &w);
	arena_destroy(&scratch);
	buf_c(&b, "\n\n");
	http_stream_send(s->stream, buf_view(&b)); /* a stream that is gone is told to forget() */
	buf_fini(&b);
	return true;
}

void
handle_live(struct call *c)
{
	struct str last = http_header(c->req, "Last-Event-ID");
	struct ledger *ledger = api_ledger(c->api);
	struct live_stream *s = mem_new(struct live_stream);
	struct err e;
	s->api = c->api;
	s->arena = arena_create();
	s->who.role = c->who.role;
	s->who.name = arena_str(s->arena, c->who.name);
	s->who.customers.n = c->who.customers.n;
	s->who.customers.p = arena_array(s->arena, struct str, c->who.customers.n);
	for (size_t i = 0; i < c->who.customers.n; i++)
		s->who.customers.p[i] = arena_str(s->arena, c->who.customers.p[i]);
	if (!str_i64(last, &s->after) && !str_i64(http_param(c->req, "after"), &s->after))
		s->after = ledger ? ledger_last_seq(ledger) : 0;
	struct event_query q = {.after = s->after, .limit = 10000};
	/* under the lock nothing is told meanwhile: what the ledger has comes first, then what is new */
	pthread_mutex_lock(&c->api->live_lock);
	*vec_add(&c->api->live) = s;
	tell_consoles(c->api);
	s->stream = http_stream_open(c->req, "text/event-stream", forget, s);
	if (ledger && ledger_events(ledger, &q, push, s, &e) != RC_OK)
		http_stream_send(s->stream, STR("event: trouble\ndata: the journal cannot be read\n\n"));
	/* a number to come back with, also for who has heard nothing yet */
	http_stream_send(s->stream, arena_fmt(s->arena, "id: %lld\nevent: here\ndata:\n\n", (long long)s->after));
	pthread_mutex_unlock(&c->api->live_lock);
}

void
api_news(struct api *a, const struct news *news)
{
	bool resources = false;
	for (size_t i = 0; i < news->events.n; i++)
		resources |= book_changed_by(&news->events.p[i]);
	if (resources) {
		pthread_rwlock_wrlock(&a->lock);
		a->book_stale = true;
		pthread_rwlock_unlock(&a->lock);
	}
	pthread_mutex_lock(&a->live_lock);
	for (size_t k = 0; k < a->live.n; k++)
		for (size_t i = 0; i < news->events.n; i++)
			push(a->live.p[k], &news->events.p[i]);
	pthread_mutex_unlock(&a->live_lock);
}
