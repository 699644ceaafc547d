/* histogram_chunk_test.c — chunks that a Prometheus 3.5.3 wrote; those of integers are read end to end (tests/e2e/test_store_files.py). */
#include "unit.h"

#include "wire/histogram_chunk.h"

/* At i * 40 s: buckets 1 to 3 hold i/4, i/8 and i*1.25, the one at zero i/2; the sum is i*1.5. */
enum { SAMPLES = 7 };
static const char floats[] =
    "\x00\x07\x00\xff\x3f\x50\x62\x4d\xd2\xf1\xa9\xfc\x46\x71\x7f\x00\x00\xd1\x0f\x8b\x01\x88\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x7c\x4e\x20\x61\x3e"
    "\x00\x0e\x22\x7f\xf8\x8b\xff\xf8\x8a\xff\x71\x11\xff\x88\xcf\xfd\x40\x04\x35\x83\xc2\x5f\xff\x80\x3d"
    "\x60\xf0\x97\xff\xdb\x05\x8e\xc0\x7a\xc4\xdd\x80\xf6\x03\xd8\x1d\x6a\x1f\x8e\x13\x3f\xfe\x5d\x61\x7a"
    "\x83\xfa\xc4\xd6\xd1\x63\xb4\x1c\x7b\x41\xed\x07\xb0\x4d\x6c\x1b\x3d\x81\x7a\x84\xfd\x81\x7b\x02\xe7";

struct told {
	size_t n;
	int64_t first;
};

static void
expect(void *arg, int64_t t, const struct histogram *h)
{
	struct told *x = arg;
	double i = (double)x->n;
	x->first = x->n ? x->first : t;
	ck_assert_int_eq(t - x->first, (int64_t)x->n * 40000);
	ck_assert_ptr_nonnull(h);
	ck_assert(!h->integer && h->schema == 0 && h->zero_threshold == 0.001);
	ck_assert_uint_eq(h->positive.n, 3);
	ck_assert_uint_eq(h->negative.n, 0);
	ck_assert_int_eq(h->positive.spans[0].offset, 1);
	ck_assert(h->positive.counts[0] == i / 4 && h->positive.counts[1] == i / 8 && h->positive.counts[2] == i * 1.25);
	ck_assert(h->zero_count == i / 2 && h->sum == i * 1.5);
	ck_assert(h->count == i / 4 + i / 8 + i * 1.25 + i / 2);
	x->n++;
}

UNIT(a_chunk_of_floats_is_what_was_sent)
{
	struct told told = {0};
	ck_assert(histogram_chunk_read(HISTOGRAM_CHUNK_FLOATS, str_n(floats, sizeof floats - 1), expect, &told));
	ck_assert_uint_eq(told.n, SAMPLES);
}
END

static void
look(void *arg, int64_t t, const struct histogram *h)
{
	(*(size_t *)arg)++;
}

/* The last byte may be filled up with bits that nobody needs. */
UNIT(a_chunk_that_is_cut_is_none)
{
	for (size_t n = 0; n + 2 < sizeof floats; n++) {
		size_t told = 0;
		ck_assert(!histogram_chunk_read(HISTOGRAM_CHUNK_FLOATS, str_n(floats, n), look, &told));
		ck_assert_uint_lt(told, SAMPLES);
	}
}
END
