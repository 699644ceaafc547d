/* perfdata_fuzz.c — any bytes as what a plug-in printed. */
#include "wire/perfdata.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_create();
	struct plugin_output o;
	struct perf_value v;
	plugin_output_parse(str_n((const char *)bytes, n), a, &o);
	while (perf_next(&o.perf, a, &v))
		(void)perf_range_alerts(&v.warning, v.value);
	arena_destroy(&a);
	return 0;
}
