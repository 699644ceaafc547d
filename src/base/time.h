/*
 * time.h — points in time and durations as text.  Proleptic Gregorian, UTC; zones are in tz.h.
 */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"

enum { TIME_TEXT = 40 };

struct civil {
	int year, month, day;      /* 1..12, 1..31 */
	int hour, minute, second;  /* 0..23, 0..59, 0..59 */
	int weekday;               /* 0 = Sunday */
	int yearday;               /* 1..366 */
};

int64_t days_from_civil(int year, int month, int day); /* days since 1970-01-01 (Hinnant's algorithm) */
struct civil civil_from_seconds(int64_t seconds);       /* of a local or UTC count of seconds since 1970 */
int64_t civil_to_seconds(const struct civil *);         /* the inverse; fields may be out of range and carry */
int days_in_month(int year, int month);

/* "2026-11-20T20:13:42.123Z"; returns `out`. */
char *time_rfc3339(msec_t, char out[TIME_TEXT]);
/* The same without zeros at the end of the fraction, and without an empty fraction: as Go writes times. */
char *time_rfc3339_short(msec_t, char out[TIME_TEXT]);
/* Any RFC 3339 time, fractions cut to milliseconds. */
bool time_parse_rfc3339(struct str, msec_t *out);

/* "1h30m", "5m", "250ms", "1d", "2w", "1y" (365 d) as Prometheus writes them; "0" is allowed. */
bool duration_parse(struct str, msec_t *out);
void duration_print(struct buf *, msec_t); /* the form Prometheus prints: the largest units first, "0s" */

#endif
