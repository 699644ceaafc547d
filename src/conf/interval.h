/*
 * interval.h — parts of the day, the week and the year, as time_intervals write them, in numbers.
 *
 * Pure.  The zone stays a name: who evaluates an interval knows zones.
 */
#ifndef CONF_INTERVAL_H
#define CONF_INTERVAL_H

#include "base/err.h"
#include "base/str.h"

struct range {
	int from, to; /* both included */
};

/* "monday:friday", "saturday"; 0 = Sunday. */
CHECKED enum rc range_weekdays(struct str, struct range *, struct err *);
/* "1:5", "-3:-1": -1 is a month's last day. */
CHECKED enum rc range_days_of_month(struct str, struct range *, struct err *);
/* "1:3", "may:august". */
CHECKED enum rc range_months(struct str, struct range *, struct err *);
CHECKED enum rc range_years(struct str, struct range *, struct err *);
/* "09:30" as minutes of the day; "24:00" is 1440. */
CHECKED enum rc minute_of_day(struct str, int *, struct err *);

#endif
