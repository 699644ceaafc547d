/* remote_write.c — see remote_write.h. */
#include "ingest/remote_write.h"

#include <string.h>

#include "base/mem.h"
#include "base/metric.h"
#include "wire/histogram.h"
#include "wire/prompb.h"
#include "wire/prompb2.h"
#include "wire/snappy.h"

/* Of the protocol; what a customer may have is for the store to say. */
static const struct prompb_limits limits = {.labels = 65535, .samples = 100000, .name = 1024, .value = 1 << 20};

enum { EXEMPLAR_LABELS = 1024, NAMED = 5, NAME_SHOWN = 80, SERIES_BYTES = 16 << 20 };

struct batch {
	struct tsdb *db;
	struct str tenant;
	struct buf labels;
	VEC(struct str) names;           /* of each series, as the request has them */
	struct tsdb_ref *refs;           /* the same; TSDB_UNKNOWN: refused */
	VEC(struct tsdb_sample) samples; /* until the references are known, these are places of series */
	VEC(struct tsdb_histogram) histograms; /* the same; first as messages, then packed */
	VEC(struct tsdb_start) starts;         /* the same */
	bool may_start, starts_count;          /* a start is possible; one is there, so others count, too, that are 0 */
	VEC(struct tsdb_exemplar) exemplars;   /* the same */
	struct arena *arena;                   /* of the two; mostly NULL */
	struct remote_write_counts *counts;
	struct err first; /* the first series that was refused, and why */
	struct buf refused; /* the names of the first ones */
};

static bool
is_reserved(const struct pair *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(p[i].name, "__tenant_id__"))
			return true;
	return false;
}

static void
refuse(struct batch *b, struct str name, const struct err *why)
{
	size_t n = b->counts->bad_series++;
	if (n == 0)
		b->first = *why;
	if (n < NAMED)
		buf_fmt(&b->refused, "%s%.*s", n ? ", " : "", STR_ARG(str_to(name.n ? name : STR("one without a name"), NAME_SHOWN)));
}

static struct str
name_in(const struct pair *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(p[i].name, LABEL_METRIC))
			return p[i].value;
	return STR("");
}

/* Appends the canonical form of a label set that has not been seen in this form. */
static enum rc
read_labels(struct batch *b, struct prompb *w, struct err *e)
{
	if (is_reserved(w->labels.p, w->labels.n))
		return err_set(
		    e, RC_INVALID, "the label __tenant_id__ says whose a series is; nobody may send it");
	return labels_add(&b->labels, w->labels.p, w->labels.n, e);
}

static void
add_start(struct batch *b, uint32_t place, msec_t t, msec_t start)
{
	b->starts_count |= start != 0;
	if (b->may_start)
		*vec_add(&b->starts) = (struct tsdb_start){{place}, t, start};
}

static void
gather(struct batch *b, struct prompb *w)
{
	b->starts_count = tsdb_has_starts(b->db, b->tenant);
	b->may_start |= b->starts_count;
	while (prompb_step(w)) {
		uint32_t place = (uint32_t)b->names.n;
		*vec_add(&b->names) = w->label_bytes;
		for (size_t i = 0; i < w->samples.n; i++) {
			*vec_add(&b->samples) =
			    (struct tsdb_sample){{place}, w->samples.p[i].t, w->samples.p[i].v};
			add_start(b, place, w->samples.p[i].t, w->samples.p[i].start);
		}
		for (size_t i = 0; i < w->histograms.n; i++)
			*vec_add(&b->histograms) = (struct tsdb_histogram){{place}, 0, w->histograms.p[i]};
		for (size_t i = 0; i < w->exemplars.n; i++)
			*vec_add(&b->exemplars) = (struct tsdb_exemplar){{place}, 0, 0, {w->exemplars.p[i]}};
	}
	b->counts->series = b->names.n;
	b->counts->samples = b->samples.n;
	b->counts->histograms = b->histograms.n;
	b->counts->exemplars = b->exemplars.n;
}

/* Series that are not known by their bytes: which, and their label sets. */
struct unknown {
	VEC(size_t) places; /* in names and refs */
	VEC(size_t) ends;   /* of their label sets in b->labels */
};

static void
gather_unknown(struct batch *b, struct prompb *w, struct unknown *u)
{
	struct err e;
	buf_clear(&b->labels);
	for (size_t i = 0; i < b->names.n; i++) {
		if (b->refs[i].id != TSDB_UNKNOWN)
			continue;
		if (!prompb_labels(w, b->names.p[i])) {
			if (w->failed)
				return;
			w->err.rc = RC_INVALID; /* they are the same next time */
			refuse(b, name_in(w->labels.p, w->labels.n), &w->err);
			continue;
		}
		size_t before = b->labels.n;
		if (read_labels(b, w, &e) == RC_OK) {
			*vec_add(&u->places) = i;
			*vec_add(&u->ends) = b->labels.n;
		} else {
			buf_cut(&b->labels, before);
			refuse(b, name_in(w->labels.p, w->labels.n), &e);
		}
	}
}

