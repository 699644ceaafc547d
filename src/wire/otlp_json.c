/*
 * otlp_json.c — OTLP's JSON as the protobuf that it stands for.  See otlp.h.
 *
 * IDEA   The JSON is the protobuf with names instead of numbers: one table of fields a message, and one walk.  Fields that
 *        nobody reads here (exemplars, traces' ids) are not in the tables and passed over, as unknown ones are.
 */
#include <math.h>

#include "wire/json.h"
#include "wire/otlp.h"

enum { DEPTH = 64 };

enum field_kind { TEXT, BOOLEAN, INT, ZIGZAG, FIXED, SIGNED_FIXED, DOUBLE, TEMPORALITY, MESSAGE };

struct field {
	const char *name;
	uint32_t number;
	enum field_kind kind;
	bool list;
	const struct field *inside; /* MESSAGE; ends with a NULL name */
};

static const struct field any[], key_value[];

static const struct field list[] = {{"values", 1, MESSAGE, true, any}, {0}};
static const struct field map[] = {{"values", 1, MESSAGE, true, key_value}, {0}};
static const struct field any[] = {{"stringValue", 1, TEXT}, {"boolValue", 2, BOOLEAN}, {"intValue", 3, INT},
    {"doubleValue", 4, DOUBLE}, {"arrayValue", 5, MESSAGE, false, list},
    {"kvlistValue", 6, MESSAGE, false, map}, {0}};
static const struct field key_value[] = {{"key", 1, TEXT}, {"value", 2, MESSAGE, false, any}, {0}};

static const struct field number_point[] = {{"attributes", 7, MESSAGE, true, key_value},
    {"startTimeUnixNano", 2, FIXED}, {"timeUnixNano", 3, FIXED}, {"asDouble", 4, DOUBLE},
    {"asInt", 6, SIGNED_FIXED}, {"flags", 8, INT}, {0}};
static const struct field histogram_point[] = {{"attributes", 9, MESSAGE, true, key_value},
    {"startTimeUnixNano", 2, FIXED}, {"timeUnixNano", 3, FIXED}, {"count", 4, FIXED}, {"sum", 5, DOUBLE},
    {"bucketCounts", 6, FIXED, true}, {"explicitBounds", 7, DOUBLE, true}, {"flags", 10, INT}, {0}};
static const struct field buckets[] = {{"offset", 1, ZIGZAG}, {"bucketCounts", 2, INT, true}, {0}};
static const struct field exponential_point[] = {{"attributes", 1, MESSAGE, true, key_value},
    {"startTimeUnixNano", 2, FIXED}, {"timeUnixNano", 3, FIXED}, {"count", 4, FIXED}, {"sum", 5, DOUBLE},
    {"scale", 6, ZIGZAG}, {"zeroCount", 7, FIXED}, {"positive", 8, MESSAGE, false, buckets}, {"negative", 9, MESSAGE, false, buckets},
    {"zeroThreshold", 14, DOUBLE}, {"flags", 10, INT}, {0}};
static const struct field quantile[] = {{"quantile", 1, DOUBLE}, {"value", 2, DOUBLE}, {0}};
static const struct field summary_point[] = {{"attributes", 7, MESSAGE, true, key_value},
    {"startTimeUnixNano", 2, FIXED}, {"timeUnixNano", 3, FIXED}, {"count", 4, FIXED}, {"sum", 5, DOUBLE},
    {"quantileValues", 6, MESSAGE, true, quantile}, {"flags", 8, INT}, {0}};

static const struct field gauge[] = {{"dataPoints", 1, MESSAGE, true, number_point}, {0}};
static const struct field sum[] = {{"dataPoints", 1, MESSAGE, true, number_point},
    {"aggregationTemporality", 2, TEMPORALITY}, {"isMonotonic", 3, BOOLEAN}, {0}};
static const struct field histogram[] = {
    {"dataPoints", 1, MESSAGE, true, histogram_point}, {"aggregationTemporality", 2, TEMPORALITY}, {0}};
static const struct field exponential[] = {
    {"dataPoints", 1, MESSAGE, true, exponential_point}, {"aggregationTemporality", 2, TEMPORALITY}, {0}};
static const struct field summary[] = {{"dataPoints", 1, MESSAGE, true, summary_point}, {0}};

static const struct field metric[] = {{"name", 1, TEXT}, {"description", 2, TEXT}, {"unit", 3, TEXT},
    {"gauge", OTLP_GAUGE, MESSAGE, false, gauge}, {"sum", OTLP_SUM, MESSAGE, false, sum},
    {"histogram", OTLP_HISTOGRAM, MESSAGE, false, histogram},
    {"exponentialHistogram", OTLP_EXPONENTIAL, MESSAGE, false, exponential},
    {"summary", OTLP_SUMMARY, MESSAGE, false, summary}, {0}};
