/* graphite.c — see graphite.h. */
#include "wire/graphite.h"

#include <math.h>

static struct str
next_word(struct str *rest)
{
	size_t from = 0, to;
	while (from < rest->n && (rest->p[from] == ' ' || rest->p[from] == '\t'))
		from++;
	for (to = from; to < rest->n && rest->p[to] != ' ' && rest->p[to] != '\t'; to++)
		;
	struct str word = str_n(rest->p + from, to - from);
	*rest = str_from(*rest, to);
	return word;
}

static enum rc
parse_path(struct str path, struct graphite *g, struct err *e)
{
	struct str tag, name;
	(void)str_cut(&path, ';', &g->path);
	if (!g->path.n)
		return err_set(e, RC_INVALID, "the line has no name");
	while (str_cut(&path, ';', &tag)) {
		if (g->n == GRAPHITE_TAGS)
			return err_set(e, RC_INVALID, "more than %d tags", GRAPHITE_TAGS);
		if (!str_cut(&tag, '=', &name) || !name.n || !tag.n)
			return err_set(e, RC_INVALID, "a tag is name=value");
		g->tags[g->n++] = (struct pair){name, tag};
	}
	return RC_OK;
}

enum rc
graphite_parse(struct str line, struct graphite *g, struct err *e)
{
	struct str path = next_word(&line), value = next_word(&line), time = next_word(&line),
		   more = next_word(&line);
	g->n = 0;
	g->has_time = false;
	if (!value.n || !str_f64(value, &g->value))
		return err_set(e, RC_INVALID, "\"%.*s\" is no value; a line is: name value time",
		    STR_ARG(str_to(value, 60)));
	/* carbon takes -1 for now */
	if (time.n && !str_is(time, "-1") && !str_is(time, "N")) {
		g->has_time = str_f64(time, &g->time) && fabs(g->time) < 9e12;
		if (!g->has_time)
			return err_set(
			    e, RC_INVALID, "\"%.*s\" is no time in seconds", STR_ARG(str_to(time, 60)));
	}
	if (more.n)
		return err_set(e, RC_INVALID, "something stands behind the time");
	return parse_path(path, g, e);
}