/* All of them under one lock: threads that each bring thousands of new series would wake each other for every one. */
static void
begin_series(struct batch *b, const struct unknown *u)
{
	size_t n = u->places.n;
	struct labels *ls = mem_alloc((n + 1) * sizeof *ls);
	struct tsdb_ref *refs = mem_alloc((n + 1) * sizeof *refs);
	struct err e;
	for (size_t k = 0, from = 0; k < n; from = u->ends.p[k++])
		ls[k].bytes = str_n(b->labels.p + from, u->ends.p[k] - from);
	bool all = tsdb_series_all(b->db, b->tenant, ls, n, refs, &e) == RC_OK;
	for (size_t k = 0; k < n; k++) {
		struct tsdb_ref *ref = &b->refs[u->places.p[k]];
		if (all)
			*ref = refs[k];
		else if (tsdb_series(b->db, b->tenant, ls[k], ref, &e) != RC_OK) { /* not all: each for itself */
			ref->id = TSDB_UNKNOWN;
			refuse(b, labels_get(ls[k], STR(LABEL_METRIC)), &e);
		}
	}
	mem_free(ls);
	mem_free(refs);
}

static void
resolve(struct batch *b, struct prompb *w)
{
	struct unknown u = {0};
	if (tsdb_known(b->db, b->tenant, b->names.p, b->names.n, b->refs) == 0)
		return;
	gather_unknown(b, w, &u);
	if (u.places.n) {
		begin_series(b, &u);
		tsdb_remember_all(b->db, b->tenant, b->names.p, b->refs, u.places.p, u.places.n);
	}
	vec_fini(&u.places);
	vec_fini(&u.ends);
}

/* From places of series to their references; the samples of those that were refused go. */
static void
refer(struct batch *b)
{
	size_t n = 0;
	for (size_t i = 0; i < b->samples.n; i++) {
		struct tsdb_sample s = b->samples.p[i];
		s.ref = b->refs[s.ref.id];
		if (s.ref.id != TSDB_UNKNOWN)
			b->samples.p[n++] = s;
	}
	b->samples.n = n;
	n = 0;
	for (size_t i = 0; i < b->starts.n; i++) {
		struct tsdb_start s = b->starts.p[i];
		s.ref = b->refs[s.ref.id];
		if (s.ref.id != TSDB_UNKNOWN)
			b->starts.p[n++] = s;
	}
	b->starts.n = n;
}

/* From messages to what is stored; one that ends its series becomes a float that says so. */
static void
read_histograms(struct batch *b)
{
	size_t n = 0;
	struct buf packed = {0};
	for (size_t i = 0; i < b->histograms.n; i++) {
		struct tsdb_histogram x = b->histograms.p[i];
		struct histogram h;
		struct err e;
		x.ref = b->refs[x.ref.id];
		if (x.ref.id == TSDB_UNKNOWN)
			continue;
		b->arena = b->arena ? b->arena : arena_create();
		if (histogram_from_proto(x.bytes, b->arena, &h, &x.t, &e) != RC_OK) {
			refuse(b, STR("a histogram"), &e);
			continue;
		}
		if (tsdb_is_stale(h.sum)) {
			*vec_add(&b->samples) = (struct tsdb_sample){x.ref, x.t, tsdb_stale()};
			continue;
		}
		add_start(b, x.ref.id, x.t, histogram_proto_start(x.bytes));
		buf_clear(&packed);
		histogram_pack(&h, &packed);
		x.bytes = arena_str(b->arena, buf_view(&packed));
		b->histograms.p[n++] = x;
	}
	b->histograms.n = n;
	buf_fini(&packed);
}

/* An exemplar that makes no sense is passed over: it is no reason to refuse samples. */
static void
read_exemplars(struct batch *b, struct prompb *w)
{
	size_t n = 0;
	struct err e;
	for (size_t i = 0; i < b->exemplars.n; i++) {
		struct tsdb_exemplar x = b->exemplars.p[i];
		struct prompb_exemplar read;
		x.ref = b->refs[x.ref.id];
		buf_clear(&b->labels);
		if (x.ref.id == TSDB_UNKNOWN || !prompb_exemplar(w, x.labels.bytes, &read) ||
		    labels_add(&b->labels, w->labels.p, w->labels.n, &e) != RC_OK ||
		    b->labels.n > EXEMPLAR_LABELS)
			continue;
		b->arena = b->arena ? b->arena : arena_create();
		x.t = read.t;
		x.v = read.v;
		x.labels.bytes = arena_str(b->arena, buf_view(&b->labels));
		b->exemplars.p[n++] = x;
	}
	b->exemplars.n = n;
}

