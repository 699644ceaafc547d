/*
 * schedule.c — see schedule.h.
 *
 * IDEA   One function answers for a point in time (`who_at`); the borders of a shift are found by asking where
 *        anything could change next: a handover, a restriction's edge, an override's edge.  Between two such
 *        points nothing changes, so a shift is a run of equal answers.
 * TRAP   Turns are counted in days of the local clock, not in hours: the week of the spring night is an hour
 *        shorter, and still one turn.
 */
#include "oncall/schedule.h"

#include <stddef.h>

#include "base/must.h"
#include "base/tz.h"
#include "desk/calendar.h"

const char *const rotation_units[] = {"day", "week", NULL};

#define RECORD_SELF struct layer
RECORD_LAYOUT(layer, LAYER_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct schedule
RECORD_LAYOUT(schedule, SCHEDULE_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct override
RECORD_LAYOUT(override, OVERRIDE_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct step
RECORD_LAYOUT(step, STEP_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct policy
RECORD_LAYOUT(policy, POLICY_KEYS)
#undef RECORD_SELF

/* ---- checks ---- */

/* "2026-01-05" as days since 1970; false when it is no date. */
static bool
parse_day(struct str s, int64_t *days)
{
	char text[32];
	msec_t t;
	if (s.n != 10)
		return false;
	snprintf(text, sizeof text, "%.*sT00:00:00Z", STR_ARG(s));
	if (!time_parse_rfc3339(str_c(text), &t))
		return false;
	*days = t / DAY;
	return t >= 0;
}

static enum rc
layer_check(const struct layer *l, size_t at, struct err *e)
{
	int64_t day;
	if (!parse_day(l->start, &day))
		return err_set(e, RC_INVALID, "layer %zu: start \"%.*s\" is not a day such as 2026-01-05", at, STR_ARG(l->start));
	if (clock_minutes(l->handover) < 0 || clock_minutes(l->from) < 0 || clock_minutes(l->to) < 0)
		return err_set(e, RC_INVALID, "layer %zu: handover, from and to are times of day such as 09:00", at);
	if (l->length < 1 || l->length > 366)
		return err_set(e, RC_INVALID, "layer %zu: length %lld is not from 1 to 366", at, (long long)l->length);
	for (size_t i = 0; i < l->days.n; i++)
		if (!weekday_set(l->days.p[i]))
			return err_set(e, RC_INVALID, "layer %zu: \"%.*s\" is not a day such as mon, or days such as sat-sun", at,
			    STR_ARG(l->days.p[i]));
	return RC_OK;
}

enum rc
schedule_check(const void *spec, struct err *e)
{
	const struct schedule *s = spec;
	if (!tz_load(s->time_zone, e))
		return err_add(e, "in time_zone");
	for (size_t i = 0; i < s->layers.n; i++)
		if (layer_check(&s->layers.p[i], i + 1, e) != RC_OK)
			return RC_INVALID;
	return RC_OK;
}

enum rc
override_check(const void *spec, struct err *e)
{
	const struct override *o = spec;
	return o->from < o->to ? RC_OK : err_set(e, RC_INVALID, "an override must end after it begins");
}

static bool
names_somebody(struct str s)
{
	static const char *const kinds[] = {"schedule:", "user:", "team:"};
	for (int i = 0; i < 3; i++)
		if (str_starts(s, str_c(kinds[i])) && s.n > str_c(kinds[i]).n)
			return true;
	return false;
}

static enum rc
somebody_check(struct strs names, const char *where, struct err *e)
{
	for (size_t i = 0; i < names.n; i++)
		if (!names_somebody(names.p[i]))
			return err_set(e, RC_INVALID, "%s: \"%.*s\" is none of schedule:<name>, user:<name>, team:<name>", where,
			    STR_ARG(names.p[i]));
	return RC_OK;
}

enum rc
policy_check(const void *spec, struct err *e)
{
	const struct policy *p = spec;
	for (size_t i = 0; i < p->steps.n; i++) {
		if (somebody_check(p->steps.p[i].notify, "steps", e) != RC_OK)
			return RC_INVALID;
		if (p->steps.p[i].after < 10 * SECOND)
			return err_set(e, RC_INVALID, "steps: step %zu waits less than 10s for an answer", i + 1);
	}
	if (p->repeat < 1 || p->repeat > 100)
		return err_set(e, RC_INVALID, "repeat %lld is not from 1 to 100", (long long)p->repeat);
	return somebody_check(p->fallback, "fallback", e);
}

/* ---- a point in time ---- */

static int64_t
floor_div(int64_t a, int64_t b)
{
	int64_t q = a / b;
	return a % b < 0 ? q - 1 : q;
}

/* The local day whose handover was the last one, as days since 1970. */
static int64_t
duty_day(const struct tz *z, const struct layer *l, msec_t t)
{
	struct civil c = tz_civil(z, t);
	int64_t day = days_from_civil(c.year, c.month, c.day);
	c.hour = 0;
	c.second = 0;
	c.minute = clock_minutes(l->handover);
	return t < tz_instant(z, &c, false) ? day - 1 : day;
}

static struct str
turn_of(const struct tz *z, const struct layer *l, msec_t t)
{
	int64_t start;
	if (!parse_day(l->start, &start) || !l->users.n)
		return STR("");
	int64_t days = duty_day(z, l, t) - start;
	if (days < 0)
		return STR("");
	int64_t turn = floor_div(days, l->length * (l->every == ROTATE_WEEK ? 7 : 1));
	return l->users.p[turn % (int64_t)l->users.n];
}

static bool
day_listed(const struct layer *l, int weekday)
{
	if (!l->days.n)
		return true;
	for (size_t i = 0; i < l->days.n; i++)
		if (weekday_set(l->days.p[i]) & 1u << weekday)
			return true;
	return false;
}

/* A window over midnight belongs to the day on which it begins. */
static bool
within_restriction(const struct tz *z, const struct layer *l, msec_t t)
{
	struct civil c = tz_civil(z, t);
	int now = c.hour * 60 + c.minute, from = clock_minutes(l->from), to = clock_minutes(l->to);
	if (from < to)
		return now >= from && now < to && day_listed(l, c.weekday);
	return (now >= from && day_listed(l, c.weekday)) || (now < to && day_listed(l, (c.weekday + 6) % 7));
}

static const struct override *
override_at(const struct override *const *o, size_t n, msec_t t)
{
	const struct override *found = NULL;
	for (size_t i = 0; i < n; i++)
		if (o[i]->from <= t && t < o[i]->to && (!found || o[i]->from >= found->from))
			found = o[i];
	return found;
}

static struct shift
who_at(const struct schedule *s, const struct tz *z, const struct override *const *o, size_t n, msec_t t)
{
	const struct override *over = override_at(o, n, t);
	if (over)
		return (struct shift){.user = over->user, .layer = -1};
	for (size_t i = s->layers.n; i-- > 0;) {
		const struct layer *l = &s->layers.p[i];
		struct str user = within_restriction(z, l, t) ? turn_of(z, l, t) : STR("");
		if (user.n)
			return (struct shift){.user = user, .layer = (int)i};
	}
	if (s->fallback.n)
		return (struct shift){.user = s->fallback, .layer = -2};
	return (struct shift){.layer = -3};
}

/* ---- where anything could change ---- */

static void
nearer(msec_t candidate, msec_t t, bool later, msec_t *best)
{
	if (later ? candidate > t && candidate < *best : candidate <= t && candidate > *best)
		*best = candidate;
}

/* Every edge of a layer on the local days around t. */
static void
layer_edges(const struct tz *z, const struct layer *l, msec_t t, bool later, msec_t *best)
{
	const struct str clocks[] = {l->handover, l->from, l->to};
	for (int day = -1; day <= 1; day++) {
		struct civil c = tz_civil(z, t + day * DAY);
		c.hour = c.second = 0;
		for (int i = 0; i < 3; i++) {
			struct civil edge = c;
			edge.minute = clock_minutes(clocks[i]);
			nearer(tz_instant(z, &edge, false), t, later, best);
			nearer(tz_instant(z, &edge, true), t, later, best);
		}
		/* a clock that jumps may end a window without reaching its edge */
		struct civil midnight = c;
		midnight.minute = 0;
		nearer(tz_instant(z, &midnight, false), t, later, best);
	}
}

/* The night of a time change moves the wall clock itself: look at both sides of each full hour there. */
static void
transition_edges(const struct tz *z, msec_t t, bool later, msec_t *best)
{
	msec_t hour = floor_div(t, HOUR) * HOUR;
	for (msec_t h = hour - 26 * HOUR; h <= hour + 26 * HOUR; h += HOUR)
		if (tz_at(z, h / 1000).offset != tz_at(z, h / 1000 - 1).offset)
			nearer(h, t, later, best);
}

static msec_t
edge(const struct schedule *s, const struct tz *z, const struct override *const *o, size_t n, msec_t t, bool later)
{
	msec_t best = later ? t + DAY : t - DAY;
	for (size_t i = 0; i < s->layers.n; i++)
		layer_edges(z, &s->layers.p[i], t, later, &best);
	for (size_t i = 0; i < n; i++) {
		nearer(o[i]->from, t, later, &best);
		nearer(o[i]->to, t, later, &best);
	}
	transition_edges(z, t, later, &best);
	return best;
}

static bool
same_duty(const struct shift *a, const struct shift *b)
{
	return a->layer == b->layer && str_eq(a->user, b->user);
}

static void
explain(struct shift *x, const struct override *over, struct arena *a)
{
	if (x->layer >= 0)
		x->why = arena_fmt(a, "%.*s has the turn of layer %d", STR_ARG(x->user), x->layer + 1);
	else if (x->layer == -1)
		x->why = arena_fmt(a, "%.*s stands in%s%.*s", STR_ARG(x->user), over->why.n ? ": " : "", STR_ARG(over->why));
	else if (x->layer == -2)
		x->why = arena_fmt(a, "nobody's turn: the fallback %.*s", STR_ARG(x->user));
	else
		x->why = STR("nobody is on call");
}

/* The shift around t, not looking beyond the window. */
static struct shift
shift_around(const struct schedule *s, const struct override *const *o, size_t n, msec_t t, msec_t from, msec_t to, struct arena *a)
{
	const struct tz *z = tz_load(s->time_zone, NULL);
	if (!z)
		z = tz_utc();
	struct shift x = who_at(s, z, o, n, t);
	explain(&x, override_at(o, n, t), a);
	for (x.to = edge(s, z, o, n, t, true); x.to < to; x.to = edge(s, z, o, n, x.to, true)) {
		struct shift next = who_at(s, z, o, n, x.to);
		if (!same_duty(&x, &next))
			break;
	}
	for (x.from = edge(s, z, o, n, t, false); x.from > from; x.from = edge(s, z, o, n, x.from - 1, false)) {
		struct shift last = who_at(s, z, o, n, x.from - 1);
		if (!same_duty(&x, &last))
			break;
	}
	if (x.to > to)
		x.to = to;
	if (x.from < from)
		x.from = from;
	return x;
}

struct shift
schedule_at(const struct schedule *s, const struct override *const *o, size_t n, msec_t t, struct arena *a)
{
	return shift_around(s, o, n, t, t - 60 * DAY, t + 60 * DAY, a);
}

void
schedule_walk(const struct schedule *s, const struct override *const *o, size_t n, msec_t from, msec_t to, struct arena *a,
    shift_fn *fn, void *arg)
{
	for (msec_t t = from; t < to;) {
		struct shift x = shift_around(s, o, n, t, t, to, a);
		must(x.to > t);
		if (!fn(arg, &x))
			return;
		t = x.to;
	}
}
