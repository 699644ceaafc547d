/* size.c — see size.h. */
#include "base/size.h"

static const char units[] = "KMGTPE";

/* "" and "B" are bytes; then K, KB, KiB and so on.  The power of 1024, or -1. */
static int
unit_power(struct str u)
{
	if (u.n == 0 || str_eq_nocase(u, STR("B")))
		return 0;
	for (int i = 0; units[i]; i++) {
		struct str rest = str_from(u, 1);
		if ((u.p[0] | 32) == (units[i] | 32) &&
		    (rest.n == 0 || str_eq_nocase(rest, STR("B")) || str_eq_nocase(rest, STR("iB"))))
			return i + 1;
	}
	return -1;
}

bool
size_parse(struct str s, int64_t *bytes)
{
	size_t digits = 0;
	while (digits < s.n && ((s.p[digits] >= '0' && s.p[digits] <= '9') || s.p[digits] == '.'))
		digits++;
	int power = unit_power(str_from(s, digits));
	double v;
	if (digits == 0 || power < 0 || !str_f64(str_to(s, digits), &v))
		return false;
	while (power--)
		v *= 1024;
	if (!(v >= 0 && v <= 0x1p62))
		return false;
	*bytes = (int64_t)v;
	return true;
}

void
size_print(struct buf *b, int64_t bytes)
{
	int power = 0;
	while (bytes && bytes % 1024 == 0 && units[power]) {
		bytes /= 1024;
		power++;
	}
	buf_i64(b, bytes);
	if (power)
		buf_ch(b, units[power - 1]);
	buf_ch(b, 'B');
}
