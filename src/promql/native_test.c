/* native_test.c — arithmetic of native histograms, what they say of their observations, and queries over stored ones. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "promql/native.h"
#include "promql/promql.h"
#include "promql/series_text.h"
#include "unit_store.h"

static struct native *
read_text(const char *text, struct arena *a)
{
	struct series_items items = {0};
	struct err e = {0};
	ck_assert_msg(series_items_parse(str_c(text), a, &items, &e) == RC_OK && items.n == 1, "%s: %s", text, e.text);
	struct native *h = native_copy(items.p[0].h, a);
	vec_fini(&items);
	return h;
}

static const char *
text_of(const struct native *h, struct arena *a)
{
	struct buf b = {0};
	native_print_test(h, &b);
	const char *s = arena_cstr(a, buf_view(&b));
	buf_fini(&b);
	return s;
}

/* ---- arithmetic ---- */

UNIT(natives_add_whatever_their_layouts)
{
	static const struct {
		const char *a, *b, *sum;
		bool reconciled, collision;
	} known[] = {
	    {"{{count:1 sum:2 buckets:[1]}}", "{{count:3 sum:5 buckets:[0 3]}}", "{{count:4 sum:7 buckets:[1 3]}}", false, false},
	    {"{{schema:1 count:4 buckets:[1 1 1 1]}}", "{{schema:0 count:2 buckets:[1 1]}}", "{{count:6 buckets:[2 3 1]}}", false, false},
	    {"{{schema:0 count:2 n_buckets:[2]}}", "{{schema:2 count:1 n_buckets:[1] n_offset:4}}", "{{count:3 n_buckets:[2 1]}}", false, false},
	    {"{{z_bucket:1 z_bucket_w:0.5 count:1}}", "{{z_bucket:2 z_bucket_w:2 count:2}}", "{{count:3 z_bucket:3 z_bucket_w:2}}", false, false},
	    /* the greater bucket at zero swallows what is near, and grows to the end of what it cuts */
	    {"{{count:3 buckets:[1 1 1]}}", "{{z_bucket:2 z_bucket_w:1.5 count:2}}", "{{count:5 z_bucket:4 z_bucket_w:2 offset:2 buckets:[1]}}", false, false},
	    {"{{schema:-53 custom_values:[1 2 3] count:4 buckets:[1 1 1 1]}}", "{{schema:-53 custom_values:[1 3 4] count:4 buckets:[1 1 1 1]}}",
	        "{{schema:-53 count:8 custom_values:[1 3] buckets:[2 3 3]}}", true, false},
	    {"{{count:1 counter_reset_hint:reset}}", "{{count:1 counter_reset_hint:not_reset}}", "{{count:2}}", false, true},
	    {"{{count:1 counter_reset_hint:gauge}}", "{{count:1 counter_reset_hint:reset}}", "{{count:2 counter_reset_hint:gauge}}", false, false},
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct arena *a = arena_create();
		struct native *one = read_text(known[i].a, a), *two = read_text(known[i].b, a), *sum = native_copy(one, a);
		struct native_mix mix = {0};
		ck_assert(native_add(sum, two, a, &mix));
		ck_assert_str_eq(text_of(sum, a), known[i].sum);
		ck_assert(mix.reconciled == known[i].reconciled && mix.collision == known[i].collision);
		ck_assert_str_eq(text_of(two, a), text_of(read_text(known[i].b, a), a)); /* the other one is as it was */
		struct native *careful = native_copy(one, a);
		ck_assert(native_sum(careful, two, a, NULL));
		native_settle(careful);
		ck_assert_str_eq(text_of(careful, a), known[i].sum);
		ck_assert(native_sub(sum, two, a, NULL));
		ck_assert(sum->count == one->count && sum->sum == one->sum);
		arena_destroy(&a);
	}
}
END

UNIT(natives_of_two_kinds_do_not_add)
{
	struct arena *a = arena_create();
	struct native *h = read_text("{{count:1}}", a);
	struct native_mix mix = {0};
	ck_assert(!native_add(h, read_text("{{schema:-53 custom_values:[1]}}", a), a, &mix) && mix.incompatible);
	ck_assert_str_eq(text_of(h, a), "{{count:1}}");
	arena_destroy(&a);
}
END

