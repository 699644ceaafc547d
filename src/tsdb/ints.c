/* ints.c — packing; see ints.h, and ints_read.c for the way back. */
#include "tsdb/ints.h"

#include "base/mem.h"
#include "tsdb/bits.h"
#include "tsdb/ints_format.h"
#include "wire/proto.h"

enum { ESCAPE_COST = 60 };

/* ---- bits into a buffer ---- */

struct sink {
	unsigned char *p;
	size_t at; /* bits */
};

static void
put(struct sink *s, uint64_t v, unsigned n)
{
	bits_put(s->p, s->at, v);
	s->at += n;
}

static void
put_wide(struct sink *s, uint64_t v, unsigned n)
{
	put(s, bits_low(v, n < 32 ? n : 32), n < 32 ? n : 32);
	if (n > 32)
		put(s, v >> 32, n - 32);
}

static void
put_rice(struct sink *s, uint64_t z, unsigned k)
{
	uint64_t ones = z >> k;
	if (ones < ONES) {
		put(s, (1ull << ones) - 1, (unsigned)ones + 1);
		put_wide(s, bits_low(z, k), k);
		return;
	}
	unsigned length = bits_length(z);
	put(s, (1ull << ONES) - 1, ONES);
	put(s, length - 1, 6);
	put_wide(s, z, length);
}

/* ---- what a way would cost ---- */

/* Near enough: whoever needs an escape is counted as if all of them were as long.  No branches, so that it is done for
 * several numbers at a time. */
static uint64_t
rice_bits(const uint64_t *z, size_t n, unsigned k)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t ones = z[i] >> k;
		sum += ones < ESCAPE_COST ? ones : ESCAPE_COST;
	}
	return sum + n * (k + 1);
}

/* The best parameter, and what it costs: downhill from where the mean says it must be about. */
static uint64_t
best_rice(const uint64_t *z, size_t n, unsigned *k)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (double)(int64_t)(z[i] >> 1);
	double mean = n ? 2 * sum / (double)n : 0;
	unsigned middle = mean >= 1 ? bits_length((uint64_t)mean) - 1 : 0;
	*k = middle < K_MAX ? middle : K_MAX;
	uint64_t best = rice_bits(z, n, *k), next;
	for (; *k > 0 && (next = rice_bits(z, n, *k - 1)) < best; --*k)
		best = next;
	if (*k != middle)
		return best;
	for (; *k < K_MAX && (next = rice_bits(z, n, *k + 1)) < best; ++*k)
		best = next;
	return best;
}

struct plan {
	enum way way;
	unsigned k, k_runs;
	int64_t mean;
	uint64_t bits;
};

static void
take_better(struct plan *best, struct plan p)
{
	if (p.bits < best->bits)
		*best = p;
}

static int64_t
minus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

static uint64_t
mean_bits(int64_t mean)
{
	return 8 + bits_length(bits_zigzag(mean)) / 7 * 8;
}

/* `z` is room for n + 1 numbers. */
static struct plan
plan_differences(const int64_t *x, size_t n, uint64_t *z)
{
	struct plan p = {.way = WAY_DIFFERENCES, .mean = minus(x[n - 1], x[0]) / (int64_t)(n - 1)};
	for (size_t i = 1; i < n; i++)
		z[i - 1] = bits_zigzag(minus(minus(x[i], x[i - 1]), p.mean));
	p.bits = best_rice(z, n - 1, &p.k) + mean_bits(p.mean);
	return p;
}

static struct plan
plan_changes(const int64_t *x, size_t n, uint64_t *z)
{
	struct plan p = {.way = WAY_CHANGES};
	size_t changes = 0;
	for (size_t i = 1; i < n; i++)
		if (x[i] != x[i - 1])
			z[changes++] = bits_zigzag(minus(x[i], x[i - 1])) - 1;
	p.bits = best_rice(z, changes, &p.k) + (n - 1);
	return p;
}

/* The lengths of the runs of no change, each ended by a change, and the last by the end. */
static size_t
runs_of(const int64_t *x, size_t n, uint64_t *z)
{
	size_t runs = 0;
	uint64_t length = 0;
	for (size_t i = 1; i < n; i++, length++)
		if (x[i] != x[i - 1]) {
			z[runs++] = length;
			length = UINT64_MAX; /* becomes 0 */
		}
	z[runs++] = length;
	return runs;
}

static struct plan
plan_runs(const int64_t *x, size_t n, const struct plan *changes, uint64_t *z)
{
	struct plan p = {.way = WAY_RUNS, .k = changes->k};
	size_t runs = runs_of(x, n, z);
	p.bits = changes->bits - (n - 1) + best_rice(z, runs, &p.k_runs) + 8;
	return p;
}

