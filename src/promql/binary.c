/*
 * binary.c — operators between scalars and vectors.
 *
 * IDEA   Rows of both sides meet in match groups: series whose labels agree as on/ignoring say.  Within a
 *        group one side is the "one": at each step at most one of its rows may have a value; the rows of
 *        the other side each give a result.  One-to-one is the same with the demand that the other side has
 *        one, too.
 * TRAP   Under group_right the sides are exchanged before anything else, in Prometheus too: fill_left fills
 *        in the many side, whichever that is, fill_right the one.
 */
#include "promql/native_eval.h"

#include <math.h>
#include <string.h>

#include "base/map.h"
#include "base/quote.h"

double
op_apply(enum op op, double l, double r)
{
	switch (op) {
	case OP_ADD: return l + r;
	case OP_SUB: return l - r;
	case OP_MUL: return l * r;
	case OP_DIV: return l / r;
	case OP_MOD: return fmod(l, r);
	case OP_POW: return pow(l, r);
	case OP_ATAN2: return atan2(l, r);
	case OP_EQL: return l == r;
	case OP_NEQ: return l != r;
	case OP_LSS: return l < r;
	case OP_LTE: return l <= r;
	case OP_GTR: return l > r;
	case OP_GTE: return l >= r;
	default: return NAN;
	}
}

/* The value of an operation; false: a comparison filters it out. */
static bool
result_of(const struct node *n, double l, double r, double *out)
{
	double v = op_apply(n->op, l, r);
	if (!op_is_comparison(n->op) || n->returns_bool) {
		*out = v;
		return true;
	}
	*out = l;
	return v != 0;
}

static bool
outcome(const struct eval *ev, const struct node *n, struct sample l, struct sample r, struct sample *out)
{
	*out = (struct sample){0};
	if (l.h || r.h || op_is_trim(n->op))
		return native_binop(ev, n, l, r, out);
	return result_of(n, l.v, r.v, &out->v);
}

static bool
drops_name(const struct node *n)
{
	return (!op_is_comparison(n->op) && !op_is_trim(n->op)) || n->returns_bool;
}

/* ---- with scalars ---- */

static bool
scalars(const struct eval *ev, const struct node *n, const double *l, const double *r, struct value *out)
{
	if (op_is_trim(n->op))
		return eval_fail(ev, RC_INVALID, "operator \"%s\" not allowed for Scalar operations", op_text(n->op));
	out->scalar = eval_steps(ev);
	for (size_t i = 0; i < ev->n; i++)
		out->scalar[i] = op_apply(n->op, l[i], r[i]);
	return true;
}

/* A filter keeps the vector's value, on whichever side it stands. */
static bool
with_scalar(
    const struct eval *ev, const struct node *n, struct rows *rows, const double *scalar, bool scalar_left)
{
	for (size_t k = 0; k < rows->n; k++) {
		struct row *row = &rows->p[k];
		row->drop_name |= drops_name(n);
		if ((row->h || op_is_trim(n->op)) && !native_with_scalar(ev, n, row, scalar, scalar_left))
			return false;
		for (size_t i = 0; i < ev->n; i++) {
			double v;
			if (!row->has[i] || (row->h && row->h[i]))
				continue;
			bool keep = scalar_left ? result_of(n, scalar[i], row->v[i], &v)
						: result_of(n, row->v[i], scalar[i], &v);
			row->has[i] = keep;
			if (drops_name(n))
				row->v[i] = v;
		}
	}
	return true;
}

/* ---- match groups ---- */

struct members {
	const struct row **p;
	size_t n, cap;
};
struct match {
	struct members left, right;
};
struct matches {
	struct match **p;
	size_t n, cap;
};

static bool
counts(const struct matching *m, struct str name)
{
	return m->on ? strs_has(m->labels, name)
		     : !str_is(name, LABEL_METRIC) && !strs_has(m->labels, name);
}

static void
signature(const struct matching *m, struct labels ls, struct label_builder *b, struct buf *out)
{
	b->set.n = 0;
	labels_each (ls, l) {
		if (counts(m, l.it.name))
			*vec_add(&b->set) = l.it;
	}
	buf_clear(out);
	label_builder_add_to(b, out);
}