UNIT(natives_see_resets)
{
	static const struct {
		const char *before, *now;
		bool reset;
	} known[] = {
	    {"{{count:2 buckets:[1 1]}}", "{{count:3 buckets:[1 2]}}", false},
	    {"{{count:2 buckets:[1 1]}}", "{{count:2 buckets:[2]}}", true},
	    {"{{count:2 buckets:[1 1]}}", "{{count:1 buckets:[1]}}", true},
	    {"{{count:2 buckets:[2 0]}}", "{{count:2 buckets:[2]}}", false},
	    {"{{schema:1 count:2 buckets:[1 1]}}", "{{schema:0 count:2 buckets:[1 1]}}", false},
	    {"{{schema:0 count:2 buckets:[2]}}", "{{schema:1 count:3 buckets:[3]}}", true},
	    {"{{count:3 buckets:[1 2]}}", "{{count:3 z_bucket:1 z_bucket_w:1 offset:1 buckets:[2]}}", false},
	    {"{{count:3 buckets:[1 2]}}", "{{count:3 z_bucket:1 z_bucket_w:1.5 offset:1 buckets:[2]}}", true},
	    {"{{count:3 z_bucket:1 z_bucket_w:1}}", "{{count:4 z_bucket:2 z_bucket_w:0.5}}", true},
	    {"{{count:9 buckets:[9]}}", "{{count:9 buckets:[9] counter_reset_hint:reset}}", true},
	    {"{{count:9 buckets:[9]}}", "{{count:1 counter_reset_hint:not_reset}}", false},
	    {"{{count:1}}", "{{schema:-53 count:1 custom_values:[1]}}", true},
	    {"{{schema:-53 custom_values:[1 2] count:2 buckets:[1 1]}}", "{{schema:-53 custom_values:[2] count:2 buckets:[2]}}", false},
	    {"{{schema:-53 custom_values:[1 2] count:2 buckets:[1 1]}}", "{{schema:-53 custom_values:[2] count:2 buckets:[1 1]}}", true},
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct arena *a = arena_create();
		ck_assert_msg(native_was_reset(read_text(known[i].now, a), read_text(known[i].before, a), a) == known[i].reset, "%s, %s",
		    known[i].before, known[i].now);
		arena_destroy(&a);
	}
}
END

UNIT(natives_are_cut_off)
{
	static const struct {
		const char *h;
		double at;
		bool above;
		const char *rest;
	} known[] = {
	    {"{{count:4 sum:9 buckets:[1 1 1 1]}}", 4, true, "{{count:3 sum:4.949747468305834 buckets:[1 1 1]}}"},
	    {"{{count:4 sum:9 buckets:[1 1 1 1]}}", 2, false, "{{count:2 sum:8.485281374238571 offset:2 buckets:[1 1]}}"},
	    {"{{count:4 sum:9 buckets:[1 1 1 1]}}", 100, true, "{{count:4 sum:9 buckets:[1 1 1 1]}}"},
	    {"{{schema:-53 custom_values:[2 4] count:4 sum:9 buckets:[1 2 1]}}", 3, true,
	        "{{schema:-53 count:2 sum:3.5 custom_values:[2 4] buckets:[1 1]}}"},
	    {"{{count:2 sum:0 z_bucket:2 z_bucket_w:1}}", 0, false, "{{count:1 sum:0.5 z_bucket:1 z_bucket_w:1}}"},
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct arena *a = arena_create();
		struct native *h = read_text(known[i].h, a);
		native_trim(h, known[i].at, known[i].above, a);
		ck_assert_str_eq(text_of(h, a), known[i].rest);
		arena_destroy(&a);
	}
}
END

