/* matcher_fuzz.c — what parses prints as text that parses to the same. */
#include "label/matcher.h"

#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct matchers once = {0}, twice = {0};
	struct buf text = {0}, again = {0};
	if (matchers_parse(&once, str_n((const char *)bytes, n), NULL) == RC_OK) {
		matchers_print(&text, &once);
		must(matchers_parse(&twice, buf_view(&text), NULL) == RC_OK);
		matchers_print(&again, &twice);
		must(once.n == twice.n);
	}
	labels_valid(str_n((const char *)bytes, n));
	buf_fini(&text);
	buf_fini(&again);
	matchers_fini(&once);
	matchers_fini(&twice);
	return 0;
}
