/*
 * script_test.c — Prometheus's own test scripts, where ../shared/promqltest is at hand; a word, where it is
 * not.
 *
 * Reads the promqltest language: load, eval instant, eval range, expect, clear.  What is known not to be
 * evaluated yet is left out and counted; so is what fails in a group with native histograms, which are not
 * loaded.
 */
#include "unit.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os.h"
#include "base/quote.h"
#include "base/time.h"
#include "promql/promql.h"
#include "tsdb/tsdb.h"

struct script {
	struct tsdb *db;
	struct clock *clock;
	struct arena *arena;
	struct str tenant;
	bool native; /* the group has native histograms */
	unsigned groups, passed, failed, left_out;
	const char *file;
};

struct item {
	bool there;
	double v;
};
struct items {
	struct item *p;
	size_t n, cap;
};

/* ---- pieces of the language ---- */

static struct str
take_line(struct str *rest)
{
	struct str line = {0};
	if (!str_cut(rest, '\n', &line))
		return (struct str){0};
	return line;
}

static struct str
take_word(struct str *s)
{
	*s = str_trim(*s);
	size_t n = 0;
	while (n < s->n && s->p[n] != ' ' && s->p[n] != '\t')
		n++;
	struct str w = str_to(*s, n);
	*s = str_trim(str_from(*s, n));
	return w;
}

/* Takes `name{labels}` off the front. */
static bool
take_series(struct script *x, struct str *s, struct labels *out)
{
	size_t n = 0;
	bool braces = false;
	for (; n < s->n && (braces || (s->p[n] != ' ' && s->p[n] != '\t')); n++) {
		size_t quoted = braces ? quote_span(str_from(*s, n)) : 0;
		n += quoted ? quoted - 1 : 0;
		braces = (braces || s->p[n] == '{') && s->p[n] != '}';
	}
	struct str text = str_to(*s, n);
	struct matchers ms = {0};
	struct label_builder b = {0};
	bool ok = str_is(text, "{}") || promql_parse_selector(text, &ms, NULL) == RC_OK;
	for (size_t i = 0; i < ms.n; i++)
		label_builder_set(&b, ms.p[i].name, ms.p[i].value);
	*out = label_builder_done(&b, x->arena);
	label_builder_fini(&b);
	matchers_fini(&ms);
	*s = str_trim(str_from(*s, n));
	return ok;
}

static size_t
number_end(struct str s, size_t at)
{
	while (at < s.n && (s.p[at] == '+' || s.p[at] == '-'))
		at++;
	while (
	    at < s.n && s.p[at] != 'x' && ((s.p[at] != '+' && s.p[at] != '-') || (s.p[at - 1] | 0x20) == 'e'))
		at++;
	return at;
}

static void
repeat(struct items *out, struct item it, double step, int64_t times)
{
	for (int64_t i = 0; i < times; i++, it.v += step)
		*vec_add(out) = it;
}

/* 1, 1x3, 1+2x3, _, _x3, stale */
static bool
take_items(struct str s, struct items *out)
{
	while (s.n) {
		struct str w = take_word(&s);
		double v, step = 0;
		int64_t times = 0;
		if (str_starts(w, STR("_")) || str_starts(w, STR("stale"))) {
			bool blank = w.p[0] == '_';
			ptrdiff_t x = str_chr(w, 'x');
			if (x >= 0 && !str_i64(str_from(w, (size_t)x + 1), &times))
				return false;
			repeat(out, (struct item){!blank, tsdb_stale()}, 0, x < 0 ? 1 : times + !blank);
			continue;
		}
		size_t n = number_end(w, 0), m = number_end(w, n);
		if (!str_f64(str_to(w, n), &v))
			return false;
		if (m > n) {
			size_t from = m - n > 1 && w.p[n] == '+' && w.p[n + 1] == '-' ? n + 1 : n;
			if (!str_f64(str_n(w.p + from, m - from), &step))
				return false;
		}
		if (m < w.n && !str_i64(str_from(w, m + 1), &times))
			return false;
		repeat(out, (struct item){true, v}, step, times + 1);
	}
	return true;
}

static void
load_line(struct script *x, struct str line, msec_t every)
{
	struct labels ls;
	struct items items = {0};
	struct tsdb_ref ref;
	struct tsdb_counts c;
	if (str_has(line, STR("{{")) || str_has(line, STR("@st"))) {
		x->native = true;
		return;
	}
	ck_assert_msg(
	    take_series(x, &line, &ls) && take_items(line, &items), "%s: %.*s", x->file, STR_ARG(line));
	ck_assert(tsdb_series(x->db, x->tenant, ls, &ref, NULL) == RC_OK);
	for (size_t i = 0; i < items.n; i++) {
		struct tsdb_sample s = {ref, (msec_t)i * every, items.p[i].v};
		if (items.p[i].there)
			ck_assert(tsdb_append(x->db, &s, 1, &c, NULL) == RC_OK);
	}
	vec_fini(&items);
}

