/*
 * listen.h — listening sockets, and addresses as text.
 */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include <sys/socket.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * A listening TCP socket (non-blocking, close-on-exec) for "127.0.0.1:9090", "[::1]:9090", ":9090" (every
 * address, both families), "localhost:0" (any free port).
 */
CHECKED enum rc listen_tcp(struct str address, int *fd, struct err *);
/* A UDP socket, likewise. */
CHECKED enum rc listen_udp(struct str address, int *fd, struct err *);
/* The port that a socket is bound to. */
int listen_port(int fd);

/* "192.0.2.1" or "::1", without the port; IPv4 inside IPv6 is printed as IPv4. */
void address_print(const struct sockaddr *, struct buf *);
/* "host:port" and "[v6]:port" apart; the host may be empty.  False when there is no port. */
bool address_split(struct str address, struct str *host, struct str *port);

#endif
