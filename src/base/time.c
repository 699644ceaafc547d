/* time.c — see time.h. */
#include "base/time.h"

#include <stdio.h>
#include <string.h>

int64_t
days_from_civil(int y, int m, int d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	int64_t q = a / b;
	return a % b < 0 ? q - 1 : q;
}

struct civil
civil_from_seconds(int64_t seconds)
{
	int64_t days = floor_div(seconds, 86400), rest = seconds - days * 86400;
	int64_t z = days + 719468;
	int64_t era = floor_div(z, 146097);
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	struct civil c = {
	    .day = (int)(doy - (153 * mp + 2) / 5 + 1),
	    .month = (int)(mp < 10 ? mp + 3 : mp - 9),
	    .hour = (int)(rest / 3600),
	    .minute = (int)(rest / 60 % 60),
	    .second = (int)(rest % 60),
	    .weekday = (int)(((days + 4) % 7 + 7) % 7),
	};
	c.year = (int)(yoe + era * 400 + (c.month <= 2));
	c.yearday = (int)(days - days_from_civil(c.year, 1, 1)) + 1;
	return c;
}

int64_t
civil_to_seconds(const struct civil *c)
{
	int64_t months = (int64_t)c->year * 12 + (c->month - 1);
	int year = (int)floor_div(months, 12);
	int month = (int)(months - (int64_t)year * 12) + 1;
	int64_t days = days_from_civil(year, month, 1) + c->day - 1;
	return days * 86400 + (int64_t)c->hour * 3600 + (int64_t)c->minute * 60 + c->second;
}

int
days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && leap);
}

char *
time_rfc3339(msec_t t, char out[TIME_TEXT])
{
	int64_t s = floor_div(t, 1000);
	struct civil c = civil_from_seconds(s);
	snprintf(out, TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year, c.month, c.day, c.hour, c.minute,
	    c.second, (int)(t - s * 1000));
	return out;
}

char *
time_rfc3339_short(msec_t t, char out[TIME_TEXT])
{
	size_t n = strlen(time_rfc3339(t, out)) - 1; /* without its Z */
	while (out[n - 1] == '0' && n > sizeof "2026-11-20T20:13:42" - 1)
		n--;
	n -= out[n - 1] == '.';
	memcpy(out + n, "Z", 2);
	return out;
}

/* Takes exactly `n` digits off the front of `s`. */
static bool
digits(struct str *s, size_t n, int *out)
{
	if (s->n < n)
		return false;
	int v = 0;
	for (size_t i = 0; i < n; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		v = v * 10 + (s->p[i] - '0');
	}
	*s = str_from(*s, n);
	*out = v;
	return true;
}

static bool
literal(struct str *s, const char *any)
{
	for (; *any; any++) {
		if (s->n && s->p[0] == *any) {
			*s = str_from(*s, 1);
			return true;
		}
	}
	return false;
}

static bool
fraction(struct str *s, int *ms)
{
	int scale = 100;
	size_t n = 0;
	for (*ms = 0; s->n && s->p[0] >= '0' && s->p[0] <= '9'; *s = str_from(*s, 1), n++, scale /= 10)
		*ms += (s->p[0] - '0') * scale;
	return n > 0;
}

static bool
zone(struct str *s, int *seconds)
{
	*seconds = 0;
	if (literal(s, "Zz"))
		return true;
	int h, m, sign = s->n && s->p[0] == '-' ? -1 : 1;
	if (!literal(s, "+-") || !digits(s, 2, &h) || !literal(s, ":") || !digits(s, 2, &m) || h > 23 || m > 59)
		return false;
	*seconds = sign * (h * 3600 + m * 60);
	return true;
}

bool
time_parse_rfc3339(struct str s, msec_t *out)
{
	struct civil c = {0};
	int ms = 0, offset;
	if (!digits(&s, 4, &c.year) || !literal(&s, "-") || !digits(&s, 2, &c.month) || !literal(&s, "-") ||
	    !digits(&s, 2, &c.day) || !literal(&s, "Tt ") || !digits(&s, 2, &c.hour) || !literal(&s, ":") ||
	    !digits(&s, 2, &c.minute) || !literal(&s, ":") || !digits(&s, 2, &c.second))
		return false;
	if (literal(&s, ".,") && !fraction(&s, &ms))
		return false;
	if (!zone(&s, &offset) || s.n)
		return false;
	if (c.month < 1 || c.month > 12 || c.day < 1 || c.day > days_in_month(c.year, c.month) || c.hour > 23 ||
	    c.minute > 59 || c.second > 60)
		return false;
	*out = (civil_to_seconds(&c) - offset) * 1000 + ms;
	return true;
}

/* Largest first: the order in which they must stand, each at most once. */
static const struct {
	const char *name;
	msec_t ms;
	bool printed; /* years and weeks only when nothing is left over */
} units[] = {
    {"y", 365 * DAY, false},
    {"w", 7 * DAY, false},
    {"d", DAY, false},
    {"h", HOUR, true},
    {"m", MINUTE, true},
    {"s", SECOND, true},
    {"ms", 1, true},
};
enum { UNITS = sizeof units / sizeof *units };

bool
duration_parse(struct str s, msec_t *out)
{
	if (str_is(s, "0")) {
		*out = 0;
		return true;
	}
	msec_t sum = 0;
	size_t unit = 0;
	if (s.n == 0)
		return false;
	while (s.n) {
		size_t d = 0, u = 0;
		while (d < s.n && s.p[d] >= '0' && s.p[d] <= '9')
			d++;
		while (d + u < s.n && s.p[d + u] >= 'a' && s.p[d + u] <= 'z')
			u++;
		int64_t v;
		if (d > 15 || !str_i64(str_to(s, d), &v))
			return false;
		while (unit < UNITS && !str_is(str_n(s.p + d, u), units[unit].name))
			unit++;
		if (unit == UNITS || __builtin_mul_overflow(v, units[unit].ms, &v) || __builtin_add_overflow(sum, v, &sum))
			return false;
		unit++;
		s = str_from(s, d + u);
	}
	*out = sum;
	return true;
}

void
duration_print(struct buf *b, msec_t t)
{
	if (t == 0) {
		buf_c(b, "0s");
		return;
	}
	if (t < 0) {
		buf_ch(b, '-');
		t = -t;
	}
	for (size_t i = 0; i < UNITS; i++) {
		if (units[i].printed ? t < units[i].ms : t % units[i].ms != 0)
			continue;
		buf_i64(b, t / units[i].ms);
		buf_c(b, units[i].name);
		t %= units[i].ms;
		if (t == 0)
			return;
	}
}
