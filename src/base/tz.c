/*
 * tz.c — see tz.h.
 *
 * IDEA   A zone is a sorted table of transitions and, behind the last one, the POSIX rule of the footer
 *        ("CET-1CEST,M3.5.0,M10.5.0/3"), evaluated per year.
 */
#include "base/tz.h"

#include <pthread.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/os.h"

enum { TZIF_LIMIT = 1 << 20, ABBREVIATIONS = 256 };

struct type {
	int offset;
	bool dst;
	unsigned abbreviation;
};

/* When a POSIX rule switches: the `week`-th `weekday` of `month` (5 = last), or a day of the year. */
struct switching {
	enum { SWITCH_MONTH, SWITCH_JULIAN, SWITCH_DAY } how;
	int month, week, weekday, day;
	int seconds; /* of local time, may be negative or beyond a day */
};

struct rule {
	bool present, has_dst;
	struct type std, dst;
	struct switching to_dst, to_std;
};

struct tz {
	char *name;
	size_t n;
	int64_t *at;
	uint8_t *which;
	struct type types[256];
	size_t n_types;
	struct type first;
	char abbreviations[ABBREVIATIONS + 16];
	struct rule rule;
};

/* ---- the POSIX rule ---- */

static bool
rule_number(struct str *s, int *out)
{
	size_t n = 0;
	*out = 0;
	for (; n < s->n && n < 4 && s->p[n] >= '0' && s->p[n] <= '9'; n++)
		*out = *out * 10 + (s->p[n] - '0');
	*s = str_from(*s, n);
	return n > 0;
}

static bool
rule_char(struct str *s, char c)
{
	if (!s->n || s->p[0] != c)
		return false;
	*s = str_from(*s, 1);
	return true;
}

static bool
rule_name(struct str *s, struct str *name)
{
	size_t n = 0;
	if (rule_char(s, '<')) {
		ptrdiff_t end = str_chr(*s, '>');
		if (end < 0)
			return false;
		*name = str_to(*s, (size_t)end);
		*s = str_from(*s, (size_t)end + 1);
		return true;
	}
	while (n < s->n && ((s->p[n] | 32) >= 'a' && (s->p[n] | 32) <= 'z'))
		n++;
	*name = str_to(*s, n);
	*s = str_from(*s, n);
	return n >= 3;
}

/* [+-]h[h[h]][:mm[:ss]] in seconds. */
static bool
rule_time(struct str *s, int *seconds)
{
	int h, m = 0, sec = 0, sign = 1;
	if (rule_char(s, '-'))
		sign = -1;
	else
		rule_char(s, '+');
	if (!rule_number(s, &h))
		return false;
	if (rule_char(s, ':') && !rule_number(s, &m))
		return false;
	if (rule_char(s, ':') && !rule_number(s, &sec))
		return false;
	*seconds = sign * (h * 3600 + m * 60 + sec);
	return true;
}

static bool
rule_switching(struct str *s, struct switching *w)
{
	*w = (struct switching){.seconds = 7200};
	if (!rule_char(s, ','))
		return false;
	if (rule_char(s, 'M')) {
		w->how = SWITCH_MONTH;
		if (!rule_number(s, &w->month) || !rule_char(s, '.') || !rule_number(s, &w->week) || !rule_char(s, '.') ||
		    !rule_number(s, &w->weekday) || w->month < 1 || w->month > 12 || w->week < 1 || w->week > 5 || w->weekday > 6)
			return false;
	} else {
		w->how = rule_char(s, 'J') ? SWITCH_JULIAN : SWITCH_DAY;
		if (!rule_number(s, &w->day))
			return false;
	}
	return !rule_char(s, '/') || rule_time(s, &w->seconds);
}

static unsigned
keep_abbreviation(struct tz *z, struct str name, size_t at)
{
	size_t n = name.n < 7 ? name.n : 7;
	memcpy(z->abbreviations + at, name.p, n);
	z->abbreviations[at + n] = '\0';
	return (unsigned)at;
}

