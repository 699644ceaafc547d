/*
 * format.c — Go's Sprintf over values, and Go's time layouts.
 *
 * A wrong verb is not an error in Go but a text: %!d(string=hi), %!d(MISSING), %!(EXTRA int=1).
 */
#include <math.h>
#include <string.h>

#include "base/quote.h"
#include "tmpl/run.h"

struct spec {
	bool minus, plus, sharp, space, zero, has_width, has_precision;
	int width, precision;
	char verb;
};

struct formatter {
	struct str format;
	size_t at, next; /* in the format; the argument */
	const struct value *args;
	size_t n;
	struct buf *out;
};

enum { WIDTH_LIMIT = 10000, FORMAT_LIMIT = 4 << 20 };

/* ---- one value ---- */

static size_t
runes(struct str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static void
pad(struct formatter *f, const struct spec *s, struct str text, bool number)
{
	size_t have = runes(text), want = s->has_width ? (size_t)s->width : 0;
	size_t fill = want > have ? want - have : 0;
	bool zeros = s->zero && !s->minus && number;
	if (zeros && text.n && (text.p[0] == '-' || text.p[0] == '+')) {
		buf_ch(f->out, text.p[0]);
		text = str_from(text, 1);
	}
	for (size_t i = 0; i < fill && !s->minus; i++)
		buf_ch(f->out, zeros ? '0' : ' ');
	buf_str(f->out, text);
	for (size_t i = 0; i < fill && s->minus; i++)
		buf_ch(f->out, ' ');
}

static void
bad_verb(struct formatter *f, const struct spec *s, const struct value *v)
{
	buf_fmt(f->out, "%%!%c(", s->verb);
	if (v->kind != VALUE_NIL)
		buf_fmt(f->out, "%s=", value_type(v));
	value_print(v, f->out);
	buf_ch(f->out, ')');
}

static void
digits_in_base(struct buf *b, uint64_t u, unsigned base, bool upper)
{
	char text[65];
	size_t at = sizeof text;
	do
		text[--at] = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[u % base];
	while (u /= base);
	buf_add(b, text + at, sizeof text - at);
}

static void
rune_utf8(struct buf *b, uint32_t c)
{
	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c < 0x80) {
		buf_ch(b, (char)c);
		return;
	}
	int more = c >= 0x10000 ? 3 : c >= 0x800 ? 2 : 1;
	buf_ch(b, (char)((0xf00 >> more & 0xff) | (c >> 6 * more)));
	while (more--)
		buf_ch(b, (char)(0x80 | (c >> 6 * more & 0x3f)));
}

static void
format_int(struct formatter *f, const struct spec *s, const struct value *v)
{
	static const struct {
		char verb;
		unsigned base;
		const char *prefix;
	} bases[] = {{'d', 10, ""}, {'v', 10, ""}, {'b', 2, "0b"}, {'o', 8, "0"}, {'O', 8, "0o"},
	    {'x', 16, "0x"}, {'X', 16, "0X"}};
	struct buf b = {0};
	uint64_t u = v->i < 0 ? 0 - (uint64_t)v->i : (uint64_t)v->i;
	bool done = false;
	for (size_t i = 0; i < sizeof bases / sizeof *bases && !done; i++) {
		if (bases[i].verb != s->verb)
			continue;
		buf_c(&b, v->i < 0 ? "-" : s->plus ? "+" : s->space ? " " : "");
		if (s->sharp || s->verb == 'O')
			buf_c(&b, bases[i].prefix);
		digits_in_base(&b, u, bases[i].base, s->verb == 'X');
		done = true;
	}
	if (!done && (s->verb == 'c' || s->verb == 'q')) {
		buf_c(&b, s->verb == 'q' ? "'" : "");
		rune_utf8(&b, (uint32_t)v->i);
		buf_c(&b, s->verb == 'q' ? "'" : "");
		done = true;
	}
	if (!done && s->verb == 'U') {
		buf_fmt(&b, "U+%04llX", (unsigned long long)u);
		done = true;
	}
	if (done)
		pad(f, s, buf_view(&b), true);
	else
		bad_verb(f, s, v);
	buf_fini(&b);
}

static void
float_text(const struct spec *s, double v, struct buf *b)
{
	char how[16];
	bool shortest = !s->has_precision && (s->verb == 'v' || s->verb == 'g' || s->verb == 'G');
	if (shortest || isnan(v) || isinf(v)) {
		value_print_float(v, b);
		return;
	}
	char verb = s->verb == 'v' ? 'g' : s->verb;
	int precision = s->has_precision ? s->precision : 6;
	snprintf(how, sizeof how, "%%%s.*%c", s->sharp ? "#" : "", verb);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	buf_fmt(b, how, precision, v);
#pragma GCC diagnostic pop
}

static void
format_float(struct formatter *f, const struct spec *s, const struct value *v)
{
	if (!s->verb || !strchr("veEfFgG", s->verb)) { /* strchr finds a NUL in every text */
		bad_verb(f, s, v);
		return;
	}
	struct buf b = {0};
	float_text(s, v->f, &b);
	bool sign = b.p[0] == '-' || b.p[0] == '+';
	struct buf signed_ = {0};
	if (!sign && (s->plus || s->space))
		buf_ch(&signed_, s->plus ? '+' : ' ');
	buf_str(&signed_, buf_view(&b));
	pad(f, s, buf_view(&signed_), !isnan(v->f) && !isinf(v->f));
	buf_fini(&signed_);
	buf_fini(&b);
}

