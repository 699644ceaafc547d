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

#include "tsdb/feed.h"
#include "tsdb/ints_format.h"
#include "wire/proto.h"

/* A number, and the feed behind it. */
struct taken {
	uint64_t z;
	struct feed f;
};

/* Any number. */
static __attribute__((noinline)) struct taken
take_far(struct feed f, unsigned k)
{
	struct bit_reader r = reader_of(f);
	uint64_t ones = bits_get_ones(&r, ONES), z;
	if (ones < ONES)
		z = ones << k | bits_get(&r, k);
	else
		z = bits_get_wide(&r, (unsigned)bits_get(&r, 6) + 1);
	return (struct taken){z, feed_of(&r)};
}

INLINE uint64_t
take_rice(struct feed *f, unsigned k)
{
	unsigned ones = ones_of(f->bits), bits = ones + 1 + k;
	if (__builtin_expect(bits > f->n, 0)) {
		feed_fill(f);
		ones = ones_of(f->bits);
		bits = ones + 1 + k;
		if (__builtin_expect(bits > f->n, 0))
			ones = ONES;
	}
	if (__builtin_expect(ones >= ONES, 0)) {
		struct taken t = take_far(*f, k);
		*f = t.f;
		return t.z;
	}
	uint64_t z = (uint64_t)ones << k | low_behind(f->bits, ones + 1, k);
	feed_skip(f, bits);
	return z;
}

/* The same behind a bit that says whether there is a number: 0, or the number and one. */
INLINE uint64_t
take_change(struct feed *f, unsigned k)
{
	unsigned changed = ~(unsigned)f->bits & 1, ones = ones_of(f->bits >> 1), bits = 1 + ((ones + 1 + k) & -changed);
	if (__builtin_expect(bits > f->n, 0)) {
		feed_fill(f);
		changed = ~(unsigned)f->bits & 1;
		ones = ones_of(f->bits >> 1);
		bits = 1 + ((ones + 1 + k) & -changed);
		if (__builtin_expect(bits > f->n, 0))
			ones = ONES;
	}
	if (__builtin_expect(ones >= ONES, 0)) {
		struct bit_reader r = reader_of(*f);
		changed = bits_get(&r, 1);
		struct taken t = changed ? take_far(feed_of(&r), k) : (struct taken){.f = feed_of(&r)};
		*f = t.f;
		return t.z + changed;
	}
	uint64_t z = ((uint64_t)ones << k | low_behind(f->bits, ones + 2, k)) + 1;
	feed_skip(f, bits);
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
read_differences(struct feed f, size_t n, const struct plan *p, const struct sink *s)
{
	uint64_t x = p->first, mean = p->mean;
	unsigned k = p->k;
	give(s, 0, x);
	for (size_t i = 1; i < n; i++) {
		x += (uint64_t)bits_unzigzag(take_rice(&f, k)) + mean;
		give(s, i, x);
	}
	return !f.failed;
}

/* Whether there was a change is not to be foreseen, so there is no branch for it: no change is a change by nothing. */
INLINE bool
read_changes(struct feed f, size_t n, const struct plan *p, const struct sink *s)
{
	uint64_t x = p->first;
	unsigned k = p->k;
	give(s, 0, x);
	for (size_t i = 1; i < n; i++) {
		x += (uint64_t)bits_unzigzag(take_change(&f, k));
		give(s, i, x);
	}
	return !f.failed;
}

INLINE bool
read_runs(struct feed f, size_t n, const struct plan *p, const struct sink *s)
{
	uint64_t x = p->first;
	give(s, 0, x);
	for (size_t i = 1;; i++) {
		uint64_t length = take_rice(&f, p->k_runs);
		if (f.failed || length > n - i)
			return false;
		for (size_t end = i + length; i < end; i++)
			give(s, i, x);
		if (i == n)
			return true;
		x += (uint64_t)bits_unzigzag(take_rice(&f, p->k) + 1);
		give(s, i, x);
	}
}

INLINE bool
read_second(struct feed f, size_t n, const struct plan *p, const struct sink *s)
{
	uint64_t x = p->first, step = p->mean;
	unsigned k = p->k;
	give(s, 0, x);
	if (n > 1)
		give(s, 1, x += step);
	for (size_t i = 2; i < n; i++) {
		step += (uint64_t)bits_unzigzag(take_rice(&f, k));
		give(s, i, x += step);
	}
	return !f.failed;
}

INLINE bool
read_around(struct feed f, size_t n, const struct plan *p, const struct sink *s)
{
	unsigned k = p->k;
	for (size_t i = 0; i < n; i++)
		give(s, i, p->mean + (uint64_t)bits_unzigzag(take_rice(&f, k)));
	return !f.failed;
}

/* Once for integers and once for doubles. */
INLINE bool
read_all(struct feed f, size_t n, const struct plan *p, const struct sink *s)
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
	return begin(bytes, &p, &f) && read_all(f, n, &p, &s);
}

bool
ints_unpack_decimals(struct str bytes, size_t n, double power, double *v)
{
	struct plan p;
	struct feed f;
	struct sink s = {.v = v, .power = power};
	return begin(bytes, &p, &f) && read_all(f, n, &p, &s);
}
