/*
 * answer.c — see answer.h.
 *
 * TRAP   Keys come in any order, so `result` is kept as it stands until its type is known.
 * TRAP   An answer has the buckets of a native histogram, not its schema: it cannot become what was stored.  A rule whose outcome
 *        is one says so instead of recording something else.
 */
#include "cluster/answer.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "wire/json.h"

enum { DEPTH = 16 };

struct reading {
	struct promql_result *r;
	VEC(struct promql_series) series;
	VEC(struct pair) labels;
	VEC(struct str) warnings;
	struct buf bytes;
};

/* [1435781451.781, "1"] */
static bool
read_point(struct json *j, struct promql_point *out)
{
	struct str text;
	double seconds;
	if (!json_array(j) || !json_more(j) || !json_f64(j, &seconds) || !json_more(j) || !json_str(j, &text))
		return false;
	if (!str_f64(text, &out->v) || !(fabs(seconds) < 9e15)) {
		json_fail(j, "\"%.*s\" is no value of a sample", STR_ARG(str_to(text, 40)));
		return false;
	}
	out->t = (msec_t)llround(seconds * 1000);
	return !json_more(j);
}

static bool
read_metric(struct reading *g, struct json *j, struct labels *out)
{
	struct str name, value;
	struct err e;
	g->labels.n = 0;
	if (!json_object(j))
		return false;
	while (json_key(j, &name) && json_str(j, &value))
		*vec_add(&g->labels) = (struct pair){name, value};
	buf_clear(&g->bytes);
	if (labels_add(&g->bytes, g->labels.p, g->labels.n, &e) != RC_OK) {
		json_fail(j, "%s", e.text);
		return false;
	}
	out->bytes = arena_str(g->r->arena, buf_view(&g->bytes));
	return true;
}

static void
read_sample(struct reading *g, struct json *j)
{
	struct promql_point *point = arena_new(g->r->arena, struct promql_point);
	struct promql_series s = {.points = point};
	struct str key;
	if (!json_object(j))
		return;
	while (json_key(j, &key)) {
		if (str_is(key, "metric"))
			(void)read_metric(g, j, &s.labels);
		else if (str_is(key, "value"))
			s.n = read_point(j, point);
		else if (str_is(key, "histogram"))
			json_fail(j, "a native histogram cannot be taken over from a cluster");
		else
			json_skip(j);
	}
	*vec_add(&g->series) = s;
	if (!s.n)
		json_fail(j, "a sample without a value");
}

static void
read_scalar(struct reading *g, struct json *j)
{
	struct promql_point *point = arena_new(g->r->arena, struct promql_point);
	if (read_point(j, point))
		*vec_add(&g->series) = (struct promql_series){.points = point, .n = 1};
}

static void
read_result(struct reading *g, struct json *j, struct str type)
{
	if (str_is(type, "scalar")) {
		g->r->type = PROMQL_SCALAR;
		read_scalar(g, j);
	} else if (str_is(type, "vector")) {
		g->r->type = PROMQL_VECTOR;
		if (json_array(j))
			while (json_more(j))
				read_sample(g, j);
	} else {
		(void)json_skip(j);
		json_fail(j, "a %.*s is neither vector nor scalar", STR_ARG(str_to(type, 40)));
	}
}

static void
read_warnings(struct reading *g, struct json *j)
{
	struct str text;
	if (json_array(j))
		while (json_more(j) && json_str(j, &text))
			*vec_add(&g->warnings) = text;
}

/* The parts of `data` that count, as they stand. */
static void
read_data(struct json *j, struct str *type, struct str *result)
{
	struct str key;
	if (!json_object(j))
		return;
	while (json_key(j, &key)) {
		if (str_is(key, "resultType"))
			(void)json_str(j, type);
		else if (str_is(key, "result"))
			(void)json_raw(j, result);
		else
			json_skip(j);
	}
}

static enum rc
read_all(struct reading *g, struct str body, struct err *e)
{
	struct str key, status = STR(""), type = STR(""), result = STR("null");
	struct json j, inner;
	json_init(&j, body, g->r->arena, DEPTH);
	if (json_object(&j))
		while (json_key(&j, &key)) {
			if (str_is(key, "status"))
				(void)json_str(&j, &status);
			else if (str_is(key, "data"))
				read_data(&j, &type, &result);
			else if (str_is(key, "warnings"))
				read_warnings(g, &j);
			else
				json_skip(&j);
		}
	enum rc rc = json_end(&j, e);
	if (rc != RC_OK || !str_is(status, "success"))
		return err_set(e, RC_IO, "this is no answer of Prometheus's API: %s", rc == RC_OK ? "its status is not \"success\"" : j.err.text);
	json_init(&inner, result, g->r->arena, DEPTH);
	read_result(g, &inner, type);
	return json_end(&inner, e);
}

static void
take(struct reading *g)
{
	struct promql_result *r = g->r;
	r->n = g->series.n;
	r->samples = r->peak = r->n;
	r->series = arena_array(r->arena, struct promql_series, r->n + 1);
	if (r->n)
		memcpy(r->series, g->series.p, r->n * sizeof *r->series);
	r->warnings = (struct strs){arena_array(r->arena, struct str, g->warnings.n + 1), g->warnings.n};
	for (size_t i = 0; i < g->warnings.n; i++)
		r->warnings.p[i] = arena_str(r->arena, g->warnings.p[i]);
}

enum rc
answer_read(struct str body, struct promql_result **out, struct err *e)
{
	struct reading g = {.r = mem_new(struct promql_result)};
	g.r->arena = arena_create();
	enum rc rc = read_all(&g, body, e);
	if (rc == RC_OK)
		take(&g);
	else
		promql_result_destroy(&g.r);
	*out = g.r;
	vec_fini(&g.series);
	vec_fini(&g.labels);
	vec_fini(&g.warnings);
	buf_fini(&g.bytes);
	return rc;
}

bool
answer_error_text(struct str body, struct buf *out)
{
	struct arena *a = arena_create();
	struct str key, status = STR(""), type = STR(""), error = STR("");
	struct json j;
	json_init(&j, body, a, DEPTH);
	if (json_object(&j))
		while (json_key(&j, &key)) {
			struct str *to = str_is(key, "status") ? &status : str_is(key, "errorType") ? &type : str_is(key, "error") ? &error : NULL;
			if (to)
				(void)json_str(&j, to);
			else
				json_skip(&j);
		}
	bool is = json_end(&j, NULL) == RC_OK && str_is(status, "error") && error.n;
	if (is) {
		buf_str(out, type);
		buf_c(out, type.n ? ": " : "");
		buf_str(out, error);
	}
	arena_destroy(&a);
	return is;
}