UNIT(natives_answer_quantiles_and_fractions)
{
	static const struct {
		const char *h;
		double phi, quantile;
	} known[] = {
	    {"{{count:4 sum:9 buckets:[0 4]}}", 0.5, M_SQRT2}, /* halfway from 1 to 2, by factors */
	    {"{{count:4 sum:9 buckets:[0 4]}}", 1, 2},
	    {"{{count:4 sum:9 n_buckets:[0 4]}}", 0.5, -M_SQRT2},
	    {"{{count:4 sum:0 z_bucket:4 z_bucket_w:1}}", 0.25, -0.5},
	    {"{{count:5 sum:0 z_bucket:4 z_bucket_w:1 buckets:[0 1]}}", 0.4, 0.5}, /* nothing is below zero */
	    {"{{schema:-53 custom_values:[5 10] count:4 sum:1 buckets:[2 2]}}", 0.75, 7.5},
	    {"{{schema:-53 custom_values:[5] count:4 sum:1 buckets:[2 2]}}", 0.75, 5},
	};
	struct arena *a = arena_create();
	enum native_nan nan;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		const struct native *h = read_text(known[i].h, a);
		double q = native_quantile(h, known[i].phi, a, &nan);
		ck_assert_msg(fabs(q - known[i].quantile) < 1e-12 && nan == NATIVE_NO_NAN, "%s: %g", known[i].h, q);
		if (!isinf(known[i].quantile) && i != 6) /* what is below the quantile is its share */
			ck_assert_double_eq_tol(native_fraction(h, -INFINITY, q, a, &nan), known[i].phi, 1e-12);
	}
	const struct native *h = read_text("{{count:4 sum:NaN buckets:[0 3]}}", a);
	ck_assert(isnan(native_quantile(h, 0.9, a, &nan)) && nan == NATIVE_NAN_RESULT);
	ck_assert(!isnan(native_quantile(h, 0.5, a, &nan)) && nan == NATIVE_NAN_SKEW);
	ck_assert_double_eq(native_fraction(h, -INFINITY, INFINITY, a, &nan), 0.75);
	ck_assert(isnan(native_quantile(read_text("{{}}", a), 0.5, a, &nan)));
	arena_destroy(&a);
}
END

UNIT(natives_are_written_for_people_and_programs)
{
	struct arena *a = arena_create();
	struct buf b = {0};
	const struct native *h = read_text("{{count:6 sum:-1.5 z_bucket:1 z_bucket_w:0.001 buckets:[0 2] n_buckets:[3]}}", a);
	native_print(h, &b);
	ck_assert_str_eq(b.p, "{count:6, sum:-1.5, [-1,-0.5):3, [-0.001,0.001]:1, (1,2]:2}");
	buf_clear(&b);
	native_json(h, &b);
	ck_assert_str_eq(b.p, "{\"count\":\"6\",\"sum\":\"-1.5\",\"buckets\":[[1,\"-1\",\"-0.5\",\"3\"],[3,\"-0.001\",\"0.001\",\"1\"],[0,\"1\",\"2\",\"2\"]]}");
	buf_clear(&b);
	native_json(read_text("{{}}", a), &b);
	ck_assert_str_eq(b.p, "{\"count\":\"0\",\"sum\":\"0\"}");
	buf_clear(&b);
	native_print(read_text("{{schema:8 count:1 offset:262144 buckets:[1]}}", a), &b); /* the last one before infinity */
	ck_assert_str_eq(b.p, "{count:1, sum:0, (1.7928322734501128e+308,1.7976931348623157e+308]:1}");
	buf_fini(&b);
	arena_destroy(&a);
}
END

/* ---- stored ones ---- */

struct fixture {
	struct unit_store store;
	struct str tenant;
};

static void
load(struct fixture *f, const char *name, const char *values)
{
	struct series_items items = {0};
	struct labels ls;
	struct tsdb_ref ref;
	struct tsdb_counts c;
	struct err e = {0};
	ck_assert_msg(series_name_parse(str_c(name), f->store.arena, &ls, &e) == RC_OK && series_items_parse(str_c(values), f->store.arena, &items, &e) == RC_OK,
	    "%s: %s", name, e.text);
	ck_assert(tsdb_series(f->store.db, f->tenant, ls, &ref, NULL) == RC_OK);
	for (size_t i = 0; i < items.n; i++) {
		struct tsdb_sample s = {ref, (msec_t)i * 60000, items.p[i].v};
		struct histogram h;
		struct buf b = {0};
		if (!items.p[i].h) {
			ck_assert(!items.p[i].there || tsdb_append(f->store.db, &s, 1, &c, NULL) == RC_OK);
			continue;
		}
		native_to(items.p[i].h, f->store.arena, &h);
		histogram_pack(&h, &b);
		struct tsdb_histogram x = {ref, (msec_t)i * 60000, buf_view(&b)};
		ck_assert(tsdb_append_histograms(f->store.db, &x, 1, &c, NULL) == RC_OK);
		buf_fini(&b);
	}
	vec_fini(&items);
}

