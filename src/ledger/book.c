/* book.c — see book.h. */
#include "ledger/book_impl.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "base/time.h"

#define RECORD_SELF struct resource
RECORD_LAYOUT(resource, RESOURCE_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct resource_batch
RECORD_LAYOUT(resource_batch, RESOURCE_BATCH_KEYS)
#undef RECORD_SELF

struct book *
book_create(const struct resource_kind *kinds)
{
	struct book *b = mem_new(struct book);
	b->kinds = kinds;
	b->arena = arena_create();
	b->shelves = map_create();
	b->ahead = INT64_MIN;
	return b;
}

void
book_destroy(struct book **pb)
{
	struct book *b = *pb;
	if (!b)
		return;
	map_each(b->shelves, e) {
		struct shelf *s = e->value;
		vec_fini(&s->versions);
		mem_free(s);
	}
	map_destroy(&b->shelves);
	vec_fini(&b->passes);
	arena_destroy(&b->arena);
	mem_free(b);
	*pb = NULL;
}

const struct resource_kind *
book_kind(const struct book *b, struct str name)
{
	for (const struct resource_kind *k = b->kinds; k->name; k++)
		if (str_is(name, k->name))
			return k;
	return NULL;
}

bool
resource_name_ok(struct str s)
{
	if (s.n == 0 || s.n > 63)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool word = (c | 32) >= 'a' && (c | 32) <= 'z';
		if (!word && !(c >= '0' && c <= '9') && !(i && strchr("._-", c)))
			return false;
	}
	return true;
}

enum { KEY_MAX = 64 + 64 + 64 };

static struct str
shelf_key(char out[KEY_MAX], struct str kind, struct str customer, struct str name)
{
	must(kind.n + customer.n + name.n + 3 < KEY_MAX);
	int n = snprintf(out, KEY_MAX, "%.*s/%.*s/%.*s", STR_ARG(kind), STR_ARG(customer), STR_ARG(name));
	return str_n(out, (size_t)n);
}

static struct shelf *
shelf_find(const struct book *b, struct str kind, struct str customer, struct str name)
{
	char key[KEY_MAX];
	if (customer.n > 63 || name.n > 63)
		return NULL;
	return map_get(b->shelves, shelf_key(key, kind, customer, name));
}

static bool
comes_after(const struct version *v, const struct resource *r)
{
	return v->resource->pass != r->pass ? v->resource->pass > r->pass : v->from > r->valid_from;
}

static void
shelf_add(struct book *b, const struct resource *r, const void *spec)
{
	char key[KEY_MAX];
	struct str k = shelf_key(key, r->kind, r->customer, r->name);
	struct shelf *s = map_get(b->shelves, k);
	if (!s) {
		s = mem_new(struct shelf);
		map_put(b->shelves, k, s);
	}
	(void)vec_add(&s->versions);
	size_t i = s->versions.n - 1;
	for (; i > 0 && comes_after(&s->versions.p[i - 1], r); i--)
		s->versions.p[i] = s->versions.p[i - 1];
	s->versions.p[i] = (struct version){r->valid_from, spec, r};
	if (r->from_now && (size_t)r->pass == b->passes.n && r->valid_from > b->ahead)
		b->ahead = r->valid_from;
}

/* A copy of both in the book's arena; an unknown kind (a newer program wrote it) is left alone. */
static bool
keep(struct book *b, const struct resource *r)
{
	const struct resource_kind *k = book_kind(b, r->kind);
	struct err e;
	if (!k)
		return false;
	struct resource *own = arena_new(b->arena, struct resource);
	record_copy(&resource_layout, own, r, b->arena);
	void *spec = own->removed ? NULL : arena_alloc(b->arena, k->layout->size);
	if (spec && record_decode(k->layout, spec, own->spec, b->arena, &e) != RC_OK)
		return false;
	shelf_add(b, own, spec);
	return true;
}

struct loading {
	struct book *book;
	struct arena *scratch;
	struct err *err;
	enum rc rc;
};

static bool
load_row(void *arg, const struct row *row)
{
	struct loading *l = arg;
	struct resource r;
	arena_reset(l->scratch);
	l->rc = record_decode(&resource_layout, &r, row->value, l->scratch, l->err);
	if (l->rc == RC_OK)
		keep(l->book, &r);
	return l->rc == RC_OK;
}

enum rc
book_load(struct book *b, struct ledger *ledger, struct err *e)
{
	struct loading l = {b, arena_create(), e, RC_OK};
	enum rc rc = book_load_passes(b, ledger, e);
	if (rc == RC_OK)
		rc = ledger_scan(ledger, STR("resource"), load_row, &l, e);
	arena_destroy(&l.scratch);
	return rc == RC_OK ? l.rc : rc;
}

/* ---- asking ---- */

static const struct version *
in_force(const struct book *b, const struct shelf *s, msec_t at)
{
	const struct version *found = s ? shelf_version(b, s, at) : NULL;
	return found && found->spec ? found : NULL;
}