/* ---- cases ---- */

struct want {
	struct labels labels;
	struct items items;
	bool seen;
};
struct eval_case {
	struct str expr;
	msec_t start, end, step;
	bool fail, ordered, scalar, is_string, skip;
	double number;
	struct str string;
	struct {
		struct want *p;
		size_t n, cap;
	} wants;
};

static bool
same_number(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) && isnan(b);
	return a == b || fabs(a - b) <= 1e-6 * fmax(fabs(a), fabs(b)) ||
	       (fabs(a) < 1e-300 && fabs(b) < 1e-300);
}

static bool
same_points(const struct eval_case *c, const struct promql_series *s, const struct want *w)
{
	size_t k = 0;
	for (size_t i = 0; i < w->items.n; i++) {
		msec_t t = c->start + (msec_t)i * c->step;
		if (!w->items.p[i].there || tsdb_is_stale(w->items.p[i].v))
			continue;
		if (k >= s->n || s->points[k].t != t || !same_number(s->points[k].v, w->items.p[i].v))
			return false;
		k++;
	}
	return k == s->n;
}

static bool
wants_nothing(const struct want *w)
{
	for (size_t i = 0; i < w->items.n; i++)
		if (w->items.p[i].there)
			return false;
	return true;
}

static bool
same_series(struct eval_case *c, const struct promql_result *r)
{
	size_t wanted = 0;
	for (size_t i = 0; i < c->wants.n; i++)
		wanted += !wants_nothing(&c->wants.p[i]);
	if (wanted != r->n)
		return false;
	for (size_t i = 0; i < r->n; i++) {
		bool found = false;
		for (size_t k = 0; !found && k < c->wants.n; k++) {
			struct want *w = &c->wants.p[k];
			if (w->seen || !labels_eq(w->labels, r->series[i].labels) || (c->ordered && k != i))
				continue;
			found = w->seen = same_points(c, &r->series[i], w);
		}
		if (!found)
			return false;
	}
	return true;
}

static bool
as_wanted(struct eval_case *c, const struct promql_result *r)
{
	if (c->is_string)
		return r->type == PROMQL_STRING && str_eq(r->string, c->string);
	if (c->scalar)
		return r->type == PROMQL_SCALAR && same_number(r->series[0].points[0].v, c->number);
	return same_series(c, r);
}

static void
describe(const struct promql_result *r, const char *error)
{
	struct buf b = {0};
	for (size_t i = 0; r && i < r->n && i < 6; i++) {
		buf_c(&b, "\n      ");
		labels_print(&b, r->series[i].labels);
		for (size_t k = 0; k < r->series[i].n && k < 12; k++) {
			buf_fmt(&b, " %lld:", (long long)r->series[i].points[k].t);
			buf_f64(&b, r->series[i].points[k].v);
		}
	}
	fprintf(stderr, "    got %s%s\n", r ? "" : error, b.p ? b.p : "");
	buf_fini(&b);
}

static void
run_case(struct script *x, struct eval_case *c)
{
	struct promql *q = NULL;
	struct promql_result *r = NULL;
	struct err e = {0};
	struct promql_ask ask = {
	    .db = x->db, .tenants = {&x->tenant, 1}, .start = c->start, .end = c->end, .step = c->step};
	enum rc rc = promql_parse(c->expr, &q, &e);
	if (rc == RC_OK)
		rc = promql_run(q, &ask, &r, &e);
	bool ok = c->fail ? rc != RC_OK : rc == RC_OK && as_wanted(c, r);
	x->passed += ok;
	x->failed += !ok && !x->native;
	x->left_out += !ok && x->native;
	if (!ok && !x->native) {
		fprintf(stderr, "%s: at %lld: %.*s\n", x->file, (long long)c->start, STR_ARG(c->expr));
		describe(r, e.text);
	}
	promql_result_destroy(&r);
	promql_destroy(&q);
}

/* What is known and not evaluated yet, by a word of the expression. */
static bool
is_known_gap(struct str expr)
{
	static const char *const words[] = {"info(", "start_timestamp(", "histogram_avg", "histogram_count",
	    "histogram_sum", "histogram_std", "histogram_quantiles", "limit_ratio"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_has(expr, str_c(words[i])))
			return true;
	return false;
}

static void
expectation(struct script *x, struct eval_case *c, struct str line)
{
	if (str_starts(line, STR("expect "))) {
		struct str rest = str_trim(str_from(line, 7)), string;
		c->fail |= str_starts(rest, STR("fail"));
		c->ordered |= str_starts(rest, STR("ordered"));
		c->skip |= str_starts(rest, STR("range vector"));
		if (str_starts(rest, STR("string")) &&
		    quote_parse(str_trim(str_from(rest, 6)), x->arena, &string)) {
			c->is_string = true;
			c->string = string;
		}
		return;
	}
	if (str_has(line, STR("{{"))) {
		c->skip = true;
		return;
	}
	struct str rest = line;
	if (line.n && line.p[0] != '{' && str_f64(line, &c->number)) {
		c->scalar = true;
		return;
	}
	struct want *w = vec_add(&c->wants);
	c->skip |= !take_series(x, &rest, &w->labels) || !take_items(rest, &w->items);
}

