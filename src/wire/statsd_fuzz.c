/* statsd_fuzz.c — any bytes as a line. */
#include "wire/statsd.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct statsd_line l;
	(void)!statsd_parse(str_n((const char *)bytes, n), &l, NULL);
	return 0;
}
