/* native_binary.c — operators where a native histogram stands on one side or on both. */
#include "promql/native_eval.h"

#include <math.h>

static const char *
kind_of(struct sample s)
{
	return s.h ? "histogram" : "float";
}

static bool
note_types(const struct eval *ev, const struct node *n, struct sample l, struct sample r)
{
	const char *op = op_text(n->op);
	eval_note(ev, false, n, "incompatible sample types encountered for binary operator \"%s\": %s %s %s", op, kind_of(l), op, kind_of(r));
	return false;
}

bool
native_fits(enum op op, struct sample l, struct sample r)
{
	if (!l.h && !r.h)
		return !op_is_trim(op);
	if (!l.h || !r.h)
		return op == OP_MUL || (l.h && (op == OP_DIV || op_is_trim(op)));
	if (op == OP_ADD || op == OP_SUB)
		return native_is_custom(l.h) == native_is_custom(r.h);
	return op == OP_EQL || op == OP_NEQ;
}

/* A histogram and a number. */
static bool
scale(const struct eval *ev, const struct node *n, struct sample l, struct sample r, struct sample *out)
{
	struct arena *a = ev->run->arena;
	const struct native *h = l.h ? l.h : r.h;
	double v = l.h ? r.v : l.v;
	if (!native_fits(n->op, l, r))
		return note_types(ev, n, l, r);
	struct native *made = native_copy(h, a);
	if (n->op == OP_MUL)
		native_scale(made, v);
	else if (n->op == OP_DIV)
		native_divide(made, v);
	else
		native_trim(made, v, n->op == OP_TRIM_ABOVE, a);
	native_compact(made);
	*out = (struct sample){made, 0};
	return true;
}

static bool
add_or_sub(const struct eval *ev, const struct node *n, const struct native *l, const struct native *r, struct sample *out)
{
	struct native_mix mix = {0};
	struct native *made = native_copy(l, ev->run->arena);
	bool sum = n->op == OP_ADD;
	if (!(sum ? native_add : native_sub)(made, r, ev->run->arena, &mix)) {
		eval_note(ev, true, n, "incompatible bucket layout encountered for binary operator %s", op_text(n->op));
		return false;
	}
	if (!sum)
		made->hint = HISTOGRAM_GAUGE;
	native_note_mix(ev, n, &mix, sum ? "addition" : "subtraction");
	native_compact(made);
	*out = (struct sample){made, 0};
	return true;
}

bool
native_binop(const struct eval *ev, const struct node *n, struct sample l, struct sample r, struct sample *out)
{
	bool bothers = n->op == OP_EQL || n->op == OP_NEQ;
	if (!l.h && !r.h)
		return note_types(ev, n, l, r);
	if (!l.h || !r.h)
		return scale(ev, n, l, r, out);
	if (n->op == OP_ADD || n->op == OP_SUB)
		return add_or_sub(ev, n, l.h, r.h, out);
	if (!bothers)
		return note_types(ev, n, l, r);
	bool holds = native_eq(l.h, r.h) == (n->op == OP_EQL);
	*out = n->returns_bool ? (struct sample){NULL, holds} : (struct sample){l.h, 0};
	return holds || n->returns_bool;
}

bool
native_with_scalar(const struct eval *ev, const struct node *n, struct row *row, const double *scalar, bool scalar_left)
{
	for (size_t i = 0; i < ev->n; i++) {
		struct sample number = {NULL, scalar[i]}, own = row_get(row, i), out;
		if (!row->has[i] || (!own.h && !op_is_trim(n->op)))
			continue;
		bool keep = scalar_left ? native_binop(ev, n, number, own, &out) : native_binop(ev, n, own, number, &out);
		row->has[i] = keep;
		if (row->h)
			row->h[i] = keep ? out.h : NULL;
		if (keep && !eval_hold(ev, native_weight(out.h)))
			return false;
	}
	return true;
}

bool
native_negate(const struct eval *ev, struct row *row)
{
	for (size_t i = 0; i < ev->n; i++) {
		if (!row->has[i] || !row->h[i])
			continue;
		struct native *h = native_copy(row->h[i], ev->run->arena);
		native_scale(h, -1);
		row->h[i] = h;
		if (!eval_hold(ev, native_weight(h)))
			return false;
	}
	return true;
}
