/* lineproto.c — see lineproto.h. */
#include "wire/lineproto.h"

#include <math.h>
#include <string.h>

#include "base/buf.h"

void
lineproto_init(struct lineproto *l, struct str text, const struct lineproto_limits *limits)
{
	*l = (struct lineproto){.at = text.p,
	    .start = text.p,
	    .end = text.p + text.n,
	    .limits = *limits,
	    .arena = arena_create()};
}

void
lineproto_fini(struct lineproto *l)
{
	vec_fini(&l->tags);
	vec_fini(&l->fields);
	arena_destroy(&l->arena);
}

/* ---- errors ---- */

__attribute__((format(printf, 2, 3))) static bool
wrong(struct lineproto *l, const char *fmt, ...)
{
	struct buf b = {0};
	va_list ap;
	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	err_set(
	    &l->err, RC_INVALID, "line %zu, column %zu: %s", l->line, (size_t)(l->at - l->start) + 1, b.p);
	buf_fini(&b);
	return false;
}

static inline bool
at_end(const struct lineproto *l)
{
	return l->at >= l->end || *l->at == '\n' ||
	       (*l->at == '\r' && (l->at + 1 == l->end || l->at[1] == '\n'));
}

static bool
expected(struct lineproto *l, const char *what)
{
	if (at_end(l))
		return wrong(l, "expected %s, but the line ends here", what);
	unsigned char c = (unsigned char)*l->at;
	if (c < 0x20 || c >= 0x7f)
		return wrong(l, "expected %s, found byte 0x%02x", what, c);
	return wrong(l, "expected %s, found '%c'", what, c);
}

/* ---- words ---- */

/* A backslash before one of `special` is no part of the text; before anything else it stands for itself. */
static struct str
unescape(struct lineproto *l, struct str raw, const char *special)
{
	char *out = arena_alloc(l->arena, raw.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\\' && i + 1 < raw.n && strchr(special, raw.p[i + 1]))
			i++;
		out[n++] = raw.p[i];
	}
	return str_n(out, n);
}

/* Up to an unescaped one of `stops`, or the end of the line. */
static bool
word(struct lineproto *l, const char *stops, size_t limit, const char *what, struct str *out)
{
	const char *from = l->at;
	bool escaped = false;
	while (!at_end(l) && !strchr(stops, *l->at)) {
		if (*l->at == '\\') {
			escaped = true;
			l->at++;
			if (at_end(l))
				break;
		}
		l->at++;
	}
	*out = str_n(from, (size_t)(l->at - from));
	if (out->n > limit) {
		l->at = from;
		return wrong(l, "%s of %zu bytes; the limit is %zu", what, out->n, limit);
	}
	if (!out->n)
		return expected(l, what);
	if (escaped)
		*out = unescape(l, *out, ",= \\");
	return true;
}

static bool
tags(struct lineproto *l)
{
	const char *from = l->at;
	while (!at_end(l) && *l->at == ',') {
		struct pair p;
		l->at++;
		if (l->tags.n >= l->limits.tags)
			return wrong(l, "more than %zu tags", l->limits.tags);
		if (!word(l, ",= ", l->limits.name, "a tag's name", &p.name))
			return false;
		if (at_end(l) || *l->at != '=')
			return expected(l, "'=' behind a tag's name");
		l->at++;
		if (!word(l, ",= ", l->limits.value, "a tag's value", &p.value))
			return false;
		*vec_add(&l->tags) = p;
		if ((size_t)(l->at - from) > l->limits.tag_bytes)
			return wrong(l, "tags of more than %zu bytes", l->limits.tag_bytes);
	}
	return (!at_end(l) && *l->at == ' ') || expected(l, "',' or a space behind the tags");
}

/* ---- fields ---- */

/* With l->at on the opening quote; what it holds is for nobody. */
static bool
text_value(struct lineproto *l)
{
	const char *from = l->at;
	for (l->at++; l->at < l->end && *l->at != '"'; l->at++)
		if (*l->at == '\\' && l->at + 1 < l->end)
			l->at++;
	if (l->at < l->end) {
		l->at++;
		return true;
	}
	l->at = from;
	return wrong(l, "the quote is never closed");
}