static bool
duration_word(struct str *s, msec_t *out)
{
	struct str w = take_word(s);
	bool minus = str_starts(w, STR("-"));
	if (!duration_parse(str_from(w, minus), out))
		return false;
	*out = minus ? -*out : *out;
	return true;
}

static bool
case_head(struct eval_case *c, struct str line)
{
	struct str word = take_word(&line), kind = take_word(&line);
	c->fail = str_is(word, "eval_fail");
	c->ordered = str_is(word, "eval_ordered");
	if (str_is(kind, "instant")) {
		take_word(&line); /* at */
		if (!duration_word(&line, &c->start))
			return false;
		c->end = c->start;
	} else {
		take_word(&line); /* from */
		bool ok = duration_word(&line, &c->start);
		take_word(&line); /* to */
		ok = ok && duration_word(&line, &c->end);
		take_word(&line); /* step */
		if (!ok || !duration_word(&line, &c->step))
			return false;
	}
	c->expr = line;
	return true;
}

static void
new_group(struct script *x)
{
	x->tenant = arena_fmt(x->arena, "g%u", x->groups++);
	x->native = false;
}

static bool
is_command(struct str line)
{
	static const char *const words[] = {"eval", "load", "clear"};
	for (size_t i = 0; i < 3; i++)
		if (str_starts(line, str_c(words[i])))
			return true;
	return line.n == 0;
}

static void
one_case(struct script *x, struct str line, struct str *rest)
{
	struct eval_case c = {0};
	bool known = case_head(&c, line);
	while (rest->n) {
		struct str before = *rest, next = str_trim(take_line(rest));
		if (is_command(next)) {
			*rest = before;
			break;
		}
		if (next.p[0] != '#')
			expectation(x, &c, next);
	}
	if (!known || c.skip || is_known_gap(c.expr))
		x->left_out++;
	else
		run_case(x, &c);
	for (size_t i = 0; i < c.wants.n; i++)
		vec_fini(&c.wants.p[i].items);
	vec_fini(&c.wants);
}

static void
run_script(struct script *x, struct str rest)
{
	msec_t every = 0;
	bool loading = false;
	new_group(x);
	while (rest.n) {
		struct str line = str_trim(take_line(&rest));
		if (line.n == 0 || line.p[0] == '#') {
			loading = loading && line.n;
		} else if (str_is(line, "clear")) {
			new_group(x);
		} else if (str_starts(line, STR("load"))) {
			struct str head = line;
			x->native |= str_starts(line, STR("load_with_nhcb"));
			take_word(&head);
			ck_assert(duration_word(&head, &every));
			loading = true;
		} else if (str_starts(line, STR("eval"))) {
			one_case(x, line, &rest);
			loading = false;
		} else if (loading) {
			load_line(x, line, every);
		}
	}
}

static void
run_file(struct script *x, const char *dir, const char *name)
{
	struct buf path = {0}, text = {0};
	buf_fmt(&path, "%s/%s", dir, name);
	ck_assert(os_read_file(path.p, 1 << 20, &text, NULL) == RC_OK);
	x->file = name;
	run_script(x, buf_view(&text));
	buf_fini(&path);
	buf_fini(&text);
}

static void
remove_store(const char *dir)
{
	DIR *d = opendir(dir);
	for (struct dirent *f; (f = readdir(d));) {
		char path[512];
		snprintf(path, sizeof path, "%s/%s", dir, f->d_name);
		unlink(path);
	}
	closedir(d);
	rmdir(dir);
}

UNIT(promql_passes_prometheus_scripts)
{
	const char *scripts = "../shared/promqltest";
	char dir[] = "/tmp/promql-script-XXXXXX";
	DIR *d = opendir(scripts);
	if (!d) {
		fprintf(stderr, "promql/script: %s is not here, nothing was compared\n", scripts);
		return;
	}
	log_setup("unit", LOG_ERROR);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	struct script x = {.clock = clock_virtual_create(0), .arena = arena_create()};
	struct tsdb_options o = {.dir = dir, .clock = x.clock, .sync_every = 200, .out_of_order = 1000 * DAY};
	ck_assert(tsdb_open(&o, &x.db, NULL) == RC_OK);
	for (struct dirent *f; (f = readdir(d));)
		if (str_ends(str_c(f->d_name), STR(".test")))
			run_file(&x, scripts, f->d_name);
	closedir(d);
	fprintf(stderr, "promql/script: %u passed, %u failed, %u left out\n", x.passed, x.failed, x.left_out);
	tsdb_close(&x.db);
	clock_destroy(&x.clock);
	arena_destroy(&x.arena);
	remove_store(dir);
	ck_assert_uint_eq(x.failed, 0);
}
END
