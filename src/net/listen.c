/* listen.c — see listen.h. */
#include "net/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

bool
address_split(struct str address, struct str *host, struct str *port)
{
	size_t colon = address.n;
	while (colon > 0 && address.p[colon - 1] != ':')
		colon--;
	if (colon == 0)
		return false;
	*host = str_to(address, colon - 1);
	*port = str_from(address, colon);
	uint64_t number;
	if (!str_u64(*port, &number) || number > 65535)
		return false;
	if (str_starts(*host, STR("[")) && str_ends(*host, STR("]")))
		*host = str_n(host->p + 1, host->n - 2);
	else if (str_chr(*host, ':') >= 0)
		return false;
	return true;
}

static int
open_one(const struct addrinfo *ai)
{
	int one = 1, zero = 0;
	int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && (ai->ai_socktype == SOCK_DGRAM || listen(fd, BACKLOG) == 0))
		return fd;
	int saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static enum rc
open_host(const char *host, const char *port, int type, int *fd, struct err *err)
{
	struct addrinfo *found, want = {.ai_socktype = type, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	int why = getaddrinfo(host, port, &want, &found);
	if (why)
		return err_set(err, RC_IO, "cannot resolve \"%s\" to listen on: %s", host, gai_strerror(why));
	*fd = -1;
	for (struct addrinfo *ai = found; ai && *fd < 0; ai = ai->ai_next)
		*fd = open_one(ai);
	freeaddrinfo(found);
	if (*fd < 0)
		return err_errno(err, "cannot listen on %s port %s", host, port);
	return RC_OK;
}

static enum rc
open_address(struct str address, int type, int *fd, struct err *err)
{
	struct str host, port;
	char host_c[256], port_c[8];
	if (!address_split(address, &host, &port) || host.n >= sizeof host_c || port.n >= sizeof port_c)
		return err_set(err, RC_INVALID,
		    "\"%.*s\" is no address to listen on; expected host:port or :port",
		    STR_ARG(str_to(address, 200)));
	snprintf(host_c, sizeof host_c, "%.*s", STR_ARG(host));
	snprintf(port_c, sizeof port_c, "%.*s", STR_ARG(port));
	if (host.n)
		return open_host(host_c, port_c, type, fd, err);
	if (open_host("::", port_c, type, fd, NULL) == RC_OK)
		return RC_OK;
	return open_host("0.0.0.0", port_c, type, fd, err); /* a kernel without IPv6 */
}

enum rc
listen_tcp(struct str address, int *fd, struct err *err)
{
	return open_address(address, SOCK_STREAM, fd, err);
}

enum rc
listen_udp(struct str address, int *fd, struct err *err)
{
	return open_address(address, SOCK_DGRAM, fd, err);
}

int
listen_port(int fd)
{
	struct sockaddr_in6 a;
	socklen_t n = sizeof a;
	if (getsockname(fd, (struct sockaddr *)&a, &n) != 0)
		return 0;
	return ntohs(a.sin6_family == AF_INET6 ? a.sin6_port : ((struct sockaddr_in *)&a)->sin_port);
}

void
address_print(const struct sockaddr *sa, struct buf *out)
{
	char text[INET6_ADDRSTRLEN] = "";
	if (sa->sa_family == AF_INET) {
		inet_ntop(AF_INET, &((const struct sockaddr_in *)sa)->sin_addr, text, sizeof text);
	} else if (sa->sa_family == AF_INET6) {
		const struct in6_addr *a = &((const struct sockaddr_in6 *)sa)->sin6_addr;
		if (IN6_IS_ADDR_V4MAPPED(a))
			inet_ntop(AF_INET, &a->s6_addr[12], text, sizeof text);
		else
			inet_ntop(AF_INET6, a, text, sizeof text);
	} else {
		buf_c(out, "unix");
	}
	buf_c(out, text);
}
