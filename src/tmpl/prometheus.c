/* prometheus.c — the functions of Prometheus' templates. */
#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "tmpl/common.h"
#include "wire/url.h"

/* ---- queries ---- */

static enum rc
fn_query(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str expr;
	if (want_str(args, 0, "query", &expr, e) != RC_OK)
		return RC_INVALID;
	if (!r->env->query)
		return err_set(e, RC_INVALID, "query: nothing can be asked here");
	return r->env->query(r->env->context, expr, r->arena, out, e);
}

static enum rc
fn_first(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	if (args[0].kind != VALUE_LIST || args[0].list.n == 0)
		return err_set(e, RC_INVALID, "first: the query gave nothing");
	*out = args[0].list.items[0];
	return RC_OK;
}

static enum rc
sample_part(const struct value *sample, const char *part, struct value *out, struct err *e)
{
	const struct value *v = sample->kind == VALUE_MAP ? value_get(sample, str_c(part)) : NULL;
	if (!v)
		return err_set(e, RC_INVALID, "a %s is not a sample of a query", value_type(sample));
	*out = *v;
	return RC_OK;
}

static enum rc
label_of(const struct value *sample, struct str name, struct value *out, struct err *e)
{
	struct value labels;
	if (sample_part(sample, "Labels", &labels, e) != RC_OK)
		return RC_INVALID;
	const struct value *v = labels.kind == VALUE_MAP ? value_get(&labels, name) : NULL;
	*out = v ? *v : value_str(STR(""));
	return RC_OK;
}

static enum rc
fn_label(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str name;
	enum rc rc = want_str(args, 0, "label", &name, e);
	return rc == RC_OK ? label_of(&args[1], name, out, e) : rc;
}

static enum rc
fn_value(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	return sample_part(&args[0], "Value", out, e);
}

static enum rc
fn_strvalue(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	return label_of(&args[0], STR("__value__"), out, e);
}

/* Insertion keeps the order of equals. */
static enum rc
fn_sort(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str name;
	if (want_str(args, 0, "sortByLabel", &name, e) != RC_OK)
		return RC_INVALID;
	if (args[1].kind != VALUE_LIST || args[1].list.n > 10000)
		return err_set(e, RC_INVALID, "sortByLabel takes a query's result of at most 10,000 samples");
	size_t count = args[1].list.n;
	struct value *v = arena_array(r->arena, struct value, count);
	struct value *by = arena_array(r->arena, struct value, count);
	for (size_t i = 0; i < count; i++) {
		struct value key, item = args[1].list.items[i];
		if (label_of(&item, name, &key, e) != RC_OK)
			return RC_INVALID;
		size_t at = i;
		for (; at > 0 && str_cmp(by[at - 1].s, key.s) > 0; at--) {
			v[at] = v[at - 1];
			by[at] = by[at - 1];
		}
		v[at] = item;
		by[at] = key;
	}
	*out = value_list(v, count, args[1].class);
	return RC_OK;
}

/* ---- texts ---- */

static enum rc
fn_args(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct value_pair *p = arena_array(r->arena, struct value_pair, n);
	for (size_t i = 0; i < n; i++)
		p[i] = (struct value_pair){arena_fmt(r->arena, "arg%zu", i), args[i]};
	*out = value_map(p, n, NULL);
	return RC_OK;
}

static enum rc
fn_tmpl(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str name;
	struct buf b = {0};
	enum rc rc = want_str(args, 0, "tmpl", &name, e);
	if (rc == RC_OK)
		rc = run_named(r, name, &args[1], &b, e);
	*out = run_text(r, &b);
	out->safe = true;
	return rc;
}

static enum rc
fn_title(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str s;
	enum rc rc = want_str(args, 0, "title", &s, e);
	if (rc == RC_OK)
		*out = titled(r, s, false);
	return rc;
}

static enum rc
graph(struct run *r, const struct value *args, char tab, struct value *out, struct err *e)
{
	struct str expr;
	struct buf b = {0};
	if (want_str(args, 0, "graphLink", &expr, e) != RC_OK)
		return RC_INVALID;
	buf_c(&b, "/graph?g0.expr=");
	url_escape_query(&b, expr);
	buf_fmt(&b, "&g0.tab=%c", tab);
	*out = run_text(r, &b);
	return RC_OK;
}

static enum rc
fn_graph_link(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	return graph(r, args, '0', out, e);
}

static enum rc
fn_table_link(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	return graph(r, args, '1', out, e);
}

