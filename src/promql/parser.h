/*
 * parser.h — what the files of the parser share; nobody else includes it.
 *
 * A function that meets an error notes it once (PARSE_FAIL) and returns NULL or false all the way up.
 */
#ifndef PROMQL_PARSER_H
#define PROMQL_PARSER_H

#include "promql/ast.h"
#include "promql/lexer.h"

/* Of what is open while parsing; of the tree, which a long chain (1 + 1 + 1 …) makes high without any nesting. */
enum { PARSE_DEPTH = 200, PARSE_HEIGHT = 500 };

struct parser {
	struct promql *q;
	struct lexer lexer;
	struct token t;       /* the present token */
	const char *last_end; /* where the one before it ended */
	unsigned depth;
	bool failed;
	struct err err;
};

/* Notes the first error; NULL. */
#define PARSE_FAIL(p, at, ...)                                                                               \
	((p)->failed ? NULL                                                                                  \
		     : ((p)->failed = true, promql_error((p)->q->text, (at), &(p)->err, __VA_ARGS__), NULL))

/* parse_tools.c */
void *parse_unexpected(struct parser *, const char *where); /* fails because of the present token */
void parse_advance(struct parser *);
bool parse_at(const struct parser *, enum sign);
bool parse_take(struct parser *, enum sign);
bool parse_need(struct parser *, enum sign, const char *where);
bool parse_at_word(const struct parser *, const char *); /* in any case */
bool parse_take_word(struct parser *, const char *);
bool parse_string(struct parser *, struct str *); /* the present token is a string */
struct node *parse_node(struct parser *, enum node_kind, const char *start);
struct node *parse_end(struct parser *, struct node *); /* it ends with the last token */
void parse_add_arg(struct parser *, struct node *, struct node *arg);

/* parse_duration.c: operators of power `least` and more; what may stand behind `offset` */
struct node *parse_duration(struct parser *, int least);
struct node *parse_offset(struct parser *);

/* parse_selector.c; `name` may be empty: then a brace stands here */
struct node *parse_selector(struct parser *, struct str name, const char *start);
bool parse_labels(struct parser *, struct strs *); /* (a, b, "c d") */

/* parser.c */
struct node *parse_expression(struct parser *, int least);

#endif
