/* heartbeat.c — see heartbeat.h. */
#include "ingest/heartbeat.h"

#include <stddef.h>

#include "ingest/cron.h"
#include "label/labels.h"

const char *const heartbeat_words[] = {"ping", "start", "fail", NULL};
const char *const heartbeat_states[] = {"new", "up", "late", "failed", NULL};

#define RECORD_SELF struct heartbeat
RECORD_LAYOUT(heartbeat, HEARTBEAT_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct heartbeat_ping
RECORD_LAYOUT(heartbeat_ping, HEARTBEAT_PING_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct heartbeat_memory
RECORD_LAYOUT(heartbeat_memory, HEARTBEAT_MEMORY_KEYS)
#undef RECORD_SELF

enum { UUID = 36 };

bool
heartbeat_uuid_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		bool hex = (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f');
		if (dash ? s.p[i] != '-' : !hex)
			return false;
	}
	return s.n == UUID;
}

static enum rc
labels_check(struct pairs labels, struct err *e)
{
	for (size_t i = 0; i < labels.n; i++)
		if (!label_name_is_classic(labels.p[i].name) || str_is(labels.p[i].name, "alertname") || str_is(labels.p[i].name, "heartbeat"))
			return err_set(e, RC_INVALID, "labels: \"%.*s\" cannot be a label of its alert", STR_ARG(str_to(labels.p[i].name, 80)));
	return RC_OK;
}

enum rc
heartbeat_check(const void *spec, struct err *e)
{
	const struct heartbeat *h = spec;
	struct cron c;
	if (!h->period == !h->cron.n)
		return err_set(e, RC_INVALID, "a heartbeat has either `period` or `cron`");
	if (h->period && (h->period < 10 * SECOND || h->period > 366 * DAY))
		return err_set(e, RC_INVALID, "period: between 10s and 366d");
	if (h->grace > 31 * DAY || h->early > 31 * DAY)
		return err_set(e, RC_INVALID, "grace and early: at most 31d");
	if (h->uuid.n && !heartbeat_uuid_ok(h->uuid))
		return err_set(e, RC_INVALID, "uuid: \"%.*s\" is not one, in small letters", STR_ARG(str_to(h->uuid, 60)));
	if (!tz_load(h->time_zone, e))
		return err_add(e, "in time_zone");
	if (h->cron.n && cron_parse(h->cron, &c, e) != RC_OK)
		return err_add(e, "in cron");
	if (h->cron.n && cron_next(&c, tz_utc(), 0) == MSEC_NEVER)
		return err_set(e, RC_INVALID, "cron: \"%.*s\" never comes", STR_ARG(str_to(h->cron, 60)));
	return labels_check(h->labels, e);
}

/* The moment that a report at `at` was for, or is next. */
static msec_t
next_time(const struct heartbeat *h, msec_t at)
{
	struct cron c;
	struct err ignored;
	const struct tz *z = tz_load(h->time_zone, &ignored);
	if (h->period || !z || cron_parse(h->cron, &c, &ignored) != RC_OK)
		return at + h->period;
	return cron_next(&c, z, at);
}

msec_t
heartbeat_due(const struct heartbeat *h, msec_t from)
{
	msec_t next = next_time(h, from + (h->cron.n ? h->early : 0));
	return next == MSEC_NEVER ? next : next + h->grace;
}

/* With cron a report belongs to the time before it, unless it is within `early` of the next. */
static bool
is_early(const struct heartbeat_memory *m, const struct heartbeat *h, msec_t at)
{
	return h->cron.n && m->state == BEAT_UP && m->due && at + h->early < m->due - h->grace;
}

static void
end_run(struct heartbeat_memory *m, const struct heartbeat *h, msec_t at)
{
	m->early = is_early(m, h, at);
	m->took = m->started && at > m->started ? at - m->started : 0;
	m->started = 0;
	m->last = at;
	m->due = heartbeat_due(h, at);
}

void
heartbeat_take(struct heartbeat_memory *m, const struct heartbeat *h, const struct heartbeat_ping *p)
{
	enum heartbeat_state before = (enum heartbeat_state)m->state;
	bool bad = p->what == HEARD_FAIL || p->status != 0;
	m->peer = p->peer;
	m->body = p->body;
	if (p->what == HEARD_START) {
		m->started = p->at;
		return;
	}
	end_run(m, h, p->at);
	m->status = p->status;
	m->state = bad ? BEAT_FAILED : BEAT_UP;
	if ((int)before != m->state)
		m->since = p->at;
}
