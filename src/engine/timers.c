/*
 * timers.c — the timer rows in memory.
 *
 * IDEA   A binary heap of (due, id) whose entries are never moved or removed: `due` says what counts for an id, and an
 *        entry that does not agree with it is dropped when it comes up.
 */
#include <string.h>

#include "base/must.h"
#include "engine/engine_impl.h"

struct due_at {
	msec_t due;
};

static bool
before(const struct alarm *a, const struct alarm *b)
{
	return a->due != b->due ? a->due < b->due : strcmp(a->id, b->id) < 0;
}

static void
sift_up(struct engine *e, size_t i)
{
	struct alarm x = e->alarms.p[i];
	for (; i > 0 && before(&x, &e->alarms.p[(i - 1) / 2]); i = (i - 1) / 2)
		e->alarms.p[i] = e->alarms.p[(i - 1) / 2];
	e->alarms.p[i] = x;
}

static struct alarm
take_first(struct engine *e)
{
	struct alarm first = e->alarms.p[0], x = e->alarms.p[--e->alarms.n];
	size_t i = 0, n = e->alarms.n;
	for (;;) {
		size_t c = 2 * i + 1;
		if (c + 1 < n && before(&e->alarms.p[c + 1], &e->alarms.p[c]))
			c++;
		if (c >= n || !before(&e->alarms.p[c], &x))
			break;
		e->alarms.p[i] = e->alarms.p[c];
		i = c;
	}
	if (n)
		e->alarms.p[i] = x;
	return first;
}

/* Does this entry still count? */
static bool
counts(const struct engine *e, const struct alarm *a)
{
	const struct due_at *d = map_get(e->due, str_c(a->id));
	return d && d->due == a->due;
}

static void
drop_stale(struct engine *e)
{
	while (e->alarms.n && !counts(e, &e->alarms.p[0]))
		mem_free(take_first(e).id);
}

void
engine_timer_set(struct engine *e, struct str id, msec_t due)
{
	struct due_at *d = map_get(e->due, id);
	if (d && d->due == due)
		return;
	if (!d) {
		d = mem_new(struct due_at);
		map_put(e->due, id, d);
	}
	d->due = due;
	*vec_add(&e->alarms) = (struct alarm){due, mem_dup(id.p, id.n)};
	sift_up(e, e->alarms.n - 1);
}

void
engine_timer_cancel(struct engine *e, struct str id)
{
	mem_free(map_take(e->due, id));
}

bool
engine_timer_pop(struct engine *e, msec_t now, struct str *id)
{
	drop_stale(e);
	if (!e->alarms.n || e->alarms.p[0].due > now)
		return false;
	struct alarm a = take_first(e);
	*id = arena_str(e->turn->arena, str_c(a.id));
	engine_timer_cancel(e, *id);
	mem_free(a.id);
	return true;
}

msec_t
engine_timer_next(struct engine *e)
{
	drop_stale(e);
	return e->alarms.n ? e->alarms.p[0].due : MSEC_NEVER;
}

void
engine_timers_clear(struct engine *e)
{
	for (size_t i = 0; i < e->alarms.n; i++)
		mem_free(e->alarms.p[i].id);
	vec_fini(&e->alarms);
	map_each(e->due, d)
		mem_free(d->value);
	map_destroy(&e->due);
	e->due = map_create();
}
