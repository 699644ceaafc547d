/*
 * notice.h — what leaves the house for a person, and what became of it.
 *
 * A notice is the body of an outbox row, the same for every channel: each channel makes of it what it can (a mail,
 * a spoken prompt, a card in the console).  A page is a notice that wants an answer.
 */
#ifndef FLOW_NOTICE_H
#define FLOW_NOTICE_H

#include "flow/record.h"

#define NOTICE_KEYS(F)                                                                                       \
	F(STR, page, 0, 0, "", "the page that it belongs to; empty: it wants no answer")                     \
	F(I64, ticket, 0, 0, "", "the ticket that it is about")                                              \
	F(STR, customer, 0, 0, "", "who is served")                                                          \
	F(STR, customer_title, 0, 0, "", "the customer's name as people write it")                           \
	F(STR, user, 0, 0, "", "who is to be reached: user/name or contact/name")                            \
	F(STR, to, 0, 0, "", "where: an address, a number, a URL")                                           \
	F(STR, language, 0, 0, "", "in which language: en, it, fr, sv or zh")                                \
	F(STR, priority, 0, 0, "", "how urgent the ticket is")                                               \
	F(STR, title, 0, 0, "", "what the ticket says in one line")                                          \
	F(STR, text, 0, 0, "", "what happened, in sentences")                                                \
	F(STR, why, 0, 0, "", "why this person is told")                                                     \
	F(STR, news, 0, 0, "", "which development it is, as notify/letters.def names it; empty: none")       \
	F(STR, who, 0, 0, "", "the person or team that did it or has it now")                                \
	F(STR, state, 0, 0, "", "where the ticket stands")                                                   \
	F(STR, policy, 0, 0, "", "the escalation policy of a page")                                          \
	F(I64, step, 0, 0, "", "its step, from 1")                                                           \
	F(TIME, pickup_by, 0, 0, "", "when somebody will have taken it in charge, as the contract promises") \
	F(TIME, resolution_by, 0, 0, "", "when it will be solved, as the contract promises")                 \
	F(STR, time_zone, 0, 0, "", "on whose clock these two are said")                                          \
	F(STR, code, 0, 0, "", "no ticket, but a code that proves that this address is the person's")
RECORD(notice, NOTICE_KEYS)

/* What became of an attempt.  OUTCOME(word, climbs, help): climbs = this person was not reached: try the next rung. */
#define OUTCOMES(OUTCOME)                                                                                    \
	OUTCOME(handed_over, false, "the next machine accepted it")                                          \
	OUTCOME(shown, false, "it is on a screen")                                                           \
	OUTCOME(unseen, false, "no console of the person is open: the next rung is tried at once, where there is one") \
	OUTCOME(ringing, false, "the phone rings")                                                           \
	OUTCOME(answered, false, "somebody picked up")                                                       \
	OUTCOME(acknowledged, false, "the person took it in charge")                                         \
	OUTCOME(passed, true, "the person passed it on")                                                     \
	OUTCOME(busy, true, "the line was busy")                                                             \
	OUTCOME(declined, true, "the call was declined")                                                     \
	OUTCOME(no_answer, true, "nobody picked up")                                                         \
	OUTCOME(no_key, true, "it was picked up and no key was pressed: perhaps a voicemail")                \
	OUTCOME(unavailable, true, "no trunk or gateway could take it")                                      \
	OUTCOME(failed, true, "it could not be delivered")                                                   \
	OUTCOME(stopped, false, "it was not needed any more")
enum outcome {
#define OUTCOME(word, climbs, help) OUTCOME_##word,
	OUTCOMES(OUTCOME)
#undef OUTCOME
};
extern const char *const outcomes[];
bool outcome_climbs(int outcome);

/* Who looks just now, from the process that serves the console. */
#define CONSOLES_KEYS(F)                                                                                     \
	F(STRS, users, 0, 0, "", "who has a console open")                                                   \
	F(BOOL, everybody, 0, 0, "", "one is open that needs no signing in: it shows everybody's pages")
RECORD(consoles, CONSOLES_KEYS)

/* From a channel to the engine. */
#define RECEIPT_KEYS(F)                                                                                      \
	F(STR, key, 0, 0, "", "the outbox row's idempotency key")                                            \
	F(ENUM, outcome, outcomes, 0, "", "what became of it")                                               \
	F(STR, text, 0, 0, "", "the other side's own words")                                                 \
	F(TIME, at, 0, 0, "", "when it happened")
RECORD(receipt, RECEIPT_KEYS)

#endif
