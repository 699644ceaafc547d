/*
 * window.h — does a moment lie in a named time interval?
 *
 * Pure.  All that an interval says must hold at once (its times, weekdays, days, months, years), in its own
 * zone; what it does not say always holds.  A name's intervals are alternatives.
 */
#ifndef ALERT_WINDOW_H
#define ALERT_WINDOW_H

#include "base/clock.h"
#include "conf/conf.h"

bool window_holds(const struct conf_named_intervals *, msec_t now);

#endif
