/*
 * inhibit.c — which alerts hold back which others.
 *
 * IDEA   For each rule, the alerts that match its source lie in buckets by customer and the values of
 * `equal`: so a question looks at one bucket, not at all alerts. [I1]   Never across customers: the customer
 * is part of the bucket's name. [I2]   An alert does not inhibit itself; and where both match source and
 * target, neither inhibits the other.
 */
#include "alert/road_impl.h"

/* Values are UTF-8, so 0xff can part them. */
static struct str
bucket(struct buf *b, size_t rule, const struct conf_inhibit *c, const struct held *h)
{
	buf_clear(b);
	buf_fmt(b, "%zu\xff%.*s", rule, STR_ARG(h->a.customer));
	for (size_t i = 0; i < c->equal.n; i++) {
		buf_ch(b, '\xff');
		buf_str(b, labels_get(h->labels, c->equal.p[i]));
	}
	return buf_view(b);
}

void
inhibit_add(struct road *r, struct held *h)
{
	struct buf name = {0};
	for (size_t i = 0; i < r->routes->inhibit.n; i++) {
		const struct inhibit_rule *rule = &r->routes->inhibit.p[i];
		if (!matchers_match(&rule->source, h->labels))
			continue;
		struct str key = bucket(&name, i, rule->conf, h);
		struct sources *s = map_get(r->sources, key);
		if (!s) {
			s = mem_new(struct sources);
			map_put(r->sources, key, s);
		}
		*vec_add(&s->alerts) = h;
	}
	buf_fini(&name);
}

static void
take_out(struct road *r, struct str key, struct held *h)
{
	struct sources *s = map_get(r->sources, key);
	for (size_t i = 0; s && i < s->alerts.n; i++)
		if (s->alerts.p[i] == h) {
			vec_remove(&s->alerts, i);
			break;
		}
	if (s && s->alerts.n == 0) {
		map_take(r->sources, key);
		vec_fini(&s->alerts);
		mem_free(s);
	}
}

void
inhibit_remove(struct road *r, struct held *h)
{
	struct buf name = {0};
	for (size_t i = 0; i < r->routes->inhibit.n; i++)
		if (matchers_match(&r->routes->inhibit.p[i].source, h->labels))
			take_out(r, bucket(&name, i, r->routes->inhibit.p[i].conf, h), h);
	buf_fini(&name);
}

void
inhibit_clear(struct road *r)
{
	map_each (r->sources, e) {
		struct sources *s = e->value;
		vec_fini(&s->alerts);
		mem_free(s);
	}
	map_destroy(&r->sources);
	r->sources = map_create();
}

static const struct held *
by_rule(const struct sources *s, const struct inhibit_rule *rule, const struct held *h, msec_t now)
{
	bool both = matchers_match(&rule->source, h->labels);
	for (size_t i = 0; s && i < s->alerts.n; i++) {
		const struct held *source = s->alerts.p[i];
		bool mutual = both && matchers_match(&rule->target, source->labels);
		if (source != h && held_fires(source, now) && !mutual)
			return source;
	}
	return NULL;
}

const struct held *
inhibited_by(const struct road *r, const struct held *h, msec_t now)
{
	const struct held *by = NULL;
	struct buf name = {0};
	for (size_t i = 0; r->routes && i < r->routes->inhibit.n && !by; i++) {
		const struct inhibit_rule *rule = &r->routes->inhibit.p[i];
		if (matchers_match(&rule->target, h->labels))
			by = by_rule(map_get(r->sources, bucket(&name, i, rule->conf, h)), rule, h, now);
	}
	buf_fini(&name);
	return by;
}
