/* number.c — see number.h. */
#include "base/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/f64.h"
#include "base/must.h"

static char *
put(char *out, const char *p, size_t n)
{
	memcpy(out, p, n);
	return out + n;
}

/* Two digits at a time. */
char *
number_u64(char *out, uint64_t u)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869"
				    "707172737475767778798081828384858687888990919293949596979899";
	char digits[20];
	size_t at = sizeof digits;
	for (; u >= 100; u /= 100)
		memcpy(digits + (at -= 2), pairs + u % 100 * 2, 2);
	if (u >= 10)
		memcpy(digits + (at -= 2), pairs + u * 2, 2);
	else
		digits[--at] = (char)('0' + u);
	return put(out, digits + at, sizeof digits - at);
}

char *
number_i64(char *out, int64_t v)
{
	if (v < 0)
		*out++ = '-';
	return number_u64(out, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

/* From "d.ddde±xx", with an exponent that is kept: from 1e21 on and below 1e-6. */
static char *
with_exponent(char *out, const char *digits, size_t n, long exp)
{
	*out++ = digits[0];
	if (n > 1) {
		*out++ = '.';
		out = put(out, digits + 1, n - 1);
	}
	*out++ = 'e';
	*out++ = exp < 0 ? '-' : '+';
	if (labs(exp) < 10)
		*out++ = '0';
	return number_u64(out, (uint64_t)labs(exp));
}

/* To the way of strconv.FormatFloat(v, 'f' or 'e', -1). */
static char *
from_scientific(char *out, double v)
{
	char sci[40], digits[24];
	size_t n = 0;
	const char *p = sci;
	must(f64_shortest(v, sci, sizeof sci) > 0);
	if (*p == '-')
		*out++ = *p++;
	for (; *p && *p != 'e'; p++)
		if (*p != '.')
			digits[n++] = *p;
	long exp = strtol(p + 1, NULL, 10);
	while (n > 1 && digits[n - 1] == '0')
		n--;
	if (exp < -6 || exp >= 21)
		return with_exponent(out, digits, n, exp);
	if (exp < 0) {
		out = put(out, "0.", 2);
		for (long i = -1; i > exp; i--)
			*out++ = '0';
		return put(out, digits, n);
	}
	for (size_t i = 0; i < n || i <= (size_t)exp; i++) {
		if (i == (size_t)exp + 1)
			*out++ = '.';
		*out++ = i < n ? digits[i] : '0';
	}
	return out;
}

char *
number_f64(char *out, double v)
{
	double size = fabs(v);
	if (isnan(v))
		return put(out, "NaN", 3);
	if (isinf(v))
		return put(out, v > 0 ? "+Inf" : "-Inf", 4);
	if (size < 1e15 && v == (double)(int64_t)v) {
		if (v == 0 && signbit(v))
			*out++ = '-';
		return number_i64(out, (int64_t)v);
	}
	if (size >= 1e-6 && size < 1e15)
		return out + f64_fixed(v, out, NUMBER_TEXT);
	return from_scientific(out, v);
}
