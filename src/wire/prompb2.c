/* prompb2.c — see prompb2.h. */
#include "wire/prompb2.h"

#include <string.h>

#include "base/mem.h"
#include "wire/proto.h"

/* A text, and the same behind its length in `lengthy`, as labels have it. */
struct symbol {
	struct str text;
	size_t at, n;
};

struct translation {
	struct prompb2_limits limits;
	VEC(struct symbol) symbols;
	struct buf lengthy;
	struct buf series, part; /* scratch: one series, one message in it */
	struct str metric;               /* the name of the series at hand */
	struct buf *out;
	size_t n;
	struct err *err;
};

static enum rc
malformed(const struct translation *t, const char *what)
{
	return err_set(t->err, RC_INVALID, "the %s is no well-formed protobuf, in series %zu of the request", what, t->n);
}

static enum rc
read_symbols(struct translation *t, struct str request)
{
	struct proto m;
	struct proto_field f;
	for (proto_init(&m, request); proto_next(&m, &f);) {
		if (!proto_is(&f, 4, PROTO_BYTES))
			continue;
		if (t->symbols.n >= t->limits.symbols)
			return err_set(t->err, RC_REFUSED, "more than %zu symbols", t->limits.symbols);
		size_t at = t->lengthy.n;
		proto_add_varint(&t->lengthy, f.bytes.n);
		buf_str(&t->lengthy, f.bytes);
		*vec_add(&t->symbols) = (struct symbol){f.bytes, at, t->lengthy.n - at};
	}
	if (m.failed)
		return malformed(t, "request");
	if (t->symbols.n && t->symbols.p[0].text.n)
		return err_set(t->err, RC_INVALID, "the first symbol is not empty");
	return RC_OK;
}

static enum rc
symbol(struct translation *t, uint64_t at, const struct symbol **out)
{
	if (at >= t->symbols.n)
		return err_set(t->err, RC_INVALID, "there is no symbol %llu, only %zu of them, in series %zu of the request", (unsigned long long)at,
		    t->symbols.n, t->n);
	*out = &t->symbols.p[at];
	return RC_OK;
}

static enum rc
read_ref(struct translation *t, struct proto *refs, const struct symbol **out)
{
	uint64_t at;
	return proto_varint(refs, &at) ? symbol(t, at, out) : malformed(t, "list of labels");
}

/* A label message, field 1: its name is field 1 and its value field 2. */
static void
put_label(const struct translation *t, const struct symbol *name, const struct symbol *value, struct buf *to)
{
	enum { FIELD_1 = 1 << 3 | PROTO_BYTES, FIELD_2 = 2 << 3 | PROTO_BYTES, LENGTH_MOST = 10 };
	size_t n = 2 + name->n + value->n;
	char *start = buf_room(to, n + 1 + LENGTH_MOST), *p = start;
	*p++ = FIELD_1;
	for (size_t left = n;; left >>= 7) {
		*p++ = (char)(left < 0x80 ? left : left | 0x80);
		if (left < 0x80)
			break;
	}
	*p++ = FIELD_1;
	memcpy(p, t->lengthy.p + name->at, name->n);
	p += name->n;
	*p++ = FIELD_2;
	memcpy(p, t->lengthy.p + value->at, value->n);
	buf_grew(to, (size_t)(p - start) + value->n);
}

/* Packed pairs of places, as label messages (field 1, as series and exemplars of 1.0 both have them). */
static enum rc
put_labels(struct translation *t, struct str packed, struct buf *to)
{
	struct proto refs;
	const struct symbol *name = NULL, *value = NULL;
	size_t sum = 0;
	proto_init(&refs, packed);
	while (refs.at < refs.end) {
		enum rc rc = read_ref(t, &refs, &name);
		if (rc == RC_OK && refs.at == refs.end)
			rc = err_set(t->err, RC_INVALID, "a label has a name and no value, in series %zu of the request", t->n);
		if (rc == RC_OK)
			rc = read_ref(t, &refs, &value);
		if (rc != RC_OK)
			return rc;
		sum += name->text.n + value->text.n;
		if (sum > t->limits.label_bytes)
			return err_set(t->err, RC_REFUSED, "labels of more than %zu bytes, in series %zu of the request", t->limits.label_bytes, t->n);
		put_label(t, name, value, to);
		if (name->text.n == sizeof "__name__" - 1 && memcmp(name->text.p, "__name__", name->text.n) == 0)
			t->metric = value->text;
	}
	return RC_OK;
}

