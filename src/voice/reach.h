/*
 * reach.h — is a trunk there?  It is asked by OPTIONS, every half a minute and after a call found it silent.
 *
 * Any answer means yes, except that it cannot serve now (408, 480, 503); libre's thread alone.
 */
#ifndef VOICE_REACH_H
#define VOICE_REACH_H

#include "base/clock.h"
#include "voice/re.h"

struct reach;
typedef void reach_changed(void *arg, bool there, const char *words);

/* It is taken to be there until it was asked.  `uri` and `route` are borrowed until the end; `every` over 0. */
struct reach *reach_create(struct sip *, const char *uri, const char *route, const char *from, msec_t every,
    reach_changed *, void *arg);
void reach_destroy(struct reach **);
bool reach_is_there(const struct reach *);
/* It is registered with, which proves more: until it has answered OPTIONS once, silence says nothing.  Some never do. */
void reach_forgive_silence(struct reach *);
/* A call went through. */
void reach_proved(struct reach *);
/* A call had no answer from it: it is not there until it answers again. */
void reach_suspect(struct reach *, const char *words);

#endif
