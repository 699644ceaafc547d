#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "unit.h"

static enum rc
judge(const struct address_policy *p, const char *ip)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	if (inet_pton(AF_INET, ip, &v4.sin_addr) == 1)
		return address_judge(p, (struct sockaddr *)&v4, NULL);
	ck_assert_int_eq(inet_pton(AF_INET6, ip, &v6.sin6_addr), 1);
	return address_judge(p, (struct sockaddr *)&v6, NULL);
}

UNIT(addresses_are_judged_in_every_disguise)
{
	static const struct {
		const char *ip;
		bool refused, refused_private;
	} rows[] = {
	    {"192.0.2.1", false, false},
	    {"2001:db8::1", false, false},
	    {"127.0.0.1", true, true},
	    {"127.255.255.254", true, true},
	    {"128.0.0.1", false, false},
	    {"0.0.0.0", true, true},
	    {"::", true, true},
	    {"::1", true, true},
	    {"::ffff:127.0.0.1", true, true},
	    {"::127.0.0.1", true, true},
	    {"64:ff9b::7f00:1", true, true},
	    {"64:ff9b::c000:201", false, false},
	    {"2002:7f00:1::1", true, true},
	    {"169.254.169.254", true, true},
	    {"::ffff:169.254.169.254", true, true},
	    {"fd00:ec2::254", true, true},
	    {"fe80::1", true, true},
	    {"febf::1", true, true},
	    {"fec0::1", false, false},
	    {"224.0.0.1", true, true},
	    {"ff02::1", true, true},
	    {"255.255.255.255", true, true},
	    {"10.1.2.3", false, true},
	    {"172.31.0.1", false, true},
	    {"172.32.0.1", false, false},
	    {"192.168.1.1", false, true},
	    {"fd12::1", false, true},
	};
	static const struct address_policy open = {0}, strict = {.refuse_private = true};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_msg((judge(&open, rows[i].ip) == RC_DENIED) == rows[i].refused, "%s", rows[i].ip);
		ck_assert_msg(
		    (judge(&strict, rows[i].ip) == RC_DENIED) == rows[i].refused_private, "%s", rows[i].ip);
		ck_assert_int_eq(judge(NULL, rows[i].ip), RC_OK);
	}
}
END

UNIT(an_allowed_range_is_allowed_and_no_more)
{
	struct address_policy p = {0};
	ck_assert_int_eq(address_policy_allow(&p, STR("127.0.0.0/30"), NULL), RC_OK);
	ck_assert_int_eq(address_policy_allow(&p, STR("fe80::/10"), NULL), RC_OK);
	ck_assert_int_eq(judge(&p, "127.0.0.3"), RC_OK);
	ck_assert_int_eq(judge(&p, "::ffff:127.0.0.3"), RC_OK);
	ck_assert_int_eq(judge(&p, "127.0.0.4"), RC_DENIED);
	ck_assert_int_eq(judge(&p, "fe80::1"), RC_OK);
	ck_assert_int_eq(judge(&p, "169.254.1.1"), RC_DENIED);
	address_policy_fini(&p);
}
END

UNIT(bad_ranges_are_refused)
{
	static const char *const bad[] = {
	    "", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0/8", "a", "10.0.0.0/8x", "1.2.3.4/-1"};
	struct cidr c;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(cidr_parse(str_c(bad[i]), &c, NULL) == RC_INVALID, "%s", bad[i]);
	ck_assert_int_eq(cidr_parse(STR("0.0.0.0/0"), &c, NULL), RC_OK);
	ck_assert_uint_eq(c.bits, 96);
}
END
