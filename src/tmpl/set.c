/* set.c — sets of named templates: filled once, run by anybody. */
#include "tmpl/run.h"

struct tmpl_set *
tmpl_set_create(enum tmpl_dialect d)
{
	struct tmpl_set *s = mem_new(struct tmpl_set);
	s->dialect = d;
	s->arena = arena_create();
	s->trees = map_create();
	return s;
}

void
tmpl_set_destroy(struct tmpl_set **s)
{
	if (!*s)
		return;
	map_destroy(&(*s)->trees);
	arena_destroy(&(*s)->arena);
	mem_free(*s);
	*s = NULL;
}

enum rc
tmpl_add(struct tmpl_set *s, struct str name, struct str text, struct err *e)
{
	struct tree *t;
	enum rc rc = tree_parse(s->dialect, name, text, s->arena, s->trees, &t, e);
	if (rc == RC_OK)
		map_put(s->trees, t->name, t);
	return rc;
}

enum rc
tmpl_run(const struct tmpl_set *s, struct str name, const struct value *data, const struct tmpl_env *env,
    struct buf *out, struct err *e)
{
	const struct tree *t = map_get(s->trees, name);
	return t ? run_root(s, t, data, env, out, e) : RC_ABSENT;
}

/* What the text defines is put over a copy of the set's names, which only this run sees. */
static enum rc
expand(const struct tmpl_set *s, struct str text, const struct value *data, const struct tmpl_env *env,
    struct buf *out, struct err *e)
{
	struct tmpl_set own = {.dialect = s->dialect, .arena = arena_create(), .trees = map_create()};
	struct tree *t;
	map_each (s->trees, entry)
		map_put(own.trees, entry->key, entry->value);
	enum rc rc = tree_parse(s->dialect, STR(""), text, own.arena, own.trees, &t, e);
	if (rc == RC_OK)
		rc = run_root(&own, t, data, env, out, e);
	map_destroy(&own.trees);
	arena_destroy(&own.arena);
	return rc;
}

enum rc
tmpl_expand(const struct tmpl_set *s, struct str text, const struct value *data, const struct tmpl_env *env,
    struct buf *out, struct err *e)
{
	if (str_has(text, STR("{{")))
		return expand(s, text, data, env, out, e);
	buf_str(out, text);
	return RC_OK;
}

enum rc
tmpl_check(enum tmpl_dialect d, struct str text, struct err *e)
{
	struct tmpl_set *s = tmpl_set_create(d);
	struct tree *t;
	enum rc rc =
	    str_has(text, STR("{{")) ? tree_parse(d, STR(""), text, s->arena, s->trees, &t, e) : RC_OK;
	tmpl_set_destroy(&s);
	return rc;
}
