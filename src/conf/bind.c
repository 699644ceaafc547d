/* bind.c — see bind.h. */
#include "conf/bind.h"

#include <string.h>

#include "base/map.h"
#include "base/must.h"

/* ---- marks: (address of the record, key or layout) -> node ---- */

struct marks {
	struct map *map;
};
struct mark {
	const void *record, *what;
};

struct marks *
marks_create(void)
{
	struct marks *m = mem_new(struct marks);
	m->map = map_create();
	return m;
}

void
marks_destroy(struct marks **m)
{
	if (!*m)
		return;
	map_destroy(&(*m)->map);
	mem_free(*m);
	*m = NULL;
}

static struct str
mark_text(const struct mark *m)
{
	return str_n((const char *)m, sizeof *m);
}

static void
mark(struct binder *b, const void *record, const void *what, const struct node *n)
{
	struct mark m = {record, what};
	map_put(b->marks->map, mark_text(&m), (void *)n);
}

const struct node *
marks_get(const struct marks *m, const struct layout *l, const void *record, const char *name)
{
	struct mark mk = {record, l};
	if (name) {
		void *base = (void *)record;
		mk.what = bind_find(l, str_c(name), &base);
		mk.record = base;
		must(mk.what);
	}
	return map_get(m->map, mark_text(&mk));
}

struct place
marks_place(const struct marks *m, const struct layout *l, const void *record, const char *name)
{
	const struct node *n = marks_get(m, l, record, name);
	if (!n)
		n = marks_get(m, l, record, NULL);
	return n ? n->at : (struct place){0};
}

/* ---- keys ---- */

const struct key *
bind_find(const struct layout *l, struct str name, void **base)
{
	const struct key *k = record_key(l, name);
	if (k && !(k->flags & KEY_INLINE))
		return k;
	for (size_t i = 0; i < l->n; i++) {
		if (!(l->keys[i].flags & KEY_INLINE))
			continue;
		void *inner = (char *)*base + l->keys[i].at;
		k = bind_find(l->keys[i].inside, name, &inner);
		if (k) {
			*base = inner;
			return k;
		}
	}
	return NULL;
}

struct words {
	VEC(const char *) v;
};

static void
collect_names(struct binder *b, const struct layout *l, struct words *w)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->keys[i].flags & KEY_INLINE)
			collect_names(b, l->keys[i].inside, w);
		else
			*vec_add(&w->v) = arena_cstr(b->arena, key_text(&l->keys[i]));
}

/* "scrape_config" -> "scrape config" */
static struct str
title(struct binder *b, const struct layout *l)
{
	struct str s = str_c(l->name);
	if (str_starts(s, STR("conf_")))
		s = str_from(s, 5);
	if (l == b->top)
		return STR("a configuration file");
	char *t = arena_cstr(b->arena, s);
	for (char *p = t; *p; p++)
		if (*p == '_')
			*p = ' ';
	return str_c(t);
}

static void
unknown_key(struct binder *b, const struct layout *l, const struct node *key)
{
	struct words w = {0};
	collect_names(b, l, &w);
	const char *near = str_nearest(key->text, w.v.p, w.v.n);
	struct str what = title(b, l);
	if (near)
		report_error(b->report, key->at, "unknown key \"%.*s\" in %.*s; did you mean \"%s\"?",
		    STR_ARG(str_to(key->text, 80)), STR_ARG(what), near);
	else
		report_error(b->report, key->at, "unknown key \"%.*s\" in %.*s",
		    STR_ARG(str_to(key->text, 80)), STR_ARG(what));
	vec_fini(&w.v);
}

/* ---- values ---- */

static void bind_value(struct binder *, const struct key *, void *base, const struct node *);

static bool
step(struct binder *b, const struct node *n)
{
	if (++b->steps == BIND_STEPS)
		report_error(b->report, n->at, "the document grows too large by its aliases");
	return b->steps < BIND_STEPS;
}

static bool
expect(struct binder *b, const struct key *k, const struct node *n, enum node_kind kind, const char *what)
{
	if (n->kind == kind)
		return true;
	struct str name = key_text(k);
	report_error(b->report, n->at, "%.*s must be %s, not %s", STR_ARG(name), what, node_kind_name(n));
	return false;
}

/* What YAML calls a boolean besides true and false. */
static struct str
plain_bool(const struct node *n)
{
	static const char *const yes[] = {"y", "yes", "on", "true"}, *const no[] = {
									 "n", "no", "off", "false"};
	for (size_t i = 0; n->plain && i < 4; i++) {
		if (str_eq_nocase(n->text, str_c(yes[i])))
			return STR("true");
		if (str_eq_nocase(n->text, str_c(no[i])))
			return STR("false");
	}
	return n->text;
}

