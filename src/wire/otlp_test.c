/* otlp_test.c — OTLP's JSON and protobuf through one reader. */
#include "wire/otlp.h"

#include <string.h>

#include "unit.h"

static const struct otlp_limits roomy = {.attributes = 8, .bytes = 200, .buckets = 8};

static void
add_exponential(struct buf *b, const struct otlp_point *p)
{
	const struct otlp_buckets *sides[] = {&p->positive, &p->negative};
	buf_fmt(b, " scale %d zero %llu", p->scale, (unsigned long long)p->zero_count);
	for (int k = 0; k < 2; k++) {
		buf_fmt(b, " from %d:", sides[k]->offset);
		for (size_t i = 0; i < sides[k]->counts.n; i++)
			buf_fmt(b, " %llu", (unsigned long long)sides[k]->counts.p[i]);
	}
}

/* "[k=v]name unit kind temporality{k=v}@time value|", or the error. */
static const char *
read_all(struct str body, struct arena *a)
{
	struct otlp o;
	struct buf b = {0};
	struct err e;
	enum otlp_item item;
	otlp_init(&o, body, &roomy);
	while ((item = otlp_next(&o)) != OTLP_END) {
		if (item == OTLP_SCOPE) {
			if (o.scope.version.n)
				buf_fmt(&b, "(%.*s %.*s %.*s %.*s=%.*s)", STR_ARG(o.scope.name), STR_ARG(o.scope.version), STR_ARG(o.scope.schema_url),
				    STR_ARG(o.scope.attributes.p[0].name), STR_ARG(o.scope.attributes.p[0].value));
			continue;
		}
		const otlp_attributes *as = item == OTLP_RESOURCE ? &o.resource : &o.point.attributes;
		if (item == OTLP_POINT)
			buf_fmt(&b, "%.*s %.*s %d %d%d", STR_ARG(o.metric.name), STR_ARG(o.metric.unit),
			    o.metric.kind, o.metric.temporality, o.metric.monotonic);
		buf_ch(&b, item == OTLP_RESOURCE ? '[' : '{');
		for (size_t i = 0; i < as->n; i++)
			buf_fmt(
			    &b, "%s%.*s=%.*s", i ? "," : "", STR_ARG(as->p[i].name), STR_ARG(as->p[i].value));
		buf_ch(&b, item == OTLP_RESOURCE ? ']' : '}');
		if (item == OTLP_RESOURCE)
			continue;
		buf_fmt(&b, "@%llu", (unsigned long long)o.point.time);
		if (o.point.no_value)
			buf_c(&b, " gone");
		else if (o.metric.kind == OTLP_GAUGE || o.metric.kind == OTLP_SUM)
			buf_fmt(&b, " %g", o.point.value);
		else
			buf_fmt(&b, " n%llu", (unsigned long long)o.point.count);
		if (o.point.has_sum)
			buf_fmt(&b, " s%g", o.point.sum);
		for (size_t i = 0; i < o.point.counts.n; i++)
			buf_fmt(&b, " %llu", (unsigned long long)o.point.counts.p[i]);
		for (size_t i = 0; i < o.point.bounds.n; i++)
			buf_fmt(&b, " <%g", o.point.bounds.p[i]);
		for (size_t i = 0; i < o.point.quantiles.n; i++)
			buf_fmt(&b, " %g:%g", o.point.quantiles.p[i].quantile, o.point.quantiles.p[i].value);
		if (o.metric.kind == OTLP_EXPONENTIAL)
			add_exponential(&b, &o.point);
		buf_ch(&b, '|');
	}
	if (otlp_end(&o, &e) != RC_OK)
		buf_fmt(&b, "!%s", e.text);
	otlp_fini(&o);
	const char *out = arena_cstr(a, buf_view(&b));
	buf_fini(&b);
	return out;
}

#define METRICS(m)                                                                                           \
	"{\"resourceMetrics\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{"         \
	"\"stringValue\":\"shop\"}}]},\"scopeMetrics\":[{\"scope\":{\"name\":\"x\"},\"metrics\":[" m         \
	"]}]}]}"

