/*
 * otlp.c — see otlp.h.
 *
 * TRAP  Protobuf's fields may come in any order: a metric's name behind its points, a resource behind its metrics.  What
 *       the inner messages need is looked for before they are walked.
 */
#include "wire/otlp.h"

#include "wire/json.h"

enum { DEPTH = 16 };

void
otlp_init(struct otlp *o, struct str body, const struct otlp_limits *limits)
{
	*o =
	    (struct otlp){.limits = *limits, .resource_arena = arena_create(), .scope_arena = arena_create(), .point_arena = arena_create()};
	proto_init(&o->request, body);
	proto_init(&o->scopes, STR(""));
	proto_init(&o->metrics, STR(""));
	proto_init(&o->points, STR(""));
}

void
otlp_fini(struct otlp *o)
{
	vec_fini(&o->resource);
	vec_fini(&o->scope.attributes);
	vec_fini(&o->point.attributes);
	vec_fini(&o->point.bounds);
	vec_fini(&o->point.counts);
	vec_fini(&o->point.quantiles);
	vec_fini(&o->point.positive.counts);
	vec_fini(&o->point.negative.counts);
	arena_destroy(&o->resource_arena);
	arena_destroy(&o->scope_arena);
	arena_destroy(&o->point_arena);
}

__attribute__((format(printf, 2, 3))) static bool
fail(struct otlp *o, const char *fmt, ...)
{
	struct buf b = {0};
	va_list ap;
	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	if (!o->failed)
		err_set(&o->err, RC_INVALID, "%s", b.p);
	buf_fini(&b);
	o->failed = true;
	return false;
}

static bool
malformed(struct otlp *o, const char *what)
{
	return fail(o, "the %s is no well-formed protobuf", what);
}

/* ---- attributes ---- */

static bool any_json(struct str any, int depth, struct json_writer *);

static bool
list_json(struct str list, int depth, struct json_writer *w)
{
	struct proto m;
	struct proto_field f;
	bool ok = true;
	jsonw_array(w);
	for (proto_init(&m, list); ok && proto_next(&m, &f);)
		if (proto_is(&f, 1, PROTO_BYTES))
			ok = any_json(f.bytes, depth, w);
	jsonw_array_end(w);
	return ok && !m.failed;
}

/* A KeyValue apart. */
static bool
key_value(struct str bytes, struct str *key, struct str *value)
{
	struct proto m;
	struct proto_field f;
	*key = *value = STR("");
	for (proto_init(&m, bytes); proto_next(&m, &f);) {
		if (proto_is(&f, 1, PROTO_BYTES))
			*key = f.bytes;
		else if (proto_is(&f, 2, PROTO_BYTES))
			*value = f.bytes;
	}
	return !m.failed;
}

static bool
map_json(struct str map, int depth, struct json_writer *w)
{
	struct proto m;
	struct proto_field f;
	struct str key, value;
	bool ok = true;
	jsonw_object(w);
	for (proto_init(&m, map); ok && proto_next(&m, &f);) {
		if (!proto_is(&f, 1, PROTO_BYTES))
			continue;
		ok = key_value(f.bytes, &key, &value);
		jsonw_key_str(w, key);
		ok = any_json(value, depth, w) && ok;
	}
	jsonw_object_end(w);
	return ok && !m.failed;
}

/* AnyValue as JSON; the last of its fields counts, none is null. */
static bool
any_json(struct str any, int depth, struct json_writer *w)
{
	struct proto m;
	struct proto_field f, is = {0};
	for (proto_init(&m, any); proto_next(&m, &f);)
		is = f;
	if (m.failed || depth == 0) {
		jsonw_null(w);
		return false;
	}
	if (proto_is(&is, 1, PROTO_BYTES))
		jsonw_str(w, is.bytes);
	else if (proto_is(&is, 2, PROTO_VARINT))
		jsonw_bool(w, is.u != 0);
	else if (proto_is(&is, 3, PROTO_VARINT))
		jsonw_i64(w, (int64_t)is.u);
	else if (proto_is(&is, 4, PROTO_FIXED64))
		jsonw_f64(w, proto_f64(&is));
	else if (proto_is(&is, 5, PROTO_BYTES))
		return list_json(is.bytes, depth - 1, w);
	else if (proto_is(&is, 6, PROTO_BYTES))
		return map_json(is.bytes, depth - 1, w);
	else
		jsonw_null(w);
	return true;
}

