/*
 * date.c — Go's time layouts: "Mon Jan 2 15:04:05 2006" shows how the reference time would look.
 */
#include <stdlib.h>

#include "tmpl/run.h"

static const char *const weekdays[] = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July", "August",
    "September", "October", "November", "December"};

struct moment {
	struct civil c;
	struct tz_at zone;
	int ms;
};

typedef void part_fn(const struct moment *, struct buf *);

#define PART(name, ...)                                                                                      \
	static void name(const struct moment *m, struct buf *b)                                              \
	{                                                                                                    \
		buf_fmt(b, __VA_ARGS__);                                                                     \
	}
PART(year4, "%04d", m->c.year)
PART(year2, "%02d", ((m->c.year % 100) + 100) % 100)
PART(month_name, "%s", months[m->c.month - 1])
PART(month_short, "%.3s", months[m->c.month - 1])
PART(month2, "%02d", m->c.month)
PART(month1, "%d", m->c.month)
PART(day2, "%02d", m->c.day)
PART(day_padded, "%2d", m->c.day)
PART(day1, "%d", m->c.day)
PART(day_of_year, "%03d", m->c.yearday)
PART(weekday_name, "%s", weekdays[m->c.weekday])
PART(weekday_short, "%.3s", weekdays[m->c.weekday])
PART(hour24, "%02d", m->c.hour)
PART(hour12, "%02d", m->c.hour % 12 ? m->c.hour % 12 : 12)
PART(hour12_short, "%d", m->c.hour % 12 ? m->c.hour % 12 : 12)
PART(minute2, "%02d", m->c.minute)
PART(minute1, "%d", m->c.minute)
PART(second2, "%02d", m->c.second)
PART(second1, "%d", m->c.second)
PART(half_upper, "%s", m->c.hour < 12 ? "AM" : "PM")
PART(half_lower, "%s", m->c.hour < 12 ? "am" : "pm")
PART(zone_name, "%s", m->zone.abbreviation)

static void
offset(const struct moment *m, struct buf *b, bool z, bool colon, bool minutes)
{
	int o = abs(m->zone.offset) / 60;
	if (z && m->zone.offset == 0) {
		buf_ch(b, 'Z');
		return;
	}
	buf_fmt(b, "%c%02d", m->zone.offset < 0 ? '-' : '+', o / 60);
	if (minutes)
		buf_fmt(b, "%s%02d", colon ? ":" : "", o % 60);
}

#define OFFSET(name, z, colon, minutes)                                                                      \
	static void name(const struct moment *m, struct buf *b)                                              \
	{                                                                                                    \
		offset(m, b, z, colon, minutes);                                                             \
	}
OFFSET(offset_z_colon, true, true, true)
OFFSET(offset_z, true, false, true)
OFFSET(offset_z_hours, true, false, false)
OFFSET(offset_colon, false, true, true)
OFFSET(offset_plain, false, false, true)
OFFSET(offset_hours, false, false, false)

/* Longer ones first where one begins another. */
static const struct {
	const char *text;
	part_fn *fn;
} parts[] = {{"January", month_name}, {"Jan", month_short}, {"Monday", weekday_name}, {"Mon", weekday_short},
    {"MST", zone_name}, {"2006", year4}, {"-07:00", offset_colon}, {"-0700", offset_plain},
    {"-07", offset_hours}, {"Z07:00", offset_z_colon}, {"Z0700", offset_z}, {"Z07", offset_z_hours},
    {"002", day_of_year}, {"01", month2}, {"02", day2}, {"03", hour12}, {"04", minute2}, {"05", second2},
    {"06", year2}, {"15", hour24}, {"_2", day_padded}, {"PM", half_upper}, {"pm", half_lower}, {"1", month1},
    {"2", day1}, {"3", hour12_short}, {"4", minute1}, {"5", second1}};

/* ".000" keeps its zeros, ".999" drops them; only behind the seconds. */
static size_t
fraction(const struct moment *m, struct str layout, struct buf *b)
{
	size_t n = 1;
	if (layout.n < 2 || (layout.p[0] != '.' && layout.p[0] != ',') ||
	    (layout.p[1] != '0' && layout.p[1] != '9'))
		return 0;
	while (n < layout.n && layout.p[n] == layout.p[1])
		n++;
	if (n < layout.n && layout.p[n] >= '0' && layout.p[n] <= '9')
		return 0;
	char digits[16];
	snprintf(digits, sizeof digits, "%03d000000", m->ms);
	size_t keep = n - 1 < 9 ? n - 1 : 9;
	while (layout.p[1] == '9' && keep && digits[keep - 1] == '0')
		keep--;
	if (keep)
		buf_fmt(b, "%c%.*s", layout.p[0], (int)keep, digits);
	return n;
}

static size_t
part(const struct moment *m, struct str layout, struct buf *b)
{
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (str_starts(layout, str_c(parts[i].text))) {
			parts[i].fn(m, b);
			return str_c(parts[i].text).n;
		}
	return fraction(m, layout, b);
}

void
format_time(const struct value *t, struct str layout, struct buf *out)
{
	const struct tz *tz = t->time.tz ? t->time.tz : tz_utc();
	int ms = (int)(((t->time.at % 1000) + 1000) % 1000);
	struct moment m = {tz_civil(tz, t->time.at), tz_at(tz, (t->time.at - ms) / 1000), ms};
	while (layout.n) {
		size_t n = part(&m, layout, out);
		if (n == 0) {
			buf_ch(out, layout.p[0]);
			n = 1;
		}
		layout = str_from(layout, n);
	}
}
