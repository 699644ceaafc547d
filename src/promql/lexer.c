/* lexer.c — see lexer.h. */
#include "promql/lexer.h"

#include <math.h>
#include <string.h>

#include "base/quote.h"
#include "base/time.h"

void
lexer_init(struct lexer *l, struct str s)
{
	*l = (struct lexer){.all = s, .rest = s};
}

void
lexer_place(struct str all, const char *at, size_t *line, size_t *column)
{
	*line = *column = 1;
	for (const char *p = all.p; p < at; p++) {
		++*column;
		if (*p == '\n') {
			++*line;
			*column = 1;
		}
	}
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alpha(char c)
{
	return c == '_' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static void
skip_blank(struct lexer *l)
{
	for (;;) {
		while (l->rest.n && is_blank(l->rest.p[0]))
			l->rest = str_from(l->rest, 1);
		if (l->rest.n == 0 || l->rest.p[0] != '#')
			return;
		ptrdiff_t end = str_chr(l->rest, '\n');
		l->rest = str_from(l->rest, end < 0 ? l->rest.n : (size_t)end);
	}
}

static struct token
take(struct lexer *l, enum token_kind kind, size_t n)
{
	struct token t = {.kind = kind, .text = str_to(l->rest, n)};
	l->rest = str_from(l->rest, n);
	return t;
}

/* ---- signs, longest first ---- */

static const struct {
	const char *text;
	enum sign sign;
} signs[] = {
    {"==", SIGN_EQL},
    {"!=", SIGN_NEQ},
    {"<=", SIGN_LTE},
    {">=", SIGN_GTE},
    {"</", SIGN_TRIM_ABOVE},
    {">/", SIGN_TRIM_BELOW},
    {"=~", SIGN_MATCH},
    {"!~", SIGN_NOT_MATCH},
    {"+", SIGN_ADD},
    {"-", SIGN_SUB},
    {"*", SIGN_MUL},
    {"/", SIGN_DIV},
    {"%", SIGN_MOD},
    {"^", SIGN_POW},
    {"<", SIGN_LSS},
    {">", SIGN_GTR},
    {"=", SIGN_ASSIGN},
    {"(", SIGN_LEFT_PAREN},
    {")", SIGN_RIGHT_PAREN},
    {"{", SIGN_LEFT_BRACE},
    {"}", SIGN_RIGHT_BRACE},
    {"[", SIGN_LEFT_BRACKET},
    {"]", SIGN_RIGHT_BRACKET},
    {",", SIGN_COMMA},
    {":", SIGN_COLON},
    {"@", SIGN_AT},
};

static struct token
take_sign(struct lexer *l)
{
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		if (!str_starts(l->rest, str_c(signs[i].text)) || (l->braces && signs[i].sign == SIGN_EQL))
			continue;
		struct token t = take(l, TOK_SIGN, strlen(signs[i].text));
		t.sign = signs[i].sign;
		l->brackets += t.sign == SIGN_LEFT_BRACKET;
		l->brackets -= t.sign == SIGN_RIGHT_BRACKET && l->brackets > 0;
		l->braces += t.sign == SIGN_LEFT_BRACE;
		l->braces -= t.sign == SIGN_RIGHT_BRACE && l->braces > 0;
		l->parens += t.sign == SIGN_LEFT_PAREN;
		l->parens -= t.sign == SIGN_RIGHT_PAREN;
		return t;
	}
	size_t n = str_utf8_sequence(l->rest);
	return take(l, TOK_BAD, n ? n : 1);
}

/* ---- numbers ---- */

static size_t
digits(struct str s, size_t at)
{
	while (at < s.n && (is_digit(s.p[at]) || (s.p[at] == '_' && at + 1 < s.n && is_digit(s.p[at + 1]))))
		at++;
	return at;
}

/* The length of the decimal that s begins with: 1, 1.5, .5, 2., 1e3. */
static size_t
decimal(struct str s)
{
	size_t at = digits(s, 0);
	if (at < s.n && s.p[at] == '.')
		at = digits(s, at + 1);
	if (at < s.n && (s.p[at] | 0x20) == 'e') {
		size_t sign = at + 1 < s.n && (s.p[at + 1] == '+' || s.p[at + 1] == '-');
		size_t end = digits(s, at + 1 + sign);
		if (end > at + 1 + sign)
			at = end;
	}
	return at;
}

static size_t
word(struct str s, size_t at)
{
	while (at < s.n && (is_alpha(s.p[at]) || is_digit(s.p[at])))
		at++;
	return at;
}

/* A number may have underscores between its digits, which strtod does not take. */
static bool
value_of(struct str s, double *out)
{
	char plain[512]; /* a double as it is printed has up to 343 characters */
	size_t n = 0;
	for (size_t i = 0; i < s.n && n < sizeof plain; i++)
		if (s.p[i] != '_')
			plain[n++] = s.p[i];
	return n < sizeof plain && str_f64(str_n(plain, n), out);
}

static struct token
take_number(struct lexer *l)
{
	struct str s = l->rest;
	size_t all = word(s, 0);
	msec_t ms;
	if (is_digit(s.p[0]) && duration_parse(str_to(s, all), &ms) &&
	    (s.p[all - 1] < '0' || s.p[all - 1] > '9')) {
		struct token t = take(l, TOK_NUMBER, all);
		t.number = (double)ms / 1000;
		t.duration = true;
		return t;
	}
	bool hex = s.n > 2 && s.p[0] == '0' && (s.p[1] | 0x20) == 'x';
	size_t n = hex ? all : decimal(s);
	double v;
	if (!value_of(str_to(s, n), &v) || (n < s.n && is_alpha(s.p[n])))
		return take(l, TOK_BAD, word(s, n));
	struct token t = take(l, TOK_NUMBER, n);
	t.number = v;
	return t;
}

/* ---- the rest ---- */

static struct token
take_name(struct lexer *l)
{
	size_t n = 0;
	struct str s = l->rest;
	while (n < s.n && (is_alpha(s.p[n]) || is_digit(s.p[n]) || (s.p[n] == ':' && !l->brackets)))
		n++;
	struct token t = take(l, TOK_NAME, n);
	if (str_eq_nocase(t.text, STR("inf")) || str_eq_nocase(t.text, STR("nan"))) {
		t.kind = TOK_NUMBER;
		t.number = (t.text.p[0] | 0x20) == 'i' ? INFINITY : NAN;
	}
	return t;
}

struct token
lexer_next(struct lexer *l)
{
	skip_blank(l);
	if (l->rest.n == 0)
		return take(l, TOK_END, 0);
	char c = l->rest.p[0];
	if (is_digit(c) || (c == '.' && l->rest.n > 1 && is_digit(l->rest.p[1])))
		return take_number(l);
	if (is_alpha(c) || (c == ':' && !l->brackets))
		return take_name(l);
	if (c == '"' || c == '\'' || c == '`') {
		size_t n = quote_span(l->rest);
		return take(l, n ? TOK_STRING : TOK_BAD, n ? n : l->rest.n);
	}
	return take_sign(l);
}
