/* twins.c — see twins.h. */
#include "promql/twins.h"

#include <string.h>

#include "base/map.h"

/* ---- which they are ---- */

struct finding {
	struct map *first; /* by text: the first node */
	struct promql *q;
};

static bool
is_worth_it(const struct node *n)
{
	return n->type == PROMQL_VECTOR && n->kind != NODE_PAREN && !n->range && !n->labels_only;
}

/* [T1] */
static bool
is_poured(const struct node *n)
{
	return n->kind == NODE_AGGREGATE && eval_can_pour(n);
}

static void find_twins(struct finding *, struct node *);

static void
look_below(struct finding *f, struct node *n)
{
	struct node *folded = is_poured(n) ? n->args[0] : NULL;
	while (folded && folded->kind == NODE_PAREN)
		folded = folded->args[0];
	for (size_t i = 0; i < n->n_args; i++)
		if (!folded || i > 0)
			find_twins(f, n->args[i]);
	for (size_t i = 0; folded && i < folded->n_args; i++)
		find_twins(f, folded->args[i]);
}

static void
find_twins(struct finding *f, struct node *n)
{
	struct node *first = is_worth_it(n) ? map_get(f->first, n->text) : NULL;
	if (first) { /* [T2] */
		if (!first->twin) {
			*vec_add(&f->q->twins) = 1;
			first->twin = (uint32_t)f->q->twins.n;
		}
		n->twin = first->twin;
		f->q->twins.p[n->twin - 1]++;
		return;
	}
	if (is_worth_it(n))
		map_put(f->first, n->text, n);
	look_below(f, n);
}

void
twins_find(struct promql *q)
{
	struct finding f = {.first = map_create(), .q = q};
	if (q->selectors.n > 1)
		find_twins(&f, q->root);
	map_destroy(&f.first);
}

/* ---- their rows ---- */

struct twin {
	uint32_t met; /* so many of them */
	struct rows rows;
	struct eval grid; /* n 0: nothing is kept */
};

static struct twin *
twin_of(const struct eval *ev, const struct node *n)
{
	struct run *run = ev->run;
	if (!n->twin || run->steps) /* [T3] */
		return NULL;
	if (!run->twins)
		run->twins = arena_array(run->arena, struct twin, run->q->twins.n);
	return &run->twins[n->twin - 1];
}

static bool
same_grid(const struct eval *a, const struct eval *b)
{
	return a->n == b->n && a->start == b->start && a->step == b->step && a->inner == b->inner && a->told == b->told;
}

static bool
copy_row(const struct eval *ev, const struct row *from, struct rows *to)
{
	struct row *row = eval_row(ev, to, from->labels, from->drop_name);
	if (!row)
		return false;
	memcpy(row->v, from->v, ev->n * sizeof *row->v);
	memcpy(row->has, from->has, ev->n * sizeof *row->has);
	if (from->h) {
		row->h = arena_array(ev->run->arena, const struct native *, ev->n);
		memcpy(row->h, from->h, ev->n * sizeof *row->h);
	}
	return true;
}

static bool
copy_rows(const struct eval *ev, const struct rows *from, struct rows *to)
{
	*to = (struct rows){0};
	for (size_t r = 0; r < from->n; r++)
		if (!copy_row(ev, &from->p[r], to))
			return false;
	return true;
}

size_t
twins_notes(const struct eval *ev)
{
	return ev->run->warnings.n + ev->run->infos.n;
}

/* Not where the copies would take what the query itself may need. */
static void
keep(const struct eval *ev, struct twin *t, const struct rows *rows)
{
	if (ev->run->samples + rows->n * ev->n <= ev->run->samples_limit / 4 && copy_rows(ev, rows, &t->rows))
		t->grid = *ev;
}

bool
twins_take(const struct eval *ev, const struct node *n, struct value *out)
{
	struct twin *t = twin_of(ev, n);
	if (!t || !t->grid.n || !same_grid(&t->grid, ev))
		return false;
	out->rows = t->rows;
	t->grid.n = 0;
	if (++t->met < ev->run->q->twins.p[n->twin - 1])
		keep(ev, t, &out->rows);
	return true;
}

void
twins_keep(const struct eval *ev, const struct node *n, const struct value *v, size_t notes_before)
{
	struct twin *t = twin_of(ev, n);
	if (t && ++t->met < ev->run->q->twins.p[n->twin - 1] && twins_notes(ev) == notes_before)
		keep(ev, t, &v->rows);
}
