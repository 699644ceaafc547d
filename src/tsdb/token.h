/*
 * token.h — one value at a time, as a few bits that depend on the values before it.
 *
 * IDEA   The same bits go into the record of the log and to the end of the series' open chunk, so a value
 *        is encoded once, and a chunk in memory is as small as what the log says of it.
 *
 *     0                              the same as before
 *     1 q ones, 0, k bits            the integer (decimal.h) changed: Rice, k follows what came before
 *     1 111111 0, 6 bits, bits       changed by much
 *     1 111111 1, start, scale, 64   the double itself; `start`: a chunk begins with it
 *
 * [T1]   A chunk begins with a token that says `start`, and such a token begins one: whoever reads the log
 *        has the state of whoever wrote it.
 */
#ifndef TSDB_TOKEN_H
#define TSDB_TOKEN_H

#include "tsdb/bits.h"
#include "tsdb/decimal.h"

enum { TOKEN_MOST = 14 }; /* bytes */

struct token_state {
	double value;
	int64_t integer;
	uint8_t scale, k;
};

/* Bits in up to three pieces, each fit for bits_put. */
struct token {
	uint64_t piece[3];
	uint8_t bits[3];
	uint8_t n;
};

void token_change(struct token_state *, double v, bool start, struct token *);

/* The token of `v`, and the state behind it. */
static inline void
token_of(struct token_state *s, double v, bool start, struct token *out)
{
	if (!start && decimal_bits(v) == decimal_bits(s->value))
		*out = (struct token){.bits = {1}, .n = 1};
	else
		token_change(s, v, start, out);
}

/* At bit `at`; the bit behind it. */
static inline size_t
token_put(const struct token *t, unsigned char *p, size_t at)
{
	for (unsigned i = 0; i < t->n; i++) {
		bits_put(p, at, t->piece[i]);
		at += t->bits[i];
	}
	return at;
}

/* Reads one on: the state's value is the next one.  False: no token. */
bool token_read(struct token_state *, struct bit_reader *, bool *start);

/* The values of a whole chunk; false: these are not `n` tokens. */
bool tokens_unpack(const void *p, size_t bytes, size_t n, double *v);

#endif
