/* histogram_chunk.c — see histogram_chunk.h. */
#include "wire/histogram_chunk.h"

#include <math.h>
#include <string.h>

#include "wire/bitstream.h"

enum { HEAD = 3, GAUGE = 3, SPANS_MAX = 10000, BUCKETS_MAX = 20000, THRESHOLD_BIAS = 243, THRESHOLD_WHOLE = 255 };
#define STALE_BITS 0x7ff0000000000002ull

/* One number on its way through the samples. */
struct track {
	uint64_t now, difference;
	struct bitstream_window window; /* of a float */
};
struct tracks {
	struct track *p;
	size_t n;
};
struct chunk {
	struct bitstream bits;
	struct arena *arena;
	bool integers;
	struct histogram h;
	struct track t, count, zero_count, sum;
	struct tracks positive, negative;
};

/* ---- numbers ---- */

/* How many bits follow. */
static unsigned
take_width(struct bitstream *b)
{
	static const unsigned widths[] = {0, 3, 6, 9, 12, 18, 25, 56, 64};
	unsigned ones = 0;
	while (ones < 8 && bitstream_take(b, 1))
		ones++;
	return widths[ones];
}

static uint64_t
take_unsigned(struct bitstream *b)
{
	return bitstream_take(b, take_width(b));
}

/* Half of the numbers of a width, and one more, are positive. */
static int64_t
take_signed(struct bitstream *b)
{
	unsigned width = take_width(b);
	uint64_t x = bitstream_take(b, width);
	if (width && width < 64 && x > (uint64_t)1 << (width - 1))
		x -= (uint64_t)1 << width;
	return (int64_t)x;
}

static double
as_f64(uint64_t bits)
{
	double v;
	memcpy(&v, &bits, sizeof v);
	return v;
}

static double
take_threshold(struct bitstream *b)
{
	unsigned byte = (unsigned)bitstream_take(b, 8);
	if (byte == 0)
		return 0;
	return byte == THRESHOLD_WHOLE ? as_f64(bitstream_take(b, 64)) : ldexp(0.5, (int)byte - THRESHOLD_BIAS);
}

/* A whole number of thousandths, plus one; or 0 and the bound as it is. */
static double
take_bound(struct bitstream *b)
{
	uint64_t x = take_unsigned(b);
	return x ? (double)(x - 1) / 1000 : as_f64(bitstream_take(b, 64));
}

/* ---- layout ---- */

static bool
take_spans(struct chunk *c, struct histogram_side *side, struct tracks *tracks)
{
	uint64_t n = take_unsigned(&c->bits), buckets = 0;
	if (c->bits.cut || n > SPANS_MAX)
		return false;
	side->spans = arena_array(c->arena, struct histogram_span, n + 1);
	for (; side->n_spans < n; side->n_spans++) {
		uint64_t length = take_unsigned(&c->bits);
		int64_t offset = take_signed(&c->bits);
		if (length > BUCKETS_MAX || (buckets += length) > BUCKETS_MAX || offset != (int32_t)offset)
			return false;
		side->spans[side->n_spans] = (struct histogram_span){(int32_t)offset, (uint32_t)length};
	}
	side->n = tracks->n = buckets;
	side->counts = arena_array(c->arena, double, buckets + 1);
	tracks->p = arena_array(c->arena, struct track, buckets + 1);
	return !c->bits.cut;
}

static bool
take_custom(struct chunk *c)
{
	uint64_t n = c->h.schema == HISTOGRAM_CUSTOM ? take_unsigned(&c->bits) : 0;
	if (c->bits.cut || n > BUCKETS_MAX)
		return false;
	c->h.custom = arena_array(c->arena, double, n + 1);
	for (; c->h.n_custom < n; c->h.n_custom++)
		c->h.custom[c->h.n_custom] = take_bound(&c->bits);
	return !c->bits.cut;
}

