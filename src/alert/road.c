/* road.c — see road.h. */
#include <string.h>

#include "alert/road_impl.h"

struct road *
road_create(road_change_fn *changed, void *arg)
{
	struct road *r = mem_new(struct road);
	r->changed = changed;
	r->arg = arg;
	r->silences = silences_create();
	r->alerts = map_create();
	r->customers = map_create();
	r->groups = map_create();
	r->nflog = map_create();
	r->sources = map_create();
	return r;
}

static void
free_values(struct map **m)
{
	map_each (*m, e)
		mem_free(e->value);
	map_destroy(m);
}

void
road_destroy(struct road **pr)
{
	struct road *r = *pr;
	if (!r)
		return;
	groups_clear(r, NULL);
	inhibit_clear(r);
	nflog_clear(r);
	map_each (r->alerts, e)
		held_destroy(e->value);
	map_destroy(&r->alerts);
	free_values(&r->customers);
	map_destroy(&r->groups);
	map_destroy(&r->nflog);
	map_destroy(&r->sources);
	silences_destroy(&r->silences);
	tmpl_set_destroy(&r->templates);
	routes_destroy(&r->routes);
	mem_free(r);
	*pr = NULL;
}

struct silences *
road_silences(struct road *r)
{
	return r->silences;
}

size_t
road_count(const struct road *r)
{
	return map_count(r->alerts);
}

/* ---- the store ---- */

static struct held *
hold(struct road *r, const struct held_alert *a)
{
	struct held *h = held_create(a);
	map_put(r->alerts, str_c(h->key), h);
	size_t *count = map_get(r->customers, h->a.customer);
	if (!count) {
		count = mem_new(size_t);
		map_put(r->customers, h->a.customer, count);
	}
	++*count;
	return h;
}

static bool
load_row(void *arg, const struct row *row)
{
	struct arena *a = arena_create();
	struct held_alert alert;
	if (record_decode(&held_alert_layout, &alert, row->value, a, NULL) == RC_OK)
		hold(arg, &alert);
	arena_destroy(&a);
	return true;
}

static const struct conf_limits *
limits(const struct road *r)
{
	return &r->routes->conf->root->limits;
}

enum rc
road_load(struct road *r, struct ledger *l, msec_t now, struct err *e)
{
	msec_t grace = r->routes ? r->routes->conf->root->global.am.resolve_timeout : 5 * MINUTE;
	if (silences_load(r->silences, l, e) != RC_OK || nflog_load(r, l, e) != RC_OK ||
	    ledger_scan(l, STR("alert"), load_row, r, e) != RC_OK)
		return e->rc;
	map_each (r->alerts, entry) {
		struct held *h = entry->value;
		if (!h->a.resolved && h->a.ends_at < now + grace)
			h->a.ends_at = now + grace;
	}
	return RC_OK;
}

/* ---- configuration ---- */

static enum rc
read_templates(const struct conf *c, struct tmpl_set **out, struct err *e)
{
	*out = tmpl_set_create(TMPL_ALERTMANAGER);
	tmpl_add_defaults(*out);
	for (size_t i = 0; i < c->templates.n; i++)
		if (tmpl_add(*out, c->templates.p[i].path, c->templates.p[i].text, e) != RC_OK) {
			tmpl_set_destroy(out);
			return RC_INVALID;
		}
	return RC_OK;
}

static struct str
alert_timer(struct turn *t, const struct held *h)
{
	return arena_fmt(t->arena, "alert/%s", h->key);
}

/* ---- what the desk does not hear of yet ---- */

static bool
is_muted(const struct road *r, const struct held *h, msec_t now)
{
	return inhibited_by(r, h, now) || silences_mute(r->silences, h->a.customer, h->labels, now);
}

static void
withhold(struct road *r, struct held *h, bool yes)
{
	if (h->withheld == yes)
		return;
	h->withheld = yes;
	if (yes)
		r->withheld++;
	else
		r->withheld--;
}

