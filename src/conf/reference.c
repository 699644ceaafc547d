/*
 * reference.c — all keys as Markdown, from the tables: a chapter for each record, in the order in which they
 * are met, each once.
 */
#include "conf/conf.h"

#include <string.h>

struct chapters {
	VEC(const struct layout *) list;
};

static void
enlist(struct chapters *c, const struct layout *l)
{
	for (size_t i = 0; i < c->list.n; i++)
		if (c->list.p[i] == l)
			return;
	*vec_add(&c->list) = l;
}

static struct str
chapter_name(const struct layout *l)
{
	return str_from(str_c(l->name), strlen("conf_"));
}

static void
words(struct buf *out, const char *const *w)
{
	const char *between = "";
	for (; *w; w++) {
		if (!**w)
			continue;
		buf_fmt(out, "%s`%s`", between, *w);
		between = ", ";
	}
}

static void
link_to(struct buf *out, const char *before, const struct layout *l)
{
	struct str name = chapter_name(l);
	buf_fmt(out, "%s[%.*s](#%.*s)", before, STR_ARG(name), STR_ARG(name));
}

static void
kind(struct buf *out, const struct key *k)
{
	static const char *const names[] = {[RK_BOOL] = "boolean",
	    [RK_I64] = "integer",
	    [RK_F64] = "number",
	    [RK_STR] = "text",
	    [RK_SECRET] = "secret",
	    [RK_TIME] = "time",
	    [RK_DUR] = "duration",
	    [RK_SIZE] = "size",
	    [RK_STRS] = "list of texts",
	    [RK_PAIRS] = "map of texts",
	    [RK_RAW] = "any"};
	if (k->kind == RK_ENUM)
		words(out, k->words);
	else if (k->kind == RK_MANY)
		link_to(out, k->flags & KEY_MAP ? "map of " : "list of ", k->inside);
	else if (k->inside)
		link_to(out, "", k->inside);
	else
		buf_c(out, names[k->kind]);
}

static void
row(struct buf *out, const struct key *k, struct chapters *c)
{
	if (k->inside)
		enlist(c, k->inside);
	struct str name = key_text(k);
	buf_fmt(out, "| `%.*s` | ", STR_ARG(name));
	kind(out, k);
	if (k->fallback[0])
		buf_fmt(out, " | `%s` | ", k->fallback);
	else
		buf_c(out, " | | ");
	buf_c(out, k->help);
	if (k->flags & KEY_REQUIRED)
		buf_c(out, "; required");
	if (k->flags & KEY_INERT)
		buf_c(out, "; *accepted, not acted on yet*");
	buf_c(out, " |\n");
}

static void
rows(struct buf *out, const struct layout *l, struct chapters *c)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->keys[i].flags & KEY_INLINE)
			rows(out, l->keys[i].inside, c);
		else if (!(l->keys[i].flags & KEY_HIDDEN))
			row(out, &l->keys[i], c);
}

static void
chapter(struct buf *out, const struct layout *l, struct chapters *c)
{
	struct str name = chapter_name(l);
	buf_fmt(out, "\n## %.*s\n\n| key | value | default | |\n|---|---|---|---|\n", STR_ARG(name));
	rows(out, l, c);
}

void
conf_reference(struct buf *out)
{
	struct chapters c = {0};
	buf_c(out, "# Configuration reference\n\nGenerated from the tables of keys. The top of a file is "
		   "[root](#root), that of a file of rules [rules](#rules).\n");
	enlist(&c, &conf_root_layout);
	enlist(&c, &conf_rules_layout);
	for (size_t i = 0; i < c.list.n; i++)
		chapter(out, c.list.p[i], &c);
	vec_fini(&c.list);
}
