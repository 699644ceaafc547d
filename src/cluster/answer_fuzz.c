/* answer_fuzz.c — whatever a cluster answers, what is read of it is whole. */
#include "cluster/answer.h"

#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str body = str_n((const char *)bytes, n);
	struct promql_result *r;
	struct buf said = {0};
	if (answer_read(body, &r, NULL) == RC_OK) {
		must(r->type == PROMQL_VECTOR || (r->type == PROMQL_SCALAR && r->n == 1));
		for (size_t i = 0; i < r->n; i++)
			must(r->series[i].n == 1 && labels_valid(r->series[i].labels.bytes));
		must(!answer_error_text(body, &said));
	}
	promql_result_destroy(&r);
	buf_fini(&said);
	return 0;
}
