/* loop_test.c — timers in order, watches, messages from another thread, virtual time. */
#include "unit.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/mem.h"

struct trace {
	struct loop *loop;
	struct loop_timer timer[64];
	int fired[256], n;
};

struct alarm {
	struct trace *trace;
	int id;
};

static void
note(void *arg)
{
	struct alarm *a = arg;
	a->trace->fired[a->trace->n++] = a->id;
}

/* Timers fire by due time, equal ones in the order of setting, cancelled ones never. */
UNIT(loop_timers_fire_in_order)
{
	struct clock *clock = clock_virtual_create(1000);
	struct trace t = {.loop = loop_create("test", clock)};
	struct alarm a[64];
	srand(5);
	for (int i = 0; i < 64; i++) {
		a[i] = (struct alarm){&t, i};
		loop_timer_set(t.loop, &t.timer[i], rand() % 20, note, &a[i], "note");
	}
	for (int i = 0; i < 64; i += 3)
		loop_timer_cancel(t.loop, &t.timer[i]);
	while (loop_next(t.loop) != MSEC_NEVER) {
		clock_virtual_advance(clock, 1);
		while (loop_turn(t.loop, 0))
			;
	}
	ck_assert_int_eq(t.n, 64 - 22);
	for (int i = 1; i < t.n; i++) {
		struct loop_timer *x = &t.timer[t.fired[i - 1]], *y = &t.timer[t.fired[i]];
		ck_assert(x->due < y->due || (x->due == y->due && x->order < y->order));
	}
	loop_destroy(&t.loop);
	clock_destroy(&clock);
}
END

/* Eight timers of one moment: the order in which they fire. */
static void
fire_together(uint64_t seed, int fired[8])
{
	struct clock *clock = clock_virtual_create(1000);
	struct trace t = {.loop = loop_create("test", clock)};
	struct alarm a[8];
	loop_draw(t.loop, seed);
	for (int i = 0; i < 8; i++) {
		a[i] = (struct alarm){&t, i};
		loop_timer_set(t.loop, &t.timer[i], 5, note, &a[i], "note");
	}
	clock_virtual_advance(clock, 5);
	while (loop_turn(t.loop, 0))
		;
	ck_assert_int_eq(t.n, 8);
	memcpy(fired, t.fired, 8 * sizeof *fired);
	loop_destroy(&t.loop);
	clock_destroy(&clock);
}

UNIT(loop_draws_the_order_of_one_moment_from_its_seed)
{
	static const int as_set[8] = {0, 1, 2, 3, 4, 5, 6, 7};
	int first[8], again[8];
	bool firsts[8] = {0};
	size_t different = 0;
	fire_together(0, first);
	ck_assert_mem_eq(first, as_set, sizeof first);
	for (uint64_t seed = 1; seed <= 64; seed++) {
		fire_together(seed, first);
		fire_together(seed, again);
		ck_assert_mem_eq(first, again, sizeof first);
		different += memcmp(first, as_set, sizeof first) != 0;
		firsts[first[0]] = true;
	}
	ck_assert_uint_ge(different, 60);
	for (int i = 0; i < 8; i++)
		ck_assert(firsts[i]); /* each may be the first */
}
END

static void
count_and_stop(void *arg)
{
	struct trace *t = arg;
	if (++t->n == 1000)
		loop_stop(t->loop);
}

static void *
poster(void *arg)
{
	struct trace *t = arg;
	for (int i = 0; i < 1000; i++)
		ck_assert(loop_post(t->loop, count_and_stop, t, "count"));
	return NULL;
}

UNIT(loop_takes_every_message_of_another_thread)
{
	struct trace t = {.loop = loop_create("test", clock_real())};
	pthread_t thread;
	pthread_create(&thread, NULL, poster, &t);
	loop_run(t.loop);
	pthread_join(thread, NULL);
	ck_assert_int_eq(t.n, 1000);
	loop_destroy(&t.loop);
}
END

static void
drain(void *arg, int fd, unsigned events)
{
	struct trace *t = arg;
	char c;
	if (events & LOOP_READ && read(fd, &c, 1) == 1)
		t->fired[t->n++] = c;
	else
		loop_unwatch(t->loop, fd);
}

UNIT(loop_watches_until_told_not_to)
{
	struct trace t = {.loop = loop_create("test", clock_real())};
	int p[2];
	ck_assert_int_eq(pipe(p), 0);
	loop_watch(t.loop, p[0], LOOP_READ, drain, &t, "drain");
	ck_assert_int_eq(write(p[1], "ab", 2), 2);
	close(p[1]);
	for (int i = 0; i < 5; i++)
		loop_turn(t.loop, 10);
	ck_assert_int_eq(t.n, 2);
	ck_assert_int_eq(t.fired[1], 'b');
	close(p[0]);
	loop_destroy(&t.loop);
}
END

struct reuse {
	struct loop *loop;
	int pair[2][2], called;
};

static void
must_not_come(void *arg, int fd, unsigned events)
{
	struct reuse *r = arg;
	r->called += 100;
}

/* The first handler closes the second one's fd, and a new one gets its number. */
static void
close_and_open(void *arg, int fd, unsigned events)
{
	struct reuse *r = arg;
	int other = fd == r->pair[0][0] ? 1 : 0, fresh[2];
	r->called++;
	loop_unwatch(r->loop, r->pair[other][0]);
	loop_unwatch(r->loop, fd);
	close(r->pair[other][0]);
	ck_assert_int_eq(pipe(fresh), 0);
	ck_assert_int_eq(fresh[0], r->pair[other][0]);
	loop_watch(r->loop, fresh[0], LOOP_READ, must_not_come, r, "fresh");
}

UNIT(loop_event_of_a_closed_file_does_not_reach_the_next_one_of_its_number)
{
	struct reuse r = {.loop = loop_create("test", clock_real())};
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(pipe(r.pair[i]), 0);
		loop_watch(r.loop, r.pair[i][0], LOOP_READ, close_and_open, &r, "close and open");
		ck_assert_int_eq(write(r.pair[i][1], "x", 1), 1);
	}
	loop_turn(r.loop, 100);
	ck_assert_int_eq(r.called, 1);
	loop_destroy(&r.loop);
}
END
