/*
 * http_server.h — requests from sockets to a handler, and its answers back.
 *
 * IDEA   libmicrohttpd reads and writes on a pool of threads; what it leaves open is closed here: a head
 *        that is ambiguous, a foreign Host or Origin, a body over the route's limit, a request that drips in
 *        byte by byte, an answer that is never read, a client that has gone.
 *
 * THREADS  `limit` and `handle` are called on server threads, so a handler that computes for long answers
 *        later, from elsewhere.  Start and stop from one thread.
 */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include "base/clock.h"
#include "net/http_guard.h"

struct http_server;

struct http_server_conf {
	int fd;               /* listening, as from listen_tcp; the server closes it when it stops */
	unsigned threads;     /* 0: one for each processor, at most 8 */
	unsigned connections; /* at most, in all; 0: 10,000 */
	unsigned per_address; /* at most, from one address; 0: no limit */
	msec_t head_time;     /* a head must be in by then; 0: 10 s */
	msec_t request_time;  /* its body by then; 0: 30 s */
	msec_t idle_time;     /* between requests; 0: 75 s */
	const char *cert_pem, *key_pem; /* the texts, not file names; both or neither */
	struct http_guard guard;
	void *arg;
	/* The largest body this request may have, asked once its head is there (params are not decoded). */
	size_t (*limit)(void *arg, const struct http_req *);
	/* Adds headers to every answer, also to refusals.  May be NULL. */
	void (*decorate)(void *arg, struct http_req *);
	http_handler *handle;
};

/* Texts and names in the configuration are borrowed until the server has stopped. */
CHECKED enum rc http_server_start(struct http_server **, const struct http_server_conf *, struct err *);
/* Accepts no more, lets requests under way finish for up to `grace`, then cuts them.  Waits for handlers to
 * answer. */
void http_server_stop(struct http_server **, msec_t grace);

struct http_server_stats {
	uint64_t requests, refused;
	unsigned active; /* between head and the last byte of the answer */
};
struct http_server_stats http_server_stats(struct http_server *);

#endif
