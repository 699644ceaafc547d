/* drill_report.c — what became of a drill, and when a planned one is due.  See drill.h. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "base/tz.h"
#include "desk/calendar.h"
#include "engine/drill.h"

const char *const drill_stages[] = {"alert taken", "ticket opened", "page sent", "delivered", "answered", "closed", NULL};
const char *const drill_channels[] = {"", "console", "mail", "call", "sms", "webhook", NULL};

#define RECORD_SELF struct drill_plan
RECORD_LAYOUT(drill_plan, DRILL_PLAN_KEYS)
#undef RECORD_SELF

/* ---- the report ---- */

static void
reach(struct drill_report *r, enum drill_stage stage, const struct event *ev)
{
	if (!r->at[stage])
		r->at[stage] = ev->at;
}

static void
take_state(struct drill_report *r, const struct event *ev)
{
	struct str state = pairs_get(ev->facts, "state");
	if (str_is(state, "in_progress") && !r->at[DRILL_ANSWERED])
		snprintf(r->who, sizeof r->who, "%.*s", STR_ARG(pairs_get(ev->facts, "assignee")));
	if (str_is(state, "in_progress"))
		reach(r, DRILL_ANSWERED, ev);
	if (str_is(state, "closed"))
		reach(r, DRILL_CLOSED, ev);
}

/* How an attempt to reach somebody went: on its way to the person, or not possible and why. */
static void
take_receipt(struct drill_report *r, const struct event *ev)
{
	static const char *const arrived[] = {"handed_over", "shown", "ringing", "answered"};
	static const char *const failed[] = {"unavailable", "failed"};
	struct str outcome = pairs_get(ev->facts, "outcome");
	for (size_t i = 0; i < sizeof arrived / sizeof *arrived; i++)
		if (str_is(outcome, arrived[i]))
			reach(r, DRILL_DELIVERED, ev);
	for (size_t i = 0; i < sizeof failed / sizeof *failed; i++)
		if (str_is(outcome, failed[i]))
			snprintf(r->why_not, sizeof r->why_not, "%.*s", STR_ARG(str_to(ev->text, sizeof r->why_not - 1)));
}

void
drill_report_add(struct drill_report *r, const struct event *ev)
{
	switch (event_kind(ev->kind)) {
	case EVENT_alert_fired:
		reach(r, DRILL_ALERT_TAKEN, ev);
		break;
	case EVENT_ticket_opened:
		reach(r, DRILL_TICKET_OPENED, ev);
		break;
	case EVENT_page_sent:
		reach(r, DRILL_PAGE_SENT, ev);
		break;
	case EVENT_page_receipt:
		take_receipt(r, ev);
		break;
	case EVENT_escalation_stopped:
		r->gave_up |= !r->at[DRILL_ANSWERED];
		break;
	case EVENT_ticket_state:
		take_state(r, ev);
		break;
	default:
		break;
	}
}

void
drill_result(const struct drill *d, const struct drill_report *r, struct buf *b)
{
	if (r->at[DRILL_ANSWERED])
		buf_fmt(b, "taken by %s after %lld s", r->who, (long long)((r->at[DRILL_ANSWERED] - d->at + 500) / 1000));
	else if (d->trouble.n)
		buf_str(b, d->trouble);
	else if (!r->gave_up && !r->at[DRILL_CLOSED])
		buf_c(b, "waiting for an answer");
	else
		buf_fmt(b, "nobody answered%s%s", r->why_not[0] ? ": " : "", r->why_not);
}

/* ---- plans ---- */

enum { SOONEST = 60 * 1000, WEEK = 7 };

enum rc
drill_plan_check(const void *spec, struct err *e)
{
	const struct drill_plan *p = spec;
	if (!p->every == !p->at.n)
		return err_set(e, RC_INVALID, "a drill has either `every` or `at`");
	if (p->every && p->every < SOONEST)
		return err_set(e, RC_INVALID, "every: at least 1m");
	if (p->at.n && (clock_minutes(p->at) < 0 || clock_minutes(p->at) >= 24 * 60))
		return err_set(e, RC_INVALID, "at: \"%.*s\" is not a time of day such as 10:00", STR_ARG(str_to(p->at, 40)));
	for (size_t i = 0; i < p->days.n; i++)
		if (!weekday_set(p->days.p[i]))
			return err_set(e, RC_INVALID, "days: \"%.*s\" is not a day such as mon, or days such as mon-fri", STR_ARG(str_to(p->days.p[i], 40)));
	if (!tz_load(p->time_zone, e))
		return err_add(e, "in time_zone");
	return RC_OK;
}

static unsigned
days_of(const struct drill_plan *p)
{
	unsigned set = p->days.n ? 0 : ~0u;
	for (size_t i = 0; i < p->days.n; i++)
		set |= weekday_set(p->days.p[i]);
	return set;
}

msec_t
drill_plan_next(const struct drill_plan *p, msec_t now)
{
	struct err ignored;
	const struct tz *z = tz_load(p->time_zone, &ignored);
	if (p->every || !z)
		return now + (p->every ? p->every : DAY);
	struct civil today = tz_civil(z, now);
	int minutes = clock_minutes(p->at);
	today.hour = today.minute = today.second = 0;
	int64_t midnight = civil_to_seconds(&today);
	for (int i = 0; i <= WEEK; i++) {
		int64_t local = midnight + i * 86400 + minutes * 60;
		struct civil day = civil_from_seconds(local);
		msec_t at = tz_instant(z, &day, false);
		if (at > now && (days_of(p) & 1u << day.weekday))
			return at;
	}
	return now + DAY;
}
