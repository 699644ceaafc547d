/* words.c — see words.def. */
#include "promql/ast.h"
#include "wire/json.h"

static const struct {
	const char *name, *form, *help;
} words[] = {
#define WORD(name, form, help) {name, form, help},
#include "promql/words.def"
#undef WORD
};

void
promql_words(struct json_writer *w)
{
	jsonw_array(w);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		jsonw_object(w);
		jsonw_key(w, "name");
		jsonw_c(w, words[i].name);
		jsonw_key(w, "form");
		jsonw_c(w, words[i].form);
		jsonw_key(w, "help");
		jsonw_c(w, words[i].help);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void
put_true(struct json_writer *w, const char *name)
{
	jsonw_key(w, name);
	jsonw_bool(w, true);
}

void
promql_features(struct json_writer *w)
{
	static const char *const more[] = {"@", "=~", "!~"};
	size_t n;
	const char *const *names = fn_names(&n);
	jsonw_key(w, "promql_functions");
	jsonw_object(w);
	for (size_t i = 0; i < n; i++)
		put_true(w, names[i]);
	jsonw_object_end(w);
	jsonw_key(w, "promql_operators");
	jsonw_object(w);
	for (size_t i = 0; i < sizeof more / sizeof *more; i++)
		put_true(w, more[i]);
	for (enum op op = OP_ADD; op <= OP_UNLESS; op++)
		put_true(w, op_text(op));
	for (size_t i = 0; i < AGGREGATES; i++)
		put_true(w, aggregate_words[i].name);
	jsonw_object_end(w);
}