static void
add_result(struct buf *b, const struct promql_result *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct promql_series *s = &r->series[i];
		labels_print(b, s->labels);
		for (size_t k = 0; k < s->n; k++) {
			buf_ch(b, ' ');
			if (s->natives && s->natives[k])
				native_print_test(s->natives[k], b);
			else
				buf_f64(b, s->points[k].v);
		}
		buf_ch(b, ';');
	}
	for (size_t i = 0; i < r->warnings.n; i++)
		buf_str(b, r->warnings.p[i]);
	for (size_t i = 0; i < r->infos.n; i++)
		buf_str(b, r->infos.p[i]);
}

static const char *
ask(struct fixture *f, const char *text, msec_t minute, msec_t until)
{
	struct promql *q;
	struct promql_result *r = NULL;
	struct buf b = {0};
	struct err e = {0};
	struct promql_ask ask = {.db = f->store.db,
	    .tenants = {&f->tenant, 1},
	    .start = minute * 60000,
	    .end = until * 60000,
	    .step = until > minute ? 60000 : 0};
	ck_assert_msg(promql_parse(str_c(text), &q, &e) == RC_OK, "%s: %s", text, e.text);
	if (promql_run(q, &ask, &r, &e) == RC_OK)
		add_result(&b, r);
	else
		buf_c(&b, e.text);
	const char *out = arena_cstr(f->store.arena, buf_view(&b));
	promql_result_destroy(&r);
	promql_destroy(&q);
	buf_fini(&b);
	return out;
}

static void
fixture_init(struct fixture *f)
{
	f->tenant = STR("t");
	unit_store_init(&f->store, 0);
	f->store.options.out_of_order = DAY;
	unit_store_reopen(&f->store);
	load(f, "h{i=\"1\"}", "{{count:1 sum:1 buckets:[1]}}+{{count:2 sum:4 buckets:[1 1]}}x5 {{count:1 sum:1 buckets:[1]}} _ stale");
	load(f, "h{i=\"2\"}", "{{schema:1 count:2 sum:2 buckets:[1 1]}}x8");
	load(f, "c", "{{schema:-53 custom_values:[1] count:1 buckets:[1]}}x8");
	load(f, "mixed", "1 {{count:1}} 2 {{count:2}} 3 3 3 3 3");
}

static void
fixture_fini(struct fixture *f)
{
	unit_store_fini(&f->store);
}

