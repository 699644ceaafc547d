/* prompb2_write.c — see prompb2_write.h. */
#include "wire/prompb2_write.h"

enum { REQUEST_SYMBOLS = 4, REQUEST_SERIES = 5 };
enum { SERIES_LABELS = 1, SERIES_SAMPLES = 2, SERIES_HISTOGRAMS = 3, SERIES_EXEMPLARS = 4, SERIES_METADATA = 5 };
enum { EXEMPLAR_VALUE = 2, EXEMPLAR_TIME = 3 };
enum { METADATA_TYPE = 1, METADATA_HELP = 3, METADATA_UNIT = 4 };
enum { SAMPLE_VALUE = 1, SAMPLE_TIME = 2, SAMPLE_START = 3 };

/* The first symbol is the empty text. */
void
prompb2_writer_init(struct prompb2_writer *w)
{
	*w = (struct prompb2_writer){.symbols = map_create(), .n_symbols = 1};
	proto_put_bytes(&w->table, REQUEST_SYMBOLS, STR(""));
}

void
prompb2_writer_fini(struct prompb2_writer *w)
{
	map_destroy(&w->symbols);
	buf_fini(&w->table);
	buf_fini(&w->series);
	buf_fini(&w->one);
	buf_fini(&w->refs);
	buf_fini(&w->inner);
}

static uint64_t
number(struct prompb2_writer *w, struct str text)
{
	if (!text.n)
		return 0;
	uintptr_t known = (uintptr_t)map_get(w->symbols, text);
	if (known)
		return known - 1;
	proto_put_bytes(&w->table, REQUEST_SYMBOLS, text);
	map_put(w->symbols, text, (void *)(uintptr_t)(w->n_symbols + 1));
	return w->n_symbols++;
}

static void
put_refs(struct prompb2_writer *w, struct pairs labels, struct buf *to)
{
	buf_clear(&w->refs);
	for (size_t i = 0; i < labels.n; i++) {
		proto_add_varint(&w->refs, number(w, labels.p[i].name));
		proto_add_varint(&w->refs, number(w, labels.p[i].value));
	}
	proto_put_bytes(to, SERIES_LABELS, buf_view(&w->refs));
}

static void
put_exemplar(struct prompb2_writer *w, const struct prompb_labelled *x)
{
	buf_clear(&w->inner);
	put_refs(w, x->labels, &w->inner);
	proto_put_f64(&w->inner, EXEMPLAR_VALUE, x->v);
	proto_put_varint(&w->inner, EXEMPLAR_TIME, (uint64_t)x->t);
	proto_put_bytes(&w->one, SERIES_EXEMPLARS, buf_view(&w->inner));
}

static void
put_metadata(struct prompb2_writer *w, const struct prompb_metadata *m)
{
	buf_clear(&w->inner);
	proto_put_varint(&w->inner, METADATA_TYPE, prompb_type(str_c(m->type)));
	proto_put_varint(&w->inner, METADATA_HELP, number(w, m->help));
	proto_put_varint(&w->inner, METADATA_UNIT, number(w, m->unit));
	proto_put_bytes(&w->one, SERIES_METADATA, buf_view(&w->inner));
}

void
prompb2_writer_add(struct prompb2_writer *w, const struct prompb_series *s)
{
	buf_clear(&w->one);
	put_refs(w, s->labels, &w->one);
	for (size_t i = 0; i < s->n_samples; i++) {
		buf_clear(&w->inner);
		proto_put_f64(&w->inner, SAMPLE_VALUE, s->samples[i].v);
		proto_put_varint(&w->inner, SAMPLE_TIME, (uint64_t)s->samples[i].t);
		if (s->samples[i].start)
			proto_put_varint(&w->inner, SAMPLE_START, (uint64_t)s->samples[i].start);
		proto_put_bytes(&w->one, SERIES_SAMPLES, buf_view(&w->inner));
	}
	for (size_t i = 0; i < s->n_histograms; i++)
		proto_put_bytes(&w->one, SERIES_HISTOGRAMS, s->histograms[i]);
	for (size_t i = 0; i < s->n_exemplars; i++)
		put_exemplar(w, &s->exemplars[i]);
	if (s->metadata)
		put_metadata(w, s->metadata);
	proto_put_bytes(&w->series, REQUEST_SERIES, buf_view(&w->one));
}

void
prompb2_writer_finish(struct prompb2_writer *w, struct buf *request)
{
	buf_str(request, buf_view(&w->table));
	buf_str(request, buf_view(&w->series));
}
