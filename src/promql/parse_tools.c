/* parse_tools.c — errors, tokens and nodes; see parser.h. */
#include "promql/parser.h"

#include <stdarg.h>
#include <string.h>

#include "base/quote.h"

/* ---- errors ---- */

enum rc
promql_error(struct str all, const char *at, struct err *e, const char *fmt, ...)
{
	size_t line, column;
	struct buf b = {0};
	va_list ap;
	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	lexer_place(all, at, &line, &column);
	enum rc rc = err_set(e, RC_INVALID, "%zu:%zu: parse error: %s", line, column, b.p);
	buf_fini(&b);
	return rc;
}

/* What was left open when the text ended. */
static void *
ended(struct parser *p, const char *where)
{
	const char *at = p->t.text.p;
	if (p->lexer.braces > 0)
		return PARSE_FAIL(p, at, "unexpected end of input inside braces");
	if (p->lexer.parens > 0)
		return PARSE_FAIL(p, at, "unclosed left parenthesis");
	if (p->lexer.brackets > 0)
		return PARSE_FAIL(p, at, "unclosed left bracket");
	return PARSE_FAIL(p, at, "unexpected end of input%s%s", *where ? " in " : "", where);
}

static bool
is_duration_like(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= '0' && s.p[i] <= '9') && !strchr("smhdwy", s.p[i]))
			return false;
	return s.n && strchr("smhdwy", s.p[s.n - 1]);
}

/* What is no token at all. */
static void *
bad_token(struct parser *p)
{
	struct str s = p->t.text, rest = str_from(p->lexer.rest, 0);
	char c = s.n ? s.p[0] : 0;
	if (c == '`')
		return PARSE_FAIL(p, s.p, "unterminated raw string");
	if (c == '"' || c == '\'')
		return PARSE_FAIL(p, s.p, "unterminated quoted string");
	if (p->t.kind == TOK_BAD && c >= '0' && c <= '9')
		return is_duration_like(s) ? PARSE_FAIL(p, s.p, "not a valid duration string: \"%.*s\"", STR_ARG(s))
					   : PARSE_FAIL(p, s.p, "bad number or duration syntax: \"%.*s\"", STR_ARG(s));
	if (p->lexer.braces > 0)
		return PARSE_FAIL(p, s.p, "unexpected character inside braces: '%.*s'", STR_ARG(str_to(s, str_utf8_sequence(s))));
	if (c == '!')
		return PARSE_FAIL(p, s.p, "unexpected character after '!': '%.*s'", STR_ARG(str_to(rest, 1)));
	return PARSE_FAIL(p, s.p, "unexpected character: '%.*s'", STR_ARG(s));
}

/* A sign that cannot stand where it stands, whatever is around it; NULL: it may. */
static const char *
misplaced(const struct parser *p)
{
	enum sign s = p->t.sign;
	if (s == SIGN_RIGHT_PAREN && p->lexer.parens < 0)
		return "unexpected right parenthesis ')'";
	if (p->lexer.braces == 0 && s == SIGN_RIGHT_BRACE)
		return "unexpected character: '}'";
	if (p->lexer.braces == 0 && (s == SIGN_MATCH || s == SIGN_NOT_MATCH))
		return s == SIGN_MATCH ? "unexpected character after '=': '~'" : "unexpected character after '!': '~'";
	return NULL;
}

static const char *const keywords[] = {"and", "atan2", "bool", "by", "group_left", "group_right", "ignoring", "offset", "on", "or", "unless", "without"};

static bool
is_keyword(struct str s)
{
	for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
		if (str_eq_nocase(s, str_c(keywords[i])))
			return true;
	return false;
}

static bool
is_operator(enum sign s)
{
	return (s >= SIGN_ADD && s <= SIGN_TRIM_BELOW) || s == SIGN_AT;
}

