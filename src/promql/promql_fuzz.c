/* promql_fuzz.c — what parses prints as text that parses and prints the same. */
#include "promql/promql.h"

#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct promql *q, *again;
	struct buf once = {0}, twice = {0};
	if (promql_parse(str_n((const char *)bytes, n), &q, NULL) != RC_OK)
		return 0;
	promql_print(q, &once);
	must(promql_parse(buf_view(&once), &again, NULL) == RC_OK);
	promql_print(again, &twice);
	must(str_eq(buf_view(&once), buf_view(&twice)));
	promql_destroy(&q);
	promql_destroy(&again);
	buf_fini(&once);
	buf_fini(&twice);
	return 0;
}
