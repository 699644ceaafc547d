/*
 * parse.c — from a template's text to its tree, by recursive descent.
 *
 * Variables and functions are checked here, so that a mistake in a configuration shows when it is loaded and
 * not when the pager should ring.
 */
#include <string.h>

#include "base/mem.h"
#include "base/quote.h"
#include "tmpl/lex.h"
#include "tmpl/tree.h"

enum { TEMPLATE_BYTES = 4 << 20 };

/* Prometheus writes these in front of every text of an alert. */
static const char preamble[] = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}"
			       "{{$externalURL := .ExternalURL}}{{$value := .Value}}";

struct parser {
	enum tmpl_dialect dialect;
	struct str name, text;
	struct lexer lex;
	struct lex_place place; /* the last one asked for */
	struct token tok;
	struct arena *arena;
	struct map *trees;
	VEC(struct str) vars; /* in scope, innermost last */
	unsigned depth, ranges;
	struct err *err;
	bool failed;
};

static void
position(struct parser *p, const char *at, uint32_t *line, uint32_t *column)
{
	lex_place_move(&p->place, p->text, at);
	*line = p->place.line;
	*column = p->place.column;
}

static void fail(struct parser *p, const char *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
fail(struct parser *p, const char *at, const char *fmt, ...)
{
	if (p->failed)
		return;
	p->failed = true;
	struct buf why = {0};
	uint32_t line, column;
	va_list ap;
	va_start(ap, fmt);
	buf_vfmt(&why, fmt, ap);
	va_end(ap);
	position(p, at, &line, &column);
	struct str name = p->name.n ? p->name : STR("template");
	err_set(p->err, RC_INVALID, "%.*s:%u:%u: %s", STR_ARG(name), line, column, why.p);
	buf_fini(&why);
}

static void
advance(struct parser *p)
{
	p->tok = p->failed ? (struct token){.kind = TOK_END, .text = str_n(p->text.p, 0)} : lex_next(&p->lex);
	if (p->tok.kind == TOK_ERROR)
		fail(p, p->tok.text.p, "%s", p->tok.problem);
	if (p->failed)
		p->tok.kind = TOK_END;
}

static void
skip_space(struct parser *p)
{
	while (p->tok.kind == TOK_SPACE)
		advance(p);
}

static bool
is(const struct parser *p, enum token_kind kind, const char *text)
{
	return p->tok.kind == kind && str_is(p->tok.text, text);
}

static void
expect_close(struct parser *p, const char *after)
{
	skip_space(p);
	if (p->tok.kind != TOK_CLOSE)
		fail(p, p->tok.text.p, "expected }} after %s, not \"%.*s\"", after,
		    STR_ARG(str_to(p->tok.text, 20)));
	advance(p);
}

static void *
freeze(struct parser *p, const void *items, size_t n, size_t each)
{
	void *copy = arena_alloc(p->arena, n * each);
	if (n)
		memcpy(copy, items, n * each);
	return copy;
}

static bool
deeper(struct parser *p)
{
	if (++p->depth > TREE_DEPTH)
		fail(p, p->tok.text.p, "the template is nested too deeply");
	return !p->failed;
}

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
	fail(p, name.p, "there is no function \"%.*s\"%s%s%s", STR_ARG(str_to(name, 60)),
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
		fail(p, name.p, "there is no variable %.*s here", STR_ARG(str_to(name, 60)));
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
		fail(p, s.p, "\"%.*s\" is not a number", STR_ARG(str_to(s, 40)));
	return value_float(f);
}

/* 'x' is the number of its character. */
static struct value
character(struct parser *p, struct str literal)
{
	struct str s;
	if (!quote_parse(literal, p->arena, &s) || s.n == 0) {
		fail(p, literal.p, "this is not a character");
		return value_int(0);
	}
	unsigned char c = (unsigned char)s.p[0];
	int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
	int64_t v = c & (more ? 0x3f >> more : 0x7f);
	for (int i = 1; i <= more && (size_t)i < s.n; i++)
		v = v << 6 | (s.p[i] & 0x3f);
	return value_int(v);
}

static struct value
text(struct parser *p, struct str literal)
{
	struct str s = STR("");
	if (!quote_parse(literal, p->arena, &s))
		fail(p, literal.p, "a text with a wrong escape");
	return value_str(arena_str(p->arena, s));
}

static struct pipe *parse_pipe(struct parser *, bool declarations);

static void
parse_fields(struct parser *p, struct word *w)
{
	VEC(struct str) fields = {0};
	while (p->tok.kind == TOK_FIELD) {
		*vec_add(&fields) = p->tok.text;
		advance(p);
	}
	w->fields = freeze(p, fields.p, fields.n, sizeof *fields.p);
	w->fields_n = fields.n;
	vec_fini(&fields);
}

static void
parse_group(struct parser *p, struct word *w)
{
	w->kind = WORD_PIPE;
	advance(p);
	if (deeper(p))
		w->pipe = parse_pipe(p, false);
	p->depth--;
	skip_space(p);
	if (!is(p, TOK_PUNCT, ")"))
		fail(p, p->tok.text.p, "a parenthesis is not closed");
	advance(p);
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
	advance(p);
}

/* False: no word begins here. */
static bool
parse_word(struct parser *p, struct word *w)
{
	struct str t = p->tok.text;
	*w = (struct word){.kind = WORD_CONST};
	position(p, t.p - (p->tok.kind == TOK_FIELD), &w->line, &w->column);
	switch (p->tok.kind) {
	case TOK_DOT:
		w->kind = WORD_DOT;
		advance(p);
		return true;
	case TOK_FIELD:
		w->kind = WORD_DOT;
		break;
	case TOK_VAR:
		w->kind = WORD_VAR;
		w->name = t;
		check_var(p, t);
		advance(p);
		break;
	case TOK_WORD:
		parse_name(p, w);
		break;
	case TOK_NUMBER:
		w->value = number(p, t);
		advance(p);
		return true;
	case TOK_CHAR:
		w->value = character(p, t);
		advance(p);
		return true;
	case TOK_STRING:
		w->value = text(p, t);
		advance(p);
		break;
	case TOK_PUNCT:
		if (!str_is(t, "("))
			return false;
		parse_group(p, w);
		break;
	default:
		return false;
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
		fail(p, at, "%s takes %d%s arguments, not %zu", w->func->name, w->func->least,
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
		skip_space(p);
		if (!parse_word(p, &w))
			break;
		*vec_add(&words) = w;
		bool glued = p->tok.kind != TOK_SPACE && p->tok.kind != TOK_CLOSE && p->tok.kind != TOK_PUNCT;
		if (glued && p->tok.kind != TOK_END)
			fail(p, p->tok.text.p, "a space is missing before \"%.*s\"",
			    STR_ARG(str_to(p->tok.text, 20)));
	}
	if (words.n == 0)
		fail(p, p->tok.text.p, "a value is missing here");
	else if (piped && words.p[0].kind == WORD_CONST)
		fail(p, at, "only a function, a method or a field can take what comes through |");
	else
		check_args(p, &words.p[0], words.n - 1 + piped, at);
	c->words = freeze(p, words.p, words.n, sizeof *words.p);
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
		advance(p);
		skip_space(p);
		if (is(p, TOK_PUNCT, ":=") || is(p, TOK_PUNCT, "=")) {
			pipe->assign = p->tok.text.n == 1;
			advance(p);
			return;
		}
		if (!two || !is(p, TOK_PUNCT, ","))
			break;
		advance(p);
		skip_space(p);
	}
	if (p->failed)
		return;
	pipe->vars_n = 0;
	p->lex = lex;
	p->tok = first;
}

static struct pipe *
parse_pipe(struct parser *p, bool range)
{
	struct pipe *pipe = arena_new(p->arena, struct pipe);
	VEC(struct command) commands = {0};
	skip_space(p);
	position(p, p->tok.text.p, &pipe->line, &pipe->column);
	parse_declaration(p, pipe, range);
	do {
		if (commands.n)
			advance(p);
		bool piped = commands.n > 0;
		parse_command(p, vec_add(&commands), piped);
		skip_space(p);
	} while (is(p, TOK_PUNCT, "|"));
	for (size_t i = 0; i < pipe->vars_n; i++)
		if (pipe->assign)
			check_var(p, pipe->vars[i]);
		else
			*vec_add(&p->vars) = pipe->vars[i];
	pipe->commands = freeze(p, commands.p, commands.n, sizeof *commands.p);
	pipe->n = commands.n;
	vec_fini(&commands);
	return pipe;
}

/* ---- steps ---- */

enum stop { STOP_END, STOP_ELSE, STOP_EOF };

static enum stop parse_steps(struct parser *, struct steps *out);
static void parse_block(struct parser *, struct step *, const char *what);

/* Behind `else`: }} or the head of another if or with. */
static void
parse_else(struct parser *p, struct step *s, const char *what)
{
	skip_space(p);
	bool chained = is(p, TOK_WORD, "if") || (is(p, TOK_WORD, "with") && str_is(str_c(what), "with"));
	if (!chained) {
		expect_close(p, "else");
		if (parse_steps(p, &s->otherwise) != STOP_END)
			fail(p, p->tok.text.p, "{{end}} of this %s is missing, or there is a second {{else}}",
			    what);
		return;
	}
	struct step *inner = arena_new(p->arena, struct step);
	inner->kind = is(p, TOK_WORD, "if") ? STEP_IF : STEP_WITH;
	position(p, p->tok.text.p, &inner->line, &inner->column);
	advance(p);
	parse_block(p, inner, inner->kind == STEP_IF ? "if" : "with");
	s->otherwise = (struct steps){inner, 1};
}

static void
parse_block(struct parser *p, struct step *s, const char *what)
{
	size_t vars = p->vars.n;
	const char *at = p->tok.text.p;
	if (!deeper(p))
		return;
	s->pipe = parse_pipe(p, s->kind == STEP_RANGE);
	expect_close(p, what);
	p->ranges += s->kind == STEP_RANGE;
	size_t inner_vars = p->vars.n;
	enum stop stop = parse_steps(p, &s->body);
	p->ranges -= s->kind == STEP_RANGE;
	p->vars.n = inner_vars;
	if (stop == STOP_ELSE)
		parse_else(p, s, what);
	else if (stop == STOP_EOF)
		fail(p, at, "{{end}} of this %s is missing", what);
	p->vars.n = vars;
	p->depth--;
}

static struct str
parse_name_literal(struct parser *p, const char *what)
{
	skip_space(p);
	struct str name = STR("");
	if (p->tok.kind != TOK_STRING)
		fail(p, p->tok.text.p, "%s needs the template's name in quotes", what);
	else
		name = text(p, p->tok.text).s;
	advance(p);
	return name;
}

static struct tree *
new_tree(struct parser *p, struct str name)
{
	struct tree *t = arena_new(p->arena, struct tree);
	t->name = name;
	t->file = p->name;
	return t;
}

/* The body of a define or block; it sees no variables but $. */
static void
parse_definition(struct parser *p, struct str name, const char *at)
{
	struct tree *t = new_tree(p, name);
	size_t vars_n = p->vars.n, ranges = p->ranges;
	struct str *vars = p->vars.p;
	size_t cap = p->vars.cap;
	p->vars.p = NULL;
	p->vars.n = p->vars.cap = 0;
	p->ranges = 0;
	if (deeper(p) && parse_steps(p, &t->steps) != STOP_END)
		fail(p, at, "{{end}} of template \"%.*s\" is missing", STR_ARG(str_to(name, 60)));
	p->depth--;
	vec_fini(&p->vars);
	p->vars.p = vars;
	p->vars.n = vars_n;
	p->vars.cap = cap;
	p->ranges = (unsigned)ranges;
	if (!p->failed)
		map_put(p->trees, name, t);
}

static void
parse_template(struct parser *p, struct step *s, bool block)
{
	const char *at = p->tok.text.p;
	s->kind = STEP_TEMPLATE;
	s->text = parse_name_literal(p, block ? "block" : "template");
	skip_space(p);
	if (p->tok.kind != TOK_CLOSE)
		s->pipe = parse_pipe(p, false);
	else if (block)
		fail(p, at, "block needs a value behind its name");
	expect_close(p, block ? "block" : "template");
	if (block)
		parse_definition(p, s->text, at);
}

static void
parse_loop_word(struct parser *p, struct step *s, enum step_kind kind, const char *at)
{
	s->kind = kind;
	if (p->ranges == 0)
		fail(p, at, "this is only for the inside of a range");
	expect_close(p, "it");
}

/* An action whose first word is a keyword; false when it is not. */
static bool
parse_keyword(struct parser *p, struct step *s, bool *add)
{
	struct str word = p->tok.text;
	if (p->tok.kind != TOK_WORD)
		return false;
	static const struct {
		const char *word;
		enum step_kind kind;
	} blocks[] = {{"if", STEP_IF}, {"with", STEP_WITH}, {"range", STEP_RANGE}};
	for (size_t i = 0; i < 3; i++)
		if (str_is(word, blocks[i].word)) {
			s->kind = blocks[i].kind;
			advance(p);
			parse_block(p, s, blocks[i].word);
			return true;
		}
	if (str_is(word, "template") || str_is(word, "block")) {
		advance(p);
		parse_template(p, s, str_is(word, "block"));
	} else if (str_is(word, "define")) {
		advance(p);
		*add = false;
		struct str name = parse_name_literal(p, "define");
		expect_close(p, "define");
		parse_definition(p, name, word.p);
	} else if (str_is(word, "break") || str_is(word, "continue")) {
		advance(p);
		parse_loop_word(p, s, str_is(word, "break") ? STEP_BREAK : STEP_CONTINUE, word.p);
	} else {
		return false;
	}
	return true;
}

static bool
parse_step(struct parser *p, struct step *s, enum stop *stop)
{
	bool add = true;
	*s = (struct step){.kind = STEP_TEXT, .text = p->tok.text};
	position(p, p->tok.text.p, &s->line, &s->column);
	if (p->tok.kind == TOK_TEXT) {
		s->text = arena_str(p->arena, s->text);
		advance(p);
		return s->text.n > 0;
	}
	advance(p);
	skip_space(p);
	if (is(p, TOK_WORD, "end")) {
		advance(p);
		expect_close(p, "end");
		*stop = STOP_END;
		return false;
	}
	if (is(p, TOK_WORD, "else")) {
		advance(p);
		*stop = STOP_ELSE;
		return false;
	}
	if (!parse_keyword(p, s, &add)) {
		s->kind = STEP_PRINT;
		s->pipe = parse_pipe(p, false);
		expect_close(p, "a value");
	}
	return add;
}

static enum stop
parse_steps(struct parser *p, struct steps *out)
{
	VEC(struct step) steps = {0};
	enum stop stop = STOP_EOF;
	while (stop == STOP_EOF && !p->failed && p->tok.kind != TOK_END) {
		struct step s;
		if (parse_step(p, &s, &stop))
			*vec_add(&steps) = s;
	}
	out->p = freeze(p, steps.p, steps.n, sizeof *steps.p);
	out->n = steps.n;
	vec_fini(&steps);
	return stop;
}

static void
parse_all(struct parser *p, struct steps *out)
{
	lex_init(&p->lex, p->text);
	lex_place_start(&p->place, p->text);
	advance(p);
	if (parse_steps(p, out) != STOP_EOF)
		fail(p, p->tok.text.p, "there is an {{end}} or {{else}} too many before this place");
}

/* Parses the preamble as a text of its own: its variables stay in scope, its positions do not count. */
static void
parse_preamble(struct parser *p, struct steps *out)
{
	struct str own = p->text;
	p->text = str_c(preamble);
	parse_all(p, out);
	p->text = own;
}

static void
join(struct parser *p, struct tree *t, const struct steps *before)
{
	struct steps all = {
	    arena_array(p->arena, struct step, before->n + t->steps.n), before->n + t->steps.n};
	memcpy(all.p, before->p, before->n * sizeof *all.p);
	memcpy(all.p + before->n, t->steps.p, t->steps.n * sizeof *all.p);
	t->steps = all;
}

enum rc
tree_parse(enum tmpl_dialect dialect, struct str name, struct str source, struct arena *a, struct map *trees,
    struct tree **root, struct err *e)
{
	if (source.n > TEMPLATE_BYTES)
		return err_set(e, RC_REFUSED, "a template is larger than 4 MiB");
	struct parser p = {.dialect = dialect, .arena = a, .trees = trees, .err = e};
	p.name = arena_str(a, name);
	p.text = arena_str(a, source);
	struct tree *t = new_tree(&p, p.name);
	struct steps before = {0};
	if (dialect == TMPL_PROMETHEUS)
		parse_preamble(&p, &before);
	parse_all(&p, &t->steps);
	if (!p.failed && before.n)
		join(&p, t, &before);
	vec_fini(&p.vars);
	*root = t;
	return p.failed ? RC_INVALID : RC_OK;
}
