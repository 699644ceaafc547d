/*
 * run.c — walks a tree.
 *
 * [T1]   Every step, every turn of a range and every call counts; depth is bounded; output is bounded.
 * [T2]   Values are immutable and live in the run's arena or with the caller, so a template can change
 * nothing.
 */
#include "tmpl/run.h"

#include <string.h>

#include "base/must.h"

enum { RUN_DEPTH = 100, STEP_LIMIT = 1000000, OUTPUT_LIMIT = 1 << 20 };

/* What a list of steps ended with. */
enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

/* Puts the place in front of the sentence; the innermost place is the one that helps. */
static enum rc
fail_at(struct run *r, uint32_t line, uint32_t column)
{
	struct err inner = *r->err;
	struct str name = r->name.n ? r->name : STR("template");
	if (r->placed)
		return inner.rc;
	r->placed = true;
	return err_set(r->err, inner.rc, "%.*s:%u:%u: %s", STR_ARG(name), line, column, inner.text);
}

static enum rc
count(struct run *r)
{
	size_t steps = r->env->step_limit ? r->env->step_limit : STEP_LIMIT;
	size_t output = r->env->output_limit ? r->env->output_limit : OUTPUT_LIMIT;
	if (++r->steps > steps)
		return err_set(r->err, RC_REFUSED, "the template takes too many steps");
	if (r->out->n - r->out_start > output || arena_used(r->arena) > 16 * output)
		return err_set(r->err, RC_REFUSED, "the template writes too much");
	return RC_OK;
}

struct value
run_text(struct run *r, struct buf *b)
{
	struct value v = value_str(arena_str(r->arena, buf_view(b)));
	buf_fini(b);
	return v;
}

enum rc
want_str(const struct value *args, size_t i, const char *func, struct str *out, struct err *e)
{
	*out = args[i].s;
	if (args[i].kind == VALUE_STR)
		return RC_OK;
	return err_set(
	    e, RC_INVALID, "%s: argument %zu must be a text, not %s", func, i + 1, value_type(&args[i]));
}

enum rc
want_int(const struct value *args, size_t i, const char *func, int64_t *out, struct err *e)
{
	*out = args[i].i;
	if (args[i].kind == VALUE_INT)
		return RC_OK;
	return err_set(e, RC_INVALID, "%s: argument %zu must be a whole number, not %s", func, i + 1,
	    value_type(&args[i]));
}

enum rc
want_float(const struct value *v, const char *func, double *out, struct err *e)
{
	if (v->kind == VALUE_FLOAT)
		return *out = v->f, RC_OK;
	if (v->kind == VALUE_INT)
		return *out = (double)v->i, RC_OK;
	if (v->kind == VALUE_DURATION)
		return *out = (double)v->duration / 1000, RC_OK;
	if (v->kind == VALUE_STR && str_f64(v->s, out))
		return RC_OK;
	return err_set(e, RC_INVALID, "%s: the value is not a number", func);
}

/* ---- values ---- */

static enum rc eval_pipe(struct run *, const struct pipe *, const struct value *dot, struct value *out);

static const struct value *
find_var(struct run *r, struct str name)
{
	for (size_t i = r->vars.n; i-- > 0;)
		if (str_eq(r->vars.p[i].name, name))
			return &r->vars.p[i].value;
	panic("a variable that the parser let through");
}

static const struct value_method *
find_method(const struct value *v, struct str name)
{
	for (size_t i = 0; v->class && i < v->class->n; i++)
		if (str_is(name, v->class->methods[i].name))
			return &v->class->methods[i];
	return NULL;
}

static enum rc
call_method(struct run *r, const struct value_method *m, const struct value *self, const struct value *args,
    size_t n, struct value *out)
{
	if (n != m->args)
		return err_set(r->err, RC_INVALID, "%s takes %zu arguments, not %zu", m->name, m->args, n);
	struct value *all = arena_array(r->arena, struct value, n + 1);
	all[0] = *self;
	if (n)
		memcpy(all + 1, args, n * sizeof *args);
	return m->fn(r, all, n + 1, out, r->err);
}

