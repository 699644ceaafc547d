/* schedule_test.c — the scheduler on a scripted clock, its pages behind a scripted door. */
#include "check/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "unit.h"

static const struct resource_kind kinds[] = {
    {"host", &host_layout, true, host_check, "what is watched"},
    {"service", &service_layout, true, service_check, "a check on a host"},
    {NULL, NULL, false, NULL, NULL},
};

struct http_call {
	http_done *done;
	void *arg;
};

struct world {
	struct http_door door; /* first: it leads back to us */
	char dir[64];
	struct clock *clock;
	struct loop *loop;
	struct tsdb *db;
	struct book *book;
	struct turn *turn;
	struct arena *arena;
	struct checks *checks;
	struct http_call *call; /* under way */
	int status;             /* of the next answer */
	VEC(msec_t) asked;
	size_t firing, resolved; /* alerts that were handed on */
	msec_t starts_at;
	struct check_memory memory; /* the last one */
	size_t memories, removed;
};

static struct http_call *
request(struct http_door *door, const struct http_ask *ask, http_done *done, void *arg)
{
	struct world *w = (struct world *)door;
	ck_assert_str(ask->url, "http://192.0.2.1/");
	ck_assert_ptr_null(w->call);
	w->call = mem_new(struct http_call);
	*w->call = (struct http_call){done, arg};
	*vec_add(&w->asked) = loop_wall(w->loop);
	return w->call;
}

static void
cancel(struct http_door *door, struct http_call **call)
{
	((struct world *)door)->call = NULL;
	mem_free(*call);
	*call = NULL;
}

static void
on_alerts(void *arg, const struct alert_batch *b)
{
	struct world *w = arg;
	for (size_t i = 0; i < b->alerts.n; i++) {
		const struct alert *a = &b->alerts.p[i];
		bool over = a->ends_at <= loop_wall(w->loop);
		w->resolved += over;
		w->firing += !over;
		w->starts_at = a->starts_at;
		ck_assert_str(pairs_get(a->labels, "service"), "page");
	}
}

static void
on_memories(void *arg, const struct check_memories *m)
{
	struct world *w = arg;
	for (size_t i = 0; i < m->checks.n; i++) {
		w->memories++;
		w->removed += m->checks.p[i].removed;
		record_copy(&check_memory_layout, &w->memory, &m->checks.p[i], w->arena);
	}
}

static void
set(struct world *w, const char *kind, const char *name, const void *spec)
{
	struct resource r = {.kind = str_c(kind), .name = str_c(name), .customer = STR("acme"), .removed = !spec};
	book_set(w->book, w->turn, &r, spec, loop_wall(w->loop));
}

static void
begin(struct world *w)
{
	w->checks = checks_create(w->loop, w->db, &(struct probe_doors){.http = &w->door, .clock = w->clock}, &(struct check_doors){w, on_alerts, on_memories});
	checks_take(w->checks, w->book);
}

static void
world_init(struct world *w)
{
	struct err e;
	*w = (struct world){.door = {request, cancel}, .dir = "/tmp/check-test-XXXXXX", .status = 200};
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(w->dir));
	w->clock = clock_virtual_create(1000 * DAY);
	w->loop = loop_create("test", w->clock);
	ck_assert_int_eq(tsdb_open(&(struct tsdb_options){.dir = w->dir, .clock = w->clock, .sync_every = 200}, &w->db, &e), RC_OK);
	w->book = book_create(kinds);
	w->turn = turn_create();
	turn_reset(w->turn, clock_wall(w->clock));
	w->arena = arena_create();
	struct service s = {0};
	record_defaults(&service_layout, &s, w->arena);
	s.host = STR("web1");
	s.check = STR("http");
	s.http.url = STR("http://$HOSTADDRESS$/");
	s.interval = 5 * MINUTE;
	s.retry_interval = 20 * SECOND;
	set(w, "host", "web1", &(struct host){.address = STR("192.0.2.1")});
	set(w, "service", "page", &s);
	begin(w);
}

static void
world_fini(struct world *w)
{
	checks_destroy(&w->checks);
	book_destroy(&w->book);
	turn_destroy(&w->turn);
	tsdb_close(&w->db);
	loop_destroy(&w->loop);
	clock_destroy(&w->clock);
	arena_destroy(&w->arena);
	vec_fini(&w->asked);
	unit_remove(w->dir);
}

