/* common.c — the functions that Prometheus and Alertmanager have alike, and the classes of values. */
#include <math.h>
#include <string.h>

#include "label/regex.h"
#include "tmpl/common.h"

/* ---- case ---- */

/* The other case of a letter of Latin-1, Greek or Cyrillic; others stay. */
static uint32_t
other_case(uint32_t c, bool upper)
{
	static const struct {
		uint32_t lower_from, lower_to, distance;
	} ranges[] = {{'a', 'z', 32}, {0xe0, 0xf6, 32}, {0xf8, 0xfe, 32}, {0x3b1, 0x3c1, 32},
	    {0x3c3, 0x3c9, 32}, {0x430, 0x44f, 32}, {0x450, 0x45f, 80}};
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		uint32_t from = ranges[i].lower_from, to = ranges[i].lower_to, d = ranges[i].distance;
		if (upper && c >= from && c <= to)
			return c - d;
		if (!upper && c >= from - d && c <= to - d)
			return c + d;
	}
	return c;
}

/* Appends one character of one or two bytes in the case wanted; longer ones as they are.  How many bytes it
 * took. */
static size_t
add_cased(struct buf *b, struct str s, bool upper)
{
	unsigned char c = (unsigned char)s.p[0];
	if (c < 0x80) {
		buf_ch(b, (char)other_case(c, upper));
		return 1;
	}
	if ((c & 0xe0) == 0xc0 && s.n > 1) {
		uint32_t u = other_case((uint32_t)(c & 0x1f) << 6 | (s.p[1] & 0x3f), upper);
		buf_ch(b, (char)(0xc0 | u >> 6));
		buf_ch(b, (char)(0x80 | (u & 0x3f)));
		return 2;
	}
	buf_ch(b, (char)c);
	return 1;
}

static struct value
cased(struct run *r, struct str s, bool upper)
{
	struct buf b = {0};
	while (s.n)
		s = str_from(s, add_cased(&b, s, upper));
	return run_text(r, &b);
}

