/*
 * json.c — see json.h.
 *
 * IDEA   The caller's own calls are the parser's stack: the reader keeps a depth and whether a comma is due, no
 *        more.  Text is scanned eight bytes at a time for what ends a run of plain characters.
 * TRAP   `first` belongs to the innermost open container.  Leaving one clears it, since the container around it
 *        then holds at least that one.
 */
#include "wire/json.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- scanning ---- */

#define ONES 0x0101010101010101ull
#define HIGH 0x8080808080808080ull

/* The high bit of each byte of x that is zero (exact up to the first such byte, which is all we use). */
static inline uint64_t
zero_bytes(uint64_t x)
{
	return (x - ONES) & ~x & HIGH;
}

/*
 * The first quote, backslash or control character at or behind p, or `end`.  `*high` gets a bit where a byte of
 * 0x80 or more was passed (it may stand behind the place that is returned, which costs a needless check only).
 */
static inline const char *
plain_end(const char *p, const char *end, uint64_t *high)
{
	for (; end - p >= 8; p += 8) {
		uint64_t w;
		memcpy(&w, p, 8);
		*high |= w & HIGH;
		uint64_t control = (w - ONES * 0x20) & ~w & HIGH;
		uint64_t stop = control | zero_bytes(w ^ ONES * '"') | zero_bytes(w ^ ONES * '\\');
		if (stop)
			break;
	}
	for (; p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20; p++)
		*high |= (unsigned char)*p & 0x80;
	return p;
}

static inline void
skip_blank(struct json *j)
{
	while (j->at < j->end && (*j->at == ' ' || *j->at == '\n' || *j->at == '\r' || *j->at == '\t'))
		j->at++;
}

/* ---- errors ---- */

static void
fail_at(struct json *j, const char *at, const char *fmt, va_list ap)
{
	if (j->failed)
		return;
	size_t line = 1, column = 1;
	for (const char *p = j->start; p < at; p++) {
		column += ((unsigned char)*p & 0xc0) != 0x80;
		if (*p == '\n') {
			line++;
			column = 1;
		}
	}
	char what[ERR_TEXT / 2];
	vsnprintf(what, sizeof what, fmt, ap);
	err_set(&j->err, RC_INVALID, "line %zu, column %zu: %s", line, column, what);
	j->failed = true;
}

__attribute__((format(printf, 2, 3))) static bool
wrong(struct json *j, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fail_at(j, j->at, fmt, ap);
	va_end(ap);
	return false;
}

void
json_fail(struct json *j, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fail_at(j, j->value, fmt, ap);
	va_end(ap);
}

static bool
expected(struct json *j, const char *what)
{
	if (j->at >= j->end)
		return wrong(j, "expected %s, but the text ends here", what);
	unsigned char c = (unsigned char)*j->at;
	if (c < 0x20 || c >= 0x7f)
		return wrong(j, "expected %s, found byte 0x%02x", what, c);
	return wrong(j, "expected %s, found '%c'", what, c);
}

/* Steps to the next value; false when the reader has failed before or nothing is left. */
static inline bool
begin(struct json *j, const char *what)
{
	if (j->failed)
		return false;
	skip_blank(j);
	j->value = j->at;
	return j->at < j->end || expected(j, what);
}

/* ---- documents and containers ---- */

void
json_init(struct json *j, struct str text, struct arena *arena, unsigned depth_limit)
{
	j->start = j->at = j->value = text.p ? text.p : "";
	j->end = j->start + text.n;
	j->arena = arena;
	j->depth = 0;
	j->depth_limit = depth_limit;
	j->first = false;
	j->failed = false;
	j->err.rc = RC_OK;
	j->err.text[0] = '\0';
}

enum json_type
json_peek(struct json *j)
{
	if (j->failed)
		return JSON_BAD;
	skip_blank(j);
	switch (j->at < j->end ? *j->at : '\0') {
	case '{': return JSON_OBJECT;
	case '[': return JSON_ARRAY;
	case '"': return JSON_STRING;
	case 't':
	case 'f': return JSON_BOOL;
	case 'n': return JSON_NULL;
	case '-':
	case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9': return JSON_NUMBER;
	default: return JSON_BAD;
	}
}

static bool
enter(struct json *j, char open, const char *what)
{
	if (!begin(j, what))
		return false;
	if (*j->at != open)
		return expected(j, what);
	if (j->depth >= j->depth_limit)
		return wrong(j, "nested deeper than %u levels", j->depth_limit);
	j->depth++;
	j->at++;
	j->first = true;
	return true;
}

bool
json_object(struct json *j)
{
	return enter(j, '{', "an object");
}

bool
json_array(struct json *j)
{
	return enter(j, '[', "an array");
}

