/* eval.c — walking the tree, and making the result. */
#include "promql/native_eval.h"
#include "promql/tiered.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/map.h"
#include "promql/lexer.h"
#include "promql/select.h"
#include "promql/twins.h"

enum { POINTS_LIMIT = 11000, SAMPLES_LIMIT = 50000000, NOTES_MAX = 10 };

/* ---- what every part uses ---- */

bool
eval_fail(const struct eval *ev, enum rc rc, const char *fmt, ...)
{
	struct run *run = ev->run;
	if (run->failed)
		return false;
	struct buf b = {0};
	va_list ap;
	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	err_set(run->err, rc, "%s", b.p);
	buf_fini(&b);
	run->failed = true;
	return false;
}

bool
eval_too_many(const struct eval *ev)
{
	return eval_fail(
	    ev, RC_REFUSED, "query processing would load too many samples into memory in query execution");
}

/* So many at once from the budget of all queries: rows are small and many. */
enum { INSTALMENT = 1 << 16 };

bool
eval_hold(const struct eval *ev, size_t n)
{
	struct run *run = ev->run;
	struct err e;
	run->samples += n;
	if (run->samples > run->samples_limit)
		return eval_too_many(ev);
	if (!run->ask->outsider || run->samples <= *run->paid)
		return true;
	size_t owed = run->samples - *run->paid, more = budget_has(BUDGET_query_samples, owed + INSTALMENT) ? INSTALMENT : 0;
	if (budget_take(BUDGET_query_samples, owed + more, &e) != RC_OK)
		return eval_fail(ev, RC_REFUSED, "%s", e.text);
	*run->paid += owed + more;
	return true;
}

bool
eval_go_on(const struct eval *ev)
{
	enum { LOOKS = 16 }; /* asked for each series, and the time costs more than a short series does */
	const volatile bool *cancel = ev->run->ask->cancel;
	nsec_t deadline = ev->run->looks++ % LOOKS ? 0 : ev->run->ask->deadline;
	if (deadline && clock_mono(clock_real()) > deadline)
		return eval_fail(ev, RC_TIMEOUT, "query timed out in expression evaluation");
	return !(cancel && *cancel) ||
	       eval_fail(ev, RC_CANCELLED, "query was canceled in expression evaluation");
}

void
eval_note(const struct eval *ev, bool warning, const struct node *where, const char *fmt, ...)
{
	struct run *run = ev->run;
	struct notes *notes = warning ? &run->warnings : &run->infos;
	struct buf b = {0};
	size_t line, column;
	va_list ap;
	buf_fmt(&b, "PromQL %s: ", warning ? "warning" : "info");
	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	lexer_place(run->q->text, where->text.p, &line, &column);
	buf_fmt(&b, " (%zu:%zu)", line, column);
	bool known = notes->n >= NOTES_MAX;
	for (size_t i = 0; !known && i < notes->n; i++)
		known = str_eq(notes->p[i], buf_view(&b));
	if (!known)
		*vec_add(notes) = arena_str(run->arena, buf_view(&b));
	buf_fini(&b);
}

double *
eval_steps(const struct eval *ev)
{
	(void)eval_hold(ev, ev->n); /* the node fails when it returns */
	return arena_array(ev->run->arena, double, ev->n);
}

struct row *
eval_row(const struct eval *ev, struct rows *rows, struct labels ls, bool drop_name)
{
	struct run *run = ev->run;
	if (rows->take && rows->scratch.v) {
		memset(rows->scratch.has, 0, ev->n);
		rows->scratch.labels = ls;
		rows->scratch.drop_name = drop_name;
		rows->scratch.from = rows->scratch.to = 0;
		rows->scratch.h = NULL;
		return &rows->scratch;
	}
	if (!eval_hold(ev, ev->n))
		return NULL;
	if (rows->take) {
		rows->scratch = (struct row){.labels = ls, .drop_name = drop_name, .v = arena_array(run->arena, double, ev->n), .has = arena_array(run->arena, uint8_t, ev->n)};
		return &rows->scratch;
	}
	if (rows->n == rows->cap) {
		size_t cap = rows->cap ? rows->cap * 2 : 8;
		struct row *more = arena_array(run->arena, struct row, cap);
		if (rows->n)
			memcpy(more, rows->p, rows->n * sizeof *more);
		rows->p = more;
		rows->cap = cap;
	}
	struct row *row = &rows->p[rows->n++];
	*row = (struct row){.labels = ls, .drop_name = drop_name};
	row->v = arena_array(run->arena, double, ev->n);
	row->has = arena_array(run->arena, uint8_t, ev->n);
	return row;
}

