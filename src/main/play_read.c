/* play_read.c — words, blocks and texts of a play's lines. */
#include <string.h>

#include "base/time.h"
#include "main/play_script.h"

/* The next word of a line: bare, or in quotes; `;`, `{` and `}` stand for themselves. */
static bool
next_word(struct str *line, struct str *word)
{
	*line = str_trim(*line);
	if (!line->n || line->p[0] == '#')
		return false;
	if (strchr("\"'", line->p[0])) {
		ptrdiff_t end = str_chr(str_from(*line, 1), line->p[0]);
		size_t n = end < 0 ? line->n - 1 : (size_t)end;
		*word = str_n(line->p + 1, n);
		*line = str_from(*line, n + 2);
		return true;
	}
	size_t n = 0;
	if (strchr(";{}", line->p[0]))
		n = 1;
	while (n < line->n && !strchr(" \t;{}", line->p[n]) && !strchr(";{}", line->p[0]))
		n++;
	*word = str_to(*line, n);
	*line = str_from(*line, n);
	return true;
}

static enum rc
read_block(struct script *s, struct str *line, struct statement *st, struct err *e)
{
	struct str name, value, end;
	st->block.p = arena_array(s->arena, struct pair, line->n / 2 + 1);
	while (next_word(line, &name) && !str_is(name, "}")) {
		if (!next_word(line, &value))
			return err_set(e, RC_INVALID, "\"%.*s\" has no value", STR_ARG(name));
		st->block.p[st->block.n++] = (struct pair){name, value};
		if (!next_word(line, &end))
			return err_set(e, RC_INVALID, "the block has no }");
		if (str_is(end, "}"))
			return RC_OK;
		if (!str_is(end, ";"))
			return err_set(e, RC_INVALID, "\"%.*s\" where ; or } was expected", STR_ARG(end));
	}
	return RC_OK;
}

static enum rc
read_text(struct script *s, struct str mark, struct statement *st, struct err *e)
{
	struct source *from = s->source;
	const char *begin = from->rest.p;
	struct str line;
	size_t at = from->line;
	while (str_cut(&from->rest, '\n', &line)) {
		from->line++;
		if (!str_eq(str_trim(line), mark))
			continue;
		st->text = str_n(begin, (size_t)(line.p - begin));
		st->has_text = true;
		return RC_OK;
	}
	return err_set(
	    e, RC_INVALID, "the text that begins in line %zu has no line \"%.*s\"", at, STR_ARG(mark));
}

enum rc
statement_read(struct script *s, struct str *line, struct statement *st, struct err *e)
{
	struct str word;
	enum rc rc = RC_OK;
	memset(st, 0, sizeof *st);
	while (rc == RC_OK && !st->has_text && next_word(line, &word)) {
		if (str_is(word, ";"))
			return RC_OK;
		if (str_is(word, "{"))
			rc = read_block(s, line, st, e);
		else if (str_starts(word, STR("<<")))
			rc = read_text(s, str_from(word, 2), st, e);
		else if (st->n < STATEMENT_WORDS)
			st->words[st->n++] = word;
		else
			rc = err_set(e, RC_INVALID, "over %d words", STATEMENT_WORDS);
	}
	return rc;
}

struct str
arg(const struct statement *st, size_t i)
{
	return i < st->n ? st->words[i] : STR("");
}

struct str
arg_after(const struct statement *st, const char *name)
{
	for (size_t i = 1; i < st->n; i++)
		if (str_is(st->words[i], name))
			return arg(st, i + 1);
	return STR("");
}

enum rc
arg_span(const struct statement *st, const char *name, msec_t *out, struct err *e)
{
	struct str text = arg_after(st, name);
	return !text.n || duration_parse(text, out) ? RC_OK : wrong(e, "a duration", text);
}

enum rc
wrong(struct err *e, const char *what, struct str got)
{
	return err_set(e, RC_INVALID, "\"%.*s\" is not %s", STR_ARG(got), what);
}
