/* influx.c — see influx.h. */
#include "ingest/influx.h"

#include <string.h>

#include "wire/lineproto.h"

static const struct lineproto_limits limits = {.tags = 128, .fields = 1000, .tag_bytes = 16384, .name = 1024, .value = 16384};

bool
influx_precision(struct str unit, struct influx_options *o)
{
	static const struct {
		const char *name;
		int64_t per_ms, ms_per;
	} units[] = {{"", 1000000, 1}, {"ns", 1000000, 1}, {"n", 1000000, 1}, {"us", 1000, 1}, {"u", 1000, 1},
	    {"ms", 1, 1}, {"s", 1, 1000}, {"m", 1, 60 * 1000}, {"h", 1, 60 * 60 * 1000}};
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (!str_is(unit, units[i].name))
			continue;
		o->per_ms = units[i].per_ms;
		o->ms_per = units[i].ms_per;
		return true;
	}
	return false;
}

struct writing {
	struct pushed pushed;
	const struct influx_options *options;
	struct influx_counts *counts;
	VEC(struct pair) labels;
	struct buf name;
	struct err first; /* the first bad line */
};

static void
refuse_line(struct writing *w, const struct err *why)
{
	if (w->counts->bad_lines++ == 0)
		w->first = *why;
}

static bool
time_of(const struct writing *w, const struct lineproto *l, msec_t *t)
{
	const struct influx_options *o = w->options;
	if (!l->has_time) {
		*t = o->now;
		return true;
	}
	int64_t rest = l->time % o->per_ms;
	return !__builtin_mul_overflow(l->time / o->per_ms - (rest < 0), o->ms_per, t);
}

/* All labels of a point but the name, which goes last and changes from field to field. */
static void
labels_of(struct writing *w, const struct lineproto *l)
{
	bool has_db = false;
	w->labels.n = 0;
	for (size_t i = 0; i < l->tags.n; i++) {
		*vec_add(&w->labels) = l->tags.p[i];
		has_db |= str_is(l->tags.p[i].name, "db");
	}
	if (w->options->db.n && !has_db)
		*vec_add(&w->labels) = (struct pair){STR("db"), w->options->db};
}

static void
add_field(struct writing *w, const struct lineproto *l, const struct lineproto_field *f, msec_t t)
{
	struct tsdb_ref ref;
	buf_clear(&w->name);
	buf_str(&w->name, l->measurement);
	buf_ch(&w->name, '_');
	buf_str(&w->name, f->name);
	labels_of(w, l);
	*vec_add(&w->labels) = (struct pair){STR(LABEL_METRIC), buf_view(&w->name)};
	if (pushed_series(&w->pushed, w->labels.p, w->labels.n, &ref))
		pushed_sample(&w->pushed, ref, t, f->value);
}

static void
add_point(struct writing *w, const struct lineproto *l)
{
	msec_t t;
	struct err e;
	if (!time_of(w, l, &t)) {
		err_set(
		    &e, RC_INVALID, "line %zu: the time %lld is too far away", l->line, (long long)l->time);
		refuse_line(w, &e);
		return;
	}
	for (size_t i = 0; i < l->fields.n; i++) {
		if (l->fields.p[i].is_text)
			w->counts->texts++;
		else
			add_field(w, l, &l->fields.p[i], t);
	}
}

static enum rc
verdict(struct writing *w, struct err *e)
{
	enum rc rc = pushed_end(&w->pushed, e);
	w->counts->pushed = w->pushed.counts;
	if (w->pushed.rc != RC_OK || !w->counts->bad_lines)
		return rc;
	return err_set(e, RC_INVALID,
	    "partial write: %zu of %zu lines were refused, the first because: %.800s", w->counts->bad_lines,
	    w->counts->lines, w->first.text);
}

enum rc
influx_write(struct tsdb *db, struct str tenant, struct str text, const struct influx_options *o,
    struct influx_counts *counts, struct err *e)
{
	struct writing w = {.options = o, .counts = counts};
	struct lineproto l;
	enum lineproto_item item;
	*counts = (struct influx_counts){0};
	pushed_init(&w.pushed, db, tenant);
	lineproto_init(&l, text, &limits);
	while ((item = lineproto_next(&l)) != LINEPROTO_END) {
		counts->lines++;
		if (item == LINEPROTO_POINT)
			add_point(&w, &l);
		else
			refuse_line(&w, &l.err);
	}
	enum rc rc = verdict(&w, e);
	lineproto_fini(&l);
	pushed_fini(&w.pushed);
	vec_fini(&w.labels);
	buf_fini(&w.name);
	return rc;
}
