/* prompb_fuzz.c — any bytes, as a packed request and as a plain one. */
#include "wire/prompb.h"
#include "wire/snappy.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
read_all(struct str body, enum prompb_version version)
{
	static const struct prompb_limits limits = {.labels = 8, .label_bytes = 64, .symbols = 8, .samples = 8, .name = 16, .value = 16};
	struct prompb w;
	prompb_init(&w, body, version, &limits);
	while (prompb_next(&w))
		;
	(void)!prompb_end(&w, NULL);
	prompb_fini(&w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str s = str_n((const char *)bytes, n);
	struct buf plain = {0};
	read_all(s, PROMPB_1);
	read_all(s, PROMPB_2);
	if (snappy_unpack(s, 1 << 20, &plain, NULL) == RC_OK)
		read_all(buf_view(&plain), PROMPB_1);
	buf_fini(&plain);
	return 0;
}
