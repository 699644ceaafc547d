/* series_text_test.c — rows of values, as the unit tests of rules write them. */
#include "unit.h"

#include "promql/native.h"
#include "promql/series_text.h"
#include "tsdb/tsdb.h"

static void
shows(const char *text, const char *want)
{
	struct series_items items = {0};
	struct arena *a = arena_create();
	struct buf b = {0};
	struct err e = {0};
	ck_assert_msg(series_items_parse(str_c(text), a, &items, &e) == RC_OK, "%s: %s", text, e.text);
	for (size_t i = 0; i < items.n; i++) {
		buf_c(&b, i ? " " : "");
		if (!items.p[i].there)
			buf_c(&b, "_");
		else if (items.p[i].h)
			native_print_test(items.p[i].h, &b);
		else if (tsdb_is_stale(items.p[i].v))
			buf_c(&b, "stale");
		else
			buf_f64(&b, items.p[i].v);
	}
	ck_assert_str_eq(b.p ? b.p : "", want);
	vec_fini(&items);
	buf_fini(&b);
	arena_destroy(&a);
}

UNIT(series_rows_are_unfolded)
{
	shows("", "");
	shows("1 2 3", "1 2 3");
	shows("1+2x3", "1 3 5 7");
	shows("1x2", "1 1 1");
	shows("-2-3x2", "-2 -5 -8");
	shows("-2+-3x2", "-2 -5 -8");
	shows("1 _ _x2 stale 4", "1 _ _ _ stale 4");
	shows("1e3 1e-2+1e-2x1", "1000 0.01 0.02");
	shows("NaN Inf -Inf", "NaN +Inf -Inf");
	shows("0x3", "0 0 0 0");
	shows("{{}} 1", "{{}} 1");
	shows("{{schema:1 sum:-2.5 count:3 z_bucket:1 z_bucket_w:0.5 buckets:[1 0 1] offset:-1}}x1",
	    "{{schema:1 count:3 sum:-2.5 z_bucket:1 z_bucket_w:0.5 offset:-1 buckets:[1 0 1]}} "
	    "{{schema:1 count:3 sum:-2.5 z_bucket:1 z_bucket_w:0.5 offset:-1 buckets:[1 0 1]}}");
	shows("{{count:1 buckets:[1]}}+{{count:2 buckets:[0 2] n_buckets:[1]}}x2",
	    "{{count:1 buckets:[1]}} {{count:3 buckets:[1 2] n_buckets:[1]}} {{count:5 buckets:[1 4] n_buckets:[2]}}");
	shows("{{schema:-53 custom_values:[1 2] count:2 buckets:[1 1] counter_reset_hint:gauge}}",
	    "{{schema:-53 count:2 custom_values:[1 2] counter_reset_hint:gauge buckets:[1 1]}}");
}
END

UNIT(series_rows_are_refused_with_the_word)
{
	static const char *const bad[] = {
	    "two", "1+", "1x", "1xx", "_y", "1+2", "{{schema:0", "{{schema:9}}", "{{x:1}}", "{{count:a}}", "{{}}+1x2", "{{}}+{{}}", "{{}}y",
	    "{{schema:-53 custom_values:[1] buckets:[1 1 1]}}", "{{schema:-53 custom_values:[1]}}+{{count:1}}x1", "1x2000000", "1x-3"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct series_items items = {0};
		struct arena *a = arena_create();
		struct err e = {0};
		ck_assert_msg(series_items_parse(str_c(bad[i]), a, &items, &e) != RC_OK, "%s", bad[i]);
		ck_assert(e.text[0]);
		vec_fini(&items);
		arena_destroy(&a);
	}
}
END

UNIT(series_names_are_parsed)
{
	struct arena *a = arena_create();
	struct labels ls;
	struct err e;
	struct buf b = {0};
	ck_assert(series_name_parse(STR("up{job=\"x\", a=\"b\"}"), a, &ls, &e) == RC_OK);
	labels_print(&b, ls);
	ck_assert_str_eq(b.p, "up{a=\"b\", job=\"x\"}");
	ck_assert(series_name_parse(STR("{}"), a, &ls, &e) == RC_OK && labels_count(ls) == 0);
	ck_assert(series_name_parse(STR("up{job=~\"x\"}"), a, &ls, &e) == RC_INVALID);
	ck_assert(series_name_parse(STR("rate(up[5m])"), a, &ls, &e) == RC_INVALID);
	buf_fini(&b);
	arena_destroy(&a);
}
END
