/* otlp.c — see otlp.h. */
#include "ingest/otlp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/otlp_name.h"
#include "wire/histogram.h"

/* A histogram's labels are stored once for each bucket: what a point may have bounds what it can grow to. */
static const struct otlp_limits limits = {.attributes = 128, .bytes = 16384, .buckets = 1000};

/* Points mostly have the same attributes in the same order as the one before. */
struct named {
	struct buf from, to;
};

struct writing {
	const struct otlp_house *house;
	struct otlp_naming naming;
	const char *described; /* the name, where it lies, of the metric that was described last */
	const char *known;     /* the same of the metric whose name is in `metric` */
	struct buf metric;
	VEC(struct named) names; /* of labels, by the place of their attribute */
	struct pushed pushed;
	struct otlp_counts *counts;
	struct otlp o;
	struct arena *arena, *scratch; /* of a resource, of a point */
	VEC(struct pair) common;       /* what the resource gives to each series */
	VEC(struct pair) scope;        /* what the instrumentation gives; of it as well: */
	struct arena *scope_texts;
	VEC(struct pair) labels;       /* of the series under way; the metric's name is last */
	VEC(struct pair) info;         /* of target_info; empty: there is none */
	msec_t newest;                 /* of the resource's points */
	bool refused;                  /* something of this point was */
	struct err first;
};

static void
refuse_point(struct writing *w, const struct err *why)
{
	if (w->counts->refused + w->refused == 0)
		w->first = *why;
	w->refused = true;
}

/* ---- labels ---- */

static struct str
label_name(struct writing *w, struct str name, struct arena *a)
{
	struct buf b = {0};
	otlp_name_label(name, &w->naming, &b);
	struct str out = arena_str(a, buf_view(&b));
	buf_fini(&b);
	return out;
}

/* The same of a point's i-th attribute; until the next point. */
static struct str
point_label_name(struct writing *w, size_t i, struct str name)
{
	while (w->names.n <= i)
		(void)vec_add(&w->names);
	struct named *n = &w->names.p[i];
	if (!n->to.n || !str_eq(buf_view(&n->from), name)) {
		buf_clear(&n->from);
		buf_clear(&n->to);
		buf_str(&n->from, name);
		otlp_name_label(name, &w->naming, &n->to);
	}
	return buf_view(&n->to);
}

/* Two attributes may get the same name: their values stand side by side then, as in Prometheus. */
static void
add_label(struct writing *w, struct str name, struct str value)
{
	for (size_t i = 0; i < w->labels.n; i++) {
		struct pair *p = &w->labels.p[i];
		if (str_eq(p->name, name)) {
			p->value = arena_fmt(w->scratch, "%.*s;%.*s", STR_ARG(p->value), STR_ARG(value));
			return;
		}
	}
	*vec_add(&w->labels) = (struct pair){name, value};
}

/* The resource's labels win over a point's of the same name. */
static bool
is_common(const struct writing *w, struct str name)
{
	for (size_t i = 0; i < w->common.n; i++)
		if (str_eq(w->common.p[i].name, name))
			return true;
	return false;
}

/* The instrumentation's labels win over a point's of the same name. */
static void
set_label(struct writing *w, const struct pair *label)
{
	for (size_t i = 0; i < w->labels.n; i++)
		if (str_eq(w->labels.p[i].name, label->name)) {
			w->labels.p[i].value = label->value;
			return;
		}
	*vec_add(&w->labels) = *label;
}

static void
point_labels(struct writing *w)
{
	w->labels.n = 0;
	for (size_t i = 0; i < w->o.point.attributes.n; i++) {
		const struct pair *p = &w->o.point.attributes.p[i];
		struct str name = point_label_name(w, i, p->name);
		if (!is_common(w, name))
			add_label(w, name, p->value);
	}
	for (size_t i = 0; i < w->scope.n; i++)
		if (!is_common(w, w->scope.p[i].name))
			set_label(w, &w->scope.p[i]);
	for (size_t i = 0; i < w->common.n; i++)
		*vec_add(&w->labels) = w->common.p[i];
}

/* ---- the resource ---- */

static struct str
attribute(const struct writing *w, const char *name)
{
	for (size_t i = 0; i < w->o.resource.n; i++)
		if (str_is(w->o.resource.p[i].name, name))
			return w->o.resource.p[i].value;
	return STR("");
}

