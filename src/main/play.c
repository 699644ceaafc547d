/* play.c — plays: a file, its lines, and which function does what a line says.  See play.h. */
#include "main/play_script.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/os.h"

enum { FILE_LIMIT = 1 << 20, DEPTH_LIMIT = 8 };

struct play_row {
	const char *word, *form, *help;
	statement_fn *fn;
};

static const struct play_row statements[] = {
#define STATEMENT(word, form, help) {#word, form, help, do_##word},
#define EXPECT(word, form, help)
#include "main/play.def"
#undef STATEMENT
#undef EXPECT
};

static const struct play_row expectations[] = {
#define STATEMENT(word, form, help)
#define EXPECT(word, form, help) {#word, form, help, expect_##word},
#include "main/play.def"
#undef STATEMENT
#undef EXPECT
};

enum {
	STATEMENTS = sizeof statements / sizeof *statements,
	EXPECTATIONS = sizeof expectations / sizeof *expectations
};

static const struct play_row *
row_of(const struct play_row *rows, size_t n, struct str word)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(word, rows[i].word))
			return &rows[i];
	return NULL;
}

enum rc
do_expect(struct script *s, const struct statement *st, struct err *e)
{
	const struct play_row *r = row_of(expectations, EXPECTATIONS, arg(st, 1));
	if (!r)
		return wrong(e, "something that can be expected", arg(st, 1));
	enum rc rc = script_begin(s, e);
	return rc == RC_OK ? r->fn(s, st, e) : rc;
}

static enum rc
run_line(struct script *s, struct str line, struct err *e)
{
	struct statement st;
	do {
		enum rc rc = statement_read(s, &line, &st, e);
		const struct play_row *r =
		    rc == RC_OK && st.n ? row_of(statements, STATEMENTS, st.words[0]) : NULL;
		if (rc == RC_OK && st.n)
			rc = r ? r->fn(s, &st, e) : wrong(e, "a statement of a play", st.words[0]);
		if (rc != RC_OK)
			return rc;
	} while (st.n && str_trim(line).n);
	return RC_OK;
}

static struct str
folder_of(const char *path, struct arena *a)
{
	const char *slash = strrchr(path, '/');
	return slash ? arena_str(a, str_n(path, (size_t)(slash - path))) : STR(".");
}

enum rc
source_run(struct script *s, const char *name, const char *path, unsigned depth, struct err *e)
{
	struct source source = {.name = name, .folder = folder_of(path, s->arena), .depth = depth},
		      *before = s->source;
	struct buf text = {0};
	struct str line;
	if (depth > DEPTH_LIMIT)
		return err_set(e, RC_INVALID, "files include each other %d deep", DEPTH_LIMIT);
	enum rc rc = os_read_file(path, FILE_LIMIT, &text, e);
	source.rest =
	    arena_str(s->arena, buf_view(&text)); /* what is remembered of it may outlive the file */
	buf_fini(&text);
	s->source = &source;
	while (rc == RC_OK && str_cut(&source.rest, '\n', &line)) {
		size_t at = ++source.line;
		struct err why;
		rc = run_line(s, line, &why);
		if (rc != RC_OK)
			rc = err_set(e, RC_INVALID, "%s:%zu: %s", name, at, why.text);
	}
	s->source = before;
	return rc;
}

enum rc
script_begin(struct script *s, struct err *e)
{
	if (world_runs(&s->world))
		return RC_OK;
	if (!s->begun)
		return err_set(e, RC_INVALID, "a play begins with `clock TIME`");
	s->killed = false;
	return world_start(&s->world, e);
}

enum rc
play_run(const char *path, uint64_t seed, struct str *title, struct arena *a, struct err *e)
{
	struct script s = {.arena = a, .seed = seed};
	char *absolute = realpath(path, NULL); /* the world has a folder of its own */
	enum rc rc = source_run(&s, path, absolute ? absolute : path, 0, e);
	*title = arena_str(a, s.title);
	if (s.begun)
		world_fini(&s.world);
	free(absolute);
	return rc;
}

static void
print_rows(const struct play_row *rows, size_t n, const char *before, struct buf *b)
{
	for (size_t i = 0; i < n; i++)
		buf_fmt(b, "  %s%s%s%s\n      %s\n", before, rows[i].word, *rows[i].form ? " " : "",
		    rows[i].form, rows[i].help);
}

void
play_statements(struct buf *b)
{
	buf_c(b, "A statement stands on a line of its own, or several with ; between them.  Texts with "
		 "blanks stand in \"\" or ''.\n"
		 "{ key value; … } is a block, <<END … END a text of several lines, # begins a remark.\n\n");
	print_rows(statements, STATEMENTS, "", b);
	buf_ch(b, '\n');
	print_rows(expectations, EXPECTATIONS, "expect ", b);
}