static void
answer(struct world *w)
{
	struct http_call *call = w->call;
	w->call = NULL;
	call->done(call->arg, &(struct http_result){.rc = RC_OK, .status = w->status, .total_us = 5000});
	mem_free(call);
}

/* Moves the clock to the next timer, and lets it go off. */
static void
step(struct world *w)
{
	while (loop_turn(w->loop, 0))
		;
	msec_t wait = loop_next(w->loop) - loop_now(w->loop);
	clock_virtual_advance(w->clock, wait > 0 ? wait : 0);
	loop_turn(w->loop, 0);
}

/* Until `n` more pages were asked for and answered. */
static void
answers(struct world *w, size_t n)
{
	for (size_t until = w->asked.n + n; w->asked.n < until;) {
		step(w);
		if (w->call)
			answer(w);
	}
}

static msec_t
pause(const struct world *w)
{
	return w->asked.p[w->asked.n - 1] - w->asked.p[w->asked.n - 2];
}

UNIT(a_service_has_its_moment_and_a_soft_problem_is_looked_at_sooner)
{
	struct world w;
	world_init(&w);
	answers(&w, 1);
	ck_assert_int_le(w.asked.p[0], 1000 * DAY + 20 * SECOND); /* a new one soon */
	answers(&w, 3);
	ck_assert_int_eq(pause(&w), 5 * MINUTE);
	ck_assert_uint_eq(w.memories, 1); /* that it is known; then nothing changed */
	w.status = 500;
	answers(&w, 2);
	ck_assert_int_eq(pause(&w), 20 * SECOND);
	ck_assert_uint_eq(w.firing, 0);
	answers(&w, 1);
	ck_assert_uint_eq(w.firing, 1);
	msec_t hard = w.starts_at;
	ck_assert_int_eq(hard, w.asked.p[w.asked.n - 1]);
	answers(&w, 2);
	ck_assert_int_eq(pause(&w), 5 * MINUTE);
	ck_assert_int_eq(w.asked.p[1] % (5 * MINUTE), w.asked.p[w.asked.n - 1] % (5 * MINUTE));
	ck_assert_uint_ge(w.firing, 5); /* said again each minute */
	ck_assert_int_eq(w.starts_at, hard);
	w.status = 200;
	answers(&w, 1);
	ck_assert_uint_eq(w.resolved, 1);
	world_fini(&w);
}
END

UNIT(a_restart_neither_forgets_nor_repeats)
{
	struct world w;
	world_init(&w);
	w.status = 500;
	answers(&w, 2);
	for (int round = 0; round < 3; round++) {
		struct check_memory m;
		size_t memories = w.memories;
		record_copy(&check_memory_layout, &m, &w.memory, w.arena);
		checks_destroy(&w.checks);
		begin(&w);
		checks_restore(w.checks, &m);
		ck_assert_uint_eq(w.memories, memories);
		answers(&w, 1);
		ck_assert_int_eq(w.memory.attempt, 3); /* two before, one after; then it is hard */
		ck_assert(w.memory.told && w.memory.hard);
	}
	ck_assert_int_eq(w.starts_at, w.memory.told_since);
	ck_assert_uint_eq(w.resolved, 0);
	world_fini(&w);
}
END

UNIT(a_service_that_is_gone_is_settled)
{
	struct world w;
	world_init(&w);
	w.status = 500;
	answers(&w, 3);
	ck_assert(w.memory.told);
	struct check_memory m;
	record_copy(&check_memory_layout, &m, &w.memory, w.arena);
	clock_virtual_advance(w.clock, SECOND);
	loop_turn(w.loop, 0);
	set(&w, "service", "page", NULL);
	checks_take(w.checks, w.book);
	ck_assert_uint_eq(checks_count(w.checks), 0);
	ck_assert_uint_eq(w.resolved, 1);
	ck_assert_uint_eq(w.removed, 1);
	checks_restore(w.checks, &m); /* removed while nobody was there */
	ck_assert_uint_eq(w.resolved, 2);
	ck_assert_uint_eq(w.removed, 2);
	world_fini(&w);
}
END

UNIT(a_host_that_is_missing_is_said)
{
	struct world w;
	world_init(&w);
	set(&w, "host", "web1", NULL);
	checks_take(w.checks, w.book);
	for (int i = 0; i < 10 && !w.firing; i++)
		step(&w);
	ck_assert_uint_eq(w.asked.n, 0);
	ck_assert_uint_ge(w.firing, 1);
	ck_assert_str(w.memory.summary, "there is no host \"web1\"");
	world_fini(&w);
}
END
