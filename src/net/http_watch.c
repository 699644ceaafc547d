/*
 * http_watch.c — see http_watch.h.
 *
 * [I1]   by_fd[fd] is the connection that owns fd now, or NULL; the owner removes itself before it closes fd.
 * TRAP   An event may be for an fd that was closed and given to another connection meanwhile: poll() is asked
 *        again, under the lock, before anybody is called gone.
 * TRAP   `gone` takes the owner's locks, and owners call in here with those held: it runs without ours.
 */
#include "net/http_watch.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"

enum { ROUND_MS = 500, EVENTS = 64 };

struct http_watch {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t idle; /* a callback has returned */
	int epoll, wake;
	bool stop;
	VEC(struct http_watched *) by_fd;
};

static msec_t
now_ms(void)
{
	return clock_mono(clock_real()) / 1000000;
}

static bool
has_hung_up(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};
	return poll(&p, 1, 0) == 1 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

static void
tell_gone(struct http_watch *w, size_t fd)
{
	struct http_watched *c = fd < w->by_fd.n ? w->by_fd.p[fd] : NULL;
	if (!c || !c->awaits_hangup || !has_hung_up(c->fd))
		return;
	c->awaits_hangup = false;
	c->in_callback = true;
	pthread_mutex_unlock(&w->lock);
	c->gone(c);
	pthread_mutex_lock(&w->lock);
	c->in_callback = false;
	pthread_cond_broadcast(&w->idle);
}

static void
cut_overdue(struct http_watch *w, msec_t now)
{
	for (size_t fd = 0; fd < w->by_fd.n; fd++) {
		struct http_watched *c = w->by_fd.p[fd];
		if (!c || c->deadline > now)
			continue;
		c->deadline = MSEC_NEVER;
		shutdown(c->fd, SHUT_RDWR);
	}
}

static void *
watch_run(void *arg)
{
	struct http_watch *w = arg;
	struct epoll_event events[EVENTS];
	msec_t next_round = 0;
	pthread_mutex_lock(&w->lock);
	while (!w->stop) {
		pthread_mutex_unlock(&w->lock);
		int n = epoll_wait(w->epoll, events, EVENTS, ROUND_MS);
		msec_t now = now_ms();
		pthread_mutex_lock(&w->lock);
		for (int i = 0; i < n; i++)
			if (events[i].data.fd != w->wake)
				tell_gone(w, (size_t)events[i].data.fd);
		if (now >= next_round) {
			cut_overdue(w, now);
			next_round = now + ROUND_MS;
		}
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

struct http_watch *
http_watch_create(void)
{
	struct http_watch *w = mem_new(struct http_watch);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->idle, NULL);
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->wake = eventfd(0, EFD_CLOEXEC);
	must(w->epoll >= 0 && w->wake >= 0);
	struct epoll_event e = {.events = EPOLLIN, .data.fd = w->wake};
	must(epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->wake, &e) == 0);
	must(pthread_create(&w->thread, NULL, watch_run, w) == 0);
	return w;
}

void
http_watch_destroy(struct http_watch **pw)
{
	struct http_watch *w = *pw;
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_mutex_unlock(&w->lock);
	must(eventfd_write(w->wake, 1) == 0);
	pthread_join(w->thread, NULL);
	for (size_t fd = 0; fd < w->by_fd.n; fd++)
		must(!w->by_fd.p[fd]);
	close(w->epoll);
	close(w->wake);
	vec_fini(&w->by_fd);
	pthread_cond_destroy(&w->idle);
	pthread_mutex_destroy(&w->lock);
	mem_free(w);
	*pw = NULL;
}

void
http_watch_add(struct http_watch *w, struct http_watched *c, int fd, void (*gone)(struct http_watched *))
{
	*c = (struct http_watched){.fd = fd, .deadline = MSEC_NEVER, .gone = gone};
	pthread_mutex_lock(&w->lock);
	while (w->by_fd.n <= (size_t)fd)
		*vec_add(&w->by_fd) = NULL;
	must(!w->by_fd.p[fd]);
	w->by_fd.p[fd] = c;
	pthread_mutex_unlock(&w->lock);
}

static void
await_hangup(struct http_watch *w, struct http_watched *c, bool wanted)
{
	struct epoll_event e = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.fd = c->fd};
	if (wanted == c->awaits_hangup)
		return;
	c->awaits_hangup = wanted;
	(void)epoll_ctl(w->epoll, EPOLL_CTL_DEL, c->fd, NULL); /* there still when it has fired before */
	if (wanted)
		must(epoll_ctl(w->epoll, EPOLL_CTL_ADD, c->fd, &e) == 0);
}

void
http_watch_remove(struct http_watch *w, struct http_watched *c)
{
	pthread_mutex_lock(&w->lock);
	while (c->in_callback)
		pthread_cond_wait(&w->idle, &w->lock);
	(void)epoll_ctl(w->epoll, EPOLL_CTL_DEL, c->fd, NULL);
	w->by_fd.p[c->fd] = NULL;
	pthread_mutex_unlock(&w->lock);
}

void
http_watch_deadline(struct http_watch *w, struct http_watched *c, msec_t in)
{
	pthread_mutex_lock(&w->lock);
	c->deadline = in == MSEC_NEVER ? MSEC_NEVER : now_ms() + in;
	pthread_mutex_unlock(&w->lock);
}

void
http_watch_hangup(struct http_watch *w, struct http_watched *c, bool wanted)
{
	pthread_mutex_lock(&w->lock);
	await_hangup(w, c, wanted);
	pthread_mutex_unlock(&w->lock);
}

void
http_watch_cut_all(struct http_watch *w)
{
	pthread_mutex_lock(&w->lock);
	cut_overdue(w, MSEC_NEVER);
	pthread_mutex_unlock(&w->lock);
}