void
eval_row_undo(struct rows *rows)
{
	rows->n -= !rows->take; /* its memory stays, and stays paid for */
}

bool
eval_scalar(const struct eval *ev, const struct node *n, double **out)
{
	struct value v;
	if (!eval_node(ev, n, &v))
		return false;
	*out = v.scalar;
	return true;
}

bool
eval_string(const struct eval *ev, const struct node *n, struct str *out)
{
	struct value v;
	if (!eval_node(ev, n, &v))
		return false;
	*out = v.string;
	return true;
}

/* ---- nodes ---- */

static bool
number(const struct eval *ev, double x, struct value *out)
{
	out->scalar = eval_steps(ev);
	for (size_t i = 0; i < ev->n; i++)
		out->scalar[i] = x;
	return true;
}

static bool
math_call(const struct eval *ev, const struct node *n, struct value *out)
{
	if (!eval_node(ev, n->args[0], out))
		return false;
	native_drop(ev, &out->rows);
	for (size_t r = 0; r < out->rows.n; r++) {
		struct row *row = &out->rows.p[r];
		row->drop_name = true;
		for (size_t i = 0; i < ev->n; i++)
			if (row->has[i])
				row->v[i] = n->fn->math(row->v[i]);
	}
	return true;
}

/* minute() and its kin: of the values as times, or of the step's own time. */
static bool
date_call(const struct eval *ev, const struct node *n, struct value *out)
{
	if (n->n_args == 1 && !eval_node(ev, n->args[0], out))
		return false;
	native_drop(ev, &out->rows);
	if (n->n_args == 0) {
		struct row *row = eval_row(ev, &out->rows, (struct labels){0}, false);
		for (size_t i = 0; row && i < ev->n; i++) {
			row->v[i] = floor((double)eval_time(ev, i) / 1000);
			row->has[i] = 1;
		}
	}
	for (size_t r = 0; r < out->rows.n; r++) {
		struct row *row = &out->rows.p[r];
		row->drop_name = true;
		for (size_t i = 0; i < ev->n; i++)
			if (row->has[i])
				row->v[i] = fabs(row->v[i]) < 6e16
						? (double)n->fn->date((int64_t)floor(row->v[i]))
						: NAN;
	}
	return !ev->run->failed;
}

static bool
call(const struct eval *ev, const struct node *n, struct value *out)
{
	struct call c = {ev, n, out};
	if (n->fn->over)
		return eval_windows(ev, n, &out->rows);
	if (n->fn->math)
		return math_call(ev, n, out);
	if (n->fn->date)
		return date_call(ev, n, out);
	if (n->fn->run)
		return n->fn->run(&c);
	return eval_fail(ev, RC_INVALID, "the function %s() is not evaluated yet", n->fn->name);
}

static bool
unary(const struct eval *ev, const struct node *n, struct value *out)
{
	if (!eval_node(ev, n->args[0], out))
		return false;
	if (n->op != OP_SUB)
		return true;
	for (size_t i = 0; out->type == PROMQL_SCALAR && i < ev->n; i++)
		out->scalar[i] = -out->scalar[i];
	for (size_t r = 0; r < out->rows.n; r++) {
		out->rows.p[r].drop_name = true;
		if (out->rows.p[r].h && !native_negate(ev, &out->rows.p[r]))
			return false;
		for (size_t i = 0; i < ev->n; i++)
			out->rows.p[r].v[i] = -out->rows.p[r].v[i];
	}
	return true;
}

