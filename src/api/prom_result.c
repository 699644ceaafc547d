/*
 * prom_result.c — the answer to a query: JSON as Prometheus writes it.
 *
 * IDEA   A result may be a hundred times as large as what anybody would hold twice, so its text is made series by series while
 *        the client takes it.
 */
#include <string.h>

#include "api/prom_parts.h"
#include "base/number.h"
#include "promql/native.h"

static void
add_words(struct json_writer *w, const char *key, struct strs words)
{
	if (!words.n)
		return;
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < words.n; i++)
		jsonw_str(w, words.p[i]);
	jsonw_array_end(w);
}

/* [1435781451.781, — the time in seconds with at most three places. */
enum { MOMENT_TEXT = NUMBER_TEXT + 6 };

static char *
put_moment(char *p, msec_t t)
{
	uint64_t size = t < 0 ? 0 - (uint64_t)t : (uint64_t)t;
	*p++ = '[';
	if (t < 0)
		*p++ = '-';
	p = number_u64(p, size / 1000);
	if (size % 1000) {
		unsigned ms = (unsigned)(size % 1000);
		*p++ = '.';
		*p++ = (char)('0' + ms / 100);
		*p++ = (char)('0' + ms / 10 % 10);
		*p++ = (char)('0' + ms % 10);
	}
	*p++ = ',';
	return p;
}

static void
add_moment(struct buf *b, msec_t t)
{
	char *p = buf_room(b, MOMENT_TEXT);
	buf_grew(b, (size_t)(put_moment(p, t) - p));
}

/* [1435781451.781,"1"]: the value is a text. */
static void
add_point(struct buf *b, const struct promql_point *point)
{
	char *start = buf_room(b, MOMENT_TEXT + NUMBER_TEXT + 3), *p = put_moment(start, point->t);
	*p++ = '"';
	p = number_f64(p, point->v);
	*p++ = '"';
	*p++ = ']';
	buf_grew(b, (size_t)(p - start));
}

/* Is there a point of this kind, a number or a native histogram? */
static bool
has_points(const struct promql_series *s, bool native)
{
	bool any = false;
	if (!s->natives)
		return !native && s->n;
	for (size_t i = 0; !any && i < s->n; i++)
		any = (s->natives[i] != NULL) == native;
	return any;
}

/* The points of one kind under their key; nothing where there are none. */
static void
add_points(struct json_writer *w, const struct promql_series *s, bool matrix, bool native)
{
	struct buf *b = w->out;
	bool first = true;
	if (!has_points(s, native))
		return;
	jsonw_key(w, native ? (matrix ? "histograms" : "histogram") : matrix ? "values" : "value");
	jsonw_raw(w, matrix ? STR("[") : STR("")); /* the rest of this value is written by hand */
	for (size_t i = 0; i < s->n; i++) {
		const struct native *h = s->natives ? s->natives[i] : NULL;
		if ((h != NULL) != native)
			continue;
		if (!first)
			buf_ch(b, ',');
		first = false;
		if (!h) {
			add_point(b, &s->points[i]);
			continue;
		}
		add_moment(b, s->points[i].t);
		native_json(h, b);
		buf_ch(b, ']');
	}
	if (matrix)
		buf_ch(b, ']');
}

static void
add_series(struct json_writer *w, const struct promql_series *s, bool matrix)
{
	jsonw_object(w);
	jsonw_key(w, "metric");
	labels_to_json(w, s->labels);
	add_points(w, s, matrix, false);
	if (s->natives)
		add_points(w, s, matrix, true);
	jsonw_object_end(w);
}

/* An answer on its way: the result goes out series by series. */
struct outgoing {
	struct promql_result *r;
	struct json_writer w;
	struct buf stats; /* JSON; empty: nobody asked */
	msec_t at;
	size_t next; /* series */
	bool begun;
};

enum { PART = 64 << 10, POINT_BYTES = 28, SERIES_BYTES = 200 };

static void
begin_result(struct outgoing *o, struct buf *out)
{
	const struct promql_result *r = o->r;
	struct json_writer *w = &o->w;
	prom_success(w, out);
	jsonw_object(w);
	jsonw_key(w, "resultType");
	jsonw_c(w, promql_type_name(r->type));
	jsonw_key(w, "result");
	if (r->type == PROMQL_SCALAR) {
		struct buf one = {0};
		add_point(&one, &r->series[0].points[0]);
		jsonw_raw(w, buf_view(&one));
		buf_fini(&one);
		return;
	}
	jsonw_array(w);
	if (r->type == PROMQL_STRING) {
		jsonw_f64(w, (double)o->at / 1000);
		jsonw_str(w, r->string);
	}
}

static void
end_result(struct outgoing *o)
{
	struct json_writer *w = &o->w;
	if (o->r->type != PROMQL_SCALAR)
		jsonw_array_end(w);
	if (o->stats.n) {
		jsonw_key(w, "stats");
		jsonw_raw(w, buf_view(&o->stats));
	}
	jsonw_object_end(w);
	add_words(w, "warnings", o->r->warnings);
	add_words(w, "infos", o->r->infos);
	jsonw_object_end(w);
}

static bool
next_part(void *arg, struct buf *out)
{
	struct outgoing *o = arg;
	const struct promql_result *r = o->r;
	size_t n = r->type == PROMQL_VECTOR || r->type == PROMQL_MATRIX ? r->n : 0, before = out->n;
	if (!o->begun)
		begin_result(o, out);
	o->begun = true;
	o->w.out = out;
	while (o->next < n && out->n - before < PART)
		add_series(&o->w, &r->series[o->next++], r->type == PROMQL_MATRIX);
	if (o->next < n)
		return true;
	end_result(o);
	return false;
}

static void
outgoing_fini(void *arg)
{
	struct outgoing *o = arg;
	promql_result_destroy(&o->r);
	buf_fini(&o->stats);
	mem_free(o);
}

static size_t
about(const struct promql_result *r)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n; i++)
		n += SERIES_BYTES + r->series[i].n * POINT_BYTES;
	return n;
}

void
prom_answer_result(struct call *c, struct promql_result *take_r, msec_t at, struct buf *take_stats)
{
	struct outgoing *o = mem_new(struct outgoing);
	*o = (struct outgoing){.r = take_r, .at = at, .stats = *take_stats};
	*take_stats = (struct buf){0};
	http_answer_parts(c->req, 200, "application/json", &(struct http_parts){next_part, outgoing_fini, o, about(take_r)});
}
