/* prompb2_fuzz.c — any bytes as a request of remote write 2.0. */
#include "wire/prompb2.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const struct prompb2_limits limits = {.symbols = 16, .label_bytes = 64, .bytes = 4096};
	struct buf out = {0};
	(void)!prompb2_to_1(str_n((const char *)bytes, n), &limits, &out, NULL);
	buf_fini(&out);
	return 0;
}
