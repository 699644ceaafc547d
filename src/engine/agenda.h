/*
 * agenda.h — ids by the time at which they are due: the timer rows and the outbox rows in memory.
 *
 * One thread.  Ids are copied.  Setting, cancelling and taking cost the logarithm of how many there are.
 */
#ifndef ENGINE_AGENDA_H
#define ENGINE_AGENDA_H

#include "base/arena.h"
#include "base/clock.h"

struct agenda;

struct agenda *agenda_create(void);
void agenda_destroy(struct agenda **);

void agenda_set(struct agenda *, struct str id, msec_t due); /* anew, or to another time */
void agenda_cancel(struct agenda *, struct str id);
bool agenda_has(const struct agenda *, struct str id);
/* The id of the first that is due, taken out; false when none is. */
bool agenda_pop(struct agenda *, msec_t now, struct arena *, struct str *id);
/* Each id with its time, in no particular order; no changes meanwhile. */
void agenda_each(const struct agenda *, void (*fn)(void *arg, struct str id, msec_t due), void *arg);
msec_t agenda_next(struct agenda *); /* MSEC_NEVER when it is empty */

#endif
