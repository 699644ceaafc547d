/*
 * info.c — info(): the labels of info metrics, such as target_info, to the series of the same instance and job.
 *
 * IDEA   Info series are looked for at the moment where the argument's first selector looks, and only those of the
 *        instances and jobs that are asked for.  Each is known by its name, instance and job; where two are the same by
 *        these, the one with the newer sample counts.
 */
#include "promql/eval.h"

#include <math.h>
#include <string.h>

#include "base/map.h"

static const char *const identifying[] = {"instance", "job"};
enum { IDENTIFYING = 2 };

/* Info series of one name, instance and job. */
struct origin {
	struct str name;
	VEC(const struct row *) rows; /* their values are the times of their samples */
	bool used;                    /* by the series at hand */
};
struct informing {
	struct call *call;
	struct matchers data, names; /* what labels are wanted, and of which metrics */
	struct rows base, infos;
	uint8_t *plain; /* of each base row: it is an info series itself */
	struct map *origins;
	VEC(struct origin *) all;
	VEC(struct str) metrics; /* names of info metrics */
	struct map *places;
};

/* ---- what is asked for ---- */

static bool
copy_matcher(struct call *c, struct matchers *to, const struct matcher *m)
{
	return matchers_add(to, m->name, m->op, m->value, c->ev->run->err) == RC_OK || !(c->ev->run->failed = true);
}

static bool
names_any(const struct matchers *ms)
{
	for (size_t i = 0; i < ms->n; i++)
		if (ms->p[i].op == MATCH_EQ || ms->p[i].op == MATCH_RE)
			return true;
	return false;
}

/* Names that are only excluded are taken out of all that end in _info; without any it is target_info. */
static bool
read_matchers(struct informing *x)
{
	struct call *c = x->call;
	const struct node *list = c->n->n_args > 1 ? c->n->args[1] : NULL;
	for (size_t i = 0; list && i < list->matchers.n; i++) {
		const struct matcher *m = &list->matchers.p[i];
		if (!copy_matcher(c, str_is(m->name, LABEL_METRIC) ? &x->names : &x->data, m))
			return false;
	}
	if (names_any(&x->names))
		return true;
	struct matcher m = {.op = x->names.n ? MATCH_RE : MATCH_EQ, .name = STR(LABEL_METRIC), .value = x->names.n ? STR(".+_info") : STR("target_info")};
	return copy_matcher(c, &x->names, &m);
}

static bool
all_match(const struct matchers *ms, struct str value)
{
	for (size_t i = 0; i < ms->n; i++)
		if (!matcher_matches(&ms->p[i], value))
			return false;
	return true;
}

static bool
has_matcher(const struct matchers *ms, struct str name)
{
	for (size_t i = 0; i < ms->n; i++)
		if (str_eq(ms->p[i].name, name))
			return true;
	return false;
}

/* ---- where the argument looks ---- */

/* The first selector, and how the subqueries around it move it until an @ holds it. */
static const struct node *
first_selector(const struct node *n, const struct eval *ev, struct node *moment, double *offset)
{
	const struct node *found = n->kind == NODE_SELECTOR ? n : NULL;
	for (size_t i = 0; !found && i < n->n_args; i++)
		found = first_selector(n->args[i], ev, moment, offset);
	msec_t shift;
	if (!found || (n->kind != NODE_SELECTOR && n->kind != NODE_SUBQUERY) || moment->at != AT_NONE)
		return found;
	if (eval_duration(ev, n->offset, &shift))
		*offset += (double)shift / 1000;
	moment->at = n->at;
	moment->at_time = n->at_time;
	return found;
}

static void
add_quoted(struct buf *b, struct str s)
{
	if (b->n)
		buf_ch(b, '|');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] && strchr("\\.+*?()|[]{}^$", s.p[i]))
			buf_ch(b, '\\');
		buf_ch(b, s.p[i]);
	}
}

