/*
 * beat.c — heartbeats: a report is taken, one that does not come is an alert.
 *
 * [B1]   The state of every heartbeat is in memory and in the ledger alike; its timer "beat/<customer>/<name>" is set
 *        for the moment at which it is late, and not while it is late.
 * [B2]   The labels of the alert that fires are kept with the state, whatever the resource says since: only by them can
 *        it be resolved.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "engine/engine_impl.h"
#include "ingest/heartbeat.h"

enum { FIRES_FOR = 3650, WINDOW = 60 * 1000 };

/* One in memory; its texts are in the arena, which is made anew at every change. */
struct beat {
	struct heartbeat_memory memory;
	struct arena *arena;
	msec_t window; /* of counting reports */
	int heard;
};

static struct str
key_of(struct arena *a, struct str owner, struct str name)
{
	return arena_fmt(a, "%.*s/%.*s", STR_ARG(owner), STR_ARG(name));
}

static void
beat_free(struct beat *b)
{
	arena_destroy(&b->arena);
	mem_free(b);
}

static void
set_memory(struct beat *b, const struct heartbeat_memory *m)
{
	struct arena *fresh = arena_create();
	struct heartbeat_memory copy;
	record_copy(&heartbeat_memory_layout, &copy, m, fresh);
	arena_destroy(&b->arena);
	b->arena = fresh;
	b->memory = copy;
}

static struct beat *
beat_at(struct engine *e, struct str key)
{
	struct beat *b = map_get(e->beats, key);
	if (!b) {
		b = mem_new(struct beat);
		map_put(e->beats, key, b);
	}
	return b;
}

static bool
load_row(void *arg, const struct row *row)
{
	struct arena *a = arena_create();
	struct heartbeat_memory m;
	struct err ignored;
	if (record_decode(&heartbeat_memory_layout, &m, row->value, a, &ignored) == RC_OK)
		set_memory(beat_at(arg, row->key), &m);
	arena_destroy(&a);
	return true;
}

enum rc
beats_load(struct engine *e, struct err *err)
{
	e->beats = map_create();
	return ledger_scan(e->ledger, STR("heartbeat"), load_row, e, err);
}

void
beats_clear(struct engine *e)
{
	if (e->beats)
		map_each(e->beats, entry)
			beat_free(entry->value);
	map_destroy(&e->beats);
}

/* ---- keeping ---- */

static struct str
timer_id(struct turn *t, struct str key)
{
	return arena_fmt(t->arena, "beat/%.*s", STR_ARG(key));
}

static void
keep(struct engine *e, struct str key, const struct heartbeat_memory *m)
{
	set_memory(beat_at(e, key), m);
	turn_put(e->turn, (struct row_change){.space = STR("heartbeat"), .key = key, .customer = m->customer, .tag = str_c(heartbeat_states[m->state]), .sort = m->last},
	    &heartbeat_memory_layout, m);
	if (m->state != BEAT_LATE && m->due && m->due != MSEC_NEVER)
		turn_timer(e->turn, timer_id(e->turn, key), m->due);
	else
		turn_timer_cancel(e->turn, timer_id(e->turn, key));
}

/* ---- the alert ---- */

static struct str
title_of(const struct heartbeat *h, struct str name)
{
	return h->title.n ? h->title : name;
}

static void
send_alert(struct engine *e, const struct heartbeat_memory *m, struct str summary, bool fires)
{
	struct pair notes[2] = {{STR("description"), m->body.n ? str_to(m->body, 4000) : STR("It said nothing.")}, {STR("summary"), summary}};
	struct alert a = {.customer = m->customer, .labels = m->labels, .annotations = {notes, 2}, .starts_at = fires ? m->since : 0,
	    .ends_at = fires ? e->turn->now + FIRES_FOR * DAY : e->turn->now, .received = e->turn->now};
	struct err err;
	if (!str_utf8(notes[0].value))
		notes[0].value = STR("What it said is not UTF-8.");
	if (road_alert(e->road, e->turn, &a, &err) != RC_OK)
		log_error("engine", "heartbeat %.*s: %s", STR_ARG(m->name), err.text);
}

static struct pairs
labels_of(struct arena *a, const struct heartbeat *h, struct str name)
{
	struct pairs p = {arena_array(a, struct pair, h->labels.n + 4), 0};
	p.p[p.n++] = (struct pair){STR("alertname"), STR("HeartbeatProblem")};
	p.p[p.n++] = (struct pair){STR("heartbeat"), name};
	p.p[p.n++] = (struct pair){STR("job"), name}; /* what alerts are grouped by: each job has a ticket of its own */
	p.p[p.n++] = (struct pair){STR("severity"), h->severity};
	for (size_t i = 0; i < h->labels.n; i++)
		if (!str_is(h->labels.p[i].name, "severity") && !str_is(h->labels.p[i].name, "job"))
			p.p[p.n++] = h->labels.p[i];
	return p;
}

static void
raise_problem(struct engine *e, struct heartbeat_memory *m, const struct heartbeat *h, enum event_kind kind, struct str why)
{
	struct turn *t = e->turn;
	struct str summary = arena_fmt(t->arena, "%.*s %.*s", STR_ARG(title_of(h, m->name)), STR_ARG(why));
	struct event *ev = turn_event(t, kind, m->customer, arena_fmt(t->arena, "heartbeat/%.*s", STR_ARG(m->name)), 0, "%.*s", STR_ARG(summary));
	turn_fact(t, ev, "heartbeat", m->name);
	if (!m->labels.n)
		m->labels = labels_of(t->arena, h, m->name);
	send_alert(e, m, summary, true);
}

