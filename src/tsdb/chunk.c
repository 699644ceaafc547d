/* chunk.c — see chunk.h. */
#include "tsdb/chunk.h"

#include <endian.h>
#include <string.h>

static uint64_t
bits_of(double v)
{
	uint64_t u;
	memcpy(&u, &v, sizeof u);
	return u;
}

/* ---- bits ---- */

struct writer {
	struct buf *out;
	uint64_t word; /* its `n` low bits wait */
	unsigned n;
};

/* At most 56 bits. */
static void
put(struct writer *w, uint64_t v, unsigned n)
{
	w->word = w->word << n | (v & ((1ull << n) - 1));
	w->n += n;
	while (w->n >= 8) {
		w->n -= 8;
		buf_ch(w->out, (char)(w->word >> w->n));
	}
}

static void
put64(struct writer *w, uint64_t v)
{
	put(w, v >> 32, 32);
	put(w, v, 32);
}

static void
put_end(struct writer *w)
{
	if (w->n)
		put(w, 0, 8 - w->n);
}

struct reader {
	const unsigned char *p, *end;
	uint64_t word; /* its `n` high bits are next */
	unsigned n;
	bool failed;
};

static inline void
refill(struct reader *r)
{
	if (r->end - r->p >= 8) {
		uint64_t next;
		memcpy(&next, r->p, sizeof next);
		r->word |= be64toh(next) >> r->n; /* what is more than whole bytes comes again, the same */
		unsigned bytes = (63 - r->n) / 8;
		r->p += bytes;
		r->n += bytes * 8;
		return;
	}
	for (; r->n <= 56 && r->p < r->end; r->n += 8)
		r->word |= (uint64_t)*r->p++ << (56 - r->n);
}

/* 1 to 56 bits. */
static inline uint64_t
get(struct reader *r, unsigned n)
{
	if (r->n < n)
		refill(r);
	if (r->n < n) {
		r->failed = true;
		return 0;
	}
	uint64_t v = r->word >> (64 - n);
	r->word <<= n;
	r->n -= n;
	return v;
}

static uint64_t
get64(struct reader *r)
{
	uint64_t high = get(r, 32);
	return high << 32 | get(r, 32);
}

/* ---- times: 0 | 10 14 bits | 110 17 | 1110 20 | 1111 64 ---- */

static const struct {
	uint64_t mark;
	unsigned mark_bits, bits;
} widths[] = {{2, 2, 14}, {6, 3, 17}, {14, 4, 20}};

static void
put_time(struct writer *w, int64_t change)
{
	if (change == 0) {
		put(w, 0, 1);
		return;
	}
	for (size_t i = 0; i < 3; i++) {
		int64_t half = 1ll << (widths[i].bits - 1);
		if (change >= -half && change < half) {
			put(w, widths[i].mark, widths[i].mark_bits);
			put(w, (uint64_t)change, widths[i].bits);
			return;
		}
	}
	put(w, 15, 4);
	put64(w, (uint64_t)change);
}

static int64_t
get_time(struct reader *r)
{
	if (!get(r, 1))
		return 0;
	for (size_t i = 0; i < 3; i++) {
		if (get(r, 1))
			continue;
		unsigned shift = 64 - widths[i].bits;
		return (int64_t)(get(r, widths[i].bits) << shift) >> shift;
	}
	return (int64_t)get64(r);
}

/* ---- values: 0 same | 10 within the last window | 11 leading(5) length-1(6) ---- */

struct window {
	unsigned leading, length; /* length 0: none yet */
};

static void
put_value(struct writer *w, struct window *win, uint64_t x)
{
	if (x == 0) {
		put(w, 0, 1);
		return;
	}
	unsigned leading = (unsigned)__builtin_clzll(x), trailing = (unsigned)__builtin_ctzll(x);
	if (leading > 31)
		leading = 31;
	unsigned keep = 64 - win->leading - win->length;
	if (win->length && leading >= win->leading && trailing >= keep) {
		put(w, 2, 2);
	} else {
		*win = (struct window){leading, 64 - leading - trailing};
		keep = trailing;
		put(w, 3, 2);
		put(w, leading, 5);
		put(w, win->length - 1, 6);
	}
	x >>= keep;
	if (win->length > 32)
		put(w, x >> 32, win->length - 32);
	put(w, x, win->length > 32 ? 32 : win->length);
}

static uint64_t
get_value(struct reader *r, struct window *win)
{
	if (!get(r, 1))
		return 0;
	if (get(r, 1)) {
		win->leading = (unsigned)get(r, 5);
		win->length = (unsigned)get(r, 6) + 1;
		if (win->leading + win->length > 64)
			r->failed = true;
	}
	if (r->failed || win->length == 0) {
		r->failed = true;
		return 0;
	}
	uint64_t x = win->length > 32 ? get(r, win->length - 32) << 32 | get(r, 32) : get(r, win->length);
	return x << (64 - win->leading - win->length);
}

/* ---- chunks ---- */

void
chunk_encode(const int64_t *t, const double *v, size_t n, struct buf *out)
{
	struct writer w = {.out = out};
	struct window win = {0};
	int64_t step = 0;
	put64(&w, (uint64_t)t[0]);
	put64(&w, bits_of(v[0]));
	for (size_t i = 1; i < n; i++) {
		int64_t next = (int64_t)((uint64_t)t[i] - (uint64_t)t[i - 1]);
		put_time(&w, (int64_t)((uint64_t)next - (uint64_t)step));
		put_value(&w, &win, bits_of(v[i]) ^ bits_of(v[i - 1]));
		step = next;
	}
	put_end(&w);
}

bool
chunk_decode(struct str bytes, size_t n, int64_t *t, double *v)
{
	struct reader r = {
	    .p = (const unsigned char *)bytes.p, .end = (const unsigned char *)bytes.p + bytes.n};
	struct window win = {0};
	uint64_t time = get64(&r), step = 0, u = get64(&r);
	for (size_t i = 0; i < n && !r.failed; i++) {
		if (i > 0) {
			step += (uint64_t)get_time(&r);
			time += step;
			u ^= get_value(&r, &win);
		}
		t[i] = (int64_t)time;
		memcpy(&v[i], &u, sizeof u);
	}
	return !r.failed;
}