static bool
truth(struct str s, double *out)
{
	static const char *const words[2][5] = {
	    {"f", "F", "false", "False", "FALSE"}, {"t", "T", "true", "True", "TRUE"}};
	for (int yes = 0; yes < 2; yes++)
		for (int i = 0; i < 5; i++)
			if (str_is(s, words[yes][i])) {
				*out = yes;
				return true;
			}
	return false;
}

/* 1.5, -3e8, 12i, 12u: digits, and no words or hexadecimals such as C knows. */
static bool
number(struct str s, double *out)
{
	int64_t i;
	uint64_t u;
	char last = s.n ? s.p[s.n - 1] : '\0';
	for (size_t k = 0; k + 1 < s.n; k++)
		if (!strchr("0123456789.+-eE", s.p[k]))
			return false;
	if (last == 'i' && str_i64(str_to(s, s.n - 1), &i)) {
		*out = (double)i;
		return true;
	}
	if (last == 'u' && str_u64(str_to(s, s.n - 1), &u)) {
		*out = (double)u;
		return true;
	}
	return ((last >= '0' && last <= '9') || last == '.') && str_f64(s, out) && isfinite(*out);
}

static bool
one_field(struct lineproto *l)
{
	struct lineproto_field f = {0};
	struct str raw;
	if (!word(l, ",= ", l->limits.name, "a field's name", &f.name))
		return false;
	if (at_end(l) || *l->at != '=')
		return expected(l, "'=' behind a field's name");
	l->at++;
	const char *from = l->at;
	if (!at_end(l) && *l->at == '"') {
		f.is_text = true;
		if (!text_value(l))
			return false;
	} else {
		if (!word(l, ", ", l->limits.value, "a field's value", &raw))
			return false;
		if (!truth(raw, &f.value) && !number(raw, &f.value)) {
			l->at = from;
			return wrong(l, "\"%.*s\" is no number, no boolean and no text in quotes",
			    STR_ARG(str_to(raw, 80)));
		}
	}
	*vec_add(&l->fields) = f;
	return true;
}

static bool
fields(struct lineproto *l)
{
	while (true) {
		if (l->fields.n >= l->limits.fields)
			return wrong(l, "more than %zu fields", l->limits.fields);
		if (!one_field(l))
			return false;
		if (at_end(l) || *l->at != ',')
			return true;
		l->at++;
	}
}

/* ---- lines ---- */

static void
skip_blanks(struct lineproto *l)
{
	while (!at_end(l) && *l->at == ' ')
		l->at++;
}

static bool
time_of(struct lineproto *l)
{
	const char *from = l->at;
	skip_blanks(l);
	if (at_end(l))
		return true;
	if (l->at == from)
		return expected(l, "',' or a space behind a field");
	from = l->at;
	while (!at_end(l) && *l->at != ' ')
		l->at++;
	l->has_time = str_i64(str_n(from, (size_t)(l->at - from)), &l->time);
	if (!l->has_time) {
		l->at = from;
		return wrong(l, "the time is no whole number");
	}
	skip_blanks(l);
	return at_end(l) || expected(l, "the end of the line behind the time");
}

static bool
point(struct lineproto *l)
{
	if (!word(l, ", ", l->limits.name, "a measurement", &l->measurement) || !tags(l))
		return false;
	skip_blanks(l);
	return fields(l) && time_of(l);
}

/* Behind the end of the line that l->at stands in. */
static void
skip_line(struct lineproto *l)
{
	const char *nl = memchr(l->at, '\n', (size_t)(l->end - l->at));
	l->at = nl ? nl + 1 : l->end;
}

enum lineproto_item
lineproto_next(struct lineproto *l)
{
	while (l->at < l->end) {
		for (; l->start < l->at; l->start++)
			l->line += *l->start == '\n';
		l->line += l->line == 0;
		l->start = l->at;
		arena_reset(l->arena);
		l->tags.n = l->fields.n = 0;
		l->has_time = false;
		skip_blanks(l);
		if (at_end(l) || *l->at == '#') {
			skip_line(l);
			continue;
		}
		bool good = point(l);
		skip_line(l);
		return good ? LINEPROTO_POINT : LINEPROTO_BAD;
	}
	return LINEPROTO_END;
}
