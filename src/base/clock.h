/*
 * clock.h — the only place that asks what time it is.
 *
 * Everywhere else now is a parameter.  A virtual clock makes a month of nights pass in
 * milliseconds (plays, replay).
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

typedef int64_t msec_t; /* milliseconds; as a point in time: since 1970-01-01T00:00:00Z */
typedef int64_t nsec_t; /* nanoseconds; monotonic, with no meaning but differences */

#define SECOND ((msec_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define MSEC_NEVER INT64_MAX

struct clock;

struct clock *clock_real(void); /* shared, never destroyed */
struct clock *clock_virtual_create(msec_t start);
void clock_destroy(struct clock **);
bool clock_is_virtual(const struct clock *);
void clock_virtual_set(struct clock *, msec_t wall); /* wall jumps (also backwards) */
void clock_virtual_advance(struct clock *, msec_t by); /* wall and monotonic go on */

msec_t clock_wall(const struct clock *);
nsec_t clock_mono(const struct clock *); /* never goes back; virtual time for a virtual clock */

#endif
