/*
 * book_clock.c — what is in force when the wall clock was set back.
 *
 * IDEA   An agreement that was made "from now on" must not cease to be because the clock is set back an hour.  So a moment
 *        is not a wall time but a pair: how often the clock had been set back, and the wall time.  Each setting back
 *        begins a *pass*; what was made in an earlier pass is in force through all of a later one.  A version that was
 *        asked for by its date follows the wall.
 *
 *            wall    02:00      02:30      03:00
 *            pass 0    ├──────────v1─────────┤        v1: made at 02:30, from then on
 *            pass 1    ├────v2────────────────────    v1 is in force from 02:00 on, v2 from 02:10
 *
 * [C1]   A pass is `over` when the clock has reached what lay ahead of it, or was set once more.  Until then it lasts.
 * [C2]   A wall time that was there twice means its second pass; what is outside every pass was there once.
 * TRAP   A clock that wakes in 1970 and is set right an hour later makes a pass of that hour alone: all of history stays
 *        as it was.  That is why `until` is kept with every turn.
 */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "ledger/book_impl.h"

#define RECORD_SELF struct clock_pass
RECORD_LAYOUT(clock_pass, CLOCK_PASS_KEYS)
#undef RECORD_SELF

/* ---- which pass ---- */

static bool
covers(const struct clock_pass *p, msec_t at)
{
	return at >= p->from && at <= (p->over ? p->until : p->ahead);
}

/* [C2] */
static size_t
pass_at(const struct book *b, msec_t at)
{
	size_t n = b->passes.n;
	while (n && !covers(&b->passes.p[n - 1], at))
		n--;
	return n;
}

size_t
book_pass_of(const struct book *b, msec_t at)
{
	size_t n = b->passes.n;
	while (n && !covers(&b->passes.p[n - 1], at) && at < b->passes.p[n - 1].ahead)
		n--;
	return n;
}

/* ---- what is in force ---- */

static bool
is_in_force(const struct book *b, const struct version *v, size_t pass, msec_t at)
{
	size_t own = (size_t)v->resource->pass;
	if (own < pass && v->resource->from_now)
		return true;
	if (own > pass && own <= b->passes.n && at < b->passes.p[own - 1].ahead)
		return false; /* `at` was before the clock was set back */
	return v->from <= at;
}

const struct version *
shelf_version(const struct book *b, const struct shelf *s, msec_t at)
{
	size_t pass = pass_at(b, at), n = s->versions.n;
	while (n && !is_in_force(b, &s->versions.p[n - 1], pass, at))
		n--;
	return n ? &s->versions.p[n - 1] : NULL;
}

static int
by_time(const void *x, const void *y)
{
	const msec_t *a = x, *b = y;
	return (*a > *b) - (*a < *b);
}

size_t
shelf_timeline(const struct book *b, const struct shelf *s, struct version *out, size_t max)
{
	VEC(msec_t) edges = {0};
	const struct version *last = NULL;
	size_t n = 0;
	for (size_t i = 0; i < s->versions.n; i++)
		*vec_add(&edges) = s->versions.p[i].from;
	for (size_t i = 0; i < b->passes.n; i++) {
		*vec_add(&edges) = b->passes.p[i].from;
		*vec_add(&edges) = b->passes.p[i].until + 1;
		*vec_add(&edges) = b->passes.p[i].ahead;
	}
	if (edges.n)
		qsort(edges.p, edges.n, sizeof *edges.p, by_time);
	for (size_t i = 0; i < edges.n; i++) {
		const struct version *v = shelf_version(b, s, edges.p[i]);
		if (!v || v == last)
			continue;
		last = v;
		if (n == max)
			memmove(out, out + 1, --n * sizeof *out);
		out[n++] = (struct version){edges.p[i], v->spec, v->resource};
	}
	vec_fini(&edges);
	return n;
}

/* ---- noticing ---- */

static void
put(struct turn *t, const struct clock_pass *p)
{
	turn_put(t,
	    (struct row_change){.space = STR("clock"),
		.key = arena_fmt(t->arena, "%012lld", (long long)p->number),
		.sort = p->from},
	    &clock_pass_layout, p);
}

static struct clock_pass *
open_pass(const struct book *b)
{
	struct clock_pass *last = b->passes.n ? &b->passes.p[b->passes.n - 1] : NULL;
	return last && !last->over ? last : NULL;
}

static void
end_pass(struct book *b, struct turn *t, struct clock_pass *p)
{
	p->over = true; /* [C1] */
	if (t->now >= p->ahead && t->now - p->until < MINUTE)
		p->until = p->ahead; /* it went on until there; else it was set */
	if (p->ahead > b->ahead)
		b->ahead = p->ahead;
	put(t, p);
}

static void
begin_pass(struct book *b, struct turn *t)
{
	struct clock_pass p = {
	    .number = (int64_t)b->passes.n + 1, .from = t->now, .until = t->now, .ahead = b->ahead};
	char to[TIME_TEXT], ahead[TIME_TEXT];
	*vec_add(&b->passes) = p;
	b->ahead = INT64_MIN;
	put(t, &p);
	turn_event(t, EVENT_clock_changed, STR(""), STR("clock"), 0,
	    "The clock was set back to %s: what was agreed until %s stays in force", time_rfc3339(p.from, to),
	    time_rfc3339(p.ahead, ahead));
}

void
book_clock(struct book *b, struct turn *t)
{
	struct clock_pass *open = open_pass(b);
	bool back = t->now < b->ahead || (open && t->now < open->from);
	bool over = open && (back || t->now >= open->ahead);
	if (over)
		end_pass(b, t, open);
	else if (open && t->now > open->until)
		open->until = t->now;
	if (back)
		begin_pass(b, t);
	else if (over)
		turn_event(t, EVENT_clock_changed, STR(""), STR("clock"), 0,
		    "The clock has passed what was agreed before it was set back");
}

void
book_clock_keep(const struct book *b, struct turn *t)
{
	const struct clock_pass *open = open_pass(b);
	if (open)
		put(t, open);
}

bool
book_changed_by(const struct event *ev)
{
	return str_is(ev->kind, "resource_applied") || str_is(ev->kind, "clock_changed");
}

/* ---- loading ---- */

struct loading {
	struct book *book;
	struct arena *scratch;
	struct err *err;
	enum rc rc;
};

static bool
load_pass(void *arg, const struct row *row)
{
	struct loading *l = arg;
	struct clock_pass *p = vec_add(&l->book->passes);
	l->rc = record_decode(&clock_pass_layout, p, row->value, l->scratch, l->err);
	if (l->rc == RC_OK && p->over && p->ahead > l->book->ahead)
		l->book->ahead = p->ahead;
	return l->rc == RC_OK;
}

enum rc
book_load_passes(struct book *b, struct ledger *ledger, struct err *e)
{
	struct loading l = {b, arena_create(), e, RC_OK};
	enum rc rc = ledger_scan(ledger, STR("clock"), load_pass, &l, e);
	if (open_pass(b))
		b->ahead = INT64_MIN;
	arena_destroy(&l.scratch);
	return rc == RC_OK ? l.rc : rc;
}
