/*
 * pages.c — hosts that are asked for their pages: /t/N is the page of host N, 500 lines that are another ones each time, in gzip.
 *
 *     pages PORT HOSTS
 *
 * One thread, HTTP/1.1, connections stay.  Ends when its standard input does.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "values.h"
#include "wire/gzip.h"

enum { REQUEST = 8192, EVENTS = 64 };

struct fleet {
	long hosts;
	struct source *sources;
	struct buf names[SERIES];
	uint64_t state;
	struct buf page, packed, answer;
};

struct peer {
	int fd;
	size_t n;
	char request[REQUEST + 1];
};

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
make_page(struct fleet *f, long host)
{
	struct source *s = &f->sources[(size_t)host * SERIES];
	buf_clear(&f->page);
	for (size_t i = 0; i < SERIES; i++) {
		buf_str(&f->page, buf_view(&f->names[i]));
		buf_f64(&f->page, next_value(&s[i], &f->state));
		buf_ch(&f->page, '\n');
	}
	buf_clear(&f->packed);
	gzip_pack(buf_view(&f->page), &f->packed);
}

static bool
answer(struct fleet *f, const struct peer *p)
{
	long host = strncmp(p->request, "GET /t/", 7) == 0 ? strtol(p->request + 7, NULL, 10) : -1;
	if (host < 0 || host >= f->hosts)
		return false;
	make_page(f, host);
	buf_clear(&f->answer);
	buf_fmt(&f->answer, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", f->packed.n);
	buf_str(&f->answer, buf_view(&f->packed));
	for (size_t at = 0; at < f->answer.n;) { /* a page is less than what a socket takes at once */
		ssize_t n = send(p->fd, f->answer.p + at, f->answer.n - at, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

static void
serve(struct fleet *f, struct peer *p)
{
	ssize_t n = recv(p->fd, p->request + p->n, REQUEST - p->n, 0);
	bool good = n > 0;
	p->n += good ? (size_t)n : 0;
	p->request[p->n] = '\0';
	if (good && !strstr(p->request, "\r\n\r\n"))
		return;
	if (good && answer(f, p)) {
		p->n = 0;
		return;
	}
	close(p->fd);
	mem_free(p);
}

static int
listen_at(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 1024) != 0)
		die("listen");
	return fd;
}

static void
watch(int epoll, int fd, void *who)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = who};
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev) != 0)
		die("epoll");
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: pages PORT HOSTS\n");
		return 2;
	}
	static struct fleet f = {.state = 1};
	static char listening, input;
	struct epoll_event events[EVENTS];
	int fd = listen_at((int)strtol(argv[1], NULL, 10)), epoll = epoll_create1(EPOLL_CLOEXEC);
	f.hosts = strtol(argv[2], NULL, 10);
	f.sources = mem_alloc((size_t)f.hosts * SERIES * sizeof *f.sources);
	for (size_t i = 0; i < (size_t)f.hosts * SERIES; i++)
		f.sources[i] = make_source(i % SERIES, &f.state);
	for (size_t i = 0; i < SERIES; i++)
		buf_fmt(&f.names[i], "node_measured_thing_%zu_total{part=\"device-%zu\"} ", i / 25, i % 25);
	watch(epoll, fd, &listening);
	watch(epoll, STDIN_FILENO, &input);
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS, -1);
		for (int i = 0; i < n; i++) {
			void *who = events[i].data.ptr;
			if (who == &input)
				return 0;
			if (who != &listening) {
				serve(&f, who);
				continue;
			}
			struct peer *p = mem_new(struct peer);
			p->fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
			if (p->fd < 0)
				die("accept");
			watch(epoll, p->fd, p);
		}
	}
}