static enum rc
get_field(struct run *r, const struct value *v, struct str name, const struct value *args, size_t n,
    struct value *out)
{
	struct value timed = *v;
	if (v->kind == VALUE_TIME)
		timed.class = &class_time;
	const struct value_method *m = find_method(&timed, name);
	if (m)
		return call_method(r, m, v, args, n, out);
	if (v->kind == VALUE_NIL)
		return err_set(
		    r->err, RC_INVALID, "there is nothing that .%.*s could be a field of", STR_ARG(name));
	if (v->kind != VALUE_MAP)
		return err_set(r->err, RC_INVALID, "a %s has no field .%.*s", value_type(v), STR_ARG(name));
	const struct value *found = value_get(v, name);
	if (!found && v->class && v->class->fixed)
		return err_set(r->err, RC_INVALID, "a %s has no field .%.*s", v->class->name, STR_ARG(name));
	if (n)
		return err_set(r->err, RC_INVALID, ".%.*s takes no arguments", STR_ARG(name));
	*out = found ? *found : v->class ? v->class->missing : (struct value){0};
	return RC_OK;
}

static enum rc
eval_fields(struct run *r, const struct word *w, struct value v, const struct value *args, size_t n,
    struct value *out)
{
	for (size_t i = 0; i < w->fields_n; i++) {
		bool last = i + 1 == w->fields_n;
		if (get_field(r, &v, w->fields[i], last ? args : NULL, last ? n : 0, &v) != RC_OK)
			return r->err->rc;
	}
	if (n && w->fields_n == 0)
		return err_set(r->err, RC_INVALID, "this cannot take arguments: it is not a function");
	*out = v;
	return RC_OK;
}

static enum rc
call_func(struct run *r, const struct tmpl_func *f, const struct value *args, size_t n, struct value *out)
{
	if ((int)n < f->least || (f->most >= 0 && (int)n > f->most))
		return err_set(r->err, RC_INVALID, "%s cannot take %zu arguments", f->name, n);
	*out = (struct value){0};
	return f->fn(r, args, n, out, r->err);
}

/* A word with the arguments that stand behind it. */
static enum rc
eval_word(struct run *r, const struct word *w, const struct value *dot, const struct value *args, size_t n,
    struct value *out)
{
	struct value v = {0};
	if (count(r) != RC_OK)
		return r->err->rc;
	switch (w->kind) {
	case WORD_DOT: v = *dot; break;
	case WORD_NIL: break;
	case WORD_CONST: v = w->value; break;
	case WORD_VAR: v = *find_var(r, w->name); break;
	case WORD_PIPE:
		if (eval_pipe(r, w->pipe, dot, &v) != RC_OK)
			return r->err->rc;
		break;
	case WORD_FUNC:
		if (w->fields_n == 0)
			return call_func(r, w->func, args, n, out);
		if (call_func(r, w->func, NULL, 0, &v) != RC_OK)
			return r->err->rc;
		break;
	}
	return eval_fields(r, w, v, args, n, out);
}

/* `and` and `or` look at their arguments one by one and stop when they know. */
static enum rc
eval_logic(struct run *r, const struct command *c, const struct value *dot, const struct value *piped,
    bool until, struct value *out)
{
	for (size_t i = 1; i < c->n; i++) {
		if (eval_word(r, &c->words[i], dot, NULL, 0, out) != RC_OK)
			return r->err->rc;
		if (value_true(out) == until)
			return RC_OK;
	}
	if (piped)
		*out = *piped;
	return RC_OK;
}

static enum rc
eval_command(struct run *r, const struct command *c, const struct value *dot, const struct value *piped,
    struct value *out)
{
	const struct word *head = &c->words[0];
	if (head->kind == WORD_FUNC && (str_is(head->name, "and") || str_is(head->name, "or")))
		return eval_logic(r, c, dot, piped, str_is(head->name, "or"), out);
	size_t n = c->n - 1 + (piped != NULL);
	struct value *args = arena_array(r->arena, struct value, n);
	for (size_t i = 1; i < c->n; i++)
		if (eval_word(r, &c->words[i], dot, NULL, 0, &args[i - 1]) != RC_OK)
			return fail_at(r, c->words[i].line, c->words[i].column);
	if (piped)
		args[n - 1] = *piped;
	if (eval_word(r, head, dot, args, n, out) != RC_OK)
		return fail_at(r, head->line, head->column);
	return RC_OK;
}

static void
set_var(struct run *r, const struct pipe *p, size_t i, const struct value *v)
{
	if (!p->assign) {
		*vec_add(&r->vars) = (struct variable){p->vars[i], *v};
		return;
	}
	for (size_t k = r->vars.n; k-- > 0;)
		if (str_eq(r->vars.p[k].name, p->vars[i])) {
			r->vars.p[k].value = *v;
			return;
		}
}

