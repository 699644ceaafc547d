/* prompb_read_fuzz.c — any bytes as a ReadRequest. */
#include "wire/prompb_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct prompb_read r;
	prompb_read_init(&r, str_n((const char *)bytes, n));
	while (prompb_read_next(&r))
		;
	(void)!prompb_read_end(&r, NULL);
	prompb_read_fini(&r);
	return 0;
}
