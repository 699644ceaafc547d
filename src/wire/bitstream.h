/*
 * bitstream.h — bits as Prometheus's chunks have them, the highest of a byte first; for reading.
 */
#ifndef WIRE_BITSTREAM_H
#define WIRE_BITSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bitstream {
	const unsigned char *p;
	size_t n, at; /* in bits */
	bool cut;     /* more was wanted than there is: what was given is 0 */
};

static inline uint64_t
bitstream_take(struct bitstream *b, unsigned n)
{
	uint64_t x = 0;
	if (n > b->n - b->at) {
		b->cut = true;
		b->at = b->n;
		return 0;
	}
	for (; n && b->at % 8; n--, b->at++)
		x = x << 1 | (b->p[b->at / 8] >> (7 - b->at % 8) & 1);
	for (; n >= 8; n -= 8, b->at += 8)
		x = x << 8 | b->p[b->at / 8];
	for (; n; n--, b->at++)
		x = x << 1 | (b->p[b->at / 8] >> (7 - b->at % 8) & 1);
	return x;
}

/* Where the last change of a value stood. */
struct bitstream_window {
	unsigned leading, length; /* 0: none yet */
};

/* A value as its XOR with the one before. */
static inline uint64_t
bitstream_take_xor(struct bitstream *b, struct bitstream_window *w, uint64_t before)
{
	if (!bitstream_take(b, 1))
		return before;
	if (bitstream_take(b, 1)) {
		w->leading = (unsigned)bitstream_take(b, 5);
		w->length = (unsigned)bitstream_take(b, 6);
		w->length = w->length ? w->length : 64;
	}
	if (!w->length || w->leading + w->length > 64) {
		b->cut = true;
		return before;
	}
	return before ^ bitstream_take(b, w->length) << (64 - w->leading - w->length);
}

#endif
