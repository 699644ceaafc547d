/* view.c — see view.h. */
#include "alert/view.h"

#include <stdlib.h>
#include <string.h>

#include "alert/road_impl.h"
#include "label/regex.h"
#include "wire/json.h"

void
view_filter_init(struct view_filter *f)
{
	*f = (struct view_filter){
	    .active = true, .silenced = true, .inhibited = true, .unprocessed = true, .muted = true};
}

static void
put_pairs(struct json_writer *w, const char *key, struct pairs p)
{
	jsonw_key(w, key);
	jsonw_object(w);
	for (size_t i = 0; i < p.n; i++) {
		jsonw_key_str(w, p.p[i].name);
		jsonw_str(w, p.p[i].value);
	}
	jsonw_object_end(w);
}

static void
put_names(struct json_writer *w, const char *key, struct strs names, bool as_objects)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < names.n; i++) {
		if (as_objects) {
			jsonw_object(w);
			jsonw_member(w, "name", names.p[i]);
			jsonw_object_end(w);
		} else {
			jsonw_str(w, names.p[i]);
		}
	}
	jsonw_array_end(w);
}

/* ---- alerts ---- */

struct names {
	VEC(struct str) v;
};

static void
add_receiver(void *arg, const struct route *r)
{
	struct names *n = arg;
	*vec_add(&n->v) = r->conf->receiver;
}

static bool
add_silence(void *arg, const struct silence *s)
{
	struct names *n = arg;
	*vec_add(&n->v) = s->id;
	return true;
}

static struct strs
strs_of(const struct names *n)
{
	return (struct strs){n->v.p, n->v.n};
}

/* What holds an alert back, as of now. */
struct standing {
	struct names silenced_by;
	const struct held *inhibitor;
};

static void
stand(const struct road *r, const struct held *h, msec_t now, struct standing *s)
{
	*s = (struct standing){.inhibitor = inhibited_by(r, h, now)};
	silences_muting(r->silences, h->a.customer, h->labels, now, add_silence, &s->silenced_by);
}

static bool
shown(const struct view_filter *f, const struct held *h, const struct standing *s, msec_t now)
{
	bool silenced = s->silenced_by.v.n > 0, inhibited = s->inhibitor != NULL;
	if (!held_fires(h, now) || (f->customer.n && !str_eq(f->customer, h->a.customer)))
		return false;
	if ((silenced && !f->silenced) || (inhibited && !f->inhibited) ||
	    (!silenced && !inhibited && !f->active))
		return false;
	return !f->matchers || matchers_match(f->matchers, h->labels);
}

static void
put_alert(struct json_writer *w, const struct held *h, const struct standing *s, struct strs receivers,
    struct strs muted_by)
{
	struct str inhibitor = s->inhibitor ? str_c(s->inhibitor->hex) : STR("");
	bool held = s->silenced_by.v.n || s->inhibitor;
	jsonw_object(w);
	put_pairs(w, "annotations", h->a.annotations);
	jsonw_member_time(w, "endsAt", h->a.ends_at);
	jsonw_member(w, "fingerprint", str_c(h->hex));
	put_names(w, "receivers", receivers, true);
	jsonw_member_time(w, "startsAt", h->a.starts_at);
	jsonw_key(w, "status");
	jsonw_object(w);
	put_names(w, "inhibitedBy", (struct strs){&inhibitor, inhibitor.n != 0}, false);
	put_names(w, "mutedBy", muted_by, false);
	put_names(w, "silencedBy", strs_of(&s->silenced_by), false);
	jsonw_member(w, "state", held ? STR("suppressed") : STR("active"));
	jsonw_object_end(w);
	jsonw_member_time(w, "updatedAt", h->a.updated_at);
	jsonw_member(w, "generatorURL", h->a.generator_url);
	put_pairs(w, "labels", h->a.labels);
	if (!str_is(h->a.customer, "default"))
		jsonw_member(w, "customer", h->a.customer);
	jsonw_object_end(w);
}

static bool
any_receiver(const struct view_filter *f, const struct names *n)
{
	bool any = f->receiver == NULL;
	for (size_t i = 0; i < n->v.n && !any; i++)
		any = regex_matches(f->receiver, n->v.p[i]);
	return any;
}

static int
by_fingerprint(const void *a, const void *b)
{
	const struct held *x = *(struct held *const *)a, *y = *(struct held *const *)b;
	int c = strcmp(x->hex, y->hex);
	return c ? c : str_cmp(x->a.customer, y->a.customer);
}

static void
view_alert(const struct road *r, const struct view_filter *f, const struct held *h, msec_t now,
    struct json_writer *w)
{
	struct names receivers = {0};
	struct standing s;
	stand(r, h, now, &s);
	routes_match(r->routes, h->labels, add_receiver, &receivers);
	if (shown(f, h, &s, now) && any_receiver(f, &receivers))
		put_alert(w, h, &s, strs_of(&receivers), (struct strs){0});
	vec_fini(&receivers.v);
	vec_fini(&s.silenced_by.v);
}