const struct resource *
book_resource(const struct book *b, const char *kind, struct str customer, struct str name, msec_t at, const void **spec)
{
	const struct version *v = in_force(b, shelf_find(b, str_c(kind), customer, name), at);
	if (spec)
		*spec = v ? v->spec : NULL;
	return v ? v->resource : NULL;
}

const void *
book_find(const struct book *b, const char *kind, struct str customer, struct str name, msec_t at)
{
	const void *spec;
	if (!name.n)
		return NULL;
	if (book_resource(b, kind, customer, name, at, &spec))
		return spec;
	book_resource(b, kind, STR(""), name, at, &spec);
	return spec;
}

size_t
book_timeline(const struct book *b, const char *kind, struct str customer, struct str name, struct version *out, size_t max)
{
	const struct shelf *s = shelf_find(b, str_c(kind), customer, name);
	return s ? shelf_timeline(b, s, out, max) : 0;
}

static int
by_owner(const void *x, const void *y)
{
	const struct version *const *a = x, *const *b = y;
	int c = str_cmp((*a)->resource->customer, (*b)->resource->customer);
	return c ? c : str_cmp((*a)->resource->name, (*b)->resource->name);
}

void
book_each(const struct book *b, const char *kind, msec_t at, book_fn *fn, void *arg)
{
	VEC(const struct version *) found = {0};
	map_each(b->shelves, e) {
		const struct version *v = in_force(b, e->value, at);
		if (v && str_is(v->resource->kind, kind))
			*vec_add(&found) = v;
	}
	if (found.n)
		qsort(found.p, found.n, sizeof *found.p, by_owner);
	for (size_t i = 0; i < found.n; i++)
		if (!fn(arg, found.p[i]->resource, found.p[i]->spec))
			break;
	vec_fini(&found);
}

/* ---- changing ---- */

static struct str
version_key(struct turn *t, const struct resource *r)
{
	/* without a pass as it always was: rows of older programs keep their keys */
	struct str pass = r->pass ? arena_fmt(t->arena, ".%lld", (long long)r->pass) : STR("");
	return arena_fmt(t->arena, "%.*s/%.*s/%.*s@%016llx%.*s", STR_ARG(r->kind), STR_ARG(r->customer), STR_ARG(r->name),
	    (unsigned long long)r->valid_from, STR_ARG(pass));
}

static void
tell(struct turn *t, const struct resource *r)
{
	struct str subject = arena_fmt(t->arena, "%.*s/%.*s", STR_ARG(r->kind), STR_ARG(r->name));
	struct event *ev = turn_event(t, EVENT_resource_applied, r->customer, subject, 0, "The %.*s \"%.*s\" was %s%s%.*s",
	    STR_ARG(r->kind), STR_ARG(r->name), r->removed ? "removed" : "set", r->managed.n ? " from " : "", STR_ARG(r->managed));
	char from[TIME_TEXT];
	turn_fact(t, ev, "valid_from", str_c(time_rfc3339(r->valid_from, from)));
}

static bool
differs(const struct version *now, const struct resource *r)
{
	if (!now)
		return !r->removed;
	return r->removed || !str_eq(now->resource->spec, r->spec) || !str_eq(now->resource->managed, r->managed);
}

/* The resource as it would be kept: with its spec encoded (into `bytes`), its time and who. */
static struct resource
prepared(const struct book *b, const struct resource *want, const void *spec, msec_t valid_from, struct str by, struct buf *bytes)
{
	const struct resource_kind *k = book_kind(b, want->kind);
	must(k);
	struct resource r = *want;
	if (spec)
		record_encode(k->layout, spec, bytes);
	r.spec = buf_view(bytes);
	r.removed = spec == NULL;
	r.valid_from = valid_from;
	r.by = by;
	return r;
}

bool
book_would_change(const struct book *b, const struct resource *want, const void *spec, msec_t valid_from)
{
	struct buf bytes = {0};
	struct resource r = prepared(b, want, spec, valid_from, STR(""), &bytes);
	bool changes = differs(in_force(b, shelf_find(b, r.kind, r.customer, r.name), valid_from), &r);
	buf_fini(&bytes);
	return changes;
}

bool
book_set(struct book *b, struct turn *t, const struct resource *want, const void *spec, msec_t valid_from)
{
	struct buf bytes = {0};
	struct resource r = prepared(b, want, spec, valid_from ? valid_from : t->now, t->actor, &bytes);
	r.from_now = !valid_from;
	r.pass = (int64_t)(valid_from ? book_pass_of(b, valid_from) : b->passes.n);
	bool changes = differs(in_force(b, shelf_find(b, r.kind, r.customer, r.name), r.valid_from), &r);
	if (changes) {
		bool kept = keep(b, &r);
		must(kept);
		turn_put(t,
		    (struct row_change){.space = STR("resource"), .key = version_key(t, &r), .customer = r.customer, .tag = r.kind,
			.sort = r.valid_from},
		    &resource_layout, &r);
		tell(t, &r);
	}
	buf_fini(&bytes);
	return changes;
}
