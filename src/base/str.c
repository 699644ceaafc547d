/* str.c — see str.h. */
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct str
str_c(const char *cstr)
{
	return cstr ? str_n(cstr, strlen(cstr)) : STR("");
}

bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

int
str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;
	return c ? c : (a.n > b.n) - (a.n < b.n);
}

bool
str_eq_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (tolower((unsigned char)a.p[i]) != tolower((unsigned char)b.p[i]))
			return false;
	return true;
}

bool
str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq(str_to(s, prefix.n), prefix);
}

bool
str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_eq(str_from(s, s.n - suffix.n), suffix);
}

bool
str_has(struct str s, struct str needle)
{
	return needle.n == 0 || (s.n >= needle.n && memmem(s.p, s.n, needle.p, needle.n) != NULL);
}

ptrdiff_t
str_chr(struct str s, char c)
{
	const char *p = s.n ? memchr(s.p, c, s.n) : NULL;
	return p ? p - s.p : -1;
}

struct str
str_from(struct str s, size_t at)
{
	return at >= s.n ? str_n(s.p + s.n, 0) : str_n(s.p + at, s.n - at);
}

struct str
str_to(struct str s, size_t n)
{
	return str_n(s.p, n < s.n ? n : s.n);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str
str_trim(struct str s)
{
	while (s.n && is_blank(s.p[0]))
		s = str_from(s, 1);
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool
str_cut(struct str *rest, char sep, struct str *part)
{
	static const char last_part[1] = ""; /* "a," leaves an empty last part, known by its address */
	if (rest->n == 0) {
		bool one_more = rest->p == last_part;
		*part = *rest;
		*rest = (struct str){0};
		return one_more;
	}
	ptrdiff_t at = str_chr(*rest, sep);
	if (at < 0) {
		*part = *rest;
		*rest = (struct str){0};
		return true;
	}
	*part = str_to(*rest, (size_t)at);
	*rest = (size_t)at + 1 < rest->n ? str_from(*rest, (size_t)at + 1) : str_n(last_part, 0);
	return true;
}

/* Numbers are short: a copy with a NUL serves strtod and friends. */
static bool
to_c(struct str s, char *out, size_t size)
{
	if (s.n == 0 || s.n >= size || is_blank(s.p[0]) || memchr(s.p, '\0', s.n))
		return false;
	memcpy(out, s.p, s.n);
	out[s.n] = '\0';
	return true;
}

bool
str_i64(struct str s, int64_t *out)
{
	char c[32], *end;
	if (!to_c(s, c, sizeof c))
		return false;
	errno = 0;
	long long v = strtoll(c, &end, 10);
	if (*end || errno)
		return false;
	*out = v;
	return true;
}

bool
str_u64(struct str s, uint64_t *out)
{
	char c[32], *end;
	if (!to_c(s, c, sizeof c) || c[0] == '-' || c[0] == '+')
		return false;
	errno = 0;
	unsigned long long v = strtoull(c, &end, 10);
	if (*end || errno)
		return false;
	*out = v;
	return true;
}

/*
 * Plain decimals of up to 15 digits with powers of ten that doubles hold exactly take one operation, which rounds
 * correctly (Clinger's fast path).  False: not of that kind; strtod decides.
 */
static bool
plain_f64(struct str s, double *out)
{
	static const double power[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
	    1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	const char *p = s.p, *end = p + s.n, *point = NULL;
	uint64_t digits = 0;
	bool negative = p < end && *p == '-';
	p += negative;
	const char *start = p;
	for (; p < end && p - start <= 16; p++) {
		if (*p == '.' && !point)
			point = p;
		else if ((unsigned)(*p - '0') <= 9)
			digits = digits * 10 + (unsigned)(*p - '0');
		else
			break;
	}
	ptrdiff_t n = p - start - (point != NULL);
	if (n == 0 || n > 15)
		return false;
	int exp = point ? -(int)(p - point - 1) : 0, sign = 1, e = 0;
	if (p < end && (*p == 'e' || *p == 'E')) {
		if (++p < end && (*p == '-' || *p == '+'))
			sign = *p++ == '-' ? -1 : 1;
		const char *first = p;
		for (; p < end && p - first < 3 && (unsigned)(*p - '0') <= 9; p++)
			e = e * 10 + (*p - '0');
		if (p == first)
			return false;
	}
	exp += sign * e;
	if (p < end || exp < -22 || exp > 22)
		return false;
	double v = exp < 0 ? (double)digits / power[-exp] : (double)digits * power[exp];
	*out = negative ? -v : v;
	return true;
}

bool
str_f64(struct str s, double *out)
{
	if (plain_f64(s, out))
		return true;
	char c[512], *end;
	if (!to_c(s, c, sizeof c) || strchr(c, '('))
		return false;
	double v = strtod(c, &end);
	if (*end)
		return false;
	*out = v;
	return true;
}

size_t
str_utf8_sequence(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	if (s.n == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	size_t n = p[0] >= 0xc2 && p[0] <= 0xdf ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : 0;
	if (n == 0 || n > s.n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
	bool surrogate = p[0] == 0xed && p[1] > 0x9f;
	bool beyond = p[0] == 0xf4 && p[1] > 0x8f;
	return overlong || surrogate || beyond ? 0 : n;
}

bool
str_utf8(struct str s)
{
	while (s.n) {
		size_t n = str_utf8_sequence(s);
		if (n == 0)
			return false;
		s = str_from(s, n);
	}
	return true;
}

uint64_t
str_hash(struct str s)
{
	return XXH3_64bits(s.p, s.n);
}

enum { NEAREST_MAX = 64 };

static unsigned
min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;
	return m < c ? m : c;
}

/* Optimal string alignment distance, three rows. */
static unsigned
edits(struct str a, struct str b)
{
	unsigned row[3][NEAREST_MAX + 1];
	for (unsigned j = 0; j <= b.n; j++)
		row[0][j] = j;
	for (unsigned i = 1; i <= a.n; i++) {
		unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
		now[0] = i;
		for (unsigned j = 1; j <= b.n; j++) {
			unsigned differ = tolower((unsigned char)a.p[i - 1]) != tolower((unsigned char)b.p[j - 1]);
			now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + differ);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1] && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
	}
	return row[a.n % 3][b.n];
}

const char *
str_nearest(struct str s, const char *const *words, size_t n)
{
	const char *best = NULL;
	unsigned best_edits = 0;
	for (size_t i = 0; i < n; i++) {
		struct str w = str_c(words[i]);
		if (s.n > NEAREST_MAX || w.n > NEAREST_MAX)
			continue;
		unsigned e = edits(s, w);
		if (e <= (w.n + 2) / 3 && (!best || e < best_edits)) {
			best = words[i];
			best_edits = e;
		}
	}
	return best;
}
