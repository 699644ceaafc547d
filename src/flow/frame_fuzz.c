#include "flow/frame.h"

#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str rest = str_n((const char *)p, n);
	struct buf again = {0};
	struct frame f;
	while (frame_take(&rest, &f, 1 << 16, NULL) == RC_OK)
		frame_put(&again, f.kind, f.id, f.body);
	must(again.n == n - rest.n && (again.n == 0 || memcmp(again.p, p, again.n) == 0));
	buf_fini(&again);
	return 0;
}
