/*
 * ints_read.c — unpacking; see ints.h.
 *
 * IDEA   Where the next number begins is known when the one before is read, so what a number costs is the way from a
 *        position to the next one: a load, a count of ones, two additions.  Everything else (adding up, making a double,
 *        dividing by the power of ten) goes on beside it and costs nothing; that is why doubles are made in here.
 * [R1]   No byte outside is read: the last eight come from a copy with noughts behind, and behind those are noughts.
 *        Whoever went beyond the end is found out when all are read.
 */
#include "tsdb/ints.h"

#include "tsdb/bits.h"
#include "tsdb/ints_format.h"
#include "wire/proto.h"

/* A number of this many low bits, its ones and a mark before it are in one look. */
enum { K_NEAR = 36, LOOK = 57 };

struct feed {
	const unsigned char *p;
	size_t safe; /* from this byte on it is the copy that is looked at */
	size_t bytes;
	unsigned char last[16];
};

static void
feed_init(struct feed *f, const unsigned char *p, size_t n)
{
	*f = (struct feed){.p = p, .bytes = n, .safe = n > 8 ? n - 8 : 0};
	if (n)
		memcpy(f->last, p + f->safe, n - f->safe);
}

/* The next LOOK bits at least. */
static inline uint64_t
look(const struct feed *f, size_t at)
{
	size_t byte = at >> 3;
	if (__builtin_expect(byte < f->safe, 1))
		return bits_load(f->p + byte) >> (at & 7);
	return byte < f->bytes ? bits_load(f->last + (byte - f->safe)) >> (at & 7) : 0;
}

/* A number, and the bit behind it: together, so that the place stays in a register. */
struct taken {
	uint64_t z;
	size_t at;
};

/* `n` bits that are known to be few. */
static inline struct taken
take(const struct feed *f, size_t at, unsigned n)
{
	return (struct taken){bits_low(look(f, at), n), at + n};
}

/* Any number, of which `ones` ones were seen. */
static __attribute__((noinline)) struct taken
take_far(const struct feed *f, size_t at, unsigned ones, unsigned k)
{
	if (ones < ONES) {
		struct taken low = take(f, at + ones + 1, k);
		return (struct taken){(uint64_t)ones << k | low.z, low.at};
	}
	struct taken length = take(f, at + ONES, 6);
	unsigned n = (unsigned)length.z + 1;
	struct taken low = take(f, length.at, n < 32 ? n : 32);
	if (n <= 32)
		return low;
	struct taken high = take(f, low.at, n - 32);
	return (struct taken){low.z | high.z << 32, high.at};
}

static inline unsigned
ones_of(uint64_t word)
{
	return (unsigned)__builtin_ctzll(~word | 1ull << ONES);
}

static inline __attribute__((always_inline)) struct taken
take_rice(const struct feed *f, size_t at, unsigned k)
{
	uint64_t word = look(f, at);
	unsigned ones = ones_of(word);
	if (__builtin_expect(ones == ONES || k > K_NEAR, 0))
		return take_far(f, at, ones, k);
	return (struct taken){(uint64_t)ones << k | bits_low(word >> (ones + 1), k), at + ones + 1 + k};
}

/* ---- what becomes of them ---- */

/* Integers, or doubles: integer / power. */
struct sink {
	int64_t *x;
	double *v;
	double power;
};

static inline __attribute__((always_inline)) void
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

/* Each gives the bit behind the last number. */
#define READS static inline __attribute__((always_inline)) size_t

READS
read_differences(const struct feed *f, size_t n, const struct plan *p, const struct sink *s)
{
	uint64_t x = p->first, mean = p->mean;
	struct taken r = {0};
	unsigned k = p->k;
	give(s, 0, x);
	for (size_t i = 1; i < n; i++) {
		r = take_rice(f, r.at, k);
		x += (uint64_t)bits_unzigzag(r.z) + mean;
		give(s, i, x);
	}
	return r.at;
}

