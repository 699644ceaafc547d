/* histogram_chunk_fuzz.c — any bytes as a chunk of native histograms: what is told is sound. */
#include "wire/histogram_chunk.h"

#include <stdlib.h>

#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
look(void *arg, int64_t t, const struct histogram *h)
{
	struct buf packed = {0};
	if (!h)
		return;
	must(histogram_check(h, NULL) == RC_OK);
	histogram_pack(h, &packed);
	*(size_t *)arg += packed.n;
	buf_fini(&packed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	size_t sum = 0;
	struct str chunk = str_n((const char *)bytes, n);
	for (int encoding = HISTOGRAM_CHUNK_INTEGERS; encoding <= HISTOGRAM_CHUNK_FLOATS; encoding++)
		(void)histogram_chunk_read(encoding, chunk, look, &sum);
	return 0;
}