static struct plan
plan_second(const int64_t *x, size_t n, uint64_t *z)
{
	struct plan p = {.way = WAY_SECOND, .mean = minus(x[1], x[0])};
	for (size_t i = 2; i < n; i++)
		z[i - 2] = bits_zigzag(minus(minus(x[i], x[i - 1]), minus(x[i - 1], x[i - 2])));
	p.bits = best_rice(z, n - 2, &p.k) + mean_bits(p.mean);
	return p;
}

static struct plan
plan_around(const int64_t *x, size_t n, uint64_t *z)
{
	struct plan p = {.way = WAY_AROUND};
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (double)x[i];
	p.mean = (int64_t)(sum / (double)n * 0.999999999); /* within the range even where it was rounded up */
	for (size_t i = 0; i < n; i++)
		z[i] = bits_zigzag(minus(x[i], p.mean));
	p.bits = best_rice(z, n, &p.k) + mean_bits(p.mean) - 8 - bits_length(bits_zigzag(x[0])) / 7 * 8;
	return p;
}

static bool
all_same(const int64_t *x, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (x[i] != x[0])
			return false;
	return true;
}

static struct plan
plan_of(const int64_t *x, size_t n, uint64_t *z)
{
	if (all_same(x, n))
		return (struct plan){.way = WAY_ONE};
	struct plan best = plan_changes(x, n, z);
	take_better(&best, plan_runs(x, n, &best, z));
	take_better(&best, plan_differences(x, n, z));
	take_better(&best, plan_second(x, n, z));
	/* signed: a column that is cheaper around its mean saves its first value, too */
	struct plan around = plan_around(x, n, z);
	if ((int64_t)around.bits < (int64_t)best.bits)
		best = around;
	return best;
}

/* ---- packing ---- */

static void
put_differences(struct sink *s, const int64_t *x, size_t n, const struct plan *p)
{
	for (size_t i = 1; i < n; i++)
		put_rice(s, bits_zigzag(minus(minus(x[i], x[i - 1]), p->mean)), p->k);
}

static void
put_changes(struct sink *s, const int64_t *x, size_t n, const struct plan *p)
{
	for (size_t i = 1; i < n; i++) {
		put(s, x[i] != x[i - 1], 1);
		if (x[i] != x[i - 1])
			put_rice(s, bits_zigzag(minus(x[i], x[i - 1])) - 1, p->k);
	}
}

static void
put_runs(struct sink *s, const int64_t *x, size_t n, const struct plan *p)
{
	uint64_t length = 0;
	for (size_t i = 1; i < n; i++, length++) {
		if (x[i] == x[i - 1])
			continue;
		put_rice(s, length, p->k_runs);
		put_rice(s, bits_zigzag(minus(x[i], x[i - 1])) - 1, p->k);
		length = UINT64_MAX;
	}
	put_rice(s, length, p->k_runs);
}

static void
put_second(struct sink *s, const int64_t *x, size_t n, const struct plan *p)
{
	for (size_t i = 2; i < n; i++)
		put_rice(s, bits_zigzag(minus(minus(x[i], x[i - 1]), minus(x[i - 1], x[i - 2]))), p->k);
}

static void
put_around(struct sink *s, const int64_t *x, size_t n, const struct plan *p)
{
	for (size_t i = 0; i < n; i++)
		put_rice(s, bits_zigzag(minus(x[i], p->mean)), p->k);
}

static void
put_bits(const int64_t *x, size_t n, const struct plan *p, struct buf *out)
{
	static void (*const how[])(struct sink *, const int64_t *, size_t, const struct plan *) = {
	    [WAY_DIFFERENCES] = put_differences,
	    [WAY_CHANGES] = put_changes,
	    [WAY_RUNS] = put_runs,
	    [WAY_SECOND] = put_second,
	    [WAY_AROUND] = put_around,
	};
	/* a number is never longer than its escape: ONES, its length, itself; runs add a number for each */
	size_t most = (n + 1) * (ONES + 6 + 64) / 8 * (p->way == WAY_RUNS ? 2 : 1) + BITS_SLACK;
	struct sink s = {.p = (unsigned char *)buf_room(out, most)};
	s.p[0] = 0;
	how[p->way](&s, x, n, p);
	buf_grew(out, (s.at + 7) / 8);
}

void
ints_pack(const int64_t *x, size_t n, struct buf *out)
{
	uint64_t small[256], *z = n < 256 ? small : mem_alloc((n + 1) * sizeof *z);
	struct plan p = plan_of(x, n, z);
	if (z != small)
		mem_free(z);
	buf_ch(out, (char)p.way);
	if (p.way != WAY_AROUND)
		proto_add_varint(out, bits_zigzag(x[0]));
	if (p.way == WAY_ONE)
		return;
	if (p.way != WAY_CHANGES && p.way != WAY_RUNS)
		proto_add_varint(out, bits_zigzag(p.mean));
	buf_ch(out, (char)p.k);
	if (p.way == WAY_RUNS)
		buf_ch(out, (char)p.k_runs);
	put_bits(x, n, &p, out);
}
