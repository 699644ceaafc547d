/* graphite_test.c — lines of Graphite. */
#include "wire/graphite.h"

#include "unit.h"

UNIT(a_line_has_name_tags_value_and_time)
{
	struct graphite g;
	ck_assert(graphite_parse(STR("servers.db1.load 1.5 1700000000"), &g, NULL) == RC_OK);
	ck_assert_str(g.path, "servers.db1.load");
	ck_assert(g.n == 0 && g.value == 1.5 && g.has_time && g.time == 1700000000);
	ck_assert(graphite_parse(STR("load;host=db1;of=a=b\t-2e3   1.25 "), &g, NULL) == RC_OK);
	ck_assert_str(g.path, "load");
	ck_assert(g.n == 2 && g.value == -2000 && g.time == 1.25);
	ck_assert_str(g.tags[1].name, "of");
	ck_assert_str(g.tags[1].value, "a=b");
	ck_assert(graphite_parse(STR("a 1 -1"), &g, NULL) == RC_OK && !g.has_time);
	ck_assert(graphite_parse(STR("a 1"), &g, NULL) == RC_OK && !g.has_time);
}
END

UNIT(what_is_no_line_says_why)
{
	static const char *const table[][2] = {{"", "\"\" is no value; a line is: name value time"},
	    {"a", "\"\" is no value; a line is: name value time"},
	    {"a b 1", "\"b\" is no value; a line is: name value time"},
	    {"a 1 soon", "\"soon\" is no time in seconds"}, {"a 1 1e99", "\"1e99\" is no time in seconds"},
	    {"a 1 2 3", "something stands behind the time"}, {";a=b 1 2", "the line has no name"},
	    {"a;b 1 2", "a tag is name=value"}, {"a;b= 1 2", "a tag is name=value"}};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct graphite g;
		struct err e;
		ck_assert_msg(graphite_parse(str_c(table[i][0]), &g, &e) == RC_INVALID, "%s", table[i][0]);
		ck_assert_str_eq(e.text, table[i][1]);
	}
}
END