void
view_alerts(const struct road *r, const struct view_filter *f, msec_t now, struct buf *out)
{
	VEC(struct held *) all = {0};
	struct json_writer w;
	map_each (r->alerts, e)
		*vec_add(&all) = e->value;
	if (all.n)
		qsort(all.p, all.n, sizeof *all.p, by_fingerprint);
	jsonw_init(&w, out);
	jsonw_array(&w);
	for (size_t i = 0; i < all.n; i++)
		view_alert(r, f, all.p[i], now, &w);
	jsonw_array_end(&w);
	vec_fini(&all);
}

/* ---- groups ---- */

static int
by_labels(const void *a, const void *b)
{
	const struct group *x = *(struct group *const *)a, *y = *(struct group *const *)b;
	for (size_t i = 0; i < x->labels.n && i < y->labels.n; i++) {
		int c = str_cmp(x->labels.p[i].name, y->labels.p[i].name);
		if (c == 0)
			c = str_cmp(x->labels.p[i].value, y->labels.p[i].value);
		if (c)
			return c;
	}
	if (x->labels.n != y->labels.n)
		return x->labels.n < y->labels.n ? -1 : 1;
	int c = str_cmp(x->route->conf->receiver, y->route->conf->receiver);
	return c ? c : strcmp(x->key, y->key);
}

/* How many of its alerts were written; the group is cut off again when none was. */
static void
view_group(const struct road *r, const struct view_filter *f, const struct group *g, msec_t now,
    struct json_writer *w)
{
	struct arena *a = arena_create();
	struct strs muted = group_muted_by(g, now, a),
		    receiver = {(struct str *)&g->route->conf->receiver, 1};
	struct json_writer before = *w;
	size_t start = w->out->n, n = 0;
	jsonw_object(w);
	jsonw_key(w, "alerts");
	jsonw_array(w);
	for (size_t i = 0; i < g->alerts.n; i++) {
		struct standing s;
		stand(r, g->alerts.p[i], now, &s);
		if (shown(f, g->alerts.p[i], &s, now)) {
			put_alert(w, g->alerts.p[i], &s, receiver, muted);
			n++;
		}
		vec_fini(&s.silenced_by.v);
	}
	jsonw_array_end(w);
	put_pairs(w, "labels", g->labels);
	put_pairs(w, "routeLabels", g->route->conf->labels);
	jsonw_key(w, "receiver");
	jsonw_object(w);
	jsonw_member(w, "name", receiver.p[0]);
	jsonw_object_end(w);
	jsonw_object_end(w);
	if (n == 0 || (muted.n && !f->muted)) {
		buf_cut(w->out, start);
		*w = before;
	}
	arena_destroy(&a);
}

void
view_groups(const struct road *r, const struct view_filter *f, msec_t now, struct buf *out)
{
	VEC(struct group *) all = {0};
	struct json_writer w;
	map_each (r->groups, e)
		*vec_add(&all) = e->value;
	if (all.n)
		qsort(all.p, all.n, sizeof *all.p, by_labels);
	jsonw_init(&w, out);
	jsonw_array(&w);
	for (size_t i = 0; i < all.n; i++)
		if (!f->receiver || regex_matches(f->receiver, all.p[i]->route->conf->receiver))
			view_group(r, f, all.p[i], now, &w);
	jsonw_array_end(&w);
	vec_fini(&all);
}

/* ---- silences ---- */

