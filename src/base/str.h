/*
 * str.h — a piece of text that somebody else owns.
 *
 * Not NUL-terminated.  Passed by value; the bytes live as long as their owner
 * (arena, buf, literal, message) says.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

#define STR(lit) ((struct str){"" lit, sizeof(lit) - 1})
#define STR_INIT(lit) {"" lit, sizeof(lit) - 1}
/* printf("%.*s", STR_ARG(s)) */
#define STR_ARG(s) (int)(s).n, (s).p

static inline struct str
str_n(const char *p, size_t n)
{
	return (struct str){p, n};
}

struct str str_c(const char *cstr); /* NULL gives the empty string */
bool str_eq(struct str a, struct str b);
int str_cmp(struct str a, struct str b); /* bytewise; a prefix sorts first */
bool str_eq_nocase(struct str a, struct str b); /* ASCII only */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_has(struct str s, struct str needle);
/* Here, so that the length of a literal is known. */
static inline bool
str_is(struct str s, const char *cstr)
{
	size_t n = cstr ? strlen(cstr) : 0;
	return s.n == n && (n == 0 || memcmp(s.p, cstr, n) == 0);
}
/* The position of `c`, or -1. */
ptrdiff_t str_chr(struct str s, char c);
struct str str_from(struct str s, size_t at); /* s[at..]; empty past the end */
struct str str_to(struct str s, size_t n);    /* s[..n]; all of s when it is shorter */
struct str str_trim(struct str s);            /* without spaces, tabs, CR and LF at both ends */
/*
 * Takes the part before the next `sep` off the front of `*rest`.  False when nothing was left.
 * "a,,b" gives "a", "", "b"; "" gives nothing.
 */
bool str_cut(struct str *rest, char sep, struct str *part);
/* The whole of `s` as a number; false when it is not one or does not fit. */
bool str_i64(struct str s, int64_t *out);
bool str_u64(struct str s, uint64_t *out);
/* C's decimal and hex floats, and any case of inf, +inf, -inf, infinity, nan.  No spaces. */
bool str_f64(struct str s, double *out);
bool str_utf8(struct str s); /* is it well-formed UTF-8 (no surrogates, no overlong forms)? */
size_t str_utf8_sequence(struct str s); /* bytes of the well-formed character (RFC 3629) that s begins with, or 0 */
uint64_t str_hash(struct str s);

/*
 * The nearest of `n` words to `s` by edits (insert, delete, replace, swap of neighbours), or NULL when
 * none is near enough for "did you mean": at most a third of the word's letters differ.
 */
const char *str_nearest(struct str s, const char *const *words, size_t n);

#endif
