/* graphite.c — see graphite.h. */
#include "ingest/graphite.h"

#include <math.h>
#include <string.h>

#include "wire/graphite.h"

/* ---- templates ---- */

static void
split_template(struct str text, struct str *filter, struct str *parts)
{
	struct str rest = str_trim(text);
	(void)str_cut(&rest, ' ', filter);
	*parts = str_trim(rest);
	if (!parts->n) {
		*parts = *filter;
		*filter = STR("");
	}
}

enum rc
graphite_template_check(struct str text, struct err *e)
{
	struct str filter, parts, part;
	bool named = false;
	split_template(text, &filter, &parts);
	while (str_cut(&parts, '.', &part)) {
		bool rest = str_is(part, "measurement*");
		named |= rest || str_is(part, "measurement");
		if (part.n && !rest && !label_name_is_classic(part))
			return err_set(e, RC_INVALID,
			    "\"%.*s\" of the template is neither measurement, measurement* nor the name of a "
			    "label",
			    STR_ARG(str_to(part, 80)));
		if (rest && parts.n)
			return err_set(e, RC_INVALID,
			    "measurement* takes all that follows: nothing can stand behind it");
	}
	return named
		   ? RC_OK
		   : err_set(e, RC_INVALID, "the template has no measurement: the metric would have no name");
}

static bool
filter_fits(struct str filter, struct str path)
{
	struct str want, have;
	while (str_cut(&filter, '.', &want))
		if (!str_cut(&path, '.', &have) || (!str_is(want, "*") && !str_eq(want, have)))
			return false;
	return true;
}

typedef VEC(struct pair) pairs_vec;

static void
add_to_name(struct buf *name, struct str part)
{
	if (name->n)
		buf_ch(name, '_');
	for (size_t i = 0; i < part.n; i++)
		buf_ch(name, part.p[i] == '.' ? '_' : part.p[i]);
}

static void
apply_template(struct str parts, struct str path, struct buf *name, pairs_vec *labels)
{
	struct str place, part;
	while (str_cut(&parts, '.', &place)) {
		if (str_is(place, "measurement*") && path.n) {
			add_to_name(name, path);
			return;
		}
		if (!str_cut(&path, '.', &part))
			return;
		if (str_is(place, "measurement"))
			add_to_name(name, part);
		else if (place.n)
			*vec_add(labels) = (struct pair){place, part};
	}
}

static void
name_and_labels(const struct graphite_sink *s, const struct graphite *g, struct buf *name, pairs_vec *labels)
{
	struct str filter, parts;
	buf_clear(name);
	labels->n = 0;
	for (size_t i = 0; i < s->templates.n && !name->n; i++) {
		split_template(s->templates.p[i], &filter, &parts);
		labels->n = 0;
		if (filter_fits(filter, g->path))
			apply_template(parts, g->path, name, labels);
	}
	if (!name->n) {
		labels->n = 0;
		buf_str(name, g->path);
	}
	for (size_t i = 0; i < g->n; i++)
		*vec_add(labels) = g->tags[i];
	*vec_add(labels) = (struct pair){STR(LABEL_METRIC), buf_view(name)};
}

/* ---- lines ---- */

struct taking {
	struct graphite_sink *sink;
	struct pushed pushed;
	struct buf name;
	pairs_vec labels;
	struct err first;
	bool wrong;
};

static void
refuse_line(struct taking *t, const struct err *why)
{
	t->sink->bad++;
	if (!t->wrong)
		t->first = *why;
	t->wrong = true;
}

static void
take_line(struct taking *t, struct str line, msec_t now)
{
	struct graphite g;
	struct tsdb_ref ref;
	struct err e;
	t->sink->lines++;
	enum rc rc = line.n > GRAPHITE_LINE
			 ? err_set(&e, RC_INVALID, "a line of more than %d bytes", GRAPHITE_LINE)
			 : graphite_parse(line, &g, &e);
	if (rc != RC_OK) {
		refuse_line(t, &e);
		return;
	}
	name_and_labels(t->sink, &g, &t->name, &t->labels);
	if (pushed_series(&t->pushed, t->labels.p, t->labels.n, &ref))
		pushed_sample(&t->pushed, ref, g.has_time ? (msec_t)llround(g.time * 1000) : now, g.value);
	else
		t->sink->bad++;
}

enum rc
graphite_take(struct graphite_sink *s, struct str lines, msec_t now, struct err *e)
{
	struct taking t = {.sink = s};
	struct str line;
	pushed_init(&t.pushed, s->tsdb, s->tenant);
	while (str_cut(&lines, '\n', &line)) {
		line = str_trim(line);
		if (line.n)
			take_line(&t, line, now);
	}
	enum rc rc = pushed_end(&t.pushed, e);
	if (rc == RC_OK && t.wrong)
		rc = err_set(e, RC_INVALID, "%s", t.first.text);
	pushed_fini(&t.pushed);
	buf_fini(&t.name);
	vec_fini(&t.labels);
	return rc;
}