static void
add_side(const struct matching *m, const struct rows *rows, bool left, struct map *seen, struct matches *out)
{
	struct label_builder b = {0};
	struct buf key = {0};
	for (size_t r = 0; r < rows->n; r++) {
		signature(m, rows->p[r].labels, &b, &key);
		struct match *g = map_get(seen, buf_view(&key));
		if (!g) {
			g = mem_new(struct match);
			map_put(seen, buf_view(&key), g);
			*vec_add(out) = g;
		}
		*vec_add(left ? &g->left : &g->right) = &rows->p[r];
	}
	label_builder_fini(&b);
	buf_fini(&key);
}

static void
match_rows(const struct matching *m, const struct rows *l, const struct rows *r, struct matches *out)
{
	struct map *seen = map_create();
	add_side(m, l, true, seen, out);
	add_side(m, r, false, seen, out);
	map_destroy(&seen);
}

static void
matches_fini(struct matches *ms)
{
	for (size_t i = 0; i < ms->n; i++) {
		vec_fini(&ms->p[i]->left);
		vec_fini(&ms->p[i]->right);
		mem_free(ms->p[i]);
	}
	vec_fini(ms);
}

/* ---- arithmetic and comparison ---- */

struct joining {
	const struct eval *ev;
	const struct node *n;
	struct rows *out;
	struct map *places; /* labels -> place in out, plus one */
	bool swapped;       /* the many side is the right one */
	uint8_t *busy;      /* at which steps the many side has anything: elsewhere nothing is matched; NULL: everywhere */
};

static struct labels
result_labels(const struct joining *j, const struct row *many, const struct row *one)
{
	const struct matching *m = &j->n->match;
	struct label_builder b = {0};
	bool both = many && one;
	labels_each ((many ? many : one)->labels, l) {
		bool name = many && !m->on && str_is(l.it.name, LABEL_METRIC);
		if ((many && m->card != ONE_TO_ONE) || name || counts(m, l.it.name))
			*vec_add(&b.set) = l.it;
	}
	for (size_t i = 0; both && m->card != ONE_TO_ONE && i < m->include.n; i++)
		label_builder_set(&b, m->include.p[i], labels_get(one->labels, m->include.p[i]));
	struct labels ls = label_builder_done(&b, j->ev->run->arena);
	label_builder_fini(&b);
	return ls;
}

static bool
emit(const struct joining *j, struct labels ls, bool drop, size_t step, const struct sample *s)
{
	size_t place = (size_t)map_get(j->places, ls.bytes);
	if (place == 0) {
		if (!eval_row(j->ev, j->out, ls, drop))
			return false;
		place = j->out->n;
		map_put(j->places, ls.bytes, (void *)place);
	}
	struct row *row = &j->out->p[place - 1];
	if (row->has[step])
		return eval_fail(j->ev, RC_INVALID,
		    j->n->match.card == ONE_TO_ONE
			? "multiple matches for labels: many-to-one matching must be explicit "
			  "(group_left/group_right)"
			: "multiple matches for labels: grouping labels must ensure unique matches");
	if (s->h)
		return row_put(j->ev, j->out, row, step, s->h);
	row->v[step] = s->v;
	row->has[step] = 1;
	return true;
}

/* {__name__="x", a="b"} */
static void
print_all(struct buf *b, struct labels ls)
{
	const char *between = "{";
	labels_each (ls, l) {
		buf_c(b, between);
		buf_str(b, l.it.name);
		buf_ch(b, '=');
		quote_add(b, l.it.value);
		between = ", ";
	}
	buf_c(b, *between == '{' ? "{}" : "}");
}