static struct str
cut_runes(struct str s, size_t n)
{
	size_t i = 0;
	for (; i < s.n; i++)
		if (((unsigned char)s.p[i] & 0xc0) != 0x80 && n-- == 0)
			break;
	return str_to(s, i);
}

static void
format_str(struct formatter *f, const struct spec *s, const struct value *v)
{
	struct buf b = {0};
	struct str text = s->has_precision ? cut_runes(v->s, (size_t)s->precision) : v->s;
	if (s->verb == 's' || (s->verb == 'v' && !s->sharp))
		buf_str(&b, text);
	else if (s->verb == 'q' || s->verb == 'v')
		quote_add(&b, text);
	else if (s->verb == 'x' || s->verb == 'X')
		for (size_t i = 0; i < text.n; i++)
			buf_fmt(&b, s->verb == 'x' ? "%02x" : "%02X", (unsigned char)text.p[i]);
	else {
		bad_verb(f, s, v);
		return;
	}
	pad(f, s, buf_view(&b), false);
	buf_fini(&b);
}

static void format_value(struct formatter *, const struct spec *, const struct value *);

static void
format_list(struct formatter *f, const struct spec *s, const struct value *v)
{
	buf_ch(f->out, '[');
	for (size_t i = 0; i < v->list.n; i++) {
		if (i)
			buf_ch(f->out, ' ');
		format_value(f, s, &v->list.items[i]);
	}
	buf_ch(f->out, ']');
}

static void
format_other(struct formatter *f, const struct spec *s, const struct value *v)
{
	bool text = s->verb == 'v' || s->verb == 's' || (v->kind == VALUE_BOOL && s->verb == 't') ||
		    (v->kind == VALUE_DURATION && s->verb == 'd');
	if (!text || (v->kind == VALUE_BOOL && s->verb == 's') || (v->kind == VALUE_NIL && s->verb == 's')) {
		bad_verb(f, s, v);
		return;
	}
	struct buf b = {0};
	value_print(v, &b);
	pad(f, s, buf_view(&b), false);
	buf_fini(&b);
}

static void
format_value(struct formatter *f, const struct spec *s, const struct value *v)
{
	if (s->verb == 'T') {
		pad(f, s, str_c(value_type(v)), false);
		return;
	}
	switch (v->kind) {
	case VALUE_INT: format_int(f, s, v); break;
	case VALUE_FLOAT: format_float(f, s, v); break;
	case VALUE_STR: format_str(f, s, v); break;
	case VALUE_LIST:
		if (!v->class || v->class == &class_strings)
			format_list(f, s, v);
		else
			format_other(f, s, v);
		break;
	default: format_other(f, s, v);
	}
}

/* ---- the format ---- */

static bool
more(const struct formatter *f)
{
	return f->at < f->format.n;
}

/* Digits, or a * that takes an argument. */
static bool
read_count(struct formatter *f, int *out)
{
	int v = 0;
	bool any = false;
	if (more(f) && f->format.p[f->at] == '*') {
		f->at++;
		if (f->next < f->n && f->args[f->next].kind == VALUE_INT &&
		    llabs(f->args[f->next].i) < WIDTH_LIMIT)
			v = (int)f->args[f->next].i;
		f->next++;
		*out = v;
		return true;
	}
	for (; more(f) && f->format.p[f->at] >= '0' && f->format.p[f->at] <= '9'; f->at++) {
		any = true;
		if (v < WIDTH_LIMIT)
			v = v * 10 + f->format.p[f->at] - '0';
	}
	*out = v < WIDTH_LIMIT ? v : WIDTH_LIMIT;
	return any;
}

static void
read_flags(struct formatter *f, struct spec *s)
{
	for (; more(f); f->at++)
		switch (f->format.p[f->at]) {
		case '-': s->minus = true; break;
		case '+': s->plus = true; break;
		case '#': s->sharp = true; break;
		case ' ': s->space = true; break;
		case '0': s->zero = true; break;
		default: return;
		}
}

static void
directive(struct formatter *f)
{
	struct spec s = {0};
	read_flags(f, &s);
	s.has_width = read_count(f, &s.width);
	if (s.width < 0) {
		s.minus = true;
		s.width = -s.width;
	}
	if (more(f) && f->format.p[f->at] == '.') {
		f->at++;
		s.has_precision = true;
		if (!read_count(f, &s.precision) || s.precision < 0)
			s.precision = 0;
	}
	if (!more(f)) {
		buf_c(f->out, "%!(NOVERB)");
		return;
	}
	s.verb = f->format.p[f->at++];
	if (s.verb == '%')
		buf_ch(f->out, '%');
	else if (f->next >= f->n)
		buf_fmt(f->out, "%%!%c(MISSING)", s.verb);
	else
		format_value(f, &s, &f->args[f->next++]);
}

static void
extra(struct formatter *f)
{
	if (f->next >= f->n)
		return;
	buf_c(f->out, "%!(EXTRA ");
	for (size_t i = f->next; i < f->n; i++) {
		buf_fmt(f->out, "%s%s=", i > f->next ? ", " : "", value_type(&f->args[i]));
		value_print(&f->args[i], f->out);
	}
	buf_ch(f->out, ')');
}

void
format_go(const struct value *args, size_t n, struct buf *out)
{
	struct formatter f = {.format = args[0].s, .args = args + 1, .n = n - 1, .out = out};
	while (more(&f) && out->n < FORMAT_LIMIT) {
		char c = f.format.p[f.at++];
		if (c == '%')
			directive(&f);
		else
			buf_ch(out, c);
	}
	extra(&f);
}
