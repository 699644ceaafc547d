/*
 * promql_test.c — what holds for every expression: printed and parsed again it is the same; and laws that answers obey,
 * whatever the data: sums of sums, offsets, comparisons that split.
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "promql/promql.h"
#include "replay/bench.h"

/* ---- a grammar ---- */

static const char *
one_of(const char *const *words, size_t n)
{
	return words[(size_t)rand() % n];
}
#define ONE(...)                                                                                             \
	one_of(                                                                                              \
	    (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void
selector(struct buf *b)
{
	buf_c(b, ONE("m", "m_total", "{\"odd name\"}", "up", "m{i=\"1\"}", "m{i=~\"0|2\",i!=\"0\"}",
		     "{__name__=~\"m.*\"}"));
}

static void vector(struct buf *, int depth);

static void
matrix(struct buf *b, int depth)
{
	if (depth > 0 && rand() % 3 == 0) {
		buf_ch(b, '(');
		vector(b, depth - 1);
		buf_fmt(b, ")[%s:%s]", ONE("5m", "1h30m"), ONE("", "1m", "30s"));
	} else {
		selector(b);
		buf_fmt(b, "[%s]", ONE("5m", "90s", "1d"));
	}
	buf_c(b, ONE("", "", " offset 5m", " offset -1m", " @ start()", " @ 12.5 offset 1h"));
}

static void
vector(struct buf *b, int depth)
{
	int kind = depth > 0 ? rand() % 6 : 0;
	if (kind == 0) {
		selector(b);
		buf_c(b, ONE("", "", " offset 1m", " @ end()"));
		return;
	}
	if (kind == 1) {
		buf_fmt(b, "%s(", ONE("rate", "max_over_time", "deriv", "absent_over_time"));
		matrix(b, depth - 1);
	} else if (kind == 2) {
		buf_c(b, ONE("sum(", "avg by (i) (", "topk by (i) (2, ", "quantile without (i) (0.5, "));
	} else if (kind == 3) {
		buf_c(b, "-(");
	} else if (kind == 4) {
		buf_fmt(b, "%s %s (", ONE("m", "up"),
		    ONE("+", "/ on (i)", "> bool", "and ignoring (i)", "* on (i) group_left (x)", "^",
			"unless"));
	} else {
		buf_c(b, ONE("abs(", "round(", "sort(", "histogram_quantile(0.9, "));
	}
	if (kind != 1)
		vector(b, depth - 1);
	buf_ch(b, ')');
}

UNIT(promql_round_trips_whatever_is_written)
{
	srand(4711);
	unsigned parsed = 0;
	for (int i = 0; i < 20000; i++) {
		struct buf text = {0}, once = {0}, twice = {0};
		struct promql *q, *again;
		struct err e = {0};
		vector(&text, rand() % 5);
		if (promql_parse(buf_view(&text), &q, &e) == RC_OK) {
			parsed++;
			promql_print(q, &once);
			ck_assert_msg(promql_parse(buf_view(&once), &again, &e) == RC_OK, "%s -> %s: %s",
			    text.p, once.p, e.text);
			promql_print(again, &twice);
			ck_assert_str_eq(once.p, twice.p);
			ck_assert_int_eq(promql_type(q), promql_type(again));
			promql_destroy(&again);
			promql_destroy(&q);
		}
		buf_fini(&text);
		buf_fini(&once);
		buf_fini(&twice);
	}
	ck_assert_uint_gt(parsed, 10000);
}
END

    /* ---- laws ---- */

    static void
    fill(struct store *s)
{
	struct arena *a = arena_create();
	srand(7);
	for (int i = 0; i < 12; i++) {
		struct pair p[] = {{STR("__name__"), STR("m_total")},
		    {STR("host"), arena_fmt(a, "h%d", i % 4)}, {STR("i"), arena_fmt(a, "%d", i)}};
		struct labels ls = labels_from_pairs((struct pairs){p, 3}, a);
		struct tsdb_sample x = {.v = 0};
		struct tsdb_counts c;
		ck_assert(tsdb_series(s->db, STR("t"), ls, &x.ref, NULL) == RC_OK);
		for (int k = 0; k < 400; k++) {
			x.t = DAY + k * 15 * SECOND + i;
			x.v = rand() % 60 == 0 ? 0 : x.v + rand() % 9;
			if (rand() % 50)
				ck_assert(tsdb_append(s->db, &x, 1, &c, NULL) == RC_OK);
		}
	}
	arena_destroy(&a);
}

static struct promql_result *
asked(const struct store *s, const char *text, msec_t shift)
{
	struct promql *q;
	struct promql_result *r;
	struct err e = {0};
	struct str who = STR("t");
	struct promql_ask ask = {.db = s->db,
	    .tenants = {&who, 1},
	    .start = DAY + 10 * MINUTE + shift,
	    .end = DAY + 80 * MINUTE + shift,
	    .step = 70 * SECOND};
	ck_assert_msg(promql_parse(str_c(text), &q, &e) == RC_OK, "%s: %s", text, e.text);
	ck_assert_msg(promql_run(q, &ask, &r, &e) == RC_OK, "%s: %s", text, e.text);
	promql_destroy(&q);
	return r;
}

/* Both say the same at each step; `shift`: the second is asked that much later. */
static void
same(const struct store *s, const char *left, const char *right, msec_t shift)
{
	struct promql_result *a = asked(s, left, 0), *b = asked(s, right, shift);
	ck_assert_uint_gt(a->n, 0);
	ck_assert_msg(a->n == b->n, "%s, %s: %zu and %zu series", left, right, a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		ck_assert(labels_eq(a->series[i].labels, b->series[i].labels));
		ck_assert_uint_eq(a->series[i].n, b->series[i].n);
		for (size_t k = 0; k < a->series[i].n; k++) {
			double x = a->series[i].points[k].v, y = b->series[i].points[k].v;
			ck_assert_msg(fabs(x - y) <= 1e-9 * fmax(1, fabs(x)), "%s, %s: %.17g and %.17g", left,
			    right, x, y);
			ck_assert_int_eq(a->series[i].points[k].t + shift, b->series[i].points[k].t);
		}
	}
	promql_result_destroy(&a);
	promql_result_destroy(&b);
}

UNIT(promql_answers_obey_laws)
{
	struct store s;
	ck_assert(store_open(&s, NULL, NULL) == RC_OK);
	fill(&s);
	same(&s, "sum(m_total)", "sum(sum by (host) (m_total))", 0);
	same(&s, "count(m_total)", "sum(count by (host) (m_total))", 0);
	same(&s, "max(m_total)", "max(max without (i) (m_total))", 0);
	same(
	    &s, "sum by (host) (rate(m_total[5m]))", "sum by (host) (sum without () (rate(m_total[5m])))", 0);
	same(&s, "avg by (host) (m_total)", "sum by (host) (m_total) / count by (host) (m_total)", 0);
	same(&s, "rate(m_total[5m]) * 300", "increase(m_total[5m])", 0);
	same(
	    &s, "sum_over_time(m_total[5m]) / count_over_time(m_total[5m])", "avg_over_time(m_total[5m])", 0);
	same(&s, "sum by (i) (m_total)", "sum by (i) (m_total > 100 or m_total <= 100)", 0);
	same(&s, "m_total", "m_total offset 7m", 7 * MINUTE);
	same(&s, "rate(m_total[5m])", "rate(m_total[5m] offset 7m)", 7 * MINUTE);
	same(&s, "sum by (host) (increase(m_total[3m]))", "sum by (host) (increase(m_total[3m] offset 1h))",
	    HOUR);
	/* the two ways to fold: as it comes, and over kept rows */
	same(&s, "sum by (host) (m_total)", "sum by (host) (m_total + 0)", 0);
	same(&s, "avg by (host) (rate(m_total[5m]))", "avg by (host) (rate(m_total[5m]) + 0)", 0);
	same(&s, "min by (host) (m_total)", "min by (host) (m_total + 0)", 0);
	same(&s, "group by (host) (m_total)", "group by (host) (m_total + 0)", 0);
	store_close(&s);
}
END
