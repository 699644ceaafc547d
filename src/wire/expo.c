/* expo.c — see expo.h. */
#include "wire/expo.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

/* ---- errors ---- */

static bool
fail_at(struct expo *x, const char *at, const char *fmt, va_list ap)
{
	if (x->failed)
		return false;
	struct buf b = {0};
	buf_vfmt(&b, fmt, ap);
	err_set(
	    &x->err, RC_INVALID, "line %zu, column %zu: %s", x->line_number, (size_t)(at - x->line) + 1, b.p);
	buf_fini(&b);
	x->failed = true;
	return false;
}

__attribute__((format(printf, 2, 3))) static bool
wrong(struct expo *x, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fail_at(x, x->at, fmt, ap);
	va_end(ap);
	return false;
}

void
expo_fail(struct expo *x, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fail_at(x, x->line, fmt, ap);
	va_end(ap);
}

static bool
expected(struct expo *x, const char *what)
{
	if (x->at >= x->line_end)
		return wrong(x, "expected %s, but the line ends here", what);
	unsigned char c = (unsigned char)*x->at;
	if (c < 0x20 || c >= 0x7f)
		return wrong(x, "expected %s, found byte 0x%02x", what, c);
	return wrong(x, "expected %s, found '%c'", what, c);
}

/* ---- words of a line ---- */

static inline bool
here(const struct expo *x, char c)
{
	return x->at < x->line_end && *x->at == c;
}

static inline void
skip_blank(struct expo *x)
{
	while (x->at < x->line_end && (*x->at == ' ' || *x->at == '\t'))
		x->at++;
}

/* Characters of a classic name: 1 letters and _, 2 digits, 4 the colon. */
static const unsigned char name_class[256] = {
    ['_'] = 1,
    [':'] = 4,
    ['0' ... '9'] = 2,
    ['a' ... 'z'] = 1,
    ['A' ... 'Z'] = 1,
};

/* `classes`: 1 for label names, 1|4 for metric names; digits may follow. */
static bool
classic_name(struct expo *x, unsigned classes, struct str *out)
{
	const char *start = x->at;
	while (
	    x->at < x->line_end && (name_class[(unsigned char)*x->at] & (classes | (x->at > start ? 2 : 0))))
		x->at++;
	*out = str_n(start, (size_t)(x->at - start));
	return out->n > 0;
}

/* \\ \" \n; a backslash before anything else stands for itself, as in Prometheus. */
static struct str
unescape(struct expo *x, struct str raw)
{
	char *out = arena_alloc(x->arena, raw.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];
		char next = i + 1 < raw.n ? raw.p[i + 1] : '\0';
		if (c == '\\' && (next == '\\' || next == '"' || next == 'n')) {
			c = next == 'n' ? '\n' : next;
			i++;
		}
		out[n++] = c;
	}
	return str_n(out, n);
}

/* With x->at on the opening quote. */
static bool
quoted(struct expo *x, struct str *out)
{
	const char *start = ++x->at, *p = start;
	for (;; p++) {
		p = memchr(p, '"', (size_t)(x->line_end - p));
		if (!p) {
			x->at = x->line_end;
			return expected(x, "a closing quote");
		}
		size_t slashes = 0;
		while (p - slashes > start && p[-1 - (ptrdiff_t)slashes] == '\\')
			slashes++;
		if (slashes % 2 == 0)
			break;
	}
	*out = str_n(start, (size_t)(p - start));
	if (str_chr(*out, '\\') >= 0)
		*out = unescape(x, *out);
	x->at = p + 1;
	return true;
}

static bool
within(struct expo *x, const char *what, size_t n, size_t limit)
{
	return limit == 0 || n <= limit || wrong(x, "%s of %zu bytes; the limit is %zu", what, n, limit);
}

/* ---- labels ---- */

/* The metric's name may stand in quotes, alone, as the first of the labels: {"a.b", x="1"}. */
static bool
one_label(struct expo *x, struct pair *out, bool name_may_stand)
{
	if (here(x, '"')) {
		if (!quoted(x, &out->name))
			return false;
		skip_blank(x);
		if (name_may_stand && !here(x, '=')) {
			*out = (struct pair){STR("__name__"), out->name};
			return within(x, "a metric name", out->value.n, x->limits.name);
		}
	} else if (!classic_name(x, 1, &out->name)) {
		return expected(x, "a label name or '}'");
	}
	if (!within(x, "a label name", out->name.n, x->limits.name))
		return false;
	skip_blank(x);
	if (!here(x, '='))
		return expected(x, "'='");
	x->at++;
	skip_blank(x);
	if (!here(x, '"'))
		return expected(x, "a label value in quotes");
	return quoted(x, &out->value) && within(x, "a label value", out->value.n, x->limits.value);
}

