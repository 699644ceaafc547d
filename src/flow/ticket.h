/*
 * ticket.h — the unit of human work, as it lies in the ledger (space "ticket", key: its number) and in the API.
 *
 *            proposed ──accept──▶ new ──assign──▶ assigned
 *                                  │ take            │ take
 *                                  ▼                 ▼
 *      suspended ◀──suspend── in_progress ──close──▶ closed (final)
 *          └───────resume──────────▲
 *
 * Every open state may close, take or be assigned; closed is final: "it happens again" opens a new ticket that
 * refers to the old one.
 */
#ifndef FLOW_TICKET_H
#define FLOW_TICKET_H

#include "flow/record.h"

enum ticket_state { TICKET_PROPOSED, TICKET_NEW, TICKET_ASSIGNED, TICKET_IN_PROGRESS, TICKET_SUSPENDED, TICKET_CLOSED, TICKET_REJECTED };
extern const char *const ticket_states[];
enum ticket_kind { KIND_INCIDENT, KIND_REQUEST, KIND_PROBLEM, KIND_CHANGE, KIND_CONSULTING, KIND_ON_SITE };
extern const char *const ticket_kinds[];
enum priority { PRIORITY_NONE, PRIORITY_LOW, PRIORITY_MEDIUM, PRIORITY_HIGH, PRIORITY_CRITICAL };
extern const char *const priorities[];
/* What a contract says must happen when a ticket opens. */
enum modality { MODALITY_TICKET, MODALITY_WAIT, MODALITY_MAIL, MODALITY_SMS, MODALITY_CALL };
extern const char *const modalities[];
enum suspension { SUSPENDED_NOT, SUSPENDED_PROCESS, SUSPENDED_CUSTOMER, SUSPENDED_SUPPLIER };
extern const char *const suspensions[];
enum audience { AUDIENCE_INTERNAL, AUDIENCE_CUSTOMER, AUDIENCE_SUPPLIER };
extern const char *const audiences[];

#define TICKET_ALERT_KEYS(F)                                                                                 \
	F(STR, fingerprint, 0, 0, "", "which alert")                                                         \
	F(STR, name, 0, 0, "", "its alertname")                                                              \
	F(BOOL, firing, 0, 0, "", "is it still firing")
RECORD(ticket_alert, TICKET_ALERT_KEYS)

#define TICKET_LINK_KEYS(F) F(I64, number, 0, 0, "", "the other ticket")
RECORD(ticket_link, TICKET_LINK_KEYS)

/* How far its policy has climbed. */
#define ESCALATION_KEYS(F)                                                                                   \
	F(BOOL, climbing, 0, 0, "", "is somebody being called")                                              \
	F(I64, step, 0, 0, "", "the step that was last due, from 0")                                         \
	F(I64, round, 0, 0, "", "how often all steps were gone through")                                     \
	F(TIME, due, 0, 0, "", "when the next step is due")
RECORD(escalation, ESCALATION_KEYS)

#define TICKET_KEYS(F)                                                                                       \
	F(I64, number, 0, 0, "", "its number, unique in this instance")                                      \
	F(STR, customer, 0, 0, "", "who is served")                                                          \
	F(ENUM, kind, ticket_kinds, 0, "", "what kind of work it is")                                        \
	F(ENUM, state, ticket_states, 0, "", "where it stands")                                              \
	F(ENUM, suspension, suspensions, 0, "", "what a suspended ticket waits for")                         \
	F(TIME, until, 0, 0, "", "when a suspension ends by itself")                                         \
	F(ENUM, priority, priorities, 0, "", "how urgent it is")                                             \
	F(ENUM, modality, modalities, 0, "", "what its contract said must happen")                           \
	F(STR, title, 0, 0, "", "one line that says what is wrong")                                          \
	F(STR, description, 0, 0, "", "more of it")                                                          \
	F(STR, problem_type, 0, 0, "", "chosen by the person who opened it")                                 \
	F(STR, team, 0, 0, "", "the team that it was given to")                                              \
	F(STR, assignee, 0, 0, "", "the user who works on it")                                               \
	F(STR, opener, 0, 0, "", "who opened it: engine, user/name or contact/name")                         \
	F(TIME, opened, 0, 0, "", "when it was opened")                                                      \
	F(TIME, changed, 0, 0, "", "when it last changed")                                                   \
	F(STR, contract, 0, 0, "", "the contract that it is handled under")                                  \
	F(STR, policy, 0, 0, "", "the escalation policy that calls people for it")                           \
	F(I64, refers_to, 0, 0, "", "the closed ticket that happened again")                                 \
	F(MANY, links, ticket_link, 0, "", "tickets that it has to do with")                                 \
	F(STR, group, 0, KEY_HIDDEN, "", "alerts with this key join it")                                     \
	F(MANY, alerts, ticket_alert, 0, "", "the alerts that it is about")                                  \
	F(ONE, escalation, escalation, 0, "", "how far its policy has climbed")                              \
	F(I64, pages, 0, KEY_HIDDEN, "", "how many pages it has had, for their numbers")                     \
	F(BOOL, drill, 0, 0, "", "a rehearsal: its customer is not told, and no report counts it")           \
	F(STR, page_to, 0, KEY_HIDDEN, "", "of a drill: the one user who is paged, whatever the policy says") \
	F(STR, page_by, 0, KEY_HIDDEN, "", "of a drill: the one channel of the page")
RECORD(ticket, TICKET_KEYS)

#endif
