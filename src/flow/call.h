/*
 * call.h — what the engine and the phone say to each other, as frames (frame.h) whose body is one of these.
 *
 * `key` is the idempotency key of the outbox row: a call that is placed twice rings once.  The id of a frame
 * is 0 from the engine and the number of the event from the phone.
 */
#ifndef FLOW_CALL_H
#define FLOW_CALL_H

#include "flow/record.h"

enum call_frame {
	CALL_PLACE = 1, /* engine -> voice: call_request */
	CALL_SAY,       /* engine -> voice: call_say */
	CALL_ACK,       /* engine -> voice: call_ack */
	CALL_HANG_UP,   /* engine -> voice: call_ack, only the key */
	CALL_EVENT,     /* voice -> engine: call_event */
};

enum call_what { CALL_RINGING, CALL_ANSWERED, CALL_HEARD, CALL_DIGIT, CALL_ENDED };
extern const char *const call_what_words[];

enum call_reason {
	CALL_NOT_ENDED,
	CALL_DONE, /* a key was pressed and recorded */
	CALL_BUSY,
	CALL_DECLINED,
	CALL_NO_ANSWER,
	CALL_NO_KEY,     /* somebody or something answered, and pressed nothing: it counts for nothing */
	CALL_HUNG_UP,    /* they hung up before pressing a key */
	CALL_FAILED,     /* wrong number and the like: the same trunk would say so again */
	CALL_TRUNK_DOWN, /* no trunk took the call */
	CALL_CANCELLED,  /* we were asked to hang up */
};
extern const char *const call_reason_words[];

#define CALL_REQUEST_KEYS(F)                                                                                 \
	F(STR, key, 0, KEY_REQUIRED, "", "which call: the idempotency key of its outbox row")                \
	F(STR, number, 0, KEY_REQUIRED, "", "whom to call: a telephone number or an extension")              \
	F(STR, language, 0, 0, "en", "the language of what is spoken: en, it, fr, sv, zh, de or es")         \
	F(STR, prompt, 0, KEY_REQUIRED, "", "what is spoken, again and again, until a key is pressed")       \
	F(STR, keys, 0, 0, "12", "the keys that mean something")                                             \
	F(DUR, ring_time, 0, 0, "", "how long it may ring; default: voice.ring_timeout")                     \
	F(I64, rounds, 0, 0, "3", "how often the prompt is spoken")
RECORD(call_request, CALL_REQUEST_KEYS)

#define CALL_SAY_KEYS(F)                                                                                     \
	F(STR, key, 0, KEY_REQUIRED, "", "which call")                                                       \
	F(STR, text, 0, KEY_REQUIRED, "", "what is spoken, in the call's language")                          \
	F(BOOL, hang_up, 0, 0, "false", "whether that was all")
RECORD(call_say, CALL_SAY_KEYS)

#define CALL_ACK_KEYS(F)                                                                                     \
	F(STR, key, 0, KEY_REQUIRED, "", "which call")                                                       \
	F(I64, n, 0, 0, "0", "which of its events is now durable with the engine")                           \
	F(STR, text, 0, 0, "", "after a key: what is spoken in confirmation; empty: the standard words")
RECORD(call_ack, CALL_ACK_KEYS)

#define CALL_EVENT_KEYS(F)                                                                                   \
	F(STR, key, 0, 0, "", "which call")                                                                  \
	F(I64, n, 0, 0, "0",                                                                                 \
	    "its number among the events of the call; digits and the end are sent until acknowledged")       \
	F(ENUM, what, call_what_words, 0, "ringing", "what happened")                                        \
	F(STR, digit, 0, 0, "", "the key that was pressed")                                                  \
	F(ENUM, reason, call_reason_words, 0, "none", "why the call ended")                                  \
	F(STR, detail, 0, 0, "", "the same in the words of the other side: 486 Busy Here")                   \
	F(STR, trunk, 0, 0, "", "the trunk that carried it")                                                 \
	F(TIME, at, 0, 0, "", "when")
RECORD(call_event, CALL_EVENT_KEYS)

#endif
