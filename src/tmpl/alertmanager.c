/* alertmanager.c — the functions of Alertmanager's templates. */
#include <string.h>

#include "tmpl/common.h"
#include "wire/json.h"

static enum rc
fn_title(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str s;
	enum rc rc = want_str(args, 0, "title", &s, e);
	if (rc == RC_OK)
		*out = titled(r, s, true);
	return rc;
}

static enum rc
fn_trim(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str s;
	enum rc rc = want_str(args, 0, "trimSpace", &s, e);
	*out = value_str(str_trim(s));
	return rc;
}

static enum rc
fn_join(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str between;
	enum rc rc = want_str(args, 0, "join", &between, e);
	return rc == RC_OK ? join_list(r, &args[1], between, out, e) : rc;
}

static int
hex(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | (c >= 'A' ? 32 : 0)) : NULL;
	return at ? (int)(at - digits) : -1;
}

static enum rc
fn_unescape(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str s;
	struct buf b = {0};
	if (want_str(args, 0, "urlUnescape", &s, e) != RC_OK)
		return RC_INVALID;
	for (size_t i = 0; i < s.n; i++) {
		bool escape = s.p[i] == '%';
		if (escape && (i + 2 >= s.n || hex(s.p[i + 1]) < 0 || hex(s.p[i + 2]) < 0)) {
			buf_fini(&b);
			return err_set(e, RC_INVALID, "urlUnescape: a %% without two hexadecimal digits");
		}
		buf_ch(&b, escape          ? (char)(hex(s.p[i + 1]) << 4 | hex(s.p[i + 2]))
			   : s.p[i] == '+' ? ' '
					   : s.p[i]);
		i += escape ? 2 : 0;
	}
	*out = run_text(r, &b);
	return RC_OK;
}

static enum rc
fn_strings(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str s;
	for (size_t i = 0; i < n; i++)
		if (want_str(args, i, "stringSlice", &s, e) != RC_OK)
			return RC_INVALID;
	*out = value_list(args, n, &class_strings);
	return RC_OK;
}

/* ---- times ---- */

static enum rc
want_time(const struct value *v, const char *func, struct err *e)
{
	return v->kind == VALUE_TIME
		   ? RC_OK
		   : err_set(e, RC_INVALID, "%s takes a time, not a %s", func, value_type(v));
}

static enum rc
fn_date(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str layout;
	struct buf b = {0};
	if (want_str(args, 0, "date", &layout, e) != RC_OK || want_time(&args[1], "date", e) != RC_OK)
		return RC_INVALID;
	format_time(&args[1], layout, &b);
	*out = run_text(r, &b);
	return RC_OK;
}

static enum rc
fn_tz(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str name;
	if (want_str(args, 0, "tz", &name, e) != RC_OK || want_time(&args[1], "tz", e) != RC_OK)
		return RC_INVALID;
	const struct tz *tz = tz_load(name, e);
	if (!tz)
		return RC_INVALID;
	*out = value_time(args[1].time.at, tz);
	return RC_OK;
}

static enum rc
fn_now(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	*out = value_time(r->env->now, NULL);
	return RC_OK;
}

static enum rc
fn_since(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	enum rc rc = want_time(&args[0], "since", e);
	*out = (struct value){
	    .kind = VALUE_DURATION, .duration = rc == RC_OK ? r->env->now - args[0].time.at : 0};
	return rc;
}

/* ---- JSON ---- */

/* The fields of a struct go by their JSON names: GeneratorURL is generatorURL. */
static void
json_name(struct json_writer *w, struct str key, bool fixed)
{
	char text[64];
	if (!fixed || key.n == 0 || key.n >= sizeof text) {
		jsonw_key_str(w, key);
		return;
	}
	memcpy(text, key.p, key.n);
	text[0] |= 32;
	jsonw_key_str(w, str_n(text, key.n));
}

static void
to_json(struct json_writer *w, const struct value *v)
{
	struct buf b = {0};
	switch (v->kind) {
	case VALUE_NIL: jsonw_null(w); break;
	case VALUE_BOOL: jsonw_bool(w, v->b); break;
	case VALUE_INT: jsonw_i64(w, v->i); break;
	case VALUE_FLOAT: jsonw_f64(w, v->f); break;
	case VALUE_STR: jsonw_str(w, v->s); break;
	case VALUE_TIME:
		format_time(v, STR("2006-01-02T15:04:05.999Z07:00"), &b);
		jsonw_str(w, buf_view(&b));
		break;
	case VALUE_DURATION: jsonw_i64(w, v->duration * 1000000); break;
	case VALUE_LIST:
		jsonw_array(w);
		for (size_t i = 0; i < v->list.n; i++)
			to_json(w, &v->list.items[i]);
		jsonw_array_end(w);
		break;
	case VALUE_MAP:
		jsonw_object(w);
		for (size_t i = 0; i < v->map.n; i++) {
			json_name(w, v->map.pairs[i].key, v->class && v->class->fixed);
			to_json(w, &v->map.pairs[i].v);
		}
		jsonw_object_end(w);
		break;
	}
	buf_fini(&b);
}