/* At `close` leaves the container; else takes the comma that is due.  True when an element follows. */
static bool
next_element(struct json *j, char close, const char *what)
{
	if (j->failed)
		return false;
	skip_blank(j);
	if (j->at < j->end && *j->at == close) {
		j->at++;
		j->depth--;
		j->first = false;
		return false;
	}
	if (j->first) {
		j->first = false;
		return true;
	}
	if (j->at >= j->end || *j->at != ',')
		return expected(j, what);
	j->at++;
	skip_blank(j);
	return true;
}

bool
json_more(struct json *j)
{
	return next_element(j, ']', "',' or ']'");
}

static bool read_string(struct json *, struct str *out);

bool
json_key(struct json *j, struct str *key)
{
	if (!next_element(j, '}', "',' or '}'"))
		return false;
	j->value = j->at;
	if (j->at >= j->end || *j->at != '"')
		return expected(j, "a key in quotes");
	if (!read_string(j, key))
		return false;
	skip_blank(j);
	if (j->at >= j->end || *j->at != ':')
		return expected(j, "':'");
	j->at++;
	return true;
}

enum rc
json_end(struct json *j, struct err *e)
{
	if (!j->failed) {
		skip_blank(j);
		if (j->depth > 0)
			wrong(j, "the document was not read to its end");
		else if (j->at < j->end)
			expected(j, "the end of the document");
	}
	return j->failed ? err_set(e, RC_INVALID, "%s", j->err.text) : RC_OK;
}

/* ---- strings ---- */

static bool
hex4(const char *p, const char *end, unsigned *out)
{
	unsigned v = 0;
	if (end - p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)p[i], lower = c | 0x20;
		if (c >= '0' && c <= '9')
			v = v << 4 | (c - '0');
		else if (lower >= 'a' && lower <= 'f')
			v = v << 4 | (lower - 'a' + 10u);
		else
			return false;
	}
	*out = v;
	return true;
}

