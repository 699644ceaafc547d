/* state_test.c — an instance's life: pending, firing, kept, resolved, restored. */
#include "unit.h"

#include "rule/state.h"

static const struct rule_times times = {.for_ = 5 * MINUTE, .keep_firing_for = 2 * MINUTE};

static struct labels
one(struct arena *a)
{
	static struct pair p[] = {{STR_INIT("alertname"), STR_INIT("Disk")}};
	return labels_from_pairs((struct pairs){p, 1}, a);
}

static struct instance *
run(struct instances *s, bool holds, msec_t now)
{
	struct arena *a = arena_create();
	instances_begin(s);
	if (holds)
		instances_hold(s, one(a), 1, now);
	instances_end(s, &times, now);
	struct instance *in = map_get(s->map, one(a).bytes);
	arena_destroy(&a);
	return in;
}

UNIT(instance_goes_through_its_life)
{
	static const struct {
		bool holds;
		int minute;
		enum instance_state state;
		bool changed;
	} steps[] = {{true, 0, INSTANCE_PENDING, true}, {true, 4, INSTANCE_PENDING, false}, {true, 5, INSTANCE_FIRING, true},
	    {true, 6, INSTANCE_FIRING, false}, {false, 7, INSTANCE_FIRING, true}, {true, 8, INSTANCE_FIRING, true},
	    {false, 9, INSTANCE_FIRING, true}, {false, 10, INSTANCE_FIRING, false}, {false, 11, INSTANCE_RESOLVED, true},
	    {false, 12, INSTANCE_RESOLVED, false}, {true, 13, INSTANCE_PENDING, true}};
	struct instances s;
	instances_init(&s);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct instance *in = run(&s, steps[i].holds, HOUR + steps[i].minute * MINUTE);
		ck_assert_ptr_nonnull(in);
		ck_assert_msg(in->state == steps[i].state && in->changed == steps[i].changed, "at minute %d", steps[i].minute);
		instances_sweep(&s, HOUR + steps[i].minute * MINUTE);
	}
	instances_fini(&s);
}
END

UNIT(instance_that_never_fired_is_forgotten_at_once)
{
	struct instances s;
	instances_init(&s);
	run(&s, true, HOUR);
	run(&s, false, HOUR + MINUTE);
	instances_sweep(&s, HOUR + MINUTE);
	ck_assert_uint_eq(map_count(s.map), 0);
	instances_fini(&s);
}
END

/* After a restart `for` goes on where it was. */
UNIT(instance_restored_keeps_its_start)
{
	static struct pair p[] = {{STR_INIT("alertname"), STR_INIT("Disk")}};
	struct rule_memory m = {.labels = {p, 1}, .active_at = HOUR};
	struct instances s;
	instances_init(&s);
	instances_restore(&s, &m);
	ck_assert_int_eq(run(&s, true, HOUR + 4 * MINUTE)->state, INSTANCE_PENDING);
	ck_assert_int_eq(run(&s, true, HOUR + 5 * MINUTE)->state, INSTANCE_FIRING);
	instances_fini(&s);
}
END

static const struct rule_times hasty = {.changes = 4, .calm = 10 * MINUTE};

/* The same after a restart: what it did goes on counting. */
UNIT(instance_that_flaps_is_remembered)
{
	struct instances s;
	struct rule_memory m = {0};
	struct arena *a = arena_create();
	instances_init(&s);
	for (int minute = 0; minute < 8; minute++) {
		instances_begin(&s);
		if (minute % 2 == 0)
			instances_hold(&s, one(a), 1, minute * MINUTE);
		instances_end(&s, &hasty, minute * MINUTE);
		struct instance *in = map_get(s.map, one(a).bytes);
		ck_assert(in->flapping == (minute >= 3));
		ck_assert(instance_is_news(in, minute * MINUTE));
		m = instance_memory(in, a, minute * MINUTE);
		ck_assert(!m.removed && m.changes.n == (minute < 4 ? (size_t)minute + 1 : 4));
		struct instances fresh;
		instances_init(&fresh);
		instances_restore(&fresh, &m); /* its texts are the old one's */
		instances_fini(&s);
		s = fresh;
	}
	struct instance *in = map_get(s.map, one(a).bytes);
	ck_assert(in->flapping && in->state == INSTANCE_FIRING);
	for (int minute = 8; minute < 20; minute++) {
		instances_begin(&s);
		instances_end(&s, &hasty, minute * MINUTE);
	}
	ck_assert(in->state == INSTANCE_RESOLVED && instance_is_news(in, 20 * MINUTE) && instance_memory(in, a, 20 * MINUTE).removed);
	instances_fini(&s);
	arena_destroy(&a);
}
END

UNIT(instance_that_flaps_fires_on_until_it_is_calm)
{
	static const struct {
		int minute;
		bool holds;
		enum instance_state state;
		bool flapping;
	} steps[] = {{0, true, INSTANCE_FIRING, false}, {1, false, INSTANCE_RESOLVED, false}, {2, true, INSTANCE_FIRING, false},
	    {3, false, INSTANCE_FIRING, true}, {4, false, INSTANCE_FIRING, true}, {5, true, INSTANCE_FIRING, true}, {6, false, INSTANCE_FIRING, true},
	    {12, false, INSTANCE_FIRING, true}, {15, false, INSTANCE_FIRING, true}, {16, false, INSTANCE_RESOLVED, false},
	    {40, false, INSTANCE_RESOLVED, false}};
	struct instances s;
	instances_init(&s);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct arena *a = arena_create();
		instances_begin(&s);
		if (steps[i].holds)
			instances_hold(&s, one(a), 1, steps[i].minute * MINUTE);
		instances_end(&s, &hasty, steps[i].minute * MINUTE);
		struct instance *in = map_get(s.map, one(a).bytes);
		ck_assert_msg(in && in->state == steps[i].state && in->flapping == steps[i].flapping, "minute %d: %d %d", steps[i].minute, in ? (int)in->state : -1, in && in->flapping);
		arena_destroy(&a);
	}
	instances_sweep(&s, 40 * MINUTE);
	ck_assert_uint_eq(map_count(s.map), 0);
	instances_fini(&s);
}
END
