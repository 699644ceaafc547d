/* group_page.c — see group_page.h. */
#include "ingest/group_page.h"

#include <stddef.h>
#include <string.h>

#include "base/map.h"

#define RECORD_SELF struct group_series
RECORD_LAYOUT(group_series, GROUP_SERIES_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct group_family
RECORD_LAYOUT(group_family, GROUP_FAMILY_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct pushed_group
RECORD_LAYOUT(pushed_group, PUSHED_GROUP_KEYS)
#undef RECORD_SELF

static const struct expo_limits limits = {.line = 1 << 20, .labels = 128, .name = 1024, .value = 65536};

/* A family while its page is read. */
struct building {
	struct str name, type, help;
	VEC(struct group_series) series;
};

struct reading {
	struct arena *arena;
	struct labels group;
	struct expo x;
	struct str family, type; /* of the last # TYPE */
	struct map *names;       /* of families -> struct building */
	struct map *seen;        /* label sets */
	VEC(struct building *) families;
	struct label_builder builder;
	struct buf labels;
};

/* ---- families ---- */

/* Which parts a family of this type has besides its own name. */
static const struct {
	const char *type, *ending;
} parts[] = {{"histogram", "_bucket"}, {"histogram", "_sum"}, {"histogram", "_count"},
    {"histogram", "_created"}, {"summary", "_sum"}, {"summary", "_count"}, {"summary", "_created"},
    {"counter", "_total"}, {"counter", "_created"}, {"gaugehistogram", "_bucket"},
    {"gaugehistogram", "_gsum"}, {"gaugehistogram", "_gcount"}, {"info", "_info"}};

static struct str
family_of(const struct reading *r, struct str name)
{
	if (!r->family.n || !str_starts(name, r->family))
		return name;
	struct str ending = str_from(name, r->family.n);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (str_is(r->type, parts[i].type) && str_is(ending, parts[i].ending))
			return r->family;
	return name;
}

static struct building *
building_of(struct reading *r, struct str name)
{
	struct building *b = map_get(r->names, name);
	if (b)
		return b;
	b = mem_new(struct building);
	b->name = arena_str(r->arena, name);
	map_put(r->names, name, b);
	*vec_add(&r->families) = b;
	return b;
}

/* ---- samples ---- */

/* The sample's label set with the group's labels over it, in r->labels. */
static bool
merge_labels(struct reading *r)
{
	struct err e;
	struct arena *a = r->arena;
	buf_clear(&r->labels);
	if (labels_add(&r->labels, r->x.labels.p, r->x.labels.n, &e) != RC_OK) {
		expo_fail(&r->x, "%s", e.text);
		return false;
	}
	label_builder_start(&r->builder, (struct labels){arena_str(a, buf_view(&r->labels))});
	labels_each (r->group, l)
		label_builder_set(&r->builder, l.it.name, l.it.value);
	buf_clear(&r->labels);
	label_builder_add_to(&r->builder, &r->labels);
	return true;
}

static void
take_sample(struct reading *r)
{
	struct expo *x = &r->x;
	struct str name = x->labels.p[0].value;
	if (x->has_time) {
		expo_fail(x, "what is pushed for a job carries no times: it holds from now on");
		return;
	}
	if (str_is(name, GROUP_TIME) || str_is(name, GROUP_FAILED)) {
		expo_fail(x, "%.*s is set here, by every push", STR_ARG(name));
		return;
	}
	struct building *b = building_of(r, family_of(r, name));
	if (!merge_labels(r))
		return;
	if (label_builder_get(&r->builder, STR("__tenant_id__")).n)
		expo_fail(x, "the label __tenant_id__ says whose a series is; nobody may send it");
	else if (map_put(r->seen, buf_view(&r->labels), b))
		expo_fail(x, "the series stands twice on the page");
	else
		*vec_add(&b->series) =
		    (struct group_series){arena_str(r->arena, buf_view(&r->labels)), x->value};
}

/* ---- pages ---- */

static void
take_families(struct reading *r, struct pushed_group *g)
{
	g->families.p = arena_array(r->arena, struct group_family, r->families.n + 1);
	g->families.n = 0;
	for (size_t i = 0; i < r->families.n; i++) {
		const struct building *b = r->families.p[i];
		if (!b->series.n) /* only spoken of */
			continue;
		struct group_family *f = &g->families.p[g->families.n++];
		f->name = b->name;
		f->type = b->type;
		f->help = b->help;
		f->series.n = b->series.n;
		f->series.p = arena_array(r->arena, struct group_series, b->series.n + 1);
		if (b->series.n)
			memcpy(f->series.p, b->series.p, b->series.n * sizeof *b->series.p);
	}
}

static void
forget(struct reading *r)
{
	for (size_t i = 0; i < r->families.n; i++) {
		vec_fini(&r->families.p[i]->series);
		mem_free(r->families.p[i]);
	}
	vec_fini(&r->families);
	map_destroy(&r->names);
	map_destroy(&r->seen);
	label_builder_fini(&r->builder);
	buf_fini(&r->labels);
	expo_fini(&r->x);
}

enum rc
group_page_read(
    struct pushed_group *g, struct str page, enum expo_format format, struct arena *a, struct err *e)
{
	struct reading r = {.arena = a, .group = {g->labels}, .names = map_create(), .seen = map_create()};
	enum expo_item item;
	expo_init(&r.x, page, format, &limits);
	while ((item = expo_next(&r.x)) != EXPO_END) {
		if (item == EXPO_SAMPLE) {
			take_sample(&r);
		} else if (item == EXPO_TYPE) {
			r.family = arena_str(a, r.x.family);
			r.type = arena_str(a, r.x.text);
			building_of(&r, r.family)->type = r.type;
		} else if (item == EXPO_HELP) {
			building_of(&r, r.x.family)->help = arena_str(a, r.x.text);
		}
	}
	enum rc rc = expo_end(&r.x, e);
	if (rc == RC_OK)
		take_families(&r, g);
	forget(&r);
	return rc;
}

static bool
has_family(const struct pushed_group *g, struct str name)
{
	for (size_t i = 0; i < g->families.n; i++)
		if (str_eq(g->families.p[i].name, name))
			return true;
	return false;
}

void
group_page_merge(struct pushed_group *g, const struct pushed_group *old, struct arena *a)
{
	size_t fresh = g->families.n, n = fresh;
	struct group_family *all = arena_array(a, struct group_family, fresh + old->families.n + 1);
	memcpy(all, g->families.p, fresh * sizeof *all);
	for (size_t i = 0; i < old->families.n; i++)
		if (!has_family(g, old->families.p[i].name))
			record_copy(&group_family_layout, &all[n++], &old->families.p[i], a);
	g->families.p = all;
	g->families.n = n;
}

size_t
group_page_count(const struct pushed_group *g)
{
	size_t n = 0;
	for (size_t i = 0; i < g->families.n; i++)
		n += g->families.p[i].series.n;
	return n;
}
