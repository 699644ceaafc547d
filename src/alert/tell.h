/* tell.h — what each integration of a receiver is told at a flush, if there is news for it. */
#ifndef ALERT_TELL_H
#define ALERT_TELL_H

#include "alert/payload.h"

void tell_receiver(struct road *, struct turn *, const struct told *);

#endif