UNIT(json_and_protobuf_are_read_alike)
{
	static const struct {
		const char *json, *is;
	} table[] = {
	    {METRICS("{\"name\":\"q\",\"unit\":\"1\",\"unknown\":[{}],\"gauge\":{\"dataPoints\":[{"
		     "\"timeUnixNano\":\"17\",\"asDouble\":1.5,\"attributes\":"
		     "[{\"key\":\"a\",\"value\":{\"intValue\":\"-3\"}},{\"key\":\"b\",\"value\":{"
		     "\"boolValue\":true}},"
		     "{\"key\":\"c\",\"value\":{\"arrayValue\":{\"values\":[{\"stringValue\":\"x\"},{"
		     "\"doubleValue\":0.5}]}}},"
		     "{\"key\":\"d\",\"value\":{\"kvlistValue\":{\"values\":[{\"key\":\"k\",\"value\":{"
		     "\"stringValue\":\"v\"}}]}}},{\"key\":\"e\",\"value\":{}}]}]}}"),
		"[service.name=shop]q 1 5 00{a=-3,b=true,c=[\"x\",0.5],d={\"k\":\"v\"},e=}@17 1.5|"},
	    {METRICS("{\"sum\":{\"aggregationTemporality\":2,\"isMonotonic\":true,\"dataPoints\":[{"
		     "\"timeUnixNano\":17,\"asInt\":\"-9\"},{\"flags\":1}]},\"name\":\"s\"}"),
		"[service.name=shop]s  7 21{}@17 -9|s  7 21{}@0 gone|"},
	    {METRICS("{\"name\":\"h\",\"histogram\":{\"aggregationTemporality\":\"AGGREGATION_TEMPORALITY_"
		     "DELTA\",\"dataPoints\":"
		     "[{\"timeUnixNano\":\"1\",\"count\":\"6\",\"sum\":9.5,\"bucketCounts\":[\"1\",\"2\",3],"
		     "\"explicitBounds\":[0.5,10]}]}}"),
		"[service.name=shop]h  9 10{}@1 n6 s9.5 1 2 3 <0.5 <10|"},
	    {METRICS("{\"name\":\"y\",\"summary\":{\"dataPoints\":[{\"count\":\"2\",\"sum\":3,"
		     "\"quantileValues\":[{\"quantile\":0.5,\"value\":\"NaN\"}]}]}}"),
		"[service.name=shop]y  11 00{}@0 n2 s3 0.5:nan|"},
	    {METRICS("{\"name\":\"x\",\"exponentialHistogram\":{\"dataPoints\":[{\"count\":\"2\",\"scale\":-3,\"zeroCount\":1,"
		     "\"positive\":{\"offset\":-2,\"bucketCounts\":[\"1\",0,7]},\"negative\":{\"offset\":300,\"bucketCounts\":[5]}}]}}"),
		"[service.name=shop]x  10 00{}@0 n2 scale -3 zero 1 from -2: 1 0 7 from 300: 5|"},
	    {METRICS("{\"name\":\"x\",\"exponentialHistogram\":{\"dataPoints\":[{\"positive\":{\"bucketCounts\":[1,2,3,4,5,6,7,8,9]}}]}}"),
		"[service.name=shop]!a histogram of more than 8 buckets"},
	    {METRICS("{\"name\":\"none\"}"), "[service.name=shop]"},
	    {"{\"resourceMetrics\":[{\"scopeMetrics\":[{\"schemaUrl\":\"u\",\"metrics\":[{\"name\":\"q\",\"gauge\":{\"dataPoints\":[{\"asInt\":1}]}}],"
	     "\"scope\":{\"name\":\"lib\",\"version\":\"2\",\"attributes\":[{\"key\":\"a\",\"value\":{\"intValue\":7}}]}},{\"metrics\":[]}]}]}",
	        "[](lib 2 u a=7)q  5 00{}@0 1|"},
	    {"{}", ""},
	    {METRICS("{\"name\":\"h\",\"histogram\":{\"dataPoints\":[{\"bucketCounts\":[1,2],"
		     "\"explicitBounds\":[1,2]}]}}"),
		"[service.name=shop]!a histogram has 2 counts for 2 bounds"},
	    {METRICS("{\"name\":\"h\",\"histogram\":{\"dataPoints\":[{\"explicitBounds\":[1,2,3,4,5,6,7,8,9]}"
		     "]}}"),
		"[service.name=shop]!a histogram of more than 8 buckets"},
	};
	struct arena *a = arena_create();
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct buf b = {0};
		struct err e;
		ck_assert_msg(
		    otlp_from_json(str_c(table[i].json), &b, &e) == RC_OK, "%s: %s", table[i].json, e.text);
		ck_assert_str_eq(read_all(buf_view(&b), a), table[i].is);
		buf_fini(&b);
	}
	arena_destroy(&a);
}
END

UNIT(every_cut_request_ends_with_an_error_or_early)
{
	struct buf b = {0};
	struct arena *a = arena_create();
	static const char json[] = METRICS(
	    "{\"name\":\"q\",\"gauge\":{\"dataPoints\":[{\"timeUnixNano\":\"17\",\"asDouble\":1.5}]}}");
	ck_assert(otlp_from_json(str_c(json), &b, NULL) == RC_OK);
	for (size_t n = 1; n < b.n; n++)
		ck_assert_msg(strchr(read_all(str_n(b.p, n), a), '!'), "cut at %zu", n);
	buf_fini(&b);
	static const char *const bad[] = {"", "[]", "{\"resourceMetrics\":{}}", "{\"resourceMetrics\":[1]}",
	    METRICS("{\"name\":1}"), METRICS("{\"gauge\":{\"dataPoints\":[{\"timeUnixNano\":\"x\"}]}}"),
	    METRICS("{\"gauge\":{\"dataPoints\":[{\"asDouble\":\"y\"}]}}")};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct buf out = {0};
		ck_assert_msg(otlp_from_json(str_c(bad[i]), &out, NULL) == RC_INVALID, "%s", bad[i]);
		buf_fini(&out);
	}
	arena_destroy(&a);
}
END
