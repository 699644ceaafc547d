/*
 * load.c — from files to a snapshot.
 *
 * IDEA   A tocsin.yml and the files of the peers that it names become one tree: their top-level keys are
 * united node by node, and only then bound.  So a key has one place in the table, whatever file it stands in,
 * and "set twice" is a question about nodes.
 *
 *            read -> unite -> bind -> settle (inheritance) -> check -> rules, templates -> print -> snapshot
 */
#include "conf/conf.h"

#include <glob.h>
#include <stdatomic.h>
#include <string.h>

#include "base/os.h"
#include "conf/inner.h"

#define RECORD_SELF struct conf_global
RECORD_LAYOUT(conf_global, CONF_GLOBAL_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_root
RECORD_LAYOUT(conf_root, CONF_ROOT_KEYS)
#undef RECORD_SELF

struct conf_inner {
	atomic_uint refs;
	struct arena *arena;
	struct marks *marks;
	struct report warnings;
};

/* ---- files ---- */

static struct node *
read_tree(struct loader *l, const char *path, struct place named_at)
{
	struct buf text = {0};
	struct err e;
	struct node *root = NULL;
	if (os_read_file(path, NODE_BYTES, &text, &e) != RC_OK)
		report_error(l->check.report, named_at, "%s", e.text);
	else
		root = node_read(path, buf_view(&text), l->binder.arena, l->check.report);
	buf_fini(&text);
	return root;
}

/* ---- uniting several files ---- */

static unsigned
kinds_of(const struct node *root)
{
	unsigned kinds = 0;
	for (size_t i = 0; i < root->n && root->kind == NODE_MAP; i++) {
		struct conf_root none;
		void *base = &none;
		const struct key *k = bind_find(&conf_root_layout, root->pairs[i].key->text, &base);
		unsigned of = k ? k->flags & (KEY_OF_PROM | KEY_OF_AM | KEY_OURS) : 0;
		if (of == KEY_OF_PROM || of == KEY_OF_AM || of == KEY_OURS)
			kinds |= of;
	}
	return kinds;
}

/* A file with keys of one peer alone is that peer's. */
static enum conf_kind
kind_of(const struct node *root)
{
	unsigned kinds = kinds_of(root);
	if (kinds == KEY_OF_AM)
		return CONF_ALERTMANAGER;
	if (kinds == KEY_OF_PROM)
		return CONF_PROMETHEUS;
	return CONF_TOCSIN;
}

static void
add_pair(struct loader *l, struct node *map, struct node_pair pair)
{
	struct node_pair *grown = arena_array(l->binder.arena, struct node_pair, map->n + 1);
	if (map->n)
		memcpy(grown, map->pairs, map->n * sizeof *grown);
	grown[map->n++] = pair;
	map->pairs = grown;
}

/* The value of a key as a map of its own: with an anchor it may stand elsewhere, too. */
static struct node *
own_map(struct loader *l, struct node *into, const struct node *value)
{
	struct node *copy = arena_new(l->binder.arena, struct node);
	*copy = *value;
	for (size_t i = 0; i < into->n; i++)
		if (into->pairs[i].value == value)
			into->pairs[i].value = copy;
	return copy;
}

/* Adds what `from` has; the same key with another value is an error that names both places. */
static void
unite(struct loader *l, struct node *into, const struct node *from)
{
	for (size_t i = 0; i < from->n; i++) {
		struct node_pair pair = from->pairs[i];
		struct node *there = node_get(into, pair.key->text);
		if (!there) {
			add_pair(l, into, pair);
		} else if (there->kind == NODE_MAP && pair.value->kind == NODE_MAP) {
			unite(l, own_map(l, into, there), pair.value);
		} else if (!node_eq(there, pair.value)) {
			struct buf where = {0};
			place_print(there->at, &where);
			report_error(l->check.report, pair.value->at,
			    "\"%.*s\" is set here and, to another value, at %s; keep one",
			    STR_ARG(pair.key->text), where.p);
			buf_fini(&where);
		}
	}
}

static void
refuse_foreign(struct loader *l, const struct node *root, unsigned flag, const char *peer)
{
	for (size_t i = 0; i < root->n; i++) {
		struct conf_root none;
		void *base = &none;
		const struct key *k = bind_find(&conf_root_layout, root->pairs[i].key->text, &base);
		if (k && !(k->flags & flag))
			report_error(l->check.report, root->pairs[i].key->at, "\"%.*s\" is no key of %s",
			    STR_ARG(root->pairs[i].key->text), peer);
	}
}

static void
read_peer(struct loader *l, struct node *root, const char *section, unsigned flag, const char *peer)
{
	struct node *ref = node_get(root, str_c(section));
	struct node *file = ref ? node_get(ref, STR("config_file")) : NULL;
	if (!file || file->kind != NODE_SCALAR)
		return; /* the binder says what is missing */
	char *path = bind_path(l->binder.arena, root->at.file, file->text);
	struct node *tree = read_tree(l, path, file->at);
	if (!tree)
		return;
	if (tree->kind != NODE_MAP) {
		report_error(
		    l->check.report, tree->at, "a configuration is a map, not %s", node_kind_name(tree));
		return;
	}
	refuse_foreign(l, tree, flag, peer);
	unite(l, root, tree);
}

/* ---- the files that a configuration names ---- */

typedef void per_file(struct loader *, const char *path, struct place named_at);

/* Only the last part of a path may hold a star. */
static bool
star_in_a_folder(const char *pattern)
{
	const char *star = strchr(pattern, '*');
	return star && strchr(star, '/');
}

static void
each_file(struct loader *l, const char *key, struct strs patterns, per_file *fn)
{
	for (size_t i = 0; i < patterns.n; i++) {
		struct place at = check_item(&l->check, &conf_root_layout, l->root, key, i);
		const char *pattern = bind_path(l->binder.arena, at.file ? at.file : l->path, patterns.p[i]);
		glob_t g;
		if (star_in_a_folder(pattern)) {
			report_error(l->check.report, at, "only the last part of a path may hold a *");
			continue;
		}
		if (glob(pattern, 0, NULL, &g) == 0)
			for (size_t f = 0; f < g.gl_pathc; f++)
				fn(l, g.gl_pathv[f], at);
		else if (!strpbrk(pattern, "*?["))
			report_warning(l->check.report, at, "there is no file %s", pattern);
		globfree(&g);
	}
}

static void
load_rules(struct loader *l, const char *path, struct place named_at)
{
	struct buf text = {0};
	struct err e;
	struct conf_rules rules;
	if (os_read_file(path, NODE_BYTES, &text, &e) != RC_OK)
		report_error(l->check.report, named_at, "%s", e.text);
	else if (conf_rules_read(&l->check, &l->binder, path, buf_view(&text), &rules))
		*vec_add(&l->rules) = rules;
	buf_fini(&text);
}

/* The rules that we bring along, for who brings none. */
static void
load_starter_rules(struct loader *l)
{
	struct conf_rules rules;
	if (l->root->server.starter_rules && !l->root->rule_files.n &&
	    conf_rules_read(&l->check, &l->binder, "(starter rules)", str_c(conf_starter_rules), &rules))
		*vec_add(&l->rules) = rules;
}

static void
load_template(struct loader *l, const char *path, struct place named_at)
{
	struct buf text = {0};
	struct err e;
	if (os_read_file(path, NODE_BYTES, &text, &e) != RC_OK) {
		report_error(l->check.report, named_at, "%s", e.text);
	} else {
		struct arena *a = l->binder.arena;
		*vec_add(&l->templates) =
		    (struct conf_file){arena_str(a, str_c(path)), arena_str(a, buf_view(&text))};
		if (l->check.judges.template)
			check_text(&l->check, l->check.judges.template, buf_view(&text),
			    (struct place){path, 0, 0}, "template");
	}
	buf_fini(&text);
}

#define SCRAPE_FILE_KEYS(F) F(MANY, scrape_configs, conf_scrape, 0, "", "jobs: what is scraped, and how")
RECORD(conf_scrape_file, SCRAPE_FILE_KEYS)
#define RECORD_SELF struct conf_scrape_file
RECORD_LAYOUT(conf_scrape_file, SCRAPE_FILE_KEYS)
#undef RECORD_SELF

static void
load_scrapes(struct loader *l, const char *path, struct place named_at)
{
	struct node *tree = read_tree(l, path, named_at);
	struct conf_scrape_file *file = arena_new(l->binder.arena, struct conf_scrape_file);
	if (!tree)
		return;
	bind_record(&l->binder, &conf_scrape_file_layout, file, tree);
	for (size_t i = 0; i < file->scrape_configs.n; i++)
		*vec_add(&l->scrapes) = &file->scrape_configs.p[i];
}

/* Jobs of further files stand behind those of the main one; a job keeps its address, the marks know it by
 * that. */
static void
gather_scrapes(struct loader *l)
{
	struct conf_root *r = l->root;
	for (size_t i = 0; i < r->scrape_configs.n; i++)
		*vec_add(&l->scrapes) = &r->scrape_configs.p[i];
	each_file(l, "scrape_config_files", r->scrape_config_files, load_scrapes);
}

/* Rules that are to be asked of a cluster when there is none. */
static void
check_asked(struct loader *l)
{
	for (size_t i = 0; i < l->rules.n && !l->root->metrics.remote.query; i++)
		for (size_t k = 0; k < l->rules.p[i].groups.n; k++) {
			const struct conf_rule_group *g = &l->rules.p[i].groups.p[k];
			if (g->query == ASKED_REMOTE)
				check_error(&l->check, &conf_rule_group_layout, g, "query", "there is no cluster to ask: metrics.remote.query is not set");
		}
}

/* ---- the whole ---- */

static void
bind_all(struct loader *l, struct node *tree)
{
	l->root = arena_new(l->binder.arena, struct conf_root);
	bind_record(&l->binder, &conf_root_layout, l->root, tree);
	gather_scrapes(l);
	conf_settle(l);
	conf_check(l);
	l->check.query_offset = l->root->global.prom.rule_query_offset;
	each_file(l, "rule_files", l->root->rule_files, load_rules);
	load_starter_rules(l);
	check_asked(l);
	each_file(l, "templates", l->root->templates, load_template);
}

static void
copy_warnings(struct conf *c, const struct report *r)
{
	report_init(&c->inner->warnings);
	for (size_t i = 0; i < r->notes.n; i++)
		report_warning(&c->inner->warnings, r->notes.p[i].at, "%.*s", STR_ARG(r->notes.p[i].text));
	c->warnings = c->inner->warnings.notes.p;
	c->warnings_n = c->inner->warnings.notes.n;
}

static void *
freeze(struct arena *a, const void *p, size_t bytes)
{
	void *copy = arena_alloc(a, bytes);
	if (bytes)
		memcpy(copy, p, bytes);
	return copy;
}

/* Where people reach us when nobody says so: the port that we listen on. */
static struct str
url_of_listen(struct arena *arena, const struct conf_server *s)
{
	struct str a = s->listen;
	size_t colon = a.n;
	while (colon > 0 && a.p[colon - 1] != ':')
		colon--;
	struct str host = colon > 1 ? str_to(a, colon - 1) : STR("localhost"), port = str_from(a, colon);
	if (str_is(host, "0.0.0.0") || str_is(host, "[::]"))
		host = STR("localhost");
	return arena_fmt(
	    arena, "%s://%.*s:%.*s", s->tls_cert_file.n ? "https" : "http", STR_ARG(host), STR_ARG(port));
}

static struct conf *
snapshot(struct loader *l, const struct node *tree)
{
	struct arena *a = l->binder.arena;
	struct conf *c = arena_new(a, struct conf);
	c->inner = mem_new(struct conf_inner);
	c->inner->arena = a;
	c->inner->marks = l->check.marks;
	atomic_init(&c->inner->refs, 1);
	c->root = l->root;
	c->kind = l->kind;
	c->path = l->path;
	c->external_url = l->root->server.external_url.n ? l->root->server.external_url
							 : url_of_listen(a, &l->root->server);
	c->scrapes.p = freeze(a, l->scrapes.p, l->scrapes.n * sizeof *l->scrapes.p);
	c->scrapes.n = l->scrapes.n;
	c->rules.p = freeze(a, l->rules.p, l->rules.n * sizeof *l->rules.p);
	c->rules.n = l->rules.n;
	c->templates.p = freeze(a, l->templates.p, l->templates.n * sizeof *l->templates.p);
	c->templates.n = l->templates.n;
	struct buf yaml = {0};
	if (l->root->route)
		conf_print_alertmanager(tree, &yaml);
	else
		buf_c(&yaml, "route:\n  receiver: desk\nreceivers:\n  - name: desk\n");
	c->alertmanager_yaml = arena_str(a, buf_view(&yaml));
	buf_clear(&yaml);
	conf_print_all(tree, &yaml);
	c->yaml = arena_str(a, buf_view(&yaml));
	buf_fini(&yaml);
	copy_warnings(c, l->check.report);
	return c;
}

static void
load_tree(struct loader *l, struct node *tree)
{
	if (tree->kind != NODE_MAP) {
		report_error(
		    l->check.report, tree->at, "a configuration is a map, not %s", node_kind_name(tree));
		return;
	}
	l->kind = kind_of(tree);
	read_peer(l, tree, "prometheus", KEY_OF_PROM, "a prometheus.yml");
	read_peer(l, tree, "alertmanager", KEY_OF_AM, "an alertmanager.yml");
	bind_all(l, tree);
}

/* `yaml` NULL: the file is read. */
static enum rc
load(const char *path, const struct str *yaml, const struct conf_judges *j, struct conf **out,
    struct report *report)
{
	struct arena *a = arena_create();
	struct loader l = {.path = arena_cstr(a, str_c(path))};
	struct marks *marks = marks_create();
	l.binder = (struct binder){.arena = a, .report = report, .marks = marks, .top = &conf_root_layout};
	l.check =
	    (struct check){.report = report, .marks = marks, .judges = j ? *j : (struct conf_judges){0}};
	size_t errors = report->errors;
	struct node *tree = yaml ? node_read(path, *yaml, a, report) : read_tree(&l, path, (struct place){0});
	if (tree)
		load_tree(&l, tree);
	enum rc rc = report->errors == errors ? RC_OK : RC_INVALID;
	if (rc == RC_OK)
		*out = snapshot(&l, tree);
	vec_fini(&l.scrapes);
	vec_fini(&l.rules);
	vec_fini(&l.templates);
	if (rc != RC_OK) {
		marks_destroy(&marks);
		arena_destroy(&a);
	}
	return rc;
}

enum rc
conf_load(const char *path, const struct conf_judges *j, struct conf **out, struct report *report)
{
	if (path)
		return load(path, NULL, j, out, report);
	struct str yaml = str_c(conf_embedded);
	enum rc rc = load("(defaults)", &yaml, j, out, report);
	if (rc == RC_OK)
		(*out)->path = NULL;
	return rc;
}

enum rc
conf_load_text(
    const char *name, struct str yaml, const struct conf_judges *j, struct conf **out, struct report *report)
{
	return load(name, &yaml, j, out, report);
}

struct conf *
conf_ref(struct conf *c)
{
	atomic_fetch_add(&c->inner->refs, 1);
	return c;
}

void
conf_unref(struct conf **c)
{
	struct conf_inner *in = *c ? (*c)->inner : NULL;
	*c = NULL;
	if (!in || atomic_fetch_sub(&in->refs, 1) != 1)
		return;
	report_fini(&in->warnings);
	marks_destroy(&in->marks);
	arena_destroy(&in->arena); /* the snapshot itself lives in it */
	mem_free(in);
}

struct place
conf_place(const struct conf *c, const struct layout *l, const void *record, const char *key)
{
	return marks_place(c->inner->marks, l, record, key);
}
