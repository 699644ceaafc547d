/*
 * calendar.c — see calendar.h.
 *
 * IDEA   Everything is a walk over local days: each day gives its open spans as points in time, merged and in
 *        order.  Days are few (a deadline is rarely a month away), so nothing is kept between calls.
 * TRAP   A night shift opens on the day before: a day's spans may begin before its midnight, so a walk starts
 *        one day early.
 */
#include "desk/calendar.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/tz.h"

enum { HORIZON_DAYS = 5 * 366, OPENINGS = 64 };

int
clock_minutes(struct str s)
{
	int64_t h, m;
	if (s.n != 5 || s.p[2] != ':' || !str_i64(str_to(s, 2), &h) || !str_i64(str_from(s, 3), &m))
		return -1;
	if (h < 0 || m < 0 || m > 59 || h * 60 + m > 24 * 60)
		return -1;
	return (int)(h * 60 + m);
}

static int
weekday(struct str s)
{
	static const char *const names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
	for (int i = 0; i < 7; i++)
		if (str_eq_nocase(s, str_c(names[i])))
			return i;
	return -1;
}

unsigned
weekday_set(struct str s)
{
	struct str from = s, to = s;
	ptrdiff_t dash = str_chr(s, '-');
	if (dash >= 0) {
		from = str_to(s, (size_t)dash);
		to = str_from(s, (size_t)dash + 1);
	}
	int a = weekday(from), b = weekday(to);
	if (a < 0 || b < 0)
		return 0;
	unsigned set = 0;
	for (int d = a;; d = (d + 1) % 7) {
		set |= 1u << d;
		if (d == b)
			return set;
	}
}

static const struct tz *
zone_of(const struct calendar *c)
{
	const struct tz *z = tz_load(c->time_zone, NULL);
	return z ? z : tz_utc(); /* calendar_check refused it long before */
}

static bool
is_holiday(const struct calendar *c, const struct civil *day)
{
	char full[16];
	snprintf(full, sizeof full, "%04d-%02d-%02d", day->year % 10000, day->month % 100, day->day % 100);
	for (size_t i = 0; i < c->holidays.n; i++)
		if (str_is(c->holidays.p[i].date, full) || str_is(c->holidays.p[i].date, full + 5))
			return true;
	return false;
}

static bool
opens_on(const struct opening *o, int day)
{
	for (size_t i = 0; i < o->days.n; i++)
		if (weekday_set(o->days.p[i]) & 1u << day)
			return true;
	return false;
}

/* `minutes` after the midnight that begins `day`; past 24 h it is the next day's clock. */
static msec_t
on_the_clock(const struct tz *z, struct civil day, int minutes)
{
	day.hour = 0;
	day.second = 0;
	day.minute = minutes;
	return tz_instant(z, &day, false);
}

static int
by_start(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	return x->from < y->from ? -1 : x->from > y->from;
}

static size_t
merge(struct span *s, size_t n)
{
	size_t kept = 0;
	qsort(s, n, sizeof *s, by_start);
	for (size_t i = 0; i < n; i++) {
		if (kept && s[i].from <= s[kept - 1].to) {
			if (s[i].to > s[kept - 1].to)
				s[kept - 1].to = s[i].to;
		} else {
			s[kept++] = s[i];
		}
	}
	return kept;
}

/* The open spans that begin on this local day. */
static size_t
spans_of_day(const struct calendar *c, const struct tz *z, const struct civil *day, struct span out[OPENINGS])
{
	if (is_holiday(c, day))
		return 0;
	if (c->hours.n == 0) {
		out[0] = (struct span){on_the_clock(z, *day, 0), on_the_clock(z, *day, 24 * 60)};
		return 1;
	}
	size_t n = 0;
	for (size_t i = 0; i < c->hours.n && n < OPENINGS; i++) {
		const struct opening *o = &c->hours.p[i];
		int from = clock_minutes(o->from), to = clock_minutes(o->to);
		if (!opens_on(o, day->weekday))
			continue;
		if (to <= from)
			to += 24 * 60;
		struct span s = {on_the_clock(z, *day, from), on_the_clock(z, *day, to)};
		if (s.from < s.to)
			out[n++] = s;
	}
	return merge(out, n);
}

void
calendar_walk(const struct calendar *c, msec_t t, span_fn *fn, void *arg)
{
	const struct tz *z = zone_of(c);
	struct civil day = tz_civil(z, t);
	msec_t end = 0; /* what an earlier day's night shift covered already */
	day.hour = 12;
	day.minute = day.second = 0;
	int64_t noon = civil_to_seconds(&day) - 86400;
	for (int i = 0; i < HORIZON_DAYS; i++, noon += 86400) {
		struct span spans[OPENINGS];
		struct civil d = civil_from_seconds(noon);
		size_t n = spans_of_day(c, z, &d, spans);
		for (size_t k = 0; k < n; k++) {
			if (i && spans[k].from < end)
				spans[k].from = end;
			if (spans[k].from >= spans[k].to)
				continue;
			end = spans[k].to;
			if (!fn(arg, spans[k]))
				return;
		}
	}
}

struct search {
	msec_t from, to, left, found;
};

static bool
find_open(void *arg, struct span s)
{
	struct search *q = arg;
	if (s.to <= q->from)
		return true;
	q->found = s.from > q->from ? s.from : q->from;
	return false;
}

msec_t
calendar_next_open(const struct calendar *c, msec_t t)
{
	struct search q = {.from = t, .found = MSEC_NEVER};
	calendar_walk(c, t, find_open, &q);
	return q.found;
}

bool
calendar_open(const struct calendar *c, msec_t t)
{
	return calendar_next_open(c, t) == t;
}

static bool
sum_open(void *arg, struct span s)
{
	struct search *q = arg;
	if (s.from >= q->to)
		return false;
	msec_t from = s.from > q->from ? s.from : q->from, to = s.to < q->to ? s.to : q->to;
	if (from < to)
		q->left += to - from;
	return true;
}

msec_t
calendar_between(const struct calendar *c, msec_t from, msec_t to)
{
	struct search q = {.from = from, .to = to};
	if (from < to)
		calendar_walk(c, from, sum_open, &q);
	return q.left;
}

static bool
spend_open(void *arg, struct span s)
{
	struct search *q = arg;
	msec_t from = s.from > q->from ? s.from : q->from;
	if (s.to <= from)
		return true;
	if (q->left <= s.to - from) {
		q->found = from + q->left;
		return false;
	}
	q->left -= s.to - from;
	return true;
}

msec_t
calendar_after(const struct calendar *c, msec_t from, msec_t work)
{
	struct search q = {.from = from, .left = work, .found = MSEC_NEVER};
	calendar_walk(c, from, spend_open, &q);
	return q.found;
}
