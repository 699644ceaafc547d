/* prom_block_fuzz.c — any bytes as the index and as the tombstones of a Prometheus's block. */
#include "tsdb/prom_block.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
put(const char *dir, const char *name, const uint8_t *bytes, size_t n, char path[96])
{
	snprintf(path, 96, "%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd >= 0 && write(fd, bytes, n) != (ssize_t)n)
		ftruncate(fd, 0) == 0 ? (void)0 : abort();
	if (fd >= 0)
		close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char dir[] = "/tmp/prom-block-fuzz-XXXXXX", index[96], tombstones[96];
	struct prom_block *b;
	struct prom_series s;
	if (!mkdtemp(dir))
		return 0;
	put(dir, "index", bytes, n, index);
	put(dir, "tombstones", bytes, n, tombstones);
	for (int round = 0; round < 2; round++) {
		if (prom_block_open(dir, &b, NULL) == RC_OK)
			while (prom_block_next(b, &s, NULL) == RC_OK)
				;
		prom_block_close(&b);
		unlink(tombstones);
	}
	unlink(index);
	rmdir(dir);
	return 0;
}
