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
	prompb_init(&w, body, limits);
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
	prompb_init(&w, buf_view(&b), &roomy);
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
