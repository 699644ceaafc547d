/* words_test.c — every function and aggregation is explained, once, and what is explained parses. */
#include "unit.h"

#include <string.h>

#include "promql/ast.h"

static const char *const words[] = {
#define WORD(name, form, help) name,
#include "promql/words.def"
#undef WORD
};
enum { WORDS = sizeof words / sizeof *words };

static bool
explained(const char *name)
{
	size_t n = 0;
	for (size_t i = 0; i < WORDS; i++)
		n += strcmp(words[i], name) == 0;
	return n == 1;
}

UNIT(every_function_is_explained)
{
	size_t n;
	const char *const *names = fn_names(&n);
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(explained(names[i]), "words.def has not one row for %s", names[i]);
	for (int i = 0; i < AGGREGATES; i++)
		ck_assert_msg(explained(aggregate_words[i].name), "words.def has not one row for %s", aggregate_words[i].name);
	for (size_t i = 1; i < WORDS; i++)
		ck_assert_msg(strcmp(words[i - 1], words[i]) < 0, "%s stands behind %s", words[i], words[i - 1]);
}
END
