/*
 * quarantine.c — what has ended the engine twice is not handled a third time: it is kept for inspection, and somebody is told.
 *
 * IDEA   After a crash the engine takes one thing a turn for a while, so that the next crash says whose fault it was, in
 *        whatever part of the turn it comes.  What was at fault twice (base/suspect.h) is refused; that is an alert of
 *        the engine's own, and takes the normal road to a ticket.  The core's requests are told of by the engine, too.
 * [Q1]   Alerts are judged each by itself, by customer and labels: they come again with other times, and with others.
 * TRAP   The sign of life and the word to read the configuration are nobody's input and are never refused: everything
 *        else would be blamed on the core that is "silent".
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/os.h"
#include "engine/engine_impl.h"
#include "flow/alert.h"

enum { CAREFUL = 60 * 1000, FILES_MAX = 100, KEPT_MAX = 1 << 20, TOLD_FOR = 7 };

uint64_t
quarantine_print(unsigned kind, struct str bytes)
{
	return str_hash(bytes) ^ (kind + 1) * 0x9e3779b97f4a7c15ull;
}

void
quarantine_begin(struct engine *e)
{
	if (suspect_after_crash()) {
		e->careful_until = e->started + CAREFUL;
		log_warn("engine", "the engine crashed: for a minute it takes one thing a turn, to learn whose fault it is");
	}
}

bool
quarantine_careful(const struct engine *e)
{
	return e->turn->now < e->careful_until;
}

/* ---- keeping ---- */

static size_t
files_in(const char *folder)
{
	DIR *d = opendir(folder);
	size_t n = 0;
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static void
keep(struct engine *e, uint64_t print, const char *kind, struct str actor, struct str bytes)
{
	struct buf text = {0};
	struct err err;
	struct str folder = arena_fmt(e->turn->arena, "%s/quarantine", e->folder);
	struct str path = arena_fmt(e->turn->arena, "%s/%016llx", folder.p, (unsigned long long)print);
	if (access(path.p, F_OK) == 0)
		return;
	buf_fmt(&text, "kind %s\nactor %.*s\nbytes %zu\n\n", kind, STR_ARG(actor), bytes.n);
	buf_str(&text, str_to(bytes, KEPT_MAX));
	enum rc rc = os_make_dirs(folder.p, 0700, &err);
	if (rc == RC_OK && files_in(folder.p) >= FILES_MAX)
		rc = err_set(&err, RC_REFUSED, "%s is full", folder.p);
	if (rc == RC_OK)
		rc = os_replace_file(path.p, buf_view(&text), 0600, &err);
	if (rc != RC_OK)
		log_error("engine", "a message in quarantine cannot be kept: %s", err.text);
	buf_fini(&text);
}

enum rc
quarantine_judge(struct engine *e, uint64_t print, const char *kind, struct str bytes, struct err *err)
{
	if (!suspect_barred(print))
		return RC_OK;
	metric_add(METRIC_quarantine_refusals_total, 1);
	keep(e, print, kind, e->turn->actor, bytes);
	return err_set(err, RC_INVALID, "this has ended the engine %d times and is not tried again: it is in quarantine as %016llx", SUSPECT_DEATHS,
	    (unsigned long long)print);
}

/* ---- telling ---- */

static void
raise_alert(struct engine *e, const struct suspect *s, bool barred)
{
	struct arena *a = e->turn->arena;
	struct pair labels[] = {{STR("alertname"), STR("TocsinQuarantine")}, {STR("print"), arena_fmt(a, "%016llx", (unsigned long long)s->print)},
	    {STR("role"), arena_str(a, str_c(s->role))}, {STR("severity"), STR("critical")}};
	struct pair notes[] = {
	    {STR("description"), arena_fmt(a, "It was: %s.  It is refused until an administrator forgets it (DELETE /api/tocsin/v1/quarantine/%016llx) or another build is installed.", s->what, (unsigned long long)s->print)},
	    {STR("summary"), arena_fmt(a, "Something has ended the process %s %d times and is refused from now on", s->role, s->deaths)}};
	struct alert alert = {.customer = e->conf->root->desk.default_customer, .labels = {labels, 4}, .annotations = {notes, 2}, .starts_at = s->last,
	    .ends_at = barred ? e->turn->now + TOLD_FOR * DAY : e->turn->now, .received = e->turn->now};
	struct err err;
	if (road_alert(e->road, e->turn, &alert, &err) != RC_OK)
		log_error("engine", "%s", err.text);
}

static bool
has(const struct suspect *all, size_t n, uint64_t print)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].print == print && all[i].deaths >= SUSPECT_DEATHS)
			return true;
	return false;
}

void
quarantine_watch(struct engine *e)
{
	struct suspect all[SUSPECTS_MAX];
	uint64_t changes = suspect_changes();
	if (changes == e->suspects_seen)
		return;
	e->suspects_seen = changes;
	size_t n = suspect_list(all);
	for (size_t i = e->told.n; i-- > 0;) {
		if (has(all, n, e->told.p[i].print))
			continue;
		raise_alert(e, &e->told.p[i], false);
		vec_remove(&e->told, i);
	}
	for (size_t i = 0; i < n; i++) {
		if (all[i].deaths < SUSPECT_DEATHS || has(e->told.p, e->told.n, all[i].print))
			continue;
		raise_alert(e, &all[i], true);
		*vec_add(&e->told) = all[i];
	}
}
