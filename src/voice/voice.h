/*
 * voice.h — calls people, speaks to them, takes a key.
 *
 * IDEA   A call goes to the first trunk that takes it.  When somebody answers, the prompt is spoken until one
 * of its keys is pressed.  The key is reported, and nothing is promised to the caller until voice_ack says
 * that it is durable; after 8 s without that word the voice says so.  An answering machine presses no key, so
 * it never counts.
 *
 * libre's thread alone: created between libre_init and re_main, everything else from handlers of that loop.
 */
#ifndef VOICE_VOICE_H
#define VOICE_VOICE_H

#include "conf/own.h"
#include "flow/call.h"

struct voice;

typedef void voice_event(
    void *arg, const struct call_event *); /* borrowed for the call; `n` and `at` are filled in */

/* The configuration is borrowed until the end.  A trunk that cannot start is logged and left out. */
CHECKED enum rc voice_create(
    struct voice **, const struct conf_voice *, voice_event *, void *arg, struct err *);
void voice_destroy(
    struct voice **); /* hangs up; the loop must run for half a second more to let the BYEs out */

/* A key that is being called already is not called again: its state is reported once more. */
void voice_place(struct voice *, const struct call_request *);
/* The key that was pressed is recorded: says so (in the standard words when `text` is empty) and hangs up. */
void voice_ack(struct voice *, struct str key, struct str text);
void voice_say(struct voice *, const struct call_say *);
/* The call is not needed any more: stops ringing, or says so to who is on the line. */
void voice_hang_up(struct voice *, struct str key);
void voice_hang_up_all(struct voice *);
size_t voice_calls(const struct voice *);

#endif
