/* metricpb.c — see metricpb.h. */
#include "wire/metricpb.h"

#include "wire/expo.h"
#include "wire/histogram.h"
#include "wire/proto.h"

/* In the protocol's order; from the end on it is untyped. */
static const char *const types[] = {"counter", "gauge", "summary", "untyped", "histogram", "gaugehistogram"};

struct writing {
	struct str name;   /* of the family */
	struct str metric; /* the message under way */
	struct buf *out;
	size_t limit; /* of its bytes */
	struct metricpb_natives *natives;
	bool gauge; /* a histogram that may fall */
};

/* The fields of a small message that are numbers: a[1], a[2]. */
static bool
two_numbers(struct str bytes, double a[3])
{
	struct proto m;
	struct proto_field f;
	a[1] = a[2] = 0;
	for (proto_init(&m, bytes); proto_next(&m, &f);)
		if (f.number <= 2 && (f.type == PROTO_FIXED64 || f.type == PROTO_VARINT))
			a[f.number] = f.type == PROTO_FIXED64 ? proto_f64(&f) : (double)f.u;
	return !m.failed;
}

static bool
label(struct buf *b, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	struct str name = STR(""), value = STR("");
	for (proto_init(&m, bytes); proto_next(&m, &f);) {
		if (proto_is(&f, 1, PROTO_BYTES))
			name = f.bytes;
		else if (proto_is(&f, 2, PROTO_BYTES))
			value = f.bytes;
	}
	buf_ch(b, ',');
	expo_quote(b, name);
	buf_ch(b, '=');
	expo_quote(b, value);
	return !m.failed;
}

/* One line: the family's name with its ending, the metric's labels, one more, a text in the place of a value, and the time. */
static bool
text_line(struct writing *w, const char *ending, const char *extra, double at, struct str value)
{
	struct proto m;
	struct proto_field f;
	bool ok = true, timed = false;
	int64_t time = 0;
	struct buf name = {0};
	if (w->out->n > w->limit)
		return false;
	buf_str(&name, w->name);
	buf_c(&name, ending);
	buf_ch(w->out, '{');
	expo_quote(w->out, buf_view(&name));
	buf_fini(&name);
	for (proto_init(&m, w->metric); proto_next(&m, &f);) {
		if (proto_is(&f, 1, PROTO_BYTES)) {
			ok = label(w->out, f.bytes) && ok;
		} else if (proto_is(&f, 6, PROTO_VARINT)) {
			timed = true;
			time = (int64_t)f.u;
		}
	}
	if (extra) {
		buf_fmt(w->out, ",%s=\"", extra);
		buf_f64(w->out, at);
		buf_ch(w->out, '"');
	}
	buf_c(w->out, "} ");
	buf_str(w->out, value);
	if (timed)
		buf_fmt(w->out, " %lld", (long long)time);
	buf_ch(w->out, '\n');
	return ok && !m.failed;
}

static bool
line(struct writing *w, const char *ending, const char *extra, double at, double value)
{
	struct buf b = {0};
	buf_f64(&b, value);
	bool ok = text_line(w, ending, extra, at, buf_view(&b));
	buf_fini(&b);
	return ok;
}

/* ---- native histograms ---- */

void
metricpb_natives_init(struct metricpb_natives *n, bool with_classic)
{
	*n = (struct metricpb_natives){.with_classic = with_classic, .arena = arena_create()};
}

void
metricpb_natives_fini(struct metricpb_natives *n)
{
	vec_fini(&n->all);
	if (n->arena)
		arena_destroy(&n->arena);
}

/* The fields of a histogram here, and of remote write's, which histogram.h reads; the same content. */
static const unsigned char fields[] = {[1] = 1, [4] = 2, [2] = 3, [5] = 4, [6] = 5, [7] = 6, [8] = 7, [9] = 8, [10] = 9, [11] = 10, [12] = 11,
    [13] = 12, [14] = 13};

/* Floating counts, where there are any, go before whole ones. */
static bool
has_floats(struct str bytes)
{
	struct proto m;
	struct proto_field f;
	bool floats = false;
	for (proto_init(&m, bytes); proto_next(&m, &f);)
		floats |= (f.number == 4 || f.number == 8) && f.type == PROTO_FIXED64 && proto_f64(&f) > 0;
	return floats;
}

static bool
is_native(struct str bytes)
{
	struct proto m;
	struct proto_field f;
	bool is = false;
	for (proto_init(&m, bytes); proto_next(&m, &f);)
		is |= f.number == 9 || f.number == 12 || (f.number == 7 && f.u) || ((f.number == 6 || f.number == 8) && proto_f64(&f) > 0);
	return is && !m.failed;
}

static void
copy_field(struct buf *b, uint32_t number, const struct proto_field *f)
{
	if (f->type == PROTO_VARINT)
		proto_put_varint(b, number, f->u);
	else if (f->type == PROTO_FIXED64)
		proto_put_fixed64(b, number, f->u);
	else if (f->type == PROTO_BYTES)
		proto_put_bytes(b, number, f->bytes);
}