static bool
evaluate(const struct eval *ev, const struct node *n, struct value *out)
{
	switch (n->kind) {
	case NODE_NUMBER: return number(ev, n->number, out);
	case NODE_STRING: out->string = n->string; return true;
	case NODE_SELECTOR: return eval_selector(ev, n, &out->rows);
	case NODE_CALL: return call(ev, n, out);
	case NODE_AGGREGATE: return eval_aggregate(ev, n, &out->rows);
	case NODE_UNARY: return unary(ev, n, out);
	case NODE_BINARY: return eval_binary(ev, n, out);
	case NODE_PAREN: return eval_node(ev, n->args[0], out);
	case NODE_SUBQUERY:
	case NODE_CLOCK: break;
	}
	return eval_fail(ev, RC_INVALID, "a range cannot stand here");
}

static bool
at_every_step(const struct eval *ev, const struct value *one, struct value *out)
{
	if (one->type == PROMQL_SCALAR)
		return number(ev, one->scalar[0], out);
	for (size_t r = 0; r < one->rows.n; r++) {
		const struct row *from = &one->rows.p[r];
		struct row *row = from->has[0] ? eval_row(ev, &out->rows, from->labels, from->drop_name) : NULL;
		for (size_t i = 0; row && i < ev->n; i++) {
			row->v[i] = from->v[0];
			row->has[i] = 1;
		}
	}
	return !ev->run->failed;
}

/* What is the same at every step is found once.  *done false: it is to be found step by step. */
static bool
once(const struct eval *ev, const struct node *n, struct value *out, bool *done)
{
	struct eval first = *ev;
	struct value one = {.type = n->type};
	first.n = 1;
	*done = true;
	if (!evaluate(&first, n, &one) || ev->run->failed)
		return false;
	*done = !native_any(&one.rows);
	return !*done || at_every_step(ev, &one, out);
}

bool
eval_node(const struct eval *ev, const struct node *n, struct value *out)
{
	bool done = false, cheap = n->kind == NODE_NUMBER || n->kind == NODE_STRING || n->kind == NODE_PAREN;
	*out = (struct value){.type = n->type};
	if (!eval_go_on(ev))
		return false;
	if (n->twin && twins_take(ev, n, out))
		return !ev->run->failed;
	size_t notes = twins_notes(ev);
	if (ev->n > 1 && !cheap && !ev->run->steps && node_is_steady(n) && !once(ev, n, out, &done))
		return false;
	if ((!done && !evaluate(ev, n, out)) || ev->run->failed)
		return false;
	if (n->twin)
		twins_keep(ev, n, out, notes);
	return !ev->run->failed;
}

/* ---- results ---- */

/* What describes a metric and not what was made of it: the name, and type and unit where they are labels. */
static struct labels
final_labels(struct run *run, const struct row *row)
{
	struct label_builder b = {0};
	if (!row->drop_name)
		return row->labels;
	label_builder_start(&b, row->labels);
	label_builder_del(&b, STR(LABEL_METRIC));
	label_builder_del(&b, STR("__type__"));
	label_builder_del(&b, STR("__unit__"));
	struct labels ls = label_builder_done(&b, run->arena);
	label_builder_fini(&b);
	return ls;
}

/* Series that lost a name, or got other labels, may have become one; that is fine where they do not overlap. */
static bool
merge_into(const struct eval *ev, struct rows *rows, struct row *to, const struct row *from)
{
	for (size_t i = 0; i < ev->n; i++) {
		if (!from->has[i])
			continue;
		if (to->has[i])
			return eval_fail(
			    ev, RC_INVALID, "vector cannot contain metrics with the same labelset");
		to->v[i] = from->v[i];
		to->has[i] = 1;
		if (from->h && from->h[i] && !row_put(ev, rows, to, i, from->h[i]))
			return false;
	}
	return true;
}

bool
eval_merge_same(const struct eval *ev, struct rows *rows)
{
	struct map *seen = map_create();
	size_t n = 0;
	bool ok = true;
	for (size_t r = 0; ok && r < rows->n; r++) {
		struct row *row = &rows->p[r];
		struct row *same = map_get(seen, row->labels.bytes);
		if (same) {
			ok = merge_into(ev, rows, same, row);
			continue;
		}
		rows->p[n] = *row;
		map_put(seen, row->labels.bytes, &rows->p[n++]);
	}
	rows->n = n;
	map_destroy(&seen);
	return ok;
}

static bool
finish_rows(const struct eval *ev, struct rows *rows)
{
	for (size_t r = 0; r < rows->n; r++)
		rows->p[r].labels = final_labels(ev->run, &rows->p[r]);
	return eval_merge_same(ev, rows);
}

