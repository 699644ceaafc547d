#include "flow/frame.h"

#include "unit.h"

static void
put_three(struct buf *b)
{
	frame_put(b, 1, 7, STR("first"));
	frame_put(b, 0xfffe, UINT64_MAX, STR(""));
	frame_put(b, 3, 0x0102030405060708, STR("the third\0with a NUL"));
}

UNIT(frames_come_out_as_they_went_in_however_the_stream_is_cut)
{
	struct buf whole = {0};
	put_three(&whole);
	for (size_t cut = 0; cut <= whole.n; cut++) {
		struct buf in = {0}, out = {0};
		struct frame f;
		for (int half = 0; half < 2; half++) {
			struct str part =
			    half ? str_from(buf_view(&whole), cut) : str_to(buf_view(&whole), cut);
			buf_str(&in, part);
			struct str rest = buf_view(&in);
			enum rc rc;
			while ((rc = frame_take(&rest, &f, 64, NULL)) == RC_OK)
				frame_put(&out, f.kind, f.id, f.body);
			ck_assert_int_eq(rc, RC_ABSENT);
			buf_drop(&in, in.n - rest.n);
		}
		ck_assert(str_eq(buf_view(&out), buf_view(&whole)));
		ck_assert_uint_eq(in.n, 0);
		buf_fini(&in);
		buf_fini(&out);
	}
	buf_fini(&whole);
}
END

UNIT(a_frame_over_the_limit_is_refused_before_it_is_read)
{
	struct buf b = {0};
	struct frame f;
	struct err err;
	frame_put(&b, 1, 1, STR("12345"));
	struct str rest = str_to(buf_view(&b), 4);
	ck_assert_int_eq(frame_take(&rest, &f, 4, &err), RC_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "over the limit of 4"));
	rest = buf_view(&b);
	ck_assert_int_eq(frame_take(&rest, &f, 5, &err), RC_OK);
	ck_assert_str(f.body, "12345");
	buf_fini(&b);
}
END

UNIT(a_length_that_cannot_hold_the_head_is_refused)
{
	struct str rest = str_n("\0\0\0\x09", 4);
	struct frame f;
	ck_assert_int_eq(frame_take(&rest, &f, 64, NULL), RC_INVALID);
}
END
