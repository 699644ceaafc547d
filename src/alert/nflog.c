/*
 * nflog.c — what every integration was last told of every group, and so: must it be told now?
 *
 * Alertmanager's rules, in its order.  An entry is forgotten after twice the repeat interval.
 */
#include <string.h>

#include "alert/road_impl.h"

#define RECORD_SELF struct nflog
RECORD_LAYOUT(nflog, NFLOG_KEYS)
#undef RECORD_SELF

struct str
nflog_key(struct turn *t, const struct group *g, const char *kind, size_t index)
{
	return arena_fmt(t->arena, "%s/%s/%zu", g->id, kind, index);
}

static void
own(struct logged *l, const struct nflog *n)
{
	l->entry = *n;
	l->entry.firing = str_n(mem_dup(n->firing.p, n->firing.n), n->firing.n);
	l->entry.resolved = str_n(mem_dup(n->resolved.p, n->resolved.n), n->resolved.n);
}

static void
disown(struct logged *l)
{
	mem_free((void *)l->entry.firing.p);
	mem_free((void *)l->entry.resolved.p);
}

static void
put(struct road *r, struct str key, const struct nflog *n)
{
	struct logged *l = map_get(r->nflog, key);
	if (l)
		disown(l);
	else {
		l = mem_new(struct logged);
		map_put(r->nflog, key, l);
	}
	own(l, n);
}

void
nflog_put(struct road *r, struct turn *t, struct str key, const struct nflog *n)
{
	put(r, key, n);
	turn_put(
	    t, (struct row_change){.space = STR("nflog"), .key = key, .sort = n->expires}, &nflog_layout, n);
}

const struct nflog *
nflog_get(const struct road *r, struct str key, msec_t now)
{
	const struct logged *l = map_get(r->nflog, key);
	return l && l->entry.expires > now ? &l->entry : NULL;
}

static void
forget(struct road *r, struct turn *t, struct str key)
{
	struct logged *l = map_take(r->nflog, key);
	turn_remove(t, STR("nflog"), key);
	disown(l);
	mem_free(l);
}

void
nflog_sweep(struct road *r, struct turn *t)
{
	VEC(struct str) gone = {0};
	map_each (r->nflog, e) {
		const struct logged *l = e->value;
		if (l->entry.expires <= t->now)
			*vec_add(&gone) = arena_str(t->arena, e->key);
	}
	for (size_t i = 0; i < gone.n; i++)
		forget(r, t, gone.p[i]);
	vec_fini(&gone);
}

static void
settled(struct road *r, struct turn *t, const struct group *g, const char *kind, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct str key = nflog_key(t, g, kind, i);
		const struct logged *l = map_get(r->nflog, key);
		if (l && l->entry.firing.n == 0)
			forget(r, t, key);
	}
}

/* Without firing alerts an entry says the same as none. */
void
nflog_settled(struct road *r, struct turn *t, const struct group *g)
{
	const struct conf_receiver *to = g->route->receiver;
	if (!to)
		return;
	settled(r, t, g, "webhook", to->webhook_configs.n);
	settled(r, t, g, "email", to->email_configs.n);
}

void
nflog_clear(struct road *r)
{
	map_each (r->nflog, e) {
		disown(e->value);
		mem_free(e->value);
	}
	map_destroy(&r->nflog);
	r->nflog = map_create();
}

static bool
load_row(void *arg, const struct row *row)
{
	struct arena *a = arena_create();
	struct nflog n;
	if (record_decode(&nflog_layout, &n, row->value, a, NULL) == RC_OK)
		put(arg, row->key, &n);
	arena_destroy(&a);
	return true;
}

enum rc
nflog_load(struct road *r, struct ledger *l, struct err *e)
{
	return ledger_scan(l, STR("nflog"), load_row, r, e);
}

/* Both are sorted fingerprints of 8 bytes. */
static bool
subset(struct str part, struct str whole)
{
	size_t at = 0;
	for (size_t i = 0; i < part.n; i += 8) {
		while (at < whole.n && memcmp(whole.p + at, part.p + i, 8) < 0)
			at += 8;
		if (at == whole.n || memcmp(whole.p + at, part.p + i, 8) != 0)
			return false;
	}
	return true;
}

const char *
nflog_reason(const struct nflog *was, const struct nflog *is, bool send_resolved, msec_t repeat, msec_t now)
{
	if (!was)
		return is->firing.n ? "first notification" : NULL;
	if (!subset(is->firing, was->firing))
		return was->firing.n ? "new alerts in the group" : "first notification";
	if (is->firing.n == 0)
		return was->firing.n ? "all alerts resolved" : NULL;
	if (send_resolved && !subset(is->resolved, was->resolved))
		return "some alerts resolved";
	return was->at < now - repeat ? "repeat interval passed" : NULL;
}
