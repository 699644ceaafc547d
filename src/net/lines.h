/*
 * lines.h — a port that takes lines, by TCP and by UDP, and answers nothing: Graphite's and its like.
 *
 * IDEA   What has arrived goes on as whole lines, many at a time.  A line that is longer than `line_limit`, and whatever
 *        stands behind the last line end of a connection, is dropped; a datagram ends its last line itself.
 *
 * Loop's thread.
 */
#ifndef NET_LINES_H
#define NET_LINES_H

#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"

struct lines;

struct lines_conf {
	struct loop *loop;
	struct str address;    /* host:port, for both */
	size_t line_limit;
	size_t connections;    /* the most at a time; a further one is closed */
	msec_t idle;           /* a connection that says nothing for so long is closed */
	void (*take)(void *arg, struct str lines);
	void *arg;
};

CHECKED enum rc lines_open(struct lines **, const struct lines_conf *, struct err *);
void lines_close(struct lines **);

#endif
