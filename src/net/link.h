/*
 * link.h — frames between our processes over a Unix socket: one side listens, the other connects and connects again.
 *
 * The listening socket is opened by the keeper and outlives whoever serves it, so a connection made while the server
 * restarts waits in its backlog.  All calls belong to the loop's thread.
 */
#ifndef NET_LINK_H
#define NET_LINK_H

#include "base/loop.h"
#include "flow/frame.h"

struct link; /* one connection, from either side */

struct link_events {
	void *arg;
	void (*up)(void *arg, struct link *);                         /* may be NULL */
	void (*frame)(void *arg, struct link *, const struct frame *);
	void (*down)(void *arg, struct link *);                       /* it is gone after this call; may be NULL */
};

/* Queues a frame.  False when over 64 MiB wait already: the other side does not read. */
bool link_send(struct link *, uint16_t kind, uint64_t id, struct str body);
uint64_t link_number(const struct link *); /* unique in this process: for finding a link again that may be gone */

struct link_server;
struct link_server *link_server_create(struct loop *, int listen_fd, const struct link_events *);
void link_server_destroy(struct link_server **); /* does not close listen_fd */
struct link *link_server_find(struct link_server *, uint64_t number); /* NULL: it has gone */
void link_server_each(struct link_server *, void (*fn)(void *arg, struct link *), void *arg);

struct link_client;
struct link_client *link_client_create(struct loop *, const char *path, const struct link_events *);
void link_client_destroy(struct link_client **);
struct link *link_client_link(struct link_client *); /* NULL while it is down */

#endif
