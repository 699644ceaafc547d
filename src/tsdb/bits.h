/*
 * bits.h — streams of bits, the lowest bit of a byte first.
 *
 * TRAP   bits_put writes eight bytes wherever it stands: behind the last bit there must be room for them.
 *        What stood there before is overwritten, so going back is only to lower the position.
 */
#ifndef TSDB_BITS_H
#define TSDB_BITS_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { BITS_PUT_MAX = 57, BITS_SLACK = 8 };

static inline uint64_t
bits_load(const unsigned char *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return le64toh(v);
}

static inline uint64_t
bits_low(uint64_t v, unsigned n)
{
	return n < 64 ? v & ((1ull << n) - 1) : v;
}

/* The `n` (at most BITS_PUT_MAX) low bits of `v`, of which no others are set, at bit `at`. */
static inline void
bits_put(unsigned char *p, size_t at, uint64_t v)
{
	unsigned shift = at & 7;
	uint64_t word = htole64(bits_low(p[at >> 3], shift) | v << shift);
	memcpy(p + (at >> 3), &word, sizeof word);
}

struct bit_reader {
	const unsigned char *p, *end;
	uint64_t word; /* its `n` low bits are next, the others are 0 or what comes next */
	unsigned n;
	bool failed; /* more was asked for than there is */
};

static inline void
bits_init(struct bit_reader *r, const void *p, size_t n)
{
	*r = (struct bit_reader){.p = p, .end = (const unsigned char *)p + n};
}

/* At least 56 bits, or what is left. */
static inline void
bits_fill(struct bit_reader *r)
{
	if (r->end - r->p >= 8) {
		r->word |= bits_load(r->p) << r->n;
		unsigned bytes = (63 - r->n) >> 3;
		r->p += bytes;
		r->n += bytes * 8;
		return;
	}
	r->word = bits_low(r->word, r->n); /* the wide load above may have left more than it counted */
	for (; r->n <= 56 && r->p < r->end; r->n += 8)
		r->word |= (uint64_t)*r->p++ << r->n;
}

static inline void
bits_skip(struct bit_reader *r, unsigned n)
{
	if (n > r->n) {
		r->failed = true;
		n = r->n;
	}
	r->word >>= n;
	r->n -= n;
}

/* 0 to 56 bits. */
static inline uint64_t
bits_get(struct bit_reader *r, unsigned n)
{
	if (r->n < n)
		bits_fill(r);
	uint64_t v = bits_low(r->word, n);
	bits_skip(r, n);
	return v;
}

static inline uint64_t
bits_get_wide(struct bit_reader *r, unsigned n)
{
	if (n <= 32)
		return bits_get(r, n);
	uint64_t low = bits_get(r, 32);
	return low | bits_get(r, n - 32) << 32;
}

/* How many ones come before the next zero, which is taken too; `limit` of them (at most 32) have no zero. */
static inline unsigned
bits_get_ones(struct bit_reader *r, unsigned limit)
{
	if (r->n < limit + 1)
		bits_fill(r);
	unsigned ones = ~r->word ? (unsigned)__builtin_ctzll(~r->word) : 64;
	if (ones >= limit) {
		bits_skip(r, limit);
		return limit;
	}
	bits_skip(r, ones + 1);
	return ones;
}

static inline unsigned
bits_length(uint64_t v)
{
	return v ? 64 - (unsigned)__builtin_clzll(v) : 0;
}

static inline uint64_t
bits_zigzag(int64_t v)
{
	return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static inline int64_t
bits_unzigzag(uint64_t u)
{
	return (int64_t)(u >> 1 ^ -(u & 1));
}

#endif
