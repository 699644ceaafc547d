/* compile_test.c — what the keys of ours come to, in PromQL; the same hour where clocks change and on feasts. */
#include "unit.h"

#include "base/time.h"
#include "promql/promql.h"
#include "rule/compile.h"

static msec_t
moment(const char *text)
{
	msec_t t = 0;
	ck_assert(time_parse_rfc3339(str_c(text), &t));
	return t;
}

static void
comes_to(const struct conf_rule *r, const struct rule_calendar *c, const char *at, const char *want)
{
	struct arena *a = arena_create();
	struct rule_texts t;
	struct err e = {0};
	struct promql *q = NULL;
	ck_assert_msg(rule_compile(r, STR(""), c, moment(at), a, &t, &e) == RC_OK, "%s", e.text);
	ck_assert_str(t.whole, want);
	ck_assert_msg(promql_parse(t.whole, &q, &e) == RC_OK, "%s", e.text);
	promql_destroy(&q);
	arena_destroy(&a);
}

#define SOME_DAY "2026-02-11T10:00:00Z"

UNIT(rule_evolution_is_a_ratio)
{
	struct conf_evolution v = {.of = STR("disk_used{job=\"x\"}"), .more_than = STR("5%"), .within = DAY};
	struct conf_rule r = {.alert = STR("Grows"), .evolution = &v};
	comes_to(&r, NULL, SOME_DAY, "(disk_used{job=\"x\"}) / (disk_used{job=\"x\"} offset 1d) - 1 > 0.05");
	v.direction = DIRECTION_DOWN;
	comes_to(&r, NULL, SOME_DAY, "(disk_used{job=\"x\"}) / (disk_used{job=\"x\"} offset 1d) - 1 < -0.05");
	v.direction = DIRECTION_ANY;
	v.of = STR("sum by (a) (rate(x_total[5m] offset 1m)) / b @ 10");
	v.within = HOUR;
	comes_to(&r, NULL, SOME_DAY,
	    "abs((sum by (a) (rate(x_total[5m] offset 1m)) / b @ 10.000) / (sum by (a) (rate(x_total[5m] "
	    "offset 1h1m)) / b @ 10.000) - 1) > 0.05");
}
END

UNIT(rule_comparison_knows_the_clocks)
{
	static struct str with[] = {STR_INIT("1d"), STR_INIT("1w")};
	struct conf_comparison v = {
	    .of = STR("traffic"), .within = STR("20%"), .with = {with, 2}, .time_zone = STR("Europe/Rome")};
	struct conf_rule r = {.alert = STR("Unlike"), .comparison = &v};
	comes_to(&r, NULL, SOME_DAY,
	    "abs((traffic) / (traffic offset 1d) - 1) > 0.2 and abs((traffic) / (traffic offset 1w) - 1) > "
	    "0.2");
	/* the night of 29 March 2026 has 23 hours in Rome, that of 25 October has 25 */
	comes_to(&r, NULL, "2026-03-29T10:00:00Z",
	    "abs((traffic) / (traffic offset 23h) - 1) > 0.2 and abs((traffic) / (traffic offset 167h) - 1) "
	    "> 0.2");
	comes_to(&r, NULL, "2026-10-25T10:00:00Z",
	    "abs((traffic) / (traffic offset 25h) - 1) > 0.2 and abs((traffic) / (traffic offset 169h) - 1) "
	    "> 0.2");
	comes_to(&r, NULL, "2026-03-30T10:00:00Z",
	    "abs((traffic) / (traffic offset 1d) - 1) > 0.2 and abs((traffic) / (traffic offset 167h) - 1) > "
	    "0.2");
	v.with.n = 1;
	v.average = HOUR;
	comes_to(&r, NULL, SOME_DAY,
	    "abs((avg_over_time((traffic)[1h:])) / (avg_over_time((traffic)[1h:] offset 1d)) - 1) > 0.2");
}
END

    /* Open from Monday to Friday, but for 10 February 2026. */
    static bool
    week(void *arg, struct str customer, struct str calendar, msec_t at, bool *open)
{
	struct civil c = civil_from_seconds(at / 1000);
	*open = c.weekday != 0 && c.weekday != 6 && !(c.month == 2 && c.day == 10);
	return str_is(calendar, "office");
}

UNIT(rule_comparison_compares_open_days_with_open_days)
{
	struct rule_calendar calendar = {NULL, week};
	struct conf_comparison v = {
	    .of = STR("t"), .within = STR("0.2"), .time_zone = STR("UTC"), .calendar = STR("office")};
	struct conf_rule r = {.alert = STR("Unlike"), .comparison = &v};
	comes_to(&r, &calendar, "2026-02-12T10:00:00Z", "abs((t) / (t offset 1d) - 1) > 0.2");
	comes_to(&r, &calendar, "2026-02-11T10:00:00Z",
	    "abs((t) / (t offset 2d) - 1) > 0.2"); /* yesterday was a feast */
	comes_to(&r, &calendar, "2026-02-16T10:00:00Z",
	    "abs((t) / (t offset 3d) - 1) > 0.2"); /* Monday: with Friday */
	comes_to(&r, &calendar, "2026-02-15T10:00:00Z",
	    "abs((t) / (t offset 1d) - 1) > 0.2"); /* Sunday: with Saturday */
	v.calendar = STR("unknown");
	comes_to(&r, &calendar, "2026-02-16T10:00:00Z", "abs((t) / (t offset 1d) - 1) > 0.2");
}
END

UNIT(rule_conditions_are_shown_as_promql)
{
	struct pair labels[] = {{STR("severity"), STR("page")}};
	struct conf_rule r = {.alert = STR("Full"),
	    .expr = STR("100 * used / size > 90 and on (host) up == 1"),
	    .labels = {labels, 1},
	    .resolve_expr = STR("100 * used / size < 80"),
	    .on_no_data = NO_DATA_KEEP};
	comes_to(&r, NULL, SOME_DAY,
	    "(100 * used / size > 90 and on (host) up == 1) or "
	    "(ALERTS{alertname=\"Full\",alertstate=\"firing\"} unless ignoring (alertname, alertstate, "
	    "severity) "
	    "(100 * used / size < 80)) or (ALERTS{alertname=\"Full\",alertstate=\"firing\"} unless ignoring "
	    "(alertname, alertstate, severity) (100 * used / size))");
	r = (struct conf_rule){.alert = STR("Gone"), .expr = STR("5 > up"), .on_no_data = NO_DATA_FIRE};
	comes_to(&r, NULL, SOME_DAY, "(5 > up) or (last_over_time((up)[1d:1m]) unless (up))");
	r.on_no_data = NO_DATA_RESOLVE;
	comes_to(&r, NULL, SOME_DAY, "5 > up");
}
END
