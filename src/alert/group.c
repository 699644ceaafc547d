/*
 * group.c — alerts that are told together, and when.
 *
 *            insert                       group_wait          group_interval
 *     (none) ------> waiting for company ----------> flushed ---------------> flushed … until it is empty
 *
 * A flush asks, in Alertmanager's order: inhibited? outside its hours? silenced? — and then each integration:
 * is there news (nflog.c)?  Who is sure to be told is in the outbox; trying again is not ours.
 */
#include <stdlib.h>
#include <string.h>

#include "alert/payload.h"
#include "alert/road_impl.h"
#include "alert/tell.h"
#include "alert/window.h"
#include "base/quote.h"

/* ---- making and dropping ---- */

static void
print_labels(struct buf *b, struct pairs p)
{
	buf_ch(b, '{');
	for (size_t i = 0; i < p.n; i++) {
		buf_fmt(b, "%s%.*s=", i ? ", " : "", STR_ARG(p.p[i].name));
		quote_add(b, p.p[i].value);
	}
	buf_ch(b, '}');
}

/* The default customer's keys are Alertmanager's own, so that what receivers remember stays right. */
static void
print_key(struct buf *b, const struct route *r, struct str customer, struct pairs labels)
{
	if (!str_is(customer, "default"))
		buf_fmt(b, "%.*s|", STR_ARG(customer));
	buf_fmt(b, "%s:", r->key);
	print_labels(b, labels);
}

static struct str
print_id(struct arena *a, const struct route *r, struct str customer, struct str key)
{
	struct buf b = {0};
	buf_fmt(&b, "%.*s\xff%.*s\xff%.*s", STR_ARG(customer), STR_ARG(key), STR_ARG(r->conf->receiver));
	uint64_t hash = str_hash(buf_view(&b));
	buf_fini(&b);
	return arena_fmt(a, "group/%016llx", (unsigned long long)hash);
}

static struct group *
create(const struct route *r, const struct held *h, struct str key, struct str id, struct pairs labels)
{
	struct group *g = mem_new(struct group);
	g->route = r;
	g->customer = mem_dup(h->a.customer.p, h->a.customer.n);
	g->key = mem_dup(key.p, key.n);
	g->id = mem_dup(id.p, id.n);
	g->labels = pairs_dup(labels);
	return g;
}

static void
destroy(struct group *g)
{
	for (size_t i = 0; i < g->alerts.n; i++)
		g->alerts.p[i]->refs--;
	vec_fini(&g->alerts);
	mem_free(g->labels.p);
	mem_free(g->customer);
	mem_free(g->key);
	mem_free(g->id);
	mem_free(g);
}

void
groups_clear(struct road *r, struct turn *t)
{
	map_each (r->groups, e) {
		struct group *g = e->value;
		if (t)
			turn_timer_cancel(t, str_c(g->id));
		destroy(g);
	}
	map_destroy(&r->groups);
	r->groups = map_create();
}

static bool
has(const struct group *g, const struct held *h)
{
	for (size_t i = 0; i < g->alerts.n; i++)
		if (g->alerts.p[i] == h)
			return true;
	return false;
}

/* ---- inserting ---- */

struct inserting {
	struct road *road;
	struct turn *turn;
	struct held *held;
	struct road_change *change;
};

static void
schedule(struct turn *t, struct group *g, msec_t due)
{
	g->next = due;
	turn_timer(t, str_c(g->id), due);
}

static void
join(struct inserting *in, struct group *g, bool new_group)
{
	struct held *h = in->held;
	struct turn *t = in->turn;
	*vec_add(&g->alerts) = h;
	h->refs++;
	struct event *e = turn_event(t, EVENT_alert_routed, h->a.customer, held_subject(t, h), 0,
	    "handed to receiver \"%.*s\" in group %s", STR_ARG(g->route->conf->receiver), g->key);
	turn_fact(t, e, "group", str_c(g->key));
	turn_fact(t, e, "receiver", g->route->conf->receiver);
	if (!new_group)
		return;
	msec_t wait = g->route->conf->group_wait;
	schedule(t, g, h->a.starts_at + wait < t->now ? t->now : t->now + wait);
}

static enum conf_desk
desk_of(const struct route *r)
{
	enum conf_desk d = (enum conf_desk)r->conf->desk;
	return d == DESK_DEFAULT && r->receiver ? (enum conf_desk)r->receiver->desk : d;
}

static void
insert_one(void *arg, const struct route *route)
{
	struct inserting *in = arg;
	struct arena *a = in->turn->arena;
	struct str customer = in->held->a.customer;
	struct pairs labels = route_group_labels(route, in->held->a.labels, a);
	struct buf key = {0};
	print_key(&key, route, customer, labels);
	struct str id = print_id(a, route, customer, buf_view(&key));
	struct group *g = map_get(in->road->groups, id);
	bool new_group = g == NULL;
	if (new_group) {
		g = create(route, in->held, buf_view(&key), id, labels);
		map_put(in->road->groups, id, g);
	}
	buf_fini(&key);
	if (!has(g, in->held))
		join(in, g, new_group);
	if (in->change->group.n == 0) {
		in->change->group = arena_str(a, str_c(g->key));
		in->change->desk = desk_of(route);
	}
}

void
group_insert(struct road *r, struct turn *t, struct held *h, struct road_change *change)
{
	struct inserting in = {r, t, h, change};
	routes_match(r->routes, h->labels, insert_one, &in);
}

