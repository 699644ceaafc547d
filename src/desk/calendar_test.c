/* calendar_test.c — working time, against a walk minute by minute. */
#include "unit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/tz.h"
#include "desk/calendar.h"

static struct calendar
office(void)
{
	static struct str days[] = {STR_INIT("mon-fri")}, saturday[] = {STR_INIT("sat")}, sunday[] = {STR_INIT("sun")};
	static struct opening hours[] = {
	    {{days, 1}, STR_INIT("09:00"), STR_INIT("13:00")},
	    {{days, 1}, STR_INIT("14:00"), STR_INIT("18:00")},
	    {{saturday, 1}, STR_INIT("22:00"), STR_INIT("06:00")}, /* over the two nights of the year */
	    {{sunday, 1}, STR_INIT("01:30"), STR_INIT("02:30")},
	};
	static struct holiday holidays[] = {{STR_INIT("2026-04-06"), STR_INIT("Easter Monday")}, {STR_INIT("12-25"), STR_INIT("")}};
	struct calendar c = {.time_zone = STR("Europe/Rome")};
	c.hours.p = hours;
	c.hours.n = 4;
	c.holidays.p = holidays;
	c.holidays.n = 2;
	return c;
}

static msec_t
at(const char *text)
{
	msec_t t;
	ck_assert_msg(time_parse_rfc3339(str_c(text), &t), "%s", text);
	return t;
}

/* Written down independently: is this minute open on the wall clock of Rome? */
static bool
open_by_hand(msec_t t)
{
	struct civil c = tz_civil(tz_load(STR("Europe/Rome"), NULL), t);
	int m = c.hour * 60 + c.minute;
	bool holiday = (c.year == 2026 && c.month == 4 && c.day == 6) || (c.month == 12 && c.day == 25);
	if (c.weekday >= 1 && c.weekday <= 5 && !holiday)
		return (m >= 540 && m < 780) || (m >= 840 && m < 1080);
	return (c.weekday == 6 && m >= 22 * 60 && !holiday) || (c.weekday == 0 && m < 6 * 60);
}

UNIT(calendar_agrees_with_the_wall_clock_minute_by_minute)
{
	struct calendar c = office();
	struct {
		const char *from;
		int days;
	} stretches[] = {{"2026-03-26T00:00:00Z", 14}, {"2026-10-22T00:00:00Z", 7}, {"2026-12-23T00:00:00Z", 5}};
	for (size_t i = 0; i < 3; i++) {
		msec_t t = at(stretches[i].from), end = t + stretches[i].days * DAY, sum = 0, from = t;
		for (; t < end; t += MINUTE) {
			ck_assert_msg(calendar_open(&c, t) == open_by_hand(t), "at %lld", (long long)t);
			sum += open_by_hand(t) ? MINUTE : 0;
		}
		ck_assert_int_eq(calendar_between(&c, from, end), sum);
	}
}
END

/* calendar_after is the inverse of calendar_between, and never ends in a closed minute. */
UNIT(calendar_after_spends_exactly_the_work)
{
	struct calendar c = office();
	srand(11);
	for (int i = 0; i < 300; i++) {
		msec_t from = at("2026-01-01T00:00:00Z") + (msec_t)(rand() % (365 * 24)) * HOUR + rand() % 3600000;
		msec_t work = 1 + (msec_t)(rand() % 100) * 17 * MINUTE + rand() % 60000;
		msec_t end = calendar_after(&c, from, work);
		ck_assert_int_eq(calendar_between(&c, from, end), work);
		ck_assert(calendar_open(&c, end - 1));
	}
}
END

UNIT(calendar_without_hours_is_always_open_but_on_holidays)
{
	struct calendar c = office();
	c.hours.n = 0;
	ck_assert(calendar_open(&c, at("2026-06-07T03:00:00Z")));
	ck_assert(!calendar_open(&c, at("2026-12-25T10:00:00Z")));
	ck_assert_int_eq(calendar_after(&c, at("2026-12-24T22:00:00Z"), 2 * HOUR), at("2026-12-26T00:00:00Z"));
	c.hours = office().hours;
	c.hours.n = 1;
	c.hours.p = &(struct opening){.days = {NULL, 0}, .from = STR("09:00"), .to = STR("10:00")};
	ck_assert_int_eq(calendar_next_open(&c, 0), MSEC_NEVER);
}
END

UNIT(calendar_check_names_what_is_wrong)
{
	struct calendar c = office();
	struct err e;
	ck_assert_int_eq(calendar_check(&c, &e), RC_OK);
	c.time_zone = STR("Europe/Atlantis");
	ck_assert_int_eq(calendar_check(&c, &e), RC_INVALID);
	ck_assert_str_eq(e.text, "no time zone is called \"Europe/Atlantis\"; in time_zone");
	ck_assert_uint_eq(weekday_set(STR("sat-mon")), 1u << 6 | 1u | 2u);
	ck_assert_uint_eq(weekday_set(STR("someday")), 0);
	ck_assert_int_eq(clock_minutes(STR("24:00")), 1440);
	ck_assert_int_eq(clock_minutes(STR("24:01")), -1);
	ck_assert_int_eq(clock_minutes(STR("9:00")), -1);
}
END