static const struct field scope[] = {{"name", 1, TEXT}, {"version", 2, TEXT}, {"attributes", 3, MESSAGE, true, key_value}, {0}};
static const struct field scope_metrics[] = {
    {"scope", 1, MESSAGE, false, scope}, {"metrics", 2, MESSAGE, true, metric}, {"schemaUrl", 3, TEXT}, {0}};
static const struct field resource[] = {{"attributes", 1, MESSAGE, true, key_value}, {0}};
static const struct field resource_metrics[] = {
    {"resource", 1, MESSAGE, false, resource}, {"scopeMetrics", 2, MESSAGE, true, scope_metrics}, {0}};
static const struct field request[] = {{"resourceMetrics", 1, MESSAGE, true, resource_metrics}, {0}};

/* ---- values ---- */

/* 64-bit numbers stand in quotes, as JSON's own are doubles elsewhere; without them they are taken, too. */
static bool
whole_number(struct json *j, bool is_signed, uint64_t *out)
{
	struct str s;
	int64_t i;
	if (json_peek(j) == JSON_STRING) {
		if (!json_str(j, &s))
			return false;
		if (is_signed ? str_i64(s, (int64_t *)out) : str_u64(s, out))
			return true;
		json_fail(j, "expected a whole number");
		return false;
	}
	if (!json_i64(j, &i))
		return false;
	*out = (uint64_t)i;
	return true;
}

static bool
double_number(struct json *j, double *out)
{
	struct str s;
	if (json_peek(j) != JSON_STRING)
		return json_f64(j, out);
	if (!json_str(j, &s))
		return false;
	if (str_is(s, "NaN"))
		*out = NAN;
	else if (str_is(s, "Infinity") || str_is(s, "-Infinity"))
		*out = s.p[0] == '-' ? -INFINITY : INFINITY;
	else if (!str_f64(s, out))
		json_fail(j, "expected a number");
	return !j->failed;
}

static bool
temporality(struct json *j, uint64_t *out)
{
	struct str s;
	if (json_peek(j) != JSON_STRING)
		return whole_number(j, false, out);
	if (!json_str(j, &s))
		return false;
	*out = str_is(s, "AGGREGATION_TEMPORALITY_DELTA")        ? OTLP_DELTA
	       : str_is(s, "AGGREGATION_TEMPORALITY_CUMULATIVE") ? OTLP_CUMULATIVE
								 : OTLP_UNSPECIFIED;
	return true;
}

/* ---- the walk ---- */

static void message(struct json *, const struct field *, struct buf *out);

static void
value(struct json *j, const struct field *f, struct buf *out)
{
	struct buf inner = {0};
	struct str s;
	uint64_t u = 0;
	double d = 0;
	bool b = false;
	switch (f->kind) {
	case TEXT:
		if (json_str(j, &s))
			proto_put_bytes(out, f->number, s);
		break;
	case BOOLEAN:
		if (json_bool(j, &b))
			proto_put_varint(out, f->number, b);
		break;
	case INT:
	case TEMPORALITY:
		if (f->kind == INT ? whole_number(j, true, &u) : temporality(j, &u))
			proto_put_varint(out, f->number, u);
		break;
	case ZIGZAG:
		if (whole_number(j, true, &u))
			proto_put_varint(out, f->number, u << 1 ^ -(u >> 63));
		break;
	case FIXED:
	case SIGNED_FIXED:
		if (whole_number(j, f->kind == SIGNED_FIXED, &u))
			proto_put_fixed64(out, f->number, u);
		break;
	case DOUBLE:
		if (double_number(j, &d))
			proto_put_f64(out, f->number, d);
		break;
	case MESSAGE:
		message(j, f->inside, &inner);
		proto_put_bytes(out, f->number, buf_view(&inner));
		buf_fini(&inner);
		break;
	}
}

static const struct field *
find_field(const struct field *fields, struct str name)
{
	for (; fields->name; fields++)
		if (str_is(name, fields->name))
			return fields;
	return NULL;
}

static void
message(struct json *j, const struct field *fields, struct buf *out)
{
	struct str key;
	if (!json_object(j))
		return;
	while (json_key(j, &key)) {
		const struct field *f = find_field(fields, key);
		if (json_null(j))
			continue;
		if (!f) {
			json_skip(j);
		} else if (!f->list) {
			value(j, f, out);
		} else if (json_array(j)) {
			while (json_more(j))
				value(j, f, out);
		}
	}
}

enum rc
otlp_from_json(struct str text, struct buf *out, struct err *e)
{
	struct arena *a = arena_create();
	struct json j;
	json_init(&j, text, a, DEPTH);
	message(&j, request, out);
	enum rc rc = json_end(&j, e);
	arena_destroy(&a);
	return rc;
}