static enum rc
eval_pipe_value(struct run *r, const struct pipe *p, const struct value *dot, struct value *out)
{
	struct value v = {0};
	if (++r->depth > RUN_DEPTH)
		return err_set(r->err, RC_REFUSED, "the template is nested too deeply");
	for (size_t i = 0; i < p->n; i++) {
		struct value next = {0};
		if (eval_command(r, &p->commands[i], dot, i ? &v : NULL, &next) != RC_OK)
			return r->err->rc;
		v = next;
	}
	r->depth--;
	*out = v;
	return RC_OK;
}

static enum rc
eval_pipe(struct run *r, const struct pipe *p, const struct value *dot, struct value *out)
{
	if (eval_pipe_value(r, p, dot, out) != RC_OK)
		return r->err->rc;
	if (p->vars_n == 1)
		set_var(r, p, 0, out);
	return RC_OK;
}

/* ---- steps ---- */

static enum rc walk(struct run *, const struct steps *, const struct value *dot, enum flow *flow);

void
escape_html(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++)
		switch (s.p[i]) {
		case '&': buf_c(out, "&amp;"); break;
		case '<': buf_c(out, "&lt;"); break;
		case '>': buf_c(out, "&gt;"); break;
		case '"': buf_c(out, "&#34;"); break;
		case '\'': buf_c(out, "&#39;"); break;
		default: buf_ch(out, s.p[i]);
		}
}

static void
print(struct run *r, const struct value *v)
{
	struct buf text = {0};
	if (v->kind == VALUE_NIL)
		buf_c(&text, "<no value>");
	else
		value_print(v, &text);
	if (r->env->html && !v->safe)
		escape_html(buf_view(&text), r->out);
	else
		buf_str(r->out, buf_view(&text));
	buf_fini(&text);
}

static enum rc
walk_print(struct run *r, const struct step *s, const struct value *dot)
{
	struct value v;
	if (eval_pipe(r, s->pipe, dot, &v) != RC_OK)
		return r->err->rc;
	if (s->pipe->vars_n == 0)
		print(r, &v);
	return RC_OK;
}

static enum rc
walk_if(struct run *r, const struct step *s, const struct value *dot, enum flow *flow)
{
	struct value v;
	size_t vars = r->vars.n;
	if (eval_pipe(r, s->pipe, dot, &v) != RC_OK)
		return r->err->rc;
	bool yes = value_true(&v);
	const struct value *inner = yes && s->kind == STEP_WITH ? &v : dot;
	enum rc rc = walk(r, yes ? &s->body : &s->otherwise, inner, flow);
	r->vars.n = vars;
	return rc;
}

/* One turn; `*flow` is FLOW_BREAK when the range must end. */
static enum rc
turn(struct run *r, const struct step *s, struct value key, struct value v, enum flow *flow)
{
	size_t vars = r->vars.n;
	const struct pipe *p = s->pipe;
	if (count(r) != RC_OK)
		return r->err->rc;
	if (p->vars_n == 1)
		set_var(r, p, 0, &v);
	if (p->vars_n == 2) {
		set_var(r, p, 0, &key);
		set_var(r, p, 1, &v);
	}
	enum rc rc = walk(r, &s->body, &v, flow);
	r->vars.n = vars;
	if (*flow == FLOW_CONTINUE)
		*flow = FLOW_ON;
	return rc;
}

static enum rc
range_over(struct run *r, const struct step *s, const struct value *v, size_t *turns)
{
	enum flow flow = FLOW_ON;
	enum rc rc = RC_OK;
	size_t n = v->kind == VALUE_LIST  ? v->list.n
		   : v->kind == VALUE_MAP ? v->map.n
		   : v->i > 0             ? (size_t)v->i
					  : 0;
	for (*turns = 0; *turns < n && flow == FLOW_ON && rc == RC_OK; ++*turns) {
		size_t i = *turns;
		struct value at = value_int((int64_t)i);
		if (v->kind == VALUE_LIST)
			rc = turn(r, s, at, v->list.items[i], &flow);
		else if (v->kind == VALUE_MAP)
			rc = turn(r, s, value_str(v->map.pairs[i].key), v->map.pairs[i].v, &flow);
		else
			rc = turn(r, s, at, at, &flow);
	}
	return rc;
}