static struct promql_series
series_of(const struct eval *ev, const struct row *row)
{
	struct promql_series s = {.labels = row->labels, .points = arena_array(ev->run->arena, struct promql_point, ev->n)};
	if (row->h)
		s.natives = arena_array(ev->run->arena, const struct native *, ev->n);
	for (size_t i = 0; i < ev->n; i++) {
		if (row->has && !row->has[i])
			continue;
		if (row->h)
			s.natives[s.n] = row->h[i];
		s.points[s.n++] = (struct promql_point){eval_time(ev, i), row->v[i]};
	}
	return s;
}

static int
by_labels(const void *a, const void *b)
{
	return labels_cmp(
	    ((const struct promql_series *)a)->labels, ((const struct promql_series *)b)->labels);
}

static bool
finish(const struct eval *ev, struct value *v, struct promql_result *out)
{
	bool range = ev->run->ask->step > 0;
	out->type = range ? PROMQL_MATRIX : v->type;
	if (v->type == PROMQL_STRING) {
		out->string = v->string;
		return true;
	}
	if (v->type == PROMQL_SCALAR) {
		out->series = arena_new(out->arena, struct promql_series);
		out->series[out->n++] = series_of(ev, &(struct row){.v = v->scalar});
		return true;
	}
	if (!finish_rows(ev, &v->rows))
		return false;
	out->series = arena_array(out->arena, struct promql_series, v->rows.n + 1);
	for (size_t r = 0; r < v->rows.n; r++) {
		struct promql_series s = series_of(ev, &v->rows.p[r]);
		if (s.n)
			out->series[out->n++] = s;
	}
	if (range && out->n)
		qsort(out->series, out->n, sizeof *out->series, by_labels);
	return true;
}

/* The end of a range that stands alone, as up[5m] of an instant query. */
static bool
range_end(const struct eval *ev, const struct node *n, msec_t *out)
{
	msec_t shift;
	if (!eval_duration(ev, n->offset, &shift))
		return false;
	*out = (n->at == AT_TIME       ? n->at_time
		   : n->at == AT_START ? ev->from
		   : n->at == AT_END   ? ev->to
				       : ev->start) -
	       shift;
	return true;
}

static bool
raw_subquery(const struct eval *ev, const struct node *n, msec_t range, msec_t end, struct promql_result *out)
{
	struct eval inner;
	struct value v;
	if (!eval_grid(ev, n, end - range, end, &inner))
		return false;
	if (inner.n && (!eval_node(&inner, n->args[0], &v) || !finish(&inner, &v, out)))
		return false;
	out->type = PROMQL_MATRIX;
	return true;
}

static bool
raw_series(const struct eval *ev, const struct tsdb_view *view, struct promql_result *out)
{
	struct promql_series s = {.labels = labels_copy(view->labels, out->arena)};
	ev->run->read += view->n;
	count_raw(ev, view);
	if (view->n_histograms) {
		if (!native_raw_series(ev, view, &s))
			return false;
		if (s.n)
			out->series[out->n++] = s;
		return eval_go_on(ev);
	}
	if (!eval_hold(ev, view->n))
		return false;
	s.points = arena_array(out->arena, struct promql_point, view->n);
	for (size_t i = 0; i < view->n; i++)
		if (!tsdb_is_stale(view->v[i]))
			s.points[s.n++] = (struct promql_point){view->t[i], view->v[i]};
	if (s.n)
		out->series[out->n++] = s;
	return eval_go_on(ev);
}

static bool
raw_selector(const struct eval *ev, const struct node *n, msec_t range, msec_t end, struct promql_result *out)
{
	struct tsdb_cursor *c;
	struct tsdb_view view;
	struct stripped room = {0};
	bool ok = true;
	struct reach reach = {end - range + 1, end};
	tiered_ask_range(ev, &(struct over){.range = range, .anchored = true}, &reach);
	if (!eval_cursor(ev, n, reach, &c))
		return false;
	out->series = arena_array(out->arena, struct promql_series, tsdb_cursor_count(c) + 1);
	while (ok && tsdb_cursor_next(c, &view)) {
		if (view.windows && !view.n_histograms)
			ok = tiered_thin(ev, n, 0, &view, &room);
		ok = ok && raw_series(ev, &view, out);
	}
	stripped_fini(&room);
	tsdb_cursor_destroy(&c);
	return ok;
}

