/* builtin.c — the functions that Go's templates have by themselves. */
#include <string.h>

#include "base/must.h"
#include "tmpl/run.h"
#include "wire/url.h"

/* ---- comparison ---- */

static bool
number(const struct value *v, double *out)
{
	*out = v->kind == VALUE_INT ? (double)v->i : v->kind == VALUE_FLOAT ? v->f : (double)v->duration;
	return v->kind == VALUE_INT || v->kind == VALUE_FLOAT || v->kind == VALUE_DURATION;
}

/* Go refuses to compare 5 with 5.0; a monitor's values are all floats, so we do not. */
static enum rc
equal(const struct value *a, const struct value *b, bool *out, struct err *e)
{
	double x, y;
	if (number(a, &x) && number(b, &y))
		*out = a->kind == VALUE_INT && b->kind == VALUE_INT ? a->i == b->i : x == y;
	else if (a->kind != b->kind)
		return *out = false, a->kind == VALUE_NIL || b->kind == VALUE_NIL
					 ? RC_OK
					 : err_set(e, RC_INVALID, "a %s and a %s cannot be compared",
					       value_type(a), value_type(b));
	else if (a->kind == VALUE_STR)
		*out = str_eq(a->s, b->s);
	else if (a->kind == VALUE_BOOL)
		*out = a->b == b->b;
	else if (a->kind == VALUE_TIME)
		*out = a->time.at == b->time.at;
	else if (a->kind == VALUE_NIL)
		*out = true;
	else
		return err_set(e, RC_INVALID, "a %s cannot be compared", value_type(a));
	return RC_OK;
}

static enum rc
less(const struct value *a, const struct value *b, bool *out, struct err *e)
{
	double x, y;
	if (number(a, &x) && number(b, &y))
		*out = a->kind == VALUE_INT && b->kind == VALUE_INT ? a->i < b->i : x < y;
	else if (a->kind == VALUE_STR && b->kind == VALUE_STR)
		*out = str_cmp(a->s, b->s) < 0;
	else
		return err_set(e, RC_INVALID, "a %s and a %s have no order", value_type(a), value_type(b));
	return RC_OK;
}

static enum rc
fn_eq(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	bool same = false;
	for (size_t i = 1; i < n && !same; i++)
		if (equal(&args[0], &args[i], &same, e) != RC_OK)
			return RC_INVALID;
	*out = value_bool(same);
	return RC_OK;
}

static enum rc
fn_ne(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	bool same = false;
	enum rc rc = equal(&args[0], &args[1], &same, e);
	*out = value_bool(!same);
	return rc;
}

static enum rc
fn_lt(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	bool yes = false;
	enum rc rc = less(&args[0], &args[1], &yes, e);
	*out = value_bool(yes);
	return rc;
}

static enum rc
fn_gt(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	bool yes = false;
	enum rc rc = less(&args[1], &args[0], &yes, e);
	*out = value_bool(yes);
	return rc;
}

static enum rc
less_or_equal(const struct value *a, const struct value *b, struct value *out, struct err *e)
{
	bool yes = false, same = false;
	if (less(a, b, &yes, e) != RC_OK || equal(a, b, &same, e) != RC_OK)
		return RC_INVALID;
	*out = value_bool(yes || same);
	return RC_OK;
}

static enum rc
fn_le(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	return less_or_equal(&args[0], &args[1], out, e);
}

static enum rc
fn_ge(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	return less_or_equal(&args[1], &args[0], out, e);
}

/* ---- logic ---- */

static enum rc
fn_logic(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	panic("and, or are evaluated where their arguments are");
}

static enum rc
fn_not(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	*out = value_bool(!value_true(&args[0]));
	return RC_OK;
}

/* ---- lists ---- */

static enum rc
fn_len(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	const struct value *v = &args[0];
	if (v->kind != VALUE_STR && v->kind != VALUE_LIST && v->kind != VALUE_MAP)
		return err_set(e, RC_INVALID, "len: a %s has no length", value_type(v));
	*out = value_int((int64_t)(v->kind == VALUE_STR    ? v->s.n
				   : v->kind == VALUE_LIST ? v->list.n
							   : v->map.n));
	return RC_OK;
}

static enum rc
index_one(const struct value *v, const struct value *by, struct value *out, struct err *e)
{
	size_t n = v->kind == VALUE_LIST ? v->list.n : v->kind == VALUE_STR ? v->s.n : 0;
	if (v->kind == VALUE_MAP) {
		if (by->kind != VALUE_STR)
			return err_set(
			    e, RC_INVALID, "index: a map is indexed by a text, not a %s", value_type(by));
		const struct value *found = value_get(v, by->s);
		*out = found ? *found : v->class ? v->class->missing : (struct value){0};
		return RC_OK;
	}
	if (v->kind != VALUE_LIST && v->kind != VALUE_STR)
		return err_set(e, RC_INVALID, "index: a %s cannot be indexed", value_type(v));
	if (by->kind != VALUE_INT)
		return err_set(
		    e, RC_INVALID, "index: a list is indexed by a whole number, not a %s", value_type(by));
	if (by->i < 0 || (uint64_t)by->i >= n)
		return err_set(
		    e, RC_INVALID, "index: %lld is out of range: there are %zu", (long long)by->i, n);
	*out = v->kind == VALUE_LIST ? v->list.items[by->i] : value_int((unsigned char)v->s.p[by->i]);
	return RC_OK;
}