/* instance=~"a|b"; *any false: no series has this label. */
static bool
add_identity(struct informing *x, const char *label, struct matchers *to, bool *any)
{
	struct map *seen = map_create();
	struct buf b = {0};
	for (size_t r = 0; r < x->base.n; r++) {
		struct str v = labels_get(x->base.p[r].labels, str_c(label));
		if (!x->plain[r] && v.n && !map_put(seen, v, x))
			add_quoted(&b, v);
	}
	struct matcher m = {.op = MATCH_RE, .name = str_c(label), .value = buf_view(&b)};
	bool ok = !map_count(seen) || copy_matcher(x->call, to, &m);
	*any |= map_count(seen) > 0;
	map_destroy(&seen);
	buf_fini(&b);
	return ok;
}

static bool
select_infos(struct informing *x)
{
	const struct eval *ev = x->call->ev;
	double offset = 0;
	bool any = false, ok = true;
	struct node moment = {.kind = NODE_SELECTOR, .text = x->call->n->text};
	(void)first_selector(x->call->n->args[0], ev, &moment, &offset);
	struct node shift = {.kind = NODE_NUMBER, .number = offset, .text = moment.text};
	moment.offset = &shift;
	for (size_t i = 0; ok && i < IDENTIFYING; i++)
		ok = add_identity(x, identifying[i], &moment.matchers, &any);
	for (size_t i = 0; ok && any && i < x->data.n; i++)
		ok = copy_matcher(x->call, &moment.matchers, &x->data.p[i]);
	for (size_t i = 0; ok && any && i < x->names.n; i++)
		ok = copy_matcher(x->call, &moment.matchers, &x->names.p[i]);
	ok = ok && (!any || eval_selector_facet(ev, &moment, FACET_TIME, &x->infos));
	matchers_fini(&moment.matchers);
	for (size_t r = 0; ok && r < x->infos.n; r++)
		ok = !x->infos.p[r].h || eval_fail(ev, RC_INVALID, "info sample should be float");
	return ok;
}

/* ---- which info belongs to which series ---- */

static void
origin_key(struct labels ls, struct str name, struct buf *key)
{
	buf_clear(key);
	buf_str(key, name);
	for (size_t i = 0; i < IDENTIFYING; i++) {
		buf_ch(key, '\0');
		buf_str(key, labels_get(ls, str_c(identifying[i])));
	}
}

static void
file_infos(struct informing *x)
{
	struct buf key = {0};
	for (size_t r = 0; r < x->infos.n; r++) {
		struct str name = labels_get(x->infos.p[r].labels, STR(LABEL_METRIC));
		origin_key(x->infos.p[r].labels, name, &key);
		struct origin *o = map_get(x->origins, buf_view(&key));
		bool known = false;
		if (!o) {
			o = mem_new(struct origin);
			o->name = name;
			map_put(x->origins, buf_view(&key), o);
			*vec_add(&x->all) = o;
		}
		*vec_add(&o->rows) = &x->infos.p[r];
		for (size_t i = 0; !known && i < x->metrics.n; i++)
			known = str_eq(x->metrics.p[i], name);
		if (!known)
			*vec_add(&x->metrics) = name;
	}
	buf_fini(&key);
}

/* The one whose sample is the newest at a step; NULL: none has any. */
static bool
newest(const struct informing *x, const struct origin *o, size_t step, const struct row **out)
{
	*out = NULL;
	for (size_t r = 0; r < o->rows.n; r++) {
		const struct row *row = o->rows.p[r];
		if (!row->has[step])
			continue;
		if (*out && row->v[step] == (*out)->v[step]) {
			struct buf b = {0};
			labels_print(&b, (*out)->labels);
			buf_fmt(&b, " @ %lld, new ", llround((*out)->v[step] * 1000));
			labels_print(&b, row->labels);
			buf_fmt(&b, " @ %lld", llround(row->v[step] * 1000));
			eval_fail(x->call->ev, RC_INVALID, "found duplicate series for info metric: existing %s", b.p);
			buf_fini(&b);
			return false;
		}
		if (!*out || row->v[step] > (*out)->v[step])
			*out = row;
	}
	return true;
}

/* ---- joining ---- */

