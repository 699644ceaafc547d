/* expo_test.c — pages of both formats, good and bad. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "wire/expo.h"

static const struct expo_limits roomy = {.line = 4096, .labels = 30, .name = 200, .value = 200};

/* One line for each item, for comparison. */
static enum rc
describe(struct str page, enum expo_format f, const struct expo_limits *limits, struct buf *out, struct err *e)
{
	struct expo x;
	enum expo_item item;
	static const char *const words[] = {"", "TYPE", "HELP", "UNIT"};
	expo_init(&x, page, f, limits);
	while ((item = expo_next(&x)) != EXPO_END) {
		if (item != EXPO_SAMPLE) {
			buf_fmt(out, "%s %.*s [%.*s]\n", words[item], STR_ARG(x.family), STR_ARG(x.text));
			continue;
		}
		for (size_t i = 0; i < x.labels.n; i++)
			buf_fmt(out, "%.*s=%.*s ", STR_ARG(x.labels.p[i].name), STR_ARG(x.labels.p[i].value));
		buf_f64(out, x.value);
		if (x.has_time)
			buf_fmt(out, " @%lld", (long long)x.time);
		if (x.has_exemplar) {
			buf_fmt(out, " # %zu ", x.exemplar_labels.n);
			buf_f64(out, x.exemplar_value);
		}
		buf_ch(out, '\n');
	}
	enum rc rc = expo_end(&x, e);
	expo_fini(&x);
	return rc;
}

static const char text_page[] =
    "# HELP http_requests_total The total \\\\ number\\nof requests.\n"
    "# TYPE http_requests_total counter\n"
    "http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n"
    "http_requests_total{ method = \"a\\\"b\\\\\\n\\x\" , } 3\t-7\n"
    "\n"
    "# just a comment\n"
    "  plain\t1.5e3\n"
    "inf +Inf\nnan NaN\n"
    "{\"my.dotted\",\"a b\"=\"c\"} -0\n"
    "last 1";

UNIT(expo_reads_the_text_format)
{
	struct buf b = {0};
	struct err e = {0};
	ck_assert_msg(describe(str_c(text_page), EXPO_TEXT, &roomy, &b, &e) == RC_OK, "%s", e.text);
	ck_assert_str_eq(b.p,
	    "HELP http_requests_total [The total \\ number\nof requests.]\n"
	    "TYPE http_requests_total [counter]\n"
	    "__name__=http_requests_total method=post code=200 1027 @1395066363000\n"
	    "__name__=http_requests_total method=a\"b\\\n\\x 3 @-7\n"
	    "__name__=plain 1500\n"
	    "__name__=inf +Inf\n__name__=nan NaN\n"
	    "__name__=my.dotted a b=c -0\n"
	    "__name__=last 1\n");
	buf_fini(&b);
}
END

UNIT(expo_gives_the_series_as_it_stands)
{
	struct expo x;
	expo_init(&x, STR("a{b=\"1\" } 2\n c  3\n"), EXPO_TEXT, &roomy);
	ck_assert(expo_next(&x) == EXPO_SAMPLE);
	ck_assert_str(x.series, "a{b=\"1\" }");
	ck_assert(expo_next(&x) == EXPO_SAMPLE);
	ck_assert_str(x.series, "c");
	expo_fail(&x, "not %s", "wanted");
	ck_assert(expo_next(&x) == EXPO_END);
	struct err e;
	ck_assert_int_eq(expo_end(&x, &e), RC_INVALID);
	ck_assert_str_eq(e.text, "line 2, column 1: not wanted");
	expo_fini(&x);
}
END

static const char om_page[] = "# TYPE foo_seconds counter\n# UNIT foo_seconds seconds\n# HELP foo_seconds help\n"
			      "foo_seconds_total{a=\"b\"} 17.0 1520879607.789 # {trace_id=\"x\",s=\"y\"} 0.67 1520879606\n"
			      "foo_seconds_created 1.5\n# EOF\n";

UNIT(expo_reads_openmetrics)
{
	struct buf b = {0};
	struct err e = {0};
	ck_assert_msg(describe(str_c(om_page), EXPO_OPENMETRICS, &roomy, &b, &e) == RC_OK, "%s", e.text);
	ck_assert_str_eq(b.p, "TYPE foo_seconds [counter]\nUNIT foo_seconds [seconds]\nHELP foo_seconds [help]\n"
			      "__name__=foo_seconds_total a=b 17 @1520879607789 # 2 0.67\n"
			      "__name__=foo_seconds_created 1.5\n");
	buf_fini(&b);
}
END

