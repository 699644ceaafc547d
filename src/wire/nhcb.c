/* nhcb.c — see nhcb.h. */
#include "wire/nhcb.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "wire/histogram.h"

struct bucket {
	double bound, count; /* cumulative, as they come */
};
/* The lines of one histogram: those with the same labels. */
struct lines {
	struct str labels; /* without le, each behind a comma */
	struct buf raw;    /* the lines themselves */
	VEC(struct bucket) buckets;
	bool counted, odd;
	double count, sum;
	bool has_time;
	int64_t time;
};
struct family {
	struct str name;
	bool histogram, native; /* native: such a line of it came by */
	struct map *by_labels;  /* struct lines */
	VEC(struct lines *) all;
};
struct rewriting {
	struct expo x;
	struct family family;
	struct metricpb_natives *natives;
	struct arena *arena;
	struct buf *out;
};

/* ---- one histogram ---- */

static int
by_bound(const void *a, const void *b)
{
	const struct bucket *x = a, *y = b;
	return (x->bound > y->bound) - (x->bound < y->bound);
}

static bool
is_whole(double v)
{
	return v >= 0 && v == floor(v) && v < 9e15;
}

/* False: what there is makes no histogram. */
static bool
put_buckets(struct lines *l, struct arena *a, struct histogram *h)
{
	double before = 0;
	h->custom = arena_array(a, double, l->buckets.n + 1);
	h->positive.counts = arena_array(a, double, l->buckets.n + 1);
	h->positive.spans = arena_new(a, struct histogram_span);
	if (l->buckets.n)
		qsort(l->buckets.p, l->buckets.n, sizeof *l->buckets.p, by_bound);
	for (size_t i = 0; i < l->buckets.n; i++) {
		const struct bucket *b = &l->buckets.p[i];
		h->integer &= is_whole(b->count);
		if (isinf(b->bound) ? b->count != l->count : !(b->count >= before))
			return false;
		if (isinf(b->bound))
			continue;
		h->custom[h->n_custom++] = b->bound;
		h->positive.counts[h->positive.n++] = b->count - before;
		before = b->count;
	}
	if (!(l->count >= before))
		return false;
	h->positive.counts[h->positive.n++] = l->count - before;
	*h->positive.spans = (struct histogram_span){.length = (uint32_t)h->positive.n};
	h->positive.n_spans = 1;
	return true;
}

static bool
make(struct lines *l, struct arena *a, struct histogram *h)
{
	for (size_t i = 0; i < l->buckets.n; i++)
		if (isinf(l->buckets.p[i].bound) && !l->counted) {
			l->count = l->buckets.p[i].count;
			l->counted = true;
		}
	*h = (struct histogram){.schema = HISTOGRAM_CUSTOM, .integer = is_whole(l->count), .count = l->count, .sum = l->sum};
	return l->counted && !l->odd && l->buckets.n && put_buckets(l, a, h) && histogram_check(h, NULL) == RC_OK;
}

static void
put_native(struct rewriting *w, const struct lines *l, const struct histogram *h)
{
	struct metricpb_natives *all = w->natives;
	struct buf packed = {0};
	histogram_pack(h, &packed);
	buf_ch(w->out, '{');
	expo_quote(w->out, w->family.name);
	buf_fmt(w->out, "%.*s} h%zu", STR_ARG(l->labels), all->all.n);
	if (l->has_time && w->x.format == EXPO_OPENMETRICS)
		buf_fmt(w->out, " %lld.%03d", (long long)(l->time / 1000), (int)(l->time % 1000));
	else if (l->has_time)
		buf_fmt(w->out, " %lld", (long long)l->time);
	buf_ch(w->out, '\n');
	*vec_add(&all->all) = arena_str(all->arena, buf_view(&packed));
	buf_fini(&packed);
}

/* ---- a family ---- */

static void
end_family(struct rewriting *w)
{
	struct family *f = &w->family;
	for (size_t i = 0; i < f->all.n; i++) {
		struct lines *l = f->all.p[i];
		struct histogram h;
		bool good = !f->native && make(l, w->arena, &h);
		if (!good || w->natives->with_classic)
			buf_str(w->out, buf_view(&l->raw));
		if (good)
			put_native(w, l, &h);
		vec_fini(&l->buckets);
		buf_fini(&l->raw);
	}
	map_destroy(&f->by_labels);
	vec_fini(&f->all);
	*f = (struct family){.by_labels = map_create()};
	arena_reset(w->arena);
}