static bool
any_text(struct str any, struct arena *a, struct str *out)
{
	struct proto m;
	struct proto_field f;
	proto_init(&m, any);
	if (!any.n || (proto_next(&m, &f) && proto_is(&f, 1, PROTO_BYTES) && m.at == m.end)) {
		*out = any.n ? f.bytes : STR("");
		return true;
	}
	struct buf b = {0};
	struct json_writer w;
	jsonw_init(&w, &b);
	bool ok = any_json(any, DEPTH, &w);
	*out = arena_str(a, buf_view(&b));
	buf_fini(&b);
	return ok;
}

static bool
read_attribute(struct otlp *o, struct str bytes, otlp_attributes *to, struct arena *a)
{
	struct pair p;
	struct str value;
	if (!key_value(bytes, &p.name, &value) || !any_text(value, a, &p.value))
		return malformed(o, "attribute");
	if (to->n >= o->limits.attributes)
		return fail(o, "more than %zu attributes", o->limits.attributes);
	*vec_add(to) = p;
	size_t sum = 0;
	for (size_t i = 0; i < to->n; i++)
		sum += to->p[i].name.n + to->p[i].value.n;
	return sum <= o->limits.bytes || fail(o, "attributes of more than %zu bytes", o->limits.bytes);
}

/* ---- points ---- */

static bool
packed_u64(struct otlp *o, const struct proto_field *f, uint64_t *out)
{
	if (f->type == PROTO_FIXED64) {
		*out = f->u;
		return true;
	}
	return malformed(o, "list of numbers");
}

/* One of a packed list, or a single one that is not packed. */
static bool
each_fixed(struct otlp *o, const struct proto_field *f, bool counts)
{
	struct proto_field one = *f;
	size_t n = f->type == PROTO_BYTES ? f->bytes.n / 8 : 1;
	if (f->type == PROTO_BYTES && f->bytes.n % 8)
		return malformed(o, "list of numbers");
	if (n + (counts ? o->point.counts.n : o->point.bounds.n) > o->limits.buckets + counts)
		return fail(o, "a histogram of more than %zu buckets", o->limits.buckets);
	for (size_t i = 0; i < n; i++) {
		if (f->type == PROTO_BYTES) {
			one = (struct proto_field){.number = f->number, .type = PROTO_FIXED64};
			for (int k = 0; k < 8; k++)
				one.u |= (uint64_t)(unsigned char)f->bytes.p[i * 8 + (size_t)k] << (8 * k);
		}
		if (!packed_u64(o, &one, &one.u))
			return false;
		if (counts)
			*vec_add(&o->point.counts) = one.u;
		else
			*vec_add(&o->point.bounds) = proto_f64(&one);
	}
	return true;
}

static bool
read_quantile(struct otlp *o, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	struct otlp_quantile q = {0};
	for (proto_init(&m, bytes); proto_next(&m, &f);) {
		if (proto_is(&f, 1, PROTO_FIXED64))
			q.quantile = proto_f64(&f);
		else if (proto_is(&f, 2, PROTO_FIXED64))
			q.value = proto_f64(&f);
	}
	if (m.failed)
		return malformed(o, "quantile");
	if (o->point.quantiles.n >= o->limits.buckets)
		return fail(o, "a summary of more than %zu quantiles", o->limits.buckets);
	*vec_add(&o->point.quantiles) = q;
	return true;
}

/* Which field of a point is what, by its kind; 0: it has none. */
static const struct {
	enum otlp_kind kind;
	uint32_t attributes, flags;
} shapes[] = {{OTLP_GAUGE, 7, 8}, {OTLP_SUM, 7, 8}, {OTLP_HISTOGRAM, 9, 10}, {OTLP_EXPONENTIAL, 1, 10},
    {OTLP_SUMMARY, 7, 8}};

static bool
number_field(struct otlp *o, const struct proto_field *f)
{
	struct otlp_point *p = &o->point;
	if (proto_is(f, 4, PROTO_FIXED64))
		p->value = proto_f64(f);
	else if (proto_is(f, 6, PROTO_FIXED64))
		p->value = (double)(int64_t)f->u;
	return true;
}

static int32_t
unzigzag(uint64_t u)
{
	return (int32_t)((uint32_t)u >> 1 ^ -((uint32_t)u & 1));
}

static bool
add_count(struct otlp *o, struct otlp_buckets *b, uint64_t n)
{
	if (b->counts.n >= o->limits.buckets)
		return fail(o, "a histogram of more than %zu buckets", o->limits.buckets);
	*vec_add(&b->counts) = n;
	return true;
}

