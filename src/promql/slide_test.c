/* slide_test.c — whatever is done for all windows at once gives what the windows give one by one, to the last bit. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "promql/slide.h"

enum { SAMPLES = 300, STEPS = 60 };

struct world {
	msec_t t[SAMPLES];
	double v[SAMPLES];
	struct tsdb_view view;
	struct eval ev;
	struct run run;
	struct over over;
	double factor[STEPS]; /* the parameter of predict_linear */
};

static double
next_value(int kind, double last)
{
	switch (kind) {
	case 0: return last + rand() % 50;                                 /* a counter */
	case 1: return rand() % 20 ? last + rand() % 50 : rand() % 3;      /* with resets, near zero */
	case 2: return last + (double)(rand() % 1000) / 100;               /* of hundredths */
	case 3: return (double)(rand() % 2000 - 1000) / 8;                 /* a gauge */
	case 4: return rand() % 3 ? last : (double)mrand48() * 1e-7;       /* of many digits, often the same */
	case 5: return (rand() % 2 ? 1.0 : -1.0) * (rand() % 3 ? 0.0 : 7); /* both zeros */
	default: return (double)mrand48() * pow(10, rand() % 610 - 308);   /* anything finite */
	}
}

static void
make_samples(struct world *w)
{
	int kind = rand() % 7, jitter = rand() % 2 ? 0 : 3000, gaps = rand() % 3 == 0;
	size_t n = (size_t)rand() % SAMPLES + 1;
	msec_t t = 1700000000000 + rand() % 100000;
	double v = rand() % 2 ? 0 : rand() % 100000;
	for (size_t i = 0; i < n; i++) {
		t += 15000 + (jitter ? rand() % jitter : 0) + (gaps && rand() % 10 == 0 ? rand() % 600000 : 0);
		v = next_value(kind, v);
		v = isfinite(v) ? v : 1;
		w->t[i] = t;
		w->v[i] = v;
	}
	w->view = (struct tsdb_view){.t = w->t, .v = w->v, .n = n, .line = rand() % 2, .finite = true};
}

static void
make_grid(struct world *w, bool (*fn)(const struct window *, double *))
{
	static const msec_t steps[] = {1, 1000, 15000, 60000, 300000, 1234567}, ranges[] = {1, 14999, 15000, 60000, 300000, 3600000};
	msec_t last = w->t[w->view.n - 1], back = rand() % 3000000;
	w->ev = (struct eval){.run = &w->run, .start = last - back, .step = steps[rand() % 6], .n = (size_t)rand() % STEPS + 1};
	w->over = (struct over){.fn = fn,
	    .range = ranges[rand() % 6],
	    .gaze = {.fixed = rand() % 8 == 0, .at = last - rand() % 1000000, .offset = rand() % 3 ? 0 : rand() % 400000 - 200000},
	    .counter = fn == over_rate || fn == over_increase,
	    .rates = fn == over_rate || fn == over_increase || fn == over_delta,
	    .per_second = fn == over_rate,
	    .params = {w->factor}};
	for (size_t i = 0; i < STEPS; i++)
		w->factor[i] = rand() % 10000;
}

/* The window of one step, looked for from the front. */
static bool
window_at(const struct world *w, size_t i, struct window *out)
{
	msec_t end = gaze_at(&w->ev, &w->over.gaze, i), start = end - w->over.range;
	size_t from = 0, to;
	while (from < w->view.n && w->t[from] <= start)
		from++;
	for (to = from; to < w->view.n && w->t[to] <= end; to++)
		;
	*out = (struct window){.ev = &w->ev, .t = w->t + from, .v = w->v + from, .n = to - from, .start = start, .end = end, .at = eval_time(&w->ev, i)};
	out->param[0] = w->factor[i];
	return out->n > 0;
}

static bool (*const functions[])(const struct window *, double *) = {over_avg, over_changes, over_count, over_delta, over_deriv, over_first, over_increase,
    over_last, over_max, over_min, over_predict, over_present, over_rate, over_resets, over_sum};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

UNIT(slides_are_windows_one_by_one)
{
	static struct world w;
	size_t slid = 0;
	srand(21);
	for (int round = 0; round < 60000; round++) {
		double v[STEPS], one;
		uint8_t has[STEPS];
		struct slides slides = {0};
		struct window window;
		size_t f = (size_t)round % FUNCTIONS;
		const struct slide *slide = slide_of(functions[f]);
		ck_assert_ptr_nonnull(slide);
		make_samples(&w);
		make_grid(&w, functions[f]);
		struct stretch s = {&w.ev, &w.over, slides_panes(&slides, &w.ev, &w.over, &w.view), &w.view};
		bool run = (slide->two ? s.panes->with_two.n : s.panes->with_one.n) && slide->run(&s, v, has);
		const struct extent *e = slide->two ? &s.panes->with_two : &s.panes->with_one;
		for (size_t i = 0; run && i < w.ev.n; i++) {
			bool there = window_at(&w, i, &window) && functions[f](&window, &one);
			ck_assert_msg(there == (has[i] != 0), "function %zu, step %zu of round %d", f, i, round);
			ck_assert_msg(!there || memcmp(&one, &v[i], sizeof one) == 0 || (isnan(one) && isnan(v[i])), "function %zu, step %zu of round %d: %.17g, not %.17g", f, i,
			    round, v[i], one);
			ck_assert(e->from == e->to || there == (i >= e->from && i < e->to));
		}
		slid += run;
		slides_fini(&slides);
	}
	ck_assert_uint_gt(slid, 20000);
}
END

/* ---- the whole way: from the store, through what is folded as it comes ---- */

enum { SERIES = 24, SCRAPES = 160 };

