/* json_test.c — what RFC 8259 allows, what it forbids, and round trips. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "wire/json.h"

static enum rc
skip_all(struct str text, struct err *e)
{
	struct arena *a = arena_create();
	struct json j;
	json_init(&j, text, a, 8);
	json_skip(&j);
	enum rc rc = json_end(&j, e);
	arena_destroy(&a);
	return rc;
}

UNIT(json_accepts_what_the_grammar_allows)
{
	static const char *const good[] = {"{}", "[]", " [ ] ", "null", "true", "-0", "0.5e-3", "1E+2", "\"\"",
	    "{\"a\":[1,{\"b\":null}],\"c\":\"\\u00e9\\ud83d\\udd14\"}", "\t[1,\r\n2]", "[[[[[[[[]]]]]]]]", "\"\x7f\"",
	    "\"é漢🔔 and a long enough run of plain text\"", "[1,[2,{\"x\":[]}],3]"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct err e = {0};
		ck_assert_msg(skip_all(str_c(good[i]), &e) == RC_OK, "%s: %s", good[i], e.text);
	}
}
END

UNIT(json_refuses_with_the_place_and_what_was_expected)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
	    {"", "line 1, column 1: expected a value, but the text ends here"},
	    {"[1,]", "column 4: expected a value, found ']'"},
	    {"[,1]", "column 2: expected a value, found ','"},
	    {"[1 2]", "column 4: expected ',' or ']', found '2'"},
	    {"{\"a\":1,}", "column 8: expected a key in quotes, found '}'"},
	    {"{\"a\" 1}", "column 6: expected ':', found '1'"},
	    {"{a:1}", "column 2: expected a key in quotes, found 'a'"},
	    {"[\n1,\n02]", "line 3, column 1: a number must not begin with 0"},
	    {"[1.]", "a digit behind the point"},
	    {"1e", "a digit of the exponent"},
	    {"-", "expected a digit"},
	    {"+1", "expected a value, found '+'"},
	    {"nul", "expected null"},
	    {"True", "expected a value"},
	    {"\"a\nb\"", "control character 0x0a"},
	    {"\"abc", "ends within a string"},
	    {"\"abc\\", "ends within a string"},
	    {"\"\\x\"", "behind the backslash"},
	    {"\"\\u12g4\"", "four hexadecimal digits"},
	    {"\"\\ud800\"", "lone surrogate"},
	    {"\"\\udc00\\ud800\"", "lone surrogate"},
	    {"\"\\ud800\\u0041\"", "lone surrogate"},
	    {"\"plain plain plain \xc3(\"", "column 20: not UTF-8: byte 0xc3"},
	    {"\"\\n\xff\"", "not UTF-8: byte 0xff"},
	    {"[] []", "expected the end of the document, found '['"},
	    {"[[[[[[[[[]]]]]]]]]", "nested deeper than 8 levels"},
	    {"[}", "expected a value, found '}'"},
	    {"{\"a\":1]", "expected ',' or '}', found ']'"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct err e = {0};
		ck_assert_msg(skip_all(str_c(bad[i].text), &e) == RC_INVALID, "%s", bad[i].text);
		ck_assert_msg(strstr(e.text, bad[i].says) != NULL, "%s: %s", bad[i].text, e.text);
	}
}
END

/* Every prefix of a good document is refused, and none reads past its end (checked by the sanitizers). */
UNIT(json_refuses_every_prefix)
{
	const char *text = "{\"key\":[1.5e3,\"a\\u00e9\\ud83d\\udd14é\",true,null,{\"x\":-1}],\"z\":\"\\n\"}";
	for (size_t n = 0; n < strlen(text); n++) {
		char *cut = malloc(n + 1);
		memcpy(cut, text, n);
		ck_assert_msg(skip_all(str_n(cut, n), NULL) == RC_INVALID, "%zu", n);
		free(cut);
	}
	ck_assert(skip_all(str_c(text), NULL) == RC_OK);
}
END

