/* otlp_fuzz.c — any bytes as a request in protobuf, and as one in JSON. */
#include "wire/otlp.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
read_all(struct str body)
{
	static const struct otlp_limits limits = {.attributes = 4, .bytes = 64, .buckets = 4};
	struct otlp o;
	otlp_init(&o, body, &limits);
	while (otlp_next(&o) != OTLP_END)
		;
	(void)!otlp_end(&o, NULL);
	otlp_fini(&o);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str s = str_n((const char *)bytes, n);
	struct buf b = {0};
	read_all(s);
	if (otlp_from_json(s, &b, NULL) == RC_OK)
		read_all(buf_view(&b));
	buf_fini(&b);
	return 0;
}
