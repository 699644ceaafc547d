/*
 * trunk.h — one way out to the telephone network: its SIP stack, its registration, who it is.
 *
 * Each trunk has a stack of its own, so that its transport, its certificates and who may call in over it are
 * its own affair.  libre's thread alone.
 */
#ifndef VOICE_TRUNK_H
#define VOICE_TRUNK_H

#include "conf/own.h"
#include "voice/reach.h"

struct trunk {
	const struct conf_trunk *conf;
	struct buf name, domain, uri_from, user, password, route, uri, tls_name;
	enum sip_transp transport;
	struct sa peer, local; /* local: where our messages come from */
	struct sa external;    /* where sound is to be sent to, when a NAT stands between; else not set */
	struct sip *sip;
	struct sipsess_sock *sessions;
	struct sipreg *registration;
	struct sip_lsnr *listener;
	struct tls *tls;
	struct dnsc *dns;
	struct reach *reach;
	bool registered; /* or need not be */
	bool counted;    /* in the metric of those that are up */
	unsigned calls;
	uint16_t last_status; /* of the registration; logged when it changes */
};

/* Where we are; any address may be unset. */
struct trunk_site {
	struct sa listen; /* its port is used for UDP where it can be had, else any */
	struct sa external;
};

/*
 * Starts the stack and registers.  A configuration that cannot work is RC_INVALID, a name that does not
 * resolve RC_IO. Looks the proxy's name up, and waits for that.
 */
CHECKED enum rc trunk_start(
    struct trunk *, const struct conf_trunk *, const struct trunk_site *, struct err *);
void trunk_stop(struct trunk *);
/* It is there, and registered where it must be. */
bool trunk_is_up(const struct trunk *);
void trunk_proved(struct trunk *); /* it has answered a call */
/* It did not answer a call at all. */
void trunk_suspect(struct trunk *, const char *words);

/* "sip:+390612345@example.org;transport=tcp"; RC_INVALID: not a number that may be dialled. */
CHECKED enum rc trunk_uri(const struct trunk *, struct str number, struct buf *out, struct err *);
/* The answer to a challenge; libre's sip_auth_h. */
int trunk_authenticate(char **user, char **password, const char *realm, void *trunk);

#endif