UNIT(natives_are_asked_for)
{
	static const struct {
		const char *q;
		msec_t minute, until;
		const char *out;
	} known[] = {
	    {"h{i=\"1\"}", 1, 0, "h{i=\"1\"} {{count:3 sum:5 counter_reset_hint:not_reset buckets:[2 1]}};"},
	    {"h{i=\"1\"}", 5, 8, "h{i=\"1\"} {{count:11 sum:21 counter_reset_hint:not_reset buckets:[6 5]}} {{count:1 sum:1 buckets:[1]}} {{count:1 sum:1 buckets:[1]}};"},
	    {"mixed", 0, 4, "mixed 1 {{count:1}} 2 {{count:2 counter_reset_hint:not_reset}} 3;"},
	    {"increase(h{i=\"1\"}[4m])", 4, 0, "{i=\"1\"} {{count:8 sum:16 counter_reset_hint:gauge buckets:[4 4]}};"},
	    {"histogram_count(increase(h{i=\"1\"}[6m]))", 7, 0, "{i=\"1\"} 10.5;"},
	    {"sum(h)", 1, 0, "{} {{count:5 sum:7 counter_reset_hint:not_reset buckets:[3 2]}};"},
	    {"avg(h{i=\"2\"})", 1, 0, "{} {{schema:1 count:2 sum:2 counter_reset_hint:not_reset buckets:[1 1]}};"},
	    {"sum({__name__=~\"h|c\"})", 1, 0,
	        "PromQL warning: vector contains a mix of histograms with exponential and custom buckets schemas for metric name \"h\" (1:5)"},
	    {"sum({__name__=~\"h|mixed\"})", 2, 0, "PromQL warning: encountered a mix of histograms and floats for aggregation (1:5)"},
	    {"count({__name__=~\"h|mixed\"})", 2, 0, "{} 3;"},
	    {"max({__name__=~\"h|mixed\"})", 2, 0, "{} 2;PromQL info: ignored histogram in max aggregation (1:5)"},
	    {"rate(mixed[3m])", 3, 0, "PromQL warning: encountered a mix of histograms and floats for metric name \"mixed\" (1:6)"},
	    {"max_over_time(mixed[3m])", 3, 0,
	        "{} 2;PromQL info: ignored histograms in a range containing both floats and histograms for metric name \"mixed\" (1:15)"},
	    {"count_over_time(mixed[4m])", 3, 0, "{} 4;"},
	    {"changes(mixed[4m])", 3, 0, "{} 3;"},
	    {"resets(h{i=\"1\"}[8m])", 7, 0, "{i=\"1\"} 1;"},
	    {"h{i=\"1\"} * 2", 0, 0, "{i=\"1\"} {{count:2 sum:2 buckets:[2]}};"},
	    {"h{i=\"1\"} </ 1", 1, 0, "h{i=\"1\"} {{count:2 sum:1.4142135623730951 counter_reset_hint:not_reset buckets:[2]}};"},
	    {"h{i=\"1\"} - h{i=\"1\"}", 0, 0, "{i=\"1\"} {{counter_reset_hint:gauge}};"},
	    {"h{i=\"1\"} == h", 0, 0, "h{i=\"1\"} {{count:1 sum:1 buckets:[1]}};"},
	    {"h{i=\"1\"} + 1", 0, 0, "PromQL info: incompatible sample types encountered for binary operator \"+\": histogram + float (1:1)"},
	    {"-h{i=\"1\"}", 0, 0, "{i=\"1\"} {{count:-1 sum:-1 counter_reset_hint:gauge buckets:[-1]}};"},
	    {"histogram_quantile(0.5, c)", 1, 0, "{} 0.5;"},
	    {"histogram_quantiles(c, \"q\", 0.5, 1)", 1, 0, "{q=\"0.5\"} 0.5;{q=\"1.0\"} 1;"},
	    {"histogram_avg(h{i=\"1\"})", 1, 2, "{i=\"1\"} 1.6666666666666667 1.8;"},
	    {"count_values(\"v\", h{i=\"1\"})", 0, 0, "{v=\"{count:1, sum:1, (0.5,1]:1}\"} 1;"},
	    {"sum_over_time(h{i=\"1\"}[2m:1m])", 1, 0, "{i=\"1\"} {{count:4 sum:6 buckets:[3 1]}};"},
	    {"abs(h)", 0, 0, ""},
	    {"timestamp(h{i=\"1\"})", 1, 0, "{i=\"1\"} 60;"},
	    {"scalar(h{i=\"1\"})", 1, 0, "{} NaN;"},
	    {"h{i=\"1\"}[2m]", 1, 0, "h{i=\"1\"} {{count:1 sum:1 buckets:[1]}} {{count:3 sum:5 counter_reset_hint:not_reset buckets:[2 1]}};"},
	    {"increase(h{i=\"1\"}[2m] anchored)", 4, 0, "{i=\"1\"} {{count:4 sum:8 counter_reset_hint:gauge buckets:[2 2]}};"},
	};
	struct fixture f;
	fixture_init(&f);
	for (int flushed = 0; flushed < 2; flushed++) { /* from the head, and from a block */
		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			ck_assert_str_eq(ask(&f, known[i].q, known[i].minute, known[i].until), known[i].out);
		ck_assert(tsdb_flush(f.store.db, NULL) == RC_OK);
	}
	fixture_fini(&f);
}
END