/* A duplicate on the side that must be unique. */
static bool
say_duplicate(const struct joining *j, const struct row *a, const struct row *b)
{
	struct buf text = {0}, first = {0}, second = {0};
	struct label_builder group = {0};
	print_all(&first, a->labels);
	print_all(&second, b->labels);
	bool turn = str_cmp(buf_view(&first), buf_view(&second)) > 0;
	labels_each (a->labels, l)
		if (counts(&j->n->match, l.it.name))
			*vec_add(&group.set) = l.it;
	print_all(&text, label_builder_done(&group, j->ev->run->arena));
	buf_fmt(&text, " on the %s hand-side of the operation: [", j->swapped ? "left" : "right");
	buf_fmt(&text, "%s, %s", turn ? second.p : first.p, turn ? first.p : second.p);
	eval_fail(j->ev, RC_INVALID,
	    "found duplicate series for the match group %s];many-to-many matching not allowed: matching labels must be unique on one side", text.p);
	label_builder_fini(&group);
	buf_fini(&text);
	buf_fini(&first);
	buf_fini(&second);
	return false;
}

/* For each step the row of the "one" side that has a value there, or NULL. */
static bool
unique_rows(const struct joining *j, const struct members *one, const struct row **at)
{
	for (size_t i = 0; i < j->ev->n; i++) {
		at[i] = NULL;
		for (size_t r = 0; r < one->n; r++) {
			if (!one->p[r]->has[i] || (j->busy && !j->busy[i]))
				continue;
			if (at[i])
				return say_duplicate(j, at[i], one->p[r]);
			at[i] = one->p[r];
		}
	}
	return true;
}

static bool
emit_pair(const struct joining *j, struct labels ls, const struct row *many, const struct row *one, size_t i)
{
	const struct matching *m = &j->n->match;
	struct sample a = many ? row_get(many, i) : (struct sample){NULL, m->fill_left};
	struct sample b = one ? row_get(one, i) : (struct sample){NULL, m->fill_right}, s;
	if (!(j->swapped ? outcome(j->ev, j->n, b, a, &s) : outcome(j->ev, j->n, a, b, &s)))
		return true;
	return emit(j, ls, (many ? many : one)->drop_name || drops_name(j->n), i, &s);
}

static bool
join_row(const struct joining *j, const struct row *many, const struct row *const *one_at, bool fill)
{
	const struct row *last = NULL;
	struct labels ls = {0};
	bool known = false;
	for (size_t i = 0; i < j->ev->n; i++) {
		const struct row *one = one_at[i];
		if (!many->has[i] || (!one && !fill))
			continue;
		if (!known || one != last)
			ls = result_labels(j, many, one);
		known = true;
		last = one;
		if (!emit_pair(j, ls, many, one, i))
			return false;
	}
	return true;
}

/* Where the many side has nothing, and is to be filled in. */
static bool
fill_many_side(const struct joining *j, const struct members *many, const struct row *const *one_at)
{
	for (size_t i = 0; i < j->ev->n; i++) {
		bool there = !one_at[i];
		for (size_t r = 0; !there && r < many->n; r++)
			there = many->p[r]->has[i];
		if (!there && !emit_pair(j, result_labels(j, NULL, one_at[i]), NULL, one_at[i], i))
			return false;
	}
	return true;
}

/* One-to-one: results of a group would collide even where names keep them apart, and whatever a comparison drops of them. */
static bool
many_are_one(const struct joining *j, const struct members *many, const struct row *const *one_at)
{
	for (size_t i = 0; i < j->ev->n; i++) {
		size_t n = 0;
		for (size_t r = 0; one_at[i] && r < many->n; r++)
			n += many->p[r]->has[i] && native_fits(j->n->op, row_get(many->p[r], i), row_get(one_at[i], i));
		if (n > 1)
			return eval_fail(j->ev, RC_INVALID,
			    "multiple matches for labels: many-to-one matching must be explicit "
			    "(group_left/group_right)");
	}
	return true;
}

static bool
join_group(const struct joining *j, const struct match *g)
{
	const struct matching *m = &j->n->match;
	const struct members *many = j->swapped ? &g->right : &g->left,
			     *one = j->swapped ? &g->left : &g->right;
	const struct row **one_at = mem_alloc(j->ev->n * sizeof *one_at);
	bool ok = unique_rows(j, one, one_at) && (m->card != ONE_TO_ONE || many_are_one(j, many, one_at));
	for (size_t r = 0; ok && r < many->n; r++)
		ok = join_row(j, many->p[r], one_at, m->fills_right);
	if (ok && m->fills_left)
		ok = fill_many_side(j, many, one_at);
	mem_free(one_at);
	return ok;
}

