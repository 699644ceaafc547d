/*
 * feed.h — a bit_reader (bits.h) that stays in registers, for loops that read thousands of numbers.
 *
 * TRAP   Nothing that is not inline may have its address: whoever needs a bit_reader for something rare makes one, and comes back.
 */
#ifndef TSDB_FEED_H
#define TSDB_FEED_H

#include "tsdb/bits.h"

#define INLINE static inline __attribute__((always_inline))

/*
 * The bits of a bit_reader turned over, so that counting ones is counting noughts; above those that are left stand ones, and shifting
 * brings more of them, so that counting comes to an end there.
 */
struct feed {
	int64_t bits;
	unsigned n; /* are left */
	const unsigned char *p, *end;
	bool failed;
};

INLINE void
feed_init(struct feed *f, const unsigned char *p, size_t n)
{
	*f = (struct feed){.bits = -1, .p = p, .end = p + n};
}

INLINE struct bit_reader
reader_of(struct feed f)
{
	return (struct bit_reader){.p = f.p, .end = f.end, .word = bits_low(~(uint64_t)f.bits, f.n), .n = f.n, .failed = f.failed};
}

INLINE struct feed
feed_of(const struct bit_reader *r)
{
	return (struct feed){.bits = (int64_t)~bits_low(r->word, r->n), .p = r->p, .end = r->end, .n = r->n, .failed = r->failed};
}

/* At least 56 bits, or what is left. */
INLINE void
feed_fill(struct feed *f)
{
	if (f->end - f->p >= 8) {
		uint64_t bits = (uint64_t)f->bits & ~(bits_load(f->p) << f->n);
		unsigned bytes = (63 - f->n) >> 3;
		f->p += bytes;
		f->n += bytes * 8;
		f->bits = (int64_t)(bits | ~0ull << f->n);
		return;
	}
	for (; f->n <= 55 && f->p < f->end; f->n += 8)
		f->bits &= (int64_t)~((uint64_t)*f->p++ << f->n);
}

INLINE void
feed_skip(struct feed *f, unsigned n)
{
	f->bits >>= n;
	f->n -= n;
}

INLINE unsigned
ones_of(int64_t bits)
{
	return (unsigned)__builtin_ctzll((uint64_t)bits);
}

/* The k bits behind `n`. */
INLINE uint64_t
low_behind(int64_t bits, unsigned n, unsigned k)
{
	return ~((uint64_t)bits >> n) & ((1ull << k) - 1);
}

#endif
