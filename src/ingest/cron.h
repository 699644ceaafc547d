/*
 * cron.h — "minute hour day month weekday" as crontab has it: lists, ranges, steps and names; on a zone's own clock.
 *
 * Where both day and weekday are limited, either will do, as in cron.  A time that a spring night skips comes when the
 * clock goes on; one that an autumn night has twice comes once.  Pure.
 */
#ifndef INGEST_CRON_H
#define INGEST_CRON_H

#include "base/err.h"
#include "base/tz.h"

struct cron {
	uint64_t minutes;
	uint32_t hours, days, months;
	uint8_t weekdays;
	bool any_day, any_weekday;
};

CHECKED enum rc cron_parse(struct str, struct cron *, struct err *);
/* The first moment after `t`; MSEC_NEVER when not within five years (the 30th of February). */
msec_t cron_next(const struct cron *, const struct tz *, msec_t t);

#endif
