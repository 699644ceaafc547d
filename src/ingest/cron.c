/* cron.c — see cron.h. */
#include "ingest/cron.h"

#include <string.h>

enum { HORIZON_DAYS = 5 * 366, DAY_SECONDS = 86400 };

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

/* One of the five fields. */
struct field {
	const char *name;
	int low, high;
	const char *const *words; /* the first means `low` */
};
static const struct field fields[] = {{"minute", 0, 59, NULL}, {"hour", 0, 23, NULL}, {"day", 1, 31, NULL}, {"month", 1, 12, month_names},
    {"weekday", 0, 7, weekday_names}};
enum { MINUTE_FIELD, HOUR_FIELD, DAY_FIELD, MONTH_FIELD, WEEKDAY_FIELD, FIELDS };

static bool
value_of(const struct field *f, struct str s, int64_t *out)
{
	for (int i = 0; f->words && f->words[i]; i++)
		if (str_eq_nocase(s, str_c(f->words[i]))) {
			*out = f->low + i;
			return true;
		}
	return str_i64(s, out) && *out >= f->low && *out <= f->high;
}

/* "7", "mon-fri", "0-30/5", "x/15": as bits. */
static bool
part_of(const struct field *f, struct str s, uint64_t *bits)
{
	int64_t from = f->low, to = f->high, step = 1;
	ptrdiff_t slash = str_chr(s, '/');
	struct str range = slash < 0 ? s : str_to(s, (size_t)slash);
	if (slash >= 0 && (!str_i64(str_from(s, (size_t)slash + 1), &step) || step < 1 || step > f->high + 1))
		return false;
	ptrdiff_t dash = str_chr(range, '-');
	if (dash > 0) {
		if (!value_of(f, str_to(range, (size_t)dash), &from) || !value_of(f, str_from(range, (size_t)dash + 1), &to) || from > to)
			return false;
	} else if (!str_is(range, "*")) {
		if (!value_of(f, range, &from))
			return false;
		to = slash < 0 ? from : to;
	}
	for (int64_t i = from; i <= to; i += step)
		*bits |= 1ull << i;
	return true;
}

enum rc
cron_parse(struct str text, struct cron *c, struct err *e)
{
	uint64_t bits[FIELDS] = {0};
	struct str rest = str_trim(text), word, part;
	bool any[FIELDS] = {0};
	for (int i = 0; i < FIELDS; i++) {
		size_t n = 0;
		while (n < rest.n && rest.p[n] != ' ' && rest.p[n] != '\t')
			n++;
		word = str_to(rest, n);
		rest = str_trim(str_from(rest, n));
		any[i] = word.n && *word.p == '*';
		if (!word.n)
			return err_set(e, RC_INVALID, "\"%.*s\": five fields are wanted: minute, hour, day, month, weekday", STR_ARG(str_to(text, 60)));
		for (struct str list = word; str_cut(&list, ',', &part);)
			if (!part_of(&fields[i], part, &bits[i]))
				return err_set(e, RC_INVALID, "\"%.*s\" is no %s from %d to %d", STR_ARG(str_to(part, 40)), fields[i].name, fields[i].low, fields[i].high);
	}
	if (rest.n)
		return err_set(e, RC_INVALID, "\"%.*s\": there are more than five fields", STR_ARG(str_to(text, 60)));
	if (bits[WEEKDAY_FIELD] & 1u << 7) /* Sunday has two numbers */
		bits[WEEKDAY_FIELD] |= 1;
	*c = (struct cron){bits[MINUTE_FIELD], (uint32_t)bits[HOUR_FIELD], (uint32_t)bits[DAY_FIELD], (uint32_t)bits[MONTH_FIELD],
	    (uint8_t)(bits[WEEKDAY_FIELD] & 127), any[DAY_FIELD], any[WEEKDAY_FIELD]};
	return RC_OK;
}

static bool
day_fits(const struct cron *c, const struct civil *d)
{
	bool day = c->days & 1u << d->day, weekday = c->weekdays & 1u << d->weekday;
	if (!(c->months & 1u << d->month))
		return false;
	if (c->any_day || c->any_weekday)
		return day && weekday;
	return day || weekday;
}

/* The first one of this local day that is after `t`. */
static msec_t
first_of_day(const struct cron *c, const struct tz *z, int64_t midnight, msec_t t)
{
	for (int m = 0; m < 24 * 60; m++) {
		if (!(c->hours & 1u << (m / 60)) || !(c->minutes & 1ull << (m % 60)))
			continue;
		struct civil at = civil_from_seconds(midnight + m * 60);
		msec_t when = tz_instant(z, &at, false);
		if (when > t)
			return when;
	}
	return MSEC_NEVER;
}

msec_t
cron_next(const struct cron *c, const struct tz *z, msec_t t)
{
	struct civil day = tz_civil(z, t);
	day.hour = day.minute = day.second = 0;
	int64_t midnight = civil_to_seconds(&day);
	for (int i = 0; i < HORIZON_DAYS; i++, midnight += DAY_SECONDS) {
		struct civil d = civil_from_seconds(midnight);
		msec_t found = day_fits(c, &d) ? first_of_day(c, z, midnight, t) : MSEC_NEVER;
		if (found != MSEC_NEVER)
			return found;
	}
	return MSEC_NEVER;
}
