/* pin_fuzz.c — whatever is asked, what is sent parses, and no selector of it is without its customer. */
#include "cluster/pin.h"

#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
must_be_pinned(void *arg, const struct matchers *ms)
{
	bool pinned = false;
	for (size_t i = 0; i < ms->n; i++)
		pinned |= ms->p[i].op == MATCH_EQ && str_is(ms->p[i].name, "customer") && str_is(ms->p[i].value, "acme");
	must(pinned);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str acme = STR("acme"), asked = str_n((const char *)bytes, n);
	struct pin p = {STR("customer"), {&acme, 1}};
	struct promql *q;
	struct buf sent = {0};
	if (pin_query(&p, asked, &sent, NULL) == RC_OK) {
		must(promql_parse(buf_view(&sent), &q, NULL) == RC_OK);
		promql_each_selector(q, must_be_pinned, NULL);
		promql_destroy(&q);
	}
	buf_clear(&sent);
	if (pin_selector(&p, asked, &sent, NULL) == RC_OK) {
		must(promql_parse(buf_view(&sent), &q, NULL) == RC_OK);
		promql_each_selector(q, must_be_pinned, NULL);
		promql_destroy(&q);
	}
	buf_fini(&sent);
	return 0;
}
