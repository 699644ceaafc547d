/* interval.c — see interval.h. */
#include "conf/interval.h"

#include <stddef.h>

static const char *const weekdays[] = {
    "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
static const char *const months[] = {"january", "february", "march", "april", "may", "june", "july", "august",
    "september", "october", "november", "december"};

struct scale {
	const char *what, *example;
	const char *const *words;
	int words_n, first_word; /* the number of words[0] */
	bool numbers;
	int least, most;
};

static enum rc
one(const struct scale *s, struct str text, int *out, struct err *e)
{
	for (int i = 0; i < s->words_n; i++)
		if (str_eq_nocase(text, str_c(s->words[i]))) {
			*out = s->first_word + i;
			return RC_OK;
		}
	int64_t v;
	if (s->numbers && str_i64(text, &v)) {
		if (v < s->least || v > s->most || v == 0)
			return err_set(e, RC_INVALID, "%lld is not a %s: it must be from %d to %d%s",
			    (long long)v, s->what, s->least, s->most, s->least < 0 ? ", without 0" : "");
		*out = (int)v;
		return RC_OK;
	}
	err_set(
	    e, RC_INVALID, "\"%.*s\" is not a %s such as %s", STR_ARG(str_to(text, 40)), s->what, s->example);
	const char *near = s->words_n ? str_nearest(text, s->words, (size_t)s->words_n) : NULL;
	if (near)
		err_add(e, "did you mean \"%s\"?", near);
	return RC_INVALID;
}

static enum rc
range(const struct scale *s, struct str text, struct range *r, struct err *e)
{
	ptrdiff_t colon = str_chr(text, ':');
	struct str from = colon < 0 ? text : str_to(text, (size_t)colon);
	struct str to = colon < 0 ? text : str_from(text, (size_t)colon + 1);
	if (one(s, from, &r->from, e) != RC_OK || one(s, to, &r->to, e) != RC_OK)
		return RC_INVALID;
	bool backwards = r->from > r->to && (r->from < 0) == (r->to < 0);
	if (backwards || (r->from < 0 && r->to > 0))
		return err_set(e, RC_INVALID, "\"%.*s\" ends before it starts", STR_ARG(text));
	return RC_OK;
}

enum rc
range_weekdays(struct str s, struct range *r, struct err *e)
{
	static const struct scale scale = {
	    "day of the week", "monday or monday:friday", weekdays, 7, 0, false, 0, 0};
	return range(&scale, s, r, e);
}

/* 1:-1 is the whole month; what a negative start with a positive end would mean depends on the month's
 * length. */
enum rc
range_days_of_month(struct str s, struct range *r, struct err *e)
{
	static const struct scale scale = {"day of the month", "1, 1:5 or -3:-1", NULL, 0, 0, true, -31, 31};
	return range(&scale, s, r, e);
}

enum rc
range_months(struct str s, struct range *r, struct err *e)
{
	static const struct scale scale = {"month", "may, 5 or may:august", months, 12, 1, true, 1, 12};
	return range(&scale, s, r, e);
}

enum rc
range_years(struct str s, struct range *r, struct err *e)
{
	static const struct scale scale = {"year", "2026 or 2026:2028", NULL, 0, 0, true, 1, 9999};
	return range(&scale, s, r, e);
}

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

enum rc
minute_of_day(struct str s, int *out, struct err *e)
{
	if (s.n == 5 && digit(s.p[0]) && digit(s.p[1]) && s.p[2] == ':' && digit(s.p[3]) && digit(s.p[4])) {
		int hour = (s.p[0] - '0') * 10 + s.p[1] - '0', minute = (s.p[3] - '0') * 10 + s.p[4] - '0';
		*out = hour * 60 + minute;
		if (minute < 60 && *out <= 1440)
			return RC_OK;
	}
	return err_set(
	    e, RC_INVALID, "\"%.*s\" is not a time of day from 00:00 to 24:00", STR_ARG(str_to(s, 40)));
}
