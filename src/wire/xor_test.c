/* xor_test.c — chunks as Prometheus has them. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "wire/xor.h"

static void
round_trip(const int64_t *t, const double *v, size_t n)
{
	struct buf b = {0};
	int64_t *times = calloc(n + 1, sizeof *times);
	double *values = calloc(n + 1, sizeof *values);
	xor_write(&b, t, v, n);
	ck_assert_uint_eq(xor_count(buf_view(&b)), n);
	ck_assert(xor_read(buf_view(&b), times, values));
	ck_assert(!n || memcmp(times, t, n * sizeof *t) == 0);
	ck_assert(!n || memcmp(values, v, n * sizeof *v) == 0);
	for (size_t cut = 0; n && cut < b.n && cut < 300; cut++) /* the whole of it is needed */
		ck_assert(!xor_read(str_to(buf_view(&b), cut), times, values) || xor_count(str_to(buf_view(&b), cut)) == 0);
	free(times);
	free(values);
	buf_fini(&b);
}

UNIT(xor_reads_what_it_wrote)
{
	enum { N = 500 };
	static const int64_t steps[] = {15000, 15001, 1, 8191, 8192, 8193, 65536, 65537, 524288, 524289, (int64_t)1 << 40};
	int64_t t[N];
	double v[N];
	srand(7);
	for (int kind = 0; kind < 4; kind++) {
		t[0] = kind == 2 ? -5 : 1795814359000;
		for (int i = 0; i < N; i++) {
			t[i] = i ? t[i - 1] + steps[kind ? (size_t)rand() % (sizeof steps / sizeof *steps) : 0] : t[0];
			v[i] = kind == 0 ? 7 : kind == 1 ? i * 0.1 : kind == 2 ? rand() * 1e-300 : i % 3 ? NAN : -0.0;
		}
		round_trip(t, v, N);
	}
	round_trip(t, v, 1);
	round_trip(t, v, 2);
	round_trip(t, v, 0);
}
END

/* The first sample and one 15 s later with the same value, by the letter of the format. */
UNIT(xor_writes_these_bytes)
{
	static const unsigned char want[] = {0, 2, 0xd0, 0x0f, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x98, 0x75, 0};
	int64_t t[] = {1000, 16000};
	double v[] = {2, 2};
	struct buf b = {0};
	xor_write(&b, t, v, 2);
	ck_assert_uint_eq(b.n, sizeof want);
	ck_assert_int_eq(memcmp(b.p, want, sizeof want), 0);
	buf_fini(&b);
}
END
