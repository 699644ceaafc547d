/* runner_client.c — see runner_client.h. */
#include "check/runner_client.h"

#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "net/link.h"

struct waiting {
	uint64_t id;
	run_done *done;
	void *arg;
};

struct runner_client {
	struct runner_door door; /* the first member: the door leads back to us */
	struct link_client *link;
	struct map *waiting; /* by id */
	uint64_t last;
};

static struct str
id_key(const uint64_t *id)
{
	return str_n((const char *)id, sizeof *id);
}

static void
answer(struct waiting *w, const struct run_result *r)
{
	run_done *done = w->done;
	void *arg = w->arg;
	mem_free(w);
	done(arg, r);
}

static void
on_frame(void *arg, struct link *l, const struct frame *f)
{
	struct runner_client *c = arg;
	struct waiting *w = map_take(c->waiting, id_key(&f->id));
	struct arena *a = arena_create();
	struct run_result r;
	struct err e;
	if (f->kind != RUN_RESULT || record_decode(&run_result_layout, &r, f->body, a, &e) != RC_OK)
		log_warn("check", "an answer of the runner was not understood");
	else if (w) {
		answer(w, &r);
		w = NULL;
	}
	if (w)
		answer(w, NULL);
	arena_destroy(&a);
}

/* Whoever asked may ask again from within its answer: one at a time, until those that waited are gone. */
static void
on_down(void *arg, struct link *l)
{
	struct runner_client *c = arg;
	struct map *lost = c->waiting;
	c->waiting = map_create();
	map_each(lost, e)
		answer(e->value, NULL);
	map_destroy(&lost);
}

static uint64_t
run(struct runner_door *door, const struct run_request *q, run_done *done, void *arg)
{
	struct runner_client *c = (struct runner_client *)door;
	struct link *l = link_client_link(c->link);
	struct buf b = {0};
	if (!l)
		return 0;
	record_encode(&run_request_layout, q, &b);
	bool sent = link_send(l, RUN_REQUEST, ++c->last, buf_view(&b));
	buf_fini(&b);
	if (!sent)
		return 0;
	struct waiting *w = mem_new(struct waiting);
	*w = (struct waiting){c->last, done, arg};
	map_put(c->waiting, id_key(&w->id), w);
	return w->id;
}

static void
cancel(struct runner_door *door, uint64_t id)
{
	struct runner_client *c = (struct runner_client *)door;
	mem_free(map_take(c->waiting, id_key(&id)));
}

struct runner_client *
runner_client_create(struct loop *loop, const char *path)
{
	struct runner_client *c = mem_new(struct runner_client);
	c->door = (struct runner_door){run, cancel};
	c->waiting = map_create();
	c->link = link_client_create(loop, path, &(struct link_events){.arg = c, .frame = on_frame, .down = on_down});
	return c;
}

void
runner_client_destroy(struct runner_client **pc)
{
	struct runner_client *c = *pc;
	if (!c)
		return;
	link_client_destroy(&c->link);
	map_each(c->waiting, e)
		mem_free(e->value);
	map_destroy(&c->waiting);
	mem_free(c);
	*pc = NULL;
}

struct runner_door *
runner_client_door(struct runner_client *c)
{
	return &c->door;
}
