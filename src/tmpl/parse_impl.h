/*
 * parse_impl.h — what parse.c (steps) and parse_pipe.c (words, commands, pipes) share.
 */
#ifndef TMPL_PARSE_IMPL_H
#define TMPL_PARSE_IMPL_H

#include "base/mem.h"
#include "tmpl/lex.h"
#include "tmpl/tree.h"

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

/* The first one counts; everything after it is the end of the text. */
void tree_fail(struct parser *, const char *at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void tree_position(struct parser *, const char *at, uint32_t *line, uint32_t *column);
void tree_advance(struct parser *);
void tree_skip_space(struct parser *);
bool tree_is(const struct parser *, enum token_kind, const char *text);
void tree_expect_close(struct parser *, const char *after);
bool tree_deeper(struct parser *); /* one level down; false: too deep */
void *tree_freeze(struct parser *, const void *items, size_t n, size_t each); /* a copy in the tree's arena */

/* parse_pipe.c */
struct pipe *tree_parse_pipe(struct parser *, bool range); /* range: two variables may be declared */
struct value tree_parse_text(struct parser *, struct str literal);

#endif
