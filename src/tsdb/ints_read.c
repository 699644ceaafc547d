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
	size_t at;   /* the bit that is next */
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

static inline uint64_t
take(struct feed *f, unsigned n)
{
	uint64_t v = bits_low(look(f, f->at), n);
	f->at += n;
	return v;
}

/* Any number, of which `ones` ones were seen at f->at. */
static __attribute__((noinline)) uint64_t
take_far(struct feed *f, unsigned ones, unsigned k)
{
	if (ones < ONES) {
		f->at += ones + 1;
		return (uint64_t)ones << k | take(f, k);
	}
	f->at += ONES;
	unsigned length = (unsigned)take(f, 6) + 1, low = length < 32 ? length : 32;
	uint64_t z = take(f, low);
	return length > 32 ? z | take(f, length - 32) << 32 : z;
}

static inline unsigned
ones_of(uint64_t word)
{
	return (unsigned)__builtin_ctzll(~word | 1ull << ONES);
}

static inline uint64_t
take_rice(struct feed *f, unsigned k)
{
	uint64_t word = look(f, f->at);
	unsigned ones = ones_of(word);
	if (__builtin_expect(ones == ONES || k > K_NEAR, 0))
		return take_far(f, ones, k);
	f->at += ones + 1 + k;
	return (uint64_t)ones << k | bits_low(word >> (ones + 1), k);
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

static inline __attribute__((always_inline)) void
read_differences(struct feed *f, size_t n, const struct plan *p, const struct sink *s)
{
	uint64_t x = p->first;
	give(s, 0, x);
	for (size_t i = 1; i < n; i++) {
		x += (uint64_t)bits_unzigzag(take_rice(f, p->k)) + p->mean;
		give(s, i, x);
	}
}

/* Whether there was a change is not to be foreseen, so there is no branch for it. */
static inline __attribute__((always_inline)) void
read_changes(struct feed *f, size_t n, const struct plan *p, const struct sink *s)
{
	uint64_t x = p->first;
	give(s, 0, x);
	for (size_t i = 1; i < n; i++) {
		uint64_t word = look(f, f->at), changed = word & 1;
		unsigned ones = ones_of(word >> 1);
		uint64_t z = ((uint64_t)ones << p->k | bits_low(word >> 1 >> (ones + 1), p->k)) + 1;
		if (__builtin_expect(changed && (ones == ONES || p->k > K_NEAR - 1), 0)) {
			f->at++;
			z = take_far(f, ones, p->k) + 1;
		} else {
			f->at += 1 + ((ones + 1 + p->k) & -changed);
		}
		x += (uint64_t)bits_unzigzag(z) & -changed;
		give(s, i, x);
	}
}

static inline __attribute__((always_inline)) bool
read_runs(struct feed *f, size_t n, const struct plan *p, const struct sink *s)
{
	uint64_t x = p->first;
	give(s, 0, x);
	for (size_t i = 1;; i++) {
		uint64_t length = take_rice(f, p->k_runs);
		if (length > n - i)
			return false;
		for (size_t end = i + length; i < end; i++)
			give(s, i, x);
		if (i == n)
			return true;
		x += (uint64_t)bits_unzigzag(take_rice(f, p->k) + 1);
		give(s, i, x);
	}
}

static inline __attribute__((always_inline)) void
read_second(struct feed *f, size_t n, const struct plan *p, const struct sink *s)
{
	uint64_t x = p->first, step = p->mean;
	give(s, 0, x);
	if (n > 1)
		give(s, 1, x += step);
	for (size_t i = 2; i < n; i++) {
		step += (uint64_t)bits_unzigzag(take_rice(f, p->k));
		give(s, i, x += step);
	}
}

static inline __attribute__((always_inline)) void
read_around(struct feed *f, size_t n, const struct plan *p, const struct sink *s)
{
	for (size_t i = 0; i < n; i++)
		give(s, i, p->mean + (uint64_t)bits_unzigzag(take_rice(f, p->k)));
}

/* Once for integers and once for doubles. */
static inline __attribute__((always_inline)) bool
read_all(struct feed *f, size_t n, const struct plan *p, const struct sink *s)
{
	bool good = true;
	switch (p->way) {
	case WAY_ONE:
		for (size_t i = 0; i < n; i++)
			give(s, i, p->first);
		return true;
	case WAY_DIFFERENCES: read_differences(f, n, p, s); break;
	case WAY_CHANGES: read_changes(f, n, p, s); break;
	case WAY_RUNS: good = read_runs(f, n, p, s); break;
	case WAY_SECOND: read_second(f, n, p, s); break;
	case WAY_AROUND: read_around(f, n, p, s); break;
	}
	return good && f->at <= f->bytes * 8;
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
	return begin(bytes, &p, &f) && read_all(&f, n, &p, &s);
}

bool
ints_unpack_decimals(struct str bytes, size_t n, double power, double *v)
{
	struct plan p;
	struct feed f;
	struct sink s = {.v = v, .power = power};
	return begin(bytes, &p, &f) && read_all(&f, n, &p, &s);
}
