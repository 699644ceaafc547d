/* group_page_test.c — pushed pages by family. */
#include "ingest/group_page.h"

#include <string.h>

#include "unit.h"

static struct pushed_group
read_page(const char *page, enum expo_format format, struct arena *a)
{
	struct pair key[] = {{STR("job"), STR("backup")}};
	struct pushed_group g = {.labels = labels_from_pairs((struct pairs){key, 1}, a).bytes};
	struct err e;
	ck_assert_msg(group_page_read(&g, str_c(page), format, a, &e) == RC_OK, "%s", e.text);
	return g;
}

/* "family: {labels} value; …|" */
static const char *
print(const struct pushed_group *g, struct arena *a)
{
	struct buf b = {0};
	for (size_t i = 0; i < g->families.n; i++) {
		buf_fmt(&b, "%.*s:", STR_ARG(g->families.p[i].name));
		for (size_t k = 0; k < g->families.p[i].series.n; k++) {
			buf_ch(&b, ' ');
			labels_print(&b, (struct labels){g->families.p[i].series.p[k].labels});
			buf_fmt(&b, " %g;", g->families.p[i].series.p[k].value);
		}
		buf_ch(&b, '|');
	}
	const char *out = arena_cstr(a, buf_view(&b));
	buf_fini(&b);
	return out;
}

UNIT(a_page_is_read_by_family_and_the_groups_labels_win)
{
	struct arena *a = arena_create();
	struct pushed_group g = read_page("# TYPE t histogram\nt_bucket{le=\"1\"} 2\nt_sum 3\nt_count "
					  "2\nother{job=\"theirs\",x=\"y\"} 1\nt_sum_of 4\n",
	    EXPO_TEXT, a);
	ck_assert_str_eq(print(&g, a),
	    "t: t_bucket{job=\"backup\", le=\"1\"} 2; t_sum{job=\"backup\"} 3; t_count{job=\"backup\"} 2;|"
	    "other: other{job=\"backup\", x=\"y\"} 1;|t_sum_of: t_sum_of{job=\"backup\"} 4;|");
	g = read_page("# TYPE c counter\nc_total 2\nc_created 1\n# EOF\n", EXPO_OPENMETRICS, a);
	ck_assert_str_eq(print(&g, a), "c: c_total{job=\"backup\"} 2; c_created{job=\"backup\"} 1;|");
	ck_assert_uint_eq(group_page_count(&g), 2);
	arena_destroy(&a);
}
END

UNIT(a_page_keeps_the_families_that_it_does_not_have)
{
	struct arena *a = arena_create(), *b = arena_create();
	struct pushed_group old = read_page("# TYPE t summary\nt_sum 1\nt_count 1\nkept 5\n", EXPO_TEXT, b);
	struct pushed_group g = read_page("# TYPE t summary\nt_sum 7\nfresh 1\n", EXPO_TEXT, a);
	group_page_merge(&g, &old, a);
	arena_destroy(&b);
	ck_assert_str_eq(print(&g, a),
	    "t: t_sum{job=\"backup\"} 7;|fresh: fresh{job=\"backup\"} 1;|kept: kept{job=\"backup\"} 5;|");
	arena_destroy(&a);
}
END

UNIT(a_page_is_good_as_a_whole_or_not_at_all)
{
	static const struct {
		const char *page, *why;
	} table[] = {
	    {"a 1\nb 2 1700000000000\n",
		"line 2, column 1: what is pushed for a job carries no times: it holds from now on"},
	    {"a{x=\"1\",job=\"p\"} 1\na{job=\"q\",x=\"1\"} 2\n",
		"line 2, column 1: the series stands twice on the page"},
	    {"push_time_seconds 1\n", "line 1, column 1: push_time_seconds is set here, by every push"},
	    {"a{__tenant_id__=\"x\"} 1\n",
		"line 1, column 1: the label __tenant_id__ says whose a series is; nobody may send it"},
	};
	struct arena *a = arena_create();
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct pair key[] = {{STR("job"), STR("backup")}};
		struct pushed_group g = {.labels = labels_from_pairs((struct pairs){key, 1}, a).bytes};
		struct err e;
		ck_assert(group_page_read(&g, str_c(table[i].page), EXPO_TEXT, a, &e) == RC_INVALID);
		ck_assert_str_eq(e.text, table[i].why);
		ck_assert_uint_eq(g.families.n, 0);
	}
	arena_destroy(&a);
}
END