static bool
read_buckets(struct otlp *o, struct str bytes, struct otlp_buckets *b)
{
	struct proto m, list;
	struct proto_field f;
	uint64_t n;
	bool ok = true;
	for (proto_init(&m, bytes); ok && proto_next(&m, &f);) {
		if (proto_is(&f, 1, PROTO_VARINT))
			b->offset = unzigzag(f.u);
		else if (proto_is(&f, 2, PROTO_VARINT))
			ok = add_count(o, b, f.u);
		else if (proto_is(&f, 2, PROTO_BYTES))
			for (proto_init(&list, f.bytes); ok && list.at < list.end;)
				ok = proto_varint(&list, &n) ? add_count(o, b, n) : malformed(o, "list of counts");
	}
	return ok && (!m.failed || malformed(o, "list of buckets"));
}

static bool
exponential_field(struct otlp *o, const struct proto_field *f)
{
	struct otlp_point *p = &o->point;
	if (proto_is(f, 6, PROTO_VARINT))
		p->scale = unzigzag(f->u);
	else if (proto_is(f, 7, PROTO_FIXED64))
		p->zero_count = f->u;
	else if (proto_is(f, 14, PROTO_FIXED64))
		p->zero_threshold = proto_f64(f);
	else if (proto_is(f, 8, PROTO_BYTES) || proto_is(f, 9, PROTO_BYTES))
		return read_buckets(o, f->bytes, f->number == 8 ? &p->positive : &p->negative);
	return true;
}

static bool
sum_field(struct otlp *o, const struct proto_field *f)
{
	struct otlp_point *p = &o->point;
	if (proto_is(f, 4, PROTO_FIXED64)) {
		p->count = f->u;
	} else if (proto_is(f, 5, PROTO_FIXED64)) {
		p->has_sum = true;
		p->sum = proto_f64(f);
	} else if (o->metric.kind == OTLP_HISTOGRAM && (f->number == 6 || f->number == 7)) {
		return each_fixed(o, f, f->number == 6);
	} else if (o->metric.kind == OTLP_SUMMARY && proto_is(f, 6, PROTO_BYTES)) {
		return read_quantile(o, f->bytes);
	} else if (o->metric.kind == OTLP_EXPONENTIAL) {
		return exponential_field(o, f);
	}
	return true;
}

static void
clear_point(struct otlp *o)
{
	struct otlp_point *p = &o->point;
	arena_reset(o->point_arena);
	p->attributes.n = p->bounds.n = p->counts.n = p->quantiles.n = 0;
	p->start = p->time = p->count = 0;
	p->no_value = p->has_sum = false;
	p->value = p->sum = p->zero_threshold = 0;
	p->scale = 0;
	p->zero_count = 0;
	p->positive.offset = p->negative.offset = 0;
	p->positive.counts.n = p->negative.counts.n = 0;
}

static bool
read_point(struct otlp *o, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	size_t s = 0;
	bool ok = true, number = o->metric.kind == OTLP_GAUGE || o->metric.kind == OTLP_SUM;
	while (shapes[s].kind != o->metric.kind)
		s++;
	clear_point(o);
	for (proto_init(&m, bytes); ok && proto_next(&m, &f);) {
		if (proto_is(&f, shapes[s].attributes, PROTO_BYTES))
			ok = read_attribute(o, f.bytes, &o->point.attributes, o->point_arena);
		else if (proto_is(&f, shapes[s].flags, PROTO_VARINT))
			o->point.no_value = f.u & 1;
		else if (proto_is(&f, 2, PROTO_FIXED64))
			o->point.start = f.u;
		else if (proto_is(&f, 3, PROTO_FIXED64))
			o->point.time = f.u;
		else
			ok = number ? number_field(o, &f) : sum_field(o, &f);
	}
	if (ok && m.failed)
		return malformed(o, "data point");
	if (ok && o->point.counts.n && o->point.counts.n != o->point.bounds.n + 1)
		return fail(
		    o, "a histogram has %zu counts for %zu bounds", o->point.counts.n, o->point.bounds.n);
	return ok;
}

/* ---- metrics ---- */

static bool
read_data(struct otlp *o, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	o->metric.temporality = OTLP_UNSPECIFIED;
	o->metric.monotonic = false;
	for (proto_init(&m, bytes); proto_next(&m, &f);) {
		if (proto_is(&f, 2, PROTO_VARINT))
			o->metric.temporality =
			    f.u <= OTLP_CUMULATIVE ? (enum otlp_temporality)f.u : OTLP_UNSPECIFIED;
		else if (proto_is(&f, 3, PROTO_VARINT))
			o->metric.monotonic = f.u != 0;
	}
	proto_init(&o->points, bytes);
	return !m.failed || malformed(o, "metric's data");
}

