/*
 * late.c — a group that is not evaluated on time is seen: a metric, and an alert of our own.
 *
 * TRAP   A machine that was suspended misses many moments at once: they are counted, not made up for.  The alert ends when the
 *        group was on time for three evaluations.
 */
#include "base/log.h"
#include "base/metric.h"
#include "rule/group.h"

enum { CALM = 3 };

static void
tell(struct group *g, msec_t now, bool over)
{
	struct arena *a = arena_create();
	struct pair labels[] = {{STR("alertname"), STR("TocsinRulesLate")}, {STR("file"), g->file},
	    {STR("rule_group"), g->conf->name}, {STR("severity"), STR("warning")}};
	struct pair note = {STR("summary"),
	    arena_fmt(a, "The rules of group %.*s were not evaluated on time: %llu moments were missed",
		STR_ARG(g->conf->name), (unsigned long long)g->missed)};
	struct alert alert = {.customer = g->conf->customer,
	    .labels = {labels, 4},
	    .annotations = {&note, 1},
	    .starts_at = g->late_since,
	    .ends_at = over ? now : now + 4 * g->interval + HOUR,
	    .received = now};
	struct alert_batch batch = {.alerts = {&alert, 1}};
	g->rules->doors.alerts(g->rules->doors.arg, &batch);
	arena_destroy(&a);
}

void
group_note_late(struct group *g, msec_t due, msec_t now)
{
	msec_t late = now - due;
	uint64_t missed = late >= g->interval ? (uint64_t)(late / g->interval) : 0;
	metric_set(METRIC_rule_group_late_milliseconds, late > 0 ? late : 0);
	if (missed) {
		g->missed += missed;
		g->on_time = 0;
		metric_add(METRIC_rule_group_missed_total, (int64_t)missed);
		log_warn("rule", "group %.*s is %lld ms late: %llu moments were missed",
		    STR_ARG(g->conf->name), (long long)late, (unsigned long long)missed);
		g->late_since = g->late_since ? g->late_since : now;
		tell(g, now, false);
	} else if (g->late_since && ++g->on_time >= CALM) {
		tell(g, now, true);
		g->late_since = 0;
	}
}
