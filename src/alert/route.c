/* route.c — see route.h. */
#include "alert/route.h"

#include <stdlib.h>
#include <string.h>

/* ---- matchers ---- */

static enum rc
add_maps(struct matchers *m, struct pairs equal, struct pairs regex, struct err *e)
{
	for (size_t i = 0; i < equal.n; i++)
		if (matchers_add(m, equal.p[i].name, MATCH_EQ, equal.p[i].value, e) != RC_OK)
			return RC_INVALID;
	for (size_t i = 0; i < regex.n; i++)
		if (matchers_add(m, regex.p[i].name, MATCH_RE, regex.p[i].value, e) != RC_OK)
			return RC_INVALID;
	return RC_OK;
}

static int
by_name(const void *a, const void *b)
{
	const struct matcher *x = a, *y = b;
	int c = str_cmp(x->name, y->name);
	return c ? c : str_cmp(x->value, y->value);
}

static enum rc
compile(struct matchers *m, struct pairs equal, struct pairs regex, struct strs texts, struct err *e)
{
	if (add_maps(m, equal, regex, e) != RC_OK)
		return RC_INVALID;
	for (size_t i = 0; i < texts.n; i++)
		if (matchers_parse(m, texts.p[i], e) != RC_OK)
			return RC_INVALID;
	if (m->n > 1)
		qsort(m->p, m->n, sizeof *m->p, by_name);
	return RC_OK;
}

/* {a="b",c=~"d"}: without spaces, as it stands in group keys. */
static void
print_key(struct buf *out, const struct matchers *all)
{
	buf_ch(out, '{');
	for (size_t i = 0; i < all->n; i++) {
		struct matchers one = {all->p + i, 1, 1};
		struct buf text = {0};
		matchers_print(&text, &one);
		buf_fmt(out, "%s%.*s", i ? "," : "", (int)text.n - 2, text.p + 1);
		buf_fini(&text);
	}
	buf_ch(out, '}');
}

/* ---- the tree ---- */

static const struct conf_receiver *
find_receiver(const struct conf *c, struct str name)
{
	for (size_t i = 0; i < c->root->receivers.n; i++)
		if (str_eq(c->root->receivers.p[i].name, name))
			return &c->root->receivers.p[i];
	return NULL;
}

static const struct conf_named_intervals *
find_interval(const struct conf *c, struct str name)
{
	for (size_t i = 0; i < c->root->time_intervals.n; i++)
		if (str_eq(c->root->time_intervals.p[i].name, name))
			return &c->root->time_intervals.p[i];
	for (size_t i = 0; i < c->root->mute_time_intervals.n; i++)
		if (str_eq(c->root->mute_time_intervals.p[i].name, name))
			return &c->root->mute_time_intervals.p[i];
	return NULL;
}

static void
fill(struct routes *rs, struct route *r, const struct conf_route *c)
{
	r->conf = c;
	r->index = rs->count++;
	r->receiver = find_receiver(rs->conf, c->receiver);
	r->by_all = c->group_by.n == 1 && str_is(c->group_by.p[0], "...");
	for (size_t i = 0; i < c->mute_time_intervals.n; i++)
		*vec_add(&r->mute) = find_interval(rs->conf, c->mute_time_intervals.p[i]);
	for (size_t i = 0; i < c->active_time_intervals.n; i++)
		*vec_add(&r->active) = find_interval(rs->conf, c->active_time_intervals.p[i]);
}

static enum rc
build(struct routes *rs, struct route *r, const struct conf_route *c, const char *above, struct err *e)
{
	struct buf key = {0};
	fill(rs, r, c);
	enum rc rc = compile(&r->matchers, c->match, c->match_re, c->matchers, e);
	if (above)
		buf_fmt(&key, "%s/", above);
	print_key(&key, &r->matchers);
	r->key = mem_dup(key.p, key.n);
	buf_fini(&key);
	r->children = mem_zalloc(c->routes.n * sizeof *r->children);
	r->n = c->routes.n;
	for (size_t i = 0; i < r->n && rc == RC_OK; i++)
		rc = build(rs, &r->children[i], &c->routes.p[i], r->key, e);
	return rc;
}

static void
tear_down(struct route *r)
{
	for (size_t i = 0; i < r->n; i++)
		tear_down(&r->children[i]);
	matchers_fini(&r->matchers);
	vec_fini(&r->mute);
	vec_fini(&r->active);
	mem_free(r->children);
	mem_free(r->key);
}

static enum rc
build_inhibit(struct routes *rs, const struct conf_inhibit *c, struct err *e)
{
	struct inhibit_rule *r = vec_add(&rs->inhibit);
	r->conf = c;
	if (compile(&r->source, c->source_match, c->source_match_re, c->source_matchers, e) != RC_OK)
		return RC_INVALID;
	return compile(&r->target, c->target_match, c->target_match_re, c->target_matchers, e);
}

enum rc
routes_create(struct conf *c, struct routes **out, struct err *e)
{
	struct routes *rs = mem_new(struct routes);
	enum rc rc = RC_OK;
	rs->conf = conf_ref(c);
	if (c->root->route) {
		rs->root = mem_new(struct route);
		rc = build(rs, rs->root, c->root->route, NULL, e);
	}
	for (size_t i = 0; i < c->root->inhibit_rules.n && rc == RC_OK; i++)
		rc = build_inhibit(rs, &c->root->inhibit_rules.p[i], e);
	*out = rs;
	if (rc != RC_OK)
		routes_destroy(out);
	return rc;
}

void
routes_destroy(struct routes **prs)
{
	struct routes *rs = *prs;
	if (!rs)
		return;
	if (rs->root)
		tear_down(rs->root);
	for (size_t i = 0; i < rs->inhibit.n; i++) {
		matchers_fini(&rs->inhibit.p[i].source);
		matchers_fini(&rs->inhibit.p[i].target);
	}
	vec_fini(&rs->inhibit);
	mem_free(rs->root);
	conf_unref(&rs->conf);
	mem_free(rs);
	*prs = NULL;
}

/* True: this route or one below took it. */
static bool
match(const struct route *r, struct labels ls, route_fn *fn, void *arg)
{
	bool below = false;
	if (!matchers_match(&r->matchers, ls))
		return false;
	for (size_t i = 0; i < r->n; i++) {
		bool took = match(&r->children[i], ls, fn, arg);
		below |= took;
		if (took && !r->children[i].conf->continue_)
			break;
	}
	if (!below)
		fn(arg, r);
	return true;
}

void
routes_match(const struct routes *rs, struct labels ls, route_fn *fn, void *arg)
{
	if (rs->root)
		match(rs->root, ls, fn, arg);
}

struct pairs
route_group_labels(const struct route *r, struct pairs labels, struct arena *a)
{
	struct pairs out = {arena_array(a, struct pair, labels.n), 0};
	for (size_t i = 0; i < labels.n; i++) {
		bool in = r->by_all;
		for (size_t k = 0; k < r->conf->group_by.n && !in; k++)
			in = str_eq(labels.p[i].name, r->conf->group_by.p[k]);
		if (in)
			out.p[out.n++] = labels.p[i];
	}
	return out;
}