/* ---- flushing ---- */

struct strs
group_muted_by(const struct group *g, msec_t now, struct arena *a)
{
	const struct route *r = g->route;
	struct strs by = {arena_array(a, struct str, r->mute.n + r->active.n), 0};
	bool active = r->active.n == 0;
	for (size_t i = 0; i < r->active.n && !active; i++)
		active = window_holds(r->active.p[i], now);
	for (size_t i = 0; i < r->active.n && !active; i++)
		by.p[by.n++] = r->active.p[i]->name;
	for (size_t i = 0; i < r->mute.n; i++)
		if (window_holds(r->mute.p[i], now))
			by.p[by.n++] = r->mute.p[i]->name;
	return by;
}

static int
by_labels(const void *a, const void *b)
{
	static const char *const first[] = {"job", "instance"};
	const struct held *x = *(struct held *const *)a, *y = *(struct held *const *)b;
	for (size_t i = 0; i < 2; i++) {
		int c =
		    str_cmp(labels_get(x->labels, str_c(first[i])), labels_get(y->labels, str_c(first[i])));
		if (c)
			return c;
	}
	return labels_cmp(x->labels, y->labels);
}

/* Records when an alert begins or ceases to be held back. */
static void
note_hold(struct turn *t, struct held *h, const struct held *inhibitor, const struct silence *s)
{
	struct event *e = NULL;
	if (inhibitor && !h->inhibited) {
		e = turn_event(t, EVENT_alert_inhibited, h->a.customer, held_subject(t, h), 0,
		    "held back by alert %s", inhibitor->hex);
		turn_fact(t, e, "by", str_c(inhibitor->hex));
	} else if (!inhibitor && s && !h->silenced) {
		e = turn_event(t, EVENT_alert_silenced, h->a.customer, held_subject(t, h), 0,
		    "held back by silence %.*s: %.*s", STR_ARG(s->id), STR_ARG(str_to(s->comment, 500)));
		turn_fact(t, e, "by", s->id);
	} else if (!inhibitor && !s && (h->silenced || h->inhibited)) {
		turn_event(t, EVENT_alert_released, h->a.customer, held_subject(t, h), 0,
		    "nothing holds it back any more");
	}
	h->inhibited = inhibitor != NULL;
	h->silenced = !inhibitor && s;
}

/* Those that may be told, in their order. */
static size_t
select_alerts(struct road *r, struct turn *t, const struct group *g, struct held **out)
{
	size_t n = 0;
	for (size_t i = 0; i < g->alerts.n; i++) {
		struct held *h = g->alerts.p[i];
		const struct held *inhibitor = inhibited_by(r, h, t->now);
		const struct silence *s =
		    inhibitor ? NULL : silences_mute(r->silences, h->a.customer, h->labels, t->now);
		note_hold(t, h, inhibitor, s);
		if (!inhibitor && !s)
			out[n++] = h;
	}
	if (n > 1)
		qsort(out, n, sizeof *out, by_labels);
	return n;
}

static void
drop_resolved(struct road *r, struct turn *t, struct group *g)
{
	for (size_t i = g->alerts.n; i-- > 0;) {
		struct held *h = g->alerts.p[i];
		if (held_fires(h, t->now))
			continue;
		vec_remove(&g->alerts, i);
		if (--h->refs == 0)
			held_forget(r, t, h);
	}
}

static void
end_flush(struct road *r, struct turn *t, struct group *g)
{
	drop_resolved(r, t, g);
	if (g->alerts.n) {
		schedule(t, g, t->now + g->route->conf->group_interval);
		return;
	}
	nflog_settled(r, t, g);
	turn_timer_cancel(t, str_c(g->id));
	map_take(r->groups, str_c(g->id));
	destroy(g);
}

/* Records when the hours begin or cease to keep a group from being told. */
static bool
is_muted(struct turn *t, struct group *g)
{
	struct strs by = group_muted_by(g, t->now, t->arena);
	if (by.n && !g->muted) {
		struct event *e = turn_event(t, EVENT_group_muted, str_c(g->customer), str_c(g->id), 0,
		    "receiver \"%.*s\" is not told of group %s: time interval \"%.*s\"",
		    STR_ARG(g->route->conf->receiver), g->key, STR_ARG(by.p[0]));
		turn_fact(t, e, "group", str_c(g->key));
		turn_fact(t, e, "interval", by.p[0]);
	}
	g->muted = by.n > 0;
	return g->muted;
}

void
road_move(struct road *r, struct turn *t, msec_t by)
{
	map_each(r->groups, e) {
		struct group *g = e->value;
		schedule(t, g, g->next - by);
	}
}

void
group_flush(struct road *r, struct turn *t, struct str id)
{
	struct group *g = map_get(r->groups, id);
	if (!g)
		return; /* of an earlier configuration */
	if (t->now < g->next) {
		turn_timer(t, id, g->next);
		return;
	}
	for (size_t i = 0; i < g->alerts.n; i++)
		road_end(r, t, g->alerts.p[i]);
	struct held **alerts = arena_array(t->arena, struct held *, g->alerts.n);
	size_t n = select_alerts(r, t, g, alerts);
	if (!is_muted(t, g) && n)
		tell_receiver(r, t, &(struct told){.group = g, .alerts = alerts, .n = n, .now = t->now});
	end_flush(r, t, g);
}
