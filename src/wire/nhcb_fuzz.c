/* nhcb_fuzz.c — any bytes as a page: what comes out is read without trouble where the page was. */
#include "wire/nhcb.h"

#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static bool
reads(struct str page, enum expo_format format, size_t natives)
{
	struct expo x;
	bool sound = true;
	expo_init(&x, page, format, &(struct expo_limits){0});
	x.refers |= natives > 0;
	while (expo_next(&x) != EXPO_END)
		sound = sound && x.native <= natives;
	sound = expo_end(&x, NULL) == RC_OK && sound;
	expo_fini(&x);
	return sound;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str page = str_n((const char *)bytes, n);
	for (int format = EXPO_TEXT; format <= EXPO_OPENMETRICS; format++) {
		struct metricpb_natives natives;
		struct buf out = {0};
		metricpb_natives_init(&natives, n % 2);
		nhcb_page(page, (enum expo_format)format, &natives, &out);
		must(!reads(page, (enum expo_format)format, 0) || reads(buf_view(&out), (enum expo_format)format, natives.all.n));
		metricpb_natives_fini(&natives);
		buf_fini(&out);
	}
	return 0;
}
