/* agenda_test.c */
#include <stdio.h>
#include <stdlib.h>

#include "engine/agenda.h"
#include "unit.h"

enum { IDS = 50, STEPS = 20000 };

/* The first of the plain list, as agenda_pop must give it. */
static int
first_due(const msec_t due[IDS], msec_t now)
{
	int best = -1;
	for (int i = 0; i < IDS; i++)
		if (due[i] <= now && (best < 0 || due[i] < due[best]))
			best = i;
	return best;
}

static int
number_of(struct str id)
{
	return (id.p[0] - '0') * 10 + id.p[1] - '0';
}

UNIT(an_agenda_agrees_with_a_plain_list)
{
	struct agenda *a = agenda_create();
	struct arena *arena = arena_create();
	msec_t due[IDS];
	char name[8];
	srand(7);
	for (int i = 0; i < IDS; i++)
		due[i] = MSEC_NEVER;
	for (int step = 0; step < STEPS; step++) {
		int i = rand() % IDS, what = rand() % 8;
		snprintf(name, sizeof name, "%02d", i);
		if (what < 4) {
			due[i] = rand() % 1000;
			agenda_set(a, str_c(name), due[i]);
		} else if (what < 6) {
			due[i] = MSEC_NEVER;
			agenda_cancel(a, str_c(name));
		} else {
			struct str id;
			msec_t now = rand() % 1000;
			int want = first_due(due, now);
			bool got = agenda_pop(a, now, arena, &id);
			ck_assert(got == (want >= 0));
			if (got) {
				ck_assert(due[number_of(id)] == due[want]);
				due[number_of(id)] = MSEC_NEVER;
			}
		}
		int next = first_due(due, MSEC_NEVER - 1);
		ck_assert(agenda_next(a) == (next < 0 ? MSEC_NEVER : due[next]));
		arena_reset(arena);
	}
	agenda_destroy(&a);
	arena_destroy(&arena);
}
END
