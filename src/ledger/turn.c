/* turn.c — see turn.h. */
#include "ledger/turn.h"

#include <stdio.h>

#include "base/must.h"

struct turn *
turn_create(void)
{
	struct turn *t = mem_new(struct turn);
	t->arena = arena_create();
	return t;
}

void
turn_destroy(struct turn **pt)
{
	struct turn *t = *pt;
	if (!t)
		return;
	arena_destroy(&t->arena);
	vec_fini(&t->events);
	vec_fini(&t->rows);
	vec_fini(&t->timers);
	vec_fini(&t->sends);
	vec_fini(&t->settles);
	mem_free(t);
	*pt = NULL;
}

void
turn_reset(struct turn *t, msec_t now)
{
	arena_reset(t->arena);
	t->now = now;
	t->actor = STR("engine");
	t->events.n = t->rows.n = t->timers.n = t->sends.n = t->settles.n = 0;
	t->redacted = (struct redaction){0};
}

bool
turn_is_empty(const struct turn *t)
{
	return t->events.n + t->rows.n + t->timers.n + t->sends.n + t->settles.n == 0;
}

struct event *
turn_event(struct turn *t, enum event_kind kind, struct str chain, struct str subject, msec_t at, const char *fmt, ...)
{
	char text[2048];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	must(n >= 0);
	struct event *e = vec_add(&t->events);
	*e = (struct event){
	    .chain = arena_str(t->arena, chain.n ? chain : STR("system")),
	    .at = at ? at : t->now,
	    .kind = str_c(event_words[kind]),
	    .subject = arena_str(t->arena, subject),
	    .actor = arena_str(t->arena, t->actor),
	    .text = arena_str(t->arena, str_c(text)),
	};
	return e;
}

void
turn_fact(struct turn *t, struct event *e, const char *name, struct str value)
{
	struct pair *p = arena_array(t->arena, struct pair, e->facts.n + 1);
	size_t at = 0;
	/* sorted by name, so that the canonical bytes do not depend on the order of adding */
	for (; at < e->facts.n && str_cmp(e->facts.p[at].name, str_c(name)) < 0; at++)
		p[at] = e->facts.p[at];
	p[at] = (struct pair){arena_str(t->arena, str_c(name)), arena_str(t->arena, value)};
	for (size_t i = at; i < e->facts.n; i++)
		p[i + 1] = e->facts.p[i];
	e->facts.p = p;
	e->facts.n++;
}

void
turn_fact_i64(struct turn *t, struct event *e, const char *name, int64_t value)
{
	char text[24];
	snprintf(text, sizeof text, "%lld", (long long)value);
	turn_fact(t, e, name, str_c(text));
}

static struct str
encoded(struct turn *t, const struct layout *l, const void *record)
{
	struct buf b = {0};
	record_encode(l, record, &b);
	struct str s = arena_str(t->arena, buf_view(&b));
	buf_fini(&b);
	return s;
}

void
turn_put(struct turn *t, struct row_change row, const struct layout *l, const void *record)
{
	*vec_add(&t->rows) = (struct row_change){
	    .space = arena_str(t->arena, row.space),
	    .key = arena_str(t->arena, row.key),
	    .customer = arena_str(t->arena, row.customer),
	    .tag = arena_str(t->arena, row.tag),
	    .sort = row.sort,
	    .value = encoded(t, l, record),
	};
}

void
turn_remove(struct turn *t, struct str space, struct str key)
{
	*vec_add(&t->rows) = (struct row_change){
	    .space = arena_str(t->arena, space), .key = arena_str(t->arena, key), .remove = true};
}

static struct str
kind_of(struct str id)
{
	ptrdiff_t slash = str_chr(id, '/');
	return slash < 0 ? id : str_to(id, (size_t)slash);
}

void
turn_timer(struct turn *t, struct str id, msec_t due)
{
	struct str copy = arena_str(t->arena, id);
	*vec_add(&t->timers) = (struct timer_change){.id = copy, .kind = kind_of(copy), .due = due};
}

void
turn_timer_cancel(struct turn *t, struct str id)
{
	struct str copy = arena_str(t->arena, id);
	*vec_add(&t->timers) = (struct timer_change){.id = copy, .kind = kind_of(copy), .cancel = true};
}

void
turn_send(struct turn *t, struct send s, const struct layout *l, const void *body)
{
	must(s.key.n && s.channel.n);
	*vec_add(&t->sends) = (struct send){
	    .key = arena_str(t->arena, s.key),
	    .channel = arena_str(t->arena, s.channel),
	    .customer = arena_str(t->arena, s.customer),
	    .subject = arena_str(t->arena, s.subject),
	    .body = encoded(t, l, body),
	    .not_before = s.not_before ? s.not_before : t->now,
	};
}

void
turn_settle(struct turn *t, struct str key, int64_t attempts, msec_t next, struct str result)
{
	*vec_add(&t->settles) = (struct settle){arena_str(t->arena, key), attempts, next, arena_str(t->arena, result)};
}