static enum rc
put_exemplar(struct translation *t, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	enum rc rc = RC_OK;
	buf_clear(&t->part);
	for (proto_init(&m, bytes); rc == RC_OK && proto_next(&m, &f);) {
		if (proto_is(&f, 1, PROTO_BYTES))
			rc = put_labels(t, f.bytes, &t->part);
		else if (proto_is(&f, 2, PROTO_FIXED64))
			proto_put_fixed64(&t->part, 2, f.u);
		else if (proto_is(&f, 3, PROTO_VARINT))
			proto_put_varint(&t->part, 3, f.u);
	}
	if (m.failed)
		return malformed(t, "exemplar");
	proto_put_bytes(&t->series, 3, buf_view(&t->part));
	return rc;
}

/* What is said of the metric goes into the request itself, not into the series. */
static enum rc
put_metadata(struct translation *t, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	static const struct symbol none = {.text = STR_INIT("")};
	const struct symbol *help = &none, *unit = &none;
	uint64_t type = 0;
	enum rc rc = RC_OK;
	for (proto_init(&m, bytes); rc == RC_OK && proto_next(&m, &f);) {
		if (proto_is(&f, 1, PROTO_VARINT))
			type = f.u;
		else if (proto_is(&f, 3, PROTO_VARINT))
			rc = symbol(t, f.u, &help);
		else if (proto_is(&f, 4, PROTO_VARINT))
			rc = symbol(t, f.u, &unit);
	}
	if (rc != RC_OK || m.failed)
		return rc != RC_OK ? rc : malformed(t, "metadata");
	if (!t->metric.n || (!type && !help->text.n && !unit->text.n))
		return RC_OK;
	buf_clear(&t->part);
	proto_put_varint(&t->part, 1, type);
	proto_put_bytes(&t->part, 2, t->metric);
	proto_put_bytes(&t->part, 4, help->text);
	proto_put_bytes(&t->part, 5, unit->text);
	proto_put_bytes(t->out, 3, buf_view(&t->part));
	return RC_OK;
}

static enum rc
put_field(struct translation *t, const struct proto_field *f, struct str *metadata)
{
	if (f->type != PROTO_BYTES)
		return RC_OK;
	switch (f->number) {
	case 1:
		return put_labels(t, f->bytes, &t->series);
	case 2: /* a sample: value and time stand where 1.0 has them, and behind them its start */
		proto_put_bytes(&t->series, 2, f->bytes);
		return RC_OK;
	case 3: /* a histogram: the same message */
		proto_put_bytes(&t->series, 4, f->bytes);
		return RC_OK;
	case 4:
		return put_exemplar(t, f->bytes);
	case 5:
		*metadata = f->bytes;
		return RC_OK;
	default:
		return RC_OK;
	}
}

static enum rc
put_series(struct translation *t, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	struct str metadata = STR("");
	enum rc rc = RC_OK;
	t->n++;
	t->metric = STR("");
	buf_clear(&t->series);
	for (proto_init(&m, bytes); rc == RC_OK && proto_next(&m, &f);)
		rc = put_field(t, &f, &metadata);
	if (rc == RC_OK && m.failed)
		rc = malformed(t, "time series");
	if (rc != RC_OK)
		return rc;
	proto_put_bytes(t->out, 1, buf_view(&t->series));
	rc = metadata.n ? put_metadata(t, metadata) : RC_OK;
	if (rc == RC_OK && t->out->n > t->limits.bytes)
		rc = err_set(t->err, RC_REFUSED, "with its symbols filled in the request is over %zu bytes", t->limits.bytes);
	return rc;
}

enum rc
prompb2_to_1(struct str request, const struct prompb2_limits *limits, struct buf *out, struct err *e)
{
	struct translation t = {.limits = *limits, .out = out, .err = e};
	struct proto m;
	struct proto_field f;
	enum rc rc = read_symbols(&t, request);
	for (proto_init(&m, request); rc == RC_OK && proto_next(&m, &f);)
		if (proto_is(&f, 5, PROTO_BYTES))
			rc = put_series(&t, f.bytes);
	vec_fini(&t.symbols);
	buf_fini(&t.series);
	buf_fini(&t.part);
	buf_fini(&t.lengthy);
	return rc;
}
