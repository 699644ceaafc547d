/* prompb_test.c — remote write and the block around it. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "wire/prompb.h"
#include "wire/snappy.h"

static const struct prompb_limits roomy = {.labels = 64, .samples = 1000, .name = 100, .value = 100};

static void
make_request(struct buf *out)
{
	struct pair up[] = {{STR("__name__"), STR("up")}, {STR("job"), STR("é")}}, down[] = {{STR("__name__"), STR("down")}};
	struct prompb_sample s[] = {{1500, 1.5}, {-7, -0.0}};
	prompb_add(out, (struct pairs){up, 2}, s, 2);
	proto_put_bytes(out, 3, STR("\x08\x01")); /* metadata */
	prompb_add(out, (struct pairs){down, 1}, s, 0);
}

static enum rc
read_all(struct str body, const struct prompb_limits *limits, size_t *series, struct err *e)
{
	struct prompb w;
	prompb_init(&w, body, PROMPB_1, limits);
	*series = 0;
	while (prompb_next(&w))
		++*series;
	enum rc rc = prompb_end(&w, e);
	prompb_fini(&w);
	return rc;
}

UNIT(prompb_reads_what_was_written)
{
	struct buf b = {0};
	make_request(&b);
	struct prompb w;
	prompb_init(&w, buf_view(&b), PROMPB_1, &roomy);
	ck_assert(prompb_next(&w));
	ck_assert(w.labels.n == 2 && w.samples.n == 2);
	ck_assert_str(w.labels.p[1].value, "é");
	ck_assert(w.samples.p[0].t == 1500 && w.samples.p[0].v == 1.5 && w.samples.p[1].t == -7);
	ck_assert(prompb_next(&w));
	ck_assert(w.labels.n == 1 && w.samples.n == 0);
	ck_assert(!prompb_next(&w));
	ck_assert_int_eq(prompb_end(&w, NULL), RC_OK);
	prompb_fini(&w);
	buf_fini(&b);
}
END

/* A cut request is an error wherever it was cut, but for the places between two series. */
UNIT(prompb_refuses_cuts)
{
	struct buf b = {0};
	make_request(&b);
	size_t good = 0, series;
	for (size_t n = 0; n < b.n; n++) {
		char *cut = malloc(n + 1);
		memcpy(cut, b.p, n);
		good += read_all(str_n(cut, n), &roomy, &series, NULL) == RC_OK;
		free(cut);
	}
	ck_assert_uint_eq(good, 3);
	buf_fini(&b);
}
END

UNIT(prompb_keeps_its_limits)
{
	struct buf b = {0};
	struct err e;
	size_t series;
	make_request(&b);
	struct prompb_limits tight = roomy;
	tight.samples = 1;
	ck_assert_int_eq(read_all(buf_view(&b), &tight, &series, &e), RC_REFUSED);
	ck_assert_str_eq(e.text, "more than 1 samples, in series 1 of the request");
	tight = roomy;
	tight.labels = 1;
	ck_assert_int_eq(read_all(buf_view(&b), &tight, &series, &e), RC_REFUSED);
	tight = roomy;
	tight.value = 3;
	ck_assert_int_eq(read_all(buf_view(&b), &tight, &series, &e), RC_REFUSED);
	ck_assert_uint_eq(series, 1);
	buf_fini(&b);
}
END

UNIT(snappy_unpacks_within_its_limit)
{
	struct buf packed = {0}, plain = {0}, long_text = {0};
	struct err e;
	for (int i = 0; i < 20000; i++)
		buf_fmt(&long_text, "%d ", i % 10);
	snappy_pack(buf_view(&long_text), &packed);
	ck_assert_int_eq(snappy_unpack(buf_view(&packed), 40000, &plain, &e), RC_OK);
	ck_assert(str_eq(buf_view(&plain), buf_view(&long_text)));
	ck_assert_int_eq(snappy_unpack(buf_view(&packed), 39999, &plain, &e), RC_REFUSED);
	ck_assert_str_eq(e.text, "the Snappy block unpacks to 40000 bytes; the limit is 39999");
	ck_assert_int_eq(snappy_unpack(str_to(buf_view(&packed), packed.n - 1), 40000, &plain, &e), RC_INVALID);
	ck_assert_int_eq(snappy_unpack(STR("\xff\xff\xff\xff\x0f"), SIZE_MAX, &plain, &e), RC_INVALID);
	ck_assert_int_eq(snappy_unpack(STR(""), 10, &plain, &e), RC_INVALID);
	buf_fini(&packed);
	buf_fini(&plain);
	buf_fini(&long_text);
}
END

