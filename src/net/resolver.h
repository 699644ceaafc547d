/*
 * resolver.h — names to addresses, on the loop: c-ares, with the system's resolv.conf and hosts file.
 *
 * What is an address already is answered without asking anybody, by the same way.  Loop's thread.
 */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include <netinet/in.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"

union net_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};
enum { ADDRESSES_MAX = 8 };
struct found_addresses {
	enum rc rc; /* RC_OK: at least one */
	const char *why;
	union net_address at[ADDRESSES_MAX]; /* the ports are 0 */
	size_t n;
};
typedef void resolve_done(void *arg, const struct found_addresses *);

struct resolver;
struct lookup; /* one under way; gone once its callback was called or it was cancelled */

struct resolver *resolver_create(struct loop *);
void resolver_destroy(struct resolver **); /* nobody may wait any more */
/* The callback comes later, from the loop, exactly once unless cancelled. */
struct lookup *resolve(struct resolver *, struct str host, resolve_done *, void *arg);
void resolve_cancel(struct lookup **);

#endif
