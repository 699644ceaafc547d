/*
 * lex.c — see lex.h.
 *
 * TRAP   Spaces are tokens: `.a .b` is two arguments, `.a.b` one.  A trim marker is "{{- " with its space,
 * else it is a minus sign: {{-3}} is a number.
 */
#include "tmpl/lex.h"

#include <string.h>

#include "base/quote.h"

void
lex_init(struct lexer *l, struct str text)
{
	*l = (struct lexer){.text = text};
}

void
lex_place_start(struct lex_place *l, struct str text)
{
	*l = (struct lex_place){text.p, 1, 1};
}

void
lex_place_move(struct lex_place *l, struct str text, const char *to)
{
	if (to < l->at)
		lex_place_start(l, text);
	for (; l->at < to; l->at++) {
		l->column++;
		if (*l->at == '\n') {
			l->line++;
			l->column = 1;
		}
	}
}

static bool
space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
word_char(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (unsigned char)c >= 0x80;
}

static struct str
rest(const struct lexer *l)
{
	return str_from(l->text, l->at);
}

static struct token
take(struct lexer *l, enum token_kind kind, size_t n)
{
	struct token t = {.kind = kind, .text = str_to(rest(l), n)};
	l->at += n;
	return t;
}

static struct token
problem(struct lexer *l, const char *why)
{
	struct token t = {.kind = TOK_ERROR, .text = str_to(rest(l), 1), .problem = why};
	l->at = l->text.n;
	return t;
}

static ptrdiff_t
find(struct str s, const char *what)
{
	const char *p = s.n ? memmem(s.p, s.n, what, strlen(what)) : NULL;
	return p ? p - s.p : -1;
}

static struct token
lex_text(struct lexer *l)
{
	struct str r = rest(l);
	ptrdiff_t open = find(r, "{{");
	struct token t = take(l, TOK_TEXT, open < 0 ? r.n : (size_t)open);
	if (l->trim_next)
		while (t.text.n && space(t.text.p[0]))
			t.text = str_from(t.text, 1);
	l->trim_next = false;
	struct str after = str_from(rest(l), 2);
	if (open >= 0 && after.n > 1 && after.p[0] == '-' && space(after.p[1]))
		while (t.text.n && space(t.text.p[t.text.n - 1]))
			t.text.n--;
	return t;
}

/* Over "{{", its trim marker and a comment; a comment ends its action. */
static struct token
lex_open(struct lexer *l)
{
	struct token t = take(l, TOK_OPEN, 2);
	struct str r = rest(l);
	if (r.n > 1 && r.p[0] == '-' && space(r.p[1]))
		l->at += 2;
	l->inside = true;
	r = rest(l);
	if (!str_starts(r, STR("/*")))
		return t;
	ptrdiff_t end = find(r, "*/");
	if (end < 0)
		return problem(l, "a comment is not closed");
	l->at += (size_t)end + 2;
	r = rest(l);
	if (r.n > 3 && space(r.p[0]) && r.p[1] == '-')
		l->trim_next = true, l->at += 2, r = rest(l);
	if (!str_starts(r, STR("}}")))
		return problem(l, "a comment must be the whole action: {{/* so */}}");
	l->at += 2;
	l->inside = false;
	return lex_text(l);
}

static size_t
span(struct str s, size_t from)
{
	while (from < s.n && word_char(s.p[from]))
		from++;
	return from;
}

static struct token
lex_number(struct lexer *l)
{
	struct str r = rest(l);
	size_t n = r.p[0] == '+' || r.p[0] == '-';
	for (; n < r.n && (word_char(r.p[n]) || r.p[n] == '.'); n++)
		if ((r.p[n] | 32) == 'e' && n + 1 < r.n && (r.p[n + 1] == '+' || r.p[n + 1] == '-'))
			n++;
	return take(l, TOK_NUMBER, n);
}

static struct token
lex_quoted(struct lexer *l, char quote)
{
	size_t n = quote_span(rest(l));
	if (n == 0)
		return problem(l, quote == '\'' ? "a character is not closed" : "a text is not closed");
	return take(l, quote == '\'' ? TOK_CHAR : TOK_STRING, n);
}

static struct token
lex_spaces(struct lexer *l)
{
	struct str r = rest(l);
	size_t n = 0;
	while (n < r.n && space(r.p[n]))
		n++;
	struct str after = str_from(r, n);
	if (str_starts(after, STR("-}}"))) {
		l->trim_next = true;
		l->inside = false;
		return take(l, TOK_CLOSE, n + 3);
	}
	return take(l, TOK_SPACE, n);
}

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct token
lex_inside(struct lexer *l)
{
	struct str r = rest(l);
	char c = r.p[0], next = r.n > 1 ? r.p[1] : 0;
	if (space(c))
		return lex_spaces(l);
	if (str_starts(r, STR("}}"))) {
		l->inside = false;
		return take(l, TOK_CLOSE, 2);
	}
	if (str_starts(r, STR(":=")))
		return take(l, TOK_PUNCT, 2);
	if (c && strchr("|(),=", c))
		return take(l, TOK_PUNCT, 1);
	if (c == '"' || c == '`' || c == '\'')
		return lex_quoted(l, c);
	if (c == '$')
		return take(l, TOK_VAR, span(r, 1));
	if (digit(c) || ((c == '-' || c == '+' || c == '.') && digit(next)))
		return lex_number(l);
	if (c == '.') {
		size_t n = span(r, 1);
		struct token t = take(l, n > 1 ? TOK_FIELD : TOK_DOT, n);
		t.text = n > 1 ? str_from(t.text, 1) : t.text;
		return t;
	}
	if (word_char(c))
		return take(l, TOK_WORD, span(r, 0));
	return problem(l, "this character has no meaning here");
}

struct token
lex_next(struct lexer *l)
{
	struct str r = rest(l);
	if (l->inside)
		return r.n ? lex_inside(l) : problem(l, "an action is not closed: }} is missing");
	if (r.n == 0)
		return (struct token){.kind = TOK_END, .text = r};
	return str_starts(r, STR("{{")) ? lex_open(l) : lex_text(l);
}
