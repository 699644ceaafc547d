#include "voice/clip.h"

#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct clip c = {0};
	if (clip_from_wav(&c, str_n((const char *)p, n), NULL) == RC_OK)
		must(c.ulaw.n == c.alaw.n && c.ulaw.n % CLIP_FRAME == 0);
	clip_fini(&c);
	return 0;
}
