/* prompb.c — see prompb.h. */
#include "wire/prompb.h"

#include <endian.h>
#include <string.h>

static const char *const types[] = {"unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"};

void
prompb_init(struct prompb *w, struct str body, const struct prompb_limits *limits)
{
	*w = (struct prompb){.limits = *limits};
	proto_init(&w->request, body);
}

void
prompb_fini(struct prompb *w)
{
	vec_fini(&w->labels);
	vec_fini(&w->samples);
	vec_fini(&w->histograms);
	vec_fini(&w->exemplars);
	vec_fini(&w->metadata);
	arena_destroy(&w->arena);
}

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

/* The series, not the request. */
__attribute__((format(printf, 2, 3))) static bool
over_limit(struct prompb *w, const char *fmt, ...)
{
	va_list ap;
	struct buf b = {0};
	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	err_set(&w->err, RC_REFUSED, "%s", b.p);
	buf_fini(&b);
	return false;
}

static bool
malformed(struct prompb *w, const char *what)
{
	return fail(w, RC_INVALID, "the %s is no well-formed protobuf", what);
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
	if (w->labels.n >= w->limits.labels)
		return over_limit(w, "more than %zu labels", w->limits.labels);
	if (l.name.n > w->limits.name)
		return over_limit(w, "a label name of %zu bytes (the limit is %zu)", l.name.n, w->limits.name);
	if (l.value.n > w->limits.value)
		return over_limit(w, "a label value of %zu bytes (the limit is %zu)", l.value.n, w->limits.value);
	*vec_add(&w->labels) = l;
	return true;
}

bool
prompb_labels(struct prompb *w, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	w->labels.n = 0;
	proto_init(&m, bytes);
	while (proto_next(&m, &f))
		if (!read_label(w, f.bytes))
			return false;
	return !m.failed || malformed(w, "time series");
}

/* The value, then the time, and nothing else: what everybody sends. */
static bool
read_plain(struct str bytes, struct prompb_sample *s)
{
	struct proto m;
	uint64_t t;
	if (bytes.n < 11 || bytes.p[0] != (1 << 3 | PROTO_FIXED64) || bytes.p[9] != (2 << 3 | PROTO_VARINT))
		return false;
	uint64_t v;
	memcpy(&v, bytes.p + 1, sizeof v);
	v = le64toh(v);
	memcpy(&s->v, &v, sizeof v);
	proto_init(&m, str_from(bytes, 10));
	if (!proto_varint(&m, &t) || m.at != m.end)
		return false;
	s->t = (int64_t)t;
	return true;
}

static bool
read_sample(struct prompb *w, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	struct prompb_sample s = {0};
	proto_init(&m, bytes);
	while (!read_plain(bytes, &s) && proto_next(&m, &f)) {
		if (proto_is(&f, 1, PROTO_FIXED64))
			s.v = proto_f64(&f);
		else if (proto_is(&f, 2, PROTO_VARINT))
			s.t = (int64_t)f.u;
		else if (proto_is(&f, 3, PROTO_VARINT))
			s.start = (int64_t)f.u;
	}
	if (m.failed)
		return malformed(w, "sample");
	if (w->samples.n >= w->limits.samples)
		return fail(w, RC_REFUSED, "more than %zu samples", w->limits.samples);
	*vec_add(&w->samples) = s;
	return true;
}

static bool
add_message(struct prompb *w, struct prompb_messages *to, struct str bytes, const char *what)
{
	if (to->n >= w->limits.samples)
		return fail(w, RC_REFUSED, "more than %zu %s", w->limits.samples, what);
	*vec_add(to) = bytes;
	return true;
}

/* The labels in front; false: they are cut. */
static bool
skip_labels(struct proto *m)
{
	uint64_t n;
	while (m->at < m->end && *m->at == (1 << 3 | PROTO_BYTES)) {
		m->at++;
		if (!proto_varint(m, &n) || n > (size_t)(m->end - m->at))
			return false;
		m->at += n;
	}
	return true;
}

/* A label behind something else: all of them are gathered. */
static void
gather_label(struct prompb *w, struct str label)
{
	struct buf b = {0};
	if (!w->arena)
		w->arena = arena_create();
	buf_str(&b, w->label_bytes);
	proto_put_bytes(&b, 1, label);
	w->label_bytes = arena_str(w->arena, buf_view(&b));
	buf_fini(&b);
}

static bool
read_series(struct prompb *w, struct str bytes)
{
	struct proto m;
	struct proto_field f;
	w->series++;
	w->samples.n = w->histograms.n = w->exemplars.n = 0;
	proto_init(&m, bytes);
	if (!skip_labels(&m))
		return malformed(w, "time series");
	w->label_bytes = str_to(bytes, (size_t)((const char *)m.at - bytes.p));
	while (proto_next(&m, &f)) {
		if (f.type != PROTO_BYTES)
			continue;
		if (f.number == 2 && !read_sample(w, f.bytes))
			return false;
		if (f.number == 1)
			gather_label(w, f.bytes);
		if (f.number == 3 && !add_message(w, &w->exemplars, f.bytes, "exemplars"))
			return false;
		if (f.number == 4 && !add_message(w, &w->histograms, f.bytes, "histograms"))
			return false;
	}
	return !m.failed || malformed(w, "time series");
}

