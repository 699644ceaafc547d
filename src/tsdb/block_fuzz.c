/* block_fuzz.c — any bytes as a packed chunk, and as a file that claims to be a block. */
#include "tsdb/block.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "tsdb/chunk.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	double v[64];
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
