/* agreement.c — the tables of agreement.h, and whether a spec makes sense by itself. */
#include "desk/agreement.h"

#include <stddef.h>

#include "base/tz.h"
#include "desk/calendar.h"

const char *const calendar_moments[] = {"any", "open", "closed", NULL};

#define RECORD_SELF struct customer
RECORD_LAYOUT(customer, CUSTOMER_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct contact
RECORD_LAYOUT(contact, CONTACT_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct opening
RECORD_LAYOUT(opening, OPENING_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct holiday
RECORD_LAYOUT(holiday, HOLIDAY_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct calendar
RECORD_LAYOUT(calendar, CALENDAR_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct sla
RECORD_LAYOUT(sla, SLA_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct matrix_row
RECORD_LAYOUT(matrix_row, MATRIX_ROW_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct contract
RECORD_LAYOUT(contract, CONTRACT_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct problem_type
RECORD_LAYOUT(problem_type, PROBLEM_TYPE_KEYS)
#undef RECORD_SELF

static enum rc
opening_check(const struct opening *o, struct err *e)
{
	for (size_t i = 0; i < o->days.n; i++)
		if (!weekday_set(o->days.p[i]))
			return err_set(e, RC_INVALID, "hours: \"%.*s\" is not a day such as mon, or days such as mon-fri",
			    STR_ARG(o->days.p[i]));
	if (clock_minutes(o->from) < 0 || clock_minutes(o->to) < 0)
		return err_set(e, RC_INVALID, "hours: \"%.*s\" to \"%.*s\" are not times of day such as 09:00", STR_ARG(o->from),
		    STR_ARG(o->to));
	return RC_OK;
}

static bool
is_date(struct str s)
{
	msec_t t;
	char text[32];
	snprintf(text, sizeof text, "%s%.*sT00:00:00Z", s.n == 5 ? "2028-" : "", (int)(s.n < 12 ? s.n : 12), s.p);
	return (s.n == 5 || s.n == 10) && time_parse_rfc3339(str_c(text), &t);
}

enum rc
calendar_check(const void *spec, struct err *e)
{
	const struct calendar *c = spec;
	if (!tz_load(c->time_zone, e))
		return err_add(e, "in time_zone");
	for (size_t i = 0; i < c->hours.n; i++)
		if (opening_check(&c->hours.p[i], e) != RC_OK)
			return RC_INVALID;
	for (size_t i = 0; i < c->holidays.n; i++)
		if (!is_date(c->holidays.p[i].date))
			return err_set(e, RC_INVALID, "holidays: \"%.*s\" is not a date such as 2026-12-25 or 12-25",
			    STR_ARG(c->holidays.p[i].date));
	return RC_OK;
}

static bool
is_suspension(struct str word)
{
	for (int i = SUSPENDED_PROCESS; suspensions[i]; i++)
		if (str_is(word, suspensions[i]))
			return true;
	return false;
}

enum rc
contract_check(const void *spec, struct err *e)
{
	const struct contract *c = spec;
	for (size_t i = 0; i < c->pause.n; i++)
		if (!is_suspension(c->pause.p[i]))
			return err_set(e, RC_INVALID, "pause: \"%.*s\" is none of process, customer, supplier",
			    STR_ARG(c->pause.p[i]));
	for (size_t i = 0; i < c->slas.n; i++)
		for (size_t k = 0; k < i; k++)
			if (c->slas.p[i].priority == c->slas.p[k].priority)
				return err_set(e, RC_INVALID, "slas: priority %s stands there twice", priorities[c->slas.p[i].priority]);
	for (size_t i = 0; i < c->matrix.n; i++) {
		const struct matrix_row *r = &c->matrix.p[i];
		if (r->modality != MODALITY_TICKET && !r->policy.n && !r->team.n)
			return err_set(e, RC_INVALID, "matrix: row %zu says %s but neither policy nor team", i + 1, modalities[r->modality]);
	}
	return RC_OK;
}
