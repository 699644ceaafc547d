/* token.c — see token.h. */
#include "tsdb/token.h"

#include "tsdb/feed.h"

enum { ONES = 6, K_MAX = 48, K_FIRST = 6, PREFIX = 1 + ONES + 1 };

/* k follows: down when the numbers are small for it, up when they are large. */
static void
adapt(struct token_state *s, uint64_t z, uint64_t ones)
{
	if (ones == 0 && s->k && z >> (s->k - 1) == 0)
		s->k--;
	else if (ones >= 2 && s->k < K_MAX)
		s->k++;
}

static void
put_far(struct token_state *s, uint64_t z, struct token *out)
{
	unsigned length = bits_length(z);
	uint64_t prefix = (1u << (1 + ONES)) - 1; /* and a zero behind it */
	out->piece[0] = prefix | (uint64_t)(length - 1) << PREFIX;
	out->bits[0] = PREFIX + 6;
	out->piece[1] = bits_low(z, 32);
	out->bits[1] = (uint8_t)(length < 32 ? length : 32);
	out->piece[2] = length > 32 ? z >> 32 : 0;
	out->bits[2] = (uint8_t)(length > 32 ? length - 32 : 0);
	out->n = length > 32 ? 3 : 2;
	s->k = (uint8_t)(length - 1 < K_MAX ? length - 1 : K_MAX);
}

static void
put_near(struct token_state *s, uint64_t z, uint64_t ones, struct token *out)
{
	unsigned head = 1 + (unsigned)ones + 1, k = s->k;
	uint64_t marks = (1ull << (1 + ones)) - 1;
	if (head + k <= BITS_PUT_MAX) {
		*out = (struct token){
		    .piece = {marks | bits_low(z, k) << head}, .bits = {(uint8_t)(head + k)}, .n = 1};
	} else {
		*out = (struct token){
		    .piece = {marks, bits_low(z, k)}, .bits = {(uint8_t)head, (uint8_t)k}, .n = 2};
	}
	adapt(s, z, ones);
}

static void
put_whole(struct token_state *s, bool start, struct token *out)
{
	uint64_t bits = decimal_bits(s->value), prefix = (1u << PREFIX) - 1;
	out->piece[0] = prefix | (uint64_t)start << PREFIX | (uint64_t)s->scale << (PREFIX + 1);
	out->bits[0] = PREFIX + 5;
	out->piece[1] = bits_low(bits, 32);
	out->piece[2] = bits >> 32;
	out->bits[1] = out->bits[2] = 32;
	out->n = 3;
	s->k = K_FIRST;
}

void
token_change(struct token_state *s, double v, bool start, struct token *out)
{
	int64_t i;
	if (!start && decimal_from(v, s->scale, &i)) {
		uint64_t z = bits_zigzag((int64_t)((uint64_t)i - (uint64_t)s->integer)) - 1;
		s->value = v;
		s->integer = i;
		if (z >> s->k < ONES)
			put_near(s, z, z >> s->k, out);
		else
			put_far(s, z, out);
		return;
	}
	unsigned scale = start && s->scale == DECIMAL_BITS ? 0 : s->scale;
	s->scale = (uint8_t)decimal_scale(v, scale);
	(void)decimal_from(v, s->scale, &s->integer); /* it has that scale */
	s->value = v;
	put_whole(s, start, out);
}

static bool
read_whole(struct token_state *s, struct bit_reader *r, bool *start)
{
	*start = bits_get(r, 1);
	s->scale = (uint8_t)bits_get(r, 4);
	uint64_t bits = bits_get_wide(r, 64);
	memcpy(&s->value, &bits, sizeof s->value);
	s->k = K_FIRST;
	return !r->failed && decimal_from(s->value, s->scale, &s->integer);
}

