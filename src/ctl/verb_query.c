/* verb_query.c — PromQL from the command line. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/time.h"
#include "ctl/ctl.h"
#include "ctl/verbs.h"
#include "label/labels.h"
#include "wire/json.h"
#include "wire/url.h"

/* name{label="value"} of a JSON object of labels. */
static void
put_metric(struct json *j, struct buf *out)
{
	struct buf inner = {0};
	struct str key, value;
	if (!json_object(j))
		return;
	while (json_key(j, &key) && json_str(j, &value)) {
		if (str_is(key, "__name__"))
			buf_str(out, value);
		else
			buf_fmt(&inner, "%s%.*s=\"%.*s\"", inner.n ? ", " : "", STR_ARG(key), STR_ARG(value));
	}
	if (inner.n || !out->n)
		buf_fmt(out, "{%s}", inner.n ? inner.p : "");
	buf_fini(&inner);
}

/* [seconds, "value"] */
static void
put_point(struct json *j, struct buf *out, bool with_time)
{
	double at = 0;
	struct str value = {0};
	char text[TIME_TEXT];
	if (!json_array(j))
		return;
	if (json_more(j))
		json_f64(j, &at);
	if (json_more(j))
		json_str(j, &value);
	while (json_more(j))
		json_skip(j);
	if (with_time)
		buf_fmt(out, "\n  %s", time_rfc3339_short((msec_t)(at * 1000), text));
	buf_fmt(out, "  %.*s", STR_ARG(value));
}

static void
put_series(struct json *j, struct buf *out)
{
	struct str key;
	if (!json_object(j))
		return;
	struct buf metric = {0}, values = {0};
	while (json_key(j, &key)) {
		if (str_is(key, "metric"))
			put_metric(j, &metric);
		else if (str_is(key, "value"))
			put_point(j, &values, false);
		else if (str_is(key, "values") && json_array(j))
			while (json_more(j))
				put_point(j, &values, true);
		else
			json_skip(j);
	}
	buf_str(out, buf_view(&metric));
	buf_str(out, buf_view(&values));
	buf_ch(out, '\n');
	buf_fini(&metric);
	buf_fini(&values);
}

static void
put_result(struct json *j, struct buf *out)
{
	bool any = false;
	if (json_peek(j) != JSON_ARRAY || !json_array(j))
		return;
	while (json_more(j)) {
		any = true;
		if (json_peek(j) == JSON_OBJECT) {
			put_series(j, out);
		} else if (json_peek(j) == JSON_STRING) { /* a scalar: [seconds, "value"] */
			struct str value;
			if (json_str(j, &value))
				buf_str(out, value);
		} else {
			json_skip(j);
		}
	}
	if (!any)
		buf_c(out, "Nothing has that name and those labels.\n");
}

static int
print_answer(struct args *a, struct str body)
{
	struct json j;
	struct str key;
	struct err e;
	struct buf out = {0};
	json_init(&j, body, a->arena, 32);
	if (json_object(&j))
		while (json_key(&j, &key)) {
			if (!str_is(key, "data") || !json_object(&j)) {
				json_skip(&j);
				continue;
			}
			while (json_key(&j, &key))
				if (str_is(key, "result"))
					put_result(&j, &out);
				else
					json_skip(&j);
		}
	enum rc rc = json_end(&j, &e);
	if (rc == RC_OK)
		printf("%s%s", out.p ? out.p : "", out.n && out.p[out.n - 1] != '\n' ? "\n" : "");
	else
		fprintf(stderr, "tocsin: the daemon's answer is not what was expected: %s\n", e.text);
	buf_fini(&out);
	return rc == RC_OK ? EXIT_OK : EXIT_FAILED;
}

static void
add_param(struct buf *url, const char *name, const char *value)
{
	if (!value)
		return;
	buf_fmt(url, "&%s=", name);
	url_escape_query(url, str_c(value));
}

/* --last 1h --step 1m: the range that ends now. */
static int
add_range(struct buf *url, const char *last, const char *step)
{
	msec_t span;
	if (!duration_parse(str_c(last), &span)) {
		fprintf(stderr, "tocsin query: --last takes a duration such as 1h, not \"%s\"\n", last);
		return EXIT_USAGE;
	}
	msec_t now = clock_wall(clock_real()) / 1000;
	buf_fmt(url, "&start=%lld&end=%lld", (long long)(now - span / 1000), (long long)now);
	add_param(url, "step", step ? step : "1m");
	return EXIT_OK;
}

/* ---- summary ---- */

struct period {
	double min, avg, max, last, increase;
	bool there, counts;
};

static void
read_period(struct json *j, struct period *p)
{
	static const char *const keys[] = {"min", "avg", "max", "last", "increase"};
	double *const out[] = {&p->min, &p->avg, &p->max, &p->last, &p->increase};
	struct str key;
	*p = (struct period){.min = NAN, .avg = NAN, .max = NAN, .last = NAN};
	p->there = json_peek(j) == JSON_OBJECT;
	if (!p->there) {
		json_skip(j);
		return;
	}
	json_object(j);
	while (json_key(j, &key)) {
		size_t i = 0;
		while (i < 5 && !str_is(key, keys[i]))
			i++;
		p->counts |= i == 4;
		if (i == 5 || json_peek(j) != JSON_NUMBER || !json_f64(j, out[i]))
			json_skip(j);
	}
}

