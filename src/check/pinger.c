/*
 * pinger.c — see pinger.h.
 *
 * TRAP   A raw socket sees every answer that the machine gets, also to other programs: only what carries our own random
 *        token is ours.
 */
#include "check/pinger.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <sodium.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/os.h"

enum { TOKEN = 16, PACKET_MAX = 512, FAMILIES = 2 };

/* What is sent: the head is the same for both families. */
struct packet {
	uint8_t type, code;
	uint16_t sum, id, number;
	uint8_t token[TOKEN];
};
_Static_assert(sizeof(struct packet) == 8 + TOKEN, "a packet has no holes");

struct pinger {
	struct loop *loop;
	int fd[FAMILIES];
	struct map *waiting; /* by token */
};

struct echo {
	struct pinger *pinger;
	union net_address to;
	uint8_t token[TOKEN];
	uint16_t number;
	nsec_t sent;
	echo_done *done;
	void *arg;
};

static const struct {
	int family, protocol;
	uint8_t ask, answer;
} families[FAMILIES] = {{AF_INET, IPPROTO_ICMP, ICMP_ECHO, ICMP_ECHOREPLY}, {AF_INET6, IPPROTO_ICMPV6, ICMP6_ECHO_REQUEST, ICMP6_ECHO_REPLY}};

static struct {
	bool tried;
	int fd[FAMILIES], error[FAMILIES];
} claimed;

void
pinger_claim(void)
{
	if (claimed.tried)
		return;
	claimed.tried = true;
	for (int i = 0; i < FAMILIES; i++) {
		int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
		claimed.fd[i] = socket(families[i].family, SOCK_DGRAM | flags, families[i].protocol);
		if (claimed.fd[i] < 0)
			claimed.fd[i] = socket(families[i].family, SOCK_RAW | flags, families[i].protocol);
		claimed.error[i] = claimed.fd[i] < 0 ? errno : 0;
	}
}

/* ---- answers ---- */

static struct str
token_of(const struct echo *e)
{
	return str_n((const char *)e->token, TOKEN);
}

/* A raw socket of IPv4 gives the IP header, too. */
static size_t
header_before(const uint8_t *p, size_t n, int family)
{
	return family == 0 && n > 0 && p[0] >> 4 == 4 ? (size_t)(p[0] & 15) * 4 : 0;
}

static void
take(struct pinger *pg, int family, const uint8_t *p, size_t n)
{
	struct packet k;
	size_t skip = header_before(p, n, family);
	if (n < skip + sizeof k)
		return;
	memcpy(&k, p + skip, sizeof k);
	struct echo *e = k.type == families[family].answer ? map_get(pg->waiting, str_n((const char *)k.token, TOKEN)) : NULL;
	if (!e || ntohs(k.number) != e->number)
		return;
	int64_t micros = (clock_mono(clock_real()) - e->sent) / 1000;
	map_take(pg->waiting, token_of(e));
	e->done(e->arg, micros);
	mem_free(e);
}

static void
on_packets(void *arg, int fd, unsigned events)
{
	struct pinger *pg = arg;
	uint8_t p[PACKET_MAX];
	ssize_t n;
	while ((n = recv(fd, p, sizeof p, 0)) > 0)
		take(pg, fd == pg->fd[1], p, (size_t)n);
}

struct pinger *
pinger_create(struct loop *loop)
{
	struct pinger *pg = mem_new(struct pinger);
	pinger_claim();
	pg->loop = loop;
	pg->waiting = map_create();
	for (int i = 0; i < FAMILIES; i++) {
		pg->fd[i] = claimed.fd[i];
		if (pg->fd[i] >= 0)
			loop_watch(loop, pg->fd[i], LOOP_READ, on_packets, pg, "ping");
	}
	return pg;
}

void
pinger_destroy(struct pinger **ppg)
{
	struct pinger *pg = *ppg;
	if (!pg)
		return;
	for (int i = 0; i < FAMILIES; i++)
		if (pg->fd[i] >= 0)
			loop_unwatch(pg->loop, pg->fd[i]);
	map_destroy(&pg->waiting);
	mem_free(pg);
	*ppg = NULL;
}

/* ---- questions ---- */

static uint16_t
sum_of(const struct packet *k)
{
	uint16_t words[sizeof *k / 2];
	uint32_t sum = 0;
	memcpy(words, k, sizeof words);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		sum += words[i];
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~(sum + (sum >> 16));
}

enum rc
echo_again(struct echo *e, struct err *err)
{
	int family = e->to.any.sa_family == AF_INET6;
	int fd = e->pinger->fd[family];
	if (fd < 0)
		return err_set(err, RC_DENIED,
		    "we may not ping: start as root, or let our group ping (sysctl net.ipv4.ping_group_range): %s", strerror(claimed.error[family]));
	struct packet k = {.type = families[family].ask, .number = htons(++e->number)};
	memcpy(k.token, e->token, TOKEN);
	memcpy(&k.id, e->token, sizeof k.id);
	k.sum = sum_of(&k); /* of IPv6 the kernel makes it */
	e->sent = clock_mono(clock_real());
	if (sendto(fd, &k, sizeof k, 0, &e->to.any, family ? sizeof e->to.v6 : sizeof e->to.v4) == sizeof k)
		return RC_OK;
	return err_errno(err, "nothing can be sent there");
}

struct echo *
echo_send(struct pinger *pg, const union net_address *to, echo_done *done, void *arg, struct err *err)
{
	struct echo *e = mem_new(struct echo);
	*e = (struct echo){.pinger = pg, .to = *to, .done = done, .arg = arg};
	randombytes_buf(e->token, TOKEN);
	if (echo_again(e, err) != RC_OK) {
		mem_free(e);
		return NULL;
	}
	map_put(pg->waiting, token_of(e), e);
	return e;
}

void
echo_cancel(struct echo **pe)
{
	struct echo *e = *pe;
	*pe = NULL;
	if (!e)
		return;
	map_take(e->pinger->waiting, token_of(e));
	mem_free(e);
}
