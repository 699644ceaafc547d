/*
 * estate.c — what is watched: hosts, and their services as they stand.
 *
 * IDEA   States are the scheduler's, hosts the book's.  Both are sorted alike and merged: an estate of 100,000 hosts is
 *        one pass over each.
 */
#include <stdlib.h>
#include <string.h>

#include "api/api_impl.h"
#include "check/watched.h"
#include "desk/agreement.h"

struct place_of_host {
	struct str customer, name, title, address;
};

struct estate {
	struct call *call;
	struct str only;
	const struct book *book;
	VEC(struct check_view) services;
	VEC(struct place_of_host) hosts;
	struct str last_asked; /* the customer that was judged last */
	bool last_granted;
};

/* A customer's person sees what the contract grants. */
static bool
granted(const struct estate *x, struct str customer)
{
	const struct call *c = x->call;
	if (!access_sees(&c->who, customer) || (x->only.n && !str_eq(x->only, customer)))
		return false;
	if (c->who.role > ROLE_CONTACT)
		return true;
	const struct customer *cu = book_find(x->book, "customer", STR(""), customer, c->now);
	const struct contract *k = cu ? book_find(x->book, "contract", customer, cu->contract, c->now) : NULL;
	return k && k->console;
}

static bool
shows(struct estate *x, struct str customer)
{
	if (!x->last_asked.p || !str_eq(x->last_asked, customer)) {
		x->last_asked = arena_str(x->call->arena, customer);
		x->last_granted = granted(x, customer);
	}
	return x->last_granted;
}

static void
gather_service(void *arg, const struct check_view *v)
{
	struct estate *x = arg;
	struct arena *a = x->call->arena;
	if (!shows(x, v->customer))
		return;
	struct check_view *copy = vec_add(&x->services);
	*copy = *v;
	copy->customer = arena_str(a, v->customer);
	copy->host = arena_str(a, v->host);
	copy->name = arena_str(a, v->name);
	copy->title = arena_str(a, v->title);
	copy->check = arena_str(a, v->check);
	copy->output = arena_str(a, v->output);
}

static bool
gather_host(void *arg, const struct resource *r, const void *spec)
{
	struct estate *x = arg;
	const struct host *h = spec;
	struct arena *a = x->call->arena;
	struct str customer = r->customer.n ? r->customer : STR("default");
	if (shows(x, customer))
		*vec_add(&x->hosts) = (struct place_of_host){arena_str(a, customer), arena_str(a, r->name), arena_str(a, h->title),
		    arena_str(a, h->address.n ? h->address : r->name)};
	return true;
}

static int
compare(struct str customer_a, struct str host_a, struct str customer_b, struct str host_b)
{
	int c = str_cmp(customer_a, customer_b);
	return c ? c : str_cmp(host_a, host_b);
}

static int
by_service(const void *x, const void *y)
{
	const struct check_view *a = x, *b = y;
	int c = compare(a->customer, a->host, b->customer, b->host);
	return c ? c : str_cmp(a->name, b->name);
}

static int
by_host(const void *x, const void *y)
{
	const struct place_of_host *a = x, *b = y;
	return compare(a->customer, a->name, b->customer, b->name);
}

/* ---- as JSON ---- */

static void
put_time(struct json_writer *w, const char *key, msec_t t)
{
	jsonw_key(w, key);
	if (t)
		jsonw_time(w, t);
	else
		jsonw_null(w);
}

static void
put_service(struct json_writer *w, const struct check_view *v)
{
	jsonw_object(w);
	jsonw_member(w, "name", v->name);
	jsonw_member(w, "title", v->title);
	jsonw_member(w, "check", v->check);
	jsonw_member(w, "state", str_c(v->known ? check_states[v->state] : "pending"));
	jsonw_key(w, "hard");
	jsonw_bool(w, v->hard);
	jsonw_key(w, "attempt");
	jsonw_i64(w, v->attempt);
	jsonw_key(w, "max_attempts");
	jsonw_i64(w, v->max_attempts);
	jsonw_member(w, "output", v->output);
	put_time(w, "since", v->since);
	put_time(w, "last", v->last);
	jsonw_object_end(w);
}

/* The host and the services of it that begin at `at`; where the next ones begin. */
static size_t
put_host(struct estate *x, struct json_writer *w, const struct place_of_host *h, size_t at)
{
	jsonw_object(w);
	jsonw_member(w, "customer", h->customer);
	jsonw_member(w, "name", h->name);
	jsonw_member(w, "title", h->title);
	jsonw_member(w, "address", h->address);
	jsonw_key(w, "services");
	jsonw_array(w);
	for (; at < x->services.n && compare(x->services.p[at].customer, x->services.p[at].host, h->customer, h->name) == 0; at++)
		put_service(w, &x->services.p[at]);
	jsonw_array_end(w);
	jsonw_object_end(w);
	return at;
}

/* A service on a host of everybody's, or on none: the host is shown as the customer has it. */
static struct place_of_host
host_of_service(const struct estate *x, const struct check_view *v)
{
	const struct host *h = book_find(x->book, "host", v->customer, v->host, x->call->now);
	return (struct place_of_host){v->customer, v->host, h ? h->title : STR(""), h && h->address.n ? h->address : v->host};
}

static void
put_all(struct estate *x, struct json_writer *w)
{
	size_t h = 0, s = 0;
	while (h < x->hosts.n || s < x->services.n) {
		const struct place_of_host *host = h < x->hosts.n ? &x->hosts.p[h] : NULL;
		const struct check_view *v = s < x->services.n ? &x->services.p[s] : NULL;
		int order = !host ? 1 : !v ? -1 : compare(host->customer, host->name, v->customer, v->host);
		struct place_of_host other = order > 0 ? host_of_service(x, v) : *host;
		s = put_host(x, w, &other, s);
		h += order <= 0;
	}
}

void
handle_estate(struct call *c)
{
	struct estate x = {.call = c, .only = http_param(c->req, "customer")};
	struct buf b = {0};
	struct json_writer w;
	jsonw_init(&w, &b);
	jsonw_array(&w);
	x.book = api_book(c->api);
	c->api->house.services(c->api->house.arg, gather_service, &x);
	book_each(x.book, "host", c->now, gather_host, &x);
	if (x.services.n)
		qsort(x.services.p, x.services.n, sizeof *x.services.p, by_service);
	if (x.hosts.n)
		qsort(x.hosts.p, x.hosts.n, sizeof *x.hosts.p, by_host);
	put_all(&x, &w);
	api_book_done(c->api);
	jsonw_array_end(&w);
	vec_fini(&x.services);
	vec_fini(&x.hosts);
	answer_json(c, 200, &b);
}