static bool
in_word(char c)
{
	return c == '\'' || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

struct value
titled(struct run *r, struct str s, bool lower_rest)
{
	struct buf b = {0};
	bool inside = false;
	while (s.n) {
		char c = s.p[0];
		size_t n = 1;
		if (!inside || lower_rest)
			n = add_cased(&b, s, !inside);
		else
			buf_ch(&b, c);
		inside = in_word(c);
		s = str_from(s, n);
	}
	return run_text(r, &b);
}

static enum rc
fn_upper(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str s;
	enum rc rc = want_str(args, 0, "toUpper", &s, e);
	if (rc == RC_OK)
		*out = cased(r, s, true);
	return rc;
}

static enum rc
fn_lower(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str s;
	enum rc rc = want_str(args, 0, "toLower", &s, e);
	if (rc == RC_OK)
		*out = cased(r, s, false);
	return rc;
}

/* ---- regular expressions ---- */

static enum rc
fn_match(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str pattern, text;
	struct regex *re;
	if (want_str(args, 0, "match", &pattern, e) != RC_OK ||
	    want_str(args, 1, "match", &text, e) != RC_OK ||
	    regex_create(pattern, REGEX_PLACES, &re, e) != RC_OK)
		return RC_INVALID;
	*out = value_bool(regex_found(re, text));
	regex_destroy(&re);
	return RC_OK;
}

static enum rc
fn_replace(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str pattern, how, text;
	struct regex *re;
	struct buf b = {0};
	if (want_str(args, 0, "reReplaceAll", &pattern, e) != RC_OK ||
	    want_str(args, 1, "reReplaceAll", &how, e) != RC_OK ||
	    want_str(args, 2, "reReplaceAll", &text, e) != RC_OK ||
	    regex_create(pattern, REGEX_PLACES, &re, e) != RC_OK)
		return RC_INVALID;
	regex_replace_all(re, text, how, &b);
	regex_destroy(&re);
	*out = run_text(r, &b);
	return RC_OK;
}

static enum rc
fn_safe(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str s;
	enum rc rc = want_str(args, 0, "safeHtml", &s, e);
	*out = value_str(s);
	out->safe = true;
	return rc;
}

/* ---- numbers for people ---- */

void
print_4g(struct buf *b, double v)
{
	if (isnan(v) || isinf(v))
		value_print_float(v, b);
	else
		buf_fmt(b, "%.4g", v);
}

const char *
shrink(double *v, double step, const char *const *prefixes)
{
	const char *prefix = "";
	for (; *prefixes && fabs(*v) >= step; prefixes++) {
		prefix = *prefixes;
		*v /= step;
	}
	return prefix;
}

const char *
enlarge(double *v)
{
	static const char *const prefixes[] = {"m", "u", "n", "p", "f", "a", "z", "y"};
	const char *prefix = "";
	for (size_t i = 0; i < 8 && fabs(*v) < 1; i++) {
		prefix = prefixes[i];
		*v *= 1000;
	}
	return prefix;
}

static void
print_long(struct buf *b, double v)
{
	int64_t s = v < 9e18 ? (int64_t)v : INT64_MAX;
	int64_t days = s / 86400, hours = s / 3600 % 24, minutes = s / 60 % 60;
	if (days)
		buf_fmt(b, "%lldd ", (long long)days);
	if (days || hours)
		buf_fmt(b, "%lldh ", (long long)hours);
	if (days || hours || minutes)
		buf_fmt(b, "%lldm %llds", (long long)minutes, (long long)(s % 60));
	else {
		print_4g(b, v);
		buf_ch(b, 's');
	}
}

static enum rc
fn_duration(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	double v;
	struct buf b = {0};
	if (want_float(&args[0], "humanizeDuration", &v, e) != RC_OK)
		return RC_INVALID;
	if (isnan(v) || isinf(v)) {
		print_4g(&b, v);
	} else if (v == 0 || fabs(v) >= 1) {
		buf_c(&b, v < 0 ? "-" : "");
		print_long(&b, fabs(v));
	} else {
		const char *prefix = enlarge(&v);
		print_4g(&b, v);
		buf_fmt(&b, "%ss", prefix);
	}
	*out = run_text(r, &b);
	return RC_OK;
}

static const struct tmpl_func table[] = {
    {"humanizeDuration", 1, 1, fn_duration, "seconds as 1d 2h 3m 4s"},
    {"match", 2, 2, fn_match, "does the expression match anywhere in the text?"},
    {"reReplaceAll", 3, 3, fn_replace, "the text with every match of the expression replaced"},
    {"safeHtml", 1, 1, fn_safe, "a text that is HTML already"},
    {"toLower", 1, 1, fn_lower, "in small letters"},
    {"toUpper", 1, 1, fn_upper, "in capital letters"},
};
const struct tmpl_funcs funcs_common = {table, sizeof table / sizeof *table};

/* ---- label sets ---- */

static struct value
pair_value(struct run *r, struct str name, struct value v)
{
	struct value_pair *p = arena_array(r->arena, struct value_pair, 2);
	p[0] = (struct value_pair){STR("Name"), value_str(name)};
	p[1] = (struct value_pair){STR("Value"), v};
	return value_map(p, 2, &class_pair);
}

/* By name, but alertname first. */
static enum rc
sorted_pairs(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	size_t count = args->map.n, at = 0;
	struct value *items = arena_array(r->arena, struct value, count);
	const struct value *alertname = value_get(args, STR("alertname"));
	if (alertname)
		items[at++] = pair_value(r, STR("alertname"), *alertname);
	for (size_t i = 0; i < count; i++)
		if (!str_is(args->map.pairs[i].key, "alertname"))
			items[at++] = pair_value(r, args->map.pairs[i].key, args->map.pairs[i].v);
	*out = value_list(items, at, &class_pairs);
	return RC_OK;
}

static enum rc
halves(struct run *r, const struct value *pairs, const char *half, struct value *out)
{
	struct value *items = arena_array(r->arena, struct value, pairs->list.n);
	for (size_t i = 0; i < pairs->list.n; i++)
		items[i] = *value_get(&pairs->list.items[i], str_c(half));
	*out = value_list(items, pairs->list.n, &class_strings);
	return RC_OK;
}

static enum rc
pairs_names(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	return halves(r, args, "Name", out);
}

static enum rc
pairs_values(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	return halves(r, args, "Value", out);
}

static enum rc
labels_names(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct value pairs;
	enum rc rc = sorted_pairs(r, args, n, &pairs, e);
	return rc == RC_OK ? halves(r, &pairs, "Name", out) : rc;
}

static enum rc
labels_values(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct value pairs;
	enum rc rc = sorted_pairs(r, args, n, &pairs, e);
	return rc == RC_OK ? halves(r, &pairs, "Value", out) : rc;
}

static enum rc
labels_remove(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	if (args[1].kind != VALUE_LIST)
		return err_set(e, RC_INVALID, "Remove takes a list of names, not a %s", value_type(&args[1]));
	struct value_pair *p = arena_array(r->arena, struct value_pair, args->map.n);
	size_t kept = 0;
	for (size_t i = 0; i < args->map.n; i++) {
		bool gone = false;
		for (size_t k = 0; k < args[1].list.n; k++)
			gone |= args[1].list.items[k].kind == VALUE_STR &&
				str_eq(args[1].list.items[k].s, args->map.pairs[i].key);
		if (!gone)
			p[kept++] = args->map.pairs[i];
	}
	*out = value_map(p, kept, &class_labels);
	return RC_OK;
}

enum rc
join_list(struct run *r, const struct value *list, struct str between, struct value *out, struct err *e)
{
	struct buf b = {0};
	if (list->kind != VALUE_LIST)
		return err_set(e, RC_INVALID, "join takes a list of texts, not a %s", value_type(list));
	for (size_t i = 0; i < list->list.n; i++) {
		if (i)
			buf_str(&b, between);
		value_print(&list->list.items[i], &b);
	}
	*out = run_text(r, &b);
	return RC_OK;
}

static enum rc
strings_join(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str between;
	enum rc rc = want_str(args, 1, "Join", &between, e);
	return rc == RC_OK ? join_list(r, &args[0], between, out, e) : rc;
}

static const struct value_method labels_methods[] = {{"Names", 0, labels_names}, {"Remove", 1, labels_remove},
    {"SortedPairs", 0, sorted_pairs}, {"Values", 0, labels_values}};
static const struct value_method pairs_methods[] = {{"Names", 0, pairs_names}, {"Values", 0, pairs_values}};
static const struct value_method strings_methods[] = {{"Join", 1, strings_join}};

const struct value_class class_labels = {.name = "template.KV",
    .missing = {.kind = VALUE_STR, .s = {"", 0}},
    .methods = labels_methods,
    .n = sizeof labels_methods / sizeof *labels_methods};
const struct value_class class_pairs = {.name = "template.Pairs", .methods = pairs_methods, .n = 2};
const struct value_class class_pair = {.name = "template.Pair", .fixed = true};
const struct value_class class_strings = {.name = "template.Strings", .methods = strings_methods, .n = 1};

/* ---- times ---- */

static enum rc
time_format(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str layout;
	struct buf b = {0};
	if (want_str(args, 1, "Format", &layout, e) != RC_OK)
		return RC_INVALID;
	format_time(&args[0], layout, &b);
	*out = run_text(r, &b);
	return RC_OK;
}

static enum rc
time_unix(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	*out = value_int(args->time.at / 1000 - (args->time.at % 1000 < 0));
	return RC_OK;
}

static enum rc
time_utc(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	*out = value_time(args->time.at, NULL);
	return RC_OK;
}

static enum rc
time_sub(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	if (args[1].kind != VALUE_TIME)
		return err_set(e, RC_INVALID, "Sub takes a time, not a %s", value_type(&args[1]));
	*out = (struct value){.kind = VALUE_DURATION, .duration = args[0].time.at - args[1].time.at};
	return RC_OK;
}

static enum rc
time_is_zero(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	*out = value_bool(args->time.at == VALUE_TIME_ZERO);
	return RC_OK;
}

static const struct value_method time_methods[] = {{"Format", 1, time_format}, {"IsZero", 0, time_is_zero},
    {"Sub", 1, time_sub}, {"UTC", 0, time_utc}, {"Unix", 0, time_unix}};
const struct value_class class_time = {.name = "time.Time", .methods = time_methods, .n = 5};