/* host:port, [::1]:port; false when there is no port, or more than that. */
static bool
split_port(struct str s, struct str *host, struct str *port)
{
	size_t colon = s.n;
	while (colon > 0 && s.p[colon - 1] != ':')
		colon--;
	if (colon == 0)
		return false;
	*port = str_from(s, colon);
	*host = str_to(s, colon - 1);
	if (host->n > 1 && host->p[0] == '[' && host->p[host->n - 1] == ']') {
		*host = str_n(host->p + 1, host->n - 2);
		return true;
	}
	return str_chr(*host, ':') < 0 && str_chr(*host, '[') < 0;
}

static bool
is_address(struct run *r, struct str host)
{
	unsigned char any[16];
	const char *text = arena_cstr(r->arena, host);
	return inet_pton(AF_INET, text, any) == 1 || inet_pton(AF_INET6, text, any) == 1;
}

static enum rc
fn_strip_port(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str s, host, port;
	enum rc rc = want_str(args, 0, "stripPort", &s, e);
	*out = value_str(rc == RC_OK && split_port(s, &host, &port) ? host : s);
	return rc;
}

static enum rc
fn_strip_domain(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str s, host, port = STR("");
	if (want_str(args, 0, "stripDomain", &s, e) != RC_OK)
		return RC_INVALID;
	if (!split_port(s, &host, &port)) {
		host = s;
		port = STR("");
	}
	*out = value_str(s);
	if (is_address(r, host))
		return RC_OK;
	ptrdiff_t dot = str_chr(host, '.');
	host = dot < 0 ? host : str_to(host, (size_t)dot);
	*out = value_str(port.n ? arena_fmt(r->arena, "%.*s:%.*s", STR_ARG(host), STR_ARG(port)) : host);
	return RC_OK;
}

static enum rc
fn_query_escape(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str s;
	struct buf b = {0};
	if (want_str(args, 0, "urlQueryEscape", &s, e) != RC_OK)
		return RC_INVALID;
	url_escape_query(&b, s);
	*out = run_text(r, &b);
	return RC_OK;
}

/* ---- numbers ---- */

static enum rc
fn_humanize(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	static const char *const prefixes[] = {"k", "M", "G", "T", "P", "E", "Z", "Y", NULL};
	double v;
	struct buf b = {0};
	if (want_float(&args[0], "humanize", &v, e) != RC_OK)
		return RC_INVALID;
	const char *prefix = "";
	if (v != 0 && !isnan(v) && !isinf(v))
		prefix = fabs(v) >= 1 ? shrink(&v, 1000, prefixes) : enlarge(&v);
	print_4g(&b, v);
	buf_c(&b, prefix);
	*out = run_text(r, &b);
	return RC_OK;
}

static enum rc
fn_humanize1024(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	static const char *const prefixes[] = {"ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi", NULL};
	double v;
	struct buf b = {0};
	if (want_float(&args[0], "humanize1024", &v, e) != RC_OK)
		return RC_INVALID;
	const char *prefix = isnan(v) || isinf(v) ? "" : shrink(&v, 1024, prefixes);
	print_4g(&b, v);
	buf_c(&b, prefix);
	*out = run_text(r, &b);
	return RC_OK;
}

static enum rc
fn_percentage(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	double v;
	struct buf b = {0};
	if (want_float(&args[0], "humanizePercentage", &v, e) != RC_OK)
		return RC_INVALID;
	print_4g(&b, v * 100);
	buf_ch(&b, '%');
	*out = run_text(r, &b);
	return RC_OK;
}

static enum rc
to_time(const char *func, double v, struct value *out, struct err *e)
{
	if (isnan(v) || isinf(v))
		return err_set(e, RC_INVALID, "%s: the value is not a finite number", func);
	if (fabs(v) > 9.2e9)
		return err_set(e, RC_INVALID, "%s: %g is no time that can be written", func, v);
	*out = value_time((msec_t)(v * 1000), NULL);
	return RC_OK;
}

static enum rc
fn_to_time(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	double v;
	enum rc rc = want_float(&args[0], "toTime", &v, e);
	return rc == RC_OK ? to_time("toTime", v, out, e) : rc;
}

static enum rc
fn_timestamp(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	double v;
	struct value t;
	struct buf b = {0};
	if (want_float(&args[0], "humanizeTimestamp", &v, e) != RC_OK)
		return RC_INVALID;
	if (isnan(v) || isinf(v))
		print_4g(&b, v);
	else if (to_time("humanizeTimestamp", v, &t, e) != RC_OK)
		return RC_INVALID;
	else
		value_print(&t, &b);
	*out = run_text(r, &b);
	return RC_OK;
}

