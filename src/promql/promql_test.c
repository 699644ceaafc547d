/* promql_test.c — what parses and what does not, how it prints, and the everyday queries over a small store. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "promql/promql.h"
#include "unit_store.h"

/* ---- parsing ---- */

UNIT(promql_prints_what_parses_to_the_same)
{
	static const struct {
		const char *in, *out; /* out NULL: the same */
	} known[] = {
	    {"up", NULL},
	    {"up{job=\"a\",x!~\"b.*\"}", NULL},
	    {"{\"my.metric\", 'a b'=~`c\\d`}", "{\"a b\"=~\"c\\\\d\",__name__=\"my.metric\"}"},
	    {"sum by (job, \"x y\") (rate(http_requests_total[5m]))", NULL},
	    {"sum(up) without(a)", "sum without (a) (up)"},
	    {"topk(3, up)", NULL},
	    {"-2 ^ 2", NULL},
	    {"a + b * c == bool on (x) group_left (y) d", NULL},
	    {"a and ignoring (b) c or d unless e", NULL},
	    {"up[5m:1m] @ 10.5 offset -1h30m", "up[5m:1m] @ 10.500 offset -1h30m"},
	    {"max_over_time(rate(x[1m])[10m:])", "max_over_time(rate(x[1m])[10m:])"},
	    {"up @ end() offset 5m", NULL},
	    {"a + fill (0) b", "a + fill_left (0) fill_right (0) b"},
	    {"x[step() * 2]", "x[step() * 2]"},
	    {"1e3 + 0x10 + 5m + .5", "1000 + 16 + 5m + 0.5"},
	    {"label_replace(up, \"a\", \"$1\", \"b\", \"(.*)\")", NULL},
	    {"sum(sum)", NULL},
	    {"a # comment\n + b", "a + b"},
	    {"rate(x[5m] smoothed)", NULL},
	    {"(1 + 2) * vector(3)", NULL},
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct promql *q, *again;
		struct buf once = {0}, twice = {0};
		struct err e = {0};
		ck_assert_msg(promql_parse(str_c(known[i].in), &q, &e) == RC_OK, "%s: %s", known[i].in, e.text);
		promql_print(q, &once);
		ck_assert_str_eq(once.p, known[i].out ? known[i].out : known[i].in);
		ck_assert_msg(promql_parse(buf_view(&once), &again, &e) == RC_OK, "%s: %s", once.p, e.text);
		promql_print(again, &twice);
		ck_assert_str_eq(once.p, twice.p);
		buf_fini(&once);
		buf_fini(&twice);
		promql_destroy(&q);
		promql_destroy(&again);
	}
}
END

UNIT(promql_breaks_long_expressions_into_lines)
{
	static const char *const known[] = {
	    "up + up",
	    "  (foo + bar)\n*\n  (baz_with_a_long_name_that_is_long{a=\"b\"} + another_metric_with_a_name_that_is_really_long)",
	    "histogram_quantile(\n  0.95,\n  sum by (le, handler, method) (\n"
	    "    rate(request_duration_seconds_bucket{handler=~\"/api/v1/.*\",instance=\"somewhere.example.org\"}[5m])\n  )\n)",
	    "topk by (job) (\n  5,\n  -rate(request_duration_seconds_bucket{handler=~\"/api/v1/.*\",instance=\"somewhere.example.org\"}[5m])\n)",
	    "(\n  request_duration_seconds_bucket{handler=~\"/api/v1/.*\",instance=\"somewhere.example.org\",region=\"north\"}\n)",
	    "max_over_time(\nsum by (job) (rate(request_duration_seconds_bucket{instance=\"somewhere.example.org\"}[5m]))[30m:1m]\n)",
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct promql *q, *again;
		struct buf b = {0}, twice = {0};
		struct err e = {0};
		ck_assert_msg(promql_parse(str_c(known[i]), &q, &e) == RC_OK, "%s: %s", known[i], e.text);
		promql_print_pretty(q, &b);
		ck_assert_str_eq(b.p, known[i]);
		ck_assert(promql_parse(buf_view(&b), &again, &e) == RC_OK);
		promql_print_pretty(again, &twice);
		ck_assert_str_eq(b.p, twice.p);
		promql_destroy(&q);
		promql_destroy(&again);
		buf_fini(&b);
		buf_fini(&twice);
	}
}
END

