/* crc32c.c — see crc32c.h: by the processor where it can, else by a table of bytes. */
#include "wire/crc32c.h"

#include <pthread.h>
#include <string.h>

static uint32_t table[256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The polynomial with the lowest bit first. */
static void
make_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t x = i;
		for (int k = 0; k < 8; k++)
			x = x & 1 ? x >> 1 ^ 0x82f63b78u : x >> 1;
		table[i] = x;
	}
}

static uint32_t
by_table(uint32_t c, struct str s)
{
	pthread_once(&once, make_table);
	for (size_t i = 0; i < s.n; i++)
		c = table[(c ^ (unsigned char)s.p[i]) & 0xff] ^ c >> 8;
	return c;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t
by_processor(uint32_t c, struct str s)
{
	uint64_t wide = c;
	for (; s.n >= 8; s = str_from(s, 8)) {
		uint64_t eight;
		memcpy(&eight, s.p, sizeof eight);
		wide = __builtin_ia32_crc32di(wide, eight);
	}
	c = (uint32_t)wide;
	for (size_t i = 0; i < s.n; i++)
		c = __builtin_ia32_crc32qi(c, (unsigned char)s.p[i]);
	return c;
}
#endif

uint32_t
crc32c(struct str s)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("sse4.2"))
		return ~by_processor(~0u, s);
#endif
	return ~by_table(~0u, s);
}
