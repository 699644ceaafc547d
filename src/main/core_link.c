/*
 * core_link.c — see core_link.h.
 *
 * [L1]   What was told is open, kept or taken by the engine: a firing alert does not wait for its rule to say it again.
 * [L2]   What was told goes out in the order in which it was told: an end never overtakes its beginning.
 * TRAP   A message that ends the engine each time must not do so for ever: it is given up after TRIES.
 */
#include "main/core_link.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "net/link.h"

enum { AGAIN = 500, TRIES = 5, KEPT_MAX = 32 << 20 };

struct question {
	struct core_link *link;
	bool told; /* kept until the engine has it */
	int tries;
	enum message kind;
	uint64_t id;
	struct buf body; /* an encoded `ask` */
	core_reply_fn *reply;
	void *arg;
};

struct core_link {
	struct loop *loop;
	struct link_client *client;
	struct map *open; /* id as bytes -> struct question, sent and not answered */
	VEC(struct question *) kept; /* told, to be sent again, in their order */
	size_t kept_bytes;
	struct loop_timer again;
	bool closing;
	uint64_t last;
	core_news_fn *news;
	void *arg;
};

static struct str
id_key(const uint64_t *id)
{
	return str_n((const char *)id, sizeof *id);
}

static void
settle(struct question *q, const struct reply *r)
{
	if (q->reply)
		q->reply(q->arg, r);
	buf_fini(&q->body);
	mem_free(q);
}

static void
settle_with(struct question *q, enum rc rc, const char *why)
{
	struct reply r = {.rc = (int)rc, .text = str_c(why)};
	settle(q, &r);
}

static void send_question(void *arg);

static void
flush(void *arg)
{
	struct core_link *c = arg;
	struct question **all = c->kept.p;
	size_t n = c->kept.n;
	c->kept.p = NULL;
	c->kept.n = c->kept.cap = 0;
	c->kept_bytes = 0;
	for (size_t i = 0; i < n; i++)
		send_question(all[i]);
	mem_free(all);
}

static void
keep(struct question *q)
{
	struct core_link *c = q->link;
	*vec_add(&c->kept) = q;
	c->kept_bytes += q->body.n;
	if (c->kept.n == 1)
		loop_timer_set(c->loop, &c->again, AGAIN, flush, c, "tell the engine again");
}

/* The engine did not take it: what was told is kept. */
static void
not_taken(struct question *q, enum rc rc, const char *why)
{
	struct core_link *c = q->link;
	bool room = c->kept_bytes + q->body.n <= KEPT_MAX;
	if (q->told && !c->closing && room && q->tries < TRIES) {
		keep(q);
		return;
	}
	if (q->told && !c->closing)
		log_error("main", "a message of kind %d was given up: %s", (int)q->kind, room ? why : "too many are waiting");
	settle_with(q, rc, why);
}

static bool
may_be_taken_later(int rc)
{
	return rc == RC_IO || rc == RC_REFUSED || rc == RC_TIMEOUT;
}

static void
on_reply(struct core_link *c, const struct frame *f)
{
	struct question *q = map_take(c->open, id_key(&f->id));
	struct arena *a = arena_create();
	struct reply r;
	struct err e;
	if (q && record_decode(&reply_layout, &r, f->body, a, &e) != RC_OK)
		settle_with(q, RC_IO, "the engine's answer was not understood");
	else if (q && q->told && may_be_taken_later(r.rc))
		not_taken(q, (enum rc)r.rc, arena_cstr(a, r.text));
	else if (q)
		settle(q, &r);
	arena_destroy(&a);
}

static void
on_news(struct core_link *c, const struct frame *f)
{
	struct arena *a = arena_create();
	struct news n;
	struct err e;
	if (record_decode(&news_layout, &n, f->body, a, &e) == RC_OK)
		c->news(c->arg, &n);
	arena_destroy(&a);
}

static void
on_frame(void *arg, struct link *l, const struct frame *f)
{
	if (f->kind == MESSAGE_reply)
		on_reply(arg, f);
	else if (f->kind == MESSAGE_news)
		on_news(arg, f);
}

static int
by_id(const void *a, const void *b)
{
	const struct question *x = *(struct question *const *)a, *y = *(struct question *const *)b;
	return (x->id > y->id) - (x->id < y->id);
}

static void
on_up(void *arg, struct link *l)
{
	flush(arg);
}

static void
on_down(void *arg, struct link *l)
{
	struct core_link *c = arg;
	VEC(struct question *) lost = {0};
	map_each(c->open, e)
		*vec_add(&lost) = e->value;
	if (lost.n)
		qsort(lost.p, lost.n, sizeof *lost.p, by_id); /* [L2] */
	for (size_t i = 0; i < lost.n; i++) {
		map_take(c->open, id_key(&lost.p[i]->id));
		not_taken(lost.p[i], RC_IO, "the engine is starting again: look whether it was done, then try again");
	}
	vec_fini(&lost);
}

struct core_link *
core_link_create(struct loop *loop, const char *path, core_news_fn *news, void *arg)
{
	struct core_link *c = mem_new(struct core_link);
	c->loop = loop;
	c->open = map_create();
	c->news = news;
	c->arg = arg;
	c->client = link_client_create(loop, path, &(struct link_events){.arg = c, .up = on_up, .frame = on_frame, .down = on_down});
	return c;
}

void
core_link_destroy(struct core_link **pc)
{
	struct core_link *c = *pc;
	if (!c)
		return;
	c->closing = true;
	on_down(c, NULL);
	flush(c);
	loop_timer_cancel(c->loop, &c->again);
	link_client_destroy(&c->client);
	map_destroy(&c->open);
	mem_free(c);
	*pc = NULL;
}

static void
send_question(void *arg)
{
	struct question *q = arg;
	struct core_link *c = q->link;
	struct link *l = link_client_link(c->client);
	q->id = ++c->last;
	bool behind = q->told && c->kept.n > 0; /* [L2] */
	if (l && !c->closing && !behind && link_send(l, (uint16_t)q->kind, q->id, buf_view(&q->body))) {
		q->tries++;
		map_put(c->open, id_key(&q->id), q);
	} else {
		not_taken(q, RC_REFUSED, "the engine is not there yet: try again");
	}
}

void
core_link_tell(struct core_link *c, enum message kind, struct str body)
{
	struct question *q = mem_new(struct question);
	struct ask ask = {STR(""), body};
	*q = (struct question){.link = c, .kind = kind, .told = true};
	record_encode(&ask_layout, &ask, &q->body);
	send_question(q);
}

void
core_link_ask(struct core_link *c, enum message kind, struct str actor, struct str body, core_reply_fn *reply, void *arg)
{
	struct question *q = mem_new(struct question);
	struct ask ask = {actor, body};
	*q = (struct question){.link = c, .kind = kind, .reply = reply, .arg = arg};
	record_encode(&ask_layout, &ask, &q->body);
	if (!loop_post(c->loop, send_question, q, "ask the engine"))
		settle_with(q, RC_REFUSED, "too much is asked at once: try again");
}
