/* address.c — see address.h. */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/must.h"
#include "net/listen.h"

enum { MAPPED_BITS = 96 };

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool
parse_ip(const char *text, uint8_t ip[16], bool *is_v4)
{
	*is_v4 = inet_pton(AF_INET, text, ip + 12) == 1;
	if (*is_v4)
		memcpy(ip, mapped_prefix, sizeof mapped_prefix);
	return *is_v4 || inet_pton(AF_INET6, text, ip) == 1;
}

enum rc
cidr_parse(struct str text, struct cidr *out, struct err *err)
{
	char ip[INET6_ADDRSTRLEN] = "";
	struct str rest = text, part = STR("");
	bool is_v4 = false;
	(void)str_cut(&rest, '/', &part);
	if (part.n < sizeof ip)
		memcpy(ip, part.p, part.n);
	if (!parse_ip(ip, out->ip, &is_v4))
		return err_set(err, RC_INVALID,
		    "\"%.*s\" is no address range; expected 10.0.0.0/8 or fd00::/8",
		    STR_ARG(str_to(text, 100)));
	uint64_t bits = is_v4 ? 32 : 128, most = bits;
	if (part.n < text.n && (!str_u64(rest, &bits) || bits > most))
		return err_set(err, RC_INVALID, "the length in \"%.*s\" is not between 0 and %d",
		    STR_ARG(str_to(text, 100)), (int)most);
	out->bits = (unsigned)bits + (is_v4 ? MAPPED_BITS : 0);
	return RC_OK;
}

bool
cidr_has(const struct cidr *c, const uint8_t ip[16])
{
	unsigned whole = c->bits / 8, left = c->bits % 8;
	if (memcmp(c->ip, ip, whole) != 0)
		return false;
	return left == 0 || (c->ip[whole] ^ ip[whole]) >> (8 - left) == 0;
}

enum rc
address_policy_allow(struct address_policy *p, struct str range, struct err *err)
{
	struct cidr c;
	enum rc rc = cidr_parse(range, &c, err);
	if (rc == RC_OK)
		*vec_add(&p->allowed) = c;
	return rc;
}

void
address_policy_fini(struct address_policy *p)
{
	vec_fini(&p->allowed);
}

/* IPv4 that travels inside IPv6 becomes ::ffff:a.b.c.d. */
static void
normalize(uint8_t ip[16])
{
	static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b}, none[12] = {0};
	const uint8_t *inner = NULL;
	if (memcmp(ip, nat64, 12) == 0)
		inner = ip + 12;
	else if (ip[0] == 0x20 && ip[1] == 0x02)
		inner = ip + 2; /* 6to4 */
	else if (memcmp(ip, none, 12) == 0 && (ip[12] || ip[13] || ip[14]))
		inner = ip + 12; /* compatible; ::1 and :: are what they are */
	if (!inner)
		return;
	uint8_t v4[4];
	memcpy(v4, inner, 4);
	memcpy(ip, mapped_prefix, sizeof mapped_prefix);
	memcpy(ip + 12, v4, 4);
}

/* The first range that holds an address names it: metadata services stand before the ranges around them. */
static const struct {
	const char *range, *what;
	bool private;
} ranges[] = {
    {"169.254.169.254", "a cloud's metadata service", false},
    {"169.254.170.2", "a cloud's metadata service", false},
    {"100.100.100.200", "a cloud's metadata service", false},
    {"168.63.129.16", "a cloud's metadata service", false},
    {"192.0.0.192", "a cloud's metadata service", false},
    {"fd00:ec2::254", "a cloud's metadata service", false},
    {"0.0.0.0/8", "not an address of a host", false},
    {"::", "not an address of a host", false},
    {"127.0.0.0/8", "loopback", false},
    {"::1", "loopback", false},
    {"169.254.0.0/16", "link-local", false},
    {"fe80::/10", "link-local", false},
    {"224.0.0.0/4", "multicast", false},
    {"ff00::/8", "multicast", false},
    {"240.0.0.0/4", "reserved", false},
    {"10.0.0.0/8", "private", true},
    {"172.16.0.0/12", "private", true},
    {"192.168.0.0/16", "private", true},
    {"100.64.0.0/10", "private", true},
    {"fc00::/7", "private", true},
};

static const char *
refused_as(const struct address_policy *p, const uint8_t ip[16])
{
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		struct cidr c;
		must(cidr_parse(str_c(ranges[i].range), &c, NULL) == RC_OK);
		if (cidr_has(&c, ip) && (!ranges[i].private || p->refuse_private))
			return ranges[i].what;
	}
	return NULL;
}

static bool
address_bytes(const struct sockaddr *sa, uint8_t ip[16])
{
	if (sa->sa_family == AF_INET) {
		memcpy(ip, mapped_prefix, sizeof mapped_prefix);
		memcpy(ip + 12, &((const struct sockaddr_in *)sa)->sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(ip, &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
	}
	return sa->sa_family == AF_INET || sa->sa_family == AF_INET6;
}

enum rc
address_judge(const struct address_policy *p, const struct sockaddr *sa, struct err *err)
{
	uint8_t ip[16];
	if (!p)
		return RC_OK;
	if (!address_bytes(sa, ip))
		return err_set(err, RC_DENIED, "only IPv4 and IPv6 addresses may be reached");
	normalize(ip);
	for (size_t i = 0; i < p->allowed.n; i++)
		if (cidr_has(&p->allowed.p[i], ip))
			return RC_OK;
	const char *what = refused_as(p, ip);
	if (!what)
		return RC_OK;
	struct buf text = {0};
	address_print(sa, &text);
	enum rc rc = err_set(err, RC_DENIED,
	    "%s is %s; an administrator can allow the range in access.allow_addresses", text.p, what);
	buf_fini(&text);
	return rc;
}
