/* prompb2_write_test.c — what is written in 2.0 reads as what is written in 1.0. */
#include "unit.h"

#include <string.h>

#include "wire/prompb2.h"
#include "wire/prompb2_write.h"

static void
same_messages(const struct prompb_messages *a, const struct prompb_messages *b)
{
	ck_assert_uint_eq(a->n, b->n);
	for (size_t i = 0; i < a->n; i++)
		ck_assert(str_eq(a->p[i], b->p[i]));
}

static void
same_request(struct str one, struct str two)
{
	const struct prompb_limits limits = {10, 10, 100, 100};
	struct prompb a, b;
	struct err e;
	prompb_init(&a, one, &limits);
	prompb_init(&b, two, &limits);
	while (prompb_next(&a)) {
		ck_assert(prompb_next(&b));
		ck_assert(str_eq(a.label_bytes, b.label_bytes));
		ck_assert(a.samples.n == b.samples.n && memcmp(a.samples.p, b.samples.p, a.samples.n * sizeof *a.samples.p) == 0);
		same_messages(&a.histograms, &b.histograms);
		same_messages(&a.exemplars, &b.exemplars);
	}
	ck_assert(!prompb_next(&b));
	same_messages(&a.metadata, &b.metadata);
	ck_assert(prompb_end(&a, &e) == RC_OK && prompb_end(&b, &e) == RC_OK);
	prompb_fini(&a);
	prompb_fini(&b);
}

UNIT(prompb2_writer_says_what_1_says)
{
	struct pair a[] = {{STR("__name__"), STR("m")}, {STR("job"), STR("x")}}, b[] = {{STR("__name__"), STR("x")}, {STR("z"), STR("m")}};
	struct prompb_sample s[] = {{1000, 1.5}, {2000, -0.0}};
	struct buf one = {0}, two = {0}, back = {0};
	struct prompb2_writer w;
	struct err e;
	const struct prompb2_limits limits = {1000, 1000, 1 << 20};
	prompb2_writer_init(&w);
	struct pair trace = {STR("trace_id"), STR("x")};
	struct prompb_labelled exemplar = {{&trace, 1}, 1500, 0.25};
	struct str histogram = STR("\x08\x01");
	struct prompb_metadata says = {.metric = STR("x"), .type = "counter", .help = STR("what it is"), .unit = STR("")};
	struct prompb_series first = {.labels = {a, 2}, .samples = s, .n_samples = 2, .histograms = &histogram, .n_histograms = 1, .exemplars = &exemplar, .n_exemplars = 1},
			     second = {.labels = {b, 2}, .samples = s, .n_samples = 1, .metadata = &says};
	prompb2_writer_add(&w, &first);
	prompb2_writer_add(&w, &second);
	prompb2_writer_finish(&w, &two);
	prompb_add_all(&one, &first);
	prompb_add_all(&one, &second);
	prompb_add_metadata(&one, &says);
	ck_assert_msg(prompb2_to_1(buf_view(&two), &limits, &back, &e) == RC_OK, "%s", e.text);
	ck_assert_uint_eq(one.n, back.n); /* the order of a series' parts is another */
	same_request(buf_view(&one), buf_view(&back));
	ck_assert_uint_eq(w.n_symbols, 8); /* the empty one, and each once */
	prompb2_writer_fini(&w);
	buf_fini(&one);
	buf_fini(&two);
	buf_fini(&back);
}
END
