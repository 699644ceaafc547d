/* chunk_test.c — what is packed comes back, bit by bit. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tsdb/chunk.h"
#include "tsdb/token.h"

static double
any_value(int kind, double last)
{
	union {
		uint64_t u;
		double f;
	} x = {.u = ((uint64_t)mrand48() << 32) ^ (uint64_t)(uint32_t)mrand48()};
	switch (kind) {
	case 0: return last;
	case 1: return last + 1;
	case 2: return (double)(rand() % 1000) / 10;
	case 3: return NAN;
	default: return x.f;
	}
}

UNIT(chunk_round_trips_every_kind_of_sample)
{
	enum { N = 200 };
	int64_t t[N], t2[N];
	double v[N], v2[N];
	srand(4);
	for (int round = 0; round < 3000; round++) {
		size_t n = (size_t)rand() % N + 1;
		t[0] = round % 5 ? 1700000000000 : -(int64_t)((uint64_t)mrand48() << 31);
		v[0] = 1;
		for (size_t i = 1; i < n; i++) {
			int kind = rand() % 8;
			t[i] = t[i - 1] + (kind < 4       ? 15000
					      : kind == 7 ? 1 + ((int64_t)rand() << 12)
							  : rand() % 40000 + 1);
			v[i] = any_value(rand() % (round % 2 ? 3 : 5), v[i - 1]);
		}
		struct buf b = {0}, times = {0};
		chunk_pack_values(v, n, &b);
		chunk_pack_times(t, n, &times);
		ck_assert(
		    chunk_unpack_times(buf_view(&times), n, t2) && chunk_unpack_values(buf_view(&b), n, v2));
		ck_assert(memcmp(t, t2, n * sizeof *t) == 0 && memcmp(v, v2, n * sizeof *v) == 0);
		for (size_t cut = 0; cut + 1 < b.n; cut += 7)
			(void)chunk_unpack_values(
			    str_to(buf_view(&b), cut), n, v2); /* no reading beyond, says the sanitizer */
		ck_assert(!chunk_unpack_values(str_to(buf_view(&b), 1), n, v2));
		buf_fini(&times);
		buf_fini(&b);
	}
}
END

UNIT(chunk_is_small_for_steady_series)
{
	int64_t t[120];
	double v[120];
	for (int i = 0; i < 120; i++) {
		t[i] = 1700000000000 + i * 15000;
		v[i] = 0.42;
	}
	struct buf b = {0};
	chunk_pack_values(v, 120, &b);
	chunk_pack_times(t, 120, &b);
	ck_assert_uint_lt(b.n, 40);
	buf_clear(&b);
	for (int i = 0; i < 120; i++)
		v[i] = 0.42 + i / 60 * 0.01; /* one change */
	chunk_pack_values(v, 120, &b);
	ck_assert_uint_lt(b.n, 12);
	buf_fini(&b);
}
END

/* Whatever came before, a token read back leaves the state of whoever wrote it. */
UNIT(token_keeps_reader_and_writer_in_step)
{
	enum { N = 2000 };
	static unsigned char bits[N * TOKEN_MOST + BITS_SLACK];
	static double v[N];
	struct token_state w = {0}, r = {0};
	struct bit_reader reader;
	size_t at = 0;
	srand(5);
	for (int i = 0; i < N; i++) {
		struct token token;
		v[i] = any_value(rand() % (i < N / 2 ? 3 : 5), i ? v[i - 1] : 0);
		token_of(&w, v[i], i % 240 == 0, &token);
		at = token_put(&token, bits, at);
	}
	bits_init(&reader, bits, (at + 7) / 8);
	for (int i = 0; i < N; i++) {
		bool start;
		ck_assert(token_read(&r, &reader, &start) && start == (i % 240 == 0));
		ck_assert(memcmp(&r.value, &v[i], sizeof v[i]) == 0);
	}
	ck_assert(r.integer == w.integer && r.scale == w.scale && r.k == w.k);
}
END

/* A whole chunk read at once is its tokens read one by one; of rubbish nothing outside is read, says the sanitizer. */
UNIT(tokens_are_read_at_once_as_one_by_one)
{
	enum { N = 240 };
	static unsigned char bits[N * TOKEN_MOST + BITS_SLACK];
	double v[N], back[N];
	srand(6);
	for (int round = 0; round < 4000; round++) {
		struct token_state w = {0};
		size_t at = 0, n = (size_t)rand() % N + 1;
		int often = rand() % 4, kinds = rand() % 2 ? 3 : 5, size = rand() % 40;
		for (size_t i = 0; i < n; i++) {
			struct token token;
			bool same = i && rand() % 4 < often;
			v[i] = same ? v[i - 1] : kinds == 5 && rand() % 50 == 0 ? any_value(rand() % 5, 1) : floor(ldexp(rand() % 1000, rand() % (size + 1) - size / 2));
			token_of(&w, v[i], i == 0, &token);
			at = token_put(&token, bits, at);
		}
		unsigned char *exact = malloc((at + 7) / 8);
		memcpy(exact, bits, (at + 7) / 8);
		ck_assert(tokens_unpack(exact, (at + 7) / 8, n, back));
		ck_assert(memcmp(v, back, n * sizeof *v) == 0);
		size_t cut = (size_t)rand() % ((at + 7) / 8);
		(void)tokens_unpack(exact + cut, (at + 7) / 8 - cut, n, back);
		if (n > 100)
			ck_assert(!tokens_unpack(exact, 5, n, back));
		free(exact);
	}
}
END