bool
prompb_step(struct prompb *w)
{
	struct proto_field f;
	while (!w->failed && proto_next(&w->request, &f)) {
		if (proto_is(&f, 1, PROTO_BYTES))
			return read_series(w, f.bytes);
		if (proto_is(&f, 3, PROTO_BYTES))
			add_message(w, &w->metadata, f.bytes, "texts of metadata");
	}
	if (!w->failed && w->request.failed)
		malformed(w, "request");
	return false;
}

bool
prompb_next(struct prompb *w)
{
	if (!prompb_step(w))
		return false;
	if (prompb_labels(w, w->label_bytes))
		return true;
	struct err why = w->err;
	return w->failed ? false : fail(w, w->err.rc, "%s", why.text);
}

bool
prompb_exemplar(struct prompb *w, struct str message, struct prompb_exemplar *x)
{
	struct proto m;
	struct proto_field f;
	*x = (struct prompb_exemplar){0};
	w->labels.n = 0;
	proto_init(&m, message);
	while (proto_next(&m, &f)) {
		if (proto_is(&f, 1, PROTO_BYTES) && !read_label(w, f.bytes))
			return false;
		if (proto_is(&f, 2, PROTO_FIXED64))
			x->v = proto_f64(&f);
		else if (proto_is(&f, 3, PROTO_VARINT))
			x->t = (int64_t)f.u;
	}
	return !m.failed || malformed(w, "exemplar");
}

bool
prompb_metadata(struct prompb *w, struct str message, struct prompb_metadata *out)
{
	struct proto m;
	struct proto_field f;
	*out =
	    (struct prompb_metadata){.metric = STR(""), .help = STR(""), .unit = STR(""), .type = types[0]};
	proto_init(&m, message);
	while (proto_next(&m, &f)) {
		if (proto_is(&f, 1, PROTO_VARINT))
			out->type = types[f.u < sizeof types / sizeof *types ? f.u : 0];
		else if (proto_is(&f, 2, PROTO_BYTES))
			out->metric = f.bytes;
		else if (proto_is(&f, 4, PROTO_BYTES))
			out->help = f.bytes;
		else if (proto_is(&f, 5, PROTO_BYTES))
			out->unit = f.bytes;
	}
	return !m.failed || malformed(w, "metadata");
}

enum rc
prompb_end(struct prompb *w, struct err *e)
{
	return w->failed ? err_set(e, w->err.rc, "%s", w->err.text) : RC_OK;
}

/* ---- making a request ---- */

unsigned
prompb_type(struct str type)
{
	for (unsigned i = 0; i < sizeof types / sizeof *types; i++)
		if (str_is(type, types[i]))
			return i;
	return 0;
}

void
prompb_add(struct buf *request, struct pairs labels, const struct prompb_sample *samples, size_t n)
{
	prompb_add_all(request, &(struct prompb_series){.labels = labels, .samples = samples, .n_samples = n});
}

static void
put_labels(struct pairs labels, struct buf *to, struct buf *scratch)
{
	for (size_t i = 0; i < labels.n; i++) {
		buf_clear(scratch);
		proto_put_bytes(scratch, 1, labels.p[i].name);
		proto_put_bytes(scratch, 2, labels.p[i].value);
		proto_put_bytes(to, 1, buf_view(scratch));
	}
}

void
prompb_add_all(struct buf *request, const struct prompb_series *s)
{
	struct buf series = {0}, part = {0}, label = {0};
	put_labels(s->labels, &series, &label);
	for (size_t i = 0; i < s->n_samples; i++) {
		buf_clear(&part);
		proto_put_f64(&part, 1, s->samples[i].v);
		proto_put_varint(&part, 2, (uint64_t)s->samples[i].t);
		proto_put_bytes(&series, 2, buf_view(&part));
	}
	for (size_t i = 0; i < s->n_exemplars; i++) {
		buf_clear(&part);
		put_labels(s->exemplars[i].labels, &part, &label);
		proto_put_f64(&part, 2, s->exemplars[i].v);
		proto_put_varint(&part, 3, (uint64_t)s->exemplars[i].t);
		proto_put_bytes(&series, 3, buf_view(&part));
	}
	for (size_t i = 0; i < s->n_histograms; i++)
		proto_put_bytes(&series, 4, s->histograms[i]);
	proto_put_bytes(request, 1, buf_view(&series));
	buf_fini(&series);
	buf_fini(&part);
	buf_fini(&label);
}

void
prompb_add_metadata(struct buf *request, const struct prompb_metadata *m)
{
	struct buf part = {0};
	proto_put_varint(&part, 1, prompb_type(str_c(m->type)));
	proto_put_bytes(&part, 2, m->metric);
	proto_put_bytes(&part, 4, m->help);
	proto_put_bytes(&part, 5, m->unit);
	proto_put_bytes(request, 3, buf_view(&part));
	buf_fini(&part);
}
