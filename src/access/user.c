/* user.c — the tables of user.h. */
#include "access/user.h"

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

enum rc
user_check(const void *spec, struct err *e)
{
	const struct user *u = spec;
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