static enum rc
fn_index(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct value v = args[0];
	for (size_t i = 1; i < n; i++) {
		struct value inner;
		if (index_one(&v, &args[i], &inner, e) != RC_OK)
			return RC_INVALID;
		v = inner;
	}
	*out = v;
	return RC_OK;
}

static enum rc
fn_slice(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct value v = args[0];
	if (v.kind != VALUE_STR && v.kind != VALUE_LIST)
		return err_set(e, RC_INVALID, "slice: a %s has no parts", value_type(&v));
	int64_t size = (int64_t)(v.kind == VALUE_STR ? v.s.n : v.list.n), from = 0, to = size;
	if ((n > 1 && want_int(args, 1, "slice", &from, e) != RC_OK) ||
	    (n > 2 && want_int(args, 2, "slice", &to, e) != RC_OK))
		return RC_INVALID;
	if (from < 0 || to > size || from > to)
		return err_set(e, RC_INVALID, "slice: from %lld to %lld is out of range: there are %lld",
		    (long long)from, (long long)to, (long long)size);
	*out = v;
	if (v.kind == VALUE_STR)
		out->s = str_to(str_from(v.s, (size_t)from), (size_t)(to - from));
	else
		out->list.items += from, out->list.n = (size_t)(to - from);
	return RC_OK;
}

/* ---- text ---- */

/* Go's Sprint: a space between two values when neither is a text. */
static enum rc
fn_print(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct buf b = {0};
	for (size_t i = 0; i < n; i++) {
		if (i && args[i].kind != VALUE_STR && args[i - 1].kind != VALUE_STR)
			buf_ch(&b, ' ');
		value_print(&args[i], &b);
	}
	*out = run_text(r, &b);
	return RC_OK;
}

static enum rc
fn_println(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct buf b = {0};
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_ch(&b, ' ');
		value_print(&args[i], &b);
	}
	buf_ch(&b, '\n');
	*out = run_text(r, &b);
	return RC_OK;
}

static enum rc
fn_printf(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str format;
	struct buf b = {0};
	if (want_str(args, 0, "printf", &format, e) != RC_OK)
		return RC_INVALID;
	format_go(args, n, &b);
	*out = run_text(r, &b);
	return RC_OK;
}

static struct str
joined(struct run *r, const struct value *args, size_t n)
{
	struct value v;
	struct err none;
	if (n == 1 && args[0].kind == VALUE_STR)
		return args[0].s;
	enum rc rc = fn_print(r, args, n, &v, &none);
	must(rc == RC_OK);
	return v.s;
}

static enum rc
fn_html(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct buf b = {0};
	escape_html(joined(r, args, n), &b);
	*out = run_text(r, &b);
	out->safe = true;
	return RC_OK;
}

static enum rc
fn_js(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str s = joined(r, args, n);
	struct buf b = {0};
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == '\\' || c == '\'' || c == '"')
			buf_fmt(&b, "\\%c", c);
		else if (c < 0x20 || strchr("<>&=", c))
			buf_fmt(&b, "\\u%04X", c);
		else
			buf_ch(&b, (char)c);
	}
	*out = run_text(r, &b);
	return RC_OK;
}

static enum rc
fn_urlquery(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct buf b = {0};
	url_escape_query(&b, joined(r, args, n));
	*out = run_text(r, &b);
	return RC_OK;
}

static const struct tmpl_func table[] = {
    {"and", 1, -1, fn_logic, "the first empty argument, else the last"},
    {"eq", 2, -1, fn_eq, "is the first equal to one of the others?"},
    {"ge", 2, 2, fn_ge, "is the first greater or equal?"},
    {"gt", 2, 2, fn_gt, "is the first greater?"},
    {"html", 1, -1, fn_html, "the text, escaped for HTML"},
    {"index", 1, -1, fn_index, "an item of a list or map, by number or name"},
    {"js", 1, -1, fn_js, "the text, escaped for JavaScript"},
    {"le", 2, 2, fn_le, "is the first less or equal?"},
    {"len", 1, 1, fn_len, "how many items, or bytes of a text"},
    {"lt", 2, 2, fn_lt, "is the first less?"},
    {"ne", 2, 2, fn_ne, "are they different?"},
    {"not", 1, 1, fn_not, "is it empty?"},
    {"or", 1, -1, fn_logic, "the first argument that is not empty, else the last"},
    {"print", 0, -1, fn_print, "all of them as one text"},
    {"printf", 1, -1, fn_printf, "a text after a format"},
    {"println", 0, -1, fn_println, "all of them as one line"},
    {"slice", 1, 3, fn_slice, "a part of a list or text"},
    {"urlquery", 1, -1, fn_urlquery, "the text, escaped for a URL's query"},
};
const struct tmpl_funcs funcs_builtin = {table, sizeof table / sizeof *table};
