/*
 * rule_test.c — see rule_test.h.
 *
 * TRAP   As promtool has it, every group is evaluated at the file's evaluation_interval, whatever its own says, and a question
 *        about alerts is answered by the last evaluation at or before its moment.
 */
#include "replay/rule_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/quote.h"
#include "base/time.h"
#include "promql/native.h"
#include "promql/promql.h"
#include "promql/series_text.h"
#include "replay/bench.h"
#include "replay/rule_check.h"
#include "wire/json.h"

#define RECORD_SELF struct rule_test_series
RECORD_LAYOUT(rule_test_series, RULE_TEST_SERIES_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct rule_test_alert
RECORD_LAYOUT(rule_test_alert, RULE_TEST_ALERT_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct rule_test_alerts
RECORD_LAYOUT(rule_test_alerts, RULE_TEST_ALERTS_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct rule_test_sample
RECORD_LAYOUT(rule_test_sample, RULE_TEST_SAMPLE_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct rule_test_expr
RECORD_LAYOUT(rule_test_expr, RULE_TEST_EXPR_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct rule_test_group
RECORD_LAYOUT(rule_test_group, RULE_TEST_GROUP_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct rule_test_file
RECORD_LAYOUT(rule_test_file, RULE_TEST_FILE_KEYS)
#undef RECORD_SELF

enum { FILE_BYTES = 32 << 20, EVALUATIONS = 1000000 };

/* One group of tests at work. */
struct testing {
	const char *path;
	const struct rule_test_file *file;
	const struct rule_test_group *group;
	struct bench bench;
	struct arena *arena;
	struct buf wrong; /* what is to be said; empty: it passed */
};

static struct str
duration(struct testing *t, msec_t d)
{
	struct buf b = {0};
	duration_print(&b, d);
	struct str s = arena_str(t->arena, buf_view(&b));
	buf_fini(&b);
	return s;
}

static void
say_name(struct testing *t)
{
	if (t->group->name.n)
		buf_fmt(&t->wrong, "    name: %.*s,\n", STR_ARG(t->group->name));
}

/* ---- preparing ---- */

static void
put_pairs(struct json_writer *w, const char *key, struct pairs p)
{
	jsonw_key(w, key);
	jsonw_object(w);
	for (size_t i = 0; i < p.n; i++) {
		jsonw_key_str(w, p.p[i].name);
		jsonw_str(w, p.p[i].value);
	}
	jsonw_object_end(w);
}

/* The configuration that the test describes, as text: what is read at night is read here, too. */
static void
configuration(struct testing *t, struct buf *b)
{
	struct json_writer w;
	jsonw_init(&w, b);
	jsonw_object(&w);
	jsonw_key(&w, "rule_files");
	jsonw_array(&w);
	for (size_t i = 0; i < t->file->rule_files.n; i++)
		jsonw_str(&w, t->file->rule_files.p[i]);
	jsonw_array_end(&w);
	jsonw_key(&w, "global");
	jsonw_object(&w);
	jsonw_key(&w, "evaluation_interval");
	jsonw_str(&w, duration(t, t->file->evaluation_interval));
	put_pairs(&w, "external_labels", t->group->external_labels);
	jsonw_object_end(&w);
	jsonw_object_end(&w);
}

static bool
load_conf(struct testing *t, struct conf **out)
{
	struct report report;
	struct buf yaml = {0};
	report_init(&report);
	configuration(t, &yaml);
	bool ok = conf_load_text(t->path, buf_view(&yaml), rule_judges(), out, &report) == RC_OK;
	if (!ok)
		report_print(&report, &t->wrong);
	report_fini(&report);
	buf_fini(&yaml);
	return ok;
}

static enum rc
load_series(struct testing *t, const struct rule_test_series *s, msec_t every, struct err *e)
{
	struct series_items items = {0};
	struct labels ls;
	enum rc rc = series_name_parse(s->series, t->arena, &ls, e);
	if (rc == RC_OK)
		rc = series_items_parse(s->values, t->arena, &items, e);
	for (size_t i = 0; rc == RC_OK && i < items.n; i++)
		if (items.p[i].h)
			rc = bench_histogram(&t->bench, ls, (msec_t)i * every, items.p[i].h, e);
		else if (items.p[i].there)
			rc = bench_sample(&t->bench, ls, (msec_t)i * every, items.p[i].v, e);
	vec_fini(&items);
	return rc == RC_OK ? rc : err_add(e, "in series \"%.*s\"", STR_ARG(s->series));
}

static bool
prepare(struct testing *t, struct conf *conf)
{
	msec_t every = t->group->interval ? t->group->interval : t->file->evaluation_interval;
	struct err e;
	enum rc rc = bench_create(&t->bench, conf, &e);
	for (size_t i = 0; rc == RC_OK && i < t->group->input_series.n; i++)
		rc = load_series(t, &t->group->input_series.p[i], every, &e);
	if (rc != RC_OK)
		buf_fmt(&t->wrong, "    %s\n", e.text);
	return rc == RC_OK;
}

/* ---- alerts ---- */

struct shown {
	struct labels labels;
	struct pairs annotations;
};
struct shown_list {
	struct testing *testing;
	struct str alertname;
	struct shown *p;
	size_t n, cap;
};

static int
by_labels(const void *a, const void *b)
{
	return labels_cmp(((const struct shown *)a)->labels, ((const struct shown *)b)->labels);
}

static void
take_instance(void *arg, struct str alertname, const struct instance *in)
{
	struct shown_list *l = arg;
	if (in->state == INSTANCE_FIRING && str_eq(alertname, l->alertname))
		*vec_add(l) = (struct shown){labels_copy(in->labels, l->testing->arena), in->annotations};
}

static struct labels
labels_of(struct testing *t, struct pairs p, struct str alertname)
{
	struct label_builder b = {0};
	for (size_t i = 0; i < p.n; i++)
		label_builder_set(&b, p.p[i].name, p.p[i].value);
	if (alertname.n)
		label_builder_set(&b, STR("alertname"), alertname);
	struct labels ls = label_builder_done(&b, t->arena);
	label_builder_fini(&b);
	return ls;
}

static bool
same_alerts(struct testing *t, const struct shown_list *a, const struct shown_list *b)
{
	bool same = a->n == b->n;
	for (size_t i = 0; same && i < a->n; i++)
		same = labels_eq(a->p[i].labels, b->p[i].labels) &&
		       labels_eq(labels_of(t, a->p[i].annotations, STR("")),
			   labels_of(t, b->p[i].annotations, STR("")));
	return same;
}

static void
say_list(struct testing *t, const struct shown_list *l)
{
	if (!l->n) {
		buf_c(&t->wrong, "[]");
		return;
	}
	buf_ch(&t->wrong, '[');
	for (size_t i = 0; i < l->n; i++) {
		buf_fmt(&t->wrong, "%s\n            %zu:\n              Labels:", i ? "," : "", i);
		labels_print(&t->wrong, l->p[i].labels);
		buf_c(&t->wrong, "\n              Annotations:");
		labels_print(&t->wrong, labels_of(t, l->p[i].annotations, STR("")));
	}
	buf_c(&t->wrong, "\n            ]");
}

static void
judge_alerts(struct testing *t, const struct rule_test_alerts *c)
{
	struct shown_list want = {.testing = t}, got = {.testing = t, .alertname = c->alertname};
	for (size_t i = 0; i < c->exp_alerts.n; i++)
		*vec_add(&want) = (struct shown){labels_of(t, c->exp_alerts.p[i].exp_labels, c->alertname),
		    c->exp_alerts.p[i].exp_annotations};
	rules_each_instance(t->bench.rules, take_instance, &got);
	if (want.n)
		qsort(want.p, want.n, sizeof *want.p, by_labels);
	if (got.n)
		qsort(got.p, got.n, sizeof *got.p, by_labels);
	if (!same_alerts(t, &want, &got)) {
		say_name(t);
		buf_fmt(&t->wrong, "    alertname: %.*s, time: %.*s, \n        exp:", STR_ARG(c->alertname),
		    STR_ARG(duration(t, c->eval_time)));
		say_list(t, &want);
		buf_c(&t->wrong, ", \n        got:");
		say_list(t, &got);
		buf_ch(&t->wrong, '\n');
	}
	vec_fini(&want);
	vec_fini(&got);
}

/* ---- evaluating ---- */

static msec_t
last_moment(const struct rule_test_group *g)
{
	msec_t last = 0;
	for (size_t i = 0; i < g->alert_rule_test.n; i++)
		last = last > g->alert_rule_test.p[i].eval_time ? last : g->alert_rule_test.p[i].eval_time;
	for (size_t i = 0; i < g->promql_expr_test.n; i++)
		last = last > g->promql_expr_test.p[i].eval_time ? last : g->promql_expr_test.p[i].eval_time;
	return last;
}

static void
evaluate(struct testing *t)
{
	msec_t every = t->file->evaluation_interval, last = last_moment(t->group);
	if (last / every > EVALUATIONS) {
		buf_fmt(&t->wrong, "    %lld evaluations are asked for; the limit is %d\n",
		    (long long)(last / every), EVALUATIONS);
		return;
	}
	for (msec_t at = 0; at <= last; at += every) {
		rules_run(t->bench.rules, at, t->file->group_eval_order);
		rules_troubles(t->bench.rules, at, &t->wrong);
		for (size_t i = 0; i < t->group->alert_rule_test.n; i++) {
			const struct rule_test_alerts *c = &t->group->alert_rule_test.p[i];
			if (c->eval_time >= at && c->eval_time < at + every)
				judge_alerts(t, c);
		}
	}
}

/* ---- queries ---- */

struct sample {
	struct labels labels;
	double v;
	struct str histogram; /* a native one, as tests write it; empty: a number */
};
struct samples {
	struct sample *p;
	size_t n, cap;
};

static int
samples_by_labels(const void *a, const void *b)
{
	return labels_cmp(((const struct sample *)a)->labels, ((const struct sample *)b)->labels);
}

static bool
same_value(const struct testing *t, double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) && isnan(b);
	return a == b || (t->file->fuzzy_compare && fabs(a - b) <= 1e-15 * fmax(fabs(a), fabs(b)));
}

static void
say_samples(struct testing *t, const struct samples *s)
{
	if (!s->n)
		buf_c(&t->wrong, " nil");
	for (size_t i = 0; i < s->n; i++) {
		buf_c(&t->wrong, i ? ", " : " ");
		labels_print(&t->wrong, s->p[i].labels);
		buf_ch(&t->wrong, ' ');
		if (s->p[i].histogram.n)
			buf_str(&t->wrong, s->p[i].histogram);
		else
			buf_f64(&t->wrong, s->p[i].v);
	}
}

static struct str
histogram_text(struct testing *t, const struct native *h)
{
	struct buf b = {0};
	native_print_test(h, &b);
	struct str s = arena_str(t->arena, buf_view(&b));
	buf_fini(&b);
	return s;
}

/* What the file writes, as it would be written from what it means. */
static enum rc
read_histogram(struct testing *t, struct str text, struct str *out, struct err *e)
{
	struct series_items items = {0};
	enum rc rc = text.n ? series_items_parse(text, t->arena, &items, e) : RC_OK;
	if (rc == RC_OK && text.n && (items.n != 1 || !items.p[0].h))
		rc = err_set(e, RC_INVALID, "\"%.*s\" is not one native histogram", STR_ARG(str_to(text, 80)));
	if (rc == RC_OK && text.n)
		*out = histogram_text(t, items.p[0].h);
	vec_fini(&items);
	return rc;
}

static enum rc
wanted(struct testing *t, const struct rule_test_expr *c, struct samples *out, struct err *e)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < c->exp_samples.n; i++) {
		const struct rule_test_sample *s = &c->exp_samples.p[i];
		struct sample *x = vec_add(out);
		x->v = s->value;
		rc = read_histogram(t, s->histogram, &x->histogram, e);
		if (rc == RC_OK)
			rc = series_name_parse(s->labels.n ? s->labels : STR("{}"), t->arena, &x->labels, e);
	}
	return rc;
}

static enum rc
asked(struct testing *t, const struct rule_test_expr *c, struct samples *out, struct err *e)
{
	struct promql *q = NULL;
	struct promql_result *r = NULL;
	struct str tenant = STR("default");
	struct promql_ask ask = {
	    .db = t->bench.store.db, .tenants = {&tenant, 1}, .start = c->eval_time, .end = c->eval_time};
	enum rc rc = promql_parse(c->expr, &q, e);
	if (rc == RC_OK)
		rc = promql_run(q, &ask, &r, e);
	if (rc == RC_OK && r->type != PROMQL_VECTOR && r->type != PROMQL_SCALAR)
		rc = err_set(e, RC_INVALID, "rule result is not a vector or scalar");
	for (size_t i = 0; rc == RC_OK && i < r->n; i++) {
		const struct promql_series *s = &r->series[i];
		struct sample *x = vec_add(out);
		*x = (struct sample){labels_copy(s->labels, t->arena), s->points[0].v};
		if (s->natives && s->natives[0])
			x->histogram = histogram_text(t, s->natives[0]);
	}
	promql_result_destroy(&r);
	promql_destroy(&q);
	return rc;
}

static bool
same_samples(const struct testing *t, const struct samples *a, const struct samples *b)
{
	bool same = a->n == b->n;
	for (size_t i = 0; same && i < a->n; i++)
		same = labels_eq(a->p[i].labels, b->p[i].labels) && same_value(t, a->p[i].v, b->p[i].v) &&
		       str_eq(a->p[i].histogram, b->p[i].histogram);
	return same;
}

static void
judge_query(struct testing *t, const struct rule_test_expr *c)
{
	struct samples want = {0}, got = {0};
	struct err e;
	enum rc rc = wanted(t, c, &want, &e);
	if (rc == RC_OK)
		rc = asked(t, c, &got, &e);
	if (want.n)
		qsort(want.p, want.n, sizeof *want.p, samples_by_labels);
	if (got.n)
		qsort(got.p, got.n, sizeof *got.p, samples_by_labels);
	if (rc != RC_OK || !same_samples(t, &want, &got)) {
		say_name(t);
		buf_c(&t->wrong, "    expr: ");
		quote_add(&t->wrong, c->expr);
		buf_fmt(&t->wrong, ", time: %.*s,", STR_ARG(duration(t, c->eval_time)));
		if (rc != RC_OK)
			buf_fmt(&t->wrong, " err: %s", e.text);
		buf_c(&t->wrong, "\n        exp:");
		say_samples(t, &want);
		buf_c(&t->wrong, "\n        got:");
		say_samples(t, &got);
		buf_ch(&t->wrong, '\n');
	}
	vec_fini(&want);
	vec_fini(&got);
}

/* ---- a file ---- */

static bool
run_group(
    const char *path, const struct rule_test_file *file, const struct rule_test_group *g, struct buf *wrong)
{
	struct testing t = {.path = path, .file = file, .group = g, .arena = arena_create()};
	struct conf *conf = NULL;
	if (load_conf(&t, &conf)) {
		if (g->external_url.n)
			conf->external_url = g->external_url;
		if (prepare(&t, conf)) {
			evaluate(&t);
			for (size_t i = 0; i < g->promql_expr_test.n; i++)
				judge_query(&t, &g->promql_expr_test.p[i]);
		}
		bench_fini(&t.bench);
	}
	bool ok = t.wrong.n == 0;
	buf_str(wrong, buf_view(&t.wrong));
	conf_unref(&conf);
	arena_destroy(&t.arena);
	buf_fini(&t.wrong);
	return ok;
}

static bool
read_file(const char *path, struct binder *b, struct rule_test_file *out)
{
	struct buf text = {0};
	struct err e;
	struct node *tree = NULL;
	if (os_read_file(path, FILE_BYTES, &text, &e) == RC_OK)
		tree = node_read(path, buf_view(&text), b->arena, b->report);
	else
		report_error(b->report, (struct place){path, 0, 0}, "%s", e.text);
	if (tree)
		bind_record(b, &rule_test_file_layout, out, tree);
	if (tree && out->evaluation_interval <= 0)
		report_error(b->report,
		    marks_place(b->marks, &rule_test_file_layout, out, "evaluation_interval"),
		    "an interval must be greater than 0");
	buf_fini(&text);
	return b->report->errors == 0;
}

bool
rule_test_run(const char *path, struct buf *out)
{
	struct report report;
	struct rule_test_file file = {0};
	struct buf wrong = {0};
	struct binder b = {.arena = arena_create(),
	    .report = &report,
	    .marks = marks_create(),
	    .top = &rule_test_file_layout};
	report_init(&report);
	buf_fmt(out, "Unit Testing:  %s\n", path);
	bool ok = read_file(path, &b, &file);
	if (!ok)
		report_print(&report, &wrong);
	for (size_t i = 0; report.errors == 0 && i < file.tests.n; i++)
		ok = run_group(path, &file, &file.tests.p[i], &wrong) && ok;
	if (ok)
		buf_c(out, "  SUCCESS\n\n");
	else
		buf_fmt(out, "  FAILED:\n%s\n", wrong.p ? wrong.p : "");
	report_fini(&report);
	marks_destroy(&b.marks);
	arena_destroy(&b.arena);
	buf_fini(&wrong);
	return ok;
}
