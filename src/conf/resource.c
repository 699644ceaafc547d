/* resource.c — see resource.h. */
#include "conf/resource.h"

#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "conf/bind.h"

typedef VEC(struct resource_document) documents;

static const char *const head_words[] = {"kind", "name", "customer", "valid_from", "removed", "spec"};
enum { HEAD_WORDS = sizeof head_words / sizeof *head_words };

static bool
head_text(const struct node *map, const char *key, bool required, struct str *out, struct report *r)
{
	const struct node *n = node_get(map, str_c(key));
	if (!n && required)
		report_error(r, map->at, "a resource needs \"%s\"", key);
	if (n && n->kind != NODE_SCALAR)
		report_error(r, n->at, "%s must be a text, not %s", key, node_kind_name(n));
	*out = n && n->kind == NODE_SCALAR ? n->text : STR("");
	return out->n > 0;
}

static void
check_head_keys(const struct node *map, struct report *r)
{
	for (size_t i = 0; i < map->n; i++) {
		struct str key = map->pairs[i].key->text;
		bool known = false;
		for (size_t k = 0; k < HEAD_WORDS; k++)
			known |= str_is(key, head_words[k]);
		if (known)
			continue;
		const char *near = str_nearest(key, head_words, HEAD_WORDS);
		report_error(r, map->pairs[i].key->at,
		    "a resource has no \"%.*s\"%s%s%s; its own keys stand under spec", STR_ARG(key),
		    near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	}
}

static void
read_head(const struct node *map, struct resource_document *d, struct report *r)
{
	struct str text;
	d->at = map->at;
	check_head_keys(map, r);
	head_text(map, "kind", true, &d->kind, r);
	head_text(map, "name", true, &d->name, r);
	head_text(map, "customer", false, &d->customer, r);
	if (head_text(map, "valid_from", false, &text, r) && !time_parse_rfc3339(text, &d->valid_from))
		report_error(r, node_get(map, STR("valid_from"))->at,
		    "valid_from \"%.*s\" is not a time such as 2026-11-20T08:00:00Z", STR_ARG(text));
	d->removed = head_text(map, "removed", false, &text, r) && str_is(text, "true");
}

static void
read_spec(const struct node *map, struct resource_document *d, const struct resource_kinds_view *kinds,
    struct arena *a, struct report *r)
{
	static const struct node nothing = {.kind = NODE_MAP};
	const struct node *spec = node_get(map, STR("spec"));
	d->layout = kinds->layout(kinds->arg, d->kind);
	if (!d->layout && d->kind.n) {
		const char *near = str_nearest(d->kind, kinds->words, kinds->words_n);
		report_error(r, node_get(map, STR("kind"))->at, "there is no kind of resource \"%.*s\"%s%s%s",
		    STR_ARG(d->kind), near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	}
	if (!d->layout || d->removed)
		return;
	struct node empty = nothing;
	empty.at = map->at;
	struct binder b = {.arena = a, .report = r, .marks = marks_create()};
	d->spec = arena_alloc(a, d->layout->size);
	bind_record(&b, d->layout, d->spec, spec ? spec : &empty);
	marks_destroy(&b.marks);
}

static void
read_document(const char *file, struct str yaml, const struct resource_kinds_view *kinds, struct arena *a,
    struct report *r, documents *out)
{
	const struct node *root = node_read(file, yaml, a, r);
	if (!root || (root->kind == NODE_MAP && root->n == 0))
		return;
	size_t n = root->kind == NODE_LIST ? root->n : 1;
	for (size_t i = 0; i < n; i++) {
		const struct node *map = root->kind == NODE_LIST ? root->items[i] : root;
		if (map->kind != NODE_MAP) {
			report_error(r, map->at, "a resource is a map with kind, name and spec, not %s",
			    node_kind_name(map));
			continue;
		}
		struct resource_document *d = vec_add(out);
		read_head(map, d, r);
		read_spec(map, d, kinds, a, r);
	}
}

/* The text before the next line that is "---", with as many empty lines in front as lines were cut off, so
 * that positions stay true. */
static struct str
next_document(struct str *rest, size_t *line, struct arena *a)
{
	struct buf b = {0};
	struct str l;
	for (size_t i = 0; i < *line; i++)
		buf_ch(&b, '\n');
	while (str_cut(rest, '\n', &l)) {
		++*line;
		if (str_is(str_trim(l), "---"))
			break;
		buf_str(&b, l);
		buf_ch(&b, '\n');
	}
	struct str s = arena_str(a, buf_view(&b));
	buf_fini(&b);
	return s;
}

size_t
resources_read(const char *file, struct str yaml, const struct resource_kinds_view *kinds, struct arena *a,
    struct report *r, struct resource_document **out)
{
	documents all = {0};
	size_t line = 0;
	while (yaml.p && yaml.n)
		read_document(file, next_document(&yaml, &line, a), kinds, a, r, &all);
	*out = arena_array(a, struct resource_document, all.n);
	if (all.n)
		memcpy(*out, all.p, all.n * sizeof *all.p);
	size_t n = all.n;
	vec_fini(&all);
	return n;
}