/* Those that nobody waits for any more go; the others are routed anew. */
static void
route_all(struct road *r, struct turn *t)
{
	VEC(struct held *) all = {0};
	map_each (r->alerts, e)
		*vec_add(&all) = e->value;
	for (size_t i = 0; i < all.n; i++) {
		struct road_change none = {.group = STR("-")};
		struct held *h = all.p[i];
		inhibit_add(r, h);
		group_insert(r, t, h, &none);
		if (!h->a.resolved)
			turn_timer(t, alert_timer(t, h), h->a.ends_at);
		if (!h->a.resolved)
			withhold(r, h, h->withheld || is_muted(r, h, t->now)); /* the desk knows what it knows already */
		if (h->a.resolved && h->refs == 0)
			held_forget(r, t, h);
	}
	vec_fini(&all);
}

enum rc
road_configure(struct road *r, struct turn *t, struct conf *c, struct err *e)
{
	struct routes *routes;
	struct tmpl_set *templates;
	if (read_templates(c, &templates, e) != RC_OK)
		return RC_INVALID;
	if (routes_create(c, &routes, e) != RC_OK) {
		tmpl_set_destroy(&templates);
		return RC_INVALID;
	}
	groups_clear(r, t);
	inhibit_clear(r);
	routes_destroy(&r->routes);
	tmpl_set_destroy(&r->templates);
	r->routes = routes;
	r->templates = templates;
	silences_limit(r->silences, limits(r)->silences, limits(r)->silence_size);
	nflog_sweep(r, t);
	route_all(r, t);
	return RC_OK;
}

/* ---- what comes in ---- */

static struct pairs
without_empty(struct pairs p, struct arena *a)
{
	struct pairs out = {arena_array(a, struct pair, p.n), 0};
	for (size_t i = 0; i < p.n; i++)
		if (p.p[i].value.n)
			out.p[out.n++] = p.p[i];
	pairs_sort(&out);
	return out;
}

static enum rc
check_pairs(const struct road *r, struct pairs p, const char *what, struct err *e)
{
	size_t size = (size_t)limits(r)->label_size;
	if (p.n > (size_t)limits(r)->labels)
		return err_set(e, RC_REFUSED, "an alert with %zu %ss; the limit is %lld", p.n, what,
		    (long long)limits(r)->labels);
	for (size_t i = 0; i < p.n; i++) {
		struct str name = p.p[i].name;
		if (!label_name_is_valid(name))
			return err_set(e, RC_INVALID, "\"%.*s\" cannot be the name of a %s",
			    STR_ARG(str_to(name, 80)), what);
		if (!str_utf8(p.p[i].value))
			return err_set(e, RC_INVALID, "the value of %s \"%.*s\" is not UTF-8", what,
			    STR_ARG(str_to(name, 80)));
		if (name.n + p.p[i].value.n > size)
			return err_set(e, RC_REFUSED, "%s \"%.*s\" is too long: the limit is %zu bytes", what,
			    STR_ARG(str_to(name, 80)), size);
		if (i && str_eq(name, p.p[i - 1].name))
			return err_set(
			    e, RC_INVALID, "%s \"%.*s\" stands twice", what, STR_ARG(str_to(name, 80)));
	}
	return RC_OK;
}

/* Alertmanager's defaults for times; then: is it an alert at all? */
static enum rc
normalise(
    const struct road *r, const struct turn *t, const struct alert *in, struct held_alert *a, struct err *e)
{
	*a = (struct held_alert){.customer = in->customer.n ? in->customer : STR("default"),
	    .labels = without_empty(in->labels, t->arena),
	    .annotations = in->annotations,
	    .generator_url = in->generator_url,
	    .starts_at = in->starts_at,
	    .ends_at = in->ends_at,
	    .updated_at = t->now};
	pairs_sort(&a->annotations);
	if (a->starts_at == 0)
		a->starts_at = a->ends_at ? a->ends_at : t->now;
	if (a->ends_at == 0) {
		a->timeout = true;
		a->ends_at = t->now + r->routes->conf->root->global.am.resolve_timeout;
	}
	if (a->labels.n == 0)
		return err_set(e, RC_INVALID, "an alert needs at least one label");
	if (a->ends_at < a->starts_at)
		return err_set(e, RC_INVALID, "an alert's end cannot be before its start");
	if (check_pairs(r, a->labels, "label", e) != RC_OK)
		return e ? e->rc : RC_INVALID;
	return check_pairs(r, a->annotations, "annotation", e);
}

