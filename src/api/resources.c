/* resources.c — people and agreements through the API: listed as JSON, set from YAML or JSON. */
#include <string.h>

#include "api/api_impl.h"
#include "conf/resource.h"
#include "engine/engine.h"
#include "oncall/schedule.h"

/* ---- listing ---- */

struct listing {
	struct call *call;
	struct json_writer w;
	const struct resource_kind *kind;
};

/* A person of other customers only is none of the asker's business. */
static bool
sees_person(const struct identity *who, const struct user *u)
{
	bool sees = u->customers.n == 0;
	for (size_t i = 0; i < u->customers.n; i++)
		sees |= access_sees(who, u->customers.p[i]);
	return sees;
}

static bool
sees_resource(const struct identity *who, const struct resource *r, const void *spec)
{
	if (r->customer.n)
		return access_sees(who, r->customer);
	if (str_is(r->kind, "customer"))
		return access_sees(who, r->name);
	return !str_is(r->kind, "user") || sees_person(who, spec);
}

/* How to reach a person is for that person, for who sees all customers, and for who serves one of the same. */
static bool
may_reach(const struct identity *who, struct str name, const struct user *u)
{
	bool shared = who->customers.n == 0 || str_eq(who->name, name);
	for (size_t i = 0; i < u->customers.n; i++)
		shared |= access_sees(who, u->customers.p[i]);
	return shared;
}

/* A person who serves several customers is shown with those only that the asker sees. */
static const void *
shown_spec(const struct call *c, const struct resource *r, const void *spec)
{
	if (!str_is(r->kind, "user"))
		return spec;
	const struct user *whole = spec;
	struct user *u = arena_new(c->arena, struct user);
	*u = *whole;
	if (!may_reach(&c->who, r->name, whole)) {
		u->mail = u->phone = STR("");
		u->ladder.n = 0;
	}
	u->customers = (struct strs){arena_array(c->arena, struct str, whole->customers.n), 0};
	for (size_t i = 0; i < whole->customers.n; i++)
		if (access_sees(&c->who, whole->customers.p[i]))
			u->customers.p[u->customers.n++] = whole->customers.p[i];
	return u;
}

static bool
list_one(void *arg, const struct resource *r, const void *spec)
{
	struct listing *l = arg;
	struct buf b = {0};
	struct json_writer inner;
	if (!sees_resource(&l->call->who, r, spec))
		return true;
	jsonw_init(&inner, &b);
	record_to_json(&resource_layout, r, false, &inner);
	buf_cut(&b, b.n - 1);
	buf_c(&b, ",\"spec\":");
	jsonw_init(&inner, &b);
	record_to_json(l->kind->layout, shown_spec(l->call, r, spec), false, &inner);
	buf_ch(&b, '}');
	jsonw_raw(&l->w, buf_view(&b));
	buf_fini(&b);
	return true;
}

void
handle_resources_list(struct call *c)
{
	struct str only = http_param(c->req, "kind");
	struct buf b = {0};
	struct listing l = {.call = c};
	jsonw_init(&l.w, &b);
	jsonw_array(&l.w);
	struct book *book = api_book(c->api);
	for (l.kind = resource_kinds; l.kind->name; l.kind++)
		if (!only.n || str_is(only, l.kind->name))
			book_each(book, l.kind->name, c->now, list_one, &l);
	api_book_done(c->api);
	jsonw_array_end(&l.w);
	answer_json(c, 200, &b);
}

/* ---- setting ---- */

static const struct layout *
layout_of(void *arg, struct str kind)
{
	for (const struct resource_kind *k = resource_kinds; k->name; k++)
		if (str_is(kind, k->name))
			return k->layout;
	return NULL;
}

static struct str
encoded(struct call *c, const struct resource_document *d)
{
	struct buf b = {0};
	record_encode(d->layout, d->spec, &b);
	struct str s = arena_str(c->arena, buf_view(&b));
	buf_fini(&b);
	return s;
}

/* A user's password stays when the person is described anew: it is in no file. */
static void
keep_password(struct call *c, struct resource_document *d)
{
	if (!d->spec || d->layout != &user_layout)
		return;
	struct book *book = api_book(c->api);
	const struct user *now = book_find(book, "user", STR(""), d->name, c->now);
	if (now)
		((struct user *)d->spec)->password = arena_str(c->arena, now->password);
	api_book_done(c->api);
}

/*
 * What others than administrators may set: who stands in for whom.  Who serves all customers swaps any shift; who serves
 * some takes one over, and gives back what they took.
 */
static bool
may_swap(const struct call *c, const struct override *o)
{
	return c->who.customers.n == 0 || (o && str_eq(o->user, c->who.name));
}

static bool
may_set(struct call *c, const struct resource_document *d)
{
	if (c->who.role >= ROLE_ADMIN)
		return true;
	if (!str_is(d->kind, "override"))
		return false;
	struct book *book = api_book(c->api);
	const struct override *was = book_find(book, "override", STR(""), d->name, c->now);
	bool may = (!was || may_swap(c, was)) && (d->removed || may_swap(c, d->spec));
	api_book_done(c->api);
	return may;
}

static bool
may_set_all(struct call *c, const struct resource_document *docs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (may_set(c, &docs[i]))
			continue;
		answer_error(c, RC_DENIED, "%.*s %.*s: %s", STR_ARG(docs[i].kind), STR_ARG(str_to(docs[i].name, 63)),
		    str_is(docs[i].kind, "override") ? "who serves some customers takes a shift over, but gives none to others"
						     : "only an administrator sets it; an operator sets overrides");
		return false;
	}
	return true;
}

static void
applied(struct call *c, const struct reply *r)
{
	struct buf b = {0};
	if (r->rc != RC_OK) {
		answer_reply(c, r);
		return;
	}
	buf_fmt(&b, "{\"changed\":%lld,\"seq\":%lld}", (long long)r->number, (long long)r->seq);
	answer_json(c, 200, &b);
}

void
handle_resources_apply(struct call *c)
{
	const char *words[32];
	size_t n_words = 0;
	for (const struct resource_kind *k = resource_kinds; k->name && n_words < 32; k++)
		words[n_words++] = k->name;
	struct resource_kinds_view view = {layout_of, words, n_words, NULL};
	struct report report;
	struct resource_document *docs;
	struct str file = http_param(c->req, "file");
	report_init(&report);
	size_t n = resources_read(file.n ? arena_cstr(c->arena, file) : "request", c->req->body, &view, c->arena, &report, &docs);
	struct resource_batch batch = {.dry_run = str_is(http_param(c->req, "dry_run"), "true"), .why = http_param(c->req, "why")};
	batch.resources.p = arena_array(c->arena, struct resource, n);
	batch.resources.n = n;
	for (size_t i = 0; i < n && !report.errors; i++) {
		keep_password(c, &docs[i]);
		batch.resources.p[i] = (struct resource){.kind = docs[i].kind, .name = docs[i].name, .customer = docs[i].customer,
		    .valid_from = docs[i].valid_from, .managed = file, .removed = docs[i].removed,
		    .spec = docs[i].spec ? encoded(c, &docs[i]) : STR("")};
	}
	if (report.errors) {
		struct buf text = {0};
		report_print(&report, &text);
		answer_error(c, RC_INVALID, "%.*s", STR_ARG(str_trim(buf_view(&text))));
		buf_fini(&text);
	} else if (may_set_all(c, docs, n)) {
		ask_engine(c, MESSAGE_resources, &resource_batch_layout, &batch, applied);
	}
	report_fini(&report);
}
