/* forward_body.c — see forward_body.h. */
#include "collect/forward_body.h"

#include <stdlib.h>

#include "collect/forward_texts.h"
#include "wire/histogram.h"
#include "wire/prompb2_write.h"
#include "wire/snappy.h"

/* ---- series ---- */

/* External labels stand behind those of the series, which win; then the rules; and whose they are nobody else says. */
static bool
rewrite(const struct forward_rules *r, struct str tenant, struct labels ls, struct arena *a, struct labels *out)
{
	struct label_builder b = {0};
	label_builder_start(&b, ls);
	for (size_t i = 0; i < r->external.n; i++)
		if (!label_builder_get(&b, r->external.p[i].name).n)
			label_builder_set(&b, r->external.p[i].name, r->external.p[i].value);
	bool kept = relabel_apply(r->relabel, &b, a);
	if (kept && r->customer_label.n)
		label_builder_set(&b, r->customer_label, tenant);
	if (kept)
		*out = label_builder_done(&b, a);
	label_builder_fini(&b);
	return kept && out->bytes.n;
}

struct forward_series *
forward_series_create(const struct forward_rules *r, const struct log_name *name, struct str tenant)
{
	struct forward_series *s = mem_new(struct forward_series);
	struct arena *a = arena_create();
	struct labels ls;
	s->refs = 1;
	s->kept = (!r->customer.n || str_eq(name->tenant, r->customer)) && rewrite(r, name->tenant, name->labels, a, &ls);
	if (s->kept) {
		s->tenant = tenant;
		s->labels.bytes = str_n(mem_dup(ls.bytes.p, ls.bytes.n), ls.bytes.n);
		s->hash = labels_hash(ls);
	}
	arena_destroy(&a);
	return s;
}

void
forward_series_unref(void *series)
{
	struct forward_series *s = series;
	if (--s->refs)
		return;
	mem_free((char *)s->labels.bytes.p);
	mem_free(s);
}

void
forward_sample_fini(struct forward_sample *x)
{
	forward_series_unref(x->series);
	mem_free((char *)x->histogram.p);
	mem_free((char *)x->exemplar.bytes.p);
}

/* ---- requests ---- */

/* Two series of ours may have become one: it is the labels that count. */
static int
by_series(const void *a, const void *b)
{
	const struct forward_sample *x = a, *y = b;
	if (x->series != y->series) {
		if (x->series->hash != y->series->hash)
			return x->series->hash < y->series->hash ? -1 : 1;
		int order = labels_cmp(x->series->labels, y->series->labels);
		if (order)
			return order;
	}
	return (x->order > y->order) - (x->order < y->order);
}

struct making {
	bool version2;
	const struct forward_texts *texts;
	struct prompb2_writer w;
	struct buf plain;
	VEC(struct prompb_sample) samples;
	VEC(struct str) histograms;
	VEC(struct prompb_labelled) exemplars;
	struct arena *arena; /* of one series */
};

static void
add_sample(struct making *m, const struct forward_sample *x)
{
	struct histogram h;
	struct buf b = {0};
	if (x->exemplar.bytes.p) {
		*vec_add(&m->exemplars) = (struct prompb_labelled){labels_to_pairs(x->exemplar, m->arena), x->t, x->v};
		return;
	}
	if (!x->histogram.p) {
		*vec_add(&m->samples) = (struct prompb_sample){x->t, x->v, x->start};
		return;
	}
	if (!histogram_unpack(x->histogram, m->arena, &h))
		return;
	histogram_to_proto(&h, x->t, &b);
	if (m->version2 && x->start)
		histogram_proto_put_start(x->start, &b);
	*vec_add(&m->histograms) = arena_str(m->arena, buf_view(&b));
	buf_fini(&b);
}

static void
add_series(struct making *m, struct forward_sample *p, size_t n)
{
	m->samples.n = m->histograms.n = m->exemplars.n = 0;
	arena_reset(m->arena);
	for (size_t i = 0; i < n; i++)
		add_sample(m, &p[i]);
	struct prompb_series s = {.labels = labels_to_pairs(p[0].series->labels, m->arena), .samples = m->samples.p, .n_samples = m->samples.n,
	    .histograms = m->histograms.p, .n_histograms = m->histograms.n, .exemplars = m->exemplars.p, .n_exemplars = m->exemplars.n};
	s.metadata = forward_texts_find(m->texts, p[0].series);
	if (m->version2)
		prompb2_writer_add(&m->w, &s);
	else
		prompb_add_all(&m->plain, &s);
}

static bool
same_series(const struct forward_sample *a, const struct forward_sample *b)
{
	return a->series == b->series || labels_eq(a->series->labels, b->series->labels);
}

void
forward_body(struct forward_sample *p, size_t n, bool version2, const struct forward_texts *texts, struct buf *out)
{
	struct making m = {.version2 = version2, .texts = texts, .arena = arena_create()};
	prompb2_writer_init(&m.w);
	if (n)
		qsort(p, n, sizeof *p, by_series);
	for (size_t i = 0, k; i < n; i += k) {
		for (k = 1; i + k < n && same_series(&p[i], &p[i + k]); k++)
			;
		add_series(&m, p + i, k);
	}
	if (version2)
		prompb2_writer_finish(&m.w, &m.plain);
	snappy_pack(buf_view(&m.plain), out);
	prompb2_writer_fini(&m.w);
	buf_fini(&m.plain);
	vec_fini(&m.samples);
	vec_fini(&m.histograms);
	vec_fini(&m.exemplars);
	arena_destroy(&m.arena);
}
