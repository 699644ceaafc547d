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

void *
parse_unexpected(struct parser *p, const char *where)
{
	static const char *const kinds[] = {
	    "end of input", "number", "string", "identifier", "", "character"};
	struct token *t = &p->t;
	if (t->kind == TOK_END)
		return PARSE_FAIL(p, t->text.p, "unexpected end of input in %s", where);
	if (t->kind == TOK_BAD && t->text.n && strchr("\"'`", t->text.p[0]))
		return PARSE_FAIL(p, t->text.p, "unterminated quoted string");
	if (t->kind == TOK_BAD && t->text.n && t->text.p[0] >= '0' && t->text.p[0] <= '9')
		return PARSE_FAIL(p, t->text.p, "bad number or duration syntax: \"%.*s\"", STR_ARG(t->text));
	return PARSE_FAIL(p, t->text.p, "unexpected %s%s\"%.*s\" in %s", kinds[t->kind],
	    *kinds[t->kind] ? " " : "", STR_ARG(t->text), where);
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

bool
parse_string(struct parser *p, struct str *out)
{
	if (!quote_parse(p->t.text, p->q->arena, out)) {
		PARSE_FAIL(p, p->t.text.p, "bad escape in the string %.*s", STR_ARG(p->t.text));
		return false;
	}
	parse_advance(p);
	return true;
}
