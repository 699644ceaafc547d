/* demo.c — the customer for trying out goes again, with all that the first start made for it, in one turn. */
#include <string.h>

#include "api/api_impl.h"
#include "desk/agreement.h"
#include "engine/engine.h"

/* What of it belongs to everybody; all else belongs to a demo customer. */
static const struct {
	const char *kind, *name;
} common[] = {
    {"calendar", "demo"},
    {"contract", "demo"},
    {"policy", "demo"},
    {"problem_type", "demo-fault"},
    {"problem_type", "demo-request"},
    {"schedule", "demo"},
    {"team", "demo"},
    {"user", "anybody"},
};

struct gathering {
	struct call *call;
	const struct book *book;
	VEC(struct resource) found;
};

static bool
is_demo(const struct gathering *g, struct str customer)
{
	const struct customer *c = customer.n ? book_find(g->book, "customer", STR(""), customer, g->call->now) : NULL;
	return c && c->demo;
}

static bool
is_common(const struct resource *r)
{
	for (size_t i = 0; i < sizeof common / sizeof *common && !r->customer.n; i++)
		if (str_is(r->kind, common[i].kind) && str_is(r->name, common[i].name))
			return true;
	return false;
}

static bool
gather(void *arg, const struct resource *r, const void *spec)
{
	struct gathering *g = arg;
	struct arena *a = g->call->arena;
	bool customer = str_is(r->kind, "customer") && is_demo(g, r->name);
	if (customer || is_demo(g, r->customer) || is_common(r))
		*vec_add(&g->found) = (struct resource){.kind = arena_str(a, r->kind), .name = arena_str(a, r->name),
		    .customer = arena_str(a, r->customer), .managed = arena_str(a, r->managed), .removed = true};
	return true;
}

static void
removed(struct call *c, const struct reply *r)
{
	struct buf b = {0};
	if (r->rc != RC_OK) {
		answer_reply(c, r);
		return;
	}
	buf_fmt(&b, "{\"removed\":%lld}", (long long)r->number);
	answer_json(c, 200, &b);
}

void
handle_demo_remove(struct call *c)
{
	struct gathering g = {.call = c};
	if (c->who.customers.n) {
		answer_error(c, RC_DENIED, "an administrator of all customers removes it");
		return;
	}
	g.book = api_book(c->api);
	for (const struct resource_kind *k = resource_kinds; k->name; k++)
		book_each(g.book, k->name, c->now, gather, &g);
	api_book_done(c->api);
	struct resource_batch batch = {.resources = {g.found.p, g.found.n}};
	ask_engine(c, MESSAGE_resources, &resource_batch_layout, &batch, removed);
	vec_fini(&g.found);
}
