/* metricpb_fuzz.c — any bytes as a page in protobuf. */
#include "wire/metricpb.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct metricpb_natives natives;
	struct buf b = {0};
	(void)!metricpb_to_text(str_n((const char *)bytes, n), 1 << 16, NULL, &b, NULL);
	metricpb_natives_init(&natives, true);
	(void)!metricpb_to_text(str_n((const char *)bytes, n), 1 << 16, &natives, &b, NULL);
	metricpb_natives_fini(&natives);
	buf_fini(&b);
	return 0;
}