static const char *
wanted(const struct key *k)
{
	static const char *const words[] = {
	    [RK_BOOL] = "true or false",
	    [RK_I64] = "a whole number",
	    [RK_F64] = "a number",
	    [RK_STR] = "a text",
	    [RK_SECRET] = "a text",
	    [RK_ENUM] = "a word",
	    [RK_TIME] = "a time",
	    [RK_DUR] = "a duration",
	    [RK_SIZE] = "a size",
	};
	return words[k->kind];
}

char *
bind_path(struct arena *a, const char *from, struct str name)
{
	const char *slash = strrchr(from, '/');
	if (name.n == 0 || name.p[0] == '/' || !slash)
		return arena_cstr(a, name);
	return (char *)arena_fmt(a, "%.*s%.*s", (int)(slash + 1 - from), from, STR_ARG(name)).p;
}

static struct str
text_at(struct binder *b, const struct key *k, const struct node *n)
{
	return k->flags & KEY_PATH ? str_c(bind_path(b->arena, n->at.file, n->text)) : n->text;
}

static void
bind_scalar(struct binder *b, const struct key *k, void *base, const struct node *n)
{
	struct err e;
	if (!expect(b, k, n, NODE_SCALAR, wanted(k)))
		return;
	struct str text = k->kind == RK_BOOL ? plain_bool(n) : text_at(b, k, n);
	if (record_set(k, base, text, b->arena, &e) == RC_OK)
		return;
	struct str name = key_text(k);
	report_error(b->report, n->at, "%.*s: %s", STR_ARG(name), e.text);
}

static struct str
text_of(struct binder *b, const struct key *k, const struct node *n)
{
	return expect(b, k, n, NODE_SCALAR, "a list of texts") ? text_at(b, k, n) : STR("");
}

static void
bind_strs(struct binder *b, const struct key *k, struct strs *out, const struct node *n)
{
	if ((k->flags & KEY_BARE) && n->kind == NODE_SCALAR) {
		*out = (struct strs){arena_array(b->arena, struct str, 1), 1};
		out->p[0] = n->text;
		return;
	}
	if (!expect(b, k, n, NODE_LIST, "a list of texts"))
		return;
	*out = (struct strs){arena_array(b->arena, struct str, n->n), n->n};
	for (size_t i = 0; i < n->n && step(b, n); i++)
		out->p[i] = text_of(b, k, n->items[i]);
}

static void
bind_pairs(struct binder *b, const struct key *k, struct pairs *out, const struct node *n)
{
	if (!expect(b, k, n, NODE_MAP, "a map of names to texts"))
		return;
	*out = (struct pairs){arena_array(b->arena, struct pair, n->n), 0};
	for (size_t i = 0; i < n->n && step(b, n); i++) {
		const struct node *v = n->pairs[i].value;
		if (!expect(b, k, v, NODE_SCALAR, "a map of names to texts"))
			continue;
		struct str text = node_is_null(v) ? STR("") : v->text;
		out->p[out->n++] = (struct pair){n->pairs[i].key->text, text};
	}
	pairs_sort(out);
}

/* A record written as what stands for its first member, or as a map of its keys. */
static void
bind_one(struct binder *b, const struct key *k, void *record, const struct node *n)
{
	if (!step(b, n))
		return;
	if ((k->flags & KEY_BARE) && !(k->flags & KEY_MAP) && n->kind != NODE_MAP) {
		record_defaults(k->inside, record, b->arena);
		mark(b, record, k->inside, n);
		bind_value(b, &k->inside->keys[0], record, n);
		return;
	}
	if (n->kind != NODE_MAP) {
		struct str name = key_text(k), what = title(b, k->inside);
		const char *list = k->kind == RK_MANY ? "a list of maps" : "a map";
		report_error(b->report, n->at, "%.*s must be %s with the keys of a %.*s, not %s",
		    STR_ARG(name), list, STR_ARG(what), node_kind_name(n));
		return;
	}
	bind_record(b, k->inside, record, n);
}

struct many {
	void *p;
	size_t n;
};

static void
bind_named(struct binder *b, const struct key *k, void *record, const struct node_pair *pair)
{
	const struct layout *l = k->inside;
	if ((k->flags & KEY_BARE) && pair->value->kind != NODE_MAP) {
		record_defaults(l, record, b->arena);
		mark(b, record, l, pair->key);
		bind_value(b, &l->keys[1], record, pair->value);
	} else if (node_is_null(pair->value)) {
		record_defaults(l, record, b->arena);
		mark(b, record, l, pair->key);
	} else {
		bind_one(b, k, record, pair->value);
	}
	bind_value(b, &l->keys[0], record, pair->key);
}

