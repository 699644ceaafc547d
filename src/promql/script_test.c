/*
 * script_test.c — Prometheus's own test scripts, where ../shared/promqltest is at hand; a word, where it is
 * not.
 *
 * Reads the promqltest language: load, eval instant, eval range, expect, clear.  Left out and counted are groups with
 * start timestamps, and those whose classic histograms are to be made native ones.
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
#include "promql/native.h"
#include "promql/promql.h"
#include "promql/series_text.h"
#include "tsdb/tsdb.h"

struct script {
	struct tsdb *db;
	struct clock *clock;
	struct arena *arena;
	struct str tenant;
	bool odd; /* the group has what is not loaded here */
	unsigned groups, passed, failed, left_out;
	const char *file;
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

static void
store(struct script *x, struct tsdb_ref ref, msec_t t, const struct series_item *it)
{
	struct tsdb_counts c;
	struct tsdb_sample s = {ref, t, it->v};
	struct histogram stored;
	struct buf packed = {0};
	if (!it->h) {
		ck_assert(!it->there || tsdb_append(x->db, &s, 1, &c, NULL) == RC_OK);
		return;
	}
	native_to(it->h, x->arena, &stored);
	histogram_pack(&stored, &packed);
	struct tsdb_histogram h = {ref, t, buf_view(&packed)};
	ck_assert(tsdb_append_histograms(x->db, &h, 1, &c, NULL) == RC_OK);
	buf_fini(&packed);
}

static void
load_line(struct script *x, struct str line, msec_t every)
{
	struct labels ls;
	struct series_items items = {0};
	struct tsdb_ref ref;
	struct err e = {0};
	ck_assert_msg(take_series(x, &line, &ls), "%s: %.*s", x->file, STR_ARG(line));
	if (str_starts(line, STR("@st"))) {
		x->odd = true;
		return;
	}
	ck_assert_msg(series_items_parse(line, x->arena, &items, &e) == RC_OK, "%s: %.*s: %s", x->file, STR_ARG(line), e.text);
	ck_assert(tsdb_series(x->db, x->tenant, ls, &ref, NULL) == RC_OK);
	for (size_t i = 0; i < items.n; i++)
		store(x, ref, (msec_t)i * every, &items.p[i]);
	vec_fini(&items);
}

/* ---- cases ---- */

struct want {
	struct labels labels;
	struct series_items items;
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
same_histogram(const struct native *a, const struct native *b)
{
	struct arena *arena = arena_create();
	struct native_bucket *p, *q;
	size_t n = native_buckets(a, arena, &p), m = native_buckets(b, arena, &q), i = 0, k = 0;
	bool same = same_number(a->count, b->count) && same_number(a->sum, b->sum);
	for (; same; i++, k++) {
		while (i < n && p[i].count == 0)
			i++;
		while (k < m && q[k].count == 0)
			k++;
		if (i == n || k == m)
			break;
		same = same_number(p[i].lower, q[k].lower) && same_number(p[i].upper, q[k].upper) && same_number(p[i].count, q[k].count);
	}
	arena_destroy(&arena);
	return same && i == n && k == m;
}

static bool
same_value(const struct promql_series *s, size_t at, const struct series_item *want)
{
	const struct native *h = s->natives ? s->natives[at] : NULL;
	if (!h || !want->h)
		return !h == !want->h && same_number(s->points[at].v, want->v);
	return same_histogram(h, want->h);
}

static bool
same_points(const struct eval_case *c, const struct promql_series *s, const struct want *w)
{
	size_t k = 0;
	for (size_t i = 0; i < w->items.n; i++) {
		msec_t t = c->start + (msec_t)i * c->step;
		if (!w->items.p[i].there || tsdb_is_stale(w->items.p[i].v))
			continue;
		if (k >= s->n || s->points[k].t != t || !same_value(s, k, &w->items.p[i]))
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
	x->failed += !ok;
	if (!ok) {
		fprintf(stderr, "%s: at %lld: %.*s\n", x->file, (long long)c->start, STR_ARG(c->expr));
		describe(r, e.text);
	}
	promql_result_destroy(&r);
	promql_destroy(&q);
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
	struct str rest = line;
	if (line.n && line.p[0] != '{' && str_f64(line, &c->number)) {
		c->scalar = true;
		return;
	}
	struct want *w = vec_add(&c->wants);
	c->skip |= !take_series(x, &rest, &w->labels) || series_items_parse(rest, x->arena, &w->items, NULL) != RC_OK;
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
	x->odd = false;
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
	if (!known || c.skip || x->odd)
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
			x->odd |= str_starts(line, STR("load_with_nhcb"));
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
	unit_remove(dir);
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