static bool
add_info(const struct informing *x, struct labels base, const struct row *info, struct label_builder *b)
{
	labels_each (info->labels, l) {
		if (str_is(l.it.name, LABEL_METRIC) || (x->data.n && !has_matcher(&x->data, l.it.name)))
			continue;
		struct str have = label_builder_get(b, l.it.name);
		if (have.n && !str_eq(have, l.it.value) && !labels_get(base, l.it.name).n)
			return eval_fail(x->call->ev, RC_INVALID, "conflicting label: %.*s", STR_ARG(l.it.name));
		if (!labels_get(base, l.it.name).n)
			label_builder_set(b, l.it.name, l.it.value);
	}
	return true;
}

static bool
emit(struct informing *x, const struct row *base, struct labels ls, size_t step)
{
	const struct eval *ev = x->call->ev;
	struct rows *out = &x->call->out->rows;
	size_t place = (size_t)map_get(x->places, ls.bytes);
	if (!place) {
		if (!eval_row(ev, out, ls, base->drop_name))
			return false;
		place = out->n;
		map_put(x->places, ls.bytes, (void *)place);
	}
	struct row *row = &out->p[place - 1];
	struct sample s = row_get(base, step);
	if (row->has[step])
		return eval_fail(ev, RC_INVALID, "vector cannot contain metrics with the same labelset");
	if (s.h)
		return row_put(ev, out, row, step, s.h);
	row->v[step] = s.v;
	row->has[step] = 1;
	return true;
}

/* A series at a step, with what is known of it; without anything it goes where a label is demanded. */
static bool
inform(struct informing *x, const struct row *base, struct origin *const *of, size_t n, size_t step)
{
	struct label_builder b = {0};
	bool ok = true, any = false;
	label_builder_start(&b, base->labels);
	for (size_t i = 0; ok && i < n; i++) {
		const struct row *info = NULL;
		ok = !of[i] || newest(x, of[i], step, &info);
		if (ok && info)
			ok = add_info(x, base->labels, info, &b);
		any |= info != NULL;
	}
	if (ok && (any || all_match(&x->data, STR(""))))
		ok = emit(x, base, label_builder_done(&b, x->call->ev->run->arena), step);
	label_builder_fini(&b);
	return ok;
}

static bool
inform_row(struct informing *x, size_t r)
{
	const struct row *base = &x->base.p[r];
	struct origin **of = mem_zalloc((x->metrics.n + 1) * sizeof *of);
	struct buf key = {0};
	bool ok = true;
	for (size_t i = 0; i < x->metrics.n; i++) {
		origin_key(base->labels, x->metrics.p[i], &key);
		of[i] = map_get(x->origins, buf_view(&key));
	}
	for (size_t i = 0; ok && i < x->call->ev->n; i++) {
		if (!base->has[i])
			continue;
		ok = x->plain[r] ? emit(x, base, base->labels, i) : inform(x, base, of, x->metrics.n, i);
	}
	buf_fini(&key);
	mem_free(of);
	return ok && eval_go_on(x->call->ev);
}

static bool
join(struct informing *x)
{
	bool ok = true;
	x->origins = map_create();
	x->places = map_create();
	file_infos(x);
	for (size_t r = 0; ok && r < x->base.n; r++)
		ok = inform_row(x, r);
	for (size_t i = 0; i < x->all.n; i++) {
		vec_fini(&x->all.p[i]->rows);
		mem_free(x->all.p[i]);
	}
	vec_fini(&x->all);
	vec_fini(&x->metrics);
	map_destroy(&x->origins);
	map_destroy(&x->places);
	return ok;
}

bool
run_info(struct call *c)
{
	struct informing x = {.call = c};
	struct value v;
	if (!eval_node(c->ev, c->n->args[0], &v))
		return false;
	x.base = v.rows;
	x.plain = arena_array(c->ev->run->arena, uint8_t, v.rows.n + 1);
	bool ok = read_matchers(&x);
	for (size_t r = 0; ok && r < v.rows.n; r++)
		x.plain[r] = all_match(&x.names, labels_get(v.rows.p[r].labels, STR(LABEL_METRIC)));
	ok = ok && select_infos(&x) && join(&x);
	matchers_fini(&x.data);
	matchers_fini(&x.names);
	return ok;
}
