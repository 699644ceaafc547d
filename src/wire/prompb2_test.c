/* prompb2_test.c — a request of 2.0 says the same as one of 1.0, and what is no request is refused. */
#include "unit.h"

#include "wire/prompb.h"
#include "wire/prompb2.h"

static const struct prompb2_limits limits = {.symbols = 100, .label_bytes = 1000, .bytes = 100000};
static const struct prompb_limits limits_1 = {.labels = 10, .samples = 10, .name = 100, .value = 100};

static void
put_refs(struct buf *series, const uint64_t *refs, size_t n)
{
	struct buf packed = {0};
	for (size_t i = 0; i < n; i++)
		proto_add_varint(&packed, refs[i]);
	proto_put_bytes(series, 1, buf_view(&packed));
	buf_fini(&packed);
}

static struct buf
request(const uint64_t *refs, size_t n)
{
	static const char *const symbols[] = {"", "__name__", "v2_total", "host", "db1", "what it counts"};
	struct buf out = {0}, series = {0}, part = {0};
	for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
		proto_put_bytes(&out, 4, str_c(symbols[i]));
	put_refs(&series, refs, n);
	proto_put_f64(&part, 1, 2.5);
	proto_put_varint(&part, 2, 1000);
	proto_put_bytes(&series, 2, buf_view(&part));
	buf_clear(&part);
	proto_put_varint(&part, 1, 1);
	proto_put_varint(&part, 3, 5);
	proto_put_bytes(&series, 5, buf_view(&part));
	proto_put_bytes(&out, 5, buf_view(&series));
	buf_fini(&series);
	buf_fini(&part);
	return out;
}

UNIT(a_request_of_2_says_what_one_of_1_would)
{
	static const uint64_t refs[] = {1, 2, 3, 4};
	struct buf two = request(refs, 4), one = {0};
	struct prompb w;
	struct prompb_metadata m;
	struct err e;
	ck_assert_msg(prompb2_to_1(buf_view(&two), &limits, &one, &e) == RC_OK, "%s", e.text);
	prompb_init(&w, buf_view(&one), &limits_1);
	ck_assert(prompb_next(&w));
	ck_assert(w.labels.n == 2 && w.samples.n == 1 && w.samples.p[0].v == 2.5 && w.samples.p[0].t == 1000);
	ck_assert_str(w.labels.p[0].value, "v2_total");
	ck_assert_str(w.labels.p[1].value, "db1");
	ck_assert(!prompb_next(&w) && prompb_end(&w, &e) == RC_OK);
	ck_assert(w.metadata.n == 1 && prompb_metadata(&w, w.metadata.p[0], &m));
	ck_assert_str(m.metric, "v2_total");
	ck_assert_str(m.help, "what it counts");
	ck_assert_str_eq(m.type, "counter");
	prompb_fini(&w);
	buf_fini(&one);
	buf_fini(&two);
}
END

UNIT(places_that_are_not_there_and_requests_over_a_limit_are_refused)
{
	static const uint64_t beyond[] = {1, 9}, odd[] = {1, 2, 3}, fine[] = {1, 2};
	struct prompb2_limits tight = {.symbols = 2, .label_bytes = 1000, .bytes = 100000}, few = {.symbols = 100, .label_bytes = 3, .bytes = 100000},
			      small = {.symbols = 100, .label_bytes = 1000, .bytes = 10};
	const struct {
		const uint64_t *refs;
		size_t n;
		const struct prompb2_limits *limits;
		enum rc rc;
	} cases[] = {{beyond, 2, &limits, RC_INVALID}, {odd, 3, &limits, RC_INVALID}, {fine, 2, &tight, RC_REFUSED}, {fine, 2, &few, RC_REFUSED},
	    {fine, 2, &small, RC_REFUSED}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf two = request(cases[i].refs, cases[i].n), one = {0};
		struct err e;
		ck_assert_int_eq(prompb2_to_1(buf_view(&two), cases[i].limits, &one, &e), cases[i].rc);
		buf_fini(&one);
		for (size_t cut = 1; cut < two.n; cut++) { /* cut anywhere: never more than a sentence */
			if (prompb2_to_1(str_to(buf_view(&two), cut), &limits, &one, &e) != RC_OK)
				ck_assert(e.text[0] != '\0');
			buf_clear(&one);
		}
		buf_fini(&one);
		buf_fini(&two);
	}
}
END
