/*
 * tz.h — time zones from the system's TZif files (RFC 8536), thread-safe once loaded.
 *
 * A zone is loaded once per process and kept; the pointer is valid for ever.
 */
#ifndef BASE_TZ_H
#define BASE_TZ_H

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "base/time.h"

struct tz;

/* "Europe/Rome", "UTC", "Local" is refused (a server's own zone is nobody's promise).  Borrowed. */
const struct tz *tz_load(struct str name, struct err *);
const struct tz *tz_utc(void);
const char *tz_name(const struct tz *);

struct tz_at {
	int offset;       /* seconds east of UTC */
	bool dst;
	const char *abbreviation;
};
struct tz_at tz_at(const struct tz *, int64_t utc_seconds);

/* The wall clock of the zone at `t`. */
struct civil tz_civil(const struct tz *, msec_t t);

/*
 * The point in time of a wall clock.  In a gap (spring) the clock is read with the offset before it: 02:30 that
 * does not exist becomes 03:30.  In an overlap (autumn) the first of the two is meant, unless `second`.
 */
msec_t tz_instant(const struct tz *, const struct civil *local, bool second);

#endif