static enum rc
fn_to_duration(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	double v;
	enum rc rc = want_float(&args[0], "toDuration", &v, e);
	if (rc == RC_OK && !(fabs(v) < 9.2e9))
		rc = err_set(e, RC_INVALID, "toDuration: the value is too large");
	*out = (struct value){.kind = VALUE_DURATION, .duration = rc == RC_OK ? (msec_t)(v * 1000) : 0};
	return rc;
}

static enum rc
fn_parse_duration(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str s;
	msec_t ms;
	if (want_str(args, 0, "parseDuration", &s, e) != RC_OK)
		return RC_INVALID;
	bool minus = str_starts(s, STR("-"));
	if (!duration_parse(str_from(s, minus), &ms))
		return err_set(
		    e, RC_INVALID, "parseDuration: \"%.*s\" is not a duration", STR_ARG(str_to(s, 40)));
	*out = value_float((double)(minus ? -ms : ms) / 1000);
	return RC_OK;
}

/* ---- where and when ---- */

static enum rc
fn_now(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	*out = value_float((double)r->env->now / 1000);
	return RC_OK;
}

static enum rc
fn_external_url(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	*out = value_str(r->env->external_url);
	return RC_OK;
}

static enum rc
fn_path_prefix(struct run *r, const struct value *args, size_t n, struct value *out, struct err *e)
{
	struct str s = r->env->external_url;
	const char *scheme = s.n ? memmem(s.p, s.n, "://", 3) : NULL;
	if (scheme)
		s = str_from(s, (size_t)(scheme + 3 - s.p));
	ptrdiff_t slash = str_chr(s, '/');
	*out = value_str(slash < 0 ? STR("") : str_from(s, (size_t)slash));
	return RC_OK;
}

static const struct tmpl_func table[] = {
    {"args", 0, -1, fn_args, "several values as one: arg0, arg1 …"},
    {"externalURL", 0, 0, fn_external_url, "where this server is reached"},
    {"first", 1, 1, fn_first, "the first sample of a query"},
    {"graphLink", 1, 1, fn_graph_link, "the path of an expression's graph"},
    {"humanize", 1, 1, fn_humanize, "a number with k, M, G, or m, u, n"},
    {"humanize1024", 1, 1, fn_humanize1024, "a number with ki, Mi, Gi"},
    {"humanizePercentage", 1, 1, fn_percentage, "a ratio as a percentage"},
    {"humanizeTimestamp", 1, 1, fn_timestamp, "seconds since 1970 as a time"},
    {"label", 2, 2, fn_label, "a sample's label, by name"},
    {"now", 0, 0, fn_now, "the time of evaluation, in seconds"},
    {"parseDuration", 1, 1, fn_parse_duration, "1h30m in seconds"},
    {"pathPrefix", 0, 0, fn_path_prefix, "the path of this server's URL"},
    {"query", 1, 1, fn_query, "the samples of an expression"},
    {"sortByLabel", 2, 2, fn_sort, "samples sorted by a label"},
    {"stripDomain", 1, 1, fn_strip_domain, "a host without its domain"},
    {"stripPort", 1, 1, fn_strip_port, "a host without its port"},
    {"strvalue", 1, 1, fn_strvalue, "a sample's __value__ label"},
    {"tableLink", 1, 1, fn_table_link, "the path of an expression's table"},
    {"title", 1, 1, fn_title, "words with a capital"},
    {"tmpl", 2, 2, fn_tmpl, "what a named template writes"},
    {"toDuration", 1, 1, fn_to_duration, "seconds as a duration"},
    {"toTime", 1, 1, fn_to_time, "seconds since 1970 as a time that has methods"},
    {"urlQueryEscape", 1, 1, fn_query_escape, "the text, escaped for a URL's query"},
    {"value", 1, 1, fn_value, "a sample's value"},
};
const struct tmpl_funcs funcs_prometheus = {table, sizeof table / sizeof *table};

static const struct value_class class_alert_data = {.name = "struct", .fixed = true};

struct value
tmpl_alert_data(
    struct pairs labels, struct pairs external_labels, struct str external_url, double value, struct arena *a)
{
	struct value_pair *p = arena_array(a, struct value_pair, 4);
	p[0] = (struct value_pair){STR("Labels"), value_labels(labels, a)};
	p[1] = (struct value_pair){STR("ExternalLabels"), value_labels(external_labels, a)};
	p[2] = (struct value_pair){STR("ExternalURL"), value_str(external_url)};
	p[3] = (struct value_pair){STR("Value"), value_float(value)};
	return value_map(p, 4, &class_alert_data);
}
