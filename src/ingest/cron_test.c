/* cron_test.c — the moments of a crontab's line, on a zone's own clock. */
#include "unit.h"

#include "ingest/cron.h"

UNIT(moments_follow_the_zones_clock)
{
	static const struct {
		const char *cron, *zone, *after, *next;
	} table[] = {
	    {"* * * * *", "UTC", "2026-03-03T02:00:00Z", "2026-03-03T02:01:00.000Z"},
	    {"30 3 * * *", "Europe/Rome", "2026-03-03T02:00:00Z", "2026-03-03T02:30:00.000Z"},
	    {"30 3 * * *", "Europe/Rome", "2026-03-03T02:30:00Z", "2026-03-04T02:30:00.000Z"},
	    {"*/15 9-17 * * mon-fri", "UTC", "2026-03-06T17:50:00Z", "2026-03-09T09:00:00.000Z"},
	    {"0 0 1 */3 *", "UTC", "2026-02-01T00:00:00Z", "2026-04-01T00:00:00.000Z"},
	    {"0 12 * * 7", "UTC", "2026-03-03T00:00:00Z", "2026-03-08T12:00:00.000Z"},
	    {"0 12 13 * fri", "UTC", "2026-03-03T00:00:00Z", "2026-03-06T12:00:00.000Z"}, /* either will do */
	    {"0 6 29 feb *", "UTC", "2026-03-01T00:00:00Z", "2028-02-29T06:00:00.000Z"},
	    {"30 2 29 3 *", "Europe/Rome", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00.000Z"}, /* skipped: when the clock goes on */
	    {"30 2 25 10 *", "Europe/Rome", "2026-10-25T00:00:00Z", "2026-10-25T00:30:00.000Z"}, /* twice: the first */
	    {"5,50 1-2/1 * jan,dec *", "UTC", "2026-01-31T02:50:00Z", "2026-12-01T01:05:00.000Z"},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct cron c;
		struct err e;
		msec_t t;
		char text[TIME_TEXT];
		ck_assert_msg(cron_parse(str_c(table[i].cron), &c, &e) == RC_OK, "%s: %s", table[i].cron, e.text);
		ck_assert(time_parse_rfc3339(str_c(table[i].after), &t));
		ck_assert_msg(str_is(str_c(time_rfc3339(cron_next(&c, tz_load(str_c(table[i].zone), &e), t), text)), table[i].next), "%s: %s, not %s", table[i].cron, text,
		    table[i].next);
	}
}
END

UNIT(what_is_no_crontab_is_refused)
{
	static const char *const bad[] = {"", "*", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "a * * * *", "*/0 * * * *",
	    "5-1 * * * *", "1, * * * *", "*/99 * * * *", "-1 * * * *", "1-2-3 * * * *", "* * * * funday", "99999999999999999999 * * * *"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct cron c;
		struct err e;
		ck_assert_msg(cron_parse(str_c(bad[i]), &c, &e) == RC_INVALID, "%s", bad[i]);
	}
	struct cron never;
	struct err e;
	ck_assert_int_eq(cron_parse(STR("0 0 30 2 *"), &never, &e), RC_OK);
	ck_assert(cron_next(&never, tz_utc(), 0) == MSEC_NEVER);
}
END
