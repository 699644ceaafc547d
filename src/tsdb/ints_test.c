/* ints_test.c — every way of packing gives back every integer, and each is taken where it is the shortest. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "tsdb/ints.h"

enum { N = 300 };

/* Packs, compares, and says which way was taken and in how many bytes. */
static int
pack(const int64_t *x, size_t n, size_t *bytes)
{
	static int64_t back[N];
	struct buf b = {0};
	ints_pack(x, n, &b);
	ck_assert(ints_unpack(buf_view(&b), n, back));
	ck_assert(memcmp(x, back, n * sizeof *x) == 0);
	int way = b.p[0];
	*bytes = b.n;
	buf_fini(&b);
	return way;
}

UNIT(ints_take_the_way_that_fits)
{
	int64_t x[N];
	size_t bytes;
	srand(1);
	for (int i = 0; i < N; i++)
		x[i] = 1234567;
	ck_assert(pack(x, N, &bytes) == 0 && bytes <= 5);
	for (int i = 0; i < N; i++)
		x[i] = (int64_t)i * 100000 + rand() % 16;
	ck_assert(pack(x, N, &bytes) == 1 && bytes < N * 7 / 8);
	for (int i = 0; i < N; i++)
		x[i] = i ? x[i - 1] + (rand() % 2 ? 0 : rand() % 100 + 1) : 0;
	ck_assert_int_eq(pack(x, N, &bytes), 2);
	for (int i = 0; i < N; i++)
		x[i] = i / 60;
	ck_assert(pack(x, N, &bytes) == 3 && bytes < 16);
	for (int i = 0; i < N; i++)
		x[i] = (int64_t)i * i * 1000;
	ck_assert(pack(x, N, &bytes) == 4);
	for (int i = 0; i < N; i++)
		x[i] = 5000000000 + rand() % 1000;
	ck_assert(pack(x, N, &bytes) == 5 && bytes < N * 11 / 8 + 16);
}
END

UNIT(ints_survive_any_column)
{
	static const int64_t odd[] = {INT64_MIN, INT64_MAX, 0, -1, 1, INT64_MIN + 1, INT64_MAX - 1};
	int64_t x[N];
	size_t bytes;
	srand(2);
	for (int round = 0; round < 20000; round++) {
		size_t n = (size_t)rand() % (round % 10 ? 20 : N) + 1;
		int width = rand() % 64, kind = rand() % 4;
		for (size_t i = 0; i < n; i++) {
			uint64_t r = ((uint64_t)mrand48() << 32 ^ (uint64_t)(uint32_t)mrand48()) >> width;
			x[i] = kind == 0 && i   ? x[i - 1] + rand() % 2
			       : kind == 1      ? odd[rand() % 7]
			       : kind == 2 && i ? (int64_t)((uint64_t)x[i - 1] + r)
						: (int64_t)r;
		}
		pack(x, n, &bytes);
	}
}
END

/* Any bytes are unpacked or refused; the sanitizers see what is read and written. */
UNIT(ints_refuse_rubbish)
{
	int64_t x[N];
	char rubbish[40];
	srand(3);
	for (int round = 0; round < 200000; round++) {
		size_t n = (size_t)rand() % sizeof rubbish;
		for (size_t i = 0; i < n; i++)
			rubbish[i] = (char)rand();
		if (n)
			rubbish[0] = (char)(rand() % 7);
		(void)ints_unpack(str_n(rubbish, n), (size_t)rand() % N + 1, x);
	}
}
END
