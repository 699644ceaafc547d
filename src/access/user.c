/* user.c — the tables of user.h. */
#include "access/user.h"

#include <string.h>

#include <stddef.h>

#include "base/tz.h"

const char *const channels[] = {"console", "mail", "call", "sms", "webhook", NULL};
const char *const roles[] = {"", "contact", "viewer", "operator", "admin", NULL};
const char *const languages[] = {"en", "it", "fr", "sv", "zh", NULL};

#define RECORD_SELF struct rung
RECORD_LAYOUT(rung, RUNG_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct user
RECORD_LAYOUT(user, USER_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct team
RECORD_LAYOUT(team, TEAM_KEYS)
#undef RECORD_SELF

/* A number as people write it ("+39 06 555-0100", "204"), or a SIP address. */
static bool
is_phone(struct str s)
{
	size_t digits = 0;
	if (str_starts(s, STR("sip:")) || str_starts(s, STR("sips:")))
		return s.n > 6;
	for (size_t i = 0; i < s.n; i++) {
		if (!s.p[i] || !strchr("0123456789 -./()*#", s.p[i]))
			if (s.p[i] != '+' || i)
				return str_chr(s, '@') > 0 && str_chr(s, ' ') < 0; /* user@pbx */
		digits += s.p[i] >= '0' && s.p[i] <= '9';
	}
	return digits >= 2;
}

static enum rc
check_phone(struct str phone, const char *where, struct err *e)
{
	if (!phone.n || is_phone(phone))
		return RC_OK;
	return err_set(e, RC_INVALID, "%s \"%.*s\" is neither a phone number such as +39065550100 or 204, nor a SIP address such as sip:first@pbx.example.org",
	    where, STR_ARG(str_to(phone, 60)));
}

enum rc
user_check(const void *spec, struct err *e)
{
	const struct user *u = spec;
	if (check_phone(u->phone, "phone", e) != RC_OK)
		return RC_INVALID;
	for (size_t i = 0; i < u->ladder.n; i++)
		if ((u->ladder.p[i].by == CHANNEL_CALL || u->ladder.p[i].by == CHANNEL_SMS) && check_phone(u->ladder.p[i].to, "ladder: to", e) != RC_OK)
			return RC_INVALID;
	if (!tz_load(u->time_zone, e))
		return err_add(e, "in time_zone");
	if (u->role == ROLE_CONTACT && u->customers.n == 0)
		return err_set(e, RC_INVALID, "a user with the role contact needs customers");
	if (u->role == ROLE_ADMIN && u->customers.n)
		return err_set(e, RC_INVALID, "a user with the role admin sees all customers: leave customers out, or choose operator");
	for (size_t i = 0; i < u->ladder.n; i++)
		if (u->ladder.p[i].by == CHANNEL_WEBHOOK && !u->ladder.p[i].to.n)
			return err_set(e, RC_INVALID, "ladder: rung %zu is a webhook without a URL in `to`", i + 1);
	return RC_OK;
}
