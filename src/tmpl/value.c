/* value.c — see value.h. */
#include "tmpl/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EXPONENT_FROM = 6 }; /* strconv's 'g' in the shortest form: 1e+06, but 100000 */

static int
by_key(const void *a, const void *b)
{
	return str_cmp(((const struct value_pair *)a)->key, ((const struct value_pair *)b)->key);
}

struct value
value_map(struct value_pair *p, size_t n, const struct value_class *class)
{
	if (n > 1)
		qsort(p, n, sizeof *p, by_key);
	return (struct value){.kind = VALUE_MAP, .class = class, .map = {p, n}};
}

struct value
value_list(const struct value *items, size_t n, const struct value_class *class)
{
	return (struct value){.kind = VALUE_LIST, .class = class, .list = {items, n}};
}

struct value
value_labels(struct pairs labels, struct arena *a)
{
	struct value_pair *p = arena_array(a, struct value_pair, labels.n);
	for (size_t i = 0; i < labels.n; i++)
		p[i] = (struct value_pair){labels.p[i].name, value_str(labels.p[i].value)};
	return value_map(p, labels.n, &class_labels);
}

struct value
value_strs(struct strs s, struct arena *a)
{
	struct value *items = arena_array(a, struct value, s.n);
	for (size_t i = 0; i < s.n; i++)
		items[i] = value_str(s.p[i]);
	return value_list(items, s.n, &class_strings);
}

const struct value *
value_get(const struct value *map, struct str key)
{
	size_t lo = 0, hi = map->map.n;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = str_cmp(map->map.pairs[mid].key, key);
		if (c == 0)
			return &map->map.pairs[mid].v;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

bool
value_true(const struct value *v)
{
	switch (v->kind) {
	case VALUE_NIL: return false;
	case VALUE_BOOL: return v->b;
	case VALUE_INT: return v->i != 0;
	case VALUE_FLOAT: return v->f != 0;
	case VALUE_STR: return v->s.n != 0;
	case VALUE_LIST: return v->list.n != 0;
	case VALUE_MAP: return v->map.n != 0 || (v->class && v->class->fixed);
	case VALUE_TIME: return true;
	case VALUE_DURATION: return v->duration != 0;
	}
	return false;
}

const char *
value_type(const struct value *v)
{
	static const char *const names[] = {[VALUE_NIL] = "<nil>",
	    [VALUE_BOOL] = "bool",
	    [VALUE_INT] = "int",
	    [VALUE_FLOAT] = "float64",
	    [VALUE_STR] = "string",
	    [VALUE_LIST] = "[]interface {}",
	    [VALUE_MAP] = "map[string]interface {}",
	    [VALUE_TIME] = "time.Time",
	    [VALUE_DURATION] = "time.Duration"};
	return v->class ? v->class->name : names[v->kind];
}

void
value_print_float(double v, struct buf *out)
{
	char sci[40], digits[24];
	size_t n = 0;
	if (v == 0 || isnan(v) || isinf(v)) {
		buf_f64(out, v);
		return;
	}
	f64_sci(v, sci, sizeof sci);
	long exp = strtol(strchr(sci, 'e') + 1, NULL, 10);
	if (exp >= -4 && exp < EXPONENT_FROM) {
		buf_f64(out, v);
		return;
	}
	for (const char *p = sci; *p != 'e'; p++)
		if (*p >= '0' && *p <= '9')
			digits[n++] = *p;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	buf_fmt(out, "%s%c%s%.*se%c%02ld", v < 0 ? "-" : "", digits[0], n > 1 ? "." : "", (int)n - 1,
	    digits + 1, exp < 0 ? '-' : '+', labs(exp));
}

/* Go's time.Duration: 1h2m3.5s. */
static void
print_duration(msec_t d, struct buf *out)
{
	if (d < 0) {
		buf_ch(out, '-');
		d = -d;
	}
	if (d < SECOND) {
		buf_fmt(out, d ? "%lldms" : "%llds", (long long)d);
		return;
	}
	if (d >= HOUR)
		buf_fmt(out, "%lldh", (long long)(d / HOUR));
	if (d >= MINUTE)
		buf_fmt(out, "%lldm", (long long)(d % HOUR / MINUTE));
	buf_f64(out, (double)(d % MINUTE) / 1000);
	buf_ch(out, 's');
}

/* Go's time.Time: 2006-01-02 15:04:05.999 -0700 MST. */
static void
print_time(const struct value *v, struct buf *out)
{
	const struct tz *tz = v->time.tz ? v->time.tz : tz_utc();
	msec_t ms = ((v->time.at % 1000) + 1000) % 1000;
	struct civil c = tz_civil(tz, v->time.at);
	struct tz_at at = tz_at(tz, (v->time.at - ms) / 1000);
	buf_fmt(out, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour, c.minute, c.second);
	if (ms) {
		buf_fmt(out, ".%03lld", (long long)ms);
		while (out->p[out->n - 1] == '0')
			buf_cut(out, out->n - 1);
	}
	int minutes = abs(at.offset) / 60;
	buf_fmt(
	    out, " %c%02d%02d %s", at.offset < 0 ? '-' : '+', minutes / 60, minutes % 60, at.abbreviation);
}

static void
print_map(const struct value *v, struct buf *out)
{
	bool fixed = v->class && v->class->fixed;
	buf_c(out, fixed ? "{" : "map[");
	for (size_t i = 0; i < v->map.n; i++) {
		if (i)
			buf_ch(out, ' ');
		if (!fixed)
			buf_fmt(out, "%.*s:", STR_ARG(v->map.pairs[i].key));
		value_print(&v->map.pairs[i].v, out);
	}
	buf_ch(out, fixed ? '}' : ']');
}

/* Label sets and their pairs have a String method: a=b, c=d. */
static bool
print_pairs(const struct value *v, struct buf *out)
{
	if (v->class == &class_labels) {
		for (size_t i = 0; i < v->map.n; i++)
			buf_fmt(out, "%s%.*s=%.*s", i ? ", " : "", STR_ARG(v->map.pairs[i].key),
			    STR_ARG(v->map.pairs[i].v.s));
		return true;
	}
	if (v->class != &class_pairs)
		return false;
	for (size_t i = 0; i < v->list.n; i++)
		buf_fmt(out, "%s%.*s=%.*s", i ? ", " : "",
		    STR_ARG(value_get(&v->list.items[i], STR("Name"))->s),
		    STR_ARG(value_get(&v->list.items[i], STR("Value"))->s));
	return true;
}

void
value_print(const struct value *v, struct buf *out)
{
	if (v->class && print_pairs(v, out))
		return;
	switch (v->kind) {
	case VALUE_NIL: buf_c(out, "<nil>"); break;
	case VALUE_BOOL: buf_c(out, v->b ? "true" : "false"); break;
	case VALUE_INT: buf_i64(out, v->i); break;
	case VALUE_FLOAT: value_print_float(v->f, out); break;
	case VALUE_STR: buf_str(out, v->s); break;
	case VALUE_LIST:
		buf_ch(out, '[');
		for (size_t i = 0; i < v->list.n; i++) {
			if (i)
				buf_ch(out, ' ');
			value_print(&v->list.items[i], out);
		}
		buf_ch(out, ']');
		break;
	case VALUE_MAP: print_map(v, out); break;
	case VALUE_TIME: print_time(v, out); break;
	case VALUE_DURATION: print_duration(v->duration, out); break;
	}
}