static bool
promoted(const struct conf_otlp *c, struct str name)
{
	if (c->promote_all_resource_attributes)
		return !strs_has(c->ignore_resource_attributes, name);
	return strs_has(c->promote_resource_attributes, name);
}

static bool
identifies(struct str name)
{
	return str_is(name, "service.namespace") || str_is(name, "service.name") ||
	       str_is(name, "service.instance.id");
}

/* What else is known of it, when there is anything, and whose it is: copies, since they are stored behind its points. */
static void
note_info(struct writing *w)
{
	w->labels.n = w->info.n = 0;
	for (size_t i = 0; i < w->o.resource.n; i++) {
		const struct pair *p = &w->o.resource.p[i];
		struct str name = label_name(w, p->name, w->arena);
		bool take = w->house->conf->keep_identifying_resource_attributes || !identifies(p->name);
		if (take && !str_is(name, "job") && !str_is(name, "instance"))
			add_label(w, name, p->value);
	}
	if (!w->labels.n || !w->common.n)
		return;
	for (size_t i = 0; i < w->labels.n; i++)
		*vec_add(&w->info) =
		    (struct pair){w->labels.p[i].name, arena_str(w->arena, w->labels.p[i].value)};
	for (size_t i = 0; i < w->common.n; i++)
		*vec_add(&w->info) =
		    (struct pair){w->common.p[i].name, arena_str(w->arena, w->common.p[i].value)};
	*vec_add(&w->info) = (struct pair){STR(LABEL_METRIC), STR("target_info")};
}

static void
end_resource(struct writing *w)
{
	struct tsdb_ref ref;
	if (w->info.n && w->newest > INT64_MIN && pushed_series(&w->pushed, w->info.p, w->info.n, &ref))
		pushed_sample(&w->pushed, ref, w->newest, 1);
	w->info.n = 0;
}

static void
take_resource(struct writing *w)
{
	struct str space = attribute(w, "service.namespace"), service = attribute(w, "service.name"),
		   instance = attribute(w, "service.instance.id");
	end_resource(w);
	arena_reset(w->arena);
	arena_reset(w->scratch);
	w->common.n = w->scope.n = 0;
	w->newest = INT64_MIN;
	if (service.n)
		*vec_add(&w->common) = (struct pair){STR("job"),
		    space.n ? arena_fmt(w->arena, "%.*s/%.*s", STR_ARG(space), STR_ARG(service)) : service};
	if (instance.n)
		*vec_add(&w->common) = (struct pair){STR("instance"), instance};
	note_info(w);
	for (size_t i = 0; i < w->o.resource.n; i++) {
		const struct pair *p = &w->o.resource.p[i];
		struct str name = label_name(w, p->name, w->arena);
		if (promoted(w->house->conf, p->name) && !is_common(w, name))
			*vec_add(&w->common) = (struct pair){name, p->value};
	}
}

static void
add_scope(struct writing *w, const char *name, struct str value)
{
	if (value.n)
		*vec_add(&w->scope) = (struct pair){str_c(name), value};
}

static void
take_scope(struct writing *w)
{
	const struct otlp_scope *s = &w->o.scope;
	w->scope.n = 0;
	arena_reset(w->scope_texts);
	if (!w->house->conf->promote_scope_metadata)
		return;
	add_scope(w, "otel_scope_name", s->name);
	add_scope(w, "otel_scope_version", s->version);
	add_scope(w, "otel_scope_schema_url", s->schema_url);
	for (size_t i = 0; i < s->attributes.n; i++) {
		const struct pair *p = &s->attributes.p[i];
		struct str name = arena_fmt(w->scope_texts, "otel_scope_%.*s", STR_ARG(p->name));
		*vec_add(&w->scope) = (struct pair){label_name(w, name, w->scope_texts), p->value};
	}
}

/* ---- series ---- */

struct value {
	msec_t t;
	double v;
	bool delta;
};

/* A series whose differences are new to this process may have a sum already. */
static void
begin_delta(struct writing *w, struct tsdb_ref ref, msec_t t)
{
	struct str series = buf_view(&w->pushed.labels);
	msec_t at;
	double sum;
	if (!deltas_knows(w->house->deltas, w->pushed.tenant, series) && tsdb_last(w->house->tsdb, ref, t - DELTAS_KEPT, &at, &sum))
		deltas_begin(w->house->deltas, w->pushed.tenant, series, at, sum);
}

static void
put_start(struct writing *w, struct tsdb_ref ref, const struct value *v)
{
	pushed_start(&w->pushed, ref, v->t, (msec_t)(w->o.point.start / 1000000));
}

