/* gzip_stream_test.c — whatever the parts are, what comes out unpacks to all of them. */
#include "unit.h"

#include <stdlib.h>

#include "wire/gzip.h"
#include "wire/gzip_stream.h"

UNIT(parts_come_out_as_one)
{
	srand(3);
	for (int round = 0; round < 60; round++) {
		struct buf plain = {0}, packed = {0}, again = {0};
		struct gzip_stream *s = gzip_stream_create();
		struct err e;
		for (int left = rand() % 20; left >= 0; left--) {
			size_t before = plain.n;
			for (int i = rand() % 3 ? rand() % 40000 : 0; i > 0; i--)
				buf_ch(&plain, (char)("0123456789,[]\""[rand() % 14] + (round % 7 == 0) * (rand() % 100)));
			gzip_stream_add(s, str_from(buf_view(&plain), before), left == 0, &packed);
		}
		ck_assert_msg(gzip_unpack(buf_view(&packed), 1 << 24, &again, &e) == RC_OK, "%s", e.text);
		ck_assert(str_eq(buf_view(&again), buf_view(&plain)));
		gzip_stream_destroy(&s);
		buf_fini(&plain);
		buf_fini(&packed);
		buf_fini(&again);
	}
}
END
