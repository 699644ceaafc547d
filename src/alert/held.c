/* held.c — an alert in memory and its row. */
#include <string.h>

#include "alert/road_impl.h"

#define RECORD_SELF struct held_alert
RECORD_LAYOUT(held_alert, HELD_ALERT_KEYS)
#undef RECORD_SELF

static struct str
str_dup(struct str s)
{
	return str_n(mem_dup(s.p, s.n), s.n);
}

static void
canonical(struct held *h)
{
	struct arena *a = arena_create();
	struct labels ls = labels_from_pairs(h->a.labels, a);
	h->labels.bytes = str_dup(ls.bytes);
	h->fingerprint = labels_fingerprint(ls);
	labels_fingerprint_hex(ls, h->hex);
	arena_destroy(&a);
}

struct held *
held_create(const struct held_alert *a)
{
	struct held *h = mem_new(struct held);
	h->a = *a;
	h->a.customer = str_dup(a->customer);
	h->a.labels = pairs_dup(a->labels);
	h->a.annotations = pairs_dup(a->annotations);
	h->a.generator_url = str_dup(a->generator_url);
	canonical(h);
	struct buf key = {0};
	buf_fmt(&key, "%.*s/%s", STR_ARG(a->customer), h->hex);
	h->key = mem_dup(key.p, key.n);
	buf_fini(&key);
	return h;
}

void
held_set(struct held *h, const struct held_alert *a)
{
	struct held_alert new = *a;
	new.customer = h->a.customer;
	new.labels = h->a.labels;
	new.annotations = pairs_dup(a->annotations);
	new.generator_url = str_dup(a->generator_url);
	mem_free(h->a.annotations.p);
	mem_free((void *)h->a.generator_url.p);
	h->a = new;
}

void
held_destroy(struct held *h)
{
	mem_free((void *)h->a.customer.p);
	mem_free(h->a.labels.p);
	mem_free(h->a.annotations.p);
	mem_free((void *)h->a.generator_url.p);
	mem_free((void *)h->labels.bytes.p);
	mem_free(h->key);
	mem_free(h);
}

struct str
held_subject(struct turn *t, const struct held *h)
{
	return arena_fmt(t->arena, "alert/%s", h->hex);
}

void
held_save(struct turn *t, const struct held *h)
{
	turn_put(t,
	    (struct row_change){.space = STR("alert"),
		.key = str_c(h->key),
		.customer = h->a.customer,
		.tag = h->a.resolved ? STR("resolved") : STR("firing"),
		.sort = h->a.starts_at},
	    &held_alert_layout, &h->a);
}

void
held_forget(struct road *r, struct turn *t, struct held *h)
{
	size_t *count = map_get(r->customers, h->a.customer);
	if (count && --*count == 0) {
		map_take(r->customers, h->a.customer);
		mem_free(count);
	}
	turn_remove(t, STR("alert"), str_c(h->key));
	turn_timer_cancel(t, arena_fmt(t->arena, "alert/%s", h->key));
	inhibit_remove(r, h);
	r->withheld -= h->withheld;
	map_take(r->alerts, str_c(h->key));
	held_destroy(h);
}
