/*
 * kinds.c — the tables of keys of every kind of resource, for who builds a form out of them.
 */
#include "api/api_impl.h"
#include "engine/engine.h"

static const char *const type_words[] = {
    [RK_BOOL] = "bool",
    [RK_I64] = "number",
    [RK_F64] = "number",
    [RK_STR] = "text",
    [RK_SECRET] = "secret",
    [RK_ENUM] = "enum",
    [RK_TIME] = "time",
    [RK_DUR] = "duration",
    [RK_STRS] = "texts",
    [RK_PAIRS] = "pairs",
    [RK_ONE] = "record",
    [RK_MANY] = "records",
    [RK_SIZE] = "size",
};

static void put_keys(struct json_writer *, const struct layout *);

static void
put_words(struct json_writer *w, const char *const *words)
{
	jsonw_key(w, "words");
	jsonw_array(w);
	for (; *words; words++)
		jsonw_c(w, *words);
	jsonw_array_end(w);
}

static void
put_key(struct json_writer *w, const struct key *k)
{
	jsonw_object(w);
	jsonw_member(w, "name", key_text(k));
	jsonw_key(w, "type");
	jsonw_c(w, type_words[k->kind]);
	if (k->flags & KEY_REQUIRED) {
		jsonw_key(w, "required");
		jsonw_bool(w, true);
	}
	if (k->fallback[0]) {
		jsonw_key(w, "default");
		jsonw_c(w, k->fallback);
	}
	jsonw_key(w, "help");
	jsonw_c(w, k->help);
	if (k->words)
		put_words(w, k->words);
	if (k->inside)
		put_keys(w, k->inside);
	jsonw_object_end(w);
}

static void
put_keys(struct json_writer *w, const struct layout *l)
{
	jsonw_key(w, "keys");
	jsonw_array(w);
	for (size_t i = 0; i < l->n; i++)
		if (!(l->keys[i].flags & KEY_HIDDEN))
			put_key(w, &l->keys[i]);
	jsonw_array_end(w);
}

void
handle_kinds(struct call *c)
{
	struct buf b = {0};
	struct json_writer w;
	jsonw_init(&w, &b);
	jsonw_array(&w);
	for (const struct resource_kind *k = resource_kinds; k->name; k++) {
		jsonw_object(&w);
		jsonw_key(&w, "kind");
		jsonw_c(&w, k->name);
		jsonw_key(&w, "help");
		jsonw_c(&w, k->help);
		jsonw_key(&w, "per_customer");
		jsonw_bool(&w, k->per_customer);
		put_keys(&w, k->layout);
		jsonw_object_end(&w);
	}
	jsonw_array_end(&w);
	answer_json(c, 200, &b);
}