/* Whether there was a change is not to be foreseen, so there is no branch for it. */
READS
read_changes(const struct feed *f, size_t n, const struct plan *p, const struct sink *s)
{
	uint64_t x = p->first;
	size_t at = 0;
	unsigned k = p->k;
	give(s, 0, x);
	for (size_t i = 1; i < n; i++) {
		uint64_t word = look(f, at), changed = word & 1;
		unsigned ones = ones_of(word >> 1);
		struct taken r = {(uint64_t)ones << k | bits_low(word >> 1 >> (ones + 1), k), at + 1 + ((ones + 1 + k) & -changed)};
		if (__builtin_expect(changed && (ones == ONES || k > K_NEAR - 1), 0))
			r = take_far(f, at + 1, ones, k);
		at = r.at;
		x += (uint64_t)bits_unzigzag(r.z + 1) & -changed;
		give(s, i, x);
	}
	return at;
}

READS
read_runs(const struct feed *f, size_t n, const struct plan *p, const struct sink *s)
{
	uint64_t x = p->first;
	struct taken r = {0};
	give(s, 0, x);
	for (size_t i = 1;; i++) {
		r = take_rice(f, r.at, p->k_runs);
		if (r.z > n - i)
			return SIZE_MAX;
		for (size_t end = i + r.z; i < end; i++)
			give(s, i, x);
		if (i == n)
			return r.at;
		r = take_rice(f, r.at, p->k);
		x += (uint64_t)bits_unzigzag(r.z + 1);
		give(s, i, x);
	}
}

READS
read_second(const struct feed *f, size_t n, const struct plan *p, const struct sink *s)
{
	uint64_t x = p->first, step = p->mean;
	struct taken r = {0};
	unsigned k = p->k;
	give(s, 0, x);
	if (n > 1)
		give(s, 1, x += step);
	for (size_t i = 2; i < n; i++) {
		r = take_rice(f, r.at, k);
		step += (uint64_t)bits_unzigzag(r.z);
		give(s, i, x += step);
	}
	return r.at;
}

READS
read_around(const struct feed *f, size_t n, const struct plan *p, const struct sink *s)
{
	struct taken r = {0};
	unsigned k = p->k;
	for (size_t i = 0; i < n; i++) {
		r = take_rice(f, r.at, k);
		give(s, i, p->mean + (uint64_t)bits_unzigzag(r.z));
	}
	return r.at;
}

/* Once for integers and once for doubles. */
READS
read_all(const struct feed *f, size_t n, const struct plan *p, const struct sink *s)
{
	switch (p->way) {
	case WAY_ONE: break;
	case WAY_DIFFERENCES: return read_differences(f, n, p, s);
	case WAY_CHANGES: return read_changes(f, n, p, s);
	case WAY_RUNS: return read_runs(f, n, p, s);
	case WAY_SECOND: return read_second(f, n, p, s);
	case WAY_AROUND: return read_around(f, n, p, s);
	}
	for (size_t i = 0; i < n; i++)
		give(s, i, p->first);
	return 0;
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
begin(struct str bytes, struct plan *p, struct feed *f)
{
	struct proto m;
	proto_init(&m, bytes);
	*p = (struct plan){0};
	if (!get_plan(&m, p))
		return false;
	feed_init(f, m.at, (size_t)(m.end - m.at));
	return true;
}

bool
ints_unpack(struct str bytes, size_t n, int64_t *x)
{
	struct plan p;
	struct feed f;
	struct sink s = {.x = x};
	return begin(bytes, &p, &f) && read_all(&f, n, &p, &s) <= f.bytes * 8;
}

bool
ints_unpack_decimals(struct str bytes, size_t n, double power, double *v)
{
	struct plan p;
	struct feed f;
	struct sink s = {.v = v, .power = power};
	return begin(bytes, &p, &f) && read_all(&f, n, &p, &s) <= f.bytes * 8;
}