static size_t
utf8_put(char *out, unsigned c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* The four digits of \u at j->at, with a second escape behind them for a surrogate pair. */
static bool
unicode_escape(struct json *j, unsigned *c)
{
	unsigned low;
	if (!hex4(j->at, j->end, c))
		return wrong(j, "expected four hexadecimal digits behind \\u");
	j->at += 4;
	if (*c < 0xd800 || *c > 0xdfff)
		return true;
	if (*c > 0xdbff || j->end - j->at < 6 || j->at[0] != '\\' || j->at[1] != 'u' ||
	    !hex4(j->at + 2, j->end, &low) || low < 0xdc00 || low > 0xdfff)
		return wrong(j, "a lone surrogate \\u%04x", *c);
	j->at += 6;
	*c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
	return true;
}

/* One escape, with j->at on its backslash, as at most four bytes. */
static bool
escape(struct json *j, char out[4], size_t *n)
{
	static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	j->at++;
	if (j->at >= j->end)
		return wrong(j, "the text ends within a string");
	const char *name = *j->at ? strchr(names, *j->at) : NULL;
	if (name) {
		j->at++;
		out[0] = bytes[name - names];
		*n = 1;
		return true;
	}
	if (*j->at != 'u')
		return expected(j, "one of \"\\/bfnrtu behind the backslash");
	unsigned c = 0;
	j->at++;
	if (!unicode_escape(j, &c))
		return false;
	*n = utf8_put(out, c);
	return true;
}

static bool
check_utf8(struct json *j, struct str run)
{
	while (run.n) {
		size_t n = str_utf8_sequence(run);
		if (n == 0) {
			j->at = run.p;
			return wrong(j, "not UTF-8: byte 0x%02x", (unsigned char)run.p[0]);
		}
		run = str_from(run, n);
	}
	return true;
}

/*
 * The rest of a string from its first escape on; `out`, when there is one, receives the bytes.  An escape is never
 * shorter than what it stands for.
 */
static bool
read_escaped(struct json *j, char *out, size_t *n)
{
	uint64_t high = 0;
	for (;;) {
		const char *run = j->at, *stop = plain_end(run, j->end, &high);
		if (high && !check_utf8(j, str_n(run, (size_t)(stop - run))))
			return false;
		if (out)
			memcpy(out + *n, run, (size_t)(stop - run));
		*n += (size_t)(stop - run);
		j->at = stop;
		if (stop == j->end)
			return wrong(j, "the text ends within a string");
		if (*stop == '"')
			return true;
		if (*stop != '\\')
			return wrong(j, "control character 0x%02x within a string", (unsigned char)*stop);
		char bytes[4];
		size_t got = 0;
		if (!escape(j, bytes, &got))
			return false;
		if (out)
			memcpy(out + *n, bytes, got);
		*n += got;
	}
}

/* Unescapes from `start` into the arena: once to learn how long it becomes, once to copy. */
static bool
unescape(struct json *j, const char *start, struct str *out)
{
	size_t n = 0;
	j->at = start;
	if (!read_escaped(j, NULL, &n))
		return false;
	if (out) {
		char *copy = arena_alloc(j->arena, n + 1);
		size_t again = 0;
		j->at = start;
		if (!read_escaped(j, copy, &again))
			return false;
		*out = str_n(copy, n);
	}
	j->at++;
	return true;
}

/* With j->at on the opening quote; `out` may be NULL. */
static bool
read_string(struct json *j, struct str *out)
{
	const char *start = j->at + 1;
	uint64_t high = 0;
	const char *stop = plain_end(start, j->end, &high);
	if (stop == j->end || *stop != '"')
		return unescape(j, start, out);
	struct str run = str_n(start, (size_t)(stop - start));
	if (high && !check_utf8(j, run))
		return false;
	j->at = stop + 1;
	if (out)
		*out = run;
	return true;
}

bool
json_str(struct json *j, struct str *out)
{
	if (!begin(j, "a string"))
		return false;
	if (*j->at != '"')
		return expected(j, "a string");
	return read_string(j, out);
}

/* ---- numbers and words ---- */

static bool
is_digit(const struct json *j)
{
	return j->at < j->end && (unsigned)(*j->at - '0') <= 9;
}

static bool
take_digits(struct json *j, const char *what)
{
	if (!is_digit(j))
		return expected(j, what);
	while (is_digit(j))
		j->at++;
	return true;
}

/* The text of a number; `*whole` when it has neither fraction nor exponent. */
static bool
read_number(struct json *j, struct str *text, bool *whole)
{
	const char *start = j->at;
	j->at += *j->at == '-';
	const char *first = j->at;
	if (!take_digits(j, first > start ? "a digit" : "a number"))
		return false;
	if (*first == '0' && j->at - first > 1) {
		j->at = start;
		return wrong(j, "a number must not begin with 0");
	}
	const char *integer = j->at;
	if (j->at < j->end && *j->at == '.') {
		j->at++;
		if (!take_digits(j, "a digit behind the point"))
			return false;
	}
	if (j->at < j->end && (*j->at == 'e' || *j->at == 'E')) {
		j->at++;
		if (j->at < j->end && (*j->at == '+' || *j->at == '-'))
			j->at++;
		if (!take_digits(j, "a digit of the exponent"))
			return false;
	}
	*whole = j->at == integer;
	*text = str_n(start, (size_t)(j->at - start));
	return true;
}

bool
json_f64(struct json *j, double *out)
{
	struct str text;
	bool whole;
	if (!begin(j, "a number") || !read_number(j, &text, &whole))
		return false;
	if (str_f64(text, out) && isfinite(*out))
		return true;
	json_fail(j, "the number is too long or too large");
	return false;
}

bool
json_i64(struct json *j, int64_t *out)
{
	struct str text;
	bool whole;
	if (!begin(j, "an integer") || !read_number(j, &text, &whole))
		return false;
	if (whole && str_i64(text, out))
		return true;
	json_fail(j, whole ? "the integer does not fit into 64 bits" : "expected an integer without fraction");
	return false;
}

static bool
word(struct json *j, const char *w)
{
	size_t n = strlen(w);
	if ((size_t)(j->end - j->at) < n || memcmp(j->at, w, n) != 0)
		return expected(j, w);
	j->at += n;
	return true;
}

bool
json_bool(struct json *j, bool *out)
{
	if (!begin(j, "true or false"))
		return false;
	bool yes = *j->at == 't';
	if (!yes && *j->at != 'f')
		return expected(j, "true or false");
	if (!word(j, yes ? "true" : "false"))
		return false;
	*out = yes;
	return true;
}

bool
json_null(struct json *j)
{
	if (json_peek(j) != JSON_NULL)
		return false;
	j->value = j->at;
	return word(j, "null");
}

bool
json_skip(struct json *j)
{
	struct str text;
	bool b;
	switch (json_peek(j)) {
	case JSON_OBJECT:
		if (json_object(j))
			for (struct str key; json_key(j, &key);)
				json_skip(j);
		return !j->failed;
	case JSON_ARRAY:
		if (json_array(j))
			while (json_more(j))
				json_skip(j);
		return !j->failed;
	case JSON_STRING: return read_string(j, NULL);
	case JSON_NUMBER: return read_number(j, &text, &b);
	case JSON_BOOL: return json_bool(j, &b);
	case JSON_NULL: return json_null(j);
	case JSON_BAD: break;
	}
	return j->failed ? false : expected(j, "a value");
}

bool
json_raw(struct json *j, struct str *text)
{
	if (!begin(j, "a value"))
		return false;
	const char *start = j->at;
	if (!json_skip(j))
		return false;
	j->value = start;
	*text = str_n(start, (size_t)(j->at - start));
	return true;
}
