/*
 * matcher_parse.c — matchers from text, in Alertmanager's two syntaxes.
 *
 * IDEA   Classic: an optional brace at each end, then pieces between commas outside of quotes, each `name
 *        op anything`.  UTF-8: tokens, names and values quoted as in Go or free of reserved characters.
 *        Alertmanager tries both and keeps the classic reading when both work; so do we.  The error is the
 *        UTF-8 reader's, which says more.
 */
#include "label/matcher.h"

#include <string.h>

#include "base/quote.h"

/* ---- what both share ---- */

static struct str
skip_blank(struct str s)
{
	while (s.n && strchr(" \t\n\r\v\f", s.p[0]) && s.p[0])
		s = str_from(s, 1);
	return s;
}

static bool
take_op(struct str *s, enum match_op *op)
{
	static const enum match_op longest_first[] = {MATCH_RE, MATCH_NRE, MATCH_NE, MATCH_EQ};
	for (size_t i = 0; i < 4; i++) {
		struct str text = str_c(match_op_text(longest_first[i]));
		if (str_starts(*s, text)) {
			*op = longest_first[i];
			*s = str_from(*s, text.n);
			return true;
		}
	}
	return false;
}

/* ---- classic ---- */

/* The part before the next comma that stands outside of quotes. */
static struct str
take_piece(struct str *s)
{
	bool inside = false, escaped = false;
	size_t n = 0;
	for (; n < s->n && (inside || s->p[n] != ','); n++) {
		char c = s->p[n];
		if (c == '"' && !escaped)
			inside = !inside;
		escaped = c == '\\' && !escaped;
	}
	struct str piece = str_to(*s, n);
	*s = str_from(*s, n + 1);
	return piece;
}

/* OpenMetrics escapes; a backslash before anything else stands for itself.  False: a quote where none may be.
 */
static bool
classic_value(struct str raw, struct buf *out)
{
	bool quoted = raw.n && raw.p[0] == '"';
	if (quoted) {
		if (raw.n < 2 || raw.p[raw.n - 1] != '"')
			return false;
		raw = str_n(raw.p + 1, raw.n - 2);
	}
	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];
		if (c == '"')
			return false;
		if (c != '\\') {
			buf_ch(out, c);
			continue;
		}
		if (i + 1 == raw.n) {
			/* the quote that closed was escaped, or a backslash stands last */
			buf_ch(out, c);
			return !quoted;
		}
		c = raw.p[++i];
		if (c != 'n' && c != '"' && c != '\\')
			buf_ch(out, '\\');
		buf_ch(out, c == 'n' ? '\n' : c);
	}
	return true;
}

static enum rc
classic_matcher(struct matchers *out, struct str piece, struct err *e)
{
	size_t n = 0;
	enum match_op op;
	while (n < piece.n && metric_name_is_classic(str_to(piece, n + 1)))
		n++;
	struct str name = str_to(piece, n), rest = skip_blank(str_from(piece, n));
	if (n == 0 || !take_op(&rest, &op))
		return RC_INVALID;
	rest = str_trim(rest);
	struct buf value = {0};
	enum rc rc = classic_value(rest, &value) && str_utf8(buf_view(&value))
			 ? matchers_add(out, name, op, buf_view(&value), e)
			 : RC_INVALID;
	buf_fini(&value);
	return rc;
}

static enum rc
parse_classic(struct matchers *out, struct str s, struct err *e)
{
	if (s.n && s.p[0] == '{')
		s = str_from(s, 1);
	if (s.n && s.p[s.n - 1] == '}')
		s.n--;
	while (s.n) {
		struct str piece = str_trim(take_piece(&s));
		if (piece.n == 0 && s.n == 0)
			break;
		enum rc rc = classic_matcher(out, piece, e);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

/* ---- UTF-8 ---- */

struct reader {
	struct str text, rest;
	struct arena *arena;
};

static enum rc
expected(const struct reader *r, const char *what, struct err *e)
{
	if (r->rest.n == 0)
		return err_set(
		    e, RC_INVALID, "expected %s, but the matchers \"%.*s\" end here", what, STR_ARG(r->text));
	size_t n = str_utf8_sequence(r->rest);
	return err_set(e, RC_INVALID, "expected %s at character %zu, found '%.*s', in matchers \"%.*s\"",
	    what, (size_t)(r->rest.p - r->text.p) + 1, (int)(n ? n : 1), r->rest.p, STR_ARG(r->text));
}

static bool
is_reserved(char c)
{
	return strchr("{}!=~,\\\"'` \t\n\r\v\f", c) != NULL;
}

/* A name or a value: quoted as in Go, or a run without reserved characters. */
static enum rc
take_text(struct reader *r, const char *what, struct str *out, struct err *e)
{
	r->rest = skip_blank(r->rest);
	if (r->rest.n && r->rest.p[0] == '"') {
		size_t n = quote_span(r->rest);
		if (n == 0 || !quote_parse(str_to(r->rest, n), r->arena, out) || !str_utf8(*out))
			return expected(r, "a closing quote, good escapes and UTF-8", e);
		r->rest = str_from(r->rest, n);
		return RC_OK;
	}
	size_t n = 0;
	while (n < r->rest.n && !is_reserved(r->rest.p[n]))
		n++;
	*out = str_to(r->rest, n);
	if (n == 0 || !str_utf8(*out))
		return expected(r, what, e);
	r->rest = str_from(r->rest, n);
	return RC_OK;
}

static enum rc
utf8_matcher(struct matchers *out, struct reader *r, struct err *e)
{
	struct str name, value;
	enum match_op op;
	if (take_text(r, "a label name", &name, e) != RC_OK)
		return RC_INVALID;
	r->rest = skip_blank(r->rest);
	if (!take_op(&r->rest, &op))
		return expected(r, "one of = != =~ !~", e);
	if (take_text(r, "a label value", &value, e) != RC_OK)
		return RC_INVALID;
	if (name.n == 0)
		return err_set(e, RC_INVALID, "an empty label name in matchers \"%.*s\"", STR_ARG(r->text));
	return matchers_add(out, name, op, value, e);
}

static bool
at(struct reader *r, char c)
{
	r->rest = skip_blank(r->rest);
	return r->rest.n && r->rest.p[0] == c;
}

static enum rc
parse_utf8(struct matchers *out, struct reader *r, struct err *e)
{
	bool braces = at(r, '{');
	r->rest = str_from(r->rest, braces);
	while (!at(r, '}') && r->rest.n) {
		enum rc rc = utf8_matcher(out, r, e);
		if (rc != RC_OK)
			return rc;
		if (at(r, ','))
			r->rest = str_from(r->rest, 1);
		else if (r->rest.n && r->rest.p[0] != '}')
			return expected(r, braces ? "',' or '}'" : "','", e);
	}
	if (braces && !at(r, '}'))
		return expected(r, "'}'", e);
	r->rest = skip_blank(str_from(r->rest, braces));
	return r->rest.n ? expected(r, "the end", e) : RC_OK;
}

enum rc
matchers_parse(struct matchers *out, struct str text, struct err *e)
{
	size_t before = out->n;
	if (parse_classic(out, str_trim(text), NULL) == RC_OK)
		return RC_OK;
	matchers_cut(out, before);
	struct reader r = {.text = text, .rest = text, .arena = arena_create()};
	enum rc rc = parse_utf8(out, &r, e);
	if (rc != RC_OK)
		matchers_cut(out, before);
	arena_destroy(&r.arena);
	return rc;
}
