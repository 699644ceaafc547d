/* lines.c — see lines.h. */
#include "net/lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/listen.h"

enum { PIECE = 65536, ROUNDS = 16, SWEEP = 10000 };

struct line_peer {
	struct lines *of;
	int fd;
	bool skipping; /* to the end of a line that was too long */
	msec_t heard;
	struct buf rest; /* of a line that has not ended */
};

struct lines {
	struct lines_conf conf;
	int tcp, udp;
	VEC(struct line_peer *) peers;
	struct loop_timer sweep;
};

static void
peer_destroy(struct lines *l, size_t i)
{
	struct line_peer *p = l->peers.p[i];
	loop_unwatch(l->conf.loop, p->fd);
	close(p->fd);
	buf_fini(&p->rest);
	mem_free(p);
	vec_remove(&l->peers, i);
}

static void
peer_leave(struct line_peer *p)
{
	struct lines *l = p->of;
	for (size_t i = 0; i < l->peers.n; i++)
		if (l->peers.p[i] == p) {
			peer_destroy(l, i);
			return;
		}
}

/* Hands on the whole lines that are there; what is left waits for its end. */
static void
hand_on(struct line_peer *p)
{
	struct lines *l = p->of;
	struct str all = buf_view(&p->rest);
	size_t n = all.n;
	while (n > 0 && all.p[n - 1] != '\n')
		n--;
	if (n && p->skipping) {
		const char *end = memchr(all.p, '\n', n);
		size_t head = (size_t)(end - all.p) + 1;
		p->skipping = false;
		buf_drop(&p->rest, head);
		n -= head;
	}
	if (n)
		l->conf.take(l->conf.arg, str_to(buf_view(&p->rest), n));
	buf_drop(&p->rest, n);
	if (p->rest.n > l->conf.line_limit || p->skipping) {
		p->skipping = true;
		buf_clear(&p->rest);
	}
}

static void
on_peer(void *arg, int fd, unsigned events)
{
	struct line_peer *p = arg;
	for (int i = 0; i < ROUNDS; i++) {
		ssize_t n = read(fd, buf_room(&p->rest, PIECE), PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n <= 0) {
			peer_leave(p);
			return;
		}
		buf_grew(&p->rest, (size_t)n);
		p->heard = loop_now(p->of->conf.loop);
		hand_on(p);
	}
}

static void
on_tcp(void *arg, int fd, unsigned events)
{
	struct lines *l = arg;
	int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (peer < 0)
		return;
	if (l->peers.n >= l->conf.connections) {
		close(peer);
		return;
	}
	struct line_peer *p = mem_new(struct line_peer);
	p->of = l;
	p->fd = peer;
	p->heard = loop_now(l->conf.loop);
	*vec_add(&l->peers) = p;
	loop_watch(l->conf.loop, peer, LOOP_READ, on_peer, p, "lines of a peer");
}

static void
on_udp(void *arg, int fd, unsigned events)
{
	struct lines *l = arg;
	static char piece[PIECE];
	for (int i = 0; i < ROUNDS; i++) {
		ssize_t n = recv(fd, piece, sizeof piece, 0);
		if (n > 0)
			l->conf.take(l->conf.arg, str_n(piece, (size_t)n));
		else if (n < 0 && errno != EINTR)
			return;
	}
}

static void
sweep(void *arg)
{
	struct lines *l = arg;
	msec_t now = loop_now(l->conf.loop);
	for (size_t i = l->peers.n; i-- > 0;)
		if (now - l->peers.p[i]->heard > l->conf.idle)
			peer_destroy(l, i);
	loop_timer_set(l->conf.loop, &l->sweep, SWEEP, sweep, l, "close idle peers");
}

enum rc
lines_open(struct lines **out, const struct lines_conf *conf, struct err *e)
{
	struct lines *l = mem_new(struct lines);
	l->conf = *conf;
	l->tcp = l->udp = -1;
	enum rc rc = listen_tcp(conf->address, &l->tcp, e);
	if (rc == RC_OK)
		rc = listen_udp(conf->address, &l->udp, e);
	if (rc == RC_OK) {
		loop_watch(conf->loop, l->tcp, LOOP_READ, on_tcp, l, "peers that send lines");
		loop_watch(conf->loop, l->udp, LOOP_READ, on_udp, l, "datagrams of lines");
		sweep(l);
	} else {
		lines_close(&l);
	}
	*out = l;
	return rc;
}

void
lines_close(struct lines **pl)
{
	struct lines *l = *pl;
	if (!l)
		return;
	loop_timer_cancel(l->conf.loop, &l->sweep);
	while (l->peers.n)
		peer_destroy(l, l->peers.n - 1);
	vec_fini(&l->peers);
	for (int i = 0; i < 2; i++) {
		int fd = i ? l->udp : l->tcp;
		if (fd < 0)
			continue;
		loop_unwatch(l->conf.loop, fd);
		close(fd);
	}
	mem_free(l);
	*pl = NULL;
}
