/* compare.c — which keys differ between two snapshots that are only read when a process starts.  See conf.h. */
#include "conf/conf.h"

#include <string.h>

/* What a reload takes although its section is read at the start. */
static const char *const taken_at_once[] = {"server.external_url", "server.starter_rules", "limits.series_per_customer", "limits.series_labels", "limits.series_label_size",
    "limits.samples_per_second", "limits.samples_burst", "limits.customers", "limits.alerts", "limits.alerts_per_customer", "limits.groups",
    "limits.silences", "limits.silence_size", "limits.labels", "limits.label_size", "limits.webhook_alerts"};
static const char *const sections[] = {"server", "ledger", "storage", "limits", "voice", "access", "graphite", "statsd"};

struct comparison {
	struct arena *arena;
	VEC(struct str) differ;
};

static bool
is_taken_at_once(struct str name)
{
	for (size_t i = 0; i < sizeof taken_at_once / sizeof *taken_at_once; i++)
		if (str_is(name, taken_at_once[i]))
			return true;
	return false;
}

/* By the canonical bytes of a record that has this key alone. */
static bool
same(const struct layout *l, const struct key *k, const void *a, const void *b)
{
	const struct layout one = {l->name, l->size, k, 1};
	struct buf x = {0}, y = {0};
	record_encode(&one, a, &x);
	record_encode(&one, b, &y);
	bool equal = str_eq(buf_view(&x), buf_view(&y));
	buf_fini(&x);
	buf_fini(&y);
	return equal;
}

static void
compare(struct comparison *c, struct str prefix, const struct layout *l, const void *a, const void *b)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct key *k = &l->keys[i];
		struct str name = arena_fmt(c->arena, "%.*s.%.*s", STR_ARG(prefix), STR_ARG(key_text(k)));
		if (k->kind == RK_ONE)
			compare(c, name, k->inside, (const char *)a + k->at, (const char *)b + k->at);
		else if (k->kind != RK_MAYBE && k->kind != RK_RAW && !(k->flags & KEY_INERT) && !is_taken_at_once(name) && !same(l, k, a, b))
			*vec_add(&c->differ) = name;
	}
}

struct strs
conf_at_next_start(const struct conf *running, const struct conf *fresh, struct arena *a)
{
	struct comparison c = {.arena = a};
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
		const struct key *k = record_key(&conf_root_layout, str_c(sections[i]));
		compare(&c, str_c(sections[i]), k->inside, (const char *)running->root + k->at, (const char *)fresh->root + k->at);
	}
	struct strs out = {.p = arena_array(a, struct str, c.differ.n + 1), .n = c.differ.n};
	for (size_t i = 0; i < c.differ.n; i++)
		out.p[i] = c.differ.p[i];
	vec_fini(&c.differ);
	return out;
}