static bool
overlap(const struct held_alert *old, const struct held_alert *new)
{
	return (new->ends_at > old->starts_at &&new->ends_at < old->ends_at) ||
	       (new->starts_at > old->starts_at &&new->starts_at < old->ends_at);
}

/* The younger one wins, but for the earlier start, and ends that somebody stated. */
static void
merge(const struct held_alert *old, struct held_alert *new, msec_t now)
{
	if (!overlap(old, new))
		return;
	if (old->starts_at < new->starts_at)
		new->starts_at = old->starts_at;
	bool later = old->ends_at > new->ends_at;
	bool both_resolved = new->ends_at <= now && old->ends_at <= now;
	bool stated = new->ends_at > now && !old->timeout;
	if (later && (both_resolved || stated))
		new->ends_at = old->ends_at;
}

static void
announce(struct road *r, struct turn *t, const struct held *h, struct road_change *change)
{
	change->customer = h->a.customer;
	change->fingerprint = str_c(h->hex);
	change->labels = h->a.labels;
	change->annotations = h->a.annotations;
	change->firing = !h->a.resolved;
	change->at = h->a.resolved ? h->a.ends_at : h->a.starts_at;
	if (change->group.n == 0)
		change->group = arena_fmt(t->arena, "%.*s|%.*s", STR_ARG(h->a.customer),
		    STR_ARG(pairs_get(h->a.labels, "alertname")));
	if (r->changed)
		r->changed(r->arg, t, change);
}

static void
describe(struct turn *t, enum event_kind kind, const struct held *h, msec_t at, const char *what)
{
	struct buf text = {0};
	labels_print(&text, h->labels);
	struct str summary = pairs_get(h->a.annotations, "summary");
	struct event *e = turn_event(t, kind, h->a.customer, held_subject(t, h), at, "%s %s%s%.*s", what,
	    text.p, summary.n ? ": " : "", STR_ARG(str_to(summary, 500)));
	turn_fact(t, e, "alertname", pairs_get(h->a.labels, "alertname"));
	turn_fact(t, e, "labels", buf_view(&text));
	buf_fini(&text);
}

void
road_review(struct road *r, struct turn *t)
{
	VEC(struct held *) free_now = {0};
	if (!r->withheld)
		return;
	map_each (r->alerts, e) {
		struct held *h = e->value;
		if (h->withheld && !is_muted(r, h, t->now))
			*vec_add(&free_now) = h;
	}
	for (size_t i = 0; i < free_now.n; i++) {
		struct road_change change = {0};
		withhold(r, free_now.p[i], false);
		group_insert(r, t, free_now.p[i], &change);
		announce(r, t, free_now.p[i], &change);
	}
	vec_fini(&free_now);
}

static void
begin(struct road *r, struct turn *t, struct held *h)
{
	struct road_change change = {0};
	h->a.resolved = false;
	describe(t, EVENT_alert_fired, h, h->a.starts_at, "it began to fire:");
	held_save(t, h);
	turn_timer(t, alert_timer(t, h), h->a.ends_at);
	group_insert(r, t, h, &change);
	withhold(r, h, is_muted(r, h, t->now));
	if (!h->withheld)
		announce(r, t, h, &change);
}

/* Its group keeps it until it was told; when it is in none, nobody waits for it. */
static void
end(struct road *r, struct turn *t, struct held *h)
{
	struct road_change change = {0};
	h->a.resolved = true;
	describe(t, EVENT_alert_resolved, h, h->a.ends_at,
	    h->a.timeout ? "nobody sent it any more:" : "it stopped:");
	held_save(t, h);
	turn_timer_cancel(t, alert_timer(t, h));
	group_insert(r, t, h, &change);
	if (!h->withheld)
		announce(r, t, h, &change);
	withhold(r, h, false);
}

