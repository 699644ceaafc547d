/* words.c — see words.def. */
#include "promql/promql.h"
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
