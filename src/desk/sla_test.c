/* sla_test.c — the two clocks over the life of a ticket. */
#include "unit.h"

#include "base/time.h"
#include "desk/sla.h"

static struct str office_days[] = {STR_INIT("mon-fri")};
static struct opening office_hours[] = {{{office_days, 1}, STR_INIT("09:00"), STR_INIT("17:00")}};
static struct calendar office = {.time_zone = STR_INIT("Europe/Rome"), .hours = {office_hours, 1}};
static struct calendar always = {.time_zone = STR_INIT("UTC")};

static const struct calendar *
find(void *arg, struct str name, msec_t at)
{
	return str_is(name, "office") ? &office : &always;
}

static struct sla promises[] = {
    {.priority = PRIORITY_CRITICAL, .pickup = 15 * MINUTE, .resolution = 4 * HOUR, .calendar = STR_INIT("always")},
    {.priority = PRIORITY_LOW, .pickup = 8 * HOUR, .resolution = 16 * HOUR},
};
static struct str paused[] = {STR_INIT("customer")};
static struct contract gold = {.calendar = STR_INIT("office"), .slas = {promises, 2}, .pause = {paused, 1}};
static const struct sla_terms terms[] = {{0, &gold, find, NULL}};

static msec_t
at(const char *text)
{
	msec_t t;
	ck_assert(time_parse_rfc3339(str_c(text), &t));
	return t;
}

UNIT(pickup_stops_when_taken_and_resolution_when_closed)
{
	msec_t t = at("2026-03-02T02:00:00Z");
	struct sla_move moves[] = {{t, TICKET_NEW, 0, PRIORITY_CRITICAL}, {t + 7 * MINUTE, TICKET_IN_PROGRESS, 0, PRIORITY_CRITICAL},
	    {t + HOUR, TICKET_CLOSED, 0, PRIORITY_CRITICAL}};
	struct sla_report r;
	sla_derive(moves, 1, terms, 1, t + MINUTE, &r);
	ck_assert(r.pickup.state == CLOCK_RUNNING && r.pickup.deadline == t + 15 * MINUTE && r.pickup.spent == MINUTE);
	ck_assert(r.resolution.deadline == t + 4 * HOUR && !r.resolution.breached);
	sla_derive(moves, 1, terms, 1, t + 16 * MINUTE, &r);
	ck_assert(r.pickup.breached && !r.resolution.breached);
	sla_derive(moves, 2, terms, 1, t + 2 * HOUR, &r);
	ck_assert(r.pickup.state == CLOCK_STOPPED && r.pickup.spent == 7 * MINUTE && r.pickup.stopped == t + 7 * MINUTE);
	ck_assert(!r.pickup.breached && r.resolution.state == CLOCK_RUNNING && r.resolution.spent == 2 * HOUR);
	sla_derive(moves, 3, terms, 1, t + 9 * HOUR, &r);
	ck_assert(r.resolution.state == CLOCK_STOPPED && r.resolution.spent == HOUR && !r.resolution.breached);
}
END

/* Suspended over a weekend and a holiday: for the customer the clock stands, for the supplier it runs on. */
UNIT(resolution_stands_only_for_what_the_contract_pauses)
{
	msec_t t = at("2026-03-06T15:00:00Z"); /* Friday, 16:00 in Rome: one working hour left that day */
	struct sla_move moves[] = {{t, TICKET_IN_PROGRESS, 0, PRIORITY_LOW}, {t + 30 * MINUTE, TICKET_SUSPENDED, SUSPENDED_CUSTOMER, PRIORITY_LOW},
	    {at("2026-03-10T08:00:00Z"), TICKET_IN_PROGRESS, 0, PRIORITY_LOW}};
	struct sla_report r;
	sla_derive(moves, 2, terms, 1, at("2026-03-09T12:00:00Z"), &r);
	ck_assert(r.resolution.state == CLOCK_STANDING && r.resolution.spent == 30 * MINUTE && r.resolution.deadline == MSEC_NEVER);
	sla_derive(moves, 3, terms, 1, at("2026-03-10T09:00:00Z"), &r);
	ck_assert(r.resolution.state == CLOCK_RUNNING && r.resolution.spent == 90 * MINUTE);
	moves[1].suspension = SUSPENDED_SUPPLIER;
	sla_derive(moves, 2, terms, 1, at("2026-03-09T12:00:00Z"), &r); /* Monday 13:00: 1 h of Friday, 4 h of Monday */
	ck_assert(r.resolution.state == CLOCK_RUNNING && r.resolution.spent == 5 * HOUR);
}
END

