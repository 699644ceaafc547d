/*
 * pinger.h — ICMP echo for everybody: two sockets, one for each family, and who waits for which answer.
 *
 * IDEA   The kernel lets a process ping with a datagram socket when its group is in net.ipv4.ping_group_range, else it
 *        takes a raw one, which only root opens: both are opened before rights are given up (pinger_claim), and what
 *        neither gives is a sentence, not a silence.
 *
 * Loop's thread, but for pinger_claim.
 */
#ifndef CHECK_PINGER_H
#define CHECK_PINGER_H

#include "net/resolver.h"

struct pinger;
struct echo; /* one that waits for its answer; gone once it came or it was cancelled */

/* Opens what may not be opened any more once rights are given up; before pinger_create, once. */
void pinger_claim(void);
struct pinger *pinger_create(struct loop *);
void pinger_destroy(struct pinger **);

/* micros: since it was sent last. */
typedef void echo_done(void *arg, int64_t micros);
/* Sends one.  NULL with a sentence when it cannot be sent. */
struct echo *echo_send(struct pinger *, const union net_address *, echo_done *, void *arg, struct err *);
/* The same once more, with another number; the answer to the earlier one counts for nothing any more. */
CHECKED enum rc echo_again(struct echo *, struct err *);
void echo_cancel(struct echo **);

#endif