static void
fill(struct tsdb *db)
{
	struct buf b = {0};
	struct tsdb_ref refs[SERIES];
	struct err e;
	for (int i = 0; i < SERIES; i++) {
		char name[8], group[8];
		snprintf(name, sizeof name, "s%d", i);
		snprintf(group, sizeof group, "g%d", i % 5);
		struct pair p[] = {{STR("__name__"), i % 2 ? STR("a_total") : STR("b_total")}, {STR("group"), str_c(group)}, {STR("series"), str_c(name)}};
		buf_clear(&b);
		ck_assert(labels_add(&b, p, 3, &e) == RC_OK && tsdb_series(db, STR("t"), (struct labels){buf_view(&b)}, &refs[i], &e) == RC_OK);
	}
	buf_fini(&b);
	double last[SERIES] = {0};
	for (int k = 0; k < SCRAPES; k++) {
		for (int i = 0; i < SERIES; i++) {
			struct tsdb_counts c;
			struct tsdb_sample s = {refs[i], 1700000000000 + (msec_t)k * 15000 + (i % 3) * 100, 0};
			int odd = i < 6 ? rand() % 40 : 99;
			last[i] = next_value(i % 5, last[i]);
			s.v = odd == 0 ? tsdb_stale() : odd == 1 ? NAN : odd == 2 ? INFINITY : odd == 3 ? -INFINITY : last[i];
			if (i == 7 && rand() % 3 == 0)
				s.t -= 47000; /* late */
			if (i < 12 && rand() % 8 == 0)
				continue;
			ck_assert(tsdb_append(db, &s, 1, &c, &e) == RC_OK);
		}
		if (k == 70)
			ck_assert(tsdb_flush(db, &e) == RC_OK);
	}
}

static struct promql_result *
ask(struct tsdb *db, const char *text, msec_t start, msec_t step, size_t n)
{
	struct promql *q;
	struct promql_result *r;
	struct err e;
	struct str tenant = STR("t");
	struct promql_ask a = {.db = db, .tenants = {&tenant, 1}, .start = start, .end = start + (msec_t)(n - 1) * step, .step = step};
	ck_assert_msg(promql_parse(str_c(text), &q, &e) == RC_OK, "%s: %s", text, e.text);
	ck_assert_msg(promql_run(q, &a, &r, &e) == RC_OK, "%s: %s", text, e.text);
	promql_destroy(&q);
	return r;
}

static bool
same_result(const struct promql_result *a, const struct promql_result *b)
{
	bool same = a->n == b->n;
	for (size_t i = 0; same && i < a->n; i++) {
		same = labels_eq(a->series[i].labels, b->series[i].labels) && a->series[i].n == b->series[i].n;
		for (size_t k = 0; same && k < a->series[i].n; k++) {
			struct promql_point x = a->series[i].points[k], y = b->series[i].points[k];
			same = x.t == y.t && (x.v == y.v || (isnan(x.v) && isnan(y.v)));
		}
	}
	return same;
}

/* A sum with nothing is no selector any more: its rows are gathered and folded in another way. */
UNIT(what_is_poured_is_what_is_gathered)
{
	static const char *const aggregates[] = {"sum", "avg", "count", "min", "max", "group"};
	static const char *const inner[] = {"%s", "rate(%s[1m])", "increase(%s[5m])", "last_over_time(%s[2m])", "max_over_time(%s[4m])", "sum_over_time(%s[3m])",
	    "count_over_time(%s[1m])", "%s offset 1m", "avg_over_time(%s[10m])", "%s @ 1700001000", "deriv(%s[5m])", "present_over_time(%s[20s])"};
	static const char *const by[] = {"", "by (group)", "without (series)", "by (group, series)", "without (group)"};
	static const msec_t steps[] = {1000, 15000, 60000, 500000};
	char dir[] = "/tmp/tocsin-slide-XXXXXX", what[80], poured[200], gathered[200];
	struct clock *clock = clock_virtual_create(1700000000000 + SCRAPES * 15000);
	struct tsdb *db;
	struct err e;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	struct tsdb_options o = {.dir = dir, .clock = clock, .out_of_order = HOUR, .sync_every = 200};
	ck_assert_msg(tsdb_open(&o, &db, &e) == RC_OK, "%s", e.text);
	srand(22);
	fill(db);
	for (int round = 0; round < 3000; round++) {
		const char *a = aggregates[rand() % 6], *g = by[rand() % 5], *selector = rand() % 3 ? "a_total" : rand() % 2 ? "b_total" : "{group=~\"g.\"}";
		static const char *const safe[] = {"a_total", "b_total"};
		const char *in = inner[rand() % 12];
		selector = selector[0] == '{' && strstr(in, "(") ? safe[rand() % 2] : selector;
		struct buf b = {0};
		const char *hole = strstr(in, "%s");
		buf_fmt(&b, "%.*s%s%s", (int)(hole - in), in, selector, hole + 2);
		snprintf(what, sizeof what, "%s", b.p);
		buf_fini(&b);
		snprintf(poured, sizeof poured, "%s %s (%s)", a, g, what);
		snprintf(gathered, sizeof gathered, "%s %s (-(-(%s)))", a, g, what);
		msec_t start = 1700000000000 + rand() % (SCRAPES * 15000), step = steps[rand() % 4];
		size_t n = (size_t)rand() % 50 + 1;
		struct promql_result *x = ask(db, poured, start, step, n), *y = ask(db, gathered, start, step, n);
		ck_assert_msg(same_result(x, y), "%s is not %s, from %lld, %zu steps of %lld", poured, gathered, (long long)start, n, (long long)step);
		promql_result_destroy(&x);
		promql_result_destroy(&y);
	}
	tsdb_close(&db);
	clock_destroy(&clock);
	unit_remove(dir);
}
END
