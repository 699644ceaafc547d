/* matcher_test.c — both syntaxes, and what matches. */
#include "unit.h"

#include <string.h>

#include "label/matcher.h"

UNIT(matchers_parse_both_syntaxes)
{
	static const struct {
		const char *in, *out;
	} known[] = {
	    {"foo=bar", "{foo=\"bar\"}"},
	    {"{foo=~\"b.*\", x!=\"y\"}", "{foo=~\"b.*\", x!=\"y\"}"},
	    {" { foo = \"bar\" , dings != \"bums\", } ", "{foo=\"bar\", dings!=\"bums\"}"},
	    {"foo=bar,dings!~bums", "{foo=\"bar\", dings!~\"bums\"}"},
	    {"{quote=\"She said: \\\"Hi, ladies\\\"\"}", "{quote=\"She said: \\\"Hi, ladies\\\"\"}"},
	    {"statuscode=~\"5..\"", "{statuscode=~\"5..\"}"},
	    {"tricky=~\"=~=\"", "{tricky=~\"=~=\"}"},
	    {"trickier==\\\\=\\=\\\"", "{trickier=\"=\\\\=\\\\=\\\"\"}"},
	    {"a=\"\"", "{a=\"\"}"},
	    {"a=\"x\\ty\"", "{a=\"x\\\\ty\"}"},
	    {"{}", "{}"},
	    {"", "{}"},
	    {"\"a name\"=\"x\"", "{\"a name\"=\"x\"}"},
	    {"{🙂=a,\"x\"!~b}", "{\"🙂\"=\"a\", x!~\"b\"}"},
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct matchers ms = {0};
		struct buf b = {0};
		struct err e = {0};
		ck_assert_msg(matchers_parse(&ms, str_c(known[i].in), &e) == RC_OK, "%s: %s", known[i].in, e.text);
		matchers_print(&b, &ms);
		ck_assert_str_eq(b.p, known[i].out);
		buf_fini(&b);
		matchers_fini(&ms);
	}
}
END

UNIT(matchers_refuse_with_the_place)
{
	static const struct {
		const char *in, *says;
	} bad[] = {
	    {"foo", "expected one of = != =~ !~, but the matchers \"foo\" end here"},
	    {"{foo=bar", NULL}, /* classic readers take it */
	    {"{\"a b\"=bar", "expected '}'"},
	    {"\"a b\"=x}", "expected the end at character 8, found '}'"},
	    {"foo=~\"(\"", "bad regular expression \"(\": missing"},
	    {"=x", "expected a label name at character 1"},
	    {"\"a b\"", "expected one of"},
	    {"\"a b\"=x y=z", "expected ',' at character 9"},
	    {"\"a\\q\"=x", "escapes"},
	    {"foo=\"a\"b\"", "','"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct matchers ms = {0};
		struct err e = {0};
		enum rc rc = matchers_parse(&ms, str_c(bad[i].in), &e);
		ck_assert_msg((rc == RC_OK) == !bad[i].says, "%s", bad[i].in);
		if (bad[i].says) {
			ck_assert_msg(strstr(e.text, bad[i].says) != NULL, "%s: %s", bad[i].in, e.text);
			ck_assert_uint_eq(ms.n, 0);
		}
		matchers_fini(&ms);
	}
}
END

UNIT(matchers_take_an_absent_label_for_an_empty_one)
{
	struct arena *a = arena_create();
	struct pair up[] = {{STR("job"), STR("api")}};
	struct labels ls = labels_from_pairs((struct pairs){up, 1}, a);
	static const struct {
		const char *text;
		bool matches;
	} known[] = {{"job=api", true}, {"job!=api", false}, {"gone=\"\"", true}, {"gone!=\"\"", false}, {"gone=~.*", true},
	    {"gone=~.+", false}, {"gone!~x", true}, {"job=~\"a|api\"", true}, {"job=~ap", false}, {"job!~\"a.i\"", false},
	    {"job=~a.*,gone=\"\"", true}, {"job=~a.*,gone=x", false}};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct matchers ms = {0};
		ck_assert_int_eq(matchers_parse(&ms, str_c(known[i].text), NULL), RC_OK);
		ck_assert_msg(matchers_match(&ms, ls) == known[i].matches, "%s", known[i].text);
		matchers_fini(&ms);
	}
	arena_destroy(&a);
}
END
