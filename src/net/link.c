/* link.c — see link.h. */
#include "net/link.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/os.h"

enum { OUT_LIMIT = 64 << 20, READ_CHUNK = 64 << 10, RECONNECT = 50 };

struct link {
	struct loop *loop;
	int fd;
	uint64_t number;
	struct buf in, out;
	const struct link_events *events;
	void (*closed)(void *owner, struct link *); /* the owner forgets it */
	void *owner;
	bool broken;
	struct loop_timer reap;
};

static void on_ready(void *arg, int fd, unsigned events);

static uint64_t
next_number(void)
{
	static uint64_t last;
	return ++last;
}

static struct link *
link_create(struct loop *loop, int fd, const struct link_events *events, void (*closed)(void *, struct link *), void *owner)
{
	struct link *l = mem_new(struct link);
	*l = (struct link){.loop = loop, .fd = fd, .number = next_number(), .events = events, .closed = closed, .owner = owner};
	os_nonblocking(fd);
	loop_watch(loop, fd, LOOP_READ, on_ready, l, "link");
	if (events->up)
		events->up(events->arg, l);
	return l;
}

static void
link_free(struct link *l)
{
	loop_timer_cancel(l->loop, &l->reap);
	loop_unwatch(l->loop, l->fd);
	close(l->fd);
	buf_fini(&l->in);
	buf_fini(&l->out);
	mem_free(l);
}

static void
link_down(void *arg)
{
	struct link *l = arg;
	if (l->events->down)
		l->events->down(l->events->arg, l);
	l->closed(l->owner, l);
	link_free(l);
}

/* Found broken in the middle of somebody's call: taken down at the next turn of the loop. */
static void
link_break(struct link *l)
{
	if (l->broken)
		return;
	l->broken = true;
	loop_unwatch(l->loop, l->fd);
	loop_timer_set(l->loop, &l->reap, 0, link_down, l, "link down");
}

uint64_t
link_number(const struct link *l)
{
	return l->number;
}

static void
flush(struct link *l)
{
	while (l->out.n) {
		ssize_t n = os.send(l->fd, l->out.p, l->out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0) {
			link_break(l);
			return;
		}
		buf_drop(&l->out, (size_t)n);
	}
	loop_watch(l->loop, l->fd, LOOP_READ | (l->out.n ? LOOP_WRITE : 0), on_ready, l, "link");
}

bool
link_send(struct link *l, uint16_t kind, uint64_t id, struct str body)
{
	if (l->broken || l->out.n > OUT_LIMIT)
		return false;
	bool idle = l->out.n == 0;
	frame_put(&l->out, kind, id, body);
	if (idle)
		flush(l);
	return true;
}

static void
take_frames(struct link *l)
{
	struct str rest = buf_view(&l->in);
	struct frame f;
	struct err e;
	enum rc rc;
	while ((rc = frame_take(&rest, &f, FRAME_LIMIT, &e)) == RC_OK)
		l->events->frame(l->events->arg, l, &f);
	buf_drop(&l->in, l->in.n - rest.n);
	if (rc == RC_INVALID) {
		log_error("net", "a peer process does not speak frames: %s", e.text);
		link_break(l);
	}
}

static void
on_ready(void *arg, int fd, unsigned events)
{
	struct link *l = arg;
	if (events & LOOP_WRITE)
		flush(l);
	if (l->broken || !(events & (LOOP_READ | LOOP_HANGUP)))
		return;
	ssize_t n = read(fd, buf_room(&l->in, READ_CHUNK), READ_CHUNK);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		link_break(l);
		return;
	}
	buf_grew(&l->in, (size_t)n);
	take_frames(l);
}

/* ---- the side that listens ---- */

struct link_server {
	struct loop *loop;
	int fd;
	struct link_events events;
	VEC(struct link *) links;
};

static void
server_closed(void *owner, struct link *l)
{
	struct link_server *s = owner;
	for (size_t i = 0; i < s->links.n; i++) {
		if (s->links.p[i] == l) {
			vec_remove(&s->links, i);
			return;
		}
	}
}

static void
on_connection(void *arg, int fd, unsigned events)
{
	struct link_server *s = arg;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (client >= 0)
		*vec_add(&s->links) = link_create(s->loop, client, &s->events, server_closed, s);
}

struct link_server *
link_server_create(struct loop *loop, int listen_fd, const struct link_events *events)
{
	struct link_server *s = mem_new(struct link_server);
	s->loop = loop;
	s->fd = listen_fd;
	s->events = *events;
	os_nonblocking(listen_fd);
	loop_watch(loop, listen_fd, LOOP_READ, on_connection, s, "link accept");
	return s;
}

void
link_server_destroy(struct link_server **ps)
{
	struct link_server *s = *ps;
	if (!s)
		return;
	loop_unwatch(s->loop, s->fd);
	while (s->links.n)
		link_free(s->links.p[--s->links.n]);
	vec_fini(&s->links);
	mem_free(s);
	*ps = NULL;
}

struct link *
link_server_find(struct link_server *s, uint64_t number)
{
	for (size_t i = 0; i < s->links.n; i++)
		if (s->links.p[i]->number == number && !s->links.p[i]->broken)
			return s->links.p[i];
	return NULL;
}

void
link_server_each(struct link_server *s, void (*fn)(void *arg, struct link *), void *arg)
{
	for (size_t i = 0; i < s->links.n; i++)
		fn(arg, s->links.p[i]);
}

/* ---- the side that connects ---- */

struct link_client {
	struct loop *loop;
	char *path;
	struct link_events events;
	struct link *link;
	struct loop_timer again;
};

static void try_connect(void *arg);

static void
client_closed(void *owner, struct link *l)
{
	struct link_client *c = owner;
	c->link = NULL;
	loop_timer_set(c->loop, &c->again, RECONNECT, try_connect, c, "link connect");
}

static int
connect_to(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	must(strlen(path) < sizeof addr.sun_path);
	memcpy(addr.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	must(fd >= 0);
	if (connect(fd, (struct sockaddr *)&addr, sizeof addr) == 0)
		return fd;
	close(fd);
	return -1;
}

static void
try_connect(void *arg)
{
	struct link_client *c = arg;
	int fd = connect_to(c->path);
	if (fd < 0)
		loop_timer_set(c->loop, &c->again, RECONNECT, try_connect, c, "link connect");
	else
		c->link = link_create(c->loop, fd, &c->events, client_closed, c);
}

struct link_client *
link_client_create(struct loop *loop, const char *path, const struct link_events *events)
{
	struct link_client *c = mem_new(struct link_client);
	c->loop = loop;
	c->path = mem_dup(path, strlen(path));
	c->events = *events;
	try_connect(c);
	return c;
}

void
link_client_destroy(struct link_client **pc)
{
	struct link_client *c = *pc;
	if (!c)
		return;
	loop_timer_cancel(c->loop, &c->again);
	if (c->link)
		link_free(c->link);
	mem_free(c->path);
	mem_free(c);
	*pc = NULL;
}

struct link *
link_client_link(struct link_client *c)
{
	return c->link && !c->link->broken ? c->link : NULL;
}
