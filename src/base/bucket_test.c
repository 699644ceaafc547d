/* bucket_test.c */
#include "unit.h"

#include "base/bucket.h"

enum { S = 1000000000 };

UNIT(a_bucket_gives_its_burst_and_then_its_rate)
{
	struct bucket b = {0};
	unsigned wait = 0;
	ck_assert(bucket_take(&b, 10, 100, 60, 5 * (nsec_t)S, &wait));
	ck_assert(bucket_take(&b, 10, 100, 40, 5 * (nsec_t)S, &wait));
	ck_assert(!bucket_take(&b, 10, 100, 25, 5 * (nsec_t)S, &wait));
	ck_assert_uint_eq(wait, 3);
	ck_assert(!bucket_take(&b, 10, 100, 25, 7 * (nsec_t)S, &wait));
	ck_assert_uint_eq(wait, 1);
	ck_assert(bucket_take(&b, 10, 100, 25, 8 * (nsec_t)S, &wait)); /* what was refused took nothing */
	ck_assert(!bucket_take(&b, 10, 100, 100, 17 * (nsec_t)S, &wait)); /* never more than the burst: 95 are there */
	ck_assert(bucket_take(&b, 10, 100, 100, 1000 * (nsec_t)S, &wait));
}
END

UNIT(what_is_larger_than_a_bucket_passes_when_it_is_full)
{
	struct bucket b = {0};
	unsigned wait = 0;
	ck_assert(bucket_take(&b, 10, 100, 500, S, &wait));
	ck_assert(!bucket_take(&b, 10, 100, 1, S, &wait));
	ck_assert_uint_eq(wait, 41);
	ck_assert(bucket_take(&b, 10, 100, 1, 42 * (nsec_t)S, &wait));
	bucket_charge(&b, 100);
	ck_assert(!bucket_take(&b, 10, 100, 1, 51 * (nsec_t)S, &wait));
}
END

UNIT(on_average_nothing_is_over_the_rate)
{
	struct bucket b = {0};
	unsigned wait;
	double taken = 0;
	unsigned dice = 7;
	for (nsec_t now = S; now <= 1000 * (nsec_t)S; now += S / 10) {
		dice = dice * 1103515245u + 12345u;
		double n = dice >> 16 & 127;
		taken += bucket_take(&b, 50, 200, n, now, &wait) ? n : 0;
	}
	ck_assert(taken <= 50 * 1000 + 200 && taken > 49 * 1000);
	ck_assert(bucket_take(&b, 0, 0, 1e12, 0, &wait)); /* no limit */
}
END
