/*
 * leg.h — one SIP dialog with its sound: dial, play clips, hear keys, hang up.
 *
 * A leg knows nothing of what it is for.  libre's thread alone.
 *
 * TRAP   The events come from inside libre's own handlers: a leg is ended later (leg_end, from the clock),
 * never from within one.
 */
#ifndef VOICE_LEG_H
#define VOICE_LEG_H

#include "voice/clip.h"
#include "voice/trunk.h"

struct leg;

struct leg_events {
	void (*progress)(void *arg, unsigned status); /* a provisional answer: 180, 183 */
	void (*answered)(void *arg);
	void (*digit)(void *arg, char digit);
	/* status 0: no answer at all, or they hung up; the words are the other side's or the system's */
	void (*closed)(void *arg, unsigned status, const char *words);
};

struct leg_ports {
	uint16_t first, last;
};

CHECKED enum rc leg_dial(struct leg **, struct trunk *, struct str number, struct leg_ports,
    const struct leg_events *, void *arg, struct err *);
void leg_end(struct leg **); /* CANCEL or BYE, whichever is right */

/* Plays from the start; NULL: silence.  Borrowed until the next leg_play or the leg's end. */
void leg_play(struct leg *, const struct clip *);
bool leg_is_playing(const struct leg *);
/* Every 20 ms: sends the next packet, once the call is answered. */
void leg_tick(struct leg *);

#endif