static enum rc
store_metadata(struct batch *b, struct prompb *w, struct err *e)
{
	VEC(struct tsdb_metadata) all = {0};
	for (size_t i = 0; i < w->metadata.n; i++) {
		struct prompb_metadata m;
		if (prompb_metadata(w, w->metadata.p[i], &m) && str_utf8(m.metric) && str_utf8(m.help) &&
		    str_utf8(m.unit))
			*vec_add(&all) = (struct tsdb_metadata){m.metric, str_c(m.type), m.help, m.unit};
	}
	enum rc rc = all.n ? tsdb_metadata_put(b->db, b->tenant, all.p, all.n, e) : RC_OK;
	vec_fini(&all);
	return rc;
}

static size_t
refused_of(const struct tsdb_counts *c)
{
	return c->conflict + c->out_of_order + c->too_old;
}

static enum rc
verdict(const struct batch *b, struct err *e)
{
	const struct tsdb_counts *s = &b->counts->stored, *h = &b->counts->stored_histograms;
	size_t refused = refused_of(s) + refused_of(h);
	if (b->counts->bad_series)
		return err_set(e, b->first.rc == RC_REFUSED ? RC_REFUSED : RC_INVALID,
		    "%zu of %zu series were refused (%s%s), the first because: %.600s", b->counts->bad_series, b->counts->series, b->refused.p,
		    b->counts->bad_series > NAMED ? " …" : "", b->first.text);
	if (s->unknown + h->unknown)
		return err_set(e, RC_IO,
		    "%zu samples are of series that ended while they came; they may be sent again",
		    s->unknown + h->unknown);
	if (refused)
		return err_set(e, RC_INVALID,
		    "%zu samples were refused: %zu out of order, %zu too old, %zu with another value at the "
		    "same time",
		    refused, s->out_of_order + h->out_of_order, s->too_old + h->too_old,
		    s->conflict + h->conflict);
	return RC_OK;
}

static enum rc
store(struct batch *b, struct str body, struct err *e)
{
	struct prompb w;
	prompb_init(&w, body, &limits);
	gather(b, &w);
	b->refs = mem_alloc((b->names.n + 1) * sizeof *b->refs);
	enum rc rc = w.failed ? RC_OK : tsdb_admit(b->db, b->tenant, b->samples.n + b->histograms.n, e);
	if (rc != RC_OK) {
		prompb_fini(&w);
		return rc;
	}
	if (!w.failed)
		resolve(b, &w);
	rc = prompb_end(&w, e);
	if (rc == RC_OK) {
		read_exemplars(b, &w);
		rc = store_metadata(b, &w, e);
	}
	prompb_fini(&w);
	if (rc == RC_REFUSED)
		rc = RC_INVALID; /* too large today is too large tomorrow: nobody shall send it again */
	if (rc == RC_OK) {
		refer(b);
		read_histograms(b);
	}
	if (rc == RC_OK && b->starts_count)
		rc = tsdb_put_starts(b->db, b->starts.p, b->starts.n, e);
	if (rc == RC_OK && b->samples.n)
		rc = tsdb_append(b->db, b->samples.p, b->samples.n, &b->counts->stored, e);
	if (rc == RC_OK && b->histograms.n)
		rc = tsdb_append_histograms(
		    b->db, b->histograms.p, b->histograms.n, &b->counts->stored_histograms, e);
	if (rc == RC_OK && b->exemplars.n)
		rc = tsdb_exemplars_put(b->db, b->exemplars.p, b->exemplars.n, e);
	return rc == RC_OK ? verdict(b, e) : rc;
}

/* A request of 2.0 as the one of 1.0 that says the same. */
static enum rc
translate(const struct remote_write *r, struct buf *body, struct err *e)
{
	struct prompb2_limits most = {.symbols = 1000000, .label_bytes = SERIES_BYTES, .bytes = 4 * r->unpacked_limit};
	struct buf one = {0};
	enum rc rc = prompb2_to_1(buf_view(body), &most, &one, e);
	buf_fini(body);
	*body = one;
	return rc == RC_REFUSED ? RC_INVALID : rc; /* too large today is too large tomorrow */
}

enum rc
remote_write(struct tsdb *db, struct str tenant, const struct remote_write *r, struct remote_write_counts *counts, struct err *e)
{
	struct buf body = {0};
	struct batch b = {.db = db, .tenant = tenant, .counts = counts, .may_start = r->version_2};
	*counts = (struct remote_write_counts){0};
	enum rc rc = snappy_unpack(r->packed, r->unpacked_limit, &body, e);
	if (rc == RC_OK && r->version_2)
		rc = translate(r, &body, e);
	if (rc == RC_OK)
		rc = store(&b, buf_view(&body), e);
	metric_add(METRIC_pushed_samples_total, (int64_t)counts->stored.stored);
	buf_fini(&body);
	buf_fini(&b.labels);
	buf_fini(&b.refused);
	vec_fini(&b.samples);
	vec_fini(&b.names);
	vec_fini(&b.histograms);
	vec_fini(&b.starts);
	vec_fini(&b.exemplars);
	arena_destroy(&b.arena);
	mem_free(b.refs);
	return rc;
}
