/*
 * reply.h — the engine's answer to a message, and its news.
 */
#ifndef FLOW_REPLY_H
#define FLOW_REPLY_H

#include "flow/event.h"

extern const char *const rc_words[]; /* by enum rc */

#define REPLY_KEYS(F)                                                                                        \
	F(ENUM, rc, rc_words, 0, "", "ok, or what kind of no")                                               \
	F(STR, text, 0, 0, "", "the sentence that says why not, or what was done")                           \
	F(I64, number, 0, 0, "", "the ticket that it was about")                                             \
	F(STR, id, 0, 0, "", "what was made: a silence's id")                                                \
	F(I64, seq, 0, 0, "", "the last event that it made")
RECORD(reply, REPLY_KEYS)

#define NEWS_KEYS(F) F(MANY, events, event, 0, "", "in the order of the journal")
RECORD(news, NEWS_KEYS)

#define REDACT_REQUEST_KEYS(F)                                                                               \
	F(STR, chain, 0, KEY_REQUIRED, "", "the customer whose chain it is in, or system")                   \
	F(I64, n, 0, KEY_REQUIRED, "", "the row of the chain")                                               \
	F(STR, why, 0, KEY_REQUIRED, "", "the reason, which stays")
RECORD(redact_request, REDACT_REQUEST_KEYS)

#define STORE_NOTE_KEYS(F)                                                                                   \
	F(STR, chain, 0, KEY_REQUIRED, "", "the customer whose samples they are, or system: everybody's")    \
	F(STR, text, 0, KEY_REQUIRED, "", "what was done, as a sentence")                                    \
	F(STR, id, 0, 0, "", "what was made; the reply has it too")
RECORD(store_note, STORE_NOTE_KEYS)

/* Every message that is decided on behalf of somebody begins with who: kept beside the body. */
#define ASK_KEYS(F)                                                                                          \
	F(STR, actor, 0, 0, "", "user/name, contact/name, or empty for the program itself")                  \
	F(STR, body, 0, 0, "", "the message's own record")
RECORD(ask, ASK_KEYS)

#endif
