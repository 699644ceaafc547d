/* twins_test.c — what is shared within an expression gives what each part gives for itself. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "promql/promql.h"
#include "unit_store.h"

static void
load(struct unit_store *s)
{
	char selector[64];
	srand(7);
	for (int host = 0; host < 8; host++)
		for (int i = 0; i < 120; i++)
			for (int m = 0; m < 2; m++) {
				snprintf(selector, sizeof selector, "%s{host=\"h%d\"}", m ? "used" : "size", host);
				unit_store_put(s, "acme", selector, HOUR + i * 30 * SECOND, (double)(rand() % 100 + i));
			}
}

static struct promql *
parse(const char *text)
{
	struct promql *q;
	struct err e;
	ck_assert_msg(promql_parse(str_c(text), &q, &e) == RC_OK, "%s: %s", text, e.text);
	return q;
}

/* Nothing is shared while steps are counted. */
static struct promql_result *
ask(struct unit_store *s, const struct promql *q, bool shared)
{
	struct promql_result *r;
	struct err e;
	struct str acme = STR("acme");
	struct promql_ask a = {.db = s->db, .tenants = {&acme, 1}, .start = HOUR, .end = HOUR + 50 * MINUTE, .step = MINUTE, .count_steps = !shared};
	ck_assert_msg(promql_run(q, &a, &r, &e) == RC_OK, "%s", e.text);
	return r;
}

static void
expect_equal(const char *text, const struct promql_result *a, const struct promql_result *b)
{
	ck_assert_msg(a->n == b->n && a->n > 0, "%s: %zu and %zu series", text, a->n, b->n);
	ck_assert_uint_eq(a->warnings.n, b->warnings.n);
	ck_assert_uint_eq(a->infos.n, b->infos.n);
	for (size_t i = 0; i < a->n; i++) {
		const struct promql_series *x = &a->series[i], *y = &b->series[i];
		ck_assert(str_eq(x->labels.bytes, y->labels.bytes));
		ck_assert_uint_eq(x->n, y->n);
		for (size_t k = 0; k < x->n; k++)
			ck_assert_msg(x->points[k].t == y->points[k].t && memcmp(&x->points[k].v, &y->points[k].v, sizeof x->points[k].v) == 0, "%s: series %zu, point %zu", text, i, k);
	}
}

UNIT(twins_give_what_each_gives_for_itself)
{
	static const struct {
		const char *text, *part;
		unsigned reads; /* what reading the part alone costs, so many times */
	} known[] = {
	    {"(size - used) / size", "size", 2},
	    {"(size - used) / (size + used) + size", "size", 2},
	    {"used > 20 and used < 100 and used != 50", "used", 1},
	    {"-used + used", "used", 1},
	    {"abs(used - size) + (used - size)", "used", 2},
	    {"max(used) / max(used)", "used", 1},
	    {"delta(used[5m]) / on (host) delta(used[5m])", "delta(used[5m])", 1},
	    {"rate(used[5m]) / on (host) rate(used[5m])", "rate(used[5m])", 2}, /* each says where it may be no counter */
	    {"sum(used) / count(used)", "used", 2},                           /* folded as they come */
	    {"max_over_time((used + used)[10m:1m]) + used", "used", 0},   /* of two grids */
	    {"size / used", "used", 2},
	};
	struct unit_store s;
	unit_store_init(&s, 3 * HOUR);
	load(&s);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct promql *q = parse(known[i].text), *part = parse(known[i].part);
		struct promql_result *one = ask(&s, q, true), *two = ask(&s, q, false), *alone = ask(&s, part, true);
		expect_equal(known[i].text, one, two);
		ck_assert_msg(!known[i].reads || one->samples == known[i].reads * alone->samples, "%s: %zu samples were read", known[i].text, one->samples);
		promql_result_destroy(&one);
		promql_result_destroy(&two);
		promql_result_destroy(&alone);
		promql_destroy(&q);
		promql_destroy(&part);
	}
	unit_store_fini(&s);
}
END