UNIT(json_reads_typed_values)
{
	struct arena *a = arena_create();
	struct json j;
	struct str key, s, raw;
	double f;
	int64_t i;
	bool b, nothing = false;
	int seen = 0;
	json_init(&j,
	    STR("{\"s\":\"a\\/\\u00e9\\ud83d\\udd14\\n\",\"f\":-12.5e-1,\"i\":-9223372036854775808,"
	        "\"b\":true,\"n\":null,\"r\": [1, {\"x\":2}] ,\"esc\\u0061ped\":1}"),
	    a, 8);
	ck_assert(json_object(&j));
	while (json_key(&j, &key)) {
		seen++;
		if (str_is(key, "s"))
			ck_assert(json_str(&j, &s));
		else if (str_is(key, "f"))
			ck_assert(json_f64(&j, &f));
		else if (str_is(key, "i"))
			ck_assert(json_i64(&j, &i));
		else if (str_is(key, "b"))
			ck_assert(json_bool(&j, &b));
		else if (str_is(key, "n"))
			nothing = json_null(&j);
		else if (str_is(key, "r"))
			ck_assert(json_raw(&j, &raw));
		else {
			ck_assert_str(key, "escaped");
			ck_assert(!json_null(&j));
			ck_assert(json_skip(&j));
		}
	}
	ck_assert_int_eq(json_end(&j, NULL), RC_OK);
	ck_assert_int_eq(seen, 7);
	ck_assert_str(s, "a/é🔔\n");
	ck_assert_str(raw, "[1, {\"x\":2}]");
	ck_assert(f == -1.25 && i == INT64_MIN && b && nothing);
	arena_destroy(&a);
}
END

UNIT(json_integers_are_whole_and_fit)
{
	static const char *const bad[] = {"1.0", "1e3", "9223372036854775808", "\"1\"", "true"};
	for (size_t n = 0; n < sizeof bad / sizeof *bad; n++) {
		struct json j;
		int64_t v;
		json_init(&j, str_c(bad[n]), NULL, 8);
		ck_assert_msg(!json_i64(&j, &v), "%s", bad[n]);
		ck_assert_int_eq(json_end(&j, NULL), RC_INVALID);
	}
}
END

UNIT(json_the_first_error_sticks_and_json_fail_points_at_the_value)
{
	struct json j;
	struct err e;
	int64_t v;
	json_init(&j, STR("[1,\n 99 ]"), NULL, 8);
	ck_assert(json_array(&j) && json_more(&j) && json_i64(&j, &v) && json_more(&j) && json_i64(&j, &v));
	json_fail(&j, "%d is not a port", 99);
	json_fail(&j, "never seen");
	ck_assert(!json_more(&j) && !json_skip(&j) && json_peek(&j) == JSON_BAD);
	ck_assert_int_eq(json_end(&j, &e), RC_INVALID);
	ck_assert_str_eq(e.text, "line 2, column 2: 99 is not a port");
	json_init(&j, STR("[1]"), NULL, 8);
	ck_assert(json_array(&j));
	ck_assert_int_eq(json_end(&j, &e), RC_INVALID);
}
END

/* Every double that is written reads back as the same double, by the fast road or the slow one. */
UNIT(json_numbers_round_trip)
{
	struct buf b = {0};
	srand48(11);
	for (int n = 0; n < 200000; n++) {
		union {
			double f;
			uint64_t u;
		} v = {.u = ((uint64_t)mrand48() << 32) ^ (uint64_t)(uint32_t)mrand48()};
		if (n % 2)
			v.f = (double)mrand48() / 1000.0;
		if (!isfinite(v.f))
			continue;
		struct json_writer w;
		struct json j;
		double back;
		buf_clear(&b);
		jsonw_init(&w, &b);
		jsonw_f64(&w, v.f);
		json_init(&j, buf_view(&b), NULL, 8);
		ck_assert_msg(json_f64(&j, &back) && back == v.f, "%s", b.p);
		ck_assert_int_eq(json_end(&j, NULL), RC_OK);
	}
	struct json j;
	double huge;
	json_init(&j, STR("1e999"), NULL, 8);
	ck_assert(!json_f64(&j, &huge));
	buf_fini(&b);
}
END

UNIT(json_writer_sets_commas_and_escapes)
{
	struct buf b = {0};
	struct json_writer w;
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_key(&w, "a\"");
	jsonw_array(&w);
	jsonw_i64(&w, 1);
	jsonw_object(&w);
	jsonw_object_end(&w);
	jsonw_str(&w, STR("\x01\n\\é\xff\xc3z"));
	jsonw_array_end(&w);
	jsonw_key(&w, "t");
	jsonw_time(&w, 1500);
	jsonw_key(&w, "n");
	jsonw_f64(&w, NAN);
	jsonw_key(&w, "r");
	jsonw_raw(&w, STR("[]"));
	jsonw_key(&w, "b");
	jsonw_bool(&w, false);
	jsonw_object_end(&w);
	ck_assert_str_eq(b.p,
	    "{\"a\\\"\":[1,{},\"\\u0001\\n\\\\é\xef\xbf\xbd\xef\xbf\xbdz\"],\"t\":\"1970-01-01T00:00:01.500Z\","
	    "\"n\":null,\"r\":[],\"b\":false}");
	ck_assert_int_eq(skip_all(buf_view(&b), NULL), RC_OK);
	buf_fini(&b);
}
END