static void
bind_many(struct binder *b, const struct key *k, struct many *out, const struct node *n)
{
	bool map = k->flags & KEY_MAP;
	if (!expect(b, k, n, map ? NODE_MAP : NODE_LIST, map ? "a map" : "a list"))
		return;
	size_t each = k->inside->size;
	*out = (struct many){arena_alloc(b->arena, n->n * each), n->n};
	for (size_t i = 0; i < n->n; i++) {
		void *record = (char *)out->p + i * each;
		if (map)
			bind_named(b, k, record, &n->pairs[i]);
		else
			bind_one(b, k, record, n->items[i]);
	}
}

static void
bind_value(struct binder *b, const struct key *k, void *base, const struct node *n)
{
	void *m = (char *)base + k->at;
	if (node_is_null(n) && k->kind != RK_RAW)
		return;
	mark(b, base, k, n);
	switch (k->kind) {
	case RK_STRS: bind_strs(b, k, m, n); break;
	case RK_PAIRS: bind_pairs(b, k, m, n); break;
	case RK_ONE: bind_one(b, k, m, n); break;
	case RK_MAYBE:
		*(void **)m = arena_alloc(b->arena, k->inside->size);
		bind_one(b, k, *(void **)m, n);
		break;
	case RK_MANY: bind_many(b, k, m, n); break;
	case RK_RAW: *(const struct node **)m = n; break;
	default: bind_scalar(b, k, base, n);
	}
}

/* ---- records ---- */

static void
warn_inert(struct binder *b, const struct node *key)
{
	if (!b->quiet)
		report_warning(b->report, key->at, "\"%.*s\" is known and accepted, but not acted on yet",
		    STR_ARG(key->text));
}

static void
bind_pair(struct binder *b, const struct layout *l, void *record, const struct node_pair *p)
{
	void *base = record;
	const struct key *k = bind_find(l, p->key->text, &base);
	if (!k || (k->flags & KEY_HIDDEN)) {
		unknown_key(b, l, p->key);
		return;
	}
	bool inert = k->flags & KEY_INERT;
	if (inert)
		warn_inert(b, p->key);
	b->quiet += inert;
	bind_value(b, k, base, p->value);
	b->quiet -= inert;
}

static bool
is_marked(const struct binder *b, const void *record, const struct key *k)
{
	struct mark m = {record, k};
	return map_get(b->marks->map, mark_text(&m)) != NULL;
}

static void
check_required(struct binder *b, const struct layout *l, void *record, const struct node *n)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct key *k = &l->keys[i];
		struct str name = key_text(k), what = title(b, l);
		if ((k->flags & KEY_REQUIRED) && !is_marked(b, record, k))
			report_error(b->report, n->at, "\"%.*s\" is missing in %.*s: %s", STR_ARG(name),
			    STR_ARG(what), k->help);
		if (k->flags & KEY_INLINE)
			check_required(b, k->inside, (char *)record + k->at, n);
	}
}

/* A text and the file that holds it are two ways to say one thing: "password" and "password_file". */
static void
check_files(struct binder *b, const struct layout *l, void *record)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct key *k = &l->keys[i];
		struct str name = key_text(k);
		if (k->flags & KEY_INLINE)
			check_files(b, k->inside, (char *)record + k->at);
		if (!str_ends(name, STR("_file")) || !is_marked(b, record, k))
			continue;
		struct str plain = str_to(name, name.n - strlen("_file"));
		const struct key *other = record_key(l, plain);
		if (other && is_marked(b, record, other))
			report_error(b->report, marks_place(b->marks, l, record, k->name),
			    "%.*s and %.*s exclude each other; keep one", STR_ARG(plain), STR_ARG(name));
	}
}

void
bind_record(struct binder *b, const struct layout *l, void *record, const struct node *n)
{
	record_defaults(l, record, b->arena);
	mark(b, record, l, n);
	if (n->kind != NODE_MAP) {
		struct str what = title(b, l);
		report_error(
		    b->report, n->at, "%.*s must be a map, not %s", STR_ARG(what), node_kind_name(n));
		return;
	}
	for (size_t i = 0; i < n->n && step(b, n); i++)
		bind_pair(b, l, record, &n->pairs[i]);
	check_required(b, l, record, n);
	check_files(b, l, record);
}
