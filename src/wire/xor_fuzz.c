/* xor_fuzz.c — chunks of others: whatever the bytes, nothing is read beyond them, and what can be read can be written. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "wire/xor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str chunk = str_n((const char *)data, size);
	size_t n = xor_count(chunk);
	int64_t *t = malloc((n + 1) * sizeof *t), *u = malloc((n + 1) * sizeof *u);
	double *v = malloc((n + 1) * sizeof *v), *w = malloc((n + 1) * sizeof *w);
	must(t && u && v && w);
	if (xor_read(chunk, t, v)) {
		struct buf b = {0};
		xor_write(&b, t, v, n);
		must(xor_count(buf_view(&b)) == n && xor_read(buf_view(&b), u, w));
		must(n == 0 || (memcmp(t, u, n * sizeof *t) == 0 && memcmp(v, w, n * sizeof *v) == 0));
		buf_fini(&b);
	}
	free(t);
	free(u);
	free(v);
	free(w);
	return 0;
}
