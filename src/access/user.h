/*
 * user.h — ours: users and teams, and how each wants to be reached.
 */
#ifndef ACCESS_USER_H
#define ACCESS_USER_H

#include "flow/record.h"

enum channel { CHANNEL_CONSOLE, CHANNEL_MAIL, CHANNEL_CALL, CHANNEL_SMS, CHANNEL_WEBHOOK };
extern const char *const channels[];
enum role { ROLE_NONE, ROLE_CONTACT, ROLE_VIEWER, ROLE_OPERATOR, ROLE_ADMIN };
extern const char *const roles[];
extern const char *const languages[];

/* One rung of a person's ladder: tried in order until one of them is answered. */
#define RUNG_KEYS(F)                                                                                         \
	F(ENUM, by, channels, KEY_REQUIRED, "", "console, mail, call, sms or webhook")                       \
	F(STR, to, 0, 0, "", "a phone number, address or URL; empty: the user's own phone or mail")          \
	F(DUR, wait, 0, 0, "2m", "how long this rung may stay unanswered before the next one is tried")
RECORD(rung, RUNG_KEYS)

#define USER_KEYS(F)                                                                                         \
	F(STR, title, 0, 0, "", "the person's name as people write it")                                      \
	F(STR, mail, 0, 0, "", "the person's mail address")                                                  \
	F(STR, phone, 0, 0, "", "the person's phone number or SIP address")                                  \
	F(ENUM, language, languages, 0, "en", "what the phone speaks and mails are written in")              \
	F(STR, time_zone, 0, 0, "UTC", "the person's own clock")                                             \
	F(ENUM, role, roles, 0, "operator", "what the person may do: contact, viewer, operator or admin")    \
	F(STRS, customers, 0, 0, "", "the customers that the person may see; empty: all (not for contacts)") \
	F(STRS, skills, 0, 0, "", "what the person is good at: matched with a problem type's skills")        \
	F(MANY, ladder, rung, 0, "", "how to reach the person, in order; empty: console, call, mail")        \
	F(STRS, verified, 0, 0, "", "what was proved by a code: mail, phone; set by that alone")             \
	F(STR, password, 0, KEY_HIDDEN, "", "the argon2id hash")
RECORD(user, USER_KEYS)

#define TEAM_KEYS(F)                                                                                         \
	F(STR, title, 0, 0, "", "the team's name as people write it")                                        \
	F(STRS, members, 0, 0, "", "names of users")                                                         \
	F(STRS, skills, 0, 0, "", "what the team is good at")
RECORD(team, TEAM_KEYS)

CHECKED enum rc user_check(const void *spec, struct err *);

#endif
