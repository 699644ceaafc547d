/* node.c — see node.h. */
#include "conf/node.h"

#include <yaml.h>

#include "base/map.h"

struct reader {
	yaml_parser_t yaml;
	yaml_event_t event;
	const char *file;
	struct arena *arena;
	struct report *report;
	struct map *anchors;
	size_t count;
	unsigned depth;
	bool failed;
};

static struct place
place_of(const struct reader *r, yaml_mark_t mark)
{
	return (struct place){r->file, (unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

static void
fail(struct reader *r, struct place at, const char *why)
{
	if (!r->failed)
		report_error(r->report, at, "%s", why);
	r->failed = true;
}

static void
fail_syntax(struct reader *r)
{
	const yaml_parser_t *y = &r->yaml;
	struct place at = place_of(r, y->problem_mark);
	if (!r->failed && y->context)
		report_error(r->report, at, "this is not YAML: %s, %s that starts in line %zu", y->problem,
		    y->context, y->context_mark.line + 1);
	else if (!r->failed)
		report_error(
		    r->report, at, "this is not YAML: %s", y->problem ? y->problem : "it cannot be read");
	r->failed = true;
}

/* Moves to the next event; false when there is none. */
static bool
next(struct reader *r)
{
	yaml_event_delete(&r->event);
	if (!r->failed && !yaml_parser_parse(&r->yaml, &r->event))
		fail_syntax(r);
	if (r->failed)
		r->event.type = YAML_NO_EVENT;
	return !r->failed;
}

static struct node *
new_node(struct reader *r, enum node_kind kind)
{
	if (++r->count > NODE_COUNT)
		fail(
		    r, place_of(r, r->event.start_mark), "the document is too large: over two million nodes");
	struct node *n = arena_new(r->arena, struct node);
	n->kind = kind;
	n->at = place_of(r, r->event.start_mark);
	return n;
}

static void
anchor(struct reader *r, const char *name, struct node *n)
{
	if (name)
		map_put(r->anchors, str_c(name), n);
}

static struct node *read_value(struct reader *r);

static struct node *
read_scalar(struct reader *r)
{
	struct node *n = new_node(r, NODE_SCALAR);
	const char *tag = (const char *)r->event.data.scalar.tag;
	bool text = tag && strcmp(tag, YAML_STR_TAG) == 0;
	n->plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !text;
	n->text =
	    arena_str(r->arena, str_n((const char *)r->event.data.scalar.value, r->event.data.scalar.length));
	anchor(r, (const char *)r->event.data.scalar.anchor, n);
	return n;
}

/* An anchor is known only once its node has ended, so no node can hold itself. */
static struct node *
read_alias(struct reader *r)
{
	const char *name = (const char *)r->event.data.alias.anchor;
	struct node *n = map_get(r->anchors, str_c(name));
	if (!n) {
		struct place at = place_of(r, r->event.start_mark);
		if (!r->failed)
			report_error(r->report, at, "there is no anchor &%s before this place", name);
		r->failed = true;
	}
	return n;
}

static struct node *
read_list(struct reader *r)
{
	struct node *n = new_node(r, NODE_LIST);
	char *name = r->event.data.sequence_start.anchor
			 ? arena_cstr(r->arena, str_c((const char *)r->event.data.sequence_start.anchor))
			 : NULL;
	VEC(struct node *) items = {0};
	while (next(r) && r->event.type != YAML_SEQUENCE_END_EVENT) {
		struct node *item = read_value(r);
		if (!item)
			break;
		*vec_add(&items) = item;
	}
	n->n = items.n;
	n->items = arena_array(r->arena, struct node *, items.n);
	if (items.n)
		memcpy(n->items, items.p, items.n * sizeof *items.p);
	vec_fini(&items);
	anchor(r, name, n);
	return n;
}

struct pairs_vec {
	VEC(struct node_pair) v;
	struct map *seen;
};

static void
add_pair(struct reader *r, struct pairs_vec *pv, struct node *key, struct node *value)
{
	if (key->kind != NODE_SCALAR) {
		fail(r, key->at, "a key must be a plain word");
		return;
	}
	struct node *first = map_get(pv->seen, key->text);
	if (first) {
		report_error(r->report, key->at,
		    "the key \"%.*s\" stands here a second time; it was in line %u already",
		    STR_ARG(key->text), first->at.line);
		return;
	}
	map_put(pv->seen, key->text, key);
	*vec_add(&pv->v) = (struct node_pair){key, value};
}

/* The pairs of `from` that the map does not have itself. */
static void
merge(struct reader *r, struct pairs_vec *pv, const struct node *from)
{
	if (from->kind == NODE_LIST) {
		for (size_t i = 0; i < from->n && !r->failed; i++)
			if (from->items[i]->kind == NODE_MAP)
				merge(r, pv, from->items[i]);
			else
				fail(r, from->items[i]->at, "only maps can be merged with <<");
		return;
	}
	if (from->kind != NODE_MAP) {
		fail(r, from->at, "only a map or a list of maps can be merged with <<");
		return;
	}
	for (size_t i = 0; i < from->n && !r->failed; i++) {
		if (map_get(pv->seen, from->pairs[i].key->text))
			continue;
		if (++r->count > NODE_COUNT)
			fail(r, from->at, "the document grows too large by its merges");
		add_pair(r, pv, from->pairs[i].key, from->pairs[i].value);
	}
}

static void
read_pairs(struct reader *r, struct pairs_vec *pv)
{
	VEC(struct node *) merges = {0};
	while (next(r) && r->event.type != YAML_MAPPING_END_EVENT) {
		struct node *key = read_value(r);
		if (!key || !next(r))
			break;
		struct node *value = read_value(r);
		if (!value)
			break;
		if (key->kind == NODE_SCALAR && key->plain && str_is(key->text, "<<"))
			*vec_add(&merges) = value;
		else
			add_pair(r, pv, key, value);
	}
	for (size_t i = 0; i < merges.n && !r->failed; i++)
		merge(r, pv, merges.p[i]);
	vec_fini(&merges);
}

static struct node *
read_map(struct reader *r)
{
	struct node *n = new_node(r, NODE_MAP);
	char *name = r->event.data.mapping_start.anchor
			 ? arena_cstr(r->arena, str_c((const char *)r->event.data.mapping_start.anchor))
			 : NULL;
	struct pairs_vec pv = {.seen = map_create()};
	read_pairs(r, &pv);
	n->n = pv.v.n;
	n->pairs = arena_array(r->arena, struct node_pair, pv.v.n);
	if (pv.v.n)
		memcpy(n->pairs, pv.v.p, pv.v.n * sizeof *pv.v.p);
	vec_fini(&pv.v);
	map_destroy(&pv.seen);
	anchor(r, name, n);
	return n;
}

/* The value whose first event is the current one; NULL after a failure. */
static struct node *
read_value(struct reader *r)
{
	struct node *n = NULL;
	if (++r->depth > NODE_DEPTH)
		fail(
		    r, place_of(r, r->event.start_mark), "the document is nested too deeply: over 48 levels");
	if (!r->failed)
		switch (r->event.type) {
		case YAML_SCALAR_EVENT: n = read_scalar(r); break;
		case YAML_ALIAS_EVENT: n = read_alias(r); break;
		case YAML_SEQUENCE_START_EVENT: n = read_list(r); break;
		case YAML_MAPPING_START_EVENT: n = read_map(r); break;
		default: fail(r, place_of(r, r->event.start_mark), "a value is missing here");
		}
	r->depth--;
	return r->failed ? NULL : n;
}

static struct node *
read_document(struct reader *r)
{
	struct node *root = NULL;
	if (!next(r) || !next(r)) /* the stream's start, then the document's */
		return NULL;
	if (r->event.type == YAML_DOCUMENT_START_EVENT && next(r))
		root = read_value(r);
	else if (!r->failed)
		root = new_node(r, NODE_MAP);
	if (root && r->event.type != YAML_STREAM_END_EVENT && next(r) && next(r) &&
	    r->event.type != YAML_STREAM_END_EVENT)
		fail(r, place_of(r, r->event.start_mark), "a second document begins here; a file holds one");
	if (root && node_is_null(root))
		root = new_node(r, NODE_MAP);
	return r->failed ? NULL : root;
}

struct node *
node_read(const char *file, struct str text, struct arena *arena, struct report *report)
{
	struct reader r = {.file = arena_cstr(arena, str_c(file)), .arena = arena, .report = report};
	if (text.n > NODE_BYTES) {
		report_error(report, (struct place){r.file, 0, 0}, "the file is larger than 32 MiB");
		return NULL;
	}
	if (!str_utf8(text)) {
		report_error(report, (struct place){r.file, 0, 0}, "the file is not UTF-8");
		return NULL;
	}
	r.anchors = map_create();
	yaml_parser_initialize(&r.yaml);
	yaml_parser_set_encoding(&r.yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.yaml, (const unsigned char *)text.p, text.n);
	size_t errors = report->errors;
	struct node *root = read_document(&r);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.yaml);
	map_destroy(&r.anchors);
	return report->errors == errors ? root : NULL;
}

bool
node_is_null(const struct node *n)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};
	if (n->kind != NODE_SCALAR || !n->plain)
		return false;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_is(n->text, words[i]))
			return true;
	return false;
}