/* The old version counts for its time and the new one for its own. */
UNIT(contract_changed_in_the_middle)
{
	static struct sla strict[] = {{.priority = PRIORITY_LOW, .pickup = HOUR, .resolution = 2 * HOUR, .calendar = STR_INIT("always")}};
	static struct contract after = {.calendar = STR_INIT("always"), .slas = {strict, 1}};
	msec_t t = at("2026-03-02T06:00:00Z"); /* Monday 07:00 in Rome: closed until 09:00 */
	struct sla_terms two[] = {{0, &gold, find, NULL}, {t + 3 * HOUR, &after, find, NULL}};
	struct sla_move moves[] = {{t, TICKET_NEW, 0, PRIORITY_LOW}};
	struct sla_report r;
	sla_derive(moves, 1, two, 2, t + 2 * HOUR + 30 * MINUTE, &r);
	ck_assert(r.resolution.spent == 30 * MINUTE && r.resolution.limit == 16 * HOUR);
	sla_derive(moves, 1, two, 2, t + 3 * HOUR + 30 * MINUTE, &r);
	ck_assert(r.resolution.spent == 90 * MINUTE && r.resolution.limit == 2 * HOUR && r.resolution.deadline == t + 4 * HOUR);
	ck_assert(r.pickup.breached);
}
END

UNIT(priority_without_a_promise_has_no_clock)
{
	struct sla_move moves[] = {{1000, TICKET_NEW, 0, PRIORITY_HIGH}};
	struct sla_report r;
	sla_derive(moves, 1, terms, 1, HOUR, &r);
	ck_assert(r.pickup.state == CLOCK_NONE && r.resolution.state == CLOCK_NONE && !r.pickup.breached);
	sla_derive(moves, 1, NULL, 0, HOUR, &r);
	ck_assert(r.pickup.state == CLOCK_NONE);
}
END

struct drawn {
	msec_t at, running, closed, standing;
	int waits_for;
};

static void
add_stretch(void *arg, const struct sla_stretch *s)
{
	struct drawn *d = arg;
	ck_assert(s->from == d->at && s->to > s->from); /* without a gap, without an overlap */
	d->at = s->to;
	*(s->kind == STRETCH_RUNNING ? &d->running : s->kind == STRETCH_CLOSED ? &d->closed : &d->standing) += s->to - s->from;
	if (s->kind == STRETCH_STANDING)
		d->waits_for = s->suspension;
}

/* What is drawn adds up to what is counted: running time is time spent, and every moment is drawn once. */
UNIT(stretches_cover_a_clock_and_add_up_to_it)
{
	msec_t t = at("2026-03-06T15:00:00Z"), now = at("2026-03-10T11:30:00Z");
	struct sla_move moves[] = {{t, TICKET_NEW, 0, PRIORITY_LOW}, {t + 30 * MINUTE, TICKET_SUSPENDED, SUSPENDED_CUSTOMER, PRIORITY_LOW},
	    {at("2026-03-10T08:00:00Z"), TICKET_IN_PROGRESS, 0, PRIORITY_LOW}, {at("2026-03-10T11:00:00Z"), TICKET_CLOSED, 0, PRIORITY_LOW}};
	struct sla_report r;
	struct drawn d = {.at = t};
	sla_derive(moves, 4, terms, 1, now, &r);
	sla_trace(moves, 4, terms, 1, now, true, add_stretch, &d);
	ck_assert(d.at == r.resolution.stopped && d.running == r.resolution.spent);
	ck_assert(d.standing == moves[2].at - moves[1].at && d.waits_for == SUSPENDED_CUSTOMER);
	d = (struct drawn){.at = t};
	sla_derive(moves, 1, terms, 1, now, &r);
	sla_trace(moves, 1, terms, 1, now, false, add_stretch, &d);
	ck_assert(d.at == now && d.running == r.pickup.spent && d.running + d.closed == now - t && d.standing == 0);
}
END