/* Go's encoder escapes what could end a script element; those characters stand in JSON only inside texts. */
static enum rc
fn_to_json(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct buf plain = {0}, b = {0};
	struct json_writer w;
	jsonw_init(&w, &plain);
	to_json(&w, &args[0]);
	for (size_t i = 0; i < plain.n; i++)
		if (strchr("<>&", plain.p[i]))
			buf_fmt(&b, "\\u%04x", plain.p[i]);
		else
			buf_ch(&b, plain.p[i]);
	buf_fini(&plain);
	*out = run_text(r, &b);
	return RC_OK;
}

/* ---- collections ---- */

static enum rc
fn_list(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	*out = value_list(args, n, NULL);
	return RC_OK;
}

static enum rc
fn_append(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	if (args[0].kind != VALUE_LIST)
		return err_set(e, RC_INVALID, "append takes a list first, not a %s", value_type(&args[0]));
	size_t had = args[0].list.n;
	struct value *all = arena_array(r->arena, struct value, had + n - 1);
	if (had)
		memcpy(all, args[0].list.items, had * sizeof *all);
	memcpy(all + had, args + 1, (n - 1) * sizeof *all);
	*out = value_list(all, had + n - 1, args[0].class);
	return RC_OK;
}

static enum rc
fn_dict(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str key;
	size_t count = 0;
	if (n % 2)
		return err_set(
		    e, RC_INVALID, "dict takes names and values in turn; the last value is missing");
	struct value_pair *p = arena_array(r->arena, struct value_pair, n / 2);
	for (size_t i = 0; i < n; i += 2) {
		if (want_str(args, i, "dict", &key, e) != RC_OK)
			return RC_INVALID;
		size_t at = 0;
		while (at < count && !str_eq(p[at].key, key))
			at++;
		p[at] = (struct value_pair){key, args[i + 1]};
		count += at == count;
	}
	*out = value_map(p, count, NULL);
	return RC_OK;
}

/* Labels of the route arrive rendered; the data holds them. */
static enum rc
fn_route_labels(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str name;
	if (want_str(args, 0, "routeLabels", &name, e) != RC_OK)
		return RC_INVALID;
	const struct value *data = &r->vars.p[0].value; /* the outermost $ */
	const struct value *labels = data->kind == VALUE_MAP ? value_get(data, STR("RouteLabels")) : NULL;
	const struct value *v = labels && labels->kind == VALUE_MAP ? value_get(labels, name) : NULL;
	*out = v ? *v : value_str(STR(""));
	return RC_OK;
}

static enum rc
fn_safe_url(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str s;
	struct buf b = {0};
	if (want_str(args, 0, "safeUrl", &s, e) != RC_OK)
		return RC_INVALID;
	escape_html(s, &b); /* trusted as a URL, and still text inside an attribute */
	*out = run_text(r, &b);
	out->safe = r->env->html;
	if (!r->env->html)
		out->s = s;
	return RC_OK;
}

static const struct tmpl_func table[] = {
    {"append", 1, -1, fn_append, "a list with more items"},
    {"date", 2, 2, fn_date, "a time after Go's layout"},
    {"dict", 0, -1, fn_dict, "a map of names and values"},
    {"join", 2, 2, fn_join, "a list's texts with something between them"},
    {"list", 0, -1, fn_list, "a list of the arguments"},
    {"now", 0, 0, fn_now, "the time of the notification"},
    {"routeLabels", 1, 1, fn_route_labels, "a label of the route, by name"},
    {"safeUrl", 1, 1, fn_safe_url, "a text that is a URL to be trusted"},
    {"since", 1, 1, fn_since, "how long ago a time was"},
    {"stringSlice", 0, -1, fn_strings, "a list of texts"},
    {"title", 1, 1, fn_title, "words with a capital, the rest in small letters"},
    {"toJson", 1, 1, fn_to_json, "the value as JSON"},
    {"trimSpace", 1, 1, fn_trim, "without spaces at both ends"},
    {"tz", 2, 2, fn_tz, "a time in another zone"},
    {"urlUnescape", 1, 1, fn_unescape, "the text of an escaped query"},
};
const struct tmpl_funcs funcs_alertmanager = {table, sizeof table / sizeof *table};
