/* buf.c — see buf.h. */
#include "base/buf.h"

#include "base/f64.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "base/number.h"

void
buf_fini(struct buf *b)
{
	mem_free(b->p);
	*b = (struct buf){0};
}

void
buf_clear(struct buf *b)
{
	buf_cut(b, 0);
}

char *
buf_room(struct buf *b, size_t n)
{
	size_t need = b->n + n + 1;
	if (need > b->cap) {
		size_t cap = b->cap ? b->cap : 64;
		while (cap < need)
			cap *= 2;
		b->p = mem_resize(b->p, cap);
		b->cap = cap;
	}
	return b->p + b->n;
}

void
buf_grew(struct buf *b, size_t n)
{
	must(b->n + n < b->cap);
	b->n += n;
	b->p[b->n] = '\0';
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	char *at = buf_room(b, n);
	if (n)
		memcpy(at, p, n);
	buf_grew(b, n);
}

void
buf_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

void
buf_c(struct buf *b, const char *cstr)
{
	buf_add(b, cstr, strlen(cstr));
}

void
buf_ch(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_vfmt(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	must(n >= 0);
	vsnprintf(buf_room(b, (size_t)n), (size_t)n + 1, fmt, again);
	va_end(again);
	buf_grew(b, (size_t)n);
}

void
buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	buf_vfmt(b, fmt, ap);
	va_end(ap);
}

void
buf_i64(struct buf *b, int64_t v)
{
	char *p = buf_room(b, NUMBER_TEXT);
	buf_grew(b, (size_t)(number_i64(p, v) - p));
}

int
f64_sci(double v, char *out, size_t size)
{
	int n = f64_shortest(v, out, size), digits = 0;
	must(n > 0);
	for (const char *p = out; *p && *p != 'e'; p++)
		digits += *p >= '0' && *p <= '9';
	return digits;
}

void
buf_f64(struct buf *b, double v)
{
	char *p = buf_room(b, NUMBER_TEXT);
	buf_grew(b, (size_t)(number_f64(p, v) - p));
}

void
buf_f64_short(struct buf *b, double v)
{
	char sci[40];
	const char *e;
	if (!isfinite(v) || v == 0) {
		buf_f64(b, v);
		return;
	}
	f64_sci(v, sci, sizeof sci);
	e = strchr(sci, 'e');
	long exp = e ? strtol(e + 1, NULL, 10) : 0;
	if (exp < -4 || exp >= 6)
		buf_c(b, sci);
	else
		buf_f64(b, v);
}

void
buf_f64_plain(struct buf *b, double v)
{
	char sci[40], digits[24];
	size_t n = 0;
	if (v == 0 || !isfinite(v)) {
		buf_f64(b, v);
		return;
	}
	f64_sci(v, sci, sizeof sci);
	const char *p = sci + (*sci == '-');
	for (; *p != 'e'; p++)
		if (*p != '.')
			digits[n++] = *p;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	long exp = strtol(p + 1, NULL, 10);
	if (v < 0)
		buf_ch(b, '-');
	if (exp < 0)
		buf_c(b, "0.");
	for (long i = -1; i > exp; i--)
		buf_ch(b, '0');
	for (long i = 0; i < (long)n || i <= exp; i++) {
		if (exp >= 0 && i == exp + 1)
			buf_ch(b, '.');
		buf_ch(b, i < (long)n ? digits[i] : '0');
	}
}

void
buf_utf8(struct buf *b, uint32_t c)
{
	char out[4];
	size_t n = 0;
	if (c < 0x80) {
		out[n++] = (char)c;
	} else if (c < 0x800) {
		out[n++] = (char)(0xc0 | c >> 6);
		out[n++] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		out[n++] = (char)(0xe0 | c >> 12);
		out[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		out[n++] = (char)(0x80 | (c & 0x3f));
	} else {
		out[n++] = (char)(0xf0 | c >> 18);
		out[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		out[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		out[n++] = (char)(0x80 | (c & 0x3f));
	}
	buf_add(b, out, n);
}

void
buf_cut(struct buf *b, size_t n)
{
	if (n < b->n) {
		b->n = n;
		b->p[n] = '\0';
	}
}

void
buf_drop(struct buf *b, size_t n)
{
	must(n <= b->n);
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->n - n);
	buf_cut(b, b->n - n);
}

void
buf_u8(struct buf *b, uint8_t v)
{
	buf_add(b, &v, 1);
}

void
buf_u32(struct buf *b, uint32_t v)
{
	unsigned char be[4] = {(unsigned char)(v >> 24), (unsigned char)(v >> 16), (unsigned char)(v >> 8), (unsigned char)v};
	buf_add(b, be, sizeof be);
}

void
buf_u64(struct buf *b, uint64_t v)
{
	buf_u32(b, (uint32_t)(v >> 32));
	buf_u32(b, (uint32_t)v);
}

void
buf_field(struct buf *b, struct str s)
{
	buf_u32(b, (uint32_t)s.n);
	buf_str(b, s);
}
