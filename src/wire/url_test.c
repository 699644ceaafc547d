/* url_test.c — what a query's value looks like. */
#include "unit.h"

#include "wire/url.h"

UNIT(a_value_of_a_query_is_escaped)
{
	static const struct {
		const char *plain, *escaped;
	} cases[] = {{"", ""}, {"up == 0", "up+%3D%3D+0"}, {"a-b_c.d~e", "a-b_c.d~e"}, {"&=?#%+", "%26%3D%3F%23%25%2B"}, {"é", "%C3%A9"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b = {0};
		url_escape_query(&b, str_c(cases[i].plain));
		ck_assert_str(buf_view(&b), cases[i].escaped);
		buf_fini(&b);
	}
}
END

UNIT(a_part_of_a_path_is_escaped)
{
	struct buf b = {0};
	url_escape_part(&b, STR("a b/c+d"));
	ck_assert_str(buf_view(&b), "a%20b%2Fc%2Bd");
	buf_fini(&b);
}
END