bool
token_read(struct token_state *s, struct bit_reader *r, bool *start)
{
	*start = false;
	if (!bits_get(r, 1))
		return !r->failed;
	uint64_t z, ones = bits_get_ones(r, ONES);
	if (ones < ONES) {
		z = ones << s->k | bits_get(r, s->k);
		adapt(s, z, ones);
	} else if (bits_get(r, 1)) {
		return read_whole(s, r, start);
	} else {
		unsigned length = (unsigned)bits_get(r, 6) + 1;
		z = bits_get_wide(r, length);
		s->k = (uint8_t)(length - 1 < K_MAX ? length - 1 : K_MAX);
	}
	s->integer = (int64_t)((uint64_t)s->integer + (uint64_t)bits_unzigzag(z + 1));
	s->value = decimal_to(s->integer, s->scale);
	return !r->failed;
}

/* A token of any kind, on the way through a chunk. */
struct step {
	struct feed f;
	struct token_state s;
	bool good;
};
static __attribute__((noinline)) struct step
step_far(struct feed f, struct token_state s)
{
	struct bit_reader r = reader_of(f);
	bool start, good = token_read(&s, &r, &start);
	return (struct step){feed_of(&r), s, good};
}

/* Those that follow and are the same as the one before v[0]; how many. */
static inline size_t
skip_same(struct feed *f, size_t most, double *v)
{
	size_t n = (size_t)__builtin_ctzll(~(uint64_t)f->bits | 1ull << 63);
	n = n < f->n ? n : f->n;
	n = n < most ? n : most;
	for (size_t i = 0; i < n; i++)
		v[i] = v[-1];
	feed_skip(f, (unsigned)n);
	return n;
}

/* What token_read does, for a whole chunk; with no branch for whether a value changed, which is not to be foreseen. */
bool
tokens_unpack(const void *p, size_t bytes, size_t n, double *v)
{
	struct feed f;
	double power = 1;
	uint64_t integer = 0;
	unsigned k = 0, scale = 0;
	bool seldom = bytes * 8 < n * 5 / 2 + 100; /* values change: runs of the same are taken at once */
	feed_init(&f, p, bytes);
	for (size_t i = 0; i < n; i++) {
		if (seldom && i && (f.bits & 1) && f.n) {
			i += skip_same(&f, n - i, &v[i]) - 1;
			continue;
		}
		unsigned changed = ~(unsigned)f.bits & 1, ones = ones_of(f.bits >> 1), length = 1 + ((ones + 1 + k) & -changed);
		if (__builtin_expect(length > f.n, 0)) {
			feed_fill(&f);
			changed = ~(unsigned)f.bits & 1;
			ones = ones_of(f.bits >> 1);
			length = 1 + ((ones + 1 + k) & -changed);
			changed |= length > f.n; /* no such token: the slow way says so */
			ones = length > f.n ? ONES : ones;
		}
		if (__builtin_expect(changed & (ones >= ONES), 0)) {
			struct step far = step_far(f, (struct token_state){.integer = (int64_t)integer, .k = (uint8_t)k, .scale = (uint8_t)scale});
			if (!far.good)
				return false;
			f = far.f;
			integer = (uint64_t)far.s.integer;
			k = far.s.k;
			scale = far.s.scale;
			power = scale < DECIMAL_BITS ? decimal_powers[scale] : 0;
			v[i] = far.s.value;
			continue;
		}
		uint64_t z = (uint64_t)ones << k | low_behind(f.bits, ones + 2, k), bits = (uint64_t)f.bits;
		feed_skip(&f, length);
		/* as adapt() does, but out of the bits themselves, before they are counted: no ones and a nought in front; two ones */
		unsigned down = (unsigned)(bits >> 1 & bits >> (k + 1)) & (k > 0), up = (bits >> 1 & 3) == 0 && k < K_MAX;
		k += ((up & 1) - (down & 1)) & -changed;
		integer += (uint64_t)bits_unzigzag(z + 1) & -(uint64_t)changed;
		if (__builtin_expect(scale < DECIMAL_BITS, 1))
			v[i] = (double)(int64_t)integer / power;
		else
			memcpy(&v[i], &integer, sizeof integer);
	}
	return true;
}
