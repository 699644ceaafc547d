/* prompb2_write.c — see prompb2_write.h. */
#include "wire/prompb2_write.h"

enum { REQUEST_SYMBOLS = 4, REQUEST_SERIES = 5 };
enum { SERIES_LABELS = 1, SERIES_SAMPLES = 2, SERIES_HISTOGRAMS = 3 };
enum { SAMPLE_VALUE = 1, SAMPLE_TIME = 2 };

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
	uintptr_t known = (uintptr_t)map_get(w->symbols, text);
	if (known)
		return known - 1;
	proto_put_bytes(&w->table, REQUEST_SYMBOLS, text);
	map_put(w->symbols, text, (void *)(uintptr_t)(w->n_symbols + 1));
	return w->n_symbols++;
}

void
prompb2_writer_add(struct prompb2_writer *w, struct pairs labels, const struct prompb_sample *p, size_t n, const struct str *histograms,
    size_t n_histograms)
{
	buf_clear(&w->one);
	buf_clear(&w->refs);
	for (size_t i = 0; i < labels.n; i++) {
		proto_add_varint(&w->refs, number(w, labels.p[i].name));
		proto_add_varint(&w->refs, number(w, labels.p[i].value));
	}
	proto_put_bytes(&w->one, SERIES_LABELS, buf_view(&w->refs));
	for (size_t i = 0; i < n; i++) {
		buf_clear(&w->inner);
		proto_put_f64(&w->inner, SAMPLE_VALUE, p[i].v);
		proto_put_varint(&w->inner, SAMPLE_TIME, (uint64_t)p[i].t);
		proto_put_bytes(&w->one, SERIES_SAMPLES, buf_view(&w->inner));
	}
	for (size_t i = 0; i < n_histograms; i++)
		proto_put_bytes(&w->one, SERIES_HISTOGRAMS, histograms[i]);
	proto_put_bytes(&w->series, REQUEST_SERIES, buf_view(&w->one));
}

void
prompb2_writer_finish(struct prompb2_writer *w, struct buf *request)
{
	buf_str(request, buf_view(&w->table));
	buf_str(request, buf_view(&w->series));
}
