/*
 * prompb.c — see prompb.h.
 *
 * Version 2 has its texts in a table of symbols in front (or anywhere: the request is walked for them first); a label is
 * two places in it.
 */
#include "wire/prompb.h"

#include <string.h>

__attribute__((format(printf, 3, 4))) static bool
fail(struct prompb *w, enum rc rc, const char *fmt, ...)
{
	va_list ap;
	struct buf b = {0};
	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	err_set(&w->err, rc, "%s, in series %zu of the request", b.p, w->series);
	buf_fini(&b);
	w->failed = true;
	return false;
}

static bool
malformed(struct prompb *w, const char *what)
{
	return fail(w, RC_INVALID, "the %s is no well-formed protobuf", what);
}

/* ---- parts that both versions have ---- */

/* The label is added when it is within the limits. */
static bool
add_label(struct prompb *w, struct pair l)
{
	if (w->labels.n >= w->limits.labels)
		return fail(w, RC_REFUSED, "more than %zu labels", w->limits.labels);
	if (l.name.n > w->limits.name)
		return fail(
		    w, RC_REFUSED, "a label name of %zu bytes (the limit is %zu)", l.name.n, w->limits.name);
	if (l.value.n > w->limits.value)
		return fail(w, RC_REFUSED, "a label value of %zu bytes (the limit is %zu)", l.value.n,
		    w->limits.value);
	*vec_add(&w->labels) = l;
	return true;
}

static bool
read_label(struct prompb *w, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	struct pair l = {STR(""), STR("")};
	proto_init(&m, bytes);
	while (proto_next(&m, &f)) {
		if (proto_is(&f, 1, PROTO_BYTES))
			l.name = f.bytes;
		else if (proto_is(&f, 2, PROTO_BYTES))
			l.value = f.bytes;
	}
	if (m.failed)
		return malformed(w, "label");
	return add_label(w, l);
}

static bool
read_sample(struct prompb *w, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	struct prompb_sample s = {0};
	proto_init(&m, bytes);
	while (proto_next(&m, &f)) {
		if (proto_is(&f, 1, PROTO_FIXED64))
			s.v = proto_f64(&f);
		else if (proto_is(&f, 2, PROTO_VARINT))
			s.t = (int64_t)f.u;
	}
	if (m.failed)
		return malformed(w, "sample");
	if (w->samples.n >= w->limits.samples)
		return fail(w, RC_REFUSED, "more than %zu samples", w->limits.samples);
	*vec_add(&w->samples) = s;
	return true;
}

static bool
read_series(struct prompb *w, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	w->series++;
	w->labels.n = w->samples.n = 0;
	proto_init(&m, bytes);
	while (proto_next(&m, &f)) {
		if (f.type != PROTO_BYTES)
			continue;
		if ((f.number == 1 && !read_label(w, f.bytes)) || (f.number == 2 && !read_sample(w, f.bytes)))
			return false;
		w->exemplars += f.number == 3;
		w->histograms += f.number == 4;
	}
	return !m.failed || malformed(w, "time series");
}

/* ---- version 2 ---- */

static void
read_symbols(struct prompb *w, struct str body)
{
	struct proto m;
	struct proto_field f;
	for (proto_init(&m, body); !w->failed && proto_next(&m, &f);) {
		if (!proto_is(&f, 4, PROTO_BYTES))
			continue;
		if (w->symbols.n >= w->limits.symbols)
			fail(w, RC_REFUSED, "more than %zu symbols", w->limits.symbols);
		else
			*vec_add(&w->symbols) = f.bytes;
	}
	if (!w->failed && w->symbols.n && w->symbols.p[0].n)
		fail(w, RC_INVALID, "the first symbol is not empty");
}

static bool
symbol(struct prompb *w, struct proto *refs, struct str *out)
{
	uint64_t at;
	if (!proto_varint(refs, &at))
		return malformed(w, "list of a series' labels");
	if (at >= w->symbols.n)
		return fail(w, RC_INVALID, "there is no symbol %llu, only %zu of them", (unsigned long long)at, w->symbols.n);
	*out = w->symbols.p[at];
	return true;
}

static bool
read_refs(struct prompb *w, struct str packed)
{
	struct proto refs;
	size_t sum = 0;
	proto_init(&refs, packed);
	while (refs.at < refs.end) {
		struct pair l;
		if (!symbol(w, &refs, &l.name))
			return false;
		if (refs.at == refs.end)
			return fail(w, RC_INVALID, "a label has a name and no value");
		if (!symbol(w, &refs, &l.value) || !add_label(w, l))
			return false;
		sum += l.name.n + l.value.n;
		if (sum > w->limits.label_bytes)
			return fail(w, RC_REFUSED, "labels of more than %zu bytes", w->limits.label_bytes);
	}
	return true;
}

static bool
read_series_2(struct prompb *w, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	w->series++;
	w->labels.n = w->samples.n = 0;
	proto_init(&m, bytes);
	while (proto_next(&m, &f)) {
		if (f.type != PROTO_BYTES)
			continue;
		if ((f.number == 1 && !read_refs(w, f.bytes)) || (f.number == 2 && !read_sample(w, f.bytes)))
			return false;
		w->histograms += f.number == 3;
		w->exemplars += f.number == 4;
	}
	return !m.failed || malformed(w, "time series");
}

/* ---- requests ---- */

void
prompb_init(struct prompb *w, struct str body, enum prompb_version version, const struct prompb_limits *limits)
{
	*w = (struct prompb){.limits = *limits, .version = version};
	proto_init(&w->request, body);
	if (version == PROMPB_2)
		read_symbols(w, body);
}

void
prompb_fini(struct prompb *w)
{
	vec_fini(&w->labels);
	vec_fini(&w->samples);
	vec_fini(&w->symbols);
}

bool
prompb_next(struct prompb *w)
{
	struct proto_field f;
	bool first = w->version == PROMPB_1;
	while (!w->failed && proto_next(&w->request, &f))
		if (proto_is(&f, first ? 1 : 5, PROTO_BYTES))
			return first ? read_series(w, f.bytes) : read_series_2(w, f.bytes);
	if (!w->failed && w->request.failed)
		malformed(w, "request");
	return false;
}

enum rc
prompb_end(struct prompb *w, struct err *e)
{
	return w->failed ? err_set(e, w->err.rc, "%s", w->err.text) : RC_OK;
}

void
prompb_add(struct buf *request, struct pairs labels, const struct prompb_sample *samples, size_t n)
{
	struct buf series = {0}, part = {0};
	for (size_t i = 0; i < labels.n; i++) {
		buf_clear(&part);
		proto_put_bytes(&part, 1, labels.p[i].name);
		proto_put_bytes(&part, 2, labels.p[i].value);
		proto_put_bytes(&series, 1, buf_view(&part));
	}
	for (size_t i = 0; i < n; i++) {
		buf_clear(&part);
		proto_put_f64(&part, 1, samples[i].v);
		proto_put_varint(&part, 2, (uint64_t)samples[i].t);
		proto_put_bytes(&series, 2, buf_view(&part));
	}
	proto_put_bytes(request, 1, buf_view(&series));
	buf_fini(&series);
	buf_fini(&part);
}
