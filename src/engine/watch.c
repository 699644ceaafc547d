/*
 * watch.c — the engine watches the core: silent for ten seconds is an alert of the engine's own.
 *
 * TRAP   At a start the core may need a moment: the ten seconds begin with the engine's first turn.
 */
#include "base/log.h"
#include "engine/engine_impl.h"
#include "flow/alert.h"

enum { SILENT = 10 * 1000 };

static void
raise_alert(struct engine *e, bool missing)
{
	struct pair labels[] = {{STR("alertname"), STR("TocsinCoreMissing")}, {STR("severity"), STR("critical")}};
	struct pair note = {STR("summary"), STR("The core process has been silent for ten seconds: nothing is collected, no rule is evaluated")};
	struct alert a = {.customer = e->conf->root->desk.default_customer, .labels = {labels, 2}, .annotations = {&note, 1},
	    .starts_at = e->alive, .ends_at = missing ? e->turn->now + DAY : e->turn->now, .received = e->turn->now};
	struct err err;
	turn_event(e->turn, missing ? EVENT_core_missing : EVENT_core_back, STR(""), STR("core"), 0, "%s",
	    missing ? "The core process has been silent for ten seconds" : "The core process is heard again");
	if (road_alert(e->road, e->turn, &a, &err) != RC_OK)
		log_error("engine", "%s", err.text);
}

void
engine_heard(struct engine *e)
{
	e->alive = e->turn->now;
	if (e->core_missing)
		raise_alert(e, false);
	e->core_missing = false;
	e->watched = true;
}

void
engine_watch(struct engine *e)
{
	if (!e->watched || e->core_missing || e->turn->now - e->alive < SILENT)
		return;
	e->core_missing = true;
	raise_alert(e, true);
}
