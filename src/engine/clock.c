/*
 * clock.c — waits are meant in elapsed time.
 *
 * IDEA   Timers are wall times, because a restart must find them.  When the wall clock is set back while we run, whatever
 *        somebody is being waited for (a rung's patience, a policy's step, a group's turn, the next try of a delivery)
 *        moves with it: else nobody would be called for as long as the clock went back.
 * TRAP   What is meant by the wall stays: when a calendar opens, an SLA clock's end, a silence's, an alert's.  Forward is
 *        no matter of ours: a machine that slept, and one whose clock was wrong, both have missed what was due.
 */
#include "engine/engine_impl.h"
#include "oncall/escalate.h"

enum { NOTICEABLE = 2 * 1000 }; /* less is a clock that is being disciplined */

struct moved {
	struct str key;
	msec_t due;
};

struct moving {
	struct engine *e;
	msec_t by;
	VEC(struct moved) sends;
};

static void
move_timer(void *arg, struct str id, msec_t due)
{
	struct moving *m = arg;
	if (str_starts(id, STR("page/")))
		turn_timer(m->e->turn, id, due - m->by);
}

static bool
move_escalation(void *arg, struct ticket *k)
{
	struct moving *m = arg;
	if (escalation_move(m->e->turn, k, m->by))
		desk_save(m->e->desk, m->e->turn, k);
	return true;
}

static void
move_send(void *arg, struct str key, msec_t due)
{
	struct moving *m = arg;
	*vec_add(&m->sends) = (struct moved){arena_str(m->e->turn->arena, key), due - m->by};
}

static void
move_sends(struct moving *m)
{
	agenda_each(m->e->sends, move_send, m);
	for (size_t i = 0; i < m->sends.n; i++)
		agenda_set(m->e->sends, m->sends.p[i].key, m->sends.p[i].due);
	vec_fini(&m->sends);
}

void
engine_clock(struct engine *e)
{
	msec_t offset = e->turn->now - loop_now(e->loop), back = e->wall_offset - offset;
	bool known = e->wall_known;
	struct moving m = {.e = e, .by = back};
	e->wall_offset = offset;
	e->wall_known = true;
	if (!known || back < NOTICEABLE)
		return;
	agenda_each(e->timers, move_timer, &m);
	desk_each(e->desk, move_escalation, &m);
	road_move(e->road, e->turn, back);
	move_sends(&m);
}
