/*
 * speech.h — text to sound, by a program that runs beside us, and a cache of what was said.
 *
 * The thread that runs libre's loop alone.  Nothing here blocks it: the program is waited for on the loop.
 */
#ifndef VOICE_SPEECH_H
#define VOICE_SPEECH_H

#include "flow/record.h"
#include "voice/clip.h"

struct speech;
struct utterance; /* something said or about to be said; held by reference */

enum { SPEECH_TEXT_MAX = 4000 };

/* `command`: a program and its arguments, "%l" is the voice; text on its standard input, a WAV file on its
 * output. */
struct speech *speech_create(struct strs command, size_t cache_bytes);
void speech_destroy(struct speech **); /* all utterances are released before */

struct utterance *speech_say(struct speech *, const char *voice, struct str text);
void utterance_release(struct utterance **);
/* NULL while the program works.  Beeps when it failed. */
const struct clip *utterance_clip(const struct utterance *);

#endif