/* number "2", <by>, <op:*> … */
static void
name_token(const struct token *t, bool in_braces, struct buf *b)
{
	static const char *const kinds[] = {"", "number ", "string ", "identifier ", "", ""};
	if (t->kind == TOK_NAME && !in_braces && is_keyword(t->text))
		buf_fmt(b, "<%.*s>", STR_ARG(t->text));
	else if (t->kind == TOK_SIGN && is_operator(t->sign))
		buf_fmt(b, "<op:%.*s>", STR_ARG(t->text));
	else if (t->kind == TOK_NAME && str_chr(t->text, ':') >= 0)
		buf_fmt(b, "metric identifier \"%.*s\"", STR_ARG(t->text));
	else
		buf_fmt(b, "%s\"%.*s\"", t->duration && t->kind == TOK_NUMBER ? "duration " : kinds[t->kind], STR_ARG(t->text));
}

void *
parse_unexpected(struct parser *p, const char *where)
{
	struct token *t = &p->t;
	struct buf name = {0};
	if (t->kind == TOK_END)
		return ended(p, where);
	if (t->kind == TOK_BAD || (t->kind == TOK_NUMBER && p->lexer.braces > 0 && !*where))
		return bad_token(p);
	const char *why = t->kind == TOK_SIGN ? misplaced(p) : NULL;
	if (why)
		return PARSE_FAIL(p, t->text.p + (t->sign == SIGN_RIGHT_PAREN), "%s", why);
	name_token(t, p->lexer.braces > 0, &name);
	PARSE_FAIL(p, t->text.p, "unexpected %s%s%s", name.p, *where ? " in " : "", where);
	buf_fini(&name);
	return NULL;
}

/* ---- tokens and nodes ---- */

void
parse_advance(struct parser *p)
{
	p->last_end = p->t.text.p + p->t.text.n;
	p->t = lexer_next(&p->lexer);
}

bool
parse_at(const struct parser *p, enum sign s)
{
	return p->t.kind == TOK_SIGN && p->t.sign == s;
}

bool
parse_take(struct parser *p, enum sign s)
{
	if (!parse_at(p, s))
		return false;
	parse_advance(p);
	return true;
}

bool
parse_at_word(const struct parser *p, const char *w)
{
	return p->t.kind == TOK_NAME && str_eq_nocase(p->t.text, str_c(w));
}

bool
parse_take_word(struct parser *p, const char *w)
{
	if (!parse_at_word(p, w))
		return false;
	parse_advance(p);
	return true;
}

bool
parse_need(struct parser *p, enum sign s, const char *where)
{
	if (parse_take(p, s))
		return true;
	parse_unexpected(p, where);
	return false;
}

struct node *
parse_node(struct parser *p, enum node_kind kind, const char *start)
{
	struct node *n = arena_new(p->q->arena, struct node);
	n->kind = kind;
	n->text.p = start;
	return n;
}

struct node *
parse_end(struct parser *p, struct node *n)
{
	n->text.n = (size_t)(p->last_end - n->text.p);
	return n;
}

/* The room doubles: it is full whenever the count is a power of two. */
void
parse_add_arg(struct parser *p, struct node *n, struct node *arg)
{
	if ((n->n_args & (n->n_args - 1)) == 0) {
		struct node **more = arena_array(p->q->arena, struct node *, n->n_args ? n->n_args * 2 : 1);
		if (n->n_args)
			memcpy(more, n->args, n->n_args * sizeof *more);
		n->args = more;
	}
	n->args[n->n_args++] = arg;
	n->height = arg->height >= n->height ? arg->height + 1 : n->height;
	if (n->height > PARSE_HEIGHT)
		PARSE_FAIL(p, n->text.p, "the expression is nested too deeply");
}

static void
bad_escape(struct parser *p)
{
	struct str s = p->t.text;
	for (size_t i = 0; i + 1 < s.n; i++) {
		if (s.p[i] != '\\')
			continue;
		if (!strchr("abfnrtvxuU\\'\"01234567", s.p[++i])) {
			PARSE_FAIL(p, s.p, "unknown escape sequence U+%04X '%c'", (unsigned char)s.p[i], s.p[i]);
			return;
		}
	}
	PARSE_FAIL(p, s.p, "invalid escape sequence in the string %.*s", STR_ARG(s));
}

bool
parse_string(struct parser *p, struct str *out)
{
	if (!quote_parse(p->t.text, p->q->arena, out)) {
		bad_escape(p);
		return false;
	}
	parse_advance(p);
	return true;
}
