/*
 * native_aggregate.c — aggregations over rows of which some have native histograms.
 *
 * IDEA   Sum and mean are made of either kind, never of both; the others are for numbers and leave histograms out, or
 *        look at neither (count, group, limitk).
 */
#include "promql/native_eval.h"

#include <string.h>

#include "base/map.h"

/* ---- sum and avg ---- */

/* What came to a step of a group. */
struct part {
	struct native_fold fold;
	struct mean numbers;
};
struct group {
	struct labels labels;
	bool drop_name;
	struct part *parts; /* of each step */
};
struct folding {
	const struct eval *ev;
	const struct node *n;
	struct map *seen;
	struct {
		struct group **p;
		size_t n, cap;
	} groups;
};

static struct group *
group_of(struct folding *x, const struct row *row)
{
	struct labels ls = eval_group_labels(x->ev, x->n, row->labels);
	struct group *g = map_get(x->seen, ls.bytes);
	if (g) {
		g->drop_name |= row->drop_name;
		return g;
	}
	if (!eval_hold(x->ev, x->ev->n * sizeof *g->parts / 16))
		return NULL;
	g = arena_new(x->ev->run->arena, struct group);
	*g = (struct group){ls, row->drop_name, arena_array(x->ev->run->arena, struct part, x->ev->n)};
	map_put(x->seen, ls.bytes, g);
	*vec_add(&x->groups) = g;
	return g;
}

static void
add_histogram(struct folding *x, struct part *p, const struct row *row, const struct native *h)
{
	bool before = p->fold.mix.reconciled;
	if (p->fold.mix.incompatible)
		return;
	p->fold.mean = x->n->aggregate == AGG_AVG;
	native_fold_add(&p->fold, h, x->ev->run->arena);
	if (p->fold.mix.incompatible)
		eval_note(x->ev, true, x->n->args[0],
		    "vector contains a mix of histograms with exponential and custom buckets schemas for metric name \"%.*s\"",
		    STR_ARG(labels_get(row->labels, STR(LABEL_METRIC))));
	else if (p->fold.mix.reconciled && !before)
		native_note_mix(x->ev, x->n->args[0], &(struct native_mix){.reconciled = true}, "aggregation");
}

static void
add_number(struct folding *x, struct part *p, double v)
{
	if (x->n->aggregate == AGG_AVG) {
		mean_add(&p->numbers, v);
		return;
	}
	p->numbers.n++;
	kahan_add(&p->numbers.sum, v);
}

static bool
fold_row(struct folding *x, const struct row *row)
{
	struct group *g = group_of(x, row);
	size_t before = arena_used(x->ev->run->arena);
	for (size_t i = 0; g && i < x->ev->n; i++) {
		if (!row->has[i])
			continue;
		if (row->h && row->h[i])
			add_histogram(x, &g->parts[i], row, row->h[i]);
		else
			add_number(x, &g->parts[i], row->v[i]);
	}
	return g && eval_hold(x->ev, (arena_used(x->ev->run->arena) - before) / 16) && eval_go_on(x->ev);
}

static bool
give_part(const struct folding *x, struct part *p, struct rows *out, struct row *row, size_t i)
{
	if (p->numbers.n > 0 && p->fold.sum) {
		eval_note(x->ev, true, x->n->args[0], "encountered a mix of histograms and floats for aggregation");
		return true;
	}
	if (p->numbers.n > 0) {
		row->v[i] = x->n->aggregate == AGG_AVG ? mean_of(&p->numbers) : kahan_sum(&p->numbers.sum);
		row->has[i] = 1;
	}
	if (!p->fold.sum || p->fold.mix.incompatible)
		return true;
	struct native *h = native_fold_done(&p->fold);
	native_note_mix(x->ev, x->n->args[0], &(struct native_mix){.collision = p->fold.mix.collision}, "aggregation");
	return row_put(x->ev, out, row, i, h);
}

static bool
give_all(struct folding *x, struct rows *out)
{
	bool ok = true;
	for (size_t g = 0; ok && g < x->groups.n; g++) {
		struct row *row = eval_row(x->ev, out, x->groups.p[g]->labels, x->groups.p[g]->drop_name);
		ok = row != NULL;
		for (size_t i = 0; ok && i < x->ev->n; i++)
			ok = give_part(x, &x->groups.p[g]->parts[i], out, row, i);
		if (ok)
			eval_row_done(out, row);
	}
	return ok;
}

static void
folding_fini(struct folding *x)
{
	map_destroy(&x->seen);
	vec_fini(&x->groups);
}

static bool
fold_rows(const struct eval *ev, const struct node *n, const struct rows *rows, struct rows *out)
{
	struct folding x = {.ev = ev, .n = n, .seen = map_create()};
	bool ok = true;
	for (size_t r = 0; ok && r < rows->n; r++)
		ok = fold_row(&x, &rows->p[r]);
	ok = ok && give_all(&x, out);
	folding_fini(&x);
	return ok;
}

/* A row that comes from the store; one that does not fit has made the run fail. */
static void
take_row(void *arg, const struct row *row)
{
	(void)fold_row(arg, row);
}

bool
native_pour(const struct eval *ev, const struct node *n, struct rows *out)
{
	struct folding x = {.ev = ev, .n = n, .seen = map_create()};
	struct rows rows = {.take = take_row, .take_arg = &x};
	const struct node *arg = node_bare(n->args[0]);
	bool ok = (arg->kind == NODE_SELECTOR ? eval_selector(ev, arg, &rows) : eval_windows(ev, arg, &rows)) && !ev->run->failed;
	ok = ok && give_all(&x, out);
	folding_fini(&x);
	return ok;
}

/* ---- the others ---- */

static void
note_left_out(const struct eval *ev, const struct node *n, const struct rows *rows)
{
	bool chooses = n->aggregate == AGG_TOPK || n->aggregate == AGG_BOTTOMK;
	for (size_t r = 0; r < rows->n; r++)
		for (size_t i = 0; rows->p[r].h && i < ev->n; i++)
			if (rows->p[r].has[i] && rows->p[r].h[i])
				eval_note(ev, false, chooses ? n : n->args[0], "ignored histogram in %s aggregation",
				    aggregate_words[n->aggregate].name);
}

bool
native_aggregate(const struct eval *ev, const struct node *n, struct rows *rows, struct rows *out, bool *done)
{
	*done = false;
	switch (n->aggregate) {
	case AGG_SUM:
	case AGG_AVG:
		*done = true;
		return fold_rows(ev, n, rows, out);
	case AGG_MIN:
	case AGG_MAX:
	case AGG_STDDEV:
	case AGG_STDVAR:
	case AGG_QUANTILE:
	case AGG_TOPK:
	case AGG_BOTTOMK:
		note_left_out(ev, n, rows);
		native_drop(ev, rows);
		return true;
	case AGG_COUNT:
	case AGG_GROUP:
	case AGG_COUNT_VALUES:
	case AGG_LIMITK:
	case AGG_LIMIT_RATIO: break;
	}
	return true;
}
