/* silence.c — see silence.h. */
#include "alert/silence.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/must.h"
#include "base/time.h"

const char *const silence_states[] = {"pending", "active", "expired", NULL};

#define RECORD_SELF struct silence_matcher
RECORD_LAYOUT(silence_matcher, SILENCE_MATCHER_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct silence
RECORD_LAYOUT(silence, SILENCE_KEYS)
#undef RECORD_SELF

enum { SPACE_LIMIT_MATCHERS = 64 };
static const msec_t retention = 120 * HOUR; /* an expired one is shown for so long */

struct held_silence {
	struct silence s;
	struct arena *arena; /* holds s */
	struct matchers matchers;
};

struct silences {
	struct map *by_id;
	VEC(struct held_silence *) all; /* by id */
	int64_t count_limit, size_limit;
};

struct silences *
silences_create(void)
{
	struct silences *s = mem_new(struct silences);
	s->by_id = map_create();
	return s;
}

static void
drop(struct held_silence *h)
{
	matchers_fini(&h->matchers);
	arena_destroy(&h->arena);
	mem_free(h);
}

void
silences_destroy(struct silences **ps)
{
	struct silences *s = *ps;
	if (!s)
		return;
	for (size_t i = 0; i < s->all.n; i++)
		drop(s->all.p[i]);
	vec_fini(&s->all);
	map_destroy(&s->by_id);
	mem_free(s);
	*ps = NULL;
}

void
silences_limit(struct silences *s, int64_t count, int64_t size)
{
	s->count_limit = count;
	s->size_limit = size;
}

/* ---- the store ---- */

static enum rc
compile(struct matchers *out, const struct silence *s, struct err *e)
{
	static const enum match_op ops[2][2] = {{MATCH_NE, MATCH_EQ}, {MATCH_NRE, MATCH_RE}};
	for (size_t i = 0; i < s->matchers.n; i++) {
		const struct silence_matcher *m = &s->matchers.p[i];
		if (matchers_add(out, m->name, ops[m->is_regex][m->is_equal], m->value, e) != RC_OK)
			return RC_INVALID;
	}
	return RC_OK;
}

static struct held_silence *
hold(const struct silence *s)
{
	struct err e;
	struct held_silence *h = mem_new(struct held_silence);
	h->arena = arena_create();
	record_copy(&silence_layout, &h->s, s, h->arena);
	/* canonical bytes leave out what is false */
	enum rc rc = compile(&h->matchers, &h->s, &e);
	must(rc == RC_OK);
	return h;
}

static size_t
place(const struct silences *s, struct str id)
{
	size_t lo = 0, hi = s->all.n;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (str_cmp(s->all.p[mid]->s.id, id) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void
put(struct silences *s, struct held_silence *h)
{
	size_t at = place(s, h->s.id);
	struct held_silence *old = map_put(s->by_id, h->s.id, h);
	if (old) {
		s->all.p[at] = h;
		drop(old);
		return;
	}
	vec_add(&s->all);
	memmove(&s->all.p[at + 1], &s->all.p[at], (s->all.n - 1 - at) * sizeof *s->all.p);
	s->all.p[at] = h;
}

static bool
load_row(void *arg, const struct row *row)
{
	struct err e;
	struct silence s;
	struct arena *a = arena_create();
	struct matchers m = {0};
	if (record_decode(&silence_layout, &s, row->value, a, &e) == RC_OK && compile(&m, &s, &e) == RC_OK)
		put(arg, hold(&s));
	matchers_fini(&m);
	arena_destroy(&a);
	return true;
}

enum rc
silences_load(struct silences *s, struct ledger *l, struct err *e)
{
	return ledger_scan(l, STR("silence"), load_row, s, e);
}

/* ---- rules ---- */

enum silence_state
silence_state(const struct silence *s, msec_t now)
{
	return now < s->starts_at ? SILENCE_PENDING : now > s->ends_at ? SILENCE_EXPIRED : SILENCE_ACTIVE;
}

static bool
same_matchers(const struct silence *a, const struct silence *b)
{
	if (a->matchers.n != b->matchers.n)
		return false;
	for (size_t i = 0; i < a->matchers.n; i++) {
		const struct silence_matcher *x = &a->matchers.p[i], *y = &b->matchers.p[i];
		if (!str_eq(x->name, y->name) || !str_eq(x->value, y->value) || x->is_regex != y->is_regex ||
		    x->is_equal != y->is_equal)
			return false;
	}
	return true;
}

/* May `b` take the place of `a` under its id? [S2] */
static bool
can_update(const struct silence *a, const struct silence *b, msec_t now)
{
	if (!same_matchers(a, b) || a->all_customers != b->all_customers)
		return false;
	switch (silence_state(a, now)) {
	case SILENCE_ACTIVE:
		return a->starts_at / SECOND == b->starts_at / SECOND && b->ends_at >= now;
	case SILENCE_PENDING:
		return b->starts_at >= now;
	case SILENCE_EXPIRED:
		return false;
	}
	panic("unknown state of a silence");
}

static enum rc
check_matchers(const struct silence *s, struct err *e)
{
	struct matchers m = {0};
	bool all_empty = true;
	if (s->matchers.n == 0 || s->matchers.n > SPACE_LIMIT_MATCHERS)
		return err_set(e, RC_INVALID, "a silence needs from 1 to %d matchers", SPACE_LIMIT_MATCHERS);
	enum rc rc = compile(&m, s, e);
	for (size_t i = 0; i < m.n && rc == RC_OK; i++) {
		all_empty &= matcher_matches(&m.p[i], STR(""));
		if (!label_name_is_valid(m.p[i].name))
			rc = err_set(e, RC_INVALID, "matcher %zu has no valid label name", i + 1);
	}
	matchers_fini(&m);
	if (rc == RC_OK && all_empty)
		return err_set(e, RC_INVALID,
		    "at least one matcher must not match the empty text: this silence would hold back "
		    "everything");
	return rc;
}

static enum rc
check(const struct silences *st, const struct silence *s, msec_t now, struct err *e)
{
	struct buf bytes = {0};
	record_encode(&silence_layout, s, &bytes);
	size_t size = bytes.n;
	buf_fini(&bytes);
	if (st->size_limit && size > (size_t)st->size_limit)
		return err_set(e, RC_REFUSED, "the silence is too large: %zu bytes of %lld", size,
		    (long long)st->size_limit);
	if (s->ends_at == 0)
		return err_set(e, RC_INVALID, "a silence needs an end");
	if (s->ends_at <= s->starts_at)
		return err_set(e, RC_INVALID, "the start must be before the end");
	if (s->ends_at < now)
		return err_set(e, RC_INVALID, "the end cannot be in the past");
	return check_matchers(s, e);
}

/* ---- changes ---- */

static struct str
timer_id(struct turn *t, struct str id)
{
	return arena_fmt(t->arena, "silence/%.*s", STR_ARG(id));
}

static void
save(struct silences *st, struct turn *t, const struct silence *s)
{
	struct held_silence *h = hold(s);
	put(st, h);
	turn_put(t,
	    (struct row_change){
		.space = STR("silence"), .key = h->s.id, .customer = h->s.customer, .sort = h->s.ends_at},
	    &silence_layout, &h->s);
	turn_timer(
	    t, timer_id(t, h->s.id), h->s.ends_at > t->now ? h->s.ends_at + 1 : h->s.ends_at + retention);
}

static void
record(struct turn *t, enum event_kind kind, const struct silence *s, const char *what)
{
	struct str customer = s->all_customers ? STR("system") : s->customer;
	char until[TIME_TEXT];
	struct matchers m = {0};
	struct buf text = {0};
	enum rc rc = compile(&m, s, NULL);
	must(rc == RC_OK);
	matchers_print(&text, &m);
	struct event *e = turn_event(t, kind, customer, timer_id(t, s->id), 0,
	    "%s: %s until %s, by %.*s: %.*s", what, text.p, time_rfc3339(s->ends_at, until),
	    STR_ARG(s->created_by), STR_ARG(str_to(s->comment, 500)));
	turn_fact(t, e, "matchers", buf_view(&text));
	turn_fact(t, e, "until", str_c(until));
	matchers_fini(&m);
	buf_fini(&text);
}

static void
end_now(struct silences *st, struct turn *t, const struct silence *s, const char *why)
{
	struct silence ended = *s;
	if (silence_state(s, t->now) == SILENCE_PENDING)
		ended.starts_at = t->now;
	ended.ends_at = t->now;
	ended.updated_at = t->now;
	record(t, EVENT_silence_ended, s, why);
	/* states look at "after the end": one millisecond makes it so at once */
	ended.ends_at -= 1;
	if (ended.starts_at > ended.ends_at)
		ended.starts_at = ended.ends_at;
	save(st, t, &ended);
}

enum rc
silence_set(struct silences *st, struct turn *t, const struct silence *wanted, struct str new_id, bool admin,
    struct str *id, struct err *e)
{
	struct silence s = *wanted;
	if (s.starts_at == 0)
		s.starts_at = t->now;
	if (s.all_customers && !admin)
		return err_set(e, RC_DENIED, "only an administrator may silence all customers");
	if (check(st, &s, t->now, e) != RC_OK)
		return e ? e->rc : RC_INVALID;
	struct held_silence *prev = s.id.n ? map_get(st->by_id, s.id) : NULL;
	if (prev && !admin && (prev->s.all_customers || !str_eq(prev->s.customer, s.customer)))
		prev = NULL;
	if (s.id.n && !prev)
		return err_set(e, RC_ABSENT, "there is no silence %.*s", STR_ARG(str_to(s.id, 60)));
	s.updated_at = t->now;
	if (prev && can_update(&prev->s, &s, t->now)) {
		*id = arena_str(t->arena, s.id);
		record(t, EVENT_silence_set, &s, "a silence was changed");
		save(st, t, &s);
		return RC_OK;
	}
	if (st->count_limit && st->all.n >= (size_t)st->count_limit)
		return err_set(
		    e, RC_REFUSED, "there are %zu silences already, which is the limit", st->all.n);
	if (prev && silence_state(&prev->s, t->now) != SILENCE_EXPIRED)
		end_now(st, t, &prev->s, "a silence was replaced by another one");
	if (s.starts_at < t->now)
		s.starts_at = t->now;
	s.id = *id = arena_str(t->arena, new_id);
	record(t, EVENT_silence_set, &s, "a silence was made");
	save(st, t, &s);
	return RC_OK;
}

enum rc
silence_expire(struct silences *st, struct turn *t, struct str customer, struct str id, struct err *e)
{
	struct held_silence *h = map_get(st->by_id, id);
	if (!h || (customer.n && (h->s.all_customers || !str_eq(h->s.customer, customer))))
		return err_set(e, RC_ABSENT, "there is no silence %.*s", STR_ARG(str_to(id, 60)));
	if (silence_state(&h->s, t->now) != SILENCE_EXPIRED)
		end_now(st, t, &h->s, "a silence was ended");
	return RC_OK;
}

/* The first wake-up is the end, the second the end of its time on show. */
void
silence_timer(struct silences *st, struct turn *t, struct str timer)
{
	struct str id = str_from(timer, strlen("silence/"));
	struct held_silence *h = map_get(st->by_id, id);
	if (!h || silence_state(&h->s, t->now) != SILENCE_EXPIRED)
		return;
	if (t->now < h->s.ends_at + retention) {
		record(t, EVENT_silence_ended, &h->s, "a silence came to its end");
		turn_timer(t, timer_id(t, h->s.id), h->s.ends_at + retention);
		return;
	}
	turn_remove(t, STR("silence"), id);
	size_t at = place(st, id);
	map_take(st->by_id, id);
	vec_remove(&st->all, at);
	drop(h);
}

/* ---- asking ---- */

static bool
mutes(const struct held_silence *h, struct str customer, struct labels ls, msec_t now)
{
	return silence_state(&h->s, now) == SILENCE_ACTIVE &&
	       (h->s.all_customers || str_eq(h->s.customer, customer)) && matchers_match(&h->matchers, ls);
}

const struct silence *
silences_mute(const struct silences *st, struct str customer, struct labels ls, msec_t now)
{
	for (size_t i = 0; i < st->all.n; i++)
		if (mutes(st->all.p[i], customer, ls, now))
			return &st->all.p[i]->s;
	return NULL;
}

void
silences_muting(
    const struct silences *st, struct str customer, struct labels ls, msec_t now, silence_fn *fn, void *arg)
{
	for (size_t i = 0; i < st->all.n; i++)
		if (mutes(st->all.p[i], customer, ls, now) && !fn(arg, &st->all.p[i]->s))
			return;
}

const struct silence *
silence_get(const struct silences *st, struct str id)
{
	const struct held_silence *h = map_get(st->by_id, id);
	return h ? &h->s : NULL;
}

void
silences_each(const struct silences *st, silence_fn *fn, void *arg)
{
	for (size_t i = 0; i < st->all.n && fn(arg, &st->all.p[i]->s); i++)
		;
}
