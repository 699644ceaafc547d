/* quote.c — see quote.h. */
#include "base/quote.h"

#include <string.h>

size_t
quote_span(struct str s)
{
	if (s.n == 0 || !strchr("\"'`", s.p[0]) || s.p[0] == '\0')
		return 0;
	char q = s.p[0];
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == q)
			return i + 1;
		if (q != '`' && s.p[i] == '\n')
			return 0;
		if (q != '`' && s.p[i] == '\\')
			i++;
	}
	return 0;
}

/* Takes `n` digits of the base off the front. */
static bool
take_digits(struct str *s, size_t n, unsigned base, uint32_t *out)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t v = 0;
	if (s->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = s->p[i] >= 'A' && s->p[i] <= 'F' ? (char)(s->p[i] | 0x20) : s->p[i];
		const char *at = c ? memchr(digits, c, base) : NULL;
		if (!at)
			return false;
		v = v * base + (uint32_t)(at - digits);
	}
	*s = str_from(*s, n);
	*out = v;
	return true;
}

/* What stands behind a backslash, within a literal that is quoted by q. */
static bool
unescape(struct str *s, char q, struct buf *out)
{
	static const char names[] = "abfnrtv\\", bytes[] = "\a\b\f\n\r\t\v\\";
	if (s->n == 0)
		return false;
	char c = s->p[0];
	const char *name = c ? strchr(names, c) : NULL;
	if (name || c == q) {
		buf_ch(out, name ? bytes[name - names] : q);
		*s = str_from(*s, 1);
		return true;
	}
	uint32_t v;
	if (c >= '0' && c <= '7') {
		if (!take_digits(s, 3, 8, &v) || v > 0xff)
			return false;
		buf_ch(out, (char)v);
		return true;
	}
	*s = str_from(*s, 1);
	if (c == 'x') {
		if (!take_digits(s, 2, 16, &v))
			return false;
		buf_ch(out, (char)v);
		return true;
	}
	if ((c != 'u' && c != 'U') || !take_digits(s, c == 'u' ? 4 : 8, 16, &v) || v > 0x10ffff ||
	    (v >= 0xd800 && v <= 0xdfff))
		return false;
	buf_utf8(out, v);
	return true;
}

bool
quote_parse(struct str literal, struct arena *a, struct str *out)
{
	char q = literal.p[0];
	struct str s = str_n(literal.p + 1, literal.n - 2);
	if (q == '`' || str_chr(s, '\\') < 0) {
		*out = s;
		return true;
	}
	struct buf b = {0};
	bool ok = true;
	while (ok && s.n) {
		ptrdiff_t run = str_chr(s, '\\');
		size_t n = run < 0 ? s.n : (size_t)run;
		buf_add(&b, s.p, n);
		s = str_from(s, n);
		if (s.n) {
			s = str_from(s, 1);
			ok = unescape(&s, q, &b);
		}
	}
	if (ok)
		*out = arena_str(a, buf_view(&b));
	buf_fini(&b);
	return ok;
}

static void
add_ascii(struct buf *b, unsigned char c)
{
	static const char names[] = "abfnrtv\\\"", bytes[] = "\a\b\f\n\r\t\v\\\"";
	const char *at = c ? strchr(bytes, c) : NULL;
	if (at) {
		buf_ch(b, '\\');
		buf_ch(b, names[at - bytes]);
	} else if (c < 0x20 || c >= 0x7f) {
		buf_fmt(b, "\\x%02x", c);
	} else {
		buf_ch(b, (char)c);
	}
}

void
quote_add(struct buf *b, struct str s)
{
	buf_ch(b, '"');
	while (s.n) {
		size_t n = str_utf8_sequence(s);
		if (n > 1) {
			buf_add(b, s.p, n);
		} else {
			add_ascii(b, (unsigned char)s.p[0]);
			n = 1;
		}
		s = str_from(s, n);
	}
	buf_ch(b, '"');
}
