/*
 * call.h — inside voice/: one call from its request to its end.
 *
 *     TO_DIAL --INVITE--> DIALING --180--> RINGING --200--> PROMPT --key--> RECORDING --ack--> LAST_WORDS -->
 * OVER ^                   |                |               |                 |                  ^
 *        +--trunk is silent--+                +--no answer--> OVER <--no key----+                  |
 *        +--trunk refuses----+                                +---------------- 8 s without ack ---+
 *
 * Nothing happens inside libre's handlers but a note of what happened; the clock (call_tick, every 20 ms)
 * acts on it.
 */
#ifndef VOICE_CALL_H
#define VOICE_CALL_H

#include "flow/call.h"
#include "voice/leg.h"
#include "voice/phrases.h"
#include "voice/speech.h"
#include "voice/voice.h"

enum call_state {
	CALL_TO_DIAL,
	CALL_IN_DIALING,
	CALL_IN_RINGING,
	CALL_IN_PROMPT,
	CALL_IN_RECORDING,
	CALL_IN_LAST_WORDS,
	CALL_IS_OVER
};

struct voice_trunks {
	struct trunk *p;
	size_t n;
};

/* What a call needs of its surroundings. */
struct call_world {
	struct voice_trunks trunks;
	struct speech *speech;
	struct leg_ports ports;
	msec_t ring_time, answer_time;
	voice_event *event;
	void *arg;
};

struct call {
	struct call_world *world;
	struct arena *arena;
	struct call_request request;
	const struct language *language;
	enum call_state state;
	size_t
	    tried; /* trunks, in the order of the configuration: first those that are up, then the others */
	struct leg *leg;
	struct trunk *trunk;
	bool trunk_lives; /* it has answered the INVITE with anything */
	uint64_t due;     /* when the state runs out, or the next round of the prompt starts */
	uint64_t until;   /* PROMPT: when to give up */
	struct utterance *prompt, *words;
	bool speaking; /* the leg plays what the state asks for */
	int64_t rounds_left;
	bool heard;
	char digit;
	enum call_reason parting; /* why it ends after the last words */
	int64_t events;
	enum call_what latest;
	bool closed; /* noted by the leg: the other side has ended it */
	unsigned closed_status;
	char closed_words[128];
};

struct call *call_create(struct call_world *, const struct call_request *, uint64_t now);
void call_destroy(struct call **);
/* Acts on time and on what was noted.  False: the call is over, and its end was reported. */
bool call_tick(struct call *, uint64_t now);
/* Says what is the case once more. */
void call_report(struct call *);
void call_ack(struct call *, struct str text);
void call_speak(struct call *, const struct call_say *);
/* It is not needed any more.  Politely: who is on the line is told, and what is being said is said to its
 * end. */
void call_cancel(struct call *, bool politely);

#endif
