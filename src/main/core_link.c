/* core_link.c — see core_link.h. */
#include "main/core_link.h"

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "net/link.h"

struct question {
	struct core_link *link;
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

static void
on_reply(struct core_link *c, const struct frame *f)
{
	struct question *q = map_take(c->open, id_key(&f->id));
	struct arena *a = arena_create();
	struct reply r;
	struct err e;
	if (q && record_decode(&reply_layout, &r, f->body, a, &e) == RC_OK)
		settle(q, &r);
	else if (q)
		settle_with(q, RC_IO, "the engine's answer was not understood");
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

static void
on_down(void *arg, struct link *l)
{
	struct core_link *c = arg;
	VEC(struct question *) lost = {0};
	map_each(c->open, e)
		*vec_add(&lost) = e->value;
	for (size_t i = 0; i < lost.n; i++) {
		map_take(c->open, id_key(&lost.p[i]->id));
		settle_with(lost.p[i], RC_IO, "the engine is starting again: look whether it was done, then try again");
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
	c->client = link_client_create(loop, path, &(struct link_events){.arg = c, .frame = on_frame, .down = on_down});
	return c;
}

void
core_link_destroy(struct core_link **pc)
{
	struct core_link *c = *pc;
	if (!c)
		return;
	on_down(c, NULL);
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
	if (l && link_send(l, (uint16_t)q->kind, q->id, buf_view(&q->body)))
		map_put(c->open, id_key(&q->id), q);
	else
		settle_with(q, RC_REFUSED, "the engine is not there yet: try again");
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
