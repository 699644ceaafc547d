/* quote_test.c — literals say what was meant, and what was printed reads back. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/quote.h"

UNIT(quote_parses_every_escape)
{
	struct arena *a = arena_create();
	static const struct {
		const char *literal, *says;
	} known[] = {{"\"a\\n\\t\\\\\\\"'\"", "a\n\t\\\"'"}, {"'\\'\"'", "'\""}, {"`\\n\"`", "\\n\""},
	    {"\"\\x41\\101\\u00e9\\U0001f514\"", "AAé🔔"}, {"\"\"", ""}};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct str lit = str_c(known[i].literal), out;
		ck_assert_uint_eq(quote_span(lit), lit.n);
		ck_assert(quote_parse(lit, a, &out));
		ck_assert_str(out, known[i].says);
	}
	static const char *const bad[] = {"\"\\q\"", "\"\\x4\"", "\"\\ud800\"", "\"\\'\"", "\"\\400\""};
	struct str out;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!quote_parse(str_c(bad[i]), a, &out), "%s", bad[i]);
	ck_assert_uint_eq(quote_span(STR("\"abc")), 0);
	ck_assert_uint_eq(quote_span(STR("\"abc\\\"")), 0);
	ck_assert_uint_eq(quote_span(STR("\"a\nb\"")), 0);
	ck_assert_uint_eq(quote_span(STR("abc")), 0);
	arena_destroy(&a);
}
END

UNIT(quote_round_trips_any_bytes)
{
	struct arena *a = arena_create();
	struct buf b = {0};
	srand(5);
	for (int n = 0; n < 5000; n++) {
		char bytes[16];
		size_t len = (size_t)rand() % sizeof bytes;
		for (size_t i = 0; i < len; i++)
			bytes[i] = (char)rand();
		struct str back;
		buf_clear(&b);
		quote_add(&b, str_n(bytes, len));
		ck_assert_uint_eq(quote_span(buf_view(&b)), b.n);
		ck_assert(quote_parse(buf_view(&b), a, &back) && str_eq(back, str_n(bytes, len)));
	}
	buf_fini(&b);
	arena_destroy(&a);
}
END
