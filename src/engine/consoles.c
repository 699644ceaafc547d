/*
 * consoles.c — who has a console open: a page is not held back for a screen at which nobody looks.
 *
 * The process that serves the console says so at every change, and all of it, so that a word that was lost does no harm.
 */
#include "base/mem.h"
#include "engine/engine_impl.h"

void
engine_consoles(struct engine *e, const struct consoles *c)
{
	arena_destroy(&e->consoles_arena);
	e->consoles_arena = arena_create();
	e->consoles = arena_new(e->consoles_arena, struct consoles);
	record_copy(&consoles_layout, e->consoles, c, e->consoles_arena);
}

bool
engine_watched(const struct engine *e, struct str user)
{
	if (!e->consoles || e->consoles->everybody)
		return true;
	for (size_t i = 0; i < e->consoles->users.n; i++)
		if (str_eq(e->consoles->users.p[i], user))
			return true;
	return false;
}