/* One series of the point: w->labels, then `extra` (its name may be empty), then the metric's name. */
static void
put(struct writing *w, struct str name, struct pair extra, const struct value *v)
{
	struct tsdb_ref ref;
	struct err e;
	double sum = v->v;
	size_t n = w->labels.n;
	struct pair *all = arena_array(w->scratch, struct pair, n + 2);
	if (n)
		memcpy(all, w->labels.p, n * sizeof *all);
	if (extra.name.n)
		all[n++] = extra;
	all[n++] = (struct pair){STR(LABEL_METRIC), name};
	if (!pushed_series(&w->pushed, all, n, &ref)) {
		refuse_point(w, &w->pushed.first);
		return;
	}
	/* what pushed_series has made of the labels names the series */
	if (v->delta && !w->o.point.no_value)
		begin_delta(w, ref, v->t);
	if (v->delta && !w->o.point.no_value &&
	    deltas_add(w->house->deltas, w->pushed.tenant, buf_view(&w->pushed.labels), v->t, v->v, &sum,
		&e) != RC_OK) {
		refuse_point(w, &e);
		return;
	}
	if (w->house->conf->start_timestamps && w->o.metric.kind != OTLP_GAUGE && !v->delta && !w->o.point.no_value)
		put_start(w, ref, v); /* sums of differences are ours, and count since we know */
	pushed_sample(&w->pushed, ref, v->t, w->o.point.no_value ? tsdb_stale() : sum);
}

/* The series itself, as a native histogram.  A difference is stored as it comes, so its start must be known. */
static void
put_native(struct writing *w, struct str name, const struct value *v, const struct histogram *h)
{
	struct err e;
	if (v->delta && !w->o.point.start) {
		err_set(&e, RC_INVALID, "the histogram \"%.*s\" is a difference (delta) and does not say since when (start_time_unix_nano)",
		    STR_ARG(str_to(name, 200)));
		refuse_point(w, &e);
		return;
	}
	struct tsdb_ref ref;
	size_t n = w->labels.n;
	struct pair *all = arena_array(w->scratch, struct pair, n + 1);
	if (n)
		memcpy(all, w->labels.p, n * sizeof *all);
	all[n++] = (struct pair){STR(LABEL_METRIC), name};
	if (!pushed_series(&w->pushed, all, n, &ref))
		refuse_point(w, &w->pushed.first);
	else if (w->o.point.no_value)
		pushed_sample(&w->pushed, ref, v->t, tsdb_stale());
	else {
		if (v->delta || w->house->conf->start_timestamps)
			put_start(w, ref, v);
		pushed_histogram(&w->pushed, ref, v->t, h);
	}
}

static struct str
with_ending(struct writing *w, struct str name, const char *ending)
{
	return arena_fmt(w->scratch, "%.*s%s", STR_ARG(name), ending);
}

static struct str
number_text(struct writing *w, double v)
{
	struct buf b = {0};
	buf_f64(&b, v);
	struct str out = arena_str(w->scratch, buf_view(&b));
	buf_fini(&b);
	return out;
}

static void
put_count_and_sum(struct writing *w, struct str name, struct value v)
{
	const struct otlp_point *p = &w->o.point;
	v.v = (double)p->count;
	put(w, with_ending(w, name, "_count"), (struct pair){0}, &v);
	v.v = p->sum;
	if (p->has_sum || w->o.metric.kind == OTLP_SUMMARY)
		put(w, with_ending(w, name, "_sum"), (struct pair){0}, &v);
}

static void
put_histogram(struct writing *w, struct str name, struct value v)
{
	const struct otlp_point *p = &w->o.point;
	struct str bucket = with_ending(w, name, "_bucket");
	uint64_t sum = 0;
	for (size_t i = 0; i < p->bounds.n && i < p->counts.n; i++) {
		v.v = (double)(sum += p->counts.p[i]);
		if (!isinf(p->bounds.p[i]))
			put(w, bucket, (struct pair){STR("le"), number_text(w, p->bounds.p[i])}, &v);
	}
	v.v = (double)p->count;
	put(w, bucket, (struct pair){STR("le"), STR("+Inf")}, &v);
	put_count_and_sum(w, name, v);
}

