/*
 * parse.c — from a template's text to its tree, by recursive descent.
 *
 * Variables and functions are checked here, so that a mistake in a configuration shows when it is loaded and
 * not when the pager should ring.
 */
#include "tmpl/parse_impl.h"

#include <string.h>

enum { TEMPLATE_BYTES = 4 << 20 };

/* Prometheus writes these in front of every text of an alert. */
static const char preamble[] = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}"
			       "{{$externalURL := .ExternalURL}}{{$value := .Value}}";

void
tree_position(struct parser *p, const char *at, uint32_t *line, uint32_t *column)
{
	lex_place_move(&p->place, p->text, at);
	*line = p->place.line;
	*column = p->place.column;
}

void
tree_fail(struct parser *p, const char *at, const char *fmt, ...)
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
	tree_position(p, at, &line, &column);
	struct str name = p->name.n ? p->name : STR("template");
	err_set(p->err, RC_INVALID, "%.*s:%u:%u: %s", STR_ARG(name), line, column, why.p);
	buf_fini(&why);
}

void
tree_advance(struct parser *p)
{
	p->tok = p->failed ? (struct token){.kind = TOK_END, .text = str_n(p->text.p, 0)} : lex_next(&p->lex);
	if (p->tok.kind == TOK_ERROR)
		tree_fail(p, p->tok.text.p, "%s", p->tok.problem);
	if (p->failed)
		p->tok.kind = TOK_END;
}

void
tree_skip_space(struct parser *p)
{
	while (p->tok.kind == TOK_SPACE)
		tree_advance(p);
}

bool
tree_is(const struct parser *p, enum token_kind kind, const char *text)
{
	return p->tok.kind == kind && str_is(p->tok.text, text);
}

void
tree_expect_close(struct parser *p, const char *after)
{
	tree_skip_space(p);
	if (p->tok.kind != TOK_CLOSE)
		tree_fail(p, p->tok.text.p, "expected }} after %s, not \"%.*s\"", after,
		    STR_ARG(str_to(p->tok.text, 20)));
	tree_advance(p);
}

void *
tree_freeze(struct parser *p, const void *items, size_t n, size_t each)
{
	void *copy = arena_alloc(p->arena, n * each);
	if (n)
		memcpy(copy, items, n * each);
	return copy;
}

bool
tree_deeper(struct parser *p)
{
	if (++p->depth > TREE_DEPTH)
		tree_fail(p, p->tok.text.p, "the template is nested too deeply");
	return !p->failed;
}

/* ---- steps ---- */

enum stop { STOP_END, STOP_ELSE, STOP_EOF };

static enum stop parse_steps(struct parser *, struct steps *out);
static void parse_block(struct parser *, struct step *, const char *what);

/* Behind `else`: }} or the head of another if or with. */
static void
parse_else(struct parser *p, struct step *s, const char *what)
{
	tree_skip_space(p);
	bool chained =
	    tree_is(p, TOK_WORD, "if") || (tree_is(p, TOK_WORD, "with") && str_is(str_c(what), "with"));
	if (!chained) {
		tree_expect_close(p, "else");
		if (parse_steps(p, &s->otherwise) != STOP_END)
			tree_fail(p, p->tok.text.p,
			    "{{end}} of this %s is missing, or there is a second {{else}}", what);
		return;
	}
	struct step *inner = arena_new(p->arena, struct step);
	inner->kind = tree_is(p, TOK_WORD, "if") ? STEP_IF : STEP_WITH;
	tree_position(p, p->tok.text.p, &inner->line, &inner->column);
	tree_advance(p);
	parse_block(p, inner, inner->kind == STEP_IF ? "if" : "with");
	s->otherwise = (struct steps){inner, 1};
}

static void
parse_block(struct parser *p, struct step *s, const char *what)
{
	size_t vars = p->vars.n;
	const char *at = p->tok.text.p;
	if (!tree_deeper(p))
		return;
	s->pipe = tree_parse_pipe(p, s->kind == STEP_RANGE);
	tree_expect_close(p, what);
	p->ranges += s->kind == STEP_RANGE;
	size_t inner_vars = p->vars.n;
	enum stop stop = parse_steps(p, &s->body);
	p->ranges -= s->kind == STEP_RANGE;
	p->vars.n = inner_vars;
	if (stop == STOP_ELSE)
		parse_else(p, s, what);
	else if (stop == STOP_EOF)
		tree_fail(p, at, "{{end}} of this %s is missing", what);
	p->vars.n = vars;
	p->depth--;
}

static struct str
parse_name_literal(struct parser *p, const char *what)
{
	tree_skip_space(p);
	struct str name = STR("");
	if (p->tok.kind != TOK_STRING)
		tree_fail(p, p->tok.text.p, "%s needs the template's name in quotes", what);
	else
		name = tree_parse_text(p, p->tok.text).s;
	tree_advance(p);
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
	if (tree_deeper(p) && parse_steps(p, &t->steps) != STOP_END)
		tree_fail(p, at, "{{end}} of template \"%.*s\" is missing", STR_ARG(str_to(name, 60)));
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
	tree_skip_space(p);
	if (p->tok.kind != TOK_CLOSE)
		s->pipe = tree_parse_pipe(p, false);
	else if (block)
		tree_fail(p, at, "block needs a value behind its name");
	tree_expect_close(p, block ? "block" : "template");
	if (block)
		parse_definition(p, s->text, at);
}

static void
parse_loop_word(struct parser *p, struct step *s, enum step_kind kind, const char *at)
{
	s->kind = kind;
	if (p->ranges == 0)
		tree_fail(p, at, "this is only for the inside of a range");
	tree_expect_close(p, "it");
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
			tree_advance(p);
			parse_block(p, s, blocks[i].word);
			return true;
		}
	if (str_is(word, "template") || str_is(word, "block")) {
		tree_advance(p);
		parse_template(p, s, str_is(word, "block"));
	} else if (str_is(word, "define")) {
		tree_advance(p);
		*add = false;
		struct str name = parse_name_literal(p, "define");
		tree_expect_close(p, "define");
		parse_definition(p, name, word.p);
	} else if (str_is(word, "break") || str_is(word, "continue")) {
		tree_advance(p);
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
	tree_position(p, p->tok.text.p, &s->line, &s->column);
	if (p->tok.kind == TOK_TEXT) {
		s->text = arena_str(p->arena, s->text);
		tree_advance(p);
		return s->text.n > 0;
	}
	tree_advance(p);
	tree_skip_space(p);
	if (tree_is(p, TOK_WORD, "end")) {
		tree_advance(p);
		tree_expect_close(p, "end");
		*stop = STOP_END;
		return false;
	}
	if (tree_is(p, TOK_WORD, "else")) {
		tree_advance(p);
		*stop = STOP_ELSE;
		return false;
	}
	if (!parse_keyword(p, s, &add)) {
		s->kind = STEP_PRINT;
		s->pipe = tree_parse_pipe(p, false);
		tree_expect_close(p, "a value");
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
	out->p = tree_freeze(p, steps.p, steps.n, sizeof *steps.p);
	out->n = steps.n;
	vec_fini(&steps);
	return stop;
}

static void
parse_all(struct parser *p, struct steps *out)
{
	lex_init(&p->lex, p->text);
	lex_place_start(&p->place, p->text);
	tree_advance(p);
	if (parse_steps(p, out) != STOP_EOF)
		tree_fail(p, p->tok.text.p, "there is an {{end}} or {{else}} too many before this place");
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