/* With x->at on the brace. */
static bool
braces(struct expo *x, bool name_may_stand, bool exemplar)
{
	x->at++;
	skip_blank(x);
	while (!here(x, '}')) {
		struct pair l;
		if (!one_label(x, &l, name_may_stand))
			return false;
		size_t n = exemplar ? x->exemplar_labels.n : x->labels.n;
		if (x->limits.labels && n >= x->limits.labels)
			return wrong(x, "more than %zu labels", x->limits.labels);
		if (exemplar)
			*vec_add(&x->exemplar_labels) = l;
		else
			*vec_add(&x->labels) = l;
		name_may_stand = false;
		skip_blank(x);
		if (here(x, ','))
			x->at++;
		else if (!here(x, '}'))
			return expected(x, "',' or '}'");
		skip_blank(x);
	}
	x->at++;
	return true;
}

static bool
series(struct expo *x)
{
	const char *start = x->at;
	struct str name;
	x->labels.n = 0;
	bool bare = classic_name(x, 1 | 4, &name);
	if (bare) {
		if (!within(x, "a metric name", name.n, x->limits.name))
			return false;
		*vec_add(&x->labels) = (struct pair){STR("__name__"), name};
	} else if (!here(x, '{')) {
		return expected(x, "a metric name");
	}
	const char *stop = x->at;
	skip_blank(x);
	if (here(x, '{')) {
		if (!braces(x, !bare, false))
			return false;
		stop = x->at;
	}
	if (x->labels.n == 0 || !str_is(x->labels.p[0].name, "__name__"))
		return wrong(x, "the series has no name");
	x->series = str_n(start, (size_t)(stop - start));
	return true;
}

/* ---- values and times ---- */

static bool
number(struct expo *x, const char *what, double *out, struct str *text)
{
	skip_blank(x);
	const char *start = x->at;
	while (x->at < x->line_end && *x->at != ' ' && *x->at != '\t')
		x->at++;
	*text = str_n(start, (size_t)(x->at - start));
	if (text->n && str_f64(*text, out))
		return true;
	x->at = start;
	return text->n ? wrong(x, "\"%.*s\" is not %s", STR_ARG(*text), what) : expected(x, what);
}

static bool
timestamp(struct expo *x, int64_t *ms)
{
	double v;
	struct str text;
	if (!number(x, "a timestamp", &v, &text))
		return false;
	if (x->format != EXPO_OPENMETRICS)
		return str_i64(text, ms) ||
		       wrong(x, "\"%.*s\" is not a timestamp in milliseconds", STR_ARG(text));
	if (!(fabs(v) < 9e15))
		return wrong(x, "\"%.*s\" is not a timestamp in seconds", STR_ARG(text));
	*ms = (int64_t)llround(v * 1000);
	return true;
}

static bool
exemplar(struct expo *x)
{
	struct str text;
	x->at++;
	skip_blank(x);
	if (!here(x, '{'))
		return expected(x, "the labels of an exemplar");
	x->exemplar_labels.n = 0;
	if (!braces(x, false, true) || !number(x, "the value of an exemplar", &x->exemplar_value, &text))
		return false;
	x->has_exemplar = true;
	skip_blank(x);
	x->exemplar_has_time = x->at < x->line_end;
	return !x->exemplar_has_time || timestamp(x, &x->exemplar_time);
}

/* A number, or where a page in protobuf had a native histogram. */
static bool
value(struct expo *x)
{
	struct str text;
	uint64_t place;
	x->native = 0;
	skip_blank(x);
	if (!x->refers || !here(x, 'h'))
		return number(x, "a value", &x->value, &text);
	const char *start = x->at;
	while (x->at < x->line_end && *x->at != ' ')
		x->at++;
	text = str_n(start + 1, (size_t)(x->at - start - 1));
	if (!str_u64(text, &place) || place >= SIZE_MAX)
		return wrong(x, "\"h%.*s\" is not a place", STR_ARG(text));
	x->native = place + 1;
	x->value = 0;
	return true;
}

/* What stands behind the series. */
static bool
sample_rest(struct expo *x)
{
	x->has_time = x->has_exemplar = false;
	if (!value(x))
		return false;
	skip_blank(x);
	if (x->at < x->line_end && *x->at != '#') {
		x->has_time = true;
		if (!timestamp(x, &x->time))
			return false;
		skip_blank(x);
	}
	if (here(x, '#') && x->format == EXPO_OPENMETRICS && !exemplar(x))
		return false;
	skip_blank(x);
	return x->at == x->line_end || expected(x, "the end of the line");
}

static bool
sample(struct expo *x)
{
	return series(x) && sample_rest(x);
}

/* ---- metadata ---- */

static bool
family_name(struct expo *x)
{
	skip_blank(x);
	if (here(x, '"'))
		return quoted(x, &x->family);
	return classic_name(x, 1 | 4, &x->family) || expected(x, "the name of a metric family");
}

static bool
is_type(struct str s)
{
	static const char *const types[] = {"counter", "gauge", "gaugehistogram", "histogram", "info",
	    "stateset", "summary", "unknown", "untyped"};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (str_is(s, types[i]))
			return true;
	return false;
}

