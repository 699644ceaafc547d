/* graphite_fuzz.c — any bytes as a line. */
#include "wire/graphite.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct graphite g;
	(void)!graphite_parse(str_n((const char *)bytes, n), &g, NULL);
	return 0;
}