static bool
take_layout(struct chunk *c)
{
	c->h.zero_threshold = take_threshold(&c->bits);
	int64_t schema = take_signed(&c->bits);
	if (schema != (int32_t)schema)
		return false;
	c->h.schema = (int)schema;
	return take_spans(c, &c->h.positive, &c->positive) && take_spans(c, &c->h.negative, &c->negative) && take_custom(c);
}

/* ---- samples ---- */

static void
follow(struct chunk *c, struct track *k)
{
	k->difference += (uint64_t)take_signed(&c->bits);
	k->now += k->difference;
}

static void
follow_float(struct chunk *c, struct track *k)
{
	k->now = bitstream_take_xor(&c->bits, &k->window, k->now);
}

static void
begin_buckets(struct chunk *c, struct tracks *all)
{
	for (size_t i = 0; i < all->n; i++)
		all->p[i].now = c->integers ? (uint64_t)take_signed(&c->bits) : bitstream_take(&c->bits, 64);
}

static void
follow_buckets(struct chunk *c, struct tracks *all)
{
	for (size_t i = 0; i < all->n; i++)
		(c->integers ? follow : follow_float)(c, &all->p[i]);
}

static void
first_sample(struct chunk *c)
{
	c->t.now = (uint64_t)take_signed(&c->bits);
	c->count.now = c->integers ? take_unsigned(&c->bits) : bitstream_take(&c->bits, 64);
	c->zero_count.now = c->integers ? take_unsigned(&c->bits) : bitstream_take(&c->bits, 64);
	c->sum.now = bitstream_take(&c->bits, 64);
	begin_buckets(c, &c->positive);
	begin_buckets(c, &c->negative);
}

/* One that says the end has no buckets. */
static void
next_sample(struct chunk *c)
{
	void (*step)(struct chunk *, struct track *) = c->integers ? follow : follow_float;
	follow(c, &c->t);
	step(c, &c->count);
	step(c, &c->zero_count);
	follow_float(c, &c->sum);
	if (c->sum.now == STALE_BITS)
		return;
	follow_buckets(c, &c->positive);
	follow_buckets(c, &c->negative);
}

static void
put_counts(const struct chunk *c, const struct tracks *all, struct histogram_side *side)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < all->n; i++) {
		sum += all->p[i].now;
		side->counts[i] = c->integers ? (double)(int64_t)sum : as_f64(all->p[i].now);
	}
}

static const struct histogram *
histogram_of(struct chunk *c)
{
	struct histogram *h = &c->h;
	h->integer = c->integers;
	h->count = c->integers ? (double)c->count.now : as_f64(c->count.now);
	h->zero_count = c->integers ? (double)c->zero_count.now : as_f64(c->zero_count.now);
	h->sum = as_f64(c->sum.now);
	put_counts(c, &c->positive, &h->positive);
	put_counts(c, &c->negative, &h->negative);
	return h;
}

static bool
read_all(struct chunk *c, size_t n, void (*fn)(void *, int64_t, const struct histogram *), void *arg)
{
	for (size_t i = 0; i < n; i++) {
		if (i == 0 && !take_layout(c))
			return false;
		(i ? next_sample : first_sample)(c);
		if (c->bits.cut)
			return false;
		bool over = c->sum.now == STALE_BITS;
		if (!over && histogram_check(histogram_of(c), NULL) != RC_OK)
			return false;
		fn(arg, (int64_t)c->t.now, over ? NULL : &c->h);
	}
	return true;
}

bool
histogram_chunk_read(int encoding, struct str bytes, void (*fn)(void *, int64_t, const struct histogram *), void *arg)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	if (bytes.n < HEAD)
		return false;
	struct chunk c = {.bits = {p + HEAD, (bytes.n - HEAD) * 8}, .arena = arena_create(), .integers = encoding == HISTOGRAM_CHUNK_INTEGERS};
	c.h.hint = p[2] >> 6 == GAUGE ? HISTOGRAM_GAUGE : HISTOGRAM_UNKNOWN;
	bool good = read_all(&c, (size_t)p[0] << 8 | p[1], fn, arg);
	arena_destroy(&c.arena);
	return good;
}
