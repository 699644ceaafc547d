/* play_script.h — inside the plays: a script as it is read, and the statements that its lines name. */
#ifndef MAIN_PLAY_SCRIPT_H
#define MAIN_PLAY_SCRIPT_H

#include "main/play.h"
#include "main/play_world.h"

enum { STATEMENT_WORDS = 24 };

struct statement {
	struct str words[STATEMENT_WORDS];
	size_t n;
	struct pairs block; /* { key value; … } */
	struct str text;    /* <<END … END */
	bool has_text;
};

/* A file that is being read. */
struct source {
	const char *name;  /* as it was named: for sentences */
	struct str folder; /* where what it includes stands */
	struct str rest;
	size_t line;
	unsigned depth; /* of inclusion */
};

struct script {
	struct world world;
	uint64_t seed;
	bool begun, killed;
	struct str title;
	struct source *source;
	struct arena *arena;
};

/* ---- play_read.c ---- */

/* One statement off the line (and the lines of its text off the source); n = 0 at its end. */
CHECKED enum rc statement_read(struct script *, struct str *line, struct statement *, struct err *);
struct str arg(const struct statement *, size_t i); /* the empty string behind the last */
/* The word behind the first one that is `name`: "… in 2s"; empty when it is not there. */
struct str arg_after(const struct statement *, const char *name);
/* A span behind that word; `*out` stays as it is when it is not there. */
CHECKED enum rc arg_span(const struct statement *, const char *name, msec_t *out, struct err *);
enum rc wrong(struct err *, const char *what, struct str got);

/* ---- play.c ---- */

CHECKED enum rc source_run(struct script *, const char *name, const char *path, unsigned depth, struct err *);
/* The program runs: started when it does not yet. */
CHECKED enum rc script_begin(struct script *, struct err *);

typedef enum rc statement_fn(struct script *, const struct statement *, struct err *);
#define STATEMENT(word, form, help) statement_fn do_##word;
#define EXPECT(word, form, help) statement_fn expect_##word;
#include "main/play.def"
#undef STATEMENT
#undef EXPECT

#endif