/* A page that was cut is refused wherever it was cut, but for its very last line feed. */
UNIT(expo_refuses_cut_openmetrics)
{
	size_t n = sizeof om_page - 1;
	for (size_t cut = 0; cut < n - 1; cut++) {
		struct buf b = {0};
		char *copy = malloc(cut + 1);
		memcpy(copy, om_page, cut);
		ck_assert_msg(describe(str_n(copy, cut), EXPO_OPENMETRICS, &roomy, &b, NULL) != RC_OK, "%zu", cut);
		free(copy);
		buf_fini(&b);
	}
}
END

UNIT(expo_refuses_with_line_and_column)
{
	static const struct {
		enum expo_format f;
		const char *page, *says;
	} bad[] = {
	    {EXPO_TEXT, "a 1\nb{x=1} 2\n", "line 2, column 5: expected a label value in quotes, found '1'"},
	    {EXPO_TEXT, "a\n", "line 1, column 2: expected a value, but the line ends here"},
	    {EXPO_TEXT, "a 1 2 3\n", "column 7: expected the end of the line, found '3'"},
	    {EXPO_TEXT, "a one\n", "column 3: \"one\" is not a value"},
	    {EXPO_TEXT, "a 1 1.5\n", "is not a timestamp in milliseconds"},
	    {EXPO_TEXT, "a{b=\"x} 1\n", "expected a closing quote"},
	    {EXPO_TEXT, "a{b=\"x\\\"} 1\n", "expected a closing quote"},
	    {EXPO_TEXT, "a{b=\"x\"c=\"y\"} 1\n", "column 8: expected ',' or '}', found 'c'"},
	    {EXPO_TEXT, "a{,} 1\n", "expected a label name or '}', found ','"},
	    {EXPO_TEXT, "{b=\"x\"} 1\n", "the series has no name"},
	    {EXPO_TEXT, "{} 1\n", "the series has no name"},
	    {EXPO_TEXT, "1a 1\n", "expected a metric name, found '1'"},
	    {EXPO_TEXT, "a 1\r\n", "is not a value"},
	    {EXPO_TEXT, "# TYPE a b\n", "\"b\" is not a type of metric"},
	    {EXPO_TEXT, "a 1 # {a=\"b\"} 1\n", "expected the end of the line, found '#'"},
	    {EXPO_OPENMETRICS, "a 1\n\n# EOF\n", "line 2, column 1: an empty line"},
	    {EXPO_OPENMETRICS, "a 1\n# EOF\nb 2\n", "line 3, column 1: something stands behind # EOF"},
	    {EXPO_OPENMETRICS, "# hello\n# EOF\n", "expected TYPE, HELP, UNIT or EOF"},
	    {EXPO_OPENMETRICS, "# UNIT a b\n# EOF\n", "no suffix"},
	    {EXPO_OPENMETRICS, "a 1 # 3\n# EOF\n", "expected the labels of an exemplar"},
	    {EXPO_OPENMETRICS, "a 1\n", "line 2, column 1: the page was cut"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct buf b = {0};
		struct err e = {0};
		ck_assert_msg(describe(str_c(bad[i].page), bad[i].f, &roomy, &b, &e) == RC_INVALID, "%s", bad[i].page);
		ck_assert_msg(strstr(e.text, bad[i].says) != NULL, "%s: %s", bad[i].page, e.text);
		buf_fini(&b);
	}
}
END

UNIT(expo_keeps_its_limits)
{
	static const struct {
		struct expo_limits limits;
		const char *says;
	} known[] = {{{.line = 10}, "a line of 24 bytes; the limit is 10"}, {{.labels = 2}, "more than 2 labels"},
	    {{.name = 2}, "a label name of 3 bytes; the limit is 2"}, {{.value = 3}, "a label value of 4 bytes"}};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct buf b = {0};
		struct err e = {0};
		ck_assert(describe(STR("a{bcd=\"efgh\",i=\"jk\"} 1.5\n"), EXPO_TEXT, &known[i].limits, &b, &e) == RC_INVALID);
		ck_assert_msg(strstr(e.text, known[i].says) != NULL, "%s", e.text);
		buf_fini(&b);
	}
}
END