struct node *
node_get(const struct node *map, struct str key)
{
	if (map->kind == NODE_MAP)
		for (size_t i = 0; i < map->n; i++)
			if (str_eq(map->pairs[i].key->text, key))
				return map->pairs[i].value;
	return NULL;
}

static bool
eq(const struct node *a, const struct node *b, size_t *steps)
{
	if (a == b)
		return true;
	if (a->kind != b->kind || a->n != b->n || ++*steps > NODE_COUNT)
		return false;
	if (a->kind == NODE_SCALAR)
		return str_eq(a->text, b->text) && node_is_null(a) == node_is_null(b);
	for (size_t i = 0; i < a->n; i++) {
		if (a->kind == NODE_LIST && !eq(a->items[i], b->items[i], steps))
			return false;
		if (a->kind == NODE_MAP) {
			const struct node *other = node_get(b, a->pairs[i].key->text);
			if (!other || !eq(a->pairs[i].value, other, steps))
				return false;
		}
	}
	return true;
}

bool
node_eq(const struct node *a, const struct node *b)
{
	size_t steps = 0; /* aliases can make both huge */
	return eq(a, b, &steps);
}

const char *
node_kind_name(const struct node *n)
{
	static const char *const names[] = {
	    [NODE_SCALAR] = "a single value", [NODE_LIST] = "a list", [NODE_MAP] = "a map"};
	return node_is_null(n) ? "nothing" : names[n->kind];
}
