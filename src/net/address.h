/*
 * address.h — which network addresses may be reached with a URL that somebody typed in.
 *
 * IDEA   A name says nothing: it is the *resolved* address that is judged, when the socket is about to be
 *        opened, so that neither DNS rebinding nor a redirect gets around it.
 *
 * Refused unless an administrator allows the range: loopback, unspecified, link-local, multicast, reserved
 * and the clouds' metadata addresses; private ranges only when `refuse_private` is set.  IPv4 inside IPv6
 * (mapped, compatible, 6to4, NAT64) is judged as IPv4.  Pure; any thread.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <sys/socket.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

struct cidr {
	uint8_t ip[16]; /* IPv4 as ::ffff:a.b.c.d */
	unsigned bits;  /* of the 128 */
};

struct address_policy {
	VEC(struct cidr) allowed;
	bool refuse_private;
};

/* "10.0.0.0/8", "fd00::/8", "192.0.2.1". */
CHECKED enum rc cidr_parse(struct str, struct cidr *, struct err *);
bool cidr_has(const struct cidr *, const uint8_t ip[16]);
CHECKED enum rc address_policy_allow(struct address_policy *, struct str range, struct err *);
void address_policy_fini(struct address_policy *);

/* RC_DENIED with the address, the kind of range it is in and what would allow it.  NULL allows all. */
CHECKED enum rc address_judge(const struct address_policy *, const struct sockaddr *, struct err *);

#endif