static uint8_t *
steps_with_any(const struct eval *ev, const struct rows *rows)
{
	uint8_t *any = arena_array(ev->run->arena, uint8_t, ev->n);
	for (size_t r = 0; r < rows->n; r++)
		for (size_t i = 0; i < ev->n; i++)
			any[i] |= rows->p[r].has[i];
	return any;
}

static bool
join(
    const struct eval *ev, const struct node *n, const struct rows *l, const struct rows *r, struct rows *out)
{
	struct joining j = {
	    .ev = ev, .n = n, .out = out, .places = map_create(), .swapped = n->match.card == ONE_TO_MANY};
	struct matches ms = {0};
	bool ok = true, fills = n->match.fills_left || n->match.fills_right;
	if (!fills)
		j.busy = steps_with_any(ev, j.swapped ? r : l);
	match_rows(&n->match, l, r, &ms);
	for (size_t i = 0; ok && i < ms.n && (fills || (l->n && r->n)); i++)
		ok = eval_go_on(ev) && join_group(&j, ms.p[i]);
	matches_fini(&ms);
	map_destroy(&j.places);
	return ok;
}

/* ---- and, or, unless ---- */

static void
presence(const struct eval *ev, const struct members *side, uint8_t *out)
{
	memset(out, 0, ev->n);
	for (size_t r = 0; r < side->n; r++)
		for (size_t i = 0; i < ev->n; i++)
			out[i] |= side->p[r]->has[i];
}

/* Keeps a row where `where` is (or is not) set; rows are changed in place, they are the operation's own. */
static void
keep_where(const struct eval *ev, const struct members *side, const uint8_t *where, bool set)
{
	for (size_t r = 0; r < side->n; r++)
		for (size_t i = 0; i < ev->n; i++)
			side->p[r]->has[i] &= (where[i] != 0) == set;
}

static bool
append_rows(const struct eval *ev, struct rows *out, const struct rows *from)
{
	for (size_t r = 0; r < from->n; r++) {
		struct row *row = eval_row(ev, out, from->p[r].labels, from->p[r].drop_name);
		if (!row)
			return false;
		row->v = from->p[r].v;
		row->has = from->p[r].has;
		row->h = from->p[r].h;
	}
	return true;
}

static bool
combine(
    const struct eval *ev, const struct node *n, const struct rows *l, const struct rows *r, struct rows *out)
{
	struct matches ms = {0};
	uint8_t *there = mem_alloc(ev->n);
	match_rows(&n->match, l, r, &ms);
	for (size_t i = 0; i < ms.n; i++) {
		const struct match *g = ms.p[i];
		presence(ev, n->op == OP_OR ? &g->left : &g->right, there);
		keep_where(ev, n->op == OP_OR ? &g->right : &g->left, there, n->op == OP_AND);
	}
	mem_free(there);
	matches_fini(&ms);
	return append_rows(ev, out, l) && (n->op != OP_OR || append_rows(ev, out, r));
}

/* ---- the door ---- */

bool
eval_binary(const struct eval *ev, const struct node *n, struct value *out)
{
	struct value l, r;
	struct eval inner = *ev;
	if (op_is_trim(n->op))
		inner.told = RESETS_NEVER;
	if (!eval_node(&inner, n->args[0], &l) || !eval_node(&inner, n->args[1], &r))
		return false;
	if (l.type == PROMQL_SCALAR && r.type == PROMQL_SCALAR)
		return scalars(ev, n, l.scalar, r.scalar, out);
	if (l.type == PROMQL_SCALAR || r.type == PROMQL_SCALAR) {
		bool left = l.type == PROMQL_SCALAR;
		out->rows = left ? r.rows : l.rows;
		return with_scalar(ev, n, &out->rows, left ? l.scalar : r.scalar, left);
	}
	return op_is_set(n->op) ? combine(ev, n, &l.rows, &r.rows, &out->rows)
				: join(ev, n, &l.rows, &r.rows, &out->rows);
}
