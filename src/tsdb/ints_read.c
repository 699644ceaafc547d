/*
 * ints_read.c — unpacking; see ints.h.
 *
 * IDEA   Where the next number begins is known when the one before is read, so what a number costs is the way from one
 *        position to the next: count the ones, add, shift.  The bits stand in a register for that, and are filled up when a number
 *        does not fit in what is left of them.  Everything else (adding up, making a double, dividing by the power of ten) goes on
 *        beside it and costs nothing; that is why doubles are made in here.
 * TRAP   The reader must stay in registers: nothing that is not inline may have its address.
 */
#include "tsdb/ints.h"

#include "tsdb/bits.h"
#include "tsdb/ints_format.h"
#include "wire/proto.h"

#define INLINE static inline __attribute__((always_inline))

/* A number, and the reader behind it. */
struct taken {
	uint64_t z;
	struct bit_reader r;
};

/* Any number. */
static __attribute__((noinline)) struct taken
take_far(struct bit_reader r, unsigned k)
{
	uint64_t ones = bits_get_ones(&r, ONES), z;
	if (ones < ONES)
		z = ones << k | bits_get(&r, k);
	else
		z = bits_get_wide(&r, (unsigned)bits_get(&r, 6) + 1);
	return (struct taken){z, r};
}

INLINE unsigned
ones_of(uint64_t word)
{
	return (unsigned)__builtin_ctzll(~word | 1ull << ONES);
}

INLINE uint64_t
take_rice(struct bit_reader *r, unsigned k)
{
	unsigned ones = ones_of(r->word), bits = ones + 1 + k;
	if (__builtin_expect(bits > r->n, 0)) {
		bits_fill(r);
		ones = ones_of(r->word);
		bits = ones + 1 + k;
		if (__builtin_expect(bits > r->n, 0))
			ones = ONES;
	}
	if (__builtin_expect(ones == ONES, 0)) {
		struct taken t = take_far(*r, k);
		*r = t.r;
		return t.z;
	}
	uint64_t z = (uint64_t)ones << k | (r->word >> (ones + 1) & ((1ull << k) - 1));
	r->word >>= bits;
	r->n -= bits;
	return z;
}

/* The same behind a bit that says whether there is a number: 0, or the number and one. */
INLINE uint64_t
take_change(struct bit_reader *r, unsigned k)
{
	unsigned changed = r->word & 1, ones = ones_of(r->word >> 1), bits = 1 + ((ones + 1 + k) & -changed);
	if (__builtin_expect(bits > r->n, 0)) {
		bits_fill(r);
		changed = r->word & 1;
		ones = ones_of(r->word >> 1);
		bits = 1 + ((ones + 1 + k) & -changed);
		if (__builtin_expect(bits > r->n, 0))
			ones = ONES;
	}
	if (__builtin_expect(ones == ONES, 0)) {
		struct bit_reader behind = *r;
		changed = bits_get(&behind, 1);
		struct taken t = changed ? take_far(behind, k) : (struct taken){.r = behind};
		*r = t.r;
		return t.z + changed;
	}
	uint64_t z = ((uint64_t)ones << k | (r->word >> 1 >> (ones + 1) & ((1ull << k) - 1))) + 1;
	r->word >>= bits;
	r->n -= bits;
	return z & -(uint64_t)changed;
}

/* ---- what becomes of them ---- */

/* Integers, or doubles: integer / power. */
struct sink {
	int64_t *x;
	double *v;
	double power;
};

INLINE void
give(const struct sink *s, size_t i, uint64_t x)
{
	if (s->v)
		s->v[i] = (double)(int64_t)x / s->power;
	else
		s->x[i] = (int64_t)x;
}

struct plan {
	enum way way;
	unsigned k, k_runs;
	uint64_t first, mean;
};

INLINE bool
read_differences(struct bit_reader r, size_t n, const struct plan *p, const struct sink *s)
{
	uint64_t x = p->first, mean = p->mean;
	unsigned k = p->k;
	give(s, 0, x);
	for (size_t i = 1; i < n; i++) {
		x += (uint64_t)bits_unzigzag(take_rice(&r, k)) + mean;
		give(s, i, x);
	}
	return !r.failed;
}

