/*
 * lex.h — a template's text as tokens.
 */
#ifndef TMPL_LEX_H
#define TMPL_LEX_H

#include "base/err.h"
#include "base/str.h"

enum token_kind {
	TOK_TEXT,  /* outside {{ }} */
	TOK_OPEN,  /* {{ */
	TOK_CLOSE, /* }} */
	TOK_SPACE,
	TOK_FIELD, /* .name: the name */
	TOK_DOT,
	TOK_VAR, /* $ or $name */
	TOK_WORD,
	TOK_NUMBER,
	TOK_STRING, /* quotes included */
	TOK_CHAR,   /* 'x' */
	TOK_PUNCT,  /* | ( ) , = and := */
	TOK_END,
	TOK_ERROR,
};

struct token {
	enum token_kind kind;
	struct str text;
	const char *problem; /* ERROR */
};

struct lexer {
	struct str text;
	size_t at;
	bool inside, trim_next;
};

void lex_init(struct lexer *, struct str text);
struct token lex_next(struct lexer *);
/* Where in a text: from 1.  Asked for places in rising order it walks the text once. */
struct lex_place {
	const char *at;
	uint32_t line, column;
};
void lex_place_start(struct lex_place *, struct str text);
void lex_place_move(struct lex_place *, struct str text, const char *to);

#endif