static void
put_silence(struct json_writer *w, const struct silence *s, msec_t now)
{
	jsonw_object(w);
	jsonw_member(w, "id", s->id);
	jsonw_key(w, "status");
	jsonw_object(w);
	jsonw_member(w, "state", str_c(silence_states[silence_state(s, now)]));
	jsonw_object_end(w);
	jsonw_member_time(w, "updatedAt", s->updated_at);
	jsonw_member(w, "comment", s->comment);
	jsonw_member(w, "createdBy", s->created_by);
	jsonw_member_time(w, "endsAt", s->ends_at);
	jsonw_key(w, "matchers");
	jsonw_array(w);
	for (size_t i = 0; i < s->matchers.n; i++) {
		jsonw_object(w);
		jsonw_key(w, "isEqual");
		jsonw_bool(w, s->matchers.p[i].is_equal);
		jsonw_key(w, "isRegex");
		jsonw_bool(w, s->matchers.p[i].is_regex);
		jsonw_member(w, "name", s->matchers.p[i].name);
		jsonw_member(w, "value", s->matchers.p[i].value);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_member_time(w, "startsAt", s->starts_at);
	if (s->annotations.n)
		put_pairs(w, "annotations", s->annotations);
	if (s->all_customers || !str_is(s->customer, "default"))
		jsonw_member(w, "customer", s->all_customers ? STR("*") : s->customer);
	jsonw_object_end(w);
}

struct silence_list {
	VEC(const struct silence *) v;
	struct str customer;
	const struct matchers *filter;
};

static struct str
value_in(const struct silence *s, struct str name)
{
	for (size_t i = 0; i < s->matchers.n; i++)
		if (str_eq(s->matchers.p[i].name, name))
			return s->matchers.p[i].value;
	return STR("");
}

static bool
visible(const struct silence *s, struct str customer)
{
	return customer.n == 0 || s->all_customers || str_eq(s->customer, customer);
}

static bool
list_silence(void *arg, const struct silence *s)
{
	struct silence_list *l = arg;
	bool in = visible(s, l->customer);
	for (size_t i = 0; l->filter && i < l->filter->n && in; i++)
		in = matcher_matches(&l->filter->p[i], value_in(s, l->filter->p[i].name));
	if (in)
		*vec_add(&l->v) = s;
	return true;
}

/* Active ones by their end, pending ones by their start, expired ones by their end, the last first. */
static int
by_state(const void *a, const void *b, void *arg)
{
	static const int order[] = {[SILENCE_ACTIVE] = 0, [SILENCE_PENDING] = 1, [SILENCE_EXPIRED] = 2};
	const struct silence *x = *(const struct silence *const *)a, *y = *(const struct silence *const *)b;
	msec_t now = *(const msec_t *)arg;
	enum silence_state sx = silence_state(x, now), sy = silence_state(y, now);
	if (sx != sy)
		return order[sx] - order[sy];
	msec_t tx = sx == SILENCE_PENDING ? x->starts_at : x->ends_at,
	       ty = sx == SILENCE_PENDING ? y->starts_at : y->ends_at;
	int c = tx < ty ? -1 : tx > ty;
	return sx == SILENCE_EXPIRED ? -c : c;
}

void
view_silences(
    const struct road *r, struct str customer, const struct matchers *filter, msec_t now, struct buf *out)
{
	struct silence_list l = {.customer = customer, .filter = filter};
	struct json_writer w;
	silences_each(r->silences, list_silence, &l);
	if (l.v.n)
		qsort_r(l.v.p, l.v.n, sizeof *l.v.p, by_state, &now);
	jsonw_init(&w, out);
	jsonw_array(&w);
	for (size_t i = 0; i < l.v.n; i++)
		put_silence(&w, l.v.p[i], now);
	jsonw_array_end(&w);
	vec_fini(&l.v);
}

bool
view_silence(const struct road *r, struct str customer, struct str id, msec_t now, struct buf *out)
{
	const struct silence *s = silence_get(r->silences, id);
	struct json_writer w;
	if (!s || !visible(s, customer))
		return false;
	jsonw_init(&w, out);
	put_silence(&w, s, now);
	return true;
}

/* ---- receivers, status ---- */

/* Is any alert of this customer told there? */
static bool
is_told_of(const struct road *r, struct str receiver, struct str customer)
{
	bool told = false;
	map_each (r->alerts, e) {
		const struct held *h = e->value;
		struct names n = {0};
		if (!told && str_eq(h->a.customer, customer))
			routes_match(r->routes, h->labels, add_receiver, &n);
		for (size_t i = 0; i < n.v.n; i++)
			told |= str_eq(n.v.p[i], receiver);
		vec_fini(&n.v);
	}
	return told;
}

void
view_receivers(const struct road *r, const struct str *customer, struct buf *out)
{
	const struct conf_root *root = r->routes->conf->root;
	struct json_writer w;
	jsonw_init(&w, out);
	jsonw_array(&w);
	for (size_t i = 0; i < root->receivers.n; i++) {
		if (customer && !is_told_of(r, root->receivers.p[i].name, *customer))
			continue;
		jsonw_object(&w);
		jsonw_member(&w, "name", root->receivers.p[i].name);
		jsonw_object_end(&w);
	}
	jsonw_array_end(&w);
}

static void
put_version(struct json_writer *w, const char *version)
{
	static const char *const empty[] = {"branch", "buildDate", "buildUser", "goVersion", "revision"};
	jsonw_key(w, "versionInfo");
	jsonw_object(w);
	for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
		jsonw_member(w, empty[i], STR(""));
	jsonw_member(w, "version", str_c(version));
	jsonw_object_end(w);
}

void
view_status(const struct road *r, const char *version, msec_t started, bool with_config, struct buf *out)
{
	struct json_writer w;
	jsonw_init(&w, out);
	jsonw_object(&w);
	jsonw_key(&w, "cluster");
	jsonw_object(&w);
	jsonw_member(&w, "name", STR("tocsin"));
	jsonw_key(&w, "peers");
	jsonw_array(&w);
	jsonw_array_end(&w);
	jsonw_member(&w, "status", STR("ready"));
	jsonw_object_end(&w);
	jsonw_key(&w, "config");
	jsonw_object(&w);
	jsonw_member(&w, "original", with_config ? r->routes->conf->alertmanager_yaml : STR(""));
	jsonw_object_end(&w);
	jsonw_member_time(&w, "uptime", started);
	put_version(&w, version);
	jsonw_object_end(&w);
}
