/* block_fuzz.c — any bytes as a packed chunk, as packed windows, and as a file that claims to be a block. */
#include "tsdb/block.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/must.h"
#include "tsdb/chunk.h"
#include "tsdb/tier.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Whatever they are: counts and places are such as windows have. */
static void
as_windows(struct str bytes)
{
	enum { N = 30 };
	msec_t ends[N];
	struct tier_list l = {0};
	for (int i = 0; i < N; i++)
		ends[i] = (i + 1) * HOUR;
	if (tier_unpack(bytes, ends, N, HOUR, TIER_ALL | TIER_AS_IT_IS, 3 * HOUR, 20 * HOUR, &l))
		for (size_t i = 0; i < l.n; i++)
			must(l.column[TIER_COUNT][i] >= 0 && tier_first_t(&l, i) >= l.end[i] - HOUR && tier_last_t(&l, i) <= l.end[i]);
	tier_list_fini(&l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	double v[64];
	as_windows(str_n((const char *)bytes, n));
	(void)chunk_unpack_values(str_n((const char *)bytes, n), 64, v);
	char path[] = "/tmp/block-fuzz-XXXXXX";
	int fd = mkstemp(path);
	if (fd < 0)
		return 0;
	ssize_t w = write(fd, bytes, n);
	close(fd);
	struct block *b;
	if (w == (ssize_t)n && block_open(path, &b, NULL) == RC_OK)
		block_close(&b);
	unlink(path);
	return 0;
}
