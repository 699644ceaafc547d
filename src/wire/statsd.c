/* statsd.c — see statsd.h. */
#include "wire/statsd.h"

#include <math.h>

static const struct {
	const char *word;
	enum statsd_type type;
} types[] = {{"c", STATSD_COUNTER}, {"g", STATSD_GAUGE}, {"ms", STATSD_TIMER}, {"h", STATSD_TIMER},
    {"d", STATSD_TIMER}, {"s", STATSD_SET}};

static enum rc
parse_type(struct str word, struct statsd_line *l, struct err *e)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (str_is(word, types[i].word)) {
			l->type = types[i].type;
			return RC_OK;
		}
	return err_set(e, RC_INVALID, "\"%.*s\" is none of c, g, ms, h, d and s", STR_ARG(str_to(word, 40)));
}

static enum rc
parse_value(struct statsd_line *l, struct err *e)
{
	if (!l->text.n)
		return err_set(e, RC_INVALID, "the line has no value");
	if (l->type == STATSD_SET)
		return RC_OK;
	if (!str_f64(l->text, &l->value) || !isfinite(l->value))
		return err_set(e, RC_INVALID, "\"%.*s\" is no number", STR_ARG(str_to(l->text, 60)));
	l->relative = l->type == STATSD_GAUGE && (l->text.p[0] == '+' || l->text.p[0] == '-');
	return RC_OK;
}

/* "route:/a"; one without a value is a label of that name that says true. */
static enum rc
parse_tags(struct str tags, struct statsd_line *l, struct err *e)
{
	struct str tag, name;
	while (str_cut(&tags, ',', &tag)) {
		if (!tag.n)
			continue;
		if (l->n == STATSD_TAGS)
			return err_set(e, RC_INVALID, "more than %d tags", STATSD_TAGS);
		ptrdiff_t colon = str_chr(tag, ':');
		name = colon < 0 ? tag : str_to(tag, (size_t)colon);
		if (!name.n)
			return err_set(e, RC_INVALID, "a tag has no name");
		l->tags[l->n++] =
		    (struct pair){name, colon < 0 ? STR("true") : str_from(tag, (size_t)colon + 1)};
	}
	return RC_OK;
}

enum rc
statsd_parse(struct str line, struct statsd_line *l, struct err *e)
{
	struct str word = STR(""), value = STR("");
	ptrdiff_t colon = str_chr(line, ':');
	l->n = 0;
	l->rate = 1;
	l->relative = false;
	l->value = 0;
	if (colon <= 0)
		return err_set(e, RC_INVALID, "a line is name:value|type");
	l->name = str_to(line, (size_t)colon);
	line = str_from(line, (size_t)colon + 1);
	(void)str_cut(&line, '|', &value);
	l->text = value;
	(void)str_cut(&line, '|', &word);
	enum rc rc = parse_type(word, l, e);
	if (rc == RC_OK)
		rc = parse_value(l, e);
	while (rc == RC_OK && str_cut(&line, '|', &word)) {
		if (str_starts(word, STR("@"))) {
			if (!str_f64(str_from(word, 1), &l->rate) || !(l->rate > 0 && l->rate <= 1))
				rc = err_set(e, RC_INVALID, "\"%.*s\" is no rate above 0 and up to 1",
				    STR_ARG(str_to(word, 40)));
		} else if (str_starts(word, STR("#"))) {
			rc = parse_tags(str_from(word, 1), l, e);
		} /* what else DogStatsD adds (a container, a time) says nothing that is stored */
	}
	return rc;
}