static bool
parse_rule(struct tz *z, struct str s)
{
	struct rule *r = &z->rule;
	struct str name;
	if (s.n == 0)
		return true;
	if (!rule_name(&s, &name) || !rule_time(&s, &r->std.offset))
		return false;
	r->std.offset = -r->std.offset;
	r->std.abbreviation = keep_abbreviation(z, name, ABBREVIATIONS);
	r->present = true;
	if (s.n == 0)
		return true;
	if (!rule_name(&s, &name))
		return false;
	r->dst = (struct type){.offset = r->std.offset + 3600, .dst = true};
	r->dst.abbreviation = keep_abbreviation(z, name, ABBREVIATIONS + 8);
	if (s.n && s.p[0] != ',') {
		if (!rule_time(&s, &r->dst.offset))
			return false;
		r->dst.offset = -r->dst.offset;
	}
	r->has_dst = true;
	return rule_switching(&s, &r->to_dst) && rule_switching(&s, &r->to_std) && s.n == 0;
}

/* Seconds since 1970 on the local clock when the switch happens in `year`. */
static int64_t
switch_local(const struct switching *w, int year)
{
	int64_t days;
	if (w->how == SWITCH_MONTH) {
		int64_t first = days_from_civil(year, w->month, 1);
		int weekday = (int)(((first + 4) % 7 + 7) % 7);
		int day = 1 + (w->weekday - weekday + 7) % 7 + (w->week - 1) * 7;
		while (day > days_in_month(year, w->month))
			day -= 7;
		days = first + day - 1;
	} else {
		bool leap = days_in_month(year, 2) == 29;
		int day = w->how == SWITCH_JULIAN ? w->day - 1 + (leap && w->day >= 60) : w->day;
		days = days_from_civil(year, 1, 1) + day;
	}
	return days * 86400 + w->seconds;
}

static const struct type *
rule_type(const struct rule *r, int64_t utc)
{
	if (!r->has_dst)
		return &r->std;
	int year = civil_from_seconds(utc + r->std.offset).year;
	int64_t on = switch_local(&r->to_dst, year) - r->std.offset;
	int64_t off = switch_local(&r->to_std, year) - r->dst.offset;
	bool dst = on < off ? utc >= on && utc < off : utc >= on || utc < off;
	return dst ? &r->dst : &r->std;
}

/* ---- the file ---- */

static int64_t
big(const char *p, size_t n)
{
	int64_t v = (signed char)p[0];
	for (size_t i = 1; i < n; i++)
		v = (int64_t)((uint64_t)v << 8 | (unsigned char)p[i]);
	return v;
}

struct header {
	size_t isut, isstd, leap, times, types, chars;
};

static bool
parse_header(struct str *s, struct header *h)
{
	if (s->n < 44 || memcmp(s->p, "TZif", 4) != 0)
		return false;
	size_t *counts[] = {&h->isut, &h->isstd, &h->leap, &h->times, &h->types, &h->chars};
	for (size_t i = 0; i < 6; i++) {
		int64_t v = big(s->p + 20 + 4 * i, 4);
		if (v < 0 || v > 100000)
			return false;
		*counts[i] = (size_t)v;
	}
	*s = str_from(*s, 44);
	return h->types > 0 && h->types <= 256 && h->chars <= ABBREVIATIONS;
}

static size_t
body_size(const struct header *h, size_t time_size)
{
	return h->times * (time_size + 1) + h->types * 6 + h->chars + h->leap * (time_size + 4) + h->isstd + h->isut;
}

static bool
parse_body(struct tz *z, struct str *s, const struct header *h)
{
	if (s->n < body_size(h, 8))
		return false;
	const char *which = s->p + h->times * 8, *types = which + h->times, *chars = types + h->types * 6;
	z->n = h->times;
	z->n_types = h->types;
	z->at = mem_alloc(z->n * sizeof *z->at);
	z->which = (uint8_t *)mem_dup(which, z->n);
	memcpy(z->abbreviations, chars, h->chars);
	for (size_t i = 0; i < h->types; i++) {
		const char *t = types + i * 6;
		z->types[i] = (struct type){(int)big(t, 4), t[4] != 0, (unsigned char)t[5]};
		if (z->types[i].abbreviation >= h->chars)
			return false;
	}
	for (size_t i = 0; i < z->n; i++) {
		z->at[i] = big(s->p + i * 8, 8);
		if (z->which[i] >= h->types || (i && z->at[i] <= z->at[i - 1]))
			return false;
	}
	z->first = z->types[0];
	*s = str_from(*s, body_size(h, 8));
	return true;
}

