/* lineproto_fuzz.c — any bytes as lines of points. */
#include "wire/lineproto.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const struct lineproto_limits limits = {.tags = 4, .fields = 4, .tag_bytes = 50, .name = 20, .value = 20};
	struct lineproto l;
	lineproto_init(&l, str_n((const char *)bytes, n), &limits);
	while (lineproto_next(&l) != LINEPROTO_END)
		;
	lineproto_fini(&l);
	return 0;
}