static bool
metadata(struct expo *x, enum expo_item item)
{
	if (!family_name(x))
		return false;
	if (x->at < x->line_end && *x->at != ' ' && *x->at != '\t')
		return expected(x, "a blank behind the name");
	skip_blank(x);
	x->text = str_n(x->at, (size_t)(x->line_end - x->at));
	if (item == EXPO_TYPE) {
		x->text = str_trim(x->text);
		return is_type(x->text) || wrong(x, "\"%.*s\" is not a type of metric", STR_ARG(x->text));
	}
	if (item == EXPO_UNIT && x->text.n && !str_ends(x->family, x->text))
		return wrong(
		    x, "the unit \"%.*s\" is no suffix of \"%.*s\"", STR_ARG(x->text), STR_ARG(x->family));
	if (str_chr(x->text, '\\') >= 0)
		x->text = unescape(x, x->text);
	return true;
}

/* A line that begins with '#'.  EXPO_END: nothing to tell, a comment. */
static enum expo_item
comment(struct expo *x)
{
	static const struct {
		const char *word;
		enum expo_item item;
	} words[] = {{"TYPE ", EXPO_TYPE}, {"HELP ", EXPO_HELP}, {"UNIT ", EXPO_UNIT}};
	x->at++;
	skip_blank(x);
	struct str rest = str_n(x->at, (size_t)(x->line_end - x->at));
	for (size_t i = 0; i < 3; i++) {
		if (!str_starts(rest, str_c(words[i].word)) ||
		    (words[i].item == EXPO_UNIT && x->format == EXPO_TEXT))
			continue;
		x->at += 5;
		metadata(x, words[i].item);
		return words[i].item;
	}
	if (x->format == EXPO_OPENMETRICS) {
		if (!str_is(rest, "EOF"))
			wrong(x, "expected TYPE, HELP, UNIT or EOF");
		x->done = true;
	}
	return EXPO_END;
}

/* ---- pages ---- */

void
expo_init(struct expo *x, struct str page, enum expo_format format, const struct expo_limits *limits)
{
	*x = (struct expo){
	    .format = format,
	    .refers = format == EXPO_PROTOBUF,
	    .limits = *limits,
	    .at = page.p ? page.p : "",
	    .arena = arena_create(),
	};
	x->line = x->line_end = x->next = x->at;
	x->end = x->at + page.n;
}

void
expo_fini(struct expo *x)
{
	vec_fini(&x->labels);
	vec_fini(&x->exemplar_labels);
	arena_destroy(&x->arena);
}

/* Steps to the next line; false at the end of the page. */
static bool
next_line(struct expo *x)
{
	x->line = x->at = x->next;
	x->line_number++;
	if (x->line >= x->end)
		return false;
	const char *lf = memchr(x->line, '\n', (size_t)(x->end - x->line));
	x->line_end = lf ? lf : x->end;
	x->next = lf ? lf + 1 : x->end;
	size_t n = (size_t)(x->line_end - x->line);
	if (x->limits.line && n > x->limits.line)
		return wrong(x, "a line of %zu bytes; the limit is %zu", n, x->limits.line);
	return true;
}

bool
expo_take(struct expo *x, struct str known)
{
	size_t left = (size_t)(x->end - x->next);
	if (x->failed || x->done || left <= known.n || memcmp(x->next, known.p, known.n) != 0 || (x->next[known.n] != ' ' && x->next[known.n] != '\t'))
		return false;
	arena_reset(x->arena);
	if (!next_line(x))
		return false;
	x->at += known.n;
	x->series = known;
	x->labels.n = 0;
	return sample_rest(x);
}

static enum expo_item
page_end(struct expo *x)
{
	if (!x->failed && x->format == EXPO_OPENMETRICS && !x->done)
		wrong(x, "the page was cut: it does not end with # EOF");
	x->done = true;
	return EXPO_END;
}

enum expo_item
expo_next(struct expo *x)
{
	arena_reset(x->arena);
	while (!x->failed && !x->done) {
		if (!next_line(x))
			return page_end(x);
		skip_blank(x);
		if (x->at == x->line_end) {
			if (x->format == EXPO_OPENMETRICS)
				wrong(x, "an empty line");
			continue;
		}
		enum expo_item item = *x->at == '#' ? comment(x) : EXPO_SAMPLE;
		if (item == EXPO_SAMPLE)
			sample(x);
		if (!x->failed && item != EXPO_END)
			return item;
	}
	return EXPO_END;
}

enum rc
expo_end(struct expo *x, struct err *e)
{
	if (!x->failed && x->format == EXPO_OPENMETRICS && x->next < x->end) {
		(void)next_line(x);
		wrong(x, "something stands behind # EOF");
	}
	return x->failed ? err_set(e, RC_INVALID, "%s", x->err.text) : RC_OK;
}

void
expo_escape(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' || s.p[i] == '"')
			buf_ch(b, '\\');
		if (s.p[i] == '\n')
			buf_c(b, "\\n");
		else
			buf_ch(b, s.p[i]);
	}
}

void
expo_quote(struct buf *b, struct str s)
{
	buf_ch(b, '"');
	expo_escape(b, s);
	buf_ch(b, '"');
}