/* How much more it is, in percent of before. */
static void
put_change(struct buf *out, double now, double before)
{
	double change = (now - before) / fabs(before) * 100;
	if (isfinite(change))
		buf_fmt(out, " %+8.1f%%", change);
	else
		buf_fmt(out, " %9s", "");
}

static void
put_figure(struct buf *out, double v)
{
	if (isnan(v))
		buf_fmt(out, " %11s", "-");
	else
		buf_fmt(out, " %11.6g", v);
}

static void
put_span(struct json *j, struct str name, struct buf *out)
{
	struct period now = {0}, before = {0};
	struct str key;
	if (!json_object(j))
		return;
	while (json_key(j, &key))
		read_period(j, str_is(key, "now") ? &now : &before);
	if (!now.there && !before.there)
		return;
	if (!now.there)
		now.min = now.avg = now.max = now.last = NAN;
	buf_fmt(out, "  %-6.*s", STR_ARG(name));
	put_figure(out, now.avg);
	put_change(out, now.avg, before.there ? before.avg : NAN);
	put_figure(out, now.min);
	put_figure(out, now.max);
	put_change(out, now.max, before.there ? before.max : NAN);
	put_figure(out, now.last);
	if (now.there && now.counts)
		put_figure(out, now.increase);
	buf_ch(out, '\n');
}

static void
put_summed(struct json *j, struct buf *out)
{
	struct str key;
	struct buf name = {0}, spans = {0};
	if (!json_object(j))
		return;
	while (json_key(j, &key)) {
		if (str_is(key, "metric"))
			put_metric(j, &name);
		else if (json_peek(j) == JSON_OBJECT)
			put_span(j, key, &spans);
		else
			json_skip(j);
	}
	buf_fmt(out, "%s\n%s", name.p ? name.p : "", spans.p ? spans.p : "");
	buf_fini(&name);
	buf_fini(&spans);
}

static int
print_summary(struct args *a, struct str body)
{
	struct json j;
	struct str key;
	struct err e;
	struct buf out = {0};
	bool windows = false;
	json_init(&j, body, a->arena, 32);
	if (json_object(&j))
		while (json_key(&j, &key)) {
			if (str_is(key, "windows_only"))
				json_bool(&j, &windows);
			else if (str_is(key, "series") && json_array(&j))
				while (json_more(&j))
					put_summed(&j, &out);
			else
				json_skip(&j);
		}
	enum rc rc = json_end(&j, &e);
	if (rc != RC_OK)
		fprintf(stderr, "tocsin: the daemon's answer is not what was expected: %s\n", e.text);
	else if (!out.n)
		printf("Nothing has that name and those labels.\n");
	else
		printf("  %-6s %11s %9s %11s %11s %9s %11s %11s\n%s%s", "", "average", "change", "least", "greatest", "change", "last", "increase", out.p,
		    windows ? "Some of it is known from windows alone: the samples are past their retention.\n" : "");
	buf_fini(&out);
	return rc == RC_OK ? EXIT_OK : EXIT_FAILED;
}

/* query summary SELECTOR: the last hour, day, week, month and year, and how much more it is than the period before. */
static int
verb_summary(struct args *a, const char *selector, const char *time)
{
	struct buf url = {0};
	struct answer answer;
	buf_c(&url, "/api/tocsin/v1/summary?match[]=");
	url_escape_query(&url, str_c(selector));
	add_param(&url, "time", time);
	add_param(&url, "spans", args_option(a, "spans"));
	int status = args_done(a, verb_self("query"));
	if (status == EXIT_OK)
		status = ctl_get(a, url.p, &answer);
	if (status == EXIT_OK && a->json)
		ctl_print_raw(&answer);
	else if (status == EXIT_OK)
		status = print_summary(a, answer.body);
	buf_fini(&url);
	return status;
}

int
verb_query(struct args *a)
{
	const char *time = args_option(a, "time"), *last = args_option(a, "last"), *step = args_option(a, "step"), *expression = args_word(a);
	struct buf url = {0};
	struct answer answer;
	if (!expression)
		return verb_usage("query");
	const char *selector = strcmp(expression, "summary") == 0 && !last ? args_word(a) : NULL;
	if (selector)
		return verb_summary(a, selector, time);
	buf_fmt(&url, "/api/v1/%s?query=", last ? "query_range" : "query");
	url_escape_query(&url, str_c(expression));
	add_param(&url, "time", time);
	int status = last ? add_range(&url, last, step) : EXIT_OK;
	if (status == EXIT_OK)
		status = args_done(a, verb_self("query"));
	if (status == EXIT_OK)
		status = ctl_get(a, url.p, &answer);
	if (status == EXIT_OK && a->json)
		ctl_print_raw(&answer);
	else if (status == EXIT_OK)
		status = print_answer(a, answer.body);
	buf_fini(&url);
	return status;
}