/* Every so many neighbours become one where the scale is finer than the finest schema. */
static void
side_of(struct writing *w, const struct otlp_buckets *b, int coarser, struct histogram_side *out)
{
	struct arena *a = w->scratch;
	out->spans = arena_new(a, struct histogram_span);
	out->counts = arena_array(a, double, b->counts.n + 1);
	for (size_t i = 0; i < b->counts.n; i++) {
		int32_t at = (int32_t)(((int64_t)b->offset + (int64_t)i) >> coarser) + 1;
		if (out->n == 0)
			out->spans[out->n_spans++] = (struct histogram_span){.offset = at};
		if (out->n == 0 || at > out->spans[0].offset + (int32_t)out->n - 1)
			out->n++;
		out->counts[out->n - 1] += (double)b->counts.p[i];
	}
	if (out->n)
		out->spans[0].length = (uint32_t)out->n;
}

enum { OFFSET_MAX = 1 << 24 };
#define ZERO_THRESHOLD 1e-128 /* where the sender says none */

static enum rc
put_exponential(struct writing *w, struct str name, struct value v, struct err *e)
{
	const struct otlp_point *p = &w->o.point;
	int coarser = p->scale > HISTOGRAM_SCHEMA_MAX ? p->scale - HISTOGRAM_SCHEMA_MAX : 0;
	struct histogram h = {.schema = p->scale - coarser,
	    .integer = true,
	    .count = (double)p->count,
	    .sum = p->sum,
	    .zero_count = (double)p->zero_count,
	    .zero_threshold = p->zero_threshold > 0 ? p->zero_threshold : ZERO_THRESHOLD};
	if (h.schema < HISTOGRAM_SCHEMA_MIN || coarser > 24 || abs(p->positive.offset) > OFFSET_MAX || abs(p->negative.offset) > OFFSET_MAX)
		return err_set(e, RC_INVALID, "the exponential histogram \"%.*s\" has a scale of %d; it must be at least %d",
		    STR_ARG(str_to(name, 200)), p->scale, HISTOGRAM_SCHEMA_MIN);
	side_of(w, &p->positive, coarser, &h.positive);
	side_of(w, &p->negative, coarser, &h.negative);
	put_native(w, name, &v, &h);
	return RC_OK;
}

/* Its bounds become those of a native histogram; the last bucket is the one behind them. */
static enum rc
put_custom(struct writing *w, struct str name, struct value v, struct err *e)
{
	const struct otlp_point *p = &w->o.point;
	struct histogram_span span = {.length = (uint32_t)p->counts.n};
	struct histogram h = {.schema = HISTOGRAM_CUSTOM, .integer = true, .count = (double)p->count, .sum = p->sum, .custom = p->bounds.p, .n_custom = p->bounds.n};
	while (h.n_custom && isinf(h.custom[h.n_custom - 1]))
		h.n_custom--;
	h.positive = (struct histogram_side){.spans = &span, .n_spans = p->counts.n > 0, .counts = arena_array(w->scratch, double, p->counts.n + 1), .n = p->counts.n};
	for (size_t i = 0; i < p->counts.n; i++)
		h.positive.counts[i] = (double)p->counts.p[i];
	enum rc rc = histogram_check(&h, e);
	if (rc == RC_OK)
		put_native(w, name, &v, &h);
	return rc;
}

static void
put_summary(struct writing *w, struct str name, struct value v)
{
	const struct otlp_point *p = &w->o.point;
	for (size_t i = 0; i < p->quantiles.n; i++) {
		v.v = p->quantiles.p[i].value;
		put(w, name, (struct pair){STR("quantile"), number_text(w, p->quantiles.p[i].quantile)}, &v);
	}
	put_count_and_sum(w, name, v);
}

/* Once for each metric of the request; until the next one. */
static struct str
metric_name(struct writing *w)
{
	const struct otlp_metric *m = &w->o.metric;
	if (!m->name.n || m->name.p != w->known) {
		buf_clear(&w->metric);
		otlp_name_metric(m, &w->naming, &w->metric);
		w->known = m->name.p;
	}
	return buf_view(&w->metric);
}