UNIT(promql_refuses_with_the_place)
{
	static const struct {
		const char *in, *says;
	} bad[] = {
	    {"", "1:1: parse error: no expression found in input"},
	    {"up +", "1:5: parse error: unexpected end of input"},
	    {"1 +\n+ )", "2:4: parse error: unexpected right parenthesis ')'"},
	    {"up{job=api}", "1:8: parse error: unexpected identifier \"api\" in label matching, expected string"},
	    {"up{job=\"a\"", "1:11: parse error: unexpected end of input inside braces"},
	    {"{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
	    {"{a=~\".*\"}", "vector selector must contain at least one non-empty matcher"},
	    {"up{__name__=\"x\"}", "metric name must not be set twice"},
	    {"up[5m", "1:6: parse error: unclosed left bracket"},
	    {"up[]", "1:4: parse error: unexpected \"]\" in subquery selector, expected number or duration"},
	    {"(up + 1)[5m]", "1:9: parse error: ranges only allowed for vector selectors"},
	    {"rate(up)", "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector"},
	    {"sum(up[5m])", "1:5: parse error: expected type instant vector in aggregation expression, got range vector"},
	    {"ratee(up[5m])", "unknown function with name \"ratee\"; did you mean rate?"},
	    {"rate()", "1:1: parse error: expected 1 argument(s) in call to \"rate\", got 0"},
	    {"1 and 2", "set operator \"and\" not allowed in binary scalar expression"},
	    {"1 > 2", "comparisons between scalars must use BOOL modifier"},
	    {"a + bool b", "bool modifier can only be used on comparison operators"},
	    {"a and on (x) group_left () b", "no grouping allowed for \"and\" operation"},
	    {"a + on (x) group_left (x) b", "1:3: parse error: label \"x\" must not occur in ON and GROUP clause at once"},
	    {"1 + on (x) b", "vector matching only allowed between instant vectors"},
	    {"up{a=~\"(\"}", "bad regular expression \"(\""},
	    {"\"abc", "1:1: parse error: unterminated quoted string"},
	    {"1abc", "bad number or duration syntax: \"1abc\""},
	    {"up offset 5m offset 1m", "1:1: parse error: offset may not be set multiple times"},
	    {"1 offset 5m", "offset modifier must be preceded by"},
	    {"up @ Inf", "timestamp out of bounds"},
	    {"-\"a\"", "unary expression only allowed on expressions of type scalar or instant vector"},
	    {"sum(1, 2, up)", "wrong number of arguments for aggregate expression provided, expected 1, got 3"},
	    {"up $ 2", "1:4: parse error: unexpected character: '$'"},
	    {"sum by (a (b", "grouping opts"},
	    {"rate(up[5m],)", "trailing commas not allowed"},
	    {"info(up, up)", "1:10: parse error: expected label selectors only, got vector selector instead"},
	    {"rate(up[5m] smoothed anchored)", "cannot be used together"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct promql *q;
		struct err e = {0};
		ck_assert_msg(promql_parse(str_c(bad[i].in), &q, &e) == RC_INVALID, "%s", bad[i].in);
		ck_assert_msg(strstr(e.text, bad[i].says) != NULL, "%s: %s", bad[i].in, e.text);
		ck_assert_ptr_null(q);
	}
}
END

UNIT(promql_bounds_its_depth)
{
	struct buf b = {0};
	struct promql *q;
	struct err e;
	static const struct {
		const char *start, *again, *end;
	} deep[] = {{"", "(", ""}, {"", "-", "1"}, {"", "sum(", ""}, {"", "1 ^ ", "1"}, {"", "1 + ", "1"}, {"x[", "-", "1]"},
	    {"x[", "(", ""}, {"x[", "1 + ", "1]"}, {"x", "[1m:]", ""}};
	for (size_t i = 0; i < sizeof deep / sizeof *deep; i++) {
		buf_clear(&b);
		buf_c(&b, deep[i].start);
		for (int k = 0; k < 100000; k++)
			buf_c(&b, deep[i].again);
		buf_c(&b, deep[i].end);
		ck_assert_int_eq(promql_parse(buf_view(&b), &q, &e), RC_INVALID);
		ck_assert_msg(strstr(e.text, "nested too deeply") != NULL, "%zu: %s", i, e.text);
	}
	buf_clear(&b);
	buf_c(&b, "label_join(x");
	for (int k = 0; k < 100000; k++)
		buf_c(&b, ",\"\"");
	buf_c(&b, ")");
	ck_assert_int_eq(promql_parse(buf_view(&b), &q, &e), RC_INVALID);
	ck_assert(strstr(e.text, "at most 255") != NULL);
	buf_fini(&b);
}
END

/* ---- running ---- */

struct fixture {
	struct unit_store store;
	struct str tenant;
};

/* m{i="0".."2"} = k * (i + 1) at k * 10 s for k = 0..100; gone ends at 300 s with a stale mark. */
static void
fixture_init(struct fixture *f)
{
	f->tenant = STR("t");
	unit_store_init(&f->store, 0);
	for (int i = 0; i < 4; i++) {
		struct pair p[] = {{STR("__name__"), i < 3 ? STR("m") : STR("gone")}, {STR("i"), arena_fmt(f->store.arena, "%d", i)}};
		struct tsdb_ref ref;
		struct tsdb_counts c;
		ck_assert(tsdb_series(f->store.db, f->tenant, labels_from_pairs((struct pairs){p, 2}, f->store.arena), &ref, NULL) == RC_OK);
		for (int k = 0; k <= (i < 3 ? 100 : 30); k++) {
			struct tsdb_sample s = {ref, k * 10000, i == 3 && k == 30 ? tsdb_stale() : k * (i + 1)};
			ck_assert(tsdb_append(f->store.db, &s, 1, &c, NULL) == RC_OK);
		}
	}
}

static void
fixture_fini(struct fixture *f)
{
	unit_store_fini(&f->store);
}

/* The result as text: "{i="0"} 1@1000 2@2000;" … or the error. */
static const char *
ask(struct fixture *f, const char *text, msec_t start, msec_t end, msec_t step)
{
	struct promql *q;
	struct promql_result *r;
	struct err e;
	struct buf b = {0};
	struct promql_ask a = {.db = f->store.db, .tenants = {&f->tenant, 1}, .start = start, .end = end, .step = step,
	    .limits = {.series = 3, .samples = 5000}};
	ck_assert_msg(promql_parse(str_c(text), &q, &e) == RC_OK, "%s", e.text);
	if (promql_run(q, &a, &r, &e) == RC_OK) {
		for (size_t i = 0; i < r->n; i++) {
			labels_print(&b, r->series[i].labels);
			for (size_t k = 0; k < r->series[i].n; k++) {
				buf_ch(&b, ' ');
				buf_f64(&b, r->series[i].points[k].v);
				buf_fmt(&b, "@%lld", (long long)r->series[i].points[k].t / 1000);
			}
			buf_ch(&b, ';');
		}
		buf_str(&b, r->string);
		if (r->infos.n)
			buf_str(&b, r->infos.p[0]);
	} else
		buf_c(&b, e.text);
	const char *out = arena_cstr(f->store.arena, buf_view(&b));
	promql_result_destroy(&r);
	promql_destroy(&q);
	buf_fini(&b);
	return out;
}

UNIT(promql_answers_everyday_questions)
{
	static const struct {
		const char *q;
		msec_t start, end, step;
		const char *out;
	} known[] = {
	    {"m{i=\"1\"}", 105, 0, 0, "m{i=\"1\"} 20@105;"},
	    {"m{i=\"1\"}", 1300, 0, 0, ""}, /* the look-back is left-open */
	    {"m{i=\"1\"}", 1299, 0, 0, "m{i=\"1\"} 200@1299;"},
	    {"gone", 295, 305, 5, "gone{i=\"3\"} 116@295;"},
	    {"m{i=~\"0|1\"} offset 50s", 100, 110, 10, "m{i=\"0\"} 5@100 6@110;m{i=\"1\"} 10@100 12@110;"},
	    {"m{i=\"0\"} @ 30", 100, 110, 10, "m{i=\"0\"} 3@100 3@110;"},
	    {"sum(m)", 100, 0, 0, "{} 60@100;"},
	    {"sum by (i) (m) > 15", 100, 0, 0, "{i=\"1\"} 20@100;{i=\"2\"} 30@100;"},
	    {"count_over_time(m{i=\"0\"}[30s])", 100, 0, 0, "{i=\"0\"} 3@100;"},
	    {"max_over_time(m{i=\"0\"}[30s:10s] offset 10s)", 100, 0, 0, "{i=\"0\"} 9@100;"},
	    {"topk(1, m)", 100, 0, 0, "m{i=\"2\"} 30@100;"},
	    {"sort_desc(m)", 100, 0, 0, "m{i=\"2\"} 30@100;m{i=\"1\"} 20@100;m{i=\"0\"} 10@100;"},
	    {"absent(nothing{a=\"b\"})", 100, 0, 0, "{a=\"b\"} 1@100;"},
	    {"m / on (i) m", 100, 0, 0, "{i=\"0\"} 1@100;{i=\"1\"} 1@100;{i=\"2\"} 1@100;"},
	    {"m unless m{i=\"1\"}", 100, 0, 0, "m{i=\"0\"} 10@100;m{i=\"2\"} 30@100;"},
	    {"m{i=\"0\"}[20s]", 100, 0, 0, "m{i=\"0\"} 9@90 10@100;"},
	    {"label_replace(m{i=\"0\"}, \"j\", \"x$1\", \"i\", \"(.)\")", 100, 0, 0, "m{i=\"0\", j=\"x0\"} 10@100;"},
	    {"rate(m{i=\"0\"}[1m])", 100, 0, 0,
	        "{i=\"0\"} 0.1@100;PromQL info: metric might not be a counter, name does not end in "
	        "_total/_sum/_count/_bucket: \"m\" (1:6)"},
	    {"increase(m{i=\"0\"}[1m] anchored) + 0 * time()", 100, 0, 0,
	        "{i=\"0\"} 6@100;PromQL info: metric might not be a counter, name does not end in "
	        "_total/_sum/_count/_bucket: \"m\" (1:10)"},
	    {"delta(m{i=\"0\"}[1m] smoothed)", 105, 0, 0, "{i=\"0\"} 6@105;"},
	    {"delta(m{i=\"0\"}[25s] smoothed)", 104, 0, 0, "{i=\"0\"} 2.5@104;"},
	    {"changes(m{i=\"0\"}[1m] anchored) - changes(m{i=\"0\"}[1m])", 100, 0, 0, "{i=\"0\"} 1@100;"},
	    {"1 + 2 * 3 ^ 2", 1, 0, 0, "{} 19@1;"},
	    {"time()", 10, 30, 10, "{} 10@10 20@20 30@30;"},
	    {"\"text\"", 1, 0, 0, "text"},
	    {"ceil({__name__=~\"m|gone\",i=~\"0|3\"})", 100, 0, 0, "{i=\"3\"} 40@100;{i=\"0\"} 10@100;"},
	    {"m + on () m", 100, 0, 0,
	        "found duplicate series for the match group {} on the right hand-side of the operation: "
	        "[{__name__=\"m\", i=\"0\"}, {__name__=\"m\", i=\"1\"}];many-to-many matching not allowed: matching labels must be unique on one side"},
	    {"{i=~\".+\"}", 100, 0, 0, "the selector matches more than 3 series"},
	    {"m{i=\"0\"}", 0, 100000, 1, "exceeded maximum resolution of 11000 points per timeseries. Try decreasing the query "
	        "resolution (?step=XX)"},
	    {"m", 0, 5000, 1, "query processing would load too many samples into memory in query execution"},
	    {"vector(1)[10y:1s]", 1, 0, 0, "the subquery asks for 315360000 steps; the limit is 10000000"},
	    {"count_over_time(vector(1 + 1)[1d:1s])", 1, 0, 0,
	        "query processing would load too many samples into memory in query execution"},
	    {"deriv(m[5m] anchored)", 100, 0, 0,
	        "anchored modifier can only be used with: changes, delta, increase, rate, resets - not with deriv"},
	    {"changes(m[5m] smoothed)", 100, 0, 0, "smoothed modifier can only be used with: delta, increase, rate - not with changes"},
	    {"m{i=\"0\"} smoothed", 105, 0, 0, "m{i=\"0\"} 10.5@105;"},
	    {"info(m{i=\"0\"})", 100, 0, 0, "m{i=\"0\"} 10@100;"},
	    {"info(m{i=\"0\"}, {x=~\".+\"})", 100, 0, 0, ""},
	    {"min_of(NaN, 3)", 1, 0, 0, "{} NaN@1;"},
	    {"up[1h]", 1, 2, 1, "invalid expression type \"range vector\" for range query, must be Scalar or instant Vector"},
	    {"m[step() - 1]", 1, 0, 0, "duration must be greater than 0"},
	};
	struct fixture f;
	fixture_init(&f);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		const char *got = ask(&f, known[i].q, known[i].start * 1000, known[i].end * 1000, known[i].step * 1000);
		ck_assert_msg(strcmp(got, known[i].out) == 0, "%s\n got %s\nwant %s", known[i].q, got, known[i].out);
	}
	fixture_fini(&f);
}
END

UNIT(promql_stops_when_asked_to)
{
	struct fixture f;
	struct promql *q;
	struct promql_result *r;
	struct err e;
	volatile bool cancel = true;
	fixture_init(&f);
	ck_assert(promql_parse(STR("sum(m)"), &q, &e) == RC_OK);
	struct promql_ask a = {.db = f.store.db, .tenants = {&f.tenant, 1}, .cancel = &cancel};
	ck_assert_int_eq(promql_run(q, &a, &r, &e), RC_CANCELLED);
	ck_assert_ptr_null(r);
	promql_destroy(&q);
	fixture_fini(&f);
}
END