static bool
raw_matrix(const struct eval *ev, const struct node *n, struct promql_result *out)
{
	msec_t range, end;
	n = node_bare(n);
	if (ev->run->ask->step > 0)
		return eval_fail(ev, RC_INVALID,
		    "invalid expression type \"range vector\" for range query, must be Scalar or instant "
		    "Vector");
	if (!eval_positive(ev, n->range, &range) || !range_end(ev, n, &end))
		return false;
	out->type = PROMQL_MATRIX;
	return (n->kind == NODE_SUBQUERY ? raw_subquery : raw_selector)(ev, n, range, end, out);
}

/* ---- the door ---- */

static bool
set_grid(struct eval *ev, const struct promql_ask *ask)
{
	size_t limit = ask->limits.points ? ask->limits.points : POINTS_LIMIT;
	ev->start = ev->from = ev->to = ask->start;
	ev->step = 1;
	ev->n = 1;
	if (ask->step <= 0)
		return ask->step == 0 ||
		       eval_fail(
			   ev, RC_INVALID, "zero or negative query resolution step widths are not accepted");
	if (ask->end < ask->start)
		return eval_fail(ev, RC_INVALID, "end timestamp must not be before start time");
	uint64_t n = ((uint64_t)ask->end - (uint64_t)ask->start) / (uint64_t)ask->step + 1;
	if (n > limit)
		return eval_fail(ev, RC_INVALID,
		    "exceeded maximum resolution of %zu points per timeseries. Try "
		    "decreasing the query resolution (?step=XX)",
		    limit);
	ev->to = ask->end;
	ev->step = ask->step;
	ev->n = n;
	return true;
}

static void
take_notes(struct notes *from, struct strs *to, struct arena *a)
{
	to->p = arena_array(a, struct str, from->n + 1);
	for (; to->n < from->n; to->n++)
		to->p[to->n] = from->p[to->n];
	vec_fini(from);
}

enum rc
promql_run(const struct promql *q, const struct promql_ask *ask, struct promql_result **out, struct err *e)
{
	struct err own;
	struct promql_result *result = mem_new(struct promql_result);
	result->arena = arena_create();
	struct run run = {
	    .q = q,
	    .ask = ask,
	    .arena = result->arena,
	    .paid = &result->paid,
	    .samples_limit = ask->limits.samples ? ask->limits.samples : SAMPLES_LIMIT,
	    .err = e ? e : &own,
	};
	struct eval ev = {.run = &run};
	struct value v;
	bool ok = set_grid(&ev, ask);
	if (ok && ask->count_steps)
		run.steps = arena_array(run.arena, uint64_t, run.n_steps = ev.n);
	if (ok && q->root->type == PROMQL_MATRIX)
		ok = raw_matrix(&ev, q->root, result);
	else if (ok && q->root->type == PROMQL_STRING && ask->step > 0)
		ok = eval_fail(&ev, RC_INVALID,
		    "invalid expression type \"string\" for range query, must be Scalar or instant Vector");
	else
		ok = ok && eval_node(&ev, q->root, &v) && finish(&ev, &v, result);
	result->samples = run.read;
	memcpy(result->windows, run.windows, sizeof run.windows);
	result->steps = run.steps;
	result->n_steps = run.steps ? run.n_steps : 0;
	for (size_t i = 0; i < result->n_steps; i++)
		result->samples = i ? result->samples + run.steps[i] : run.steps[i];
	result->peak = run.samples;
	take_notes(&run.warnings, &result->warnings, result->arena);
	take_notes(&run.infos, &result->infos, result->arena);
	if (!ok)
		promql_result_destroy(&result);
	*out = result;
	return ok ? RC_OK : run.err->rc;
}

void
promql_result_destroy(struct promql_result **pr)
{
	if (!*pr)
		return;
	arena_destroy(&(*pr)->arena);
	budget_give(BUDGET_query_samples, (*pr)->paid);
	mem_free(*pr);
	*pr = NULL;
}
