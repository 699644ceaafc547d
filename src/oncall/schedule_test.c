/* schedule_test.c — turns, restrictions, overrides, holes, and the two nights of the year. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/tz.h"
#include "oncall/schedule.h"

static struct str crew[] = {STR_INIT("first"), STR_INIT("second"), STR_INIT("third")};
static struct str chief[] = {STR_INIT("chief")};
static struct str weekend[] = {STR_INIT("sat-sun")};
static struct layer layers[] = {
    {.users = {crew, 3}, .start = STR_INIT("2026-01-05"), .handover = STR_INIT("09:00"), .every = ROTATE_WEEK, .length = 1,
	.from = STR_INIT("18:00"), .to = STR_INIT("09:00")},
    {.users = {chief, 1}, .start = STR_INIT("2026-01-05"), .handover = STR_INIT("00:00"), .every = ROTATE_DAY, .length = 1,
	.days = {weekend, 1}, .from = STR_INIT("08:00"), .to = STR_INIT("20:00")},
};
static const struct schedule night = {.time_zone = STR_INIT("Europe/Rome"), .layers = {layers, 2}};

static msec_t
at(const char *text)
{
	msec_t t;
	ck_assert(time_parse_rfc3339(str_c(text), &t));
	return t;
}

static void
expect(const struct schedule *s, const struct override *const *o, size_t n, const char *t, const char *user, const char *from, const char *to)
{
	struct arena *a = arena_create();
	struct shift x = schedule_at(s, o, n, at(t), a);
	char text[TIME_TEXT];
	ck_assert_msg(str_is(x.user, user), "at %s: %.*s (%.*s)", t, STR_ARG(x.user), STR_ARG(x.why));
	if (from)
		ck_assert_str_eq(time_rfc3339(x.from, text), from);
	if (to)
		ck_assert_str_eq(time_rfc3339(x.to, text), to);
	arena_destroy(&a);
}

UNIT(schedule_turns_change_at_the_handover)
{
	expect(&night, NULL, 0, "2026-01-05T20:00:00Z", "first", "2026-01-05T17:00:00.000Z", "2026-01-06T08:00:00.000Z");
	expect(&night, NULL, 0, "2026-01-12T07:59:00Z", "first", NULL, "2026-01-12T08:00:00.000Z");
	expect(&night, NULL, 0, "2026-01-12T20:00:00Z", "second", NULL, NULL);
	expect(&night, NULL, 0, "2026-01-26T20:00:00Z", "first", NULL, NULL);
	/* a working day without layer is a hole; the weekend is the chief's */
	expect(&night, NULL, 0, "2026-01-07T11:00:00Z", "", "2026-01-07T08:00:00.000Z", "2026-01-07T17:00:00.000Z");
	expect(&night, NULL, 0, "2026-01-10T11:00:00Z", "chief", "2026-01-10T07:00:00.000Z", "2026-01-10T19:00:00.000Z");
	/* before the first turn nobody is on call */
	expect(&night, NULL, 0, "2026-01-03T20:00:00Z", "", NULL, NULL);
}
END

/* A shift over the night that is an hour short, and over the one that is an hour long. */
UNIT(schedule_shifts_follow_the_local_clock_over_dst)
{
	expect(&night, NULL, 0, "2026-03-29T00:30:00Z", "third", "2026-03-28T19:00:00.000Z", "2026-03-29T06:00:00.000Z");
	expect(&night, NULL, 0, "2026-10-25T00:30:00Z", "third", "2026-10-24T18:00:00.000Z", "2026-10-25T07:00:00.000Z");
}
END

UNIT(schedule_override_goes_before_and_ends)
{
	struct override swap = {.schedule = STR("night"), .user = STR("second"), .from = at("2026-01-06T00:00:00Z"),
	    .to = at("2026-01-06T03:00:00Z"), .why = STR("train is late")};
	const struct override *o[] = {&swap};
	expect(&night, o, 1, "2026-01-06T01:00:00Z", "second", "2026-01-06T00:00:00.000Z", "2026-01-06T03:00:00.000Z");
	expect(&night, o, 1, "2026-01-06T03:00:00Z", "first", "2026-01-06T03:00:00.000Z", "2026-01-06T08:00:00.000Z");
	struct schedule guarded = night;
	guarded.fallback = STR("duty-manager");
	expect(&guarded, NULL, 0, "2026-01-07T11:00:00Z", "duty-manager", NULL, NULL);
}
END

struct seen {
	const struct schedule *s;
	msec_t next;
	int n;
};

/* The walk has no gaps, and every minute of a shift gives the answer of the shift. */
static bool
check_shift(void *arg, const struct shift *x)
{
	struct seen *seen = arg;
	struct arena *a = arena_create();
	ck_assert_int_eq(x->from, seen->next);
	ck_assert(x->to > x->from);
	seen->next = x->to;
	seen->n++;
	for (msec_t t = x->from; t < x->to; t += 7 * MINUTE) {
		struct shift y = schedule_at(seen->s, NULL, 0, t, a);
		ck_assert_msg(str_eq(y.user, x->user) && y.layer == x->layer, "%.*s is not %.*s", STR_ARG(y.user), STR_ARG(x->user));
		arena_reset(a);
	}
	arena_destroy(&a);
	return true;
}

UNIT(schedule_views_and_pages_agree_minute_by_minute)
{
	static const char *const stretches[][2] = {{"2026-03-27T00:00:00Z", "2026-03-31T00:00:00Z"}, {"2026-10-23T00:00:00Z", "2026-10-27T00:00:00Z"}};
	for (int i = 0; i < 2; i++) {
		struct arena *a = arena_create();
		struct seen seen = {.s = &night, .next = at(stretches[i][0])};
		schedule_walk(&night, NULL, 0, at(stretches[i][0]), at(stretches[i][1]), a, check_shift, &seen);
		ck_assert_int_eq(seen.next, at(stretches[i][1]));
		ck_assert_int_gt(seen.n, 6);
		arena_destroy(&a);
	}
}
END

UNIT(schedule_and_policy_checks_say_what_is_wrong)
{
	struct err e;
	struct layer bad = layers[0];
	struct schedule s = {.time_zone = STR("UTC"), .layers = {&bad, 1}};
	ck_assert_int_eq(schedule_check(&night, &e), RC_OK);
	bad.start = STR("tomorrow");
	ck_assert_int_eq(schedule_check(&s, &e), RC_INVALID);
	ck_assert_str_eq(e.text, "layer 1: start \"tomorrow\" is not a day such as 2026-01-05");
	struct str who[] = {STR("nobody")};
	struct step step = {.notify = {who, 1}, .after = MINUTE};
	struct policy p = {.steps = {&step, 1}, .repeat = 1};
	ck_assert_int_eq(policy_check(&p, &e), RC_INVALID);
	ck_assert_str_eq(e.text, "steps: \"nobody\" is none of schedule:<name>, user:<name>, team:<name>");
}
END
