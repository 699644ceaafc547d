/*
 * agreement.h — what a customer bought: resources that the desk decides by.
 *
 * Each is a resource `{kind, name, customer?, spec}`; these are the specs.  They are edited as versions with
 * valid_from (ledger/book.h); a decision at time t uses the version in force at t.
 */
#ifndef DESK_AGREEMENT_H
#define DESK_AGREEMENT_H

#include "flow/ticket.h"

#define CUSTOMER_KEYS(F)                                                                                     \
	F(STR, title, 0, 0, "", "the customer's name as people write it")                                    \
	F(STR, contract, 0, 0, "", "the contract in force: the name of a contract")                          \
	F(STR, language, 0, 0, "en", "the language of mails and of the portal: en, it, fr, sv or zh")        \
	F(BOOL, demo, 0, 0, "", "a customer for trying out, left out of reports")
RECORD(customer, CUSTOMER_KEYS)

#define CONTACT_KEYS(F)                                                                                      \
	F(STR, title, 0, 0, "", "the person's name")                                                         \
	F(STR, mail, 0, 0, "", "where mails about tickets go")                                               \
	F(STR, phone, 0, 0, "", "a phone number with + and country code")                                    \
	F(STR, language, 0, 0, "", "the language of mails; empty: the customer's")
RECORD(contact, CONTACT_KEYS)

#define OPENING_KEYS(F)                                                                                      \
	F(STRS, days, 0, KEY_REQUIRED, "", "days of the week: mon, tue … or mon-fri")                        \
	F(STR, from, 0, 0, "00:00", "when it opens, on the calendar's own clock")                            \
	F(STR, to, 0, 0, "24:00", "when it closes; before `from`: on the next day")
RECORD(opening, OPENING_KEYS)
#define HOLIDAY_KEYS(F)                                                                                      \
	F(STR, date, 0, KEY_REQUIRED, "", "a day that is closed: 2026-12-25, or 12-25 for every year")       \
	F(STR, name, 0, 0, "", "what is celebrated")
RECORD(holiday, HOLIDAY_KEYS)
#define CALENDAR_KEYS(F)                                                                                     \
	F(STR, time_zone, 0, 0, "UTC", "the zone whose clock it follows, such as Europe/Rome")               \
	F(MANY, hours, opening, 0, "", "when it is open; none: always")                                      \
	F(MANY, holidays, holiday, 0, "", "days on which it is closed")
RECORD(calendar, CALENDAR_KEYS)

#define SLA_KEYS(F)                                                                                          \
	F(ENUM, priority, priorities, KEY_REQUIRED, "", "tickets of this priority")                          \
	F(DUR, pickup, 0, 0, "", "the longest time until somebody takes it in charge (SLA 1); 0: none")      \
	F(DUR, resolution, 0, 0, "", "the longest time until it is closed (SLA 2); 0: none")                 \
	F(STR, calendar, 0, 0, "", "the calendar that these clocks follow; empty: the contract's")
RECORD(sla, SLA_KEYS)

/* One row of the matrix: the first that fits decides. */
extern const char *const calendar_moments[];
enum calendar_moment { WHEN_ANY, WHEN_OPEN, WHEN_CLOSED };
#define MATRIX_ROW_KEYS(F)                                                                                   \
	F(STRS, severity, 0, 0, "", "values of the label severity; none: any")                               \
	F(STRS, service, 0, 0, "", "values of the label service_class; none: any")                           \
	F(ENUM, when, calendar_moments, 0, "", "any, open or closed: the contract's calendar at that moment")\
	F(ENUM, priority, priorities, KEY_REQUIRED, "", "the ticket's priority")                             \
	F(ENUM, modality, modalities, 0, "ticket", "ticket, wait (until it is open), mail, sms or call")     \
	F(BOOL, propose, 0, 0, "", "only propose the ticket; a person accepts it")                           \
	F(STR, team, 0, 0, "", "the team that gets it")                                                      \
	F(STR, policy, 0, 0, "", "the escalation policy that calls people")
RECORD(matrix_row, MATRIX_ROW_KEYS)

#define CONTRACT_KEYS(F)                                                                                     \
	F(STR, title, 0, 0, "", "what the customer knows it as")                                             \
	F(STR, calendar, 0, KEY_REQUIRED, "", "its working hours: the name of a calendar")                   \
	F(MANY, slas, sla, 0, "", "the two clocks for each priority")                                        \
	F(STRS, pause, 0, 0, "customer", "while suspended for these the resolution clock stands: process, customer, supplier") \
	F(MANY, matrix, matrix_row, 0, "", "what happens for which alert; the first row that fits decides")  \
	F(BOOL, on_call, 0, 0, "", "may people be called outside the calendar's hours")                      \
	F(BOOL, console, 0, 0, "", "the customer's people see the state of their hosts and services")       \
	F(BOOL, auto_close, 0, 0, "", "close a ticket when all its alerts are resolved and nobody took it")
RECORD(contract, CONTRACT_KEYS)

#define PROBLEM_TYPE_KEYS(F)                                                                                 \
	F(STR, title, 0, KEY_REQUIRED, "", "what the person who opens a ticket chooses")                     \
	F(ENUM, kind, ticket_kinds, 0, "request", "the kind of ticket that it opens")                        \
	F(ENUM, priority, priorities, 0, "medium", "its priority")                                           \
	F(STRS, skills, 0, 0, "", "who works on it must have these")
RECORD(problem_type, PROBLEM_TYPE_KEYS)

/* Each says whether a spec makes sense by itself; the sentence names the key. */
CHECKED enum rc calendar_check(const void *spec, struct err *);
CHECKED enum rc contract_check(const void *spec, struct err *);

#endif