void
road_end(struct road *r, struct turn *t, struct held *h)
{
	if (!h->a.resolved && !held_fires(h, t->now))
		end(r, t, h);
}

static enum rc
check_room(const struct road *r, struct str customer, struct err *e)
{
	const size_t *count = map_get(r->customers, customer);
	if (map_count(r->alerts) >= (size_t)limits(r)->alerts)
		return err_set(
		    e, RC_REFUSED, "there are %zu alerts already, which is the limit", map_count(r->alerts));
	if (count && *count >= (size_t)limits(r)->alerts_per_customer)
		return err_set(e, RC_REFUSED, "customer \"%.*s\" has %zu alerts already, which is the limit",
		    STR_ARG(customer), *count);
	return RC_OK;
}

static enum rc
first_time(struct road *r, struct turn *t, const struct held_alert *a, struct err *e)
{
	if (a->ends_at <= t->now)
		return RC_OK; /* the end of what nobody was told of */
	if (check_room(r, a->customer, e) != RC_OK)
		return RC_REFUSED;
	struct held *h = hold(r, a);
	inhibit_add(r, h);
	begin(r, t, h);
	return RC_OK;
}

static void
again(struct road *r, struct turn *t, struct held *h, struct held_alert *a)
{
	bool fired = !h->a.resolved;
	bool same =
	    pairs_eq(h->a.annotations, a->annotations) && str_eq(h->a.generator_url, a->generator_url);
	merge(&h->a, a, t->now);
	a->resolved = h->a.resolved;
	held_set(h, a);
	bool fires = held_fires(h, t->now);
	if (fires && !fired) {
		begin(r, t, h);
	} else if (!fires && fired) {
		end(r, t, h);
	} else if (fires && !same) {
		describe(t, EVENT_alert_changed, h, 0, "what it says changed:");
		held_save(t, h);
	}
	if (h->a.resolved && h->refs == 0)
		held_forget(r, t, h);
}

enum rc
road_alert(struct road *r, struct turn *t, const struct alert *in, struct err *e)
{
	struct held_alert a;
	if (!r->routes)
		return err_set(e, RC_REFUSED, "there is no configuration yet");
	if (normalise(r, t, in, &a, e) != RC_OK)
		return e ? e->rc : RC_INVALID;
	struct labels ls = labels_from_pairs(a.labels, t->arena);
	char hex[17];
	labels_fingerprint_hex(ls, hex);
	struct held *h = map_get(r->alerts, arena_fmt(t->arena, "%.*s/%s", STR_ARG(a.customer), hex));
	if (!h)
		return first_time(r, t, &a, e);
	again(r, t, h, &a);
	return RC_OK;
}

/* ---- time ---- */

bool
road_owns_timer(struct str kind)
{
	return str_is(kind, "group") || str_is(kind, "alert") || str_is(kind, "silence");
}

/* An alert that was sent again has moved its end in memory; its timer follows when it rings. */
static void
alert_rings(struct road *r, struct turn *t, struct str id)
{
	struct held *h = map_get(r->alerts, str_from(id, strlen("alert/")));
	if (!h || h->a.resolved)
		return;
	if (held_fires(h, t->now)) {
		turn_timer(t, id, h->a.ends_at);
		return;
	}
	end(r, t, h);
	if (h->refs == 0)
		held_forget(r, t, h);
}

void
road_timer(struct road *r, struct turn *t, struct str id)
{
	if (!r->routes) { /* rings before there is a configuration */
		turn_timer(t, id, t->now + SECOND);
		return;
	}
	if (str_starts(id, STR("group/")))
		group_flush(r, t, id);
	else if (str_starts(id, STR("alert/")))
		alert_rings(r, t, id);
	else if (str_starts(id, STR("silence/")))
		silence_timer(r->silences, t, id);
}