static bool
read_metric(struct otlp *o, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	struct str data = STR("");
	o->metric = (struct otlp_metric){.name = STR(""), .description = STR(""), .unit = STR("")};
	proto_init(&o->points, STR(""));
	for (proto_init(&m, bytes); proto_next(&m, &f);) {
		if (proto_is(&f, 1, PROTO_BYTES)) {
			o->metric.name = f.bytes;
		} else if (proto_is(&f, 2, PROTO_BYTES)) {
			o->metric.description = f.bytes;
		} else if (proto_is(&f, 3, PROTO_BYTES)) {
			o->metric.unit = f.bytes;
		} else if (f.type == PROTO_BYTES) {
			for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
				if (f.number == shapes[s].kind) {
					o->metric.kind = shapes[s].kind;
					data = f.bytes;
				}
		}
	}
	if (m.failed)
		return malformed(o, "metric");
	return !o->metric.kind || read_data(o, data);
}

static bool
read_resource(struct otlp *o, struct str bytes)
{
	struct proto m, in;
	struct proto_field f, g;
	o->resource.n = 0;
	arena_reset(o->resource_arena);
	for (proto_init(&m, bytes); proto_next(&m, &f);) {
		if (!proto_is(&f, 1, PROTO_BYTES))
			continue;
		for (proto_init(&in, f.bytes); proto_next(&in, &g);)
			if (proto_is(&g, 1, PROTO_BYTES) &&
			    !read_attribute(o, g.bytes, &o->resource, o->resource_arena))
				return false;
		if (in.failed)
			return malformed(o, "resource");
	}
	proto_init(&o->scopes, bytes);
	return !m.failed || malformed(o, "resource's metrics");
}

static bool
read_scope_itself(struct otlp *o, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	for (proto_init(&m, bytes); proto_next(&m, &f);) {
		if (proto_is(&f, 1, PROTO_BYTES))
			o->scope.name = f.bytes;
		else if (proto_is(&f, 2, PROTO_BYTES))
			o->scope.version = f.bytes;
		else if (proto_is(&f, 3, PROTO_BYTES) && !read_attribute(o, f.bytes, &o->scope.attributes, o->scope_arena))
			return false;
	}
	return !m.failed || malformed(o, "scope");
}

static bool
read_scope(struct otlp *o, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	o->scope.attributes.n = 0;
	o->scope.name = o->scope.version = o->scope.schema_url = STR("");
	arena_reset(o->scope_arena);
	for (proto_init(&m, bytes); proto_next(&m, &f);) {
		if (proto_is(&f, 1, PROTO_BYTES) && !read_scope_itself(o, f.bytes))
			return false;
		if (proto_is(&f, 3, PROTO_BYTES))
			o->scope.schema_url = f.bytes;
	}
	proto_init(&o->metrics, bytes);
	return !m.failed || malformed(o, "scope's metrics");
}

/* The next message in field `number`; what is no protobuf fails. */
static bool
next_message(struct otlp *o, struct proto *m, uint32_t number, struct str *out)
{
	struct proto_field f;
	while (!o->failed && proto_next(m, &f))
		if (proto_is(&f, number, PROTO_BYTES)) {
			*out = f.bytes;
			return true;
		}
	if (m->failed)
		malformed(o, "request");
	return false;
}

enum otlp_item
otlp_next(struct otlp *o)
{
	struct str bytes;
	while (!o->failed) {
		if (next_message(o, &o->points, 1, &bytes)) {
			if (read_point(o, bytes))
				return OTLP_POINT;
		} else if (next_message(o, &o->metrics, 2, &bytes)) {
			(void)read_metric(o, bytes);
		} else if (next_message(o, &o->scopes, 2, &bytes)) {
			if (read_scope(o, bytes))
				return OTLP_SCOPE;
		} else if (next_message(o, &o->request, 1, &bytes)) {
			if (read_resource(o, bytes))
				return OTLP_RESOURCE;
		} else {
			break;
		}
	}
	return OTLP_END;
}

enum rc
otlp_end(struct otlp *o, struct err *e)
{
	return o->failed ? err_set(e, RC_INVALID, "%s", o->err.text) : RC_OK;
}