/* The labels but le, in their order: ,"a"="b",… */
static struct str
labels_of(struct rewriting *w)
{
	struct buf b = {0};
	for (size_t i = 1; i < w->x.labels.n; i++) {
		const struct pair *p = &w->x.labels.p[i];
		if (str_is(p->name, "le"))
			continue;
		buf_ch(&b, ',');
		expo_quote(&b, p->name);
		buf_ch(&b, '=');
		expo_quote(&b, p->value);
	}
	struct str s = arena_str(w->arena, buf_view(&b));
	buf_fini(&b);
	return s;
}

static struct lines *
lines_of(struct rewriting *w)
{
	struct str labels = labels_of(w);
	struct lines *l = map_get(w->family.by_labels, labels);
	if (l)
		return l;
	l = arena_new(w->arena, struct lines);
	l->labels = labels;
	map_put(w->family.by_labels, labels, l);
	*vec_add(&w->family.all) = l;
	return l;
}

static struct str
label_of(const struct expo *x, const char *name)
{
	for (size_t i = 1; i < x->labels.n; i++)
		if (str_is(x->labels.p[i].name, name))
			return x->labels.p[i].value;
	return (struct str){0};
}

static void
add_raw(const struct expo *x, struct buf *b)
{
	buf_add(b, x->line, (size_t)(x->line_end - x->line));
	buf_ch(b, '\n');
}

static void
add_bucket(struct rewriting *w, struct lines *l)
{
	struct bucket b = {.count = w->x.value};
	struct str le = label_of(&w->x, "le");
	if (str_is(le, "+Inf"))
		b.bound = INFINITY;
	else if (!str_f64(le, &b.bound) || !isfinite(b.bound))
		l->odd = true;
	*vec_add(&l->buckets) = b;
}

/* False: the line is none of the family's histograms. */
static bool
take(struct rewriting *w)
{
	const struct expo *x = &w->x;
	struct str name = x->labels.p[0].value, family = w->family.name;
	if (!w->family.histogram || !str_starts(name, family))
		return false;
	struct str end = str_from(name, family.n);
	bool bucket = str_is(end, "_bucket"), sum = str_is(end, "_sum"), count = str_is(end, "_count");
	w->family.native |= x->native > 0;
	if (!bucket && !sum && !count)
		return false;
	struct lines *l = lines_of(w);
	l->odd |= l->raw.n && (l->has_time != x->has_time || (x->has_time && l->time != x->time));
	add_raw(x, &l->raw);
	l->has_time = x->has_time;
	l->time = x->time;
	if (bucket)
		add_bucket(w, l);
	else if (sum)
		l->sum = x->value;
	else
		l->count = x->value;
	l->counted |= count;
	return true;
}

/* ---- pages ---- */

static void
take_type(struct rewriting *w)
{
	if (!str_eq(w->x.family, w->family.name))
		end_family(w);
	w->family.name = arena_str(w->arena, w->x.family);
	w->family.histogram = str_is(w->x.text, "histogram");
}

static bool
rewrite(struct rewriting *w)
{
	enum expo_item item;
	struct err e;
	while ((item = expo_next(&w->x)) != EXPO_END) {
		if (item == EXPO_TYPE)
			take_type(w);
		else if (item == EXPO_SAMPLE && take(w))
			continue;
		add_raw(&w->x, w->out);
	}
	end_family(w);
	if (w->x.format == EXPO_OPENMETRICS)
		buf_c(w->out, "# EOF\n");
	return expo_end(&w->x, &e) == RC_OK;
}

void
nhcb_page(struct str page, enum expo_format format, struct metricpb_natives *natives, struct buf *out)
{
	struct rewriting w = {.natives = natives, .arena = arena_create(), .family = {.by_labels = map_create()}, .out = out};
	size_t before = out->n, had = natives->all.n;
	expo_init(&w.x, page, format, &(struct expo_limits){0});
	w.x.refers |= had > 0;
	if (!rewrite(&w)) {
		out->n = before;
		natives->all.n = had;
		buf_str(out, page);
	}
	expo_fini(&w.x);
	map_destroy(&w.family.by_labels);
	vec_fini(&w.family.all);
	arena_destroy(&w.arena);
}
