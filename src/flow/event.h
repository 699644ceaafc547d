/*
 * event.h — what happened.  One row of the journal, in memory.
 *
 * `at` orders the SLA clocks, `recorded` (monotone) orders the chain.  `text` is one sentence for people that says
 * why; `facts` are the same for programs.  chain: the customer, or "system".
 */
#ifndef FLOW_EVENT_H
#define FLOW_EVENT_H

#include "flow/record.h"

enum event_kind {
#define EVENT(word, help) EVENT_##word,
#include "flow/event.def"
#undef EVENT
	EVENT_KINDS
};
extern const char *const event_words[]; /* by kind; NULL-terminated */
extern const char *const event_help[];

#define EVENT_KEYS(F)                                                                                        \
	F(I64, seq, 0, 0, "", "its place among all events of this ledger, from 1")                           \
	F(STR, chain, 0, 0, "", "the customer whose chain it is in, or system")                              \
	F(I64, n, 0, 0, "", "its place in the chain, from 1")                                                \
	F(TIME, at, 0, 0, "", "when it happened")                                                            \
	F(TIME, recorded, 0, 0, "", "when it was written down")                                              \
	F(STR, kind, 0, 0, "", "what happened, a word of event.def")                                         \
	F(STR, subject, 0, 0, "", "what it happened to: ticket/12, alert/<fingerprint>, silence/<id> …")     \
	F(STR, actor, 0, 0, "", "who did it: user/name, contact/name, engine, phone …")                      \
	F(STR, text, 0, 0, "", "one sentence that says what and why")                                        \
	F(PAIRS, facts, 0, 0, "", "the same for programs")
RECORD(event, EVENT_KEYS)

/* What the digest is over: the part that a redaction removes. */
#define EVENT_PAYLOAD_KEYS(F)                                                                                \
	F(STR, text, 0, 0, "", "one sentence that says what and why")                                        \
	F(PAIRS, facts, 0, 0, "", "the same for programs")
RECORD(event_payload, EVENT_PAYLOAD_KEYS)

/* The kind of a word, or -1. */
int event_kind(struct str word);

#endif
