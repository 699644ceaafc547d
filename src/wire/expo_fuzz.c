/* expo_fuzz.c — any bytes as a page of either format. */
#include "wire/expo.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const struct expo_limits limits = {.line = 200, .labels = 5, .name = 20, .value = 20};
	for (int f = EXPO_TEXT; f <= EXPO_PROTOBUF; f++) {
		struct expo x;
		expo_init(&x, str_n((const char *)bytes, n), (enum expo_format)f, &limits);
		while (expo_next(&x) != EXPO_END)
			;
		(void)!expo_end(&x, NULL);
		expo_fini(&x);
	}
	return 0;
}
