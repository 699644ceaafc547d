/*
 * dial.h — a TCP connection to a name and a port: resolved, judged by the policy, tried address by address.
 *
 * Loop's thread.
 */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "net/address.h"
#include "net/resolver.h"

struct dial_result {
	enum rc rc; /* RC_OK: `fd` is connected, not blocking, and the caller's */
	const char *why;
	int fd;
};
typedef void dial_done(void *arg, const struct dial_result *);

struct dialer {
	struct loop *loop;
	struct resolver *resolver;
	const struct address_policy *policy; /* NULL: everything may be reached */
};
struct dial; /* one under way; gone once its callback was called or it was cancelled */

/* The callback comes later, from the loop, exactly once unless cancelled.  There is no time-out but the kernel's: who
 * has less patience cancels. */
struct dial *dial(const struct dialer *, struct str host, int port, dial_done *, void *arg);
void dial_cancel(struct dial **);

#endif
