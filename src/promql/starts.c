/* starts.c — see starts.h. */
#include "promql/starts.h"

bool
starts_reset(struct stamp before, struct stamp now)
{
	if (now.start == 0 || now.start >= now.t || now.start < before.t) /* not known, or the same as before */
		return false;
	if (now.start > before.t)
		return true;
	/* It begins where the one before ends: a difference, or a sum whose sender has put this for want of a start. */
	return before.start != 0 && before.start < before.t;
}

bool
starts_reset_at(const msec_t *t, const msec_t *starts, size_t i)
{
	return starts && starts_reset((struct stamp){t[i - 1], starts[i - 1]}, (struct stamp){t[i], starts[i]});
}

void
starts_note_overlap(const struct window *w, const msec_t *t, const msec_t *starts, size_t n)
{
	for (size_t i = 1; starts && i < n; i++) {
		if (!starts[i] || starts[i] >= t[i - 1] || starts[i] == starts[i - 1])
			continue;
		eval_note(w->ev, true, w->call->args[0], "sample has start time that overlaps with previous sample timestamp for metric \"%.*s\"",
		    STR_ARG(labels_get(w->labels, STR(LABEL_METRIC))));
		return;
	}
}

bool
starts_within(const struct window *w, msec_t t, const msec_t *starts)
{
	return starts && starts[0] != 0 && starts[0] > w->start && starts[0] < t;
}

/* One start for all, before everything that is looked at, is what no start would be, too. */
bool
starts_matter(const msec_t *t, const msec_t *starts, size_t n, msec_t from)
{
	if (!starts || n == 0)
		return false;
	bool one = starts[0] == 0 || (starts[0] <= from && starts[0] <= t[0]);
	for (size_t i = 1; one && i < n; i++)
		one = starts[i] == starts[0];
	return !one;
}
