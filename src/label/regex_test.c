/* regex_test.c — the shortcuts answer as the library does. */
#include "unit.h"

#include <string.h>

#include "label/regex.h"

UNIT(regex_shortcuts_agree_with_the_library)
{
	static const char *const patterns[] = {"", "a", "abc", "a|b|abc", "(a|b)", "(?:abc|)", ".*", ".+", "a.*", "a.+", ".*c",
	    ".+c", ".*b.*", ".+b.+", "a\\.b", "a.b", "ab*", "ab?", "(ab)+", "a|b*", "a.*|b", "(a)|(b)", ".*?", "a.*?", "a{2}",
	    "^a$", "(?i)ABC", "a\\|b", "é.*", "abc[0-9]?", "ab.+c", "a(b|c)", "\\(a\\)", "(a|b)\\)"};
	static const char *const texts[] = {"", "a", "b", "abc", "c", "ab", "abb", "aa", "a.b", "a|b", "xbx", "bx", "xb", "ac",
	    "é", "élan", "abc7", "a\nb", "ABC", "(a)", "b)", "xc", "abxc"};
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		struct regex *r, *full;
		struct err e;
		ck_assert_msg(regex_create(str_c(patterns[i]), REGEX_WHOLE, &r, &e) == RC_OK, "%s", e.text);
		ck_assert(regex_create(str_c(patterns[i]), REGEX_PLACES, &full, &e) == RC_OK);
		for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
			struct regex_match m;
			struct str t = str_c(texts[k]);
			bool matches = regex_match_whole(full, t, &m);
			ck_assert_msg(regex_matches(r, t) == matches, "%s on '%s'", patterns[i], texts[k]);
			ck_assert_msg(!matches || str_starts(t, regex_prefix(r)), "prefix of %s", patterns[i]);
		}
		regex_destroy(&r);
		regex_destroy(&full);
	}
}
END

UNIT(regex_lists_its_literals)
{
	struct regex *r;
	size_t n;
	ck_assert(regex_create(STR("c|a|b\\.x"), REGEX_WHOLE, &r, NULL) == RC_OK);
	const struct str *p = regex_literals(r, &n);
	ck_assert_uint_eq(n, 3);
	ck_assert_str(p[0], "a");
	ck_assert_str(p[1], "b.x");
	regex_destroy(&r);
	ck_assert(regex_create(STR("a+"), REGEX_WHOLE, &r, NULL) == RC_OK);
	ck_assert_ptr_null(regex_literals(r, &n));
	regex_destroy(&r);
}
END

UNIT(regex_expands_and_replaces_as_go_does)
{
	static const struct {
		const char *re, *text, *how, *out;
	} known[] = {
	    {"(a)(?P<name>b)?", "xabxax", "<$1,$name,${2},$$,$>", "x<a,b,b,$,$>x<a,,,$,$>x"},
	    {"a*", "baac", "-", "-b-c-"},
	    {"$", "ab", "!", "ab!"},
	    {"b", "abc", "${1}x$2y", "axc"},
	    {"x", "abc", "y", "abc"},
	    {"", "é", "|", "|é|"},
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct regex *r;
		struct buf b = {0};
		ck_assert(regex_create(str_c(known[i].re), REGEX_PLACES, &r, NULL) == RC_OK);
		regex_replace_all(r, str_c(known[i].text), str_c(known[i].how), &b);
		ck_assert_str_eq(b.p, known[i].out);
		buf_fini(&b);
		regex_destroy(&r);
	}
}
END

UNIT(regex_refuses_with_the_librarys_words)
{
	struct regex *r;
	struct err e;
	ck_assert_int_eq(regex_create(STR("a(b"), REGEX_WHOLE, &r, &e), RC_INVALID);
	ck_assert_str_eq(e.text, "bad regular expression \"a(b\": missing ): a(b");
	ck_assert_ptr_null(r);
	ck_assert_int_ne(regex_create(STR("((a{100}){100}){100}"), REGEX_WHOLE, &r, &e), RC_OK);
}
END