static void
end_problem(struct engine *e, struct heartbeat_memory *m, struct str why)
{
	struct turn *t = e->turn;
	if (!m->labels.n)
		return;
	struct event *ev = turn_event(t, EVENT_heartbeat_back, m->customer, arena_fmt(t->arena, "heartbeat/%.*s", STR_ARG(m->name)), 0, "Heartbeat %.*s: %.*s",
	    STR_ARG(m->name), STR_ARG(why));
	turn_fact(t, ev, "heartbeat", m->name);
	send_alert(e, m, why, false);
	m->labels.n = 0;
}

/* ---- resources ---- */

struct finding_uuid {
	struct str uuid;
	const struct resource *resource;
	const struct heartbeat *spec;
};

static bool
has_uuid(void *arg, const struct resource *r, const void *spec)
{
	struct finding_uuid *f = arg;
	const struct heartbeat *h = spec;
	if (!str_eq(h->uuid, f->uuid))
		return true;
	f->resource = r;
	f->spec = h;
	return false;
}

void
beat_changed(struct engine *e, const struct resource *r, const struct heartbeat *h)
{
	struct turn *t = e->turn;
	struct str key = key_of(t->arena, r->customer, r->name);
	struct beat *b = map_get(e->beats, key);
	struct heartbeat_memory m = {.customer = r->customer.n ? r->customer : e->conf->root->desk.default_customer, .name = r->name, .owner = r->customer, .since = t->now};
	if (b)
		record_copy(&heartbeat_memory_layout, &m, &b->memory, t->arena);
	if (h) {
		m.due = heartbeat_due(h, m.last ? m.last : t->now);
		if (m.state != BEAT_LATE && m.due <= t->now)
			m.due = t->now + h->grace;
		keep(e, key, &m);
		return;
	}
	end_problem(e, &m, STR("it is watched no more"));
	turn_timer_cancel(t, timer_id(t, key));
	turn_remove(t, STR("heartbeat"), key);
	if (b)
		beat_free(map_take(e->beats, key));
}

/* Where nobody says a uuid, it is the one that it has, or a new one. */
void
beat_name(struct engine *e, const struct resource *r, struct heartbeat *h, void (*make)(char out[37]))
{
	char uuid[37];
	const void *spec = NULL;
	const struct resource *now = book_resource(e->book, "heartbeat", r->customer, r->name, e->turn->now, &spec);
	if (h->uuid.n)
		return;
	if (now && spec) {
		h->uuid = ((const struct heartbeat *)spec)->uuid;
		return;
	}
	make(uuid);
	h->uuid = arena_str(e->turn->arena, str_c(uuid));
}

/* ---- reports ---- */

static enum rc
within_rate(struct engine *e, struct beat *b, struct err *err)
{
	if (e->turn->now - b->window >= WINDOW || e->turn->now < b->window) {
		b->window = e->turn->now;
		b->heard = 0;
	}
	return ++b->heard <= HEARTBEAT_PER_MINUTE ? RC_OK : err_set(err, RC_REFUSED, "a heartbeat reports at most %d times a minute", HEARTBEAT_PER_MINUTE);
}

enum rc
beat_heard(struct engine *e, const struct heartbeat_ping *p, struct err *err)
{
	struct turn *t = e->turn;
	struct finding_uuid f = {.uuid = p->uuid};
	book_each(e->book, "heartbeat", t->now, has_uuid, &f);
	if (!f.resource)
		return err_set(err, RC_ABSENT, "there is no such heartbeat");
	struct str key = key_of(t->arena, f.resource->customer, f.resource->name);
	struct beat *b = map_get(e->beats, key);
	struct heartbeat_memory m;
	if (!b) {
		beat_changed(e, f.resource, f.spec);
		b = map_get(e->beats, key);
	}
	if (within_rate(e, b, err) != RC_OK)
		return RC_REFUSED;
	record_copy(&heartbeat_memory_layout, &m, &b->memory, t->arena);
	heartbeat_take(&m, f.spec, p);
	if (p->what != HEARD_START && m.state == BEAT_FAILED)
		raise_problem(e, &m, f.spec, EVENT_heartbeat_failed, p->status ? arena_fmt(t->arena, "failed with status %lld", (long long)p->status) : STR("says that it failed"));
	else if (p->what != HEARD_START)
		end_problem(e, &m, STR("it reports again"));
	keep(e, key, &m);
	return RC_OK;
}

void
beat_due(struct engine *e, struct str key)
{
	struct turn *t = e->turn;
	struct beat *b = map_get(e->beats, key);
	struct heartbeat_memory m;
	const void *spec = NULL;
	turn_timer_cancel(t, timer_id(t, key));
	if (!b)
		return;
	record_copy(&heartbeat_memory_layout, &m, &b->memory, t->arena);
	if (!book_resource(e->book, "heartbeat", m.owner, m.name, t->now, &spec) || !spec)
		return;
	if (t->now < m.due) { /* the clock went back */
		turn_timer(t, timer_id(t, key), m.due);
		return;
	}
	m.state = BEAT_LATE;
	m.since = t->now;
	raise_problem(e, &m, spec, EVENT_heartbeat_late, m.started ? STR("is late: it started and did not end") : m.last ? STR("is late") : STR("is late: it has never reported"));
	keep(e, key, &m);
}
