#include "wire/gzip.h"

#include "unit.h"

UNIT(gzip_gives_back_what_went_in)
{
	struct buf in = {0}, packed = {0}, out = {0};
	for (int i = 0; i < 5000; i++) {
		buf_i64(&in, i * 7919 % 1000);
		if (i % 501 != 0)
			continue;
		buf_clear(&packed);
		buf_clear(&out);
		gzip_pack(buf_view(&in), &packed);
		ck_assert_int_eq(gzip_unpack(buf_view(&packed), in.n, &out, NULL), RC_OK);
		ck_assert(str_eq(buf_view(&in), buf_view(&out)));
		buf_clear(&out);
		ck_assert_int_eq(gzip_unpack(buf_view(&packed), in.n - 1, &out, NULL), RC_REFUSED);
	}
	buf_fini(&in);
	buf_fini(&packed);
	buf_fini(&out);
}
END

UNIT(gzip_members_are_joined_and_share_one_limit)
{
	struct buf packed = {0}, out = {0};
	gzip_pack(STR("one "), &packed);
	gzip_pack(STR("two"), &packed);
	ck_assert_int_eq(gzip_unpack(buf_view(&packed), 7, &out, NULL), RC_OK);
	ck_assert_str(buf_view(&out), "one two");
	ck_assert_int_eq(gzip_unpack(buf_view(&packed), 6, &out, NULL), RC_REFUSED);
	buf_fini(&packed);
	buf_fini(&out);
}
END

UNIT(gzip_that_expands_a_thousandfold_stops_at_the_limit)
{
	struct buf zeros = {0}, packed = {0}, out = {0};
	memset(buf_room(&zeros, 8 << 20), 0, 8 << 20);
	buf_grew(&zeros, 8 << 20);
	gzip_pack(buf_view(&zeros), &packed);
	ck_assert_int_eq(gzip_unpack(buf_view(&packed), 1 << 20, &out, NULL), RC_REFUSED);
	ck_assert_uint_lt(out.cap, 4 << 20);
	buf_fini(&zeros);
	buf_fini(&packed);
	buf_fini(&out);
}
END

/* What the trailer says is only where the first try begins. */
UNIT(gzip_whose_trailer_lies_is_invalid_and_takes_little)
{
	static const uint32_t lies[] = {0, 1, 4097, UINT32_MAX};
	struct buf in = {0}, packed = {0};
	for (int i = 0; i < 4096; i++)
		buf_ch(&in, (char)('a' + i * i % 26));
	gzip_pack(buf_view(&in), &packed);
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		struct buf out = {0};
		memcpy(packed.p + packed.n - sizeof lies[i], &lies[i], sizeof lies[i]);
		ck_assert_int_eq(gzip_unpack(buf_view(&packed), 1 << 30, &out, NULL), RC_INVALID);
		ck_assert_uint_le(out.cap, 8 << 20);
		buf_fini(&out);
	}
	buf_fini(&in);
	buf_fini(&packed);
}
END

UNIT(damaged_gzip_is_invalid_wherever_it_is_cut)
{
	struct buf packed = {0}, out = {0};
	gzip_pack(STR("a text that is long enough to be cut"), &packed);
	for (size_t n = 0; n < packed.n; n++)
		ck_assert_int_eq(gzip_unpack(str_to(buf_view(&packed), n), 1000, &out, NULL), RC_INVALID);
	buf_fini(&packed);
	buf_fini(&out);
}
END
