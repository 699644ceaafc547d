/* pin_test.c — no selector of an expression is left without its customer. */
#include "unit.h"

#include "cluster/pin.h"

#define FINE(call) ck_assert_msg((call) == RC_OK, "%s", e.text)

static struct str acme[] = {STR_INIT("acme")}, both[] = {STR_INIT("acme"), STR_INIT("zenith.example")};

static const struct pin one = {STR_INIT("customer"), {acme, 1}}, two = {STR_INIT("customer"), {both, 2}};

UNIT(every_selector_is_pinned)
{
	static const struct {
		const char *asked, *sent;
	} cases[] = {
	    {"up", "up{customer=\"acme\"}"},
	    {"up{customer=\"zenith\"}", "up{customer=\"acme\",customer=\"zenith\"}"},
	    {"{__name__=~\".+\"}", "{__name__=~\".+\",customer=\"acme\"}"},
	    {"sum by (job) (rate(a[5m] offset 1h)) / on (job) b", "sum by (job) (rate(a{customer=\"acme\"}[5m] offset 1h)) / on (job) b{customer=\"acme\"}"},
	    {"max_over_time((x or y)[1h:5m]) unless z @ end()",
		"max_over_time((x{customer=\"acme\"} or y{customer=\"acme\"})[1h:5m]) unless z{customer=\"acme\"} @ end()"},
	    {"absent(a{b='c'}) and vector(1)", "absent(a{b=\"c\",customer=\"acme\"}) and vector(1)"},
	    {"1 + time()", "1 + time()"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b = {0};
		struct err e;
		FINE(pin_query(&one, str_c(cases[i].asked), &b, &e));
		ck_assert_str(buf_view(&b), cases[i].sent);
		buf_fini(&b);
	}
}
END

static void
count_pinned(void *arg, const struct matchers *ms)
{
	size_t *bare = arg;
	bool pinned = false;
	for (size_t i = 0; i < ms->n; i++)
		pinned |= str_is(ms->p[i].name, "customer") && str_is(ms->p[i].value, "acme|zenith\\.example");
	*bare += !pinned;
}

UNIT(of_several_customers_a_series_may_be_any_s)
{
	struct promql *q;
	struct buf b = {0};
	struct err e;
	size_t bare = 0;
	FINE(pin_query(&two, STR("label_replace(a, 'x', '$1', 'y', '(.*)') * on () group_left () count(b) > bool 1"), &b, &e));
	FINE(promql_parse(buf_view(&b), &q, &e));
	promql_each_selector(q, count_pinned, &bare);
	ck_assert_uint_eq(bare, 0);
	promql_destroy(&q);
	buf_fini(&b);
}
END

UNIT(what_cannot_be_pinned_is_not_sent)
{
	static const char *const asked[] = {"up{a=\"b\" or c=\"d\"}", "rate(", "info(up)", "1 + (info(up, {a=~\".+\"}))", "with (x = up) x", ""};
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
		struct buf b = {0};
		ck_assert_int_eq(pin_query(&one, str_c(asked[i]), &b, NULL), RC_INVALID);
		ck_assert_uint_eq(b.n, 0);
		buf_fini(&b);
	}
}
END

UNIT(a_selector_is_pinned)
{
	struct buf b = {0};
	struct err e;
	FINE(pin_selector(&one, STR("up{job='x'}"), &b, &e));
	ck_assert_str(buf_view(&b), "{__name__=\"up\", job=\"x\", customer=\"acme\"}");
	buf_clear(&b);
	FINE(pin_selector(&one, STR(""), &b, &e));
	ck_assert_str(buf_view(&b), "{customer=\"acme\"}");
	ck_assert_int_eq(pin_selector(&one, STR("sum(up)"), &b, &e), RC_INVALID);
	buf_fini(&b);
}
END