/* Whether there was a change is not to be foreseen, so there is no branch for it: no change is a change by nothing. */
INLINE bool
read_changes(struct bit_reader r, size_t n, const struct plan *p, const struct sink *s)
{
	uint64_t x = p->first;
	unsigned k = p->k;
	give(s, 0, x);
	for (size_t i = 1; i < n; i++) {
		x += (uint64_t)bits_unzigzag(take_change(&r, k));
		give(s, i, x);
	}
	return !r.failed;
}

INLINE bool
read_runs(struct bit_reader r, size_t n, const struct plan *p, const struct sink *s)
{
	uint64_t x = p->first;
	give(s, 0, x);
	for (size_t i = 1;; i++) {
		uint64_t length = take_rice(&r, p->k_runs);
		if (r.failed || length > n - i)
			return false;
		for (size_t end = i + length; i < end; i++)
			give(s, i, x);
		if (i == n)
			return true;
		x += (uint64_t)bits_unzigzag(take_rice(&r, p->k) + 1);
		give(s, i, x);
	}
}

INLINE bool
read_second(struct bit_reader r, size_t n, const struct plan *p, const struct sink *s)
{
	uint64_t x = p->first, step = p->mean;
	unsigned k = p->k;
	give(s, 0, x);
	if (n > 1)
		give(s, 1, x += step);
	for (size_t i = 2; i < n; i++) {
		step += (uint64_t)bits_unzigzag(take_rice(&r, k));
		give(s, i, x += step);
	}
	return !r.failed;
}

INLINE bool
read_around(struct bit_reader r, size_t n, const struct plan *p, const struct sink *s)
{
	unsigned k = p->k;
	for (size_t i = 0; i < n; i++)
		give(s, i, p->mean + (uint64_t)bits_unzigzag(take_rice(&r, k)));
	return !r.failed;
}

/* Once for integers and once for doubles. */
INLINE bool
read_all(struct bit_reader r, size_t n, const struct plan *p, const struct sink *s)
{
	switch (p->way) {
	case WAY_ONE: break;
	case WAY_DIFFERENCES: return read_differences(r, n, p, s);
	case WAY_CHANGES: return read_changes(r, n, p, s);
	case WAY_RUNS: return read_runs(r, n, p, s);
	case WAY_SECOND: return read_second(r, n, p, s);
	case WAY_AROUND: return read_around(r, n, p, s);
	}
	for (size_t i = 0; i < n; i++)
		give(s, i, p->first);
	return true;
}

/* ---- the head of a column ---- */

static bool
get_k(struct proto *m, unsigned *k)
{
	if (m->at == m->end || *m->at > K_MAX)
		return false;
	*k = *m->at++;
	return true;
}

static bool
get_number(struct proto *m, uint64_t *out)
{
	uint64_t u;
	if (!proto_varint(m, &u))
		return false;
	*out = (uint64_t)bits_unzigzag(u);
	return true;
}

static bool
get_plan(struct proto *m, struct plan *p)
{
	if (m->at == m->end || *m->at > WAY_AROUND)
		return false;
	p->way = (enum way) * m->at++;
	if (p->way != WAY_AROUND && !get_number(m, &p->first))
		return false;
	if (p->way == WAY_ONE)
		return true;
	if (p->way != WAY_CHANGES && p->way != WAY_RUNS && !get_number(m, &p->mean))
		return false;
	return get_k(m, &p->k) && (p->way != WAY_RUNS || get_k(m, &p->k_runs));
}

static bool
begin(struct str bytes, struct plan *p, struct bit_reader *r)
{
	struct proto m;
	proto_init(&m, bytes);
	*p = (struct plan){0};
	if (!get_plan(&m, p))
		return false;
	bits_init(r, m.at, (size_t)(m.end - m.at));
	return true;
}

bool
ints_unpack(struct str bytes, size_t n, int64_t *x)
{
	struct plan p;
	struct bit_reader r;
	struct sink s = {.x = x};
	return begin(bytes, &p, &r) && read_all(r, n, &p, &s);
}

bool
ints_unpack_decimals(struct str bytes, size_t n, double power, double *v)
{
	struct plan p;
	struct bit_reader r;
	struct sink s = {.v = v, .power = power};
	return begin(bytes, &p, &r) && read_all(r, n, &p, &s);
}
