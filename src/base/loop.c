/*
 * loop.c — see loop.h.
 *
 * IDEA   epoll for files, a binary heap for timers, a locked ring with an eventfd for messages from other
 *        threads.  Timers with the same due time fire in the order in which they were set; in a play a lot decides,
 *        because nothing may depend on that order.
 * [L1]   A timer's `at` is its place in the heap plus one, 0 when it is not there.
 * [L2]   A watch that was removed during a round is not called any more in that round, also when its number was
 *        closed and opened again meanwhile: an event carries the generation of its watch.
 */
#include "base/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/mem.h"
#include "base/must.h"

enum { MAILBOX = 65536, EVENTS = 64, SLOW_MS = 50 };

struct watch {
	loop_fd_fn *fn;
	void *arg;
	const char *name;
	unsigned events;
	uint32_t generation; /* how often this number was watched anew */
};

struct post {
	loop_fn *fn;
	void *arg;
	const char *name;
};

struct loop {
	const char *name;
	struct clock *clock;
	struct arena *scratch;
	int epoll, wake;
	VEC(struct watch) watches; /* by fd */
	VEC(struct loop_timer *) heap;
	uint64_t order;
	uint64_t seed; /* of the lots; 0: none are drawn */
	msec_t wall, now;
	atomic_bool stop;

	pthread_mutex_t lock;
	VEC(struct post) posted; /* under lock */
	VEC(struct post) taken;
};

static void
refresh(struct loop *l)
{
	l->wall = clock_wall(l->clock);
	l->now = clock_mono(l->clock) / 1000000;
}

struct loop *
loop_create(const char *name, struct clock *clock)
{
	struct loop *l = mem_new(struct loop);
	l->name = name;
	l->clock = clock;
	l->scratch = arena_create();
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	must(l->epoll >= 0 && l->wake >= 0);
	struct epoll_event ev = {.events = EPOLLIN, .data.u64 = (uint32_t)l->wake};
	must(epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->wake, &ev) == 0);
	pthread_mutex_init(&l->lock, NULL);
	refresh(l);
	return l;
}

void
loop_destroy(struct loop **pl)
{
	struct loop *l = *pl;
	if (!l)
		return;
	close(l->epoll);
	close(l->wake);
	arena_destroy(&l->scratch);
	vec_fini(&l->watches);
	vec_fini(&l->heap);
	vec_fini(&l->posted);
	vec_fini(&l->taken);
	pthread_mutex_destroy(&l->lock);
	mem_free(l);
	*pl = NULL;
}

void
loop_draw(struct loop *l, uint64_t seed)
{
	must(clock_is_virtual(l->clock));
	l->seed = seed;
}

msec_t
loop_wall(const struct loop *l)
{
	return l->wall;
}

msec_t
loop_now(const struct loop *l)
{
	return l->now;
}

struct clock *
loop_clock(const struct loop *l)
{
	return l->clock;
}

struct arena *
loop_scratch(struct loop *l)
{
	return l->scratch;
}

/* ---- files ---- */

void
loop_watch(struct loop *l, int fd, unsigned events, loop_fd_fn *fn, void *arg, const char *name)
{
	must(fd >= 0 && fn);
	while (l->watches.n <= (size_t)fd)
		(void)vec_add(&l->watches);
	struct watch *w = &l->watches.p[fd];
	uint32_t generation = w->fn ? w->generation : w->generation + 1;
	struct epoll_event ev = {.data.u64 = (uint64_t)generation << 32 | (uint32_t)fd};
	ev.events = (events & LOOP_READ ? EPOLLIN : 0) | (events & LOOP_WRITE ? EPOLLOUT : 0);
	must(epoll_ctl(l->epoll, w->fn ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev) == 0);
	*w = (struct watch){fn, arg, name, events, generation};
}

void
loop_unwatch(struct loop *l, int fd)
{
	if (fd < 0 || (size_t)fd >= l->watches.n || !l->watches.p[fd].fn)
		return;
	/* the fd may be closed already: then the kernel has forgotten it by itself */
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, NULL);
	l->watches.p[fd] = (struct watch){.generation = l->watches.p[fd].generation};
}

/* ---- timers ---- */

static bool
before(const struct loop_timer *a, const struct loop_timer *b)
{
	if (a->due != b->due)
		return a->due < b->due;
	return a->lot != b->lot ? a->lot < b->lot : a->order < b->order;
}

