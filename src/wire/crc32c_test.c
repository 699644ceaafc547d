/* crc32c_test.c — against the values of RFC 3720, B.4. */
#include "unit.h"

#include <string.h>

#include "wire/crc32c.h"

UNIT(crc32c_is_castagnolis)
{
	char bytes[32];
	memset(bytes, 0, sizeof bytes);
	ck_assert_uint_eq(crc32c(str_n(bytes, 32)), 0x8a9136aau);
	memset(bytes, 0xff, sizeof bytes);
	ck_assert_uint_eq(crc32c(str_n(bytes, 32)), 0x62a8ab43u);
	for (int i = 0; i < 32; i++)
		bytes[i] = (char)i;
	ck_assert_uint_eq(crc32c(str_n(bytes, 32)), 0x46dd794eu);
	ck_assert_uint_eq(crc32c(STR("123456789")), 0xe3069283u);
	ck_assert_uint_eq(crc32c(STR("")), 0);
}
END
