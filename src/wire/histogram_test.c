/* histogram_test.c — native histograms keep every number through message and canonical bytes. */
#include "unit.h"

#include <string.h>

#include "base/mem.h"
#include "wire/histogram.h"

static struct histogram
sample(bool integer, int schema)
{
	static struct histogram_span spans[] = {{-2, 2}, {3, 1}}, from_zero[] = {{0, 3}};
	static double counts[] = {4, 9, 2}, custom[] = {0.1, 0.5, 1};
	struct histogram h = {.schema = schema,
	    .integer = integer,
	    .hint = HISTOGRAM_GAUGE,
	    .count = 15,
	    .sum = -3.25,
	    .positive = {spans, 2, counts, 3},
	    .negative = {spans, 2, counts, 3},
	    .zero_count = 1,
	    .zero_threshold = 1e-9};
	if (schema == HISTOGRAM_CUSTOM) {
		h.zero_count = 0;
		h.positive = (struct histogram_side){from_zero, 1, counts, 3};
		h.negative = (struct histogram_side){0};
		h.custom = custom;
		h.n_custom = 3;
	}
	return h;
}

UNIT(histogram_comes_back_as_it_was)
{
	static const int schemas[] = {-4, 0, 8, HISTOGRAM_CUSTOM};
	struct arena *a = arena_create();
	for (int i = 0; i < 8; i++) {
		struct buf message = {0}, packed = {0}, again = {0};
		struct histogram h = sample(i % 2, schemas[i / 2]), got;
		int64_t t;
		struct err e;
		histogram_to_proto(&h, 77, &message);
		ck_assert_msg(
		    histogram_from_proto(buf_view(&message), a, &got, &t, &e) == RC_OK, "%s", e.text);
		ck_assert(t == 77 && got.schema == h.schema && got.hint == h.hint && got.sum == h.sum &&
			  got.integer == h.integer);
		ck_assert(got.positive.n == 3 && got.positive.counts[1] == 9 && got.positive.counts[2] == 2);
		histogram_pack(&got, &packed);
		ck_assert(histogram_unpack(buf_view(&packed), a, &got));
		histogram_pack(&got, &again);
		ck_assert(str_eq(buf_view(&packed), buf_view(&again)));
		for (size_t cut = 0; cut < packed.n; cut++)
			ck_assert(!histogram_unpack(str_to(buf_view(&packed), cut), a, &got));
		buf_fini(&message);
		buf_fini(&packed);
		buf_fini(&again);
	}
	arena_destroy(&a);
}
END

    static void
    refuses(struct histogram h, const char *why)
{
	struct arena *a = arena_create();
	struct buf b = {0};
	struct histogram got;
	int64_t t;
	struct err e;
	histogram_to_proto(&h, 1, &b);
	ck_assert_int_eq(histogram_from_proto(buf_view(&b), a, &got, &t, &e), RC_INVALID);
	ck_assert_msg(strstr(e.text, why) != NULL, "%s", e.text);
	buf_fini(&b);
	arena_destroy(&a);
}

UNIT(histogram_refuses_what_contradicts_itself)
{
	static double falling[] = {2, 1, 0}, below[] = {1, -1, 1};
	static struct histogram_span overlap[] = {{0, 2}, {-1, 1}};
	struct histogram h = sample(false, 3);
	h.schema = 9;
	refuses(h, "schema 9");
	h = sample(false, 3);
	h.positive.n = 2;
	refuses(h, "2 positive buckets, of which its spans name 3");
	h = sample(false, 3);
	h.negative.counts = below;
	refuses(h, "less than nothing");
	h = sample(false, 3);
	h.positive.spans = overlap;
	refuses(h, "overlap");
	h = sample(false, HISTOGRAM_CUSTOM);
	h.custom = falling;
	refuses(h, "do not ascend");
	h = sample(false, HISTOGRAM_CUSTOM);
	h.n_custom = 1;
	refuses(h, "more buckets than custom bounds");
}
END
