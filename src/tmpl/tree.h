/*
 * tree.h — a parsed template.  Shared by parse.c, which builds it, and run.c, which walks it; read-only in
 * between.
 */
#ifndef TMPL_TREE_H
#define TMPL_TREE_H

#include "base/map.h"
#include "tmpl/tmpl.h"
#include "tmpl/value.h"

enum { TREE_DEPTH = 64 };

/* One word of a command and the fields behind it: $x.a.b, .a.b, (pipe).a, "text", printf. */
enum word_kind { WORD_DOT, WORD_NIL, WORD_CONST, WORD_VAR, WORD_FUNC, WORD_PIPE };
struct word {
	enum word_kind kind;
	uint32_t line, column;
	struct value value;           /* CONST */
	struct str name;              /* VAR (with its $), FUNC */
	const struct tmpl_func *func; /* FUNC */
	struct pipe *pipe;            /* PIPE */
	const struct str *fields;
	size_t fields_n;
};

struct command {
	struct word *words; /* the first is called with the others */
	size_t n;
};

struct pipe {
	uint32_t line, column;
	struct str vars[2]; /* $x, $y; set to the result */
	size_t vars_n;
	bool assign; /* = instead of := */
	struct command *commands;
	size_t n;
};

enum step_kind {
	STEP_TEXT,
	STEP_PRINT,
	STEP_IF,
	STEP_WITH,
	STEP_RANGE,
	STEP_TEMPLATE,
	STEP_BREAK,
	STEP_CONTINUE
};
struct steps {
	struct step *p;
	size_t n;
};
struct step {
	enum step_kind kind;
	uint32_t line, column;
	struct str text; /* TEXT; TEMPLATE: its name */
	struct pipe *pipe;
	struct steps body, otherwise;
};

struct tree {
	struct str name;
	struct str file; /* where it was defined, for sentences */
	struct steps steps;
};

struct tmpl_func {
	const char *name;
	int least, most; /* arguments; most -1: any number */
	value_fn *fn;
	const char *help;
};
struct tmpl_funcs {
	const struct tmpl_func *p;
	size_t n;
};

struct tmpl_set {
	enum tmpl_dialect dialect;
	struct arena *arena;
	struct map *trees; /* name -> struct tree */
};

extern const struct tmpl_funcs funcs_builtin, funcs_common, funcs_prometheus, funcs_alertmanager;

/* Parses `text` and what it defines into `trees`; the tree of the text itself is `*root`, and is not put
 * there. */
enum rc tree_parse(enum tmpl_dialect, struct str name, struct str text, struct arena *, struct map *trees,
    struct tree **root, struct err *);

#endif