/* A request of version 2 with these symbols and one series of these references (each under 128). */
static void
make_request_2(struct buf *out, const char *const *symbols, const char *refs, size_t n)
{
	struct buf series = {0}, sample = {0};
	proto_put_bytes(&series, 1, str_n(refs, n));
	proto_put_f64(&sample, 1, 2.5);
	proto_put_varint(&sample, 2, 1700);
	proto_put_varint(&sample, 3, 1600); /* start */
	proto_put_bytes(&series, 2, buf_view(&sample));
	proto_put_bytes(&series, 3, STR("\x18\x01"));
	proto_put_bytes(&series, 4, STR("\x11"));
	proto_put_bytes(&series, 5, STR("\x08\x01"));
	proto_put_bytes(out, 5, buf_view(&series)); /* in front of the symbols: any order is allowed */
	for (; *symbols; symbols++)
		proto_put_bytes(out, 4, str_c(*symbols));
	buf_fini(&series);
	buf_fini(&sample);
}

UNIT(version_2_has_its_texts_in_a_table)
{
	static const char *const symbols[] = {"", "__name__", "up", "job", NULL};
	static const struct prompb_limits limits = {.labels = 4, .label_bytes = 40, .symbols = 4, .samples = 8, .name = 16, .value = 16};
	struct buf b = {0};
	struct prompb w;
	make_request_2(&b, symbols, "\x01\x02\x03\x02", 4);
	prompb_init(&w, buf_view(&b), PROMPB_2, &limits);
	ck_assert(prompb_next(&w));
	ck_assert_uint_eq(w.labels.n, 2);
	ck_assert_str(w.labels.p[0].name, "__name__");
	ck_assert_str(w.labels.p[1].name, "job");
	ck_assert_str(w.labels.p[1].value, "up");
	ck_assert(w.samples.n == 1 && w.samples.p[0].t == 1700 && w.samples.p[0].v == 2.5);
	ck_assert(!prompb_next(&w) && w.histograms == 1 && w.exemplars == 1);
	ck_assert(prompb_end(&w, NULL) == RC_OK);
	prompb_fini(&w);
	buf_fini(&b);
}
END

UNIT(version_2_refuses_what_its_table_has_not)
{
	static const char *const symbols[] = {"", "__name__", "up", "job", NULL}, *const full[] = {"x", "y", NULL}, *const many[] = {"", "1", "2", "3", "4", NULL};
	static const struct {
		const char *const *symbols, *refs;
		size_t n;
		const char *why;
	} table[] = {
	    {symbols, "\x01\x04", 2, "there is no symbol 4, only 4 of them, in series 1 of the request"},
	    {symbols, "\x01", 1, "a label has a name and no value, in series 1 of the request"},
	    {symbols, "\x01\x80", 2, "the list of a series' labels is no well-formed protobuf, in series 1 of the request"},
	    {symbols, "\x01\x02\x01\x02\x01\x02\x01\x02\x01\x02", 10, "more than 4 labels, in series 1 of the request"},
	    {symbols, "\x01\x01\x01\x01\x01\x01", 6, "labels of more than 40 bytes, in series 1 of the request"},
	    {full, "", 0, "the first symbol is not empty, in series 0 of the request"},
	    {many, "", 0, "more than 4 symbols, in series 0 of the request"},
	};
	static const struct prompb_limits limits = {.labels = 4, .label_bytes = 40, .symbols = 4, .samples = 8, .name = 16, .value = 16};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct buf b = {0};
		struct prompb w;
		struct err e;
		make_request_2(&b, table[i].symbols, table[i].refs, table[i].n);
		prompb_init(&w, buf_view(&b), PROMPB_2, &limits);
		while (prompb_next(&w))
			;
		ck_assert(prompb_end(&w, &e) != RC_OK);
		ck_assert_str_eq(e.text, table[i].why);
		prompb_fini(&w);
		buf_fini(&b);
	}
}
END
