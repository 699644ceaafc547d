/* number_test.c — numbers are written as the slow way writes them, which is by their shortest digits. */
#include "unit.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/f64.h"
#include "base/number.h"

/* A number from 1e-6 to 1e21 without an exponent, out of its digits and its exponent. */
static void
spell(double v, char *out)
{
	char sci[40], digits[24];
	int n = 0;
	f64_shortest(fabs(v), sci, sizeof sci);
	const char *e = strchr(sci, 'e');
	for (const char *p = sci; p < e; p++)
		if (*p != '.')
			digits[n++] = *p;
	long exp = strtol(e + 1, NULL, 10);
	if (v < 0)
		*out++ = '-';
	if (exp < 0)
		out += snprintf(out, 4, "0.");
	for (long i = -1; i > exp; i--)
		*out++ = '0';
	for (long i = 0; i < n || i <= exp; i++) {
		if (exp >= 0 && i == exp + 1)
			*out++ = '.';
		*out++ = i < n ? digits[i] : '0';
	}
	*out = '\0';
}

static double
any_number(int round)
{
	static const double tens[] = {1, 10, 100, 1000, 1e6, 1e9, 1e12};
	double v = (double)((int64_t)((uint64_t)mrand48() << 20) ^ mrand48());
	switch (round % 4) {
	case 0: return v / tens[rand() % 7];
	case 1: return (double)(rand() % 100000) / tens[rand() % 5];
	case 2: return v / (double)(rand() + 1);
	default: return ldexp(v, rand() % 60 - 60);
	}
}

UNIT(numbers_are_written_by_their_shortest_digits)
{
	char text[NUMBER_TEXT + 1], slow[80];
	srand(11);
	for (int round = 0; round < 400000; round++) {
		double v = any_number(round);
		if (!(fabs(v) >= 1e-6 && fabs(v) < 1e21))
			continue;
		*number_f64(text, v) = '\0';
		spell(v, slow);
		ck_assert_str_eq(text, slow);
		ck_assert(strtod(text, NULL) == v);
	}
}
END

UNIT(whole_numbers_are_written_whole)
{
	char text[NUMBER_TEXT + 1], slow[32];
	static const int64_t edges[] = {0, 9, 10, 99, 100, 101, 999, 1000, INT64_MAX, INT64_MIN, -1, -10, -100};
	for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
		*number_i64(text, edges[i]) = '\0';
		snprintf(slow, sizeof slow, "%" PRId64, edges[i]);
		ck_assert_str_eq(text, slow);
	}
	for (int round = 0; round < 100000; round++) {
		int64_t v = (int64_t)((uint64_t)mrand48() << 32 ^ (uint64_t)mrand48()) >> (rand() % 64);
		*number_i64(text, v) = '\0';
		snprintf(slow, sizeof slow, "%" PRId64, v);
		ck_assert_str_eq(text, slow);
	}
}
END
