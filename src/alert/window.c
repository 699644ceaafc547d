/*
 * window.c — see window.h.
 *
 * The texts were checked when the configuration was loaded, so what cannot be read here simply does not hold.
 * TRAP   Days from the end of a month depend on its length: -1 in February is the 28th or 29th; "1:-1" is all
 * of it.
 */
#include "alert/window.h"

#include "base/time.h"
#include "base/tz.h"
#include "conf/interval.h"

typedef enum rc range_fn(struct str, struct range *, struct err *);

static bool
in_ranges(struct strs ranges, range_fn *read, int value)
{
	struct range r;
	bool in = ranges.n == 0;
	for (size_t i = 0; i < ranges.n && !in; i++)
		in = read(ranges.p[i], &r, NULL) == RC_OK && value >= r.from && value <= r.to;
	return in;
}

static bool
in_days(struct strs ranges, const struct civil *c)
{
	struct range r;
	int last = days_in_month(c->year, c->month);
	bool in = ranges.n == 0;
	for (size_t i = 0; i < ranges.n && !in; i++) {
		if (range_days_of_month(ranges.p[i], &r, NULL) != RC_OK)
			continue;
		int from = r.from < 0 ? last + 1 + r.from : r.from;
		int to = r.to < 0 ? last + 1 + r.to : r.to;
		in = c->day >= from && c->day <= to;
	}
	return in;
}

/* The end is not included. */
static bool
in_times(const struct conf_time_interval *t, const struct civil *c)
{
	int minute = c->hour * 60 + c->minute, from, to;
	bool in = t->times.n == 0;
	for (size_t i = 0; i < t->times.n && !in; i++)
		in = minute_of_day(t->times.p[i].start_time, &from, NULL) == RC_OK &&
		     minute_of_day(t->times.p[i].end_time, &to, NULL) == RC_OK && minute >= from &&
		     minute < to;
	return in;
}

static bool
interval_holds(const struct conf_time_interval *t, msec_t now)
{
	struct err e;
	const struct tz *tz = t->location.n ? tz_load(t->location, &e) : tz_utc();
	if (!tz)
		return false;
	struct civil c = tz_civil(tz, now);
	return in_times(t, &c) && in_ranges(t->weekdays, range_weekdays, c.weekday) &&
	       in_days(t->days_of_month, &c) && in_ranges(t->months, range_months, c.month) &&
	       in_ranges(t->years, range_years, c.year);
}

bool
window_holds(const struct conf_named_intervals *named, msec_t now)
{
	for (size_t i = 0; i < named->time_intervals.n; i++)
		if (interval_holds(&named->time_intervals.p[i], now))
			return true;
	return false;
}
