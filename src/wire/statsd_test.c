/* statsd_test.c — lines of StatsD. */
#include "wire/statsd.h"

#include "unit.h"

UNIT(a_statsd_line_has_name_value_type_rate_and_tags)
{
	struct statsd_line l;
	ck_assert(statsd_parse(STR("a.b:1|c|@0.1"), &l, NULL) == RC_OK);
	ck_assert_str(l.name, "a.b");
	ck_assert(l.type == STATSD_COUNTER && l.value == 1 && l.rate == 0.1 && l.n == 0);
	ck_assert(statsd_parse(STR("t:320|ms|#route:/a:b,fast|c:container"), &l, NULL) == RC_OK);
	ck_assert(l.type == STATSD_TIMER && l.value == 320 && l.rate == 1 && l.n == 2);
	ck_assert_str(l.tags[0].value, "/a:b");
	ck_assert_str(l.tags[1].name, "fast");
	ck_assert_str(l.tags[1].value, "true");
	ck_assert(statsd_parse(STR("g:-3|g"), &l, NULL) == RC_OK && l.relative && l.value == -3);
	ck_assert(statsd_parse(STR("g:3|g"), &l, NULL) == RC_OK && !l.relative);
	ck_assert(statsd_parse(STR("s:any thing|s"), &l, NULL) == RC_OK && l.type == STATSD_SET);
	ck_assert_str(l.text, "any thing");
}
END

UNIT(what_is_no_statsd_line_says_why)
{
	static const char *const table[][2] = {{"", "a line is name:value|type"},
	    {":1|c", "a line is name:value|type"}, {"a", "a line is name:value|type"},
	    {"a:1", "\"\" is none of c, g, ms, h, d and s"},
	    {"a:1|x", "\"x\" is none of c, g, ms, h, d and s"}, {"a:|c", "the line has no value"},
	    {"a:b|c", "\"b\" is no number"}, {"a:inf|g", "\"inf\" is no number"},
	    {"a:1|c|@0", "\"@0\" is no rate above 0 and up to 1"},
	    {"a:1|c|@2", "\"@2\" is no rate above 0 and up to 1"}, {"a:1|c|#:x", "a tag has no name"}};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct statsd_line l;
		struct err e;
		ck_assert_msg(statsd_parse(str_c(table[i][0]), &l, &e) == RC_INVALID, "%s", table[i][0]);
		ck_assert_str_eq(e.text, table[i][1]);
	}
}
END
