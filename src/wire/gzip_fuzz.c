#include "wire/gzip.h"

#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = str_n((const char *)p, n);
	struct buf packed = {0}, out = {0};
	(void)!gzip_unpack(in, 1 << 20, &out, NULL);
	must(out.n <= 1 << 20);
	buf_clear(&out);
	gzip_pack(in, &packed);
	must(gzip_unpack(buf_view(&packed), n, &out, NULL) == RC_OK && str_eq(buf_view(&out), in));
	buf_fini(&packed);
	buf_fini(&out);
	return 0;
}
