/* reference.c — docs/configuration.md, from the tables themselves: keys of files, kinds of resources, routes of the API. */
#include "main/reference.h"

#include "api/api.h"
#include "conf/conf.h"
#include "engine/engine.h"

static void
add_words(struct buf *b, const char *const *words)
{
	bool first = true;
	buf_c(b, " (");
	for (size_t i = 0; words[i]; i++) {
		if (!words[i][0])
			continue;
		buf_fmt(b, "%s`%s`", first ? "" : ", ", words[i]);
		first = false;
	}
	buf_c(b, ")");
}

static const char *
shape_of(const struct key *k)
{
	static const char *const shapes[] = {[RK_BOOL] = "true or false", [RK_I64] = "number", [RK_F64] = "number", [RK_STR] = "text",
	    [RK_SECRET] = "secret", [RK_ENUM] = "word", [RK_TIME] = "time", [RK_DUR] = "duration", [RK_STRS] = "list of texts",
	    [RK_PAIRS] = "map of texts", [RK_ONE] = "map", [RK_MANY] = "list of maps", [RK_SIZE] = "size", [RK_MAYBE] = "map", [RK_RAW] = "anything"};
	return shapes[k->kind];
}

static void
add_layout(struct buf *b, const struct layout *l, const char *prefix)
{
	struct arena *a = arena_create();
	for (size_t i = 0; i < l->n; i++) {
		const struct key *k = &l->keys[i];
		if (k->flags & KEY_HIDDEN)
			continue;
		buf_fmt(b, "| `%s%.*s` | %s%s |", prefix, STR_ARG(key_text(k)), shape_of(k), k->flags & KEY_REQUIRED ? ", required" : "");
		buf_fmt(b, "%s%s%s | %s", k->fallback[0] ? " `" : " ", k->fallback, k->fallback[0] ? "`" : "", k->help);
		if (k->kind == RK_ENUM)
			add_words(b, k->words);
		buf_c(b, " |\n");
		if (k->inside)
			add_layout(b, k->inside, arena_fmt(a, "%s%.*s%s.", prefix, STR_ARG(key_text(k)), k->kind == RK_MANY ? "[]" : "").p);
	}
	arena_destroy(&a);
}

static void
add_resources(struct buf *b)
{
	buf_c(b, "\n# Resources\n\nPeople and agreements: `{kind, name, customer?, valid_from?, removed?, spec}`, set with `tocsin apply` or "
		 "`POST /api/tocsin/v1/resources`. An edit makes a new version; figures for a time use the version in force then.\n");
	for (const struct resource_kind *k = resource_kinds; k->name; k++) {
		buf_fmt(b, "\n## %s\n\n%c%s.%s\n\n| key | shape | default | what |\n|---|---|---|---|\n", k->name, k->help[0] - 32 * (k->help[0] >= 'a'), k->help + 1,
		    k->per_customer ? " May belong to a customer." : "");
		add_layout(b, k->layout, "");
	}
}

static void
add_routes(struct buf *b)
{
	static const struct {
		const char *method, *path, *right, *help;
	} rows[] = {
#define ROUTE(method, path, right, handler, help) {#method, path, #right, help},
#include "api/routes.def"
#undef ROUTE
	};
	buf_c(b, "\n# The API\n\nThe right is the least that who asks must have. The same table as OpenAPI: `/api/tocsin/v1/openapi.json`.\n\n"
		 "| method | path | right | what |\n|---|---|---|---|\n");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		buf_fmt(b, "| %s | `%s` | %s | %s |\n", rows[i].method, rows[i].path, rows[i].right, rows[i].help);
}

void
reference_print(struct buf *b)
{
	buf_c(b, "<!-- Made by `tocsin reference` from the program's own tables; the tests compare. -->\n\n");
	conf_reference(b);
	add_resources(b);
	add_routes(b);
}
