/*
 * causes.c — what is wrong now, by customer and cause: the board's list.
 *
 * IDEA   At three in the morning nobody reads twenty thousand alerts.  Those of one name of one customer are one line:
 *        how many, how bad at worst, since when, and one of them in words.
 */
#include <stdlib.h>
#include <string.h>

#include "alert/road_impl.h"
#include "alert/view.h"
#include "wire/json.h"

struct cause {
	struct str customer, name;
	const struct held *worst, *first; /* the most severe, the oldest */
	int rank;
	size_t n, held_back;
};

static struct str
label_of(const struct held *h, const char *name)
{
	return pairs_get(h->a.labels, name);
}

/* critical 3, warning 2, info 1, anything else in between */
static int
rank_of(struct str severity)
{
	static const char *const words[] = {"info", "warning", "critical"};
	for (int i = 0; i < 3; i++)
		if (str_is(severity, words[i]))
			return 2 * i + 1;
	return str_is(severity, "error") || str_is(severity, "page") ? 4 : severity.n ? 2 : 0;
}

static bool
wanted(struct strs customers, struct str customer)
{
	for (size_t i = 0; i < customers.n; i++)
		if (str_eq(customers.p[i], customer))
			return true;
	return customers.n == 0;
}

static bool
any_silence(void *arg, const struct silence *s)
{
	*(bool *)arg = true;
	return false;
}

static bool
is_held_back(const struct road *r, const struct held *h, msec_t now)
{
	bool silenced = false;
	silences_muting(r->silences, h->a.customer, h->labels, now, any_silence, &silenced);
	return silenced || inhibited_by(r, h, now);
}

static void
count_in(struct cause *c, const struct held *h, bool held_back)
{
	int rank = rank_of(label_of(h, "severity"));
	c->n++;
	c->held_back += held_back;
	if (!c->worst || rank > c->rank || (rank == c->rank && h->a.starts_at > c->worst->a.starts_at)) {
		c->worst = h;
		c->rank = rank;
	}
	if (!c->first || h->a.starts_at < c->first->a.starts_at)
		c->first = h;
}

static struct map *
gather(const struct road *r, struct strs customers, msec_t now)
{
	struct map *causes = map_create();
	struct buf key = {0};
	map_each (r->alerts, e) {
		const struct held *h = e->value;
		if (!held_fires(h, now) || !wanted(customers, h->a.customer))
			continue;
		buf_clear(&key);
		buf_fmt(&key, "%.*s/%.*s", STR_ARG(h->a.customer), STR_ARG(label_of(h, "alertname")));
		struct cause *c = map_get(causes, buf_view(&key));
		if (!c) {
			c = mem_new(struct cause);
			c->customer = h->a.customer;
			c->name = label_of(h, "alertname");
			map_put(causes, buf_view(&key), c);
		}
		count_in(c, h, is_held_back(r, h, now));
	}
	buf_fini(&key);
	return causes;
}

/* What is held back altogether comes last; then the worst first, then the newest. */
static int
by_urgency(const void *a, const void *b)
{
	const struct cause *x = *(struct cause *const *)a, *y = *(struct cause *const *)b;
	bool quiet_x = x->held_back == x->n, quiet_y = y->held_back == y->n;
	if (quiet_x != quiet_y)
		return quiet_x ? 1 : -1;
	if (x->rank != y->rank)
		return y->rank - x->rank;
	if (x->first->a.starts_at != y->first->a.starts_at)
		return x->first->a.starts_at > y->first->a.starts_at ? -1 : 1;
	int c = str_cmp(x->customer, y->customer);
	return c ? c : str_cmp(x->name, y->name);
}

static void
put_cause(struct json_writer *w, const struct cause *c)
{
	struct str summary = pairs_get(c->worst->a.annotations, "summary");
	jsonw_object(w);
	jsonw_member(w, "customer", c->customer);
	jsonw_member(w, "name", c->name);
	jsonw_member(w, "severity", label_of(c->worst, "severity"));
	jsonw_key(w, "count");
	jsonw_i64(w, (int64_t)c->n);
	jsonw_key(w, "held_back");
	jsonw_i64(w, (int64_t)c->held_back);
	jsonw_member_time(w, "since", c->first->a.starts_at);
	jsonw_member(w, "summary", summary.n ? summary : pairs_get(c->worst->a.annotations, "description"));
	jsonw_member(w, "fingerprint", str_c(c->worst->hex));
	jsonw_object_end(w);
}

void
view_causes(const struct road *r, struct strs customers, msec_t now, struct buf *out)
{
	struct map *causes = gather(r, customers, now);
	VEC(struct cause *) all = {0};
	struct json_writer w;
	map_each (causes, e)
		*vec_add(&all) = e->value;
	if (all.n)
		qsort(all.p, all.n, sizeof *all.p, by_urgency);
	jsonw_init(&w, out);
	jsonw_array(&w);
	for (size_t i = 0; i < all.n; i++) {
		put_cause(&w, all.p[i]);
		mem_free(all.p[i]);
	}
	jsonw_array_end(&w);
	vec_fini(&all);
	map_destroy(&causes);
}