static bool
parse(struct tz *z, struct str s)
{
	struct header h;
	if (!parse_header(&s, &h) || s.n < body_size(&h, 4))
		return false;
	s = str_from(s, body_size(&h, 4));
	if (!parse_header(&s, &h) || !parse_body(z, &s, &h) || !rule_char(&s, '\n'))
		return false;
	ptrdiff_t end = str_chr(s, '\n');
	return end >= 0 && parse_rule(z, str_to(s, (size_t)end));
}

static bool
name_is_sane(struct str name)
{
	if (name.n == 0 || name.n > 60 || name.p[0] == '/' || str_has(name, STR("..")) || str_is(name, "Local"))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		if (!((c | 32) >= 'a' && (c | 32) <= 'z') && !(c >= '0' && c <= '9') && !strchr("/_+-", c))
			return false;
	}
	return true;
}

static struct tz *
read_zone(struct str name, struct err *e)
{
	char path[128];
	struct buf b = {0};
	snprintf(path, sizeof path, "/usr/share/zoneinfo/%.*s", STR_ARG(name));
	struct tz *z = mem_new(struct tz);
	z->name = mem_dup(name.p, name.n);
	enum rc rc = os_read_file(path, TZIF_LIMIT, &b, NULL);
	bool ok = rc == RC_OK && parse(z, buf_view(&b));
	buf_fini(&b);
	if (ok)
		return z;
	err_set(e, RC_INVALID, "no time zone is called \"%.*s\"", STR_ARG(name));
	mem_free(z->at);
	mem_free(z->which);
	mem_free(z->name);
	mem_free(z);
	return NULL;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct map *zones;

const struct tz *
tz_load(struct str name, struct err *e)
{
	if (str_is(name, "UTC"))
		return tz_utc();
	if (!name_is_sane(name)) {
		err_set(e, RC_INVALID, "\"%.*s\" is not the name of a time zone, such as Europe/Rome", STR_ARG(str_to(name, 60)));
		return NULL;
	}
	pthread_mutex_lock(&lock);
	if (!zones)
		zones = map_create();
	struct tz *z = map_get(zones, name);
	if (!z && (z = read_zone(name, e)))
		map_put(zones, name, z);
	pthread_mutex_unlock(&lock);
	return z;
}

const struct tz *
tz_utc(void)
{
	static char name[] = "UTC";
	static const struct tz utc = {.name = name, .abbreviations = "UTC"};
	return &utc;
}

const char *
tz_name(const struct tz *z)
{
	return z->name;
}

/* ---- asking ---- */

static const struct type *
type_at(const struct tz *z, int64_t utc)
{
	if (z->n == 0 || utc < z->at[0])
		return z->n == 0 && z->rule.present ? rule_type(&z->rule, utc) : &z->first;
	if (utc >= z->at[z->n - 1] && z->rule.present)
		return rule_type(&z->rule, utc);
	size_t lo = 0, hi = z->n; /* at[lo] <= utc < at[hi] */
	while (hi - lo > 1) {
		size_t mid = (lo + hi) / 2;
		if (z->at[mid] <= utc)
			lo = mid;
		else
			hi = mid;
	}
	return &z->types[z->which[lo]];
}

struct tz_at
tz_at(const struct tz *z, int64_t utc)
{
	const struct type *t = type_at(z, utc);
	return (struct tz_at){t->offset, t->dst, z->abbreviations + t->abbreviation};
}

static int64_t
seconds_of(msec_t t)
{
	return t >= 0 ? t / 1000 : -((-t + 999) / 1000);
}

struct civil
tz_civil(const struct tz *z, msec_t t)
{
	int64_t s = seconds_of(t);
	return civil_from_seconds(s + type_at(z, s)->offset);
}

msec_t
tz_instant(const struct tz *z, const struct civil *local, bool second)
{
	int64_t wall = civil_to_seconds(local);
	/* offsets in force clearly before and clearly after; they differ only near a transition */
	int before = type_at(z, wall - DAY / 1000)->offset, after = type_at(z, wall + DAY / 1000)->offset;
	int64_t first = wall - before, later = wall - after;
	bool first_exists = type_at(z, first)->offset == before;
	bool later_exists = type_at(z, later)->offset == after;
	if (first_exists && later_exists)
		return 1000 * (second ? (first > later ? first : later) : (first < later ? first : later));
	if (later_exists)
		return 1000 * later;
	return 1000 * first; /* it exists, or it is a gap: read with the offset before */
}