static void
put_point(struct writing *w)
{
	const struct otlp_point *p = &w->o.point;
	struct value v = {.t = p->time ? (msec_t)(p->time / 1000000) : w->house->now,
	    .v = p->value,
	    .delta = w->o.metric.temporality == OTLP_DELTA};
	struct str name = metric_name(w);
	struct err e;
	w->newest = v.t > w->newest ? v.t : w->newest;
	switch (w->o.metric.kind) {
	case OTLP_GAUGE: v.delta = false; /* fall through */
	case OTLP_SUM: put(w, name, (struct pair){0}, &v); break;
	case OTLP_HISTOGRAM:
		if (!w->house->conf->convert_histograms_to_nhcb)
			put_histogram(w, name, v);
		else if (put_custom(w, name, v, &e) != RC_OK)
			refuse_point(w, &e);
		break;
	case OTLP_SUMMARY: put_summary(w, name, v); break;
	case OTLP_EXPONENTIAL:
		if (put_exponential(w, name, v, &e) != RC_OK)
			refuse_point(w, &e);
		break;
	}
}

static const char *
type_of(const struct otlp_metric *m)
{
	switch (m->kind) {
	case OTLP_SUM: return m->monotonic ? "counter" : "gauge";
	case OTLP_HISTOGRAM:
	case OTLP_EXPONENTIAL: return "histogram";
	case OTLP_SUMMARY: return "summary";
	default: return "gauge";
	}
}

/* Once for each metric of the request: its texts lie in the request's bytes. */
static void
describe_metric(struct writing *w)
{
	const struct otlp_metric *m = &w->o.metric;
	if (m->name.p == w->described)
		return;
	w->described = m->name.p;
	pushed_describe(&w->pushed, &(struct tsdb_metadata){metric_name(w), str_c(type_of(m)), m->description, m->unit});
}

static void
take_point(struct writing *w)
{
	arena_reset(w->scratch);
	w->counts->points++;
	w->refused = false;
	describe_metric(w);
	point_labels(w);
	put_point(w);
	w->counts->refused += w->refused;
}

/* ---- requests ---- */

static void
read_all(struct writing *w)
{
	enum otlp_item item;
	while ((item = otlp_next(&w->o)) != OTLP_END) {
		switch (item) {
		case OTLP_POINT: take_point(w); break;
		case OTLP_SCOPE: take_scope(w); break;
		default: take_resource(w);
		}
	}
	end_resource(w);
}

static enum rc
verdict(struct writing *w, struct err *e)
{
	struct err bad, stored;
	enum rc read = otlp_end(&w->o, &bad), rc = pushed_end(&w->pushed, &stored);
	const struct tsdb_counts *s = &w->pushed.counts.stored;
	w->counts->pushed = w->pushed.counts;
	if (w->pushed.rc != RC_OK) { /* it may come again, as a whole */
		*e = stored;
		return rc;
	}
	if (read != RC_OK)
		return err_set(e, RC_INVALID, "%s", bad.text);
	if (w->counts->refused)
		err_set(e, RC_OK, "%zu of %zu data points were refused, the first because: %.800s",
		    w->counts->refused, w->counts->points, w->first.text);
	else if (rc != RC_OK)
		*e = stored;
	size_t late = s->conflict + s->out_of_order + s->too_old + s->unknown;
	w->counts->refused += late;
	if (w->counts->refused > w->counts->points)
		w->counts->refused = w->counts->points;
	return RC_OK;
}

static struct otlp_naming
naming_of(const struct conf_otlp *c)
{
	static const struct otlp_naming by_strategy[] = {
	    {true, true}, {true, false}, {false, true}, {false, false}};
	return by_strategy[c->translation_strategy];
}

enum rc
otlp_write(const struct otlp_house *house, struct str tenant, struct str body, struct otlp_counts *counts,
    struct err *e)
{
	struct writing w = {.house = house,
	    .naming = naming_of(house->conf),
	    .counts = counts,
	    .arena = arena_create(),
	    .scope_texts = arena_create(),
	    .scratch = arena_create()};
	*counts = (struct otlp_counts){0};
	pushed_init(&w.pushed, house->tsdb, tenant);
	otlp_init(&w.o, body, &limits);
	deltas_now(house->deltas, house->now);
	read_all(&w);
	enum rc rc = verdict(&w, e);
	otlp_fini(&w.o);
	pushed_fini(&w.pushed);
	for (size_t i = 0; i < w.names.n; i++) {
		buf_fini(&w.names.p[i].from);
		buf_fini(&w.names.p[i].to);
	}
	vec_fini(&w.names);
	buf_fini(&w.metric);
	vec_fini(&w.common);
	vec_fini(&w.scope);
	vec_fini(&w.labels);
	vec_fini(&w.info);
	arena_destroy(&w.arena);
	arena_destroy(&w.scope_texts);
	arena_destroy(&w.scratch);
	return rc;
}
