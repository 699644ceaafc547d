/*
 * lexer.h — PromQL text as tokens.
 */
#ifndef PROMQL_LEXER_H
#define PROMQL_LEXER_H

#include "base/err.h"
#include "base/str.h"

enum token_kind {
	TOK_END,
	TOK_NUMBER, /* 1, .5, 0x1f, 1e3, Inf, NaN; 5m and 1h30m are numbers of seconds */
	TOK_STRING,
	TOK_NAME, /* words and metric names; keywords are told apart by the parser */
	TOK_SIGN, /* one of the signs below; `op` says which */
	TOK_BAD,
};

enum sign {
	SIGN_NONE,
	SIGN_ADD, SIGN_SUB, SIGN_MUL, SIGN_DIV, SIGN_MOD, SIGN_POW,
	SIGN_EQL, SIGN_NEQ, SIGN_LSS, SIGN_LTE, SIGN_GTR, SIGN_GTE, SIGN_TRIM_ABOVE, SIGN_TRIM_BELOW,
	SIGN_ASSIGN, SIGN_MATCH, SIGN_NOT_MATCH,
	SIGN_LEFT_PAREN, SIGN_RIGHT_PAREN, SIGN_LEFT_BRACE, SIGN_RIGHT_BRACE, SIGN_LEFT_BRACKET, SIGN_RIGHT_BRACKET,
	SIGN_COMMA, SIGN_COLON, SIGN_AT,
};

struct token {
	enum token_kind kind;
	enum sign sign;
	struct str text; /* as it stands in the expression */
	double number;
	bool duration; /* the number was written as 5m */
};

struct lexer {
	struct str all, rest;
	unsigned brackets; /* within [ ] a colon stands for itself */
	int parens, braces; /* open; fewer than none: one was closed that was not */
};

void lexer_init(struct lexer *, struct str);
/* TOK_BAD: `text` is what cannot be a token. */
struct token lexer_next(struct lexer *);
/* "line:column" of a place in the text, both from 1. */
void lexer_place(struct str all, const char *at, size_t *line, size_t *column);

#endif
