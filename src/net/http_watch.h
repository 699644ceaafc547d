/*
 * http_watch.h — one thread that cuts connections which take too long, and notices clients that go away.
 *
 * IDEA   The HTTP library's own time-out counts silence only, and it does not look at a suspended
 *        connection at all.  This thread knows a deadline for every connection and, where asked, waits for
 *        the other end's FIN.  It never touches the library: it shuts the socket down, and the library
 *        finds the end of the stream.
 *
 * All functions from any thread.
 */
#ifndef NET_HTTP_WATCH_H
#define NET_HTTP_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

struct http_watch;

/* Embedded in its owner. */
struct http_watched {
	int fd;
	msec_t deadline; /* on the monotonic clock; MSEC_NEVER: none */
	bool awaits_hangup, in_callback;
	void (*gone)(struct http_watched *); /* on the watch's thread, without its lock */
};

struct http_watch *http_watch_create(void);
void http_watch_destroy(struct http_watch **); /* nothing may be watched any more */

void http_watch_add(struct http_watch *, struct http_watched *, int fd, void (*gone)(struct http_watched *));
/* Waits for a running `gone`; afterwards the watch knows nothing of it.  The fd must still be open. */
void http_watch_remove(struct http_watch *, struct http_watched *);
/* To be over `in` milliseconds from now, or MSEC_NEVER. */
void http_watch_deadline(struct http_watch *, struct http_watched *, msec_t in);
/* Calls `gone`, once, when the client hangs up. */
void http_watch_hangup(struct http_watch *, struct http_watched *, bool wanted);
/* Shuts every connection down. */
void http_watch_cut_all(struct http_watch *);

#endif
