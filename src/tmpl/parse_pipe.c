/* parse_pipe.c — words, commands and pipes of a template: what stands inside {{ }}. */
#include "tmpl/parse_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/quote.h"

/* ---- words ---- */

static const struct tmpl_func *
find_func(struct parser *p, struct str name)
{
	const struct tmpl_funcs *tables[] = {
	    p->dialect == TMPL_PROMETHEUS ? &funcs_prometheus : &funcs_alertmanager, &funcs_common,
	    &funcs_builtin};
	for (size_t t = 0; t < 3; t++)
		for (size_t i = 0; i < tables[t]->n; i++)
			if (str_is(name, tables[t]->p[i].name))
				return &tables[t]->p[i];
	VEC(const char *) words = {0};
	for (size_t t = 0; t < 3; t++)
		for (size_t i = 0; i < tables[t]->n; i++)
			*vec_add(&words) = tables[t]->p[i].name;
	const char *near = str_nearest(name, words.p, words.n);
	tree_fail(p, name.p, "there is no function \"%.*s\"%s%s%s", STR_ARG(str_to(name, 60)),
	    near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	vec_fini(&words);
	return NULL;
}

static void
check_var(struct parser *p, struct str name)
{
	for (size_t i = 0; i < p->vars.n; i++)
		if (str_eq(p->vars.p[i], name))
			return;
	if (!str_is(name, "$"))
		tree_fail(p, name.p, "there is no variable %.*s here", STR_ARG(str_to(name, 60)));
}

static bool
hex_i64(struct str s, int64_t *out)
{
	bool minus = s.n && s.p[0] == '-';
	s = str_from(s, s.n && (s.p[0] == '-' || s.p[0] == '+'));
	if (!str_starts(s, STR("0x")) && !str_starts(s, STR("0X")))
		return false;
	char text[20];
	if (s.n < 3 || s.n >= sizeof text || str_chr(s, '.') >= 0)
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	char *end;
	*out = (int64_t)strtoull(text, &end, 16);
	if (minus)
		*out = -*out;
	return *end == '\0';
}

static struct value
number(struct parser *p, struct str s)
{
	int64_t i;
	double f;
	if (str_i64(str_from(s, s.p[0] == '+'), &i) || hex_i64(s, &i))
		return value_int(i);
	if (!str_f64(s, &f))
		tree_fail(p, s.p, "\"%.*s\" is not a number", STR_ARG(str_to(s, 40)));
	return value_float(f);
}

/* 'x' is the number of its character. */
static struct value
character(struct parser *p, struct str literal)
{
	struct str s;
	if (!quote_parse(literal, p->arena, &s) || s.n == 0) {
		tree_fail(p, literal.p, "this is not a character");
		return value_int(0);
	}
	unsigned char c = (unsigned char)s.p[0];
	int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
	int64_t v = c & (more ? 0x3f >> more : 0x7f);
	for (int i = 1; i <= more && (size_t)i < s.n; i++)
		v = v << 6 | (s.p[i] & 0x3f);
	return value_int(v);
}

struct value
tree_parse_text(struct parser *p, struct str literal)
{
	struct str s = STR("");
	if (!quote_parse(literal, p->arena, &s))
		tree_fail(p, literal.p, "a text with a wrong escape");
	return value_str(arena_str(p->arena, s));
}

static void
parse_fields(struct parser *p, struct word *w)
{
	VEC(struct str) fields = {0};
	while (p->tok.kind == TOK_FIELD) {
		*vec_add(&fields) = p->tok.text;
		tree_advance(p);
	}
	w->fields = tree_freeze(p, fields.p, fields.n, sizeof *fields.p);
	w->fields_n = fields.n;
	vec_fini(&fields);
}

static void
parse_group(struct parser *p, struct word *w)
{
	w->kind = WORD_PIPE;
	tree_advance(p);
	if (tree_deeper(p))
		w->pipe = tree_parse_pipe(p, false);
	p->depth--;
	tree_skip_space(p);
	if (!tree_is(p, TOK_PUNCT, ")"))
		tree_fail(p, p->tok.text.p, "a parenthesis is not closed");
	tree_advance(p);
}

static void
parse_name(struct parser *p, struct word *w)
{
	struct str name = p->tok.text;
	w->kind = WORD_CONST;
	if (str_is(name, "true") || str_is(name, "false"))
		w->value = value_bool(str_is(name, "true"));
	else if (str_is(name, "nil"))
		w->kind = WORD_NIL;
	else {
		w->kind = WORD_FUNC;
		w->name = name;
		w->func = find_func(p, name);
	}
	tree_advance(p);
}

/* False: no word begins here. */
static bool
parse_word(struct parser *p, struct word *w)
{
	struct str t = p->tok.text;
	*w = (struct word){.kind = WORD_CONST};
	tree_position(p, t.p - (p->tok.kind == TOK_FIELD), &w->line, &w->column);
	switch (p->tok.kind) {
	case TOK_DOT:
		w->kind = WORD_DOT;
		tree_advance(p);
		return true;
	case TOK_FIELD: w->kind = WORD_DOT; break;
	case TOK_VAR:
		w->kind = WORD_VAR;
		w->name = t;
		check_var(p, t);
		tree_advance(p);
		break;
	case TOK_WORD: parse_name(p, w); break;
	case TOK_NUMBER:
		w->value = number(p, t);
		tree_advance(p);
		return true;
	case TOK_CHAR:
		w->value = character(p, t);
		tree_advance(p);
		return true;
	case TOK_STRING:
		w->value = tree_parse_text(p, t);
		tree_advance(p);
		break;
	case TOK_PUNCT:
		if (!str_is(t, "("))
			return false;
		parse_group(p, w);
		break;
	default: return false;
	}
	parse_fields(p, w);
	return true;
}

static void
check_args(struct parser *p, const struct word *w, size_t given, const char *at)
{
	if (w->kind != WORD_FUNC || !w->func)
		return;
	if ((int)given < w->func->least || (w->func->most >= 0 && (int)given > w->func->most))
		tree_fail(p, at, "%s takes %d%s arguments, not %zu", w->func->name, w->func->least,
		    w->func->most < 0                ? " or more"
		    : w->func->most > w->func->least ? " or more"
						     : "",
		    given);
}

static void
parse_command(struct parser *p, struct command *c, bool piped)
{
	VEC(struct word) words = {0};
	const char *at = p->tok.text.p;
	struct word w;
	while (!p->failed) {
		tree_skip_space(p);
		if (!parse_word(p, &w))
			break;
		*vec_add(&words) = w;
		bool glued = p->tok.kind != TOK_SPACE && p->tok.kind != TOK_CLOSE && p->tok.kind != TOK_PUNCT;
		if (glued && p->tok.kind != TOK_END)
			tree_fail(p, p->tok.text.p, "a space is missing before \"%.*s\"",
			    STR_ARG(str_to(p->tok.text, 20)));
	}
	if (words.n == 0)
		tree_fail(p, p->tok.text.p, "a value is missing here");
	else if (piped && words.p[0].kind == WORD_CONST)
		tree_fail(p, at, "only a function, a method or a field can take what comes through |");
	else
		check_args(p, &words.p[0], words.n - 1 + piped, at);
	c->words = tree_freeze(p, words.p, words.n, sizeof *words.p);
	c->n = words.n;
	vec_fini(&words);
}

/* `$x :=`, `$x =`, and for range `$i, $x :=`: consumed only when they are there. */
static void
parse_declaration(struct parser *p, struct pipe *pipe, bool two)
{
	struct lexer lex = p->lex;
	struct token first = p->tok;
	for (;;) {
		struct str name = p->tok.text;
		if (p->tok.kind != TOK_VAR || pipe->vars_n == 2)
			break;
		pipe->vars[pipe->vars_n++] = name;
		tree_advance(p);
		tree_skip_space(p);
		if (tree_is(p, TOK_PUNCT, ":=") || tree_is(p, TOK_PUNCT, "=")) {
			pipe->assign = p->tok.text.n == 1;
			tree_advance(p);
			return;
		}
		if (!two || !tree_is(p, TOK_PUNCT, ","))
			break;
		tree_advance(p);
		tree_skip_space(p);
	}
	if (p->failed)
		return;
	pipe->vars_n = 0;
	p->lex = lex;
	p->tok = first;
}

struct pipe *
tree_parse_pipe(struct parser *p, bool range)
{
	struct pipe *pipe = arena_new(p->arena, struct pipe);
	VEC(struct command) commands = {0};
	tree_skip_space(p);
	tree_position(p, p->tok.text.p, &pipe->line, &pipe->column);
	parse_declaration(p, pipe, range);
	do {
		if (commands.n)
			tree_advance(p);
		bool piped = commands.n > 0;
		parse_command(p, vec_add(&commands), piped);
		tree_skip_space(p);
	} while (tree_is(p, TOK_PUNCT, "|"));
	for (size_t i = 0; i < pipe->vars_n; i++)
		if (pipe->assign)
			check_var(p, pipe->vars[i]);
		else
			*vec_add(&p->vars) = pipe->vars[i];
	pipe->commands = tree_freeze(p, commands.p, commands.n, sizeof *commands.p);
	pipe->n = commands.n;
	vec_fini(&commands);
	return pipe;
}