static bool
native(struct writing *w, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	struct histogram h;
	struct buf message = {0}, packed = {0};
	int64_t t;
	bool floats = has_floats(bytes);
	for (proto_init(&m, bytes); proto_next(&m, &f);) {
		uint32_t number = f.number < sizeof fields ? fields[f.number] : 0;
		bool other = floats ? number == 1 || number == 6 : number == 2 || number == 7;
		if (number && !other)
			copy_field(&message, number, &f);
	}
	bool ok = !m.failed && histogram_from_proto(buf_view(&message), w->natives->arena, &h, &t, NULL) == RC_OK;
	if (ok) {
		h.hint = w->gauge ? HISTOGRAM_GAUGE : HISTOGRAM_UNKNOWN;
		histogram_pack(&h, &packed);
		buf_clear(&message);
		buf_fmt(&message, "h%zu", w->natives->all.n);
		*vec_add(&w->natives->all) = arena_str(w->natives->arena, buf_view(&packed));
		ok = text_line(w, "", NULL, 0, buf_view(&message));
	}
	buf_fini(&message);
	buf_fini(&packed);
	return ok;
}

/* Has it classic buckets, too? */
static bool
has_buckets(struct str bytes)
{
	struct proto m;
	struct proto_field f;
	for (proto_init(&m, bytes); proto_next(&m, &f);)
		if (proto_is(&f, 3, PROTO_BYTES))
			return true;
	return false;
}

/* A summary or a histogram: count and sum, and its parts in field 3. */
static bool
parts(struct writing *w, struct str bytes, bool histogram)
{
	struct proto m;
	struct proto_field f;
	double a[3], top = 0;
	bool ok = two_numbers(bytes, a), open = histogram;
	double count = a[1], sum = a[2];
	for (proto_init(&m, bytes); ok && proto_next(&m, &f);) {
		if (!proto_is(&f, 3, PROTO_BYTES))
			continue;
		ok = two_numbers(f.bytes, a);
		top = histogram ? a[2] : 0;
		open &= !(top > 1.7976931348623157e308); /* +Inf was among them */
		ok = ok &&
		     (histogram ? line(w, "_bucket", "le", a[2], a[1]) : line(w, "", "quantile", a[1], a[2]));
	}
	if (ok && open)
		ok = line(w, "_bucket", "le", 1e308 * 10, count);
	return ok && !m.failed && line(w, "_sum", NULL, 0, sum) && line(w, "_count", NULL, 0, count);
}

static bool
either(struct writing *w, struct str bytes, bool histogram)
{
	bool as_native = w->natives && histogram && is_native(bytes);
	if (as_native && !native(w, bytes))
		return false;
	return (as_native && !(w->natives->with_classic && has_buckets(bytes))) || parts(w, bytes, histogram);
}

static bool
metric(struct writing *w, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	double a[3];
	bool ok = true;
	w->metric = bytes;
	for (proto_init(&m, bytes); ok && proto_next(&m, &f);) {
		if (f.type != PROTO_BYTES)
			continue;
		if (f.number == 2 || f.number == 3 || f.number == 5)
			ok = two_numbers(f.bytes, a) && line(w, "", NULL, 0, a[1]);
		else if (f.number == 4 || f.number == 7)
			ok = either(w, f.bytes, f.number == 7);
	}
	return ok && !m.failed;
}

static void
put_help(struct writing *w, struct str help)
{
	if (!help.n)
		return;
	buf_c(w->out, "# HELP ");
	expo_quote(w->out, w->name);
	buf_ch(w->out, ' ');
	for (size_t i = 0; i < help.n; i++) {
		if (help.p[i] == '\\')
			buf_ch(w->out, '\\');
		if (help.p[i] == '\n')
			buf_c(w->out, "\\n");
		else
			buf_ch(w->out, help.p[i]);
	}
	buf_ch(w->out, '\n');
}

/* The family's name and type stand anywhere: looked for before its metrics are written. */
static bool
family(struct str bytes, size_t limit, struct metricpb_natives *natives, struct buf *out)
{
	struct proto m;
	struct proto_field f;
	struct writing w = {.name = STR(""), .out = out, .limit = limit, .natives = natives};
	struct str help = STR("");
	uint64_t type = 0;
	bool ok = true;
	for (proto_init(&m, bytes); proto_next(&m, &f);) {
		if (proto_is(&f, 1, PROTO_BYTES))
			w.name = f.bytes;
		else if (proto_is(&f, 2, PROTO_BYTES))
			help = f.bytes;
		else if (proto_is(&f, 3, PROTO_VARINT))
			type = f.u;
	}
	w.gauge = type == 5;
	put_help(&w, help);
	buf_c(out, "# TYPE ");
	expo_quote(out, w.name);
	buf_fmt(out, " %s\n", type < sizeof types / sizeof *types ? types[type] : "untyped");
	if (m.failed)
		return false;
	for (proto_init(&m, bytes); ok && proto_next(&m, &f);)
		if (proto_is(&f, 4, PROTO_BYTES))
			ok = metric(&w, f.bytes);
	return ok;
}

enum rc
metricpb_to_text(struct str page, size_t limit, struct metricpb_natives *natives, struct buf *out, struct err *e)
{
	struct proto m;
	uint64_t n;
	proto_init(&m, page);
	while (m.at < m.end) {
		bool good = proto_varint(&m, &n) && n <= (size_t)(m.end - m.at) &&
			    family(str_n((const char *)m.at, n), limit, natives, out);
		if (out->n > limit)
			return err_set(e, RC_REFUSED, "as text the page is over %zu bytes", limit);
		if (!good)
			return err_set(e, RC_INVALID, "the page is no well-formed list of metric families");
		m.at += n;
	}
	return RC_OK;
}
