/* tz_test.c — against the C library, and the two nights of the year. */
#include "unit.h"

#include <stdlib.h>
#include <time.h>

#include "base/tz.h"

/* glibc's own localtime, reached around the ban: it is the reference here. */
extern struct tm *reference_localtime(const time_t *, struct tm *) __asm__("localtime_r");

UNIT(tz_agrees_with_the_c_library)
{
	static const char *const names[] = {"Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
	    "America/Sao_Paulo", "Pacific/Apia", "Africa/Casablanca", "Europe/Dublin", "Asia/Tehran", "Antarctica/Troll"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct err e;
		const struct tz *z = tz_load(str_c(names[i]), &e);
		ck_assert_msg(z != NULL, "%s", e.text);
		setenv("TZ", names[i], 1);
		tzset();
		for (time_t t = -2000000000; t < 4000000000; t += 86400 / 3 + 977) {
			struct tm want;
			reference_localtime(&t, &want);
			struct tz_at got = tz_at(z, t);
			ck_assert_msg(got.offset == want.tm_gmtoff, "%s at %ld: %d is not %ld", names[i], (long)t, got.offset,
			    want.tm_gmtoff);
		}
	}
}
END

static msec_t
instant(const struct tz *z, int month, int day, int hour, int minute, bool second)
{
	struct civil c = {.year = 2026, .month = month, .day = day, .hour = hour, .minute = minute};
	return tz_instant(z, &c, second);
}

UNIT(tz_instant_has_a_policy_for_gaps_and_overlaps)
{
	const struct tz *z = tz_load(STR("Europe/Rome"), NULL);
	char text[TIME_TEXT];
	ck_assert_str_eq(time_rfc3339(instant(z, 3, 29, 1, 59, false), text), "2026-03-29T00:59:00.000Z");
	ck_assert_str_eq(time_rfc3339(instant(z, 3, 29, 2, 30, false), text), "2026-03-29T01:30:00.000Z");
	ck_assert_str_eq(time_rfc3339(instant(z, 3, 29, 3, 0, false), text), "2026-03-29T01:00:00.000Z");
	ck_assert_str_eq(time_rfc3339(instant(z, 10, 25, 2, 30, false), text), "2026-10-25T00:30:00.000Z");
	ck_assert_str_eq(time_rfc3339(instant(z, 10, 25, 2, 30, true), text), "2026-10-25T01:30:00.000Z");
	ck_assert_str_eq(time_rfc3339(instant(z, 10, 25, 3, 0, true), text), "2026-10-25T02:00:00.000Z");
}
END

/* From any instant to the wall and back, but for the hour that is there twice. */
UNIT(tz_instant_is_the_inverse_of_civil)
{
	const struct tz *z = tz_load(STR("America/New_York"), NULL);
	for (int64_t s = 1500000000; s < 1900000000; s += 86400 / 7 + 13) {
		struct civil c = tz_civil(z, s * 1000);
		ck_assert(tz_instant(z, &c, false) == s * 1000 || tz_instant(z, &c, true) == s * 1000);
	}
}
END

UNIT(tz_load_refuses_what_is_no_zone)
{
	struct err e;
	static const char *const bad[] = {"", "Local", "../etc/passwd", "/etc/localtime", "Europe/Atlantis", "tzdata.zi", "Europe"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(tz_load(str_c(bad[i]), &e) == NULL, "%s", bad[i]);
	ck_assert_ptr_eq(tz_load(STR("Europe/Rome"), &e), tz_load(STR("Europe/Rome"), &e));
}
END