/* xorshift64*; Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled" (2016). */
static uint64_t
draw(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

static void
place(struct loop *l, size_t i, struct loop_timer *t)
{
	l->heap.p[i] = t;
	t->at = i + 1;
}

static void
sift_up(struct loop *l, size_t i)
{
	struct loop_timer *t = l->heap.p[i];
	for (; i > 0 && before(t, l->heap.p[(i - 1) / 2]); i = (i - 1) / 2)
		place(l, i, l->heap.p[(i - 1) / 2]);
	place(l, i, t);
}

static void
sift_down(struct loop *l, size_t i)
{
	struct loop_timer *t = l->heap.p[i];
	for (;;) {
		size_t c = 2 * i + 1;
		if (c + 1 < l->heap.n && before(l->heap.p[c + 1], l->heap.p[c]))
			c++;
		if (c >= l->heap.n || !before(l->heap.p[c], t))
			break;
		place(l, i, l->heap.p[c]);
		i = c;
	}
	place(l, i, t);
}

void
loop_timer_cancel(struct loop *l, struct loop_timer *t)
{
	if (!t->at)
		return;
	size_t i = t->at - 1;
	must(i < l->heap.n && l->heap.p[i] == t);
	struct loop_timer *last = l->heap.p[--l->heap.n];
	t->at = 0;
	if (last == t)
		return;
	place(l, i, last);
	sift_up(l, i);
	sift_down(l, last->at - 1);
}

void
loop_timer_set(struct loop *l, struct loop_timer *t, msec_t in, loop_fn *fn, void *arg, const char *name)
{
	loop_timer_cancel(l, t);
	t->due = in < MSEC_NEVER - l->now ? l->now + (in > 0 ? in : 0) : MSEC_NEVER;
	t->order = l->order++;
	t->lot = l->seed ? draw(&l->seed) : 0;
	t->fn = fn;
	t->arg = arg;
	t->name = name;
	*vec_add(&l->heap) = t;
	sift_up(l, l->heap.n - 1);
}

msec_t
loop_next(const struct loop *l)
{
	return l->heap.n ? l->heap.p[0]->due : MSEC_NEVER;
}

/* ---- messages ---- */

static void
ring(struct loop *l)
{
	uint64_t one = 1;
	ssize_t n = write(l->wake, &one, sizeof one);
	(void)n; /* full means that it is ringing already */
}

bool
loop_post(struct loop *l, loop_fn *fn, void *arg, const char *name)
{
	pthread_mutex_lock(&l->lock);
	bool room = l->posted.n < MAILBOX, empty = l->posted.n == 0;
	if (room)
		*vec_add(&l->posted) = (struct post){fn, arg, name};
	pthread_mutex_unlock(&l->lock);
	if (room && empty)
		ring(l);
	if (!room)
		metric_add(METRIC_mailbox_refusals_total, 1);
	return room;
}

void
loop_stop(struct loop *l)
{
	l->stop = true;
	ring(l);
}

/* ---- turns ---- */

/* What every handler is wrapped in: time is read anew before, scratch is reset after. */
struct handling {
	nsec_t since;
	const char *name;
};

static struct handling
handling_begin(struct loop *l, const char *name)
{
	refresh(l);
	return (struct handling){clock_mono(clock_real()), name};
}

static void
handling_end(struct loop *l, struct handling h)
{
	nsec_t took = clock_mono(clock_real()) - h.since;
	if (took > (nsec_t)SLOW_MS * 1000000) {
		metric_add(METRIC_slow_handlers_total, 1);
		log_warn("base", "loop %s: handler %s took %lld ms", l->name, h.name, (long long)(took / 1000000));
	}
	arena_reset(l->scratch);
}

static bool
run_posted(struct loop *l)
{
	pthread_mutex_lock(&l->lock);
	__typeof__(l->taken) swap = {l->taken.p, 0, l->taken.cap};
	l->taken.p = l->posted.p;
	l->taken.n = l->posted.n;
	l->taken.cap = l->posted.cap;
	l->posted.p = swap.p;
	l->posted.n = 0;
	l->posted.cap = swap.cap;
	pthread_mutex_unlock(&l->lock);
	for (size_t i = 0; i < l->taken.n; i++) {
		struct post p = l->taken.p[i];
		struct handling h = handling_begin(l, p.name);
		p.fn(p.arg);
		handling_end(l, h);
	}
	return l->taken.n > 0;
}

static bool
run_timers(struct loop *l)
{
	refresh(l);
	bool any = false;
	/* what is set during this round waits for the next one */
	uint64_t last = l->order;
	while (l->heap.n && l->heap.p[0]->due <= l->now && l->heap.p[0]->order < last) {
		struct loop_timer *t = l->heap.p[0];
		loop_timer_cancel(l, t);
		struct handling h = handling_begin(l, t->name);
		t->fn(t->arg);
		handling_end(l, h);
		any = true;
	}
	return any;
}

static void
run_watch(struct loop *l, const struct epoll_event *ev)
{
	int fd = (int)(uint32_t)ev->data.u64;
	if (fd == l->wake) {
		uint64_t n;
		ssize_t got = read(l->wake, &n, sizeof n);
		(void)got;
		return;
	}
	struct watch w = l->watches.p[fd]; /* [L2] */
	if (!w.fn || w.generation != (uint32_t)(ev->data.u64 >> 32))
		return;
	unsigned events = (ev->events & EPOLLIN ? LOOP_READ : 0) | (ev->events & EPOLLOUT ? LOOP_WRITE : 0) |
	    (ev->events & (EPOLLHUP | EPOLLERR) ? LOOP_HANGUP : 0);
	struct handling h = handling_begin(l, w.name);
	w.fn(w.arg, fd, events);
	handling_end(l, h);
}

/* How long epoll may sleep; rounds up, so that a timer is due when it wakes. */
static int
patience(struct loop *l, msec_t wait)
{
	refresh(l);
	msec_t next = loop_next(l);
	if (next != MSEC_NEVER && next - l->now < wait)
		wait = next > l->now ? next - l->now : 0;
	return wait > 60000 ? 60000 : (int)wait;
}

bool
loop_turn(struct loop *l, msec_t wait)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(l->epoll, events, EVENTS, patience(l, wait));
	must(n >= 0 || errno == EINTR);
	for (int i = 0; i < n; i++)
		run_watch(l, &events[i]);
	bool any = run_posted(l);
	any |= run_timers(l);
	return any || n > 0;
}

void
loop_run(struct loop *l)
{
	while (!l->stop)
		loop_turn(l, MSEC_NEVER);
}