static enum rc
walk_range(struct run *r, const struct step *s, const struct value *dot, enum flow *flow)
{
	struct value v;
	size_t turns = 0, vars = r->vars.n;
	if (eval_pipe_value(r, s->pipe, dot, &v) != RC_OK)
		return r->err->rc;
	bool fixed = v.kind == VALUE_MAP && v.class && v.class->fixed;
	enum rc rc = RC_OK;
	if (fixed ||
	    (v.kind != VALUE_LIST && v.kind != VALUE_MAP && v.kind != VALUE_INT && v.kind != VALUE_NIL))
		rc = err_set(r->err, RC_INVALID, "range cannot go over a %s", value_type(&v));
	else if (v.kind != VALUE_NIL)
		rc = range_over(r, s, &v, &turns);
	if (rc != RC_OK)
		return fail_at(r, s->line, s->column);
	if (turns == 0)
		rc = walk(r, &s->otherwise, dot, flow);
	r->vars.n = vars;
	return rc;
}

static enum rc
run_tree(struct run *r, const struct tree *t, const struct value *dot)
{
	size_t vars = r->vars.n;
	struct str name = r->name;
	enum flow flow = FLOW_ON;
	if (++r->depth > RUN_DEPTH)
		return err_set(r->err, RC_REFUSED, "templates call each other too deeply");
	r->name = t->file;
	*vec_add(&r->vars) = (struct variable){STR("$"), *dot};
	enum rc rc = walk(r, &t->steps, dot, &flow);
	r->vars.n = vars;
	r->depth--;
	if (rc == RC_OK)
		r->name = name;
	return rc;
}

static enum rc
walk_template(struct run *r, const struct step *s, const struct value *dot)
{
	struct value v = {0};
	if (s->pipe && eval_pipe(r, s->pipe, dot, &v) != RC_OK)
		return r->err->rc;
	const struct tree *t = map_get(r->set->trees, s->text);
	if (!t)
		err_set(r->err, RC_INVALID, "there is no template \"%.*s\"", STR_ARG(str_to(s->text, 60)));
	if (!t || run_tree(r, t, &v) != RC_OK)
		return fail_at(r, s->line, s->column);
	return RC_OK;
}

static enum rc
walk_step(struct run *r, const struct step *s, const struct value *dot, enum flow *flow)
{
	switch (s->kind) {
	case STEP_TEXT: buf_str(r->out, s->text); return RC_OK;
	case STEP_PRINT: return walk_print(r, s, dot);
	case STEP_IF:
	case STEP_WITH: return walk_if(r, s, dot, flow);
	case STEP_RANGE: return walk_range(r, s, dot, flow);
	case STEP_TEMPLATE: return walk_template(r, s, dot);
	case STEP_BREAK: *flow = FLOW_BREAK; return RC_OK;
	case STEP_CONTINUE: *flow = FLOW_CONTINUE; return RC_OK;
	}
	panic("unknown kind of step");
}

static enum rc
walk(struct run *r, const struct steps *steps, const struct value *dot, enum flow *flow)
{
	for (size_t i = 0; i < steps->n && *flow == FLOW_ON; i++) {
		if (count(r) != RC_OK)
			return fail_at(r, steps->p[i].line, steps->p[i].column);
		if (walk_step(r, &steps->p[i], dot, flow) != RC_OK)
			return r->err->rc;
	}
	return RC_OK;
}

enum rc
run_named(struct run *r, struct str name, const struct value *dot, struct buf *out, struct err *e)
{
	const struct tree *t = map_get(r->set->trees, name);
	if (!t)
		return err_set(e, RC_INVALID, "there is no template \"%.*s\"", STR_ARG(str_to(name, 60)));
	struct buf *outer = r->out;
	size_t start = r->out_start;
	r->out = out;
	r->out_start = 0;
	enum rc rc = run_tree(r, t, dot);
	r->out = outer;
	r->out_start = start;
	return rc;
}

/* ---- the outside ---- */

struct arena *
tmpl_arena(struct run *r)
{
	return r->arena;
}

enum rc
run_root(const struct tmpl_set *set, const struct tree *t, const struct value *data,
    const struct tmpl_env *env, struct buf *out, struct err *e)
{
	struct err mine;
	struct run r = {.set = set,
	    .env = env,
	    .arena = arena_create(),
	    .out = out,
	    .out_start = out->n,
	    .err = e ? e : &mine};
	enum rc rc = run_tree(&r, t, data);
	if (rc != RC_OK)
		buf_cut(out, r.out_start);
	vec_fini(&r.vars);
	arena_destroy(&r.arena);
	return rc;
}
