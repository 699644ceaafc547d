/* xor.c — see xor.h. */
#include "wire/xor.h"

#include <string.h>

#include "base/must.h"
#include "wire/bitstream.h"

enum { COUNT_BYTES = 2, COUNT_MAX = 65535 };

/* ---- reading ---- */

static uint64_t
take_varint(struct bitstream *b)
{
	uint64_t x = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint64_t byte = bitstream_take(b, 8);
		x |= (byte & 0x7f) << shift;
		if (byte < 0x80)
			return x;
	}
	b->cut = true;
	return 0;
}

static int64_t
unzigzag(uint64_t x)
{
	return (int64_t)(x >> 1) ^ -(int64_t)(x & 1);
}

/* The change of a difference. */
static int64_t
take_change(struct bitstream *b)
{
	static const unsigned widths[] = {14, 17, 20, 64};
	unsigned ones = 0;
	while (ones < 4 && bitstream_take(b, 1))
		ones++;
	if (!ones)
		return 0;
	unsigned width = widths[ones - 1];
	uint64_t x = bitstream_take(b, width);
	if (width < 64 && x > (uint64_t)1 << (width - 1))
		x -= (uint64_t)1 << width;
	return (int64_t)x;
}

size_t
xor_count(struct str chunk)
{
	const unsigned char *p = (const unsigned char *)chunk.p;
	return chunk.n < COUNT_BYTES ? 0 : (size_t)p[0] << 8 | p[1];
}

bool
xor_read(struct str chunk, int64_t *t, double *v)
{
	struct str rest = chunk.n < COUNT_BYTES ? chunk : str_from(chunk, COUNT_BYTES);
	struct bitstream b = {.p = (const unsigned char *)rest.p, .n = rest.n * 8};
	struct bitstream_window w = {0};
	size_t n = xor_count(chunk);
	uint64_t difference = 0, value = 0;
	for (size_t i = 0; i < n && !b.cut; i++) {
		if (i == 0) {
			t[0] = unzigzag(take_varint(&b));
			value = bitstream_take(&b, 64);
		} else {
			difference = i == 1 ? take_varint(&b) : difference + (uint64_t)take_change(&b);
			t[i] = (int64_t)((uint64_t)t[i - 1] + difference);
			value = bitstream_take_xor(&b, &w, value);
		}
		memcpy(&v[i], &value, sizeof value);
	}
	return !b.cut && chunk.n >= COUNT_BYTES;
}

/* ---- writing ---- */

struct writer {
	struct buf *out;
	unsigned free; /* bits of the last byte that are not used */
};

static void
put(struct writer *w, uint64_t x, unsigned n)
{
	while (n) {
		if (!w->free) {
			buf_ch(w->out, '\0');
			w->free = 8;
		}
		unsigned some = n < w->free ? n : w->free;
		uint64_t part = x >> (n - some) & (((uint64_t)1 << some) - 1);
		w->out->p[w->out->n - 1] |= (char)(part << (w->free - some));
		w->free -= some;
		n -= some;
	}
}

static void
put_varint(struct writer *w, uint64_t x)
{
	for (; x >= 0x80; x >>= 7)
		put(w, (x & 0x7f) | 0x80, 8);
	put(w, x, 8);
}

/* In so many bits, as Prometheus reads them: -(2^(n-1)) + 1 … 2^(n-1). */
static bool
fits(int64_t x, unsigned n)
{
	return x >= -(((int64_t)1 << (n - 1)) - 1) && x <= (int64_t)1 << (n - 1);
}

static void
put_change(struct writer *w, int64_t x)
{
	if (x == 0)
		put(w, 0, 1);
	else if (fits(x, 14))
		put(w, 2, 2), put(w, (uint64_t)x, 14);
	else if (fits(x, 17))
		put(w, 6, 3), put(w, (uint64_t)x, 17);
	else if (fits(x, 20))
		put(w, 14, 4), put(w, (uint64_t)x, 20);
	else
		put(w, 15, 4), put(w, (uint64_t)x, 64);
}

static void
put_value(struct writer *w, struct bitstream_window *win, uint64_t before, uint64_t now)
{
	uint64_t x = before ^ now;
	put(w, x != 0, 1);
	if (!x)
		return;
	unsigned leading = (unsigned)__builtin_clzll(x), trailing = (unsigned)__builtin_ctzll(x);
	leading = leading > 31 ? 31 : leading;
	bool inside = win->length && leading >= win->leading && trailing >= 64 - win->leading - win->length;
	put(w, !inside, 1);
	if (!inside) {
		*win = (struct bitstream_window){leading, 64 - leading - trailing};
		put(w, win->leading, 5);
		put(w, win->length & 63, 6);
	}
	put(w, x >> (64 - win->leading - win->length), win->length);
}

void
xor_write(struct buf *out, const int64_t *t, const double *v, size_t n)
{
	struct writer w = {.out = out};
	struct bitstream_window window = {0};
	uint64_t before = 0, now, difference = 0, step;
	must(n <= COUNT_MAX);
	put(&w, n, 16);
	for (size_t i = 0; i < n; i++) {
		memcpy(&now, &v[i], sizeof now);
		step = i ? (uint64_t)t[i] - (uint64_t)t[i - 1] : 0;
		if (i == 0) {
			put_varint(&w, (uint64_t)t[0] << 1 ^ (uint64_t)(t[0] >> 63));
			put(&w, now, 64);
		} else {
			if (i == 1)
				put_varint(&w, step);
			else
				put_change(&w, (int64_t)(step - difference));
			put_value(&w, &window, before, now);
		}
		difference = step;
		before = now;
	}
}
